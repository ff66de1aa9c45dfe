"""What one method said with all its seeds, laid together so that figures can be made of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import OsteonError, UnusableTable
from ....evaluate.discrimination import OperatingPoint, choose_threshold
from ..cohort import SpineCohort
from ..predictions import PatientSaid, Predictions
from ..readings import part_of
from .patients import Patients

Numbers = NDArray[np.float64]
Rows = NDArray[np.intp]


@dataclass(frozen=True, eq=False)
class Columns:
    """What was said of m patients, in columns.

    Attributes
    ----------
    rows : (m,) int array
        Rows of the patients in `Patients`, rising.
    score : (m,) float64 array
        The higher, the more likely osteoporosis.
    margin : (m,) float64 array
        Score less the threshold that was fixed on the validation fold: from 0 up osteoporosis is
        called. NaN where no threshold could be fixed.
    bmd, bmd_sd, osteoporosis : (m,) float64 array
        Standardised density and its uncertainty in g/cm², and probability; NaN where not given.
    """

    rows: Rows
    score: Numbers
    margin: Numbers
    bmd: Numbers
    bmd_sd: Numbers
    osteoporosis: Numbers

    def at(self, kept: NDArray[np.bool_]) -> "Columns":
        """Some of them."""
        return Columns(*(getattr(self, name)[kept] for name in COLUMNS))

    def of(self, rows: Rows) -> "Columns":
        """Those of some patients, by their rows, which must all be there."""
        return self.at(np.isin(self.rows, rows))


COLUMNS = ("rows", "score", "margin", "bmd", "bmd_sd", "osteoporosis")


@dataclass(frozen=True, eq=False)
class Said:
    """One method.

    Attributes
    ----------
    name : str
        Such as ``"full"``.
    runs : tuple of Predictions
        By rising seed.
    inside : Columns
        Test patients of every seed, each judged by a training that never saw the patient; of a
        patient who was tested by several the mean.
    outside : Columns
        External patients, means over the seeds; may be empty.
    by_seed : mapping of int to pair of Columns
        Inside and outside of each seed alone.
    point : OperatingPoint or None
        Threshold of the means over seeds, chosen on the validation patients of all seeds.
    reason : str
        Why there is no operating point; ``""`` where there is.
    """

    name: str
    runs: tuple[Predictions, ...]
    inside: Columns
    outside: Columns
    by_seed: Mapping[int, tuple[Columns, Columns]]
    point: OperatingPoint | None = None
    reason: str = ""


def lay_together(
    cohort: SpineCohort, patients: Patients, runs: Sequence[Predictions]
) -> tuple[Said, ...]:
    """Lay the seeds of every method together.

    Parameters
    ----------
    cohort : SpineCohort
        Whose folds tell which patients each seed may be judged by.
    patients : Patients
        From `labelled_patients`.
    runs : sequence of Predictions
        In any order.

    Returns
    -------
    tuple of Said
        By name.

    Raises
    ------
    UnusableTable
        If a patient is not in the cohort, stands on another side than folds and splits say, or
        has no score; or a method was given twice with one seed.
    """
    by_name: dict[str, dict[int, Predictions]] = {}
    for one in runs:
        _refuse_leaks(cohort, one)
        seeds = by_name.setdefault(one.name, {})
        if one.seed in seeds:
            raise UnusableTable(f"{one.name} stands twice with seed {one.seed}.")
        seeds[one.seed] = one
    return tuple(
        _laid(patients, name, [seeds[seed] for seed in sorted(seeds)])
        for name, seeds in sorted(by_name.items())
    )


def _refuse_leaks(cohort: SpineCohort, said: Predictions) -> None:
    """Refuse predictions whose patients are not what folds and splits make them."""
    known = {one.name: one for one in cohort.patients}
    where = f"{said.name}, seed {said.seed}"
    for one in said.patients:
        if one.patient not in known:
            raise UnusableTable(f"{where}: {one.patient} is not in {cohort.root.name}.")
        wanted = part_of(known[one.patient], said.seed)
        if wanted is not None and one.part != wanted:
            raise UnusableTable(
                f"{where}: {one.patient} was taken as {one.part}, but is {wanted} by split and "
                "fold; figures of it would tell of patients that were seen in training."
            )
        if not np.isfinite(one.score):
            raise UnusableTable(f"{where}: {one.patient} has no score; each needs one.")


def _laid(patients: Patients, name: str, runs: list[Predictions]) -> Said:
    rows = patients.rows
    by_seed = {}
    validation = []
    for run in runs:
        parts = {
            part: _columns(rows, [one for one in run.patients if one.part == part])
            for part in ("validation", "test", "external")
        }
        point, _ = _point(patients, parts["validation"])
        threshold = np.nan if point is None else point.threshold
        by_seed[run.seed] = (
            _with_margin(parts["test"], threshold),
            _with_margin(parts["external"], threshold),
        )
        validation.append(parts["validation"])
    point, reason = _point(patients, _means(validation))
    outside = _means([both[1] for both in by_seed.values()])
    threshold = np.nan if point is None else point.threshold
    return Said(
        name,
        tuple(runs),
        _means([both[0] for both in by_seed.values()]),
        _with_margin(outside, threshold),
        by_seed,
        point,
        reason,
    )


def _columns(rows: Mapping[str, int], said: Sequence[PatientSaid]) -> Columns:
    """Columns of patients in the order of their rows; who is not labelled is left out."""
    kept = sorted((one for one in said if one.patient in rows), key=lambda one: rows[one.patient])
    score, bmd, bmd_sd, osteoporosis = (
        np.array([getattr(one, name) for one in kept], np.float64)
        for name in ("score", "bmd", "bmd_sd", "osteoporosis")
    )
    where = np.array([rows[one.patient] for one in kept], np.intp)
    return Columns(where, score, np.full(len(kept), np.nan), bmd, bmd_sd, osteoporosis)


def _with_margin(columns: Columns, threshold: float) -> Columns:
    return Columns(
        columns.rows,
        columns.score,
        columns.score - threshold,
        columns.bmd,
        columns.bmd_sd,
        columns.osteoporosis,
    )


def _means(parts: Sequence[Columns]) -> Columns:
    """Mean of every column over what was said of each patient."""
    together = {name: np.concatenate([getattr(one, name) for one in parts]) for name in COLUMNS}
    rows, codes = np.unique(together["rows"], return_inverse=True)
    many = np.bincount(codes, minlength=len(rows))
    means = [np.bincount(codes, together[name], len(rows)) / many for name in COLUMNS[1:]]
    return Columns(rows.astype(np.intp), *means)


def _point(patients: Patients, validation: Columns) -> tuple[OperatingPoint | None, str]:
    """The threshold of the largest sensitivity + specificity, or why there is none."""
    if not len(validation.rows):
        return None, "no patient of the validation fold was predicted"
    try:
        found = choose_threshold(
            patients.osteoporosis[validation.rows],
            validation.score,
            subjects=patients.names[validation.rows],
        )
    except OsteonError as fault:
        return None, str(fault)
    return found, ""
