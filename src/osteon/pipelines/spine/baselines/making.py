"""Every baseline trained with every seed and asked about every patient."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....core import OsteonError, UnusableTable
from ...cohorts.store import write_json
from ..cohort import SpineCohort, SpinePatient, run_folder
from ..predictions import RUN, PatientSaid, Predictions, class_number, write_predictions
from ..readings import FOLDS, limits_of, part_of, standard_bmd, usual_limits
from .facts_line import FactsLine
from .hu import L1Hu
from .hu_kvp import HuKvp
from .internal import InternalCalibration
from .measured import FOLDER, measure_cohort
from .radiomics import Radiomics
from .told import Baseline, Known, Numbers, Told

Progress = Callable[[str, int, int], None]

PREDICTIONS = "predictions"
"""Folder of a run with what every method says, a folder a method and seed."""

FAILED = "failed.json"
"""Methods that could not be trained, with the reason; beside what was measured."""

BASELINES: tuple[Baseline, ...] = (L1Hu(), HuKvp(), InternalCalibration(), Radiomics(), FactsLine())
"""All of them, the simplest first."""


@dataclass(frozen=True)
class BaselineRun:
    """What was made.

    Attributes
    ----------
    folders : tuple of Path
        With predictions, for `read_predictions`.
    failed : mapping of str to str
        Methods that could not be trained, with the reason.
    """

    folders: tuple[Path, ...]
    failed: Mapping[str, str]


def make_baselines(
    cohort: SpineCohort,
    *,
    seeds: Sequence[int] = range(FOLDS),
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> BaselineRun:
    """Train every baseline as the networks are trained, and write what it says.

    Parameters
    ----------
    cohort : SpineCohort
        With crops made.
    seeds : sequence of int
        Trainings; each tests another fold.
    jobs : int
        Patients measured at once. Changes no number.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    BaselineRun
        Measured numbers are kept; the methods, which take seconds, are trained anew.

    Raises
    ------
    UnusableTable
        If a patient with a reading has no fold, or no such patient has crops.
    """
    wanted = [one for one in cohort.patients if part_of(one, 0) is not None]
    measured = measure_cohort(cohort, wanted, jobs=jobs, progress=progress)
    patients = [one for one in wanted if one.name in measured]
    if not patients:
        raise UnusableTable(
            f"no patient of {cohort.root.name} has both a reading and crops; make crops first."
        )
    known = known_of(patients)
    run, folders, failed = run_folder(cohort), [], {}
    for baseline in BASELINES:
        table = baseline.table({one.name: measured[one.name] for one in patients})
        for seed in seeds:
            folder = run / PREDICTIONS / f"{baseline.name}-{seed}"
            try:
                said = _asked(baseline, table, known, patients, seed)
            except OsteonError as fault:
                failed[folder.name] = str(fault)
                # what an earlier run said of other patients must not be judged
                (folder / RUN).unlink(missing_ok=True)
                continue
            write_predictions(folder, said)
            folders.append(folder)
        progress(f"baseline {baseline.name}", len(patients), len(patients))
    (run / FOLDER).mkdir(parents=True, exist_ok=True)
    write_json(run / FOLDER / FAILED, failed)
    return BaselineRun(tuple(folders), failed)


def known_of(patients: Sequence[SpinePatient]) -> Known:
    """What densitometers told of labelled patients.

    Parameters
    ----------
    patients : sequence of SpinePatient
        With a diagnosis each.

    Returns
    -------
    Known
        Where a densitometer is not known, the limits are the mean of all makers.
    """
    limits = np.array([limits_of(one) for one in patients])
    usual = np.array([usual_limits(one.row.get("sex", "")) for one in patients])
    return Known(
        np.array([standard_bmd(one) for one in patients]),
        np.array([class_number(str(one.diagnosis)) for one in patients], np.int64),
        np.where(np.isfinite(limits), limits, usual),
    )


def _asked(
    baseline: Baseline,
    table: Numbers,
    known: Known,
    patients: Sequence[SpinePatient],
    seed: int,
) -> Predictions:
    """Train on the training folds of a seed and ask about everybody."""
    began = time.monotonic()
    parts = [str(part_of(one, seed)) for one in patients]
    train = np.array([part == "train" for part in parts])
    if not train.any():
        raise UnusableTable(f"no patient with crops is there to train on with seed {seed}.")
    told = baseline.fit(table[train], known.of(train), seed).say(table, known.limits)
    notes = {
        "kind": "baseline",
        "trained_on": int(train.sum()),
        "columns": table.shape[1],
        "missing": int(np.count_nonzero(~np.isfinite(table).all(axis=1))),
        "seconds": round(time.monotonic() - began, 3),
    }
    names = [one.name for one in patients]
    return Predictions(baseline.name, seed, _said(names, parts, told), notes=notes)


def _said(names: Sequence[str], parts: Sequence[str], told: Told) -> tuple[PatientSaid, ...]:
    found = []
    for name, part, score, bmd, classes in zip(
        names, parts, told.score, told.bmd, told.classes, strict=True
    ):
        normal, osteopenia, osteoporosis = (float(one) for one in classes)
        found.append(
            PatientSaid(
                name, part, float(score), float(bmd), told.sd, normal, osteopenia, osteoporosis
            )
        )
    return tuple(found)
