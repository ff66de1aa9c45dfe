"""What the system was asked for beforehand, and whether it gave it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .comparing import REFERENCE
from .places import EXTERNAL, INSIDE

Table = Sequence[Mapping[str, Any]]

SIGNIFICANT = 0.05


@dataclass(frozen=True)
class Wanted:
    """A figure with the range that it has to lie in."""

    what: str
    where: str
    key: str
    low: float
    high: float
    words: str


WANTED = (
    Wanted("AUC of osteoporosis", EXTERNAL, "auc", 0.90, 1.0, "0.90 or more"),
    Wanted("r of standardised density", EXTERNAL, "r", 0.90, 1.0, "0.90 or more"),
    Wanted("slope of calibration", EXTERNAL, "slope", 0.8, 1.2, "0.8 to 1.2"),
)
LEAST_LEVELS = 0.95
LARGEST_BIAS = {INSIDE: 0.01, EXTERNAL: 0.02}


def verdict_rows(
    figures: Table, comparisons: Table, devices: Table, levels: Table
) -> list[dict[str, Any]]:
    """A row a demand: ``what``, ``where``, ``wanted``, ``got`` (an estimate) and ``met``.

    Parameters
    ----------
    figures, comparisons, devices, levels : sequence of mapping
        Rows of those sections. What is not there gives no row.
    """
    of_reference = {row["where"]: row for row in figures if row["name"] == REFERENCE}
    rows = []
    for one in WANTED:
        got = of_reference.get(one.where, {}).get(one.key)
        if got is not None:
            met = one.low <= got["value"] <= one.high
            rows.append(_row(one.what, one.where, one.words, got, met))
    for row in comparisons:
        if row["family"] == "baselines" and row["where"] == EXTERNAL and row.get("auc"):
            beaten = row["auc"]["value"] > 0 and row["auc_holm"] < SIGNIFICANT
            what = f"AUC above that of {row['b']}"
            rows.append(_row(what, EXTERNAL, "above 0, p below 0.05 by Holm", row["auc"], beaten))
    rows += _within(devices, "bias", LARGEST_BIAS, _bias)
    rows += _within(levels, "accuracy", {INSIDE: LEAST_LEVELS}, _accuracy)
    return rows


def _row(what: str, where: str, wanted: str, got: Mapping[str, Any], met: bool) -> dict[str, Any]:
    return {"what": what, "where": where, "wanted": wanted, "got": dict(got), "met": met}


def _within(
    rows: Table,
    key: str,
    limits: Mapping[str, float],
    judged: Callable[[Mapping[str, Any], float, float], tuple[str, str, bool]],
) -> list[dict[str, Any]]:
    found = []
    for row in rows:
        if row["name"] == REFERENCE and row["where"] in limits and key in row:
            words = judged(row, row[key]["value"], limits[row["where"]])
            found.append(_row(words[0], row["where"], words[1], row[key], words[2]))
    return found


def _bias(row: Mapping[str, Any], value: float, limit: float) -> tuple[str, str, bool]:
    what = f"signed error of density, {row['device']}, g/cm²"
    return what, f"within {limit:g}", abs(value) <= limit


def _accuracy(row: Mapping[str, Any], value: float, limit: float) -> tuple[str, str, bool]:
    return "share of levels told rightly", f"{limit:g} or more", value >= limit
