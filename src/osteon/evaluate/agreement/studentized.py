"""Bias and limits of agreement over resamples of patients, each with its standard error."""

from dataclasses import dataclass

import numpy as np

from ..bootstrap import existing
from ..checked import Codes, Numbers

DOI = "10.1214/aos/1176350933"
"""Hall 1988, who calls it percentile-t."""


def difference_sums(differences: Numbers, codes: Codes) -> Numbers:
    """Rows, Σd and Σd² of each patient, and their squares and products: all that is resampled.

    Parameters
    ----------
    differences : ndarray of float, shape (rows,)
        Near zero in the mean.
    codes : ndarray of int, shape (rows,)
        Patient of each row.

    Returns
    -------
    ndarray of float, shape (patients, 9)
    """
    rows = np.bincount(codes).astype(np.float64)
    first = np.bincount(codes, differences)
    second = np.bincount(codes, differences**2)
    products = (rows * rows, rows * first, rows * second)
    squares = (first * first, first * second, second * second)
    return np.stack([rows, first, second, *products, *squares], axis=1)


@dataclass(frozen=True)
class Place:
    """Bias, or the bias and so many standard deviations, with its standard error.

    Attributes
    ----------
    value, error : ndarray of float, shape (draws,)
    """

    value: Numbers
    error: Numbers


def place(sums: Numbers, deviations: float) -> Place:
    """A place among the differences, from sums of shape (draws, 9).

    Notes
    -----
    A patient pulls the mean by (Σd − m n) / N, and the standard deviation s about it by
    (Σd² − 2 m Σd + (m² − s²) n) / (2 s N), n being the patient's rows and N all. The variance over
    patients of what both pull together is that of the place (over patients, not one less: the
    interval asks only for how errors compare).
    """
    rows, first, second, nn, nd, nq, dd, dq, qq = sums.T
    mean = first / rows
    variance = np.maximum(second / rows - mean**2, 0)
    sd = np.sqrt(variance * rows / np.maximum(rows - 1, 1))
    of_squares = np.zeros_like(mean)
    np.divide(0.5 * deviations, np.sqrt(variance), out=of_squares, where=variance > 0)
    of_sums = 1 - 2 * mean * of_squares
    of_rows = of_squares * (mean**2 - variance) - mean
    pulled = of_rows**2 * nn + of_sums**2 * dd + of_squares**2 * qq
    pulled += 2 * (of_rows * (of_sums * nd + of_squares * nq) + of_sums * of_squares * dq)
    error = np.sqrt(np.maximum(pulled, 0)) / rows
    return Place(mean + deviations * sd, error)


def studentized_ends(every: Place, drawn: Place, level: float) -> tuple[float, float]:
    """Ends of the interval, from how far the draws lie off in their own standard errors.

    Parameters
    ----------
    every : Place
        Of all patients, one value.
    drawn : Place
        Of resamples.
    level : float
        Confidence.

    Raises
    ------
    UnusableTable
        If more than 5 % of the draws have no standard error.
    """
    value, error = float(every.value[0]), float(every.error[0])
    off = np.full(drawn.value.shape, np.nan)
    np.divide(drawn.value - value, drawn.error, out=off, where=drawn.error > 0)
    tail = 0.5 * (1 - level)
    low, high = np.quantile(existing(off), (1 - tail, tail))
    return float(value - low * error), float(value - high * error)
