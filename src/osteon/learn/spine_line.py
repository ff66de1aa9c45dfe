"""A ridge line from the measured facts of a vertebra to its density, where the network starts."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import UnusableTable
from .spine_data import SpineData

Numbers = NDArray[np.float64]

STRENGTHS = tuple(10.0**power for power in np.arange(-2, 4.01, 0.5))
"""Strengths of the ridge that are tried, for standardised facts."""


@dataclass(frozen=True, eq=False)
class FactsLine:
    """Standardised facts, and a line on them.

    Attributes
    ----------
    middle, spread : (f,) ndarray
        Mean and standard deviation of the facts in training.
    slopes : (f,) ndarray
        Standardised density per standardised fact; nought where no line was asked for.
    centre, scale : float
        Density = centre + scale · standardised density, in g/cm². The scale is the error of the
        line in patients it has not seen, so that what is left to learn is of the order of 1.
    limits : (2,) ndarray
        Mean of the limits of the classes in training, in g/cm²; for patients without.
    """

    middle: Numbers
    spread: Numbers
    slopes: Numbers
    centre: float
    scale: float
    limits: Numbers

    def standardised(self, facts: NDArray[np.floating]) -> Numbers:
        """Facts (…, f) with mean 0 and spread 1 in training."""
        made: Numbers = (np.asarray(facts, np.float64) - self.middle) / self.spread
        return made

    def densities(self, facts: NDArray[np.floating]) -> Numbers:
        """Standardised density (…,) by the line."""
        made: Numbers = self.standardised(facts) @ self.slopes
        return made


def fit_line(data: SpineData, *, sloped: bool = True) -> FactsLine:
    """Fit the line on all vertebrae whose density was read.

    The strength is the one with the least error where each patient is left out in turn, five
    groups of patients at a time.

    Parameters
    ----------
    data : SpineData
        For training.
    sloped : bool
        Without, there is no line but the mean, and the scale is the spread of densities.

    Returns
    -------
    FactsLine

    Raises
    ------
    UnusableTable
        If fewer than five patients have a density.
    """
    target = np.where(np.isfinite(data.vertebra_bmd), data.vertebra_bmd, data.bmd[:, None])
    used = data.present & np.isfinite(target)
    patient = np.nonzero(used)[0]
    if len(set(patient.tolist())) < 5:
        raise UnusableTable(
            f"{len(set(patient.tolist()))} patients have a density; at least 5 are needed."
        )
    facts = data.facts[used].astype(np.float64)
    middle, spread = facts.mean(axis=0), facts.std(axis=0)
    spread[spread <= 1e-9 * (1 + np.abs(middle))] = 1.0
    known = (facts - middle) / spread
    value = target[used]
    centre = float(value.mean())
    known_limits = data.limits[np.isfinite(data.limits).all(axis=1)]
    limits = known_limits.mean(axis=0) if len(known_limits) else np.full(2, centre)
    if not sloped or not facts.shape[1]:
        none = np.zeros(facts.shape[1])
        return FactsLine(middle, spread, none, centre, float(value.std()) or 1.0, limits)
    errors = [_left_out(known, value - centre, patient % 5, strength) for strength in STRENGTHS]
    best = int(np.argmin(errors))
    slopes = _ridge(known, value - centre, STRENGTHS[best])
    scale = max(errors[best], 1e-3)
    return FactsLine(middle, spread, slopes / scale, centre, scale, limits)


def _ridge(known: Numbers, value: Numbers, strength: float) -> Numbers:
    square = known.T @ known + strength * np.eye(known.shape[1])
    return np.asarray(np.linalg.solve(square, known.T @ value), np.float64)


def _left_out(known: Numbers, value: Numbers, group: NDArray[np.int64], strength: float) -> float:
    """Root mean square error in groups that the line has not seen."""
    error = np.empty(len(value))
    for one in np.unique(group):
        out = group == one
        error[out] = value[out] - known[out] @ _ridge(known[~out], value[~out], strength)
    return float(np.sqrt((error**2).mean()))
