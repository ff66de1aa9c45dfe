"""Between which limits the differences of two methods lie (Bland & Altman)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import BadSetting, UnusableTable
from ..checked import Codes, Numbers, confidence
from ..estimate import LEVEL, Comparison, Estimate
from .concordance import paired

SHARE = 0.95
"""Share of differences between the limits of agreement: ± 1.96 standard deviations."""

EQUAL = "all differences are equal, so the interval has no width"


@dataclass(frozen=True)
class BlandAltman:
    """Limits of agreement, and what their figure shows.

    Attributes
    ----------
    bias, lower, upper : Estimate
        Mean of x − y, and the limits of agreement.
    sd : float
        Standard deviation of a difference, in the unit of the limits.
    unit : str
        UCUM unit of differences; ``"%"`` for differences as percent of their mean.
    differences, means : ndarray of float, shape (rows,)
        x − y and (x + y) / 2 of each row.
    proportional : Comparison or None
        Does the difference change with the mean? None if all means are equal.
    share : float
        Share of differences that the limits are to hold.
    subjects : ndarray of int, shape (rows,), or None
        Subject of each row, numbered from 0, where there are several rows a subject.
    note : str
        What a reader must know.
    """

    bias: Estimate
    lower: Estimate
    upper: Estimate
    sd: float
    unit: str
    differences: Numbers
    means: Numbers
    proportional: Comparison | None
    share: float = SHARE
    subjects: Codes | None = None
    note: str = ""


def bland_altman(
    x: ArrayLike,
    y: ArrayLike,
    *,
    unit: str = "1",
    percent: bool = False,
    share: float = SHARE,
    level: float = LEVEL,
) -> BlandAltman:
    """Bias and limits of agreement of two methods, with exact intervals.

    Limits are the mean difference ± z standard deviations (Bland & Altman 1986,
    doi:10.1016/S0140-6736(86)90837-8); their intervals follow from the noncentral t distribution
    (Carkeet 2015, doi:10.1097/OPX.0000000000000513) and are not symmetric.

    Parameters
    ----------
    x, y : array_like of shape (rows,)
        Measurements of the same subjects, one row a subject; differences are x − y.
    unit : str
        UCUM unit of both.
    percent : bool
        Give differences as percent of the mean of the two; all means must be positive.
    share : float
        Share of differences that the limits are to hold, above 0 and below 1.
    level : float
        Confidence of the intervals.

    Returns
    -------
    BlandAltman
        Each limit's interval holds for that limit, not for both at once.

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, there are fewer than three rows, or a mean is
        not positive where percent are asked for.
    BadSetting
        If `level` or `share` is outside its range.
    """
    confidence(level)
    z = normal_range(share)
    x, y = paired(x, y)
    differences, means = x - y, (x + y) / 2
    if percent:
        differences, unit = in_percent(differences, means), "%"
    n = len(differences)
    bias, sd = float(differences.mean()), spread(differences, means)
    tails = np.array([0.5 * (1 - level), 0.5 * (1 + level)])
    about_bias = stats.t.ppf(tails, n - 1) / np.sqrt(n)
    about_limit = stats.nct.ppf(tails, n - 1, z * np.sqrt(n)) / np.sqrt(n)
    note = "" if sd > 0 else EQUAL

    def figure(name: str, at: float, ends: Numbers, method: str, doi: str) -> Estimate:
        low, high = (float(bias + end * sd) for end in ends)
        return Estimate(name, bias + at * sd, low, high, level, unit, method, doi, n, n, note)

    exact = "mean difference ± z SD, exact interval from noncentral t"
    doi = "10.1097/OPX.0000000000000513"
    return BlandAltman(
        figure(
            "bias", 0.0, about_bias, "mean difference, t interval", "10.1177/096228029900800204"
        ),
        figure("lower limit of agreement", -z, -about_limit[::-1], exact, doi),
        figure("upper limit of agreement", z, about_limit, exact, doi),
        sd,
        unit,
        differences,
        means,
        proportional_bias(differences, means, unit, level),
        share,
    )


def normal_range(share: float) -> float:
    """Standard deviations to either side that hold `share` of a normal distribution.

    Raises
    ------
    BadSetting
        Unless it lies above 0 and below 1.
    """
    if not 0 < share < 1:
        raise BadSetting(f"limits of agreement hold a share above 0 and below 1; got {share:g}.")
    return float(stats.norm.ppf(0.5 * (1 + share)))


def in_percent(differences: Numbers, means: Numbers) -> Numbers:
    """Differences as percent of their means.

    Raises
    ------
    UnusableTable
        If a mean is not positive.
    """
    odd = np.flatnonzero(means <= 0)
    if odd.size:
        raise UnusableTable(
            f"percent need positive means; row {odd[0] + 1} has {means[odd[0]]:g} ({odd.size} such "
            "rows). Give differences in their unit."
        )
    return 100 * differences / means


def spread(differences: Numbers, means: Numbers) -> float:
    """Standard deviation of differences; 0 where it is rounding only."""
    sd = float(differences.std(ddof=1))
    size = float(np.abs(means).max() + np.abs(differences).max())
    return sd if sd > 8 * np.finfo(float).eps * size else 0.0


def proportional_bias(
    differences: Numbers, means: Numbers, unit: str, level: float
) -> Comparison | None:
    """Slope of the difference over the mean, and whether it may be zero.

    The slope is zero where both methods vary equally, so that this is also the test of equal
    variances (Pitman, Morgan); a method with more noise shows a slope without any bias.

    Returns
    -------
    Comparison or None
        t test on n − 2 degrees of freedom; None if all means are equal.
    """
    n = len(means)
    along = means - means.mean()
    total = float((along**2).sum())
    if np.ptp(means) <= 8 * np.finfo(float).eps * np.abs(means).max():
        return None
    slope = float((along * differences).sum() / total)
    rest = differences - differences.mean() - slope * along
    error = float(spread(rest, means) * np.sqrt((n - 1) / (n - 2) / total))
    if spread(differences, means) == 0:
        slope, error = 0.0, 0.0
    width = float(stats.t.ppf(0.5 * (1 + level), n - 2)) * error
    if error > 0:
        t = slope / error
        p = float(2 * stats.t.sf(abs(t), n - 2))
        note = ""
    else:
        t, p = 0.0, 1.0 if slope == 0 else 0.0
        note = "the differences lie on one line; there is no noise for t to be worked out from"
    difference = Estimate(
        "slope of the difference over the mean",
        slope,
        slope - width,
        slope + width,
        level,
        "%" if unit == "%" else "1",
        "least squares",
        "10.1177/096228029900800204",
        n,
        n,
    )
    return Comparison(
        "proportional bias",
        float(t),
        p,
        difference,
        n - 2,
        method="t test of the slope of the difference over the mean",
        doi="10.1177/096228029900800204",
        note=note,
    )


@dataclass(frozen=True)
class RegressionLimits:
    """Limits of agreement that change with the mean.

    Attributes
    ----------
    intercept, slope : float
        Bias at mean 0, and its change per unit of the mean.
    spread_intercept, spread_slope : float
        Standard deviation of a difference at mean 0, and its change per unit of the mean.
    share : float
        Share of differences between the limits.
    p_spread : float
        Two-sided p of a spread that does not change with the mean.
    """

    intercept: float
    slope: float
    spread_intercept: float
    spread_slope: float
    share: float
    p_spread: float

    def at(self, means: ArrayLike) -> tuple[Numbers, Numbers, Numbers]:
        """Bias, lower and upper limit at each mean; a spread below zero counts as zero."""
        where = np.asarray(means, np.float64)
        bias = self.intercept + self.slope * where
        width = normal_range(self.share) * np.maximum(
            self.spread_intercept + self.spread_slope * where, 0
        )
        return bias, bias - width, bias + width


def regression_limits(x: ArrayLike, y: ArrayLike, *, share: float = SHARE) -> RegressionLimits:
    """Limits of agreement where bias or spread grow with the mean (Bland & Altman 1999, 3.2).

    Differences are regressed on means, then the sizes of the residuals on means; a normal
    deviate's mean size is √(2/π) standard deviations. doi:10.1177/096228029900800204.

    Parameters
    ----------
    x, y : array_like of shape (rows,)
        Measurements of the same subjects; differences are x − y.
    share : float
        Share of differences that the limits are to hold.

    Raises
    ------
    UnusableTable
        If a value is missing, a column or the means are constant, or there are fewer than four
        rows.
    BadSetting
        If `share` is outside its range.

    Notes
    -----
    No interval is made; where `p_spread` is large, a constant spread is the simpler choice.
    """
    normal_range(share)
    x, y = paired(x, y, least=4)
    differences, means = x - y, (x + y) / 2
    if proportional_bias(differences, means, "1", LEVEL) is None:
        raise UnusableTable(
            f"all {len(means)} means are {means[0]:g}; a change with the mean cannot be seen."
        )
    slope, intercept = _line(means, differences)
    sizes = np.abs(differences - intercept - slope * means)
    spread_slope, spread_intercept = _line(means, sizes)
    trend = proportional_bias(sizes, means, "1", LEVEL)
    to_sd = float(np.sqrt(np.pi / 2))
    return RegressionLimits(
        intercept,
        slope,
        to_sd * spread_intercept,
        to_sd * spread_slope,
        share,
        1.0 if trend is None else trend.p,
    )


def _line(x: Numbers, y: Numbers) -> tuple[float, float]:
    """Slope and intercept of least squares."""
    along = x - x.mean()
    slope = float((along * y).sum() / (along**2).sum())
    return slope, float(y.mean() - slope * x.mean())
