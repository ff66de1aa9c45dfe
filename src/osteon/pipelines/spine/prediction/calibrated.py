"""How words of networks become densities, uncertainties and probabilities that hold."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import optimize

from ....core import UnusableTable
from ....learn.spine_card import LEAST_PROBABILITY, SaidScale
from ..cohort import SpineCohort
from ..predictions import PatientSaid, Predictions, VertebraSaid
from ..readings import limits_or_usual
from .left_out import LeftOut, left_out_of

Numbers = NDArray[np.float64]

FEWEST = 10
"""Patients from which a calibration is learned at least."""

TEMPERATURES = (0.2, 5.0)
"""No temperature is lower or higher."""

SLOPES = (0.7, 1.4)
"""A slope beyond is no calibration of a model that works; the nearer end is taken."""


def calibrate(said: LeftOut, *, linked: bool = False) -> SaidScale:
    """Learn how words become numbers, on patients left out of the training.

    Density: the line of least squares of what was read on what was said. Uncertainty: multiplied
    so that errors in units of it have a mean square of 1. Probabilities: the temperature with
    the least logarithmic loss (Guo 2017, doi:10.48550/arXiv.1706.04599); as they are where all
    patients are of one class.

    Parameters
    ----------
    said : LeftOut
        At least `FEWEST` with a density that was read.
    linked : bool
        Whether classes follow from the density; no temperature is learned then.

    Returns
    -------
    SaidScale

    Raises
    ------
    UnusableTable
        If there are fewer.
    """
    known = np.isfinite(said.read)
    if np.count_nonzero(known) < FEWEST:
        raise UnusableTable(
            f"a calibration needs {FEWEST} patients left out of the training whose density was "
            f"read; there are {np.count_nonzero(known)}."
        )
    slope, intercept = _line(said.bmd[known], said.read[known])
    spread = _spread(said.bmd, said.bmd_sd, said.read, slope, intercept)
    each = _spread(said.vertebra_bmd, said.vertebra_sd, said.vertebra_read, slope, intercept)
    return SaidScale(
        slope=slope,
        intercept=intercept,
        spread=spread,
        vertebra_spread=each,
        temperature=1.0 if linked else _temperature(said.classes, said.diagnosis),
        linked=linked,
    )


def _line(said: Numbers, read: Numbers) -> tuple[float, float]:
    """Slope and intercept; a slope of 1 where all is said to be alike."""
    away = said - said.mean()
    ground = float(away @ away)
    slope = float(away @ read) / ground if ground > 1e-9 * len(said) else 1.0
    slope = float(np.clip(slope, *SLOPES))
    return slope, float(read.mean() - slope * said.mean())


def _spread(said: Numbers, spread: Numbers, read: Numbers, slope: float, level: float) -> float:
    """Root mean square of errors in units of the uncertainty that was said."""
    known = np.isfinite(said) & np.isfinite(spread) & np.isfinite(read)
    if not known.any():
        return 1.0
    away = (read - level - slope * said)[known] / (slope * spread[known])
    return max(float(np.sqrt(np.mean(away**2))), 1e-3)


def _temperature(classes: Numbers, diagnosis: NDArray[np.int64]) -> float:
    known = diagnosis >= 0
    if len(np.unique(diagnosis[known])) < 2:
        return 1.0
    logs = np.log(np.maximum(classes[known], LEAST_PROBABILITY))
    true = diagnosis[known]

    def loss(log_temperature: float) -> float:
        scaled = logs / np.exp(log_temperature)
        every = np.logaddexp.reduce(scaled, axis=1)
        return float(np.mean(every - scaled[np.arange(len(true)), true]))

    low, high = np.log(TEMPERATURES)
    found = optimize.minimize_scalar(loss, bounds=(low, high), method="bounded")
    return float(np.exp(found.x))


def calibrated_predictions(cohort: SpineCohort, said: Predictions) -> Predictions:
    """What a training says, calibrated on its own validation patients.

    Parameters
    ----------
    cohort : SpineCohort
        Whose readings are the truth.
    said : Predictions
        With density, uncertainty and probabilities.

    Returns
    -------
    Predictions
        The score is the calibrated probability of osteoporosis; order of patients unchanged.

    Raises
    ------
    UnusableTable
        If too few validation patients have a density that was read.
    """
    scale = calibrate(left_out_of(cohort, [said]), linked=said.notes.get("classes") == "linked")
    limits = {one.name: limits_or_usual(one) for one in cohort.patients}
    return replace(
        said,
        patients=tuple(_patient(one, scale, limits[one.patient]) for one in said.patients),
        vertebrae=tuple(_vertebra(one, scale) for one in said.vertebrae),
    )


def _patient(one: PatientSaid, scale: SaidScale, limits: tuple[float, float]) -> PatientSaid:
    said = np.array([one.normal, one.osteopenia, one.osteoporosis])
    chances = scale.chances(said, np.array(one.bmd), np.array(one.bmd_sd), np.array(limits))
    normal, osteopenia, osteoporosis = (float(p) for p in chances)
    return replace(
        one,
        score=osteoporosis,
        bmd=float(scale.density(one.bmd)),
        bmd_sd=float(scale.uncertainty(one.bmd_sd)),
        normal=normal,
        osteopenia=osteopenia,
        osteoporosis=osteoporosis,
    )


def _vertebra(one: VertebraSaid, scale: SaidScale) -> VertebraSaid:
    spread = scale.slope * scale.vertebra_spread * one.bmd_sd
    return replace(one, bmd=float(scale.density(one.bmd)), bmd_sd=spread)
