"""A line through two methods that both err: Deming, and Passing and Bablok."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import BadSetting, UnusableTable
from ..checked import Numbers, confidence
from ..estimate import LEVEL, Comparison, Estimate
from .concordance import paired

MOST_ROWS = 5000
"""Passing and Bablok's method looks at each pair of rows."""


AROUND_ZERO = "x is not positive throughout; the published interval is too narrow near x = 0"


@dataclass(frozen=True)
class Line:
    """y = intercept + slope · x.

    Attributes
    ----------
    slope, intercept : Estimate
        Methods agree where the interval of the slope holds 1 and that of the intercept 0.
    linearity : Comparison or None
        Whether the points bend away from the line, where the method tests it.
    """

    slope: Estimate
    intercept: Estimate
    linearity: Comparison | None = None


def deming(
    x: ArrayLike, y: ArrayLike, *, ratio: float = 1.0, unit: str = "1", level: float = LEVEL
) -> Line:
    """Line of Deming, with intervals from the jackknife (Linnet 1993).

    Parameters
    ----------
    x, y : array_like of shape (rows,)
        Measurements of the same subjects.
    ratio : float
        Variance of the error of y over that of x; above 0. With 1 the line is the orthogonal one.
        (Some programs ask for the inverse.)
    unit : str
        UCUM unit of y, for the intercept.
    level : float
        Confidence of the intervals: t on n − 2 degrees of freedom.

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, there are fewer than four rows, or x and y are
        not related.
    BadSetting
        If `ratio` or `level` is outside its range.

    Notes
    -----
    Interval: Linnet 1993, doi:10.1093/clinchem/39.3.424.
    """
    confidence(level)
    if not (np.isfinite(ratio) and ratio > 0):
        raise BadSetting(f"the ratio of error variances is above 0; got {ratio:g}.")
    x, y = paired(x, y, least=4)
    n = len(x)
    center_x, center_y = x.mean(), y.mean()
    along, across = x - center_x, y - center_y
    # leaving row i out changes a sum of squares by n/(n - 1) of its own square
    shrink = n / (n - 1)
    xx, yy, xy = (along**2).sum(), (across**2).sum(), (along * across).sum()
    every = np.array([[xx, yy, xy]])
    without = every - shrink * np.column_stack([along**2, across**2, along * across])
    slope = float(_deming_slope(every, ratio)[0])
    slopes = _deming_slope(without, ratio)
    intercepts = (center_y - across / (n - 1)) - slopes * (center_x - along / (n - 1))
    return Line(
        _jackknifed("slope", slope, slopes, "1", level),
        _jackknifed("intercept", float(center_y - slope * center_x), intercepts, unit, level),
    )


def _deming_slope(sums: Numbers, ratio: float) -> Numbers:
    """Slope from sums of squares and products, each of shape (lines, 3)."""
    xx, yy, xy = sums.T
    if (np.abs(xy) <= 1e-12 * np.sqrt(np.abs(xx * yy))).any():
        raise UnusableTable(
            "x and y are not related (their covariance is zero, perhaps without one row); there is "
            "no line through them."
        )
    lean = yy - ratio * xx
    root = np.abs(lean) + np.sqrt(lean**2 + 4 * ratio * xy**2)
    # two ways to write one root: the one in which nothing cancels
    return np.asarray(np.where(lean < 0, 2 * ratio * xy / root, root / (2 * xy)))


def _jackknifed(name: str, value: float, without: Numbers, unit: str, level: float) -> Estimate:
    """A figure with the interval of its jackknife."""
    n = len(without)
    error = np.sqrt((n - 1) ** 2 / n * without.var(ddof=1))
    width = float(stats.t.ppf(0.5 * (1 + level), n - 2) * error)
    return Estimate(
        name,
        value,
        value - width,
        value + width,
        level,
        unit,
        "Deming regression, jackknife interval",
        "10.1093/clinchem/39.3.424",
        n,
        n,
    )


def passing_bablok(x: ArrayLike, y: ArrayLike, *, unit: str = "1", level: float = LEVEL) -> Line:
    """Line of Passing and Bablok: the median of all slopes, shifted so that x and y may be swapped.

    Parameters
    ----------
    x, y : array_like of shape (rows,)
        Measurements of the same subjects, positively related; at most 5,000 rows.
    unit : str
        UCUM unit of y, for the intercept.
    level : float
        Confidence of the intervals.

    Returns
    -------
    Line
        With the cumulative-sum test of linearity.

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, there are fewer than five or more than 5,000
        rows, or x and y are too little related for the interval to have ends.
    BadSetting
        If `level` is outside its range.

    Notes
    -----
    Passing & Bablok 1983, doi:10.1515/cclm.1983.21.11.709.
    """
    confidence(level)
    x, y = paired(x, y, least=5)
    n = len(x)
    if n > MOST_ROWS:
        raise UnusableTable(
            f"Passing–Bablok compares each pair of rows; {n} rows are more than {MOST_ROWS}. "
            "Use deming, or a random part of the rows, and say so."
        )
    slopes, shift = _slopes(x, y)
    many = len(slopes)
    reach = stats.norm.ppf(0.5 * (1 + level)) * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    first = round((many - reach) / 2)
    last = many - first + 1
    middle = [(many - 1) // 2 + shift, many // 2 + shift]
    if first < 1 or last + shift > many or middle[-1] >= many:
        raise UnusableTable(
            f"{n} rows are too few, or too little related (Kendall's τ near or below 0), for "
            "Passing–Bablok's interval to have ends."
        )
    low, high = slopes[first + shift - 1], slopes[last + shift - 1]
    value = float(slopes[middle].mean())
    if not (np.isfinite([low, high, value]).all() and value > 0):
        raise UnusableTable(
            f"Passing–Bablok's slope has no bound in these {n} rows: too many share one value of x."
        )
    method, doi = "Passing–Bablok regression", "10.1515/cclm.1983.21.11.709"
    ends = [float(np.median(y - edge * x)) for edge in (high, value, low)]
    note = "" if x.min() > 0 else AROUND_ZERO
    return Line(
        Estimate("slope", value, float(low), float(high), level, "1", method, doi, n, n),
        Estimate("intercept", ends[1], min(ends), max(ends), level, unit, method, doi, n, n, note),
        _linearity(x, y, value, ends[1]),
    )


def _slopes(x: Numbers, y: Numbers) -> tuple[Numbers, int]:
    """Slopes between all pairs of rows, in order, and how many of them are below −1.

    Two equal rows and slopes of exactly −1 are left out, as published.
    """
    one, other = np.triu_indices(len(x), 1)
    along, across = x[one] - x[other], y[one] - y[other]
    upright = along == 0
    slopes = np.divide(across, along, out=np.full(along.shape, np.inf), where=~upright)
    slopes[upright & (across < 0)] = -np.inf
    slopes = np.sort(slopes[~(upright & (across == 0)) & (slopes != -1)])
    return slopes, int(np.searchsorted(slopes, -1))


def _linearity(x: Numbers, y: Numbers, slope: float, intercept: float) -> Comparison:
    """Cumulative sum of points above and below the line, in the order along it."""
    rest = y - intercept - slope * x
    near = np.abs(rest) <= 1e-12 * max(float(np.abs(y).max()), 1e-300)
    above, below = int(((rest > 0) & ~near).sum()), int(((rest < 0) & ~near).sum())
    method = "cusum test of linearity (Kolmogorov–Smirnov)"
    doi = "10.1515/cclm.1983.21.11.709"
    if above == 0 or below == 0:
        note = "no points on both sides of the line; nothing speaks against it"
        return Comparison("linearity", 0.0, 1.0, method=method, doi=doi, note=note)
    scores = np.where(rest > 0, np.sqrt(below / above), -np.sqrt(above / below))
    scores[near] = 0
    order = np.argsort(y + x / slope, kind="stable")
    statistic = float(np.abs(np.cumsum(scores[order])).max() / np.sqrt(below + 1))
    p = float(stats.kstwobign.sf(statistic))
    return Comparison("linearity", statistic, p, method=method, doi=doi)
