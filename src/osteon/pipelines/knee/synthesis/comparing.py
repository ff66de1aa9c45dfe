"""Several syntheses of one cohort side by side, such as one with each of its terms left out."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from ....core import UnusableTable
from ....learn.synthesis_settings import SynthesisSettings
from ...cohorts.store import write_json
from ..cohort import KneeCohort, Patient, run_folder
from .errors import synthesis_errors
from .synthesizing import synthesize_cohort

Progress = Callable[[str, int, int], None]

KEPT = "errors.json"
"""File in the folder of a synthesis with what its errors were, and of what."""

ERRORS = {"mae_body": "MAE body", "mae_bone": "MAE bone", "mae_soft": "MAE soft"}
"""Keys of the results page, and names of the errors."""

BESIDE = "intensity matching"


def synthesis_section(
    cohort: KneeCohort,
    syntheses: Sequence[SynthesisSettings],
    *,
    compared: int,
    jobs: int,
    progress: Progress = lambda what, done, steps: None,
) -> dict[str, Any]:
    """Train every synthesis, and tell its errors in patients that it has not learned from.

    The last one makes a synthetic CT of everyone, to be registered with; the others of those only
    that are compared. What was trained and compared is kept and not done again.

    Parameters
    ----------
    cohort : KneeCohort
        Registered.
    syntheses : sequence of SynthesisSettings
        Of different names.
    compared : int
        At most so many patients, evenly over the cohort.
    jobs : int
        Processes at once.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    dict
        ``rows``: two of each synthesis, for internal and external patients, then two of intensity
        matching; ``each``: errors of every patient.

    Raises
    ------
    UnusableTable
        If nobody can be compared.
    """
    names = _spread(cohort.patients, compared)
    each: dict[str, list[dict[str, Any]]] = {}
    for at, settings in enumerate(syntheses):
        last = at + 1 == len(syntheses)

        def told(what: str, done: int, steps: int, at: int = at) -> None:
            progress(what, 1000 * at + round(1000 * done / max(steps, 1)), 1000 * len(syntheses))

        each[settings.name] = _errors(cohort, settings, names, last, jobs, told)
    rows = [row for name, rows in each.items() for row in synthesis_rows(cohort, name, rows)]
    final = each[syntheses[-1].name]
    return {"rows": rows + synthesis_rows(cohort, BESIDE, final, "matched "), "each": each}


def _spread(patients: Sequence[Patient], most: int) -> list[str]:
    both = [one.name for one in patients if one.missing is None]
    at = np.linspace(0, len(both) - 1, min(most, len(both))).round().astype(int)
    return [both[n] for n in at]


def _errors(
    cohort: KneeCohort,
    settings: SynthesisSettings,
    names: Sequence[str],
    everyone: bool,
    jobs: int,
    progress: Progress,
) -> list[dict[str, Any]]:
    """Errors of one synthesis, kept or worked out."""
    run = run_folder(cohort)
    path = run / "synthesis" / settings.name / KEPT
    wanted = {"settings": asdict(settings), "names": list(names), "of": _ground(run)}
    kept = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    same = {key: kept.get(key) for key in wanted} == wanted
    if not same or everyone:
        only = None if everyone else names
        synthesize_cohort(cohort, settings=settings, only=only, jobs=jobs, progress=progress)
    if same:
        found: list[dict[str, Any]] = kept["errors"]
        return found
    errors = synthesis_errors(cohort, only=names, jobs=jobs, progress=progress)
    write_json(path, wanted | {"errors": errors})
    return errors


def _ground(run: Path) -> str:
    """Digest of all registrations."""
    files = sorted((run / "registration").glob("*.json"))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def synthesis_rows(
    cohort: KneeCohort, name: str, errors: Sequence[dict[str, Any]], prefix: str = ""
) -> list[dict[str, Any]]:
    """Mean errors over patients, with the interval of the mean, a row a split."""
    split = {patient.name: patient.split for patient in cohort.patients}
    whole = [row for row in errors if row.get("MAE body") is not None]
    if not whole:
        why = next((row["reason"] for row in errors if "reason" in row), "there is nobody")
        raise UnusableTable(f"no synthetic CT of {name} could be compared: {why}")
    rows: list[dict[str, Any]] = []
    for kind in dict.fromkeys(split[row["participant_id"]] for row in whole):
        own = [row for row in whole if split[row["participant_id"]] == kind]
        means = {
            key: _mean([row[f"{prefix}{error}"] for row in own]) for key, error in ERRORS.items()
        }
        row = {"name": name if kind == "internal" else f"{name}, {kind}", "patients": len(own)}
        if not prefix:
            factor = _mean([one["matched MAE body"] for one in own])["value"]
            factor /= means["mae_body"]["value"]
            apart = f"{factor:.2f} times better" if factor >= 1 else f"{1 / factor:.2f} times worse"
            row["note"] = f"{apart} than {BESIDE} in the body"
        rows.append(row | means)
    return rows


def _mean(values: Sequence[float]) -> dict[str, float]:
    given = np.asarray(values, np.float64)
    half = 1.96 * given.std(ddof=1) / np.sqrt(len(given)) if len(given) > 1 else 0.0
    mean = float(given.mean())
    return {"value": mean, "low": mean - float(half), "high": mean + float(half)}
