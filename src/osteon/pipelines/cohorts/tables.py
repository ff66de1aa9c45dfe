"""Tables of a cohort: one row a patient, one row a region, tab-separated as in BIDS."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from .store import PART

MISSING = "n/a"
"""How BIDS writes a value that is not there."""


def write_tsv(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write rows as tab-separated text; columns in the order in which they first appear.

    Parameters
    ----------
    path : Path
        File to write; appears whole.
    rows : sequence of mapping
        Cells; None is written as ``n/a``, numbers with six digits.
    """
    columns = list(dict.fromkeys(key for row in rows for key in row))
    lines = ["\t".join(columns)]
    lines += ["\t".join(_cell(row.get(column)) for column in columns) for row in rows]
    part = path.with_name(f"{PART}{path.name}")
    part.write_text("\n".join(lines) + "\n", encoding="utf-8")
    part.replace(path)


def _cell(value: object) -> str:
    """One cell as text."""
    if value is None:
        return MISSING
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return f"{value:.6g}"
    return " ".join(str(value).split())


def summaries(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Mean, SD and range of every true parameter of every region, over the patients.

    Parameters
    ----------
    rows : iterable of mapping
        Rows of true regions with ``region`` and parameters.

    Returns
    -------
    list of dict
        ``region``, ``parameter``, ``n``, ``mean``, ``sd``, ``low``, ``high``.
    """
    values: dict[tuple[str, str], list[float]] = {}
    for row in rows:
        for name, value in row.items():
            if isinstance(value, float):
                values.setdefault((str(row["region"]), name), []).append(value)
    return [_summary(region, name, found) for (region, name), found in values.items()]


def _summary(region: str, name: str, found: Sequence[float]) -> dict[str, Any]:
    """One row of `summaries`."""
    mean = sum(found) / len(found)
    spread = sum((value - mean) ** 2 for value in found) / max(len(found) - 1, 1)
    return {
        "region": region,
        "parameter": name,
        "n": len(found),
        "mean": mean,
        "sd": spread**0.5,
        "low": min(found),
        "high": max(found),
    }
