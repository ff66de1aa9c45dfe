"""A record of every look at the external site: when, with which predictions, how often."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ....core import UnusableTable
from ...cohorts.store import write_json
from ..predictions import Predictions

LEDGER = "ledger.json"


def open_external(folder: Path, runs: Sequence[Predictions]) -> dict[str, Any]:
    """Write down that the external site is looked at, before anything of it is.

    Parameters
    ----------
    folder : Path
        Where the ledger lies, ``evaluation`` of a run.
    runs : sequence of Predictions
        Everything that will be judged.

    Returns
    -------
    dict
        ``times`` (how often it was opened with other predictions than before), ``text`` (that in
        words) and ``openings``, each with ``when`` (UTC), ``runs`` (SHA-256 of the external
        predictions by name and seed), ``new`` and ``changed`` (runs that no opening before had,
        or the last had otherwise). The same predictions once more are no new opening.

    Raises
    ------
    UnusableTable
        If the ledger cannot be read.
    """
    openings = read_ledger(folder)
    digests = {f"{one.name}-{one.seed}": digest_of(one) for one in runs if _outside(one)}
    before = {name: digest for one in openings for name, digest in one["runs"].items()}
    new = sorted(digests.keys() - before.keys())
    changed = sorted(name for name in digests if digests[name] != before.get(name, digests[name]))
    if new or changed:
        when = datetime.now(UTC).isoformat(timespec="seconds")
        openings.append({"when": when, "runs": digests, "new": new, "changed": changed})
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / LEDGER, {"openings": openings})
    return {"times": len(openings), "text": in_words(openings), "openings": openings}


def read_ledger(folder: Path) -> list[dict[str, Any]]:
    """Openings so far; none where there is no ledger.

    Raises
    ------
    UnusableTable
        If the ledger cannot be read.
    """
    path = folder / LEDGER
    if not path.is_file():
        return []
    try:
        openings = json.loads(path.read_text(encoding="utf-8"))["openings"]
        return [{**one, "runs": dict(one["runs"])} for one in openings]
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UnusableTable(
            f"{path} cannot be read ({type(fault).__name__}); it says how often the external site "
            "was looked at, so restore it, or tell that this is not known and remove it."
        ) from None


def digest_of(said: Predictions) -> str:
    """SHA-256 of what was said of external patients, whatever their order."""
    lines = sorted(repr(one) for one in _outside(said))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def in_words(openings: Sequence[dict[str, Any]]) -> str:
    """How often the external site was opened."""
    if not openings:
        return "The external site has not been opened."
    first = openings[0]["when"]
    if len(openings) == 1:
        return f"The external site was opened once, {first}."
    again = [
        f"{one['when']} ({len(one['new'])} new, {len(one['changed'])} changed runs)"
        for one in openings[1:]
    ]
    many = len(openings)
    return f"The external site was opened {many} times: {first}, then {', then '.join(again)}."


def _outside(said: Predictions) -> list[Any]:
    return [one for one in said.patients if one.part == "external"]
