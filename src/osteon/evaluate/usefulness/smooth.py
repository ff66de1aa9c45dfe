"""A smooth calibration curve: observed risk as a flexible function of the predicted one."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

from ...core import UnusableTable
from ..checked import Codes, Numbers, Truth
from .logistic import clustered_covariance, fit

POINTS = 101
"""Points of a curve."""

KNOTS = {3: (0.10, 0.50, 0.90), 4: (0.05, 0.35, 0.65, 0.95)}
"""Quantiles at which a restricted cubic spline has its knots (Harrell 2015, table 2.3)."""

MANY = 50
"""Rows of the rarer class from which a fourth knot is used."""


@dataclass(frozen=True, eq=False)
class Smooth:
    """A curve through the predicted probabilities met.

    Attributes
    ----------
    x : ndarray of float, shape (points,)
        Predicted probability, rising.
    y : ndarray of float, shape (points,)
        Observed risk, 0–1.
    low, high : ndarray of float, shape (points,)
        Interval of `y`, point by point.
    method : str
        How the curve was made.
    """

    x: Numbers
    y: Numbers
    low: Numbers
    high: Numbers
    method: str


def smooth_curve(labels: Truth, predicted: Numbers, clusters: Codes | None, level: float) -> Smooth:
    """Observed risk by a logistic model on a restricted cubic spline of the predicted log odds.

    Where the rows are too few or too equal for a spline, the straight recalibration line is given
    (Austin & Steyerberg 2014, doi:10.1002/sim.5941, compare such curves).

    Parameters
    ----------
    labels : ndarray of bool, shape (rows,)
        The outcome; both classes.
    predicted : ndarray of float, shape (rows,)
        Predicted probability, above 0 and below 1, not separating the classes.
    clusters : ndarray of int, shape (rows,), or None
        Patients, where one has several rows.
    level : float
        Confidence of the band.

    Returns
    -------
    Smooth
    """
    odds = special.logit(predicted)
    knots = np.quantile(odds, KNOTS[4 if min(labels.sum(), (~labels).sum()) >= MANY else 3])
    if np.diff(knots).min() > 1e-6 * np.ptp(odds):
        method = f"restricted cubic spline with {knots.size} knots in the log odds"
        try:
            return _curve(labels, odds, knots, clusters, (level, method))
        except UnusableTable:
            pass  # separated in the spline, not in the line
    return _curve(labels, odds, knots[:0], clusters, (level, "logistic recalibration line"))


def _curve(
    labels: Truth, odds: Numbers, knots: Numbers, clusters: Codes | None, told: tuple[float, str]
) -> Smooth:
    design = _basis(odds, knots)
    found = fit(design, labels)
    covariance = found.covariance
    if clusters is not None:
        covariance = clustered_covariance(found, design, labels, clusters)
    level, method = told
    at = np.linspace(special.expit(odds.min()), special.expit(odds.max()), POINTS)
    rows = _basis(special.logit(at), knots)
    line = rows @ found.coefficients
    wide = np.sqrt(((rows @ covariance) * rows).sum(axis=1)) * stats.norm.ppf(0.5 * (1 + level))
    ends = (special.expit(line - wide), special.expit(line + wide))
    return Smooth(at, special.expit(line), *ends, method)


def _basis(odds: Numbers, knots: Numbers) -> NDArray[np.float64]:
    """Constant, line and one bend for every knot but two; straight beyond the outer knots."""
    columns = [np.ones_like(odds), odds]
    if knots.size:
        last, end = knots[-2:]
        for knot in knots[:-2]:
            bend = _cube(odds - knot) - (
                (end - knot) * _cube(odds - last) - (last - knot) * _cube(odds - end)
            ) / (end - last)
            columns.append(bend / (end - knots[0]) ** 2)
    return np.stack(columns, axis=1)


def _cube(values: Numbers) -> Numbers:
    cube: Numbers = np.maximum(values, 0) ** 3
    return cube
