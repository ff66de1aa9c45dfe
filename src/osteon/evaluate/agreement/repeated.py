"""Limits of agreement where each subject was measured several times."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import UnknownName, UnusableTable
from ..checked import Codes, Numbers, confidence, groups, same_rows
from ..estimate import LEVEL, Estimate
from .concordance import paired
from .limits import EQUAL, SHARE, BlandAltman, normal_range, proportional_bias, spread

DOI = "10.1080/10543400701329422"
MOVER = "10.1177/0962280211402548"


def bland_altman_repeated(
    x: ArrayLike,
    y: ArrayLike,
    subjects: ArrayLike,
    *,
    true_value: str = "varies",
    unit: str = "1",
    level: float = LEVEL,
) -> BlandAltman:
    """Bias and 95 % limits of agreement from several pairs a subject.

    Limits hold for the difference of two single measurements of a subject not seen before (Bland &
    Altman 2007, doi:10.1080/10543400701329422); their intervals combine those of the bias and of
    each variance (MOVER, Zou 2013, doi:10.1177/0962280211402548).

    Parameters
    ----------
    x, y : array_like of shape (rows,)
        One pair a row; differences are x − y.
    subjects : array_like of shape (rows,)
        Whom each pair was measured on; the number of pairs may differ.
    true_value : str
        ``"varies"``: the quantity itself may change from pair to pair, only the two values of one
        pair belong together. ``"constant"``: it stays the same in a subject, so that all rows of a
        subject are repeats.
    unit : str
        UCUM unit of both.
    level : float
        Confidence of the intervals.

    Returns
    -------
    BlandAltman
        `sd` is the standard deviation of one difference, between and within subjects together. The
        bias is the mean over all rows; a subject with more rows weighs more. `proportional` is
        worked out from the means of each subject.

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, there are fewer than three subjects or none of
        them has two pairs.
    UnknownName
        If `true_value` is neither of the two.
    BadSetting
        If `level` is outside its range.
    """
    confidence(level)
    x, y, codes = _repeated(x, y, subjects, true_value)
    counts = np.bincount(codes).astype(np.float64)
    differences, means = x - y, (x + y) / 2
    parts = _varying(differences, codes, counts)
    if true_value == "constant":
        parts = _constant(x, y, codes, counts)
    if spread(differences, means) == 0:
        parts = [(0.0, degrees) for _, degrees in parts]
    of_subjects = _means(differences, codes, counts)
    error = _bias_error(of_subjects, counts, parts)
    found = _with_ends(float(differences.mean()), error, parts, level, len(counts))
    method = f"limits for repeated pairs, true value {true_value}; MOVER interval"
    how = dict.fromkeys(found, (method, MOVER))
    how["bias"] = ("mean difference, t interval from the subjects' means", DOI)
    sd = _deviation(parts, level)[0]
    bias, lower, upper = (
        Estimate(name, *ends, level, unit, *how[name], len(x), len(counts), "" if sd > 0 else EQUAL)
        for name, ends in found.items()
    )
    return BlandAltman(
        bias,
        lower,
        upper,
        sd,
        unit,
        differences,
        means,
        proportional_bias(of_subjects, _means(means, codes, counts), unit, level),
        subjects=codes,
        note="bias and limits from all rows; proportional bias from one mean a subject",
    )


def _bias_error(of_subjects: Numbers, counts: Numbers, parts: list[tuple[float, float]]) -> float:
    """Standard error of the mean over all rows; 0 where all differences are equal."""
    if parts[0][0] == 0:
        return 0.0
    n, rows = len(counts), counts.sum()
    pulls = counts * (of_subjects - (counts * of_subjects).sum() / rows)
    return float(np.sqrt(n / (n - 1) * (pulls**2).sum()) / rows)


def _with_ends(
    value: float, error: float, parts: list[tuple[float, float]], level: float, n: int
) -> dict[str, tuple[float, float, float]]:
    """Bias and limits, each with the ends of its interval."""
    width = float(stats.t.ppf(0.5 * (1 + level), n - 1) * error)
    sd, sd_low, sd_high = _deviation(parts, level)
    z = normal_range(SHARE)
    near, far = (float(np.hypot(width, z * apart)) for apart in (sd - sd_low, sd_high - sd))
    lower, upper = value - z * sd, value + z * sd
    return {
        "bias": (value, value - width, value + width),
        "lower limit of agreement": (lower, lower - far, lower + near),
        "upper limit of agreement": (upper, upper - near, upper + far),
    }


def _repeated(
    x: ArrayLike, y: ArrayLike, subjects: ArrayLike, true_value: str
) -> tuple[Numbers, Numbers, Codes]:
    """Checked columns, and the subjects' numbers."""
    if true_value not in ("varies", "constant"):
        raise UnknownName(f"true_value is 'varies' or 'constant'; got '{true_value}'.")
    one, other = paired(x, y)
    codes = groups(subjects, "subjects", least=3)
    same_rows(x=one, subjects=codes)
    many = int(codes.max()) + 1
    if len(one) == many:
        raise UnusableTable(
            f"each of {many} subjects has one pair only; use bland_altman for such a table."
        )
    return one, other, codes


def _varying(differences: Numbers, codes: Codes, counts: Numbers) -> list[tuple[float, float]]:
    """Parts of the variance of a difference, with their degrees of freedom.

    The variance between subjects is that of one-way analysis of variance; so the sum is the mean
    square between, over the number of pairs, and what is missing of the mean square within.
    """
    n, rows = len(counts), len(differences)
    pairs = (rows - (counts**2).sum() / rows) / (n - 1)
    away = _means(differences, codes, counts) - differences.mean()
    between = float((counts * away**2).sum() / (n - 1))
    within = _within(differences, codes, counts)
    of_subjects = counts * max(between - within, 0.0) / pairs + within
    return [(between / pairs, _degrees(of_subjects)), ((1 - 1 / pairs) * within, rows - n)]


def _constant(x: Numbers, y: Numbers, codes: Codes, counts: Numbers) -> list[tuple[float, float]]:
    """Parts of the variance of a difference where each method has repeats of its own."""
    degrees = len(x) - len(counts)
    between = float(_means(x - y, codes, counts).var(ddof=1))
    of_x, of_y = _within(x, codes, counts), _within(y, codes, counts)
    few = float((1 / counts).mean())
    of_subjects = max(between - few * (of_x + of_y), 0.0) + (of_x + of_y) / counts
    return [
        (between, _degrees(of_subjects)),
        ((1 - few) * of_x, degrees),
        ((1 - few) * of_y, degrees),
    ]


def _degrees(variances: Numbers) -> float:
    """Degrees of freedom of a mean square over subjects of unequal variance (Satterthwaite).

    One less than there are subjects, if all have as many rows.
    """
    n, squares = len(variances), float((variances**2).sum())
    return (n - 1) / n * float(variances.sum()) ** 2 / squares if squares > 0 else n - 1


def _means(values: Numbers, codes: Codes, counts: Numbers) -> Numbers:
    """Mean of each subject."""
    return np.asarray(np.bincount(codes, values) / counts)


def _within(values: Numbers, codes: Codes, counts: Numbers) -> float:
    """Pooled variance within subjects."""
    rest = values - _means(values, codes, counts)[codes]
    return float((rest**2).sum() / (len(values) - len(counts)))


def _deviation(parts: list[tuple[float, float]], level: float) -> tuple[float, float, float]:
    """Standard deviation of a difference and its interval, from independent parts (MOVER)."""
    tail = 0.5 * (1 - level)
    total = sum(part for part, _ in parts)
    down = up = 0.0
    for part, degrees in parts:
        down += (part * (1 - degrees / stats.chi2.ppf(1 - tail, degrees))) ** 2
        up += (part * (degrees / stats.chi2.ppf(tail, degrees) - 1)) ** 2
    low, high = max(total - np.sqrt(down), 0.0), total + np.sqrt(up)
    return float(np.sqrt(total)), float(np.sqrt(low)), float(np.sqrt(high))
