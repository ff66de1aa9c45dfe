"""Mean squares of ratings by subject and rater, from which every ICC is made."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...core import UnusableTable
from ..checked import Numbers


@dataclass(frozen=True)
class MeanSquares:
    """Two-way analysis of variance without replication, for one table or many at once.

    Attributes
    ----------
    subjects, raters, error, within : ndarray of float, shape (tables,)
        Mean squares: between subjects, between raters, residual, and within subjects.
    n, k : int
        Subjects and raters. For tables of unequal size `n` is an array, shape (tables,).
    """

    subjects: Numbers
    raters: Numbers
    error: Numbers
    within: Numbers
    n: int | Numbers
    k: int


def rated(ratings: ArrayLike) -> Numbers:
    """Ratings of subjects (rows) by raters (columns), finite and not all equal.

    Parameters
    ----------
    ratings : array_like of shape (n, k)
        One row a subject, one column a rater (reader, method, scan).

    Raises
    ------
    UnusableTable
        If it is no such table, has missing values, fewer than two subjects or raters, a constant
        column, or subjects who all have the same mean.
    """
    try:
        table = np.asarray(ratings, np.float64)
    except (TypeError, ValueError):
        raise UnusableTable(
            "ratings must be numbers, a row for each subject and a column for each rater."
        ) from None
    if table.ndim != 2:
        raise UnusableTable(
            f"ratings must be a table of subjects × raters; got an array of shape {table.shape}."
        )
    n, k = table.shape
    if n < 2 or k < 2:
        raise UnusableTable(
            f"an ICC needs at least 2 subjects and 2 raters; got {n} and {k} (one row a subject)."
        )
    odd = np.argwhere(~np.isfinite(table))
    if odd.size:
        raise UnusableTable(
            f"ratings lack a finite value in {len(odd)} of {table.size} cells (the first is row "
            f"{odd[0, 0] + 1}, column {odd[0, 1] + 1}); leave these subjects out and say so."
        )
    same = np.flatnonzero(np.ptp(table, axis=0) == 0)
    if same.size:
        raise UnusableTable(
            f"rater {same[0] + 1} gives {table[0, same[0]]:g} to all {n} subjects; a constant "
            "column tells nothing."
        )
    return table


def mean_squares(ratings: Numbers) -> MeanSquares:
    """Mean squares of each table.

    Parameters
    ----------
    ratings : ndarray of float, shape (tables, n, k)
        Finite.

    Notes
    -----
    Sums of squares that are rounding only are set to zero, so that perfect agreement is seen.
    """
    n, k = ratings.shape[1:]
    centred = ratings - ratings.mean(axis=(1, 2), keepdims=True)
    by_subject = centred.mean(axis=2, keepdims=True)
    by_rater = centred.mean(axis=1, keepdims=True)
    rest = centred - by_subject - by_rater
    rounding = n * k * (8 * np.finfo(float).eps * np.abs(ratings).max(axis=(1, 2))) ** 2

    def squares(part: Numbers) -> Numbers:
        total = np.asarray((part**2).sum(axis=(1, 2)))
        total[total <= rounding] = 0
        return total

    subjects = squares(by_subject) * k
    raters = squares(by_rater) * n
    error = squares(rest)
    return MeanSquares(
        subjects / (n - 1),
        raters / (k - 1),
        error / ((n - 1) * (k - 1)),
        (raters + error) / (n * (k - 1)),
        n,
        k,
    )
