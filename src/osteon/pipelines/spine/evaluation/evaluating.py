"""Figures of a study: every method there is, inside and at a site opened on the record."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....core import BadSetting, UnusableTable
from ...cohorts.store import write_json
from ..baselines.making import FAILED, PREDICTIONS
from ..baselines.measured import FOLDER as MEASURED
from ..cohort import SpineCohort, run_folder
from ..prediction.calibrated import calibrated_predictions
from ..predictions import RUN, Predictions, read_predictions
from .comparing import REFERENCE, compare, pairs_among
from .ledger import open_external, read_ledger
from .patients import Patients, labelled_patients
from .places import EXTERNAL, places
from .said import Columns, Said, lay_together
from .sections import (
    curve_rows,
    device_rows,
    expert_rows,
    figure_rows,
    learned_from,
    learning_rows,
    level_rows,
    seed_rows,
    threshold_rows,
)
from .verdicts import verdict_rows

Progress = Callable[[str, int, int], None]

FOLDER = "evaluation"
RESULTS = "results.json"

STEPS = 5


def evaluate_cohort(
    cohort: SpineCohort,
    *,
    external: bool = True,
    progress: Progress = lambda what, done, steps: None,
) -> dict[str, Any]:
    """Everything that networks and baselines show of patients they never saw.

    Parameters
    ----------
    cohort : SpineCohort
        With predictions in its run.
    external : bool
        Whether the external site is opened; that it was is written into the ledger first.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    dict
        Ready for JSON and for `osteon.report.write_spine_results`, and kept as
        ``evaluation/results.json`` of the run: ``cohort``, ``ledger``, ``verdicts``, ``figures``,
        ``seeds``, ``comparisons``, ``learning``, ``devices``, ``experts``, ``levels``,
        ``thresholds``, ``curves`` and ``runs``, each with ``rows``.

    Raises
    ------
    BadSetting
        If there are no predictions.
    UnusableTable
        If predictions are not whole, a patient stands on another side than folds and splits
        say, or the ledger cannot be read.
    """
    run = run_folder(cohort)
    progress("reading what was said", 0, STEPS)
    patients = labelled_patients(cohort)
    read, unfinished = read_all(run / PREDICTIONS)
    runs = [as_shipped(cohort, one) for one in read]
    said = lay_together(cohort, patients, runs)
    ledger = _opened(run / FOLDER, runs if external else ())
    progress("figures", 1, STEPS)
    placed = _by_place(patients, said, external=external)
    figures = figure_rows(patients, placed)
    seeds = seed_rows(patients, said, external=external)
    progress("comparisons", 2, STEPS)
    comparisons = compare(patients, placed, pairs_among([one.name for one in said]))
    progress("devices, experts, levels", 3, STEPS)
    devices = device_rows(patients, placed)
    levels = level_rows(patients, said, external=external)
    results: dict[str, Any] = {
        "cohort": _cohort(patients),
        "ledger": ledger,
        "verdicts": {"rows": verdict_rows(figures, comparisons, devices, levels)},
        "figures": {"rows": figures, "text": _words(said)},
        "seeds": {"rows": seeds},
        "comparisons": {"rows": comparisons, "text": _families(said)},
        "learning": {"rows": learning_rows(said, figures)},
        "devices": {"rows": devices},
        "experts": {"rows": expert_rows(patients, said, external=external)},
        "levels": {"rows": levels},
        "thresholds": {"rows": threshold_rows(patients, placed)},
        "curves": {"rows": curve_rows(patients, placed, figures)},
        "runs": {
            "rows": [_run(one) for one in said],
            "unfinished": unfinished,
            "text": _left_out(run, unfinished),
        },
    }
    progress("writing", 4, STEPS)
    write_json(run / FOLDER / RESULTS, results)
    progress("evaluated", STEPS, STEPS)
    return results


def read_all(folder: Path) -> tuple[tuple[Predictions, ...], list[str]]:
    """All predictions that are finished, and the names of folders that are not.

    Raises
    ------
    BadSetting
        If there is none.
    UnusableTable
        If one is finished, but not whole.
    """
    found = sorted(path for path in folder.glob("*") if path.is_dir()) if folder.is_dir() else []
    done = [path for path in found if (path / RUN).is_file()]
    if not done:
        raise BadSetting(
            f"{folder} holds no predictions; train networks with osteon spine train, or make the "
            "baselines."
        )
    return tuple(map(read_predictions, done)), [one.name for one in found if one not in done]


def _left_out(run: Path, unfinished: Sequence[str]) -> list[str]:
    """Methods that say nothing, with the reason where one is known."""
    failed = run / MEASURED / FAILED
    reasons = json.loads(failed.read_text(encoding="utf-8")) if failed.is_file() else {}
    return [f"Not judged: {one}: {reasons.get(one, 'not finished')}" for one in unfinished] + [
        f"Not judged: {one}: {why}" for one, why in reasons.items() if one not in unfinished
    ]


def as_shipped(cohort: SpineCohort, said: Predictions) -> Predictions:
    """What a method says as its users get it.

    Networks are calibrated on their validation patients, as a model folder is; where those are
    too few, what was said stays.
    """
    if said.notes.get("kind") != "network":
        return said
    try:
        return calibrated_predictions(cohort, said)
    except UnusableTable:
        return said


def _opened(folder: Path, runs: Sequence[Predictions]) -> dict[str, Any]:
    folder.mkdir(parents=True, exist_ok=True)
    if runs:
        return open_external(folder, runs)
    times = len(read_ledger(folder))
    return {"times": times, "text": "The external site was not looked at.", "openings": []}


def _by_place(
    patients: Patients, said: Sequence[Said], *, external: bool
) -> Mapping[str, Mapping[str, Columns]]:
    """Columns by place and method; the reference first, places inside before external ones."""
    found: dict[str, dict[str, Columns]] = {}
    for one in sorted(said, key=lambda one: (one.name != REFERENCE, one.name)):
        for place, columns in places(patients, one, external=external).items():
            found.setdefault(place, {})[one.name] = columns
    inner = [place for place in found if not _is_outside(patients, found[place])]
    return {place: found[place] for place in (*inner, *(p for p in found if p not in inner))}


def _is_outside(patients: Patients, columns: Mapping[str, Columns]) -> bool:
    return all(bool(patients.external[one.rows].all()) for one in columns.values())


def _cohort(patients: Patients) -> dict[str, Any]:
    """How many patients and cases of each site there are."""
    rows = []
    for site in np.unique(patients.sites):
        of = patients.sites == site
        rows.append(
            {
                "site": str(site),
                "split": EXTERNAL if patients.external[of].all() else "internal",
                "device": ", ".join(np.unique(patients.devices[of])),
                "patients": int(of.sum()),
                "osteopenia": int((patients.diagnosis[of] == 1).sum()),
                "osteoporosis": int((patients.diagnosis[of] == 2).sum()),
            }
        )
    return {"rows": rows}


def _words(said: Sequence[Said]) -> list[str]:
    """What a reader must know of the figures."""
    missing = [f"{one.name}: {one.reason}" for one in said if one.reason]
    return [
        "Inside, every patient is judged by a training that never saw the patient: each seed "
        "tests another fold. What networks say is calibrated on validation folds, as in a model "
        "folder. At the external site what all seeds of a method say is averaged. "
        "Thresholds are fixed on validation folds; osteoporosis is that of the printed T-score, "
        "and density is the standardised areal density as read. The ceiling is what would be "
        "reached with the true density.",
        *(f"No operating point of {one}" for one in missing),
    ]


def _families(said: Sequence[Said]) -> list[str]:
    if REFERENCE not in {one.name for one in said}:
        return [f"There is no method '{REFERENCE}', so nothing is compared."]
    return [
        "AUC by DeLong's test, F1 by a permutation test, error of density by paired differences; "
        "p values are corrected by Holm within a family and place."
    ]


def _run(said: Said) -> dict[str, Any]:
    """How a method was trained: numbers from its notes, means over the seeds."""
    numbers: dict[str, list[float]] = {}
    for run in said.runs:
        for key, value in run.notes.items():
            if isinstance(value, int | float) and not isinstance(value, bool):
                numbers.setdefault(key, []).append(float(value))
    means = {key: float(np.mean(values)) for key, values in numbers.items()}
    seeds = [run.seed for run in said.runs]
    return {"name": said.name, "seeds": seeds, **means, "trained_on": learned_from(said)}
