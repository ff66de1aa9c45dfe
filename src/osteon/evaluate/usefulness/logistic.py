"""Logistic regression on few columns, that tells where there is no fit.

Statsmodels fits the same model, but its steps are never halved, and it only warns, after a while,
of columns that separate the classes.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from ...core import UnusableTable
from ..checked import Codes, Numbers, Truth

STEPS = 30
"""Newton steps after which there is no fit: without one, each step only adds 1 to the log odds."""


@dataclass(frozen=True)
class Fit:
    """A fitted logistic model.

    Attributes
    ----------
    coefficients : ndarray of float, shape (columns,)
        Change of the log odds with each column.
    covariance : ndarray of float, shape (columns, columns)
        Inverse of the observed information.
    log_likelihood : float
        At the fit; at most 0.
    predicted : ndarray of float, shape (rows,)
        Fitted probabilities.
    """

    coefficients: Numbers
    covariance: NDArray[np.float64]
    log_likelihood: float
    predicted: Numbers


def fit(
    design: NDArray[np.float64],
    labels: Truth,
    *,
    offset: Numbers | float = 0.0,
    start: Numbers | None = None,
) -> Fit:
    """The most likely logistic model (Newton's method, steps halved where they lead downhill).

    Parameters
    ----------
    design : ndarray of float, shape (rows, columns)
        Columns of the model; none at all is allowed.
    labels : ndarray of bool, shape (rows,)
        The outcome.
    offset : ndarray of float, shape (rows,), or float
        Added to the log odds with the coefficient 1.
    start : ndarray of float, shape (columns,), optional
        First guess of the coefficients; 0 unless given.

    Returns
    -------
    Fit

    Raises
    ------
    UnusableTable
        If the likelihood has no maximum: the columns separate the two classes, or depend on one
        another.
    """
    coefficients = np.zeros(design.shape[1]) if start is None else start
    reached = _log_likelihood(design @ coefficients + offset, labels)
    for _ in range(STEPS):
        predicted, information = _information(design, coefficients, offset)
        uphill = design.T @ (labels - predicted)
        try:
            step = np.linalg.solve(information, uphill)
        except np.linalg.LinAlgError:
            break
        if uphill @ step < 1e-16 * max(1.0, -reached):
            found = coefficients + step  # the last step doubles the digits
            predicted, information = _information(design, found, offset)
            inverse = np.asarray(np.linalg.inv(information), np.float64)
            return Fit(found, inverse, reached, predicted)
        for _ in range(STEPS):
            tried = _log_likelihood(design @ (coefficients + step) + offset, labels)
            if tried >= reached - 1e-12 * max(1.0, -reached):  # rounding is no way down
                break
            step = step / 2
        coefficients, reached = coefficients + step, tried
    raise UnusableTable(
        "the logistic fit has no end: the probabilities separate the two classes, or nearly so; "
        "more rows of both classes at the same probabilities are needed."
    )


def _information(
    design: NDArray[np.float64], coefficients: Numbers, offset: Numbers | float
) -> tuple[Numbers, NDArray[np.float64]]:
    """Predicted probabilities, and what they tell of the coefficients."""
    odds = design @ coefficients + offset
    predicted: Numbers = special.expit(odds)
    return predicted, (design.T * (predicted * special.expit(-odds))) @ design


def _log_likelihood(odds: Numbers, labels: Truth) -> float:
    """Log likelihood of `labels` where the log odds are `odds`."""
    return float(special.log_expit(np.where(labels, odds, -odds)).sum())


def clustered_covariance(
    found: Fit, design: NDArray[np.float64], labels: Truth, clusters: Codes
) -> NDArray[np.float64]:
    """Covariance of coefficients where rows of one cluster are alike.

    The sandwich of Liang & Zeger 1986 (doi:10.1093/biomet/73.1.13), times G / (G − 1) for G
    clusters.

    Parameters
    ----------
    found : Fit
        The fit of `design` to `labels`.
    design, labels
        As in `fit`.
    clusters : ndarray of int, shape (rows,)
        Cluster of each row, from 0.

    Returns
    -------
    ndarray of float, shape (columns, columns)
    """
    uphill = design * (labels - found.predicted)[:, None]
    many = int(clusters.max()) + 1
    sums = np.stack([np.bincount(clusters, column, many) for column in uphill.T], axis=1)
    inside = sums.T @ sums * (many / (many - 1))
    return np.asarray(found.covariance @ inside @ found.covariance, np.float64)
