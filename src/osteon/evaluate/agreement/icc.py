"""Intraclass correlation: the share of the variance of ratings that the subjects make."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import UnusableTable
from ..checked import Numbers, confidence
from ..estimate import LEVEL, Estimate
from .anova import MeanSquares, mean_squares, rated
from .forms import KEYS, known_key

DOI = "10.1037/1082-989X.1.1.30"
F_INTERVAL = "interval from the F distribution (Shrout & Fleiss 1979, McGraw & Wong 1996)"
ABSOLUTE_INTERVAL = "interval from F with Satterthwaite's degrees of freedom (McGraw & Wong 1996)"
SMALLEST_DEGREES = 1.0
"""Satterthwaite's are never fewer, but where a negative ICC makes one of their weights negative."""


def icc(ratings: ArrayLike, *, level: float = LEVEL) -> dict[str, Estimate]:
    """The six intraclass correlations of a table (Shrout & Fleiss 1979).

    Parameters
    ----------
    ratings : array_like of shape (n, k)
        One row a subject, one column a rater (reader, method, scan); any unit.
    level : float
        Confidence of the intervals, 0.5 to below 1; two-sided.

    Returns
    -------
    dict of Estimate
        By ``"ICC(1,1)"``, ``"ICC(2,1)"``, ``"ICC(3,1)"`` and, for the mean of all raters,
        ``"ICC(1,k)"``, ``"ICC(2,k)"``, ``"ICC(3,k)"``. At most 1; negative where ratings of one
        subject differ more than those of different subjects. `FORMS` says which of the ten forms of
        McGraw and Wong each of them is.

    Raises
    ------
    UnusableTable
        If a value is missing, there are fewer than two subjects or raters, a column is constant or
        the subjects do not differ.
    BadSetting
        If `level` is outside its range.

    Notes
    -----
    Definitions: doi:10.1037/0033-2909.86.2.420; intervals also doi:10.1037/1082-989X.1.1.30. Rows
    must be independent: for several rows a patient see `clustered_agreement` and `mixed_icc`. The
    interval of absolute agreement takes raters as drawn at random, few of them at that; for fixed
    raters who differ by a constant it is too wide, never too narrow.
    """
    confidence(level)
    table = rated(ratings)
    squares = mean_squares(table[None])
    if squares.subjects[0] == 0:
        raise UnusableTable(
            f"all {len(table)} subjects have the same mean rating; an ICC needs some who differ."
        )
    found = intervals(squares, level)
    return {key: _estimate(key, found[key][:, 0], squares, level) for key in KEYS}


def icc_many(ratings: ArrayLike, *, form: str = "ICC(2,1)", level: float = LEVEL) -> Numbers:
    """One ICC of many features at once.

    Parameters
    ----------
    ratings : array_like of shape (features, n, k)
        A table of subjects × raters for each feature; finite.
    form : str
        Which ICC, in either naming: ``"ICC(2,1)"`` or ``"ICC(A,1)"``.
    level : float
        Confidence of the intervals.

    Returns
    -------
    ndarray of float, shape (features, 3)
        Value and the ends of its interval. NaN where a feature has none: its subjects do not
        differ, or (mean of raters only) an end has no bound.

    Raises
    ------
    UnusableTable
        If it is no such stack, or a value is missing.
    UnknownName
        If no ICC is called `form`.
    BadSetting
        If `level` is outside its range.
    """
    confidence(level)
    key = known_key(form)
    stack = np.asarray(ratings, np.float64)
    if stack.ndim != 3 or stack.shape[1] < 2 or stack.shape[2] < 2:
        raise UnusableTable(
            "ratings of many features must be features × subjects (2 or more) × raters (2 or "
            f"more); got an array of shape {stack.shape}."
        )
    if not np.isfinite(stack).all():
        odd = int((~np.isfinite(stack)).any(axis=(1, 2)).sum())
        raise UnusableTable(f"{odd} of {len(stack)} features lack a finite value; leave them out.")
    return intervals(mean_squares(stack), level)[key].T


def coefficients(squares: MeanSquares) -> dict[str, Numbers]:
    """The six ICCs from mean squares; NaN where a denominator is not positive."""
    s, r, e, w, n, k = (
        squares.subjects,
        squares.raters,
        squares.error,
        squares.within,
        squares.n,
        squares.k,
    )
    return {
        "ICC(1,1)": _share(s - w, s + (k - 1) * w),
        "ICC(2,1)": _share(s - e, s + (k - 1) * e + k * (r - e) / n),
        "ICC(3,1)": _share(s - e, s + (k - 1) * e),
        "ICC(1,k)": _share(s - w, s),
        "ICC(2,k)": _share(s - e, s + (r - e) / n),
        "ICC(3,k)": _share(s - e, s),
    }


def intervals(squares: MeanSquares, level: float) -> dict[str, Numbers]:
    """Value, low and high of the six ICCs, each of shape (3, tables)."""
    values = coefficients(squares)
    ends = {key: np.full((2, len(squares.subjects)), np.nan) for key in KEYS}
    for row, tail in enumerate((0.5 * (1 + level), 0.5 * (1 - level))):
        n, k = squares.n, squares.k
        for model, noise, degrees in (
            (1, squares.within, n * (k - 1)),
            (3, squares.error, (n - 1) * (k - 1)),
        ):
            scaled = stats.f.ppf(tail, n - 1, degrees) * noise
            top = squares.subjects - scaled
            ends[f"ICC({model},1)"][row] = _share(top, squares.subjects + (k - 1) * scaled)
            ends[f"ICC({model},k)"][row] = _share(top, squares.subjects)
        single = _absolute_end(squares, values["ICC(2,1)"], 1 - tail)
        ends["ICC(2,1)"][row] = single
        ends["ICC(2,k)"][row] = _share(k * single, 1 + (k - 1) * single)
    return {key: np.vstack([values[key][None], ends[key]]) for key in KEYS}


def _absolute_end(squares: MeanSquares, value: Numbers, tail: float) -> Numbers:
    """An end of the interval of ICC(2,1); multiplied out, so that it also holds for no error."""
    n, k, error = squares.n, squares.k, squares.error
    of_raters = k * value * squares.raters
    of_error = (n * (1 - value) + k * value * (n - 1)) * error
    spread = of_raters**2 / (k - 1) + of_error**2 / ((n - 1) * (k - 1))
    known = spread > 0
    degrees = np.full(value.shape, float((k - 1) * (squares.n - 1)))
    degrees[known] = ((of_raters + of_error)[known] ** 2) / spread[known]
    quantile = stats.f.ppf(tail, np.maximum(degrees, SMALLEST_DEGREES), n - 1)
    scaled = n * quantile * squares.subjects
    rest = k * squares.raters + (k * n - k - n) * error
    return _share(scaled - n * error, rest + scaled)


def _share(top: Numbers, bottom: Numbers) -> Numbers:
    """`top` over `bottom`; NaN unless `bottom` is positive."""
    found = np.full(np.shape(top), np.nan)
    np.divide(top, bottom, out=found, where=bottom > 0)
    return found


def _estimate(key: str, found: Numbers, squares: MeanSquares, level: float) -> Estimate:
    """One ICC of one table."""
    value, low, high = (float(end) for end in found)
    if not np.isfinite(value):
        raise UnusableTable(
            f"{key} does not exist: the subjects differ less than the noise of the raters' mean; "
            "there is no difference between subjects to measure."
        )
    notes = []
    if squares.error[0] == 0 and (squares.raters[0] == 0 or "3" in key):
        notes.append("ratings agree perfectly, so the interval has no width")
    if not (np.isfinite(low) and np.isfinite(high)):
        notes.append("an end of the interval has no bound")
    return Estimate(
        key,
        value,
        low if np.isfinite(low) else None,
        high if np.isfinite(high) else None,
        level,
        method=ABSOLUTE_INTERVAL if key.startswith("ICC(2") else F_INTERVAL,
        doi=DOI,
        rows=int(squares.n),
        clusters=int(squares.n),
        note="; ".join(notes),
    )
