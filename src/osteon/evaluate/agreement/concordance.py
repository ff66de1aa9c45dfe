"""Lin's concordance: how close pairs lie to the line of equality."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ..checked import Numbers, confidence, same_rows, varying
from ..estimate import LEVEL, Estimate

DOI = "10.2307/2532051"


def paired(x: ArrayLike, y: ArrayLike, least: int = 3) -> tuple[Numbers, Numbers]:
    """Two columns of measurements of the same subjects, neither constant.

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, or there are fewer than `least` rows.
    """
    one, other = varying(x, "x", least=least), varying(y, "y", least=least)
    same_rows(x=one, y=other)
    return one, other


def concordance(x: ArrayLike, y: ArrayLike, *, level: float = LEVEL) -> Estimate:
    """Lin's concordance correlation coefficient.

    Parameters
    ----------
    x, y : array_like of shape (rows,)
        Measurements of the same subjects by two methods, in the same unit.
    level : float
        Confidence of the interval.

    Returns
    -------
    Estimate
        From −1 to 1, with the interval of Fisher's z and the variance as corrected in 2000
        (doi:10.1111/j.0006-341X.2000.00324.x). The note gives its two parts, whose product it is:
        Pearson's r (precision) and the bias correction C_b (accuracy).

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, or there are fewer than three rows.
    BadSetting
        If `level` is outside its range.
    """
    confidence(level)
    x, y = paired(x, y)
    n = len(x)
    apart = x.mean() - y.mean()
    along, across = x - x.mean(), y - y.mean()
    var_x, var_y = float((along**2).mean()), float((across**2).mean())
    r = float(np.clip((along * across).mean() / np.sqrt(var_x * var_y), -1, 1))
    accuracy = float(2 * np.sqrt(var_x * var_y) / (var_x + var_y + apart**2))
    value = r * accuracy
    note = f"precision r = {r:.3f}, accuracy C_b = {accuracy:.3f}"
    if abs(value) >= 1 or np.array_equal(x, y):
        value = low = high = 1.0 if value > 0 else -1.0
        note += "; every pair lies on one line, so the interval has no width"
    else:
        shift = apart**2 / np.sqrt(var_x * var_y)
        width = stats.norm.ppf(0.5 * (1 + level)) * np.sqrt(_variance(r, accuracy, shift) / (n - 2))
        low, high = (float(end) for end in np.tanh(np.arctanh(value) + np.array([-width, width])))
    return Estimate(
        "CCC",
        value,
        low,
        high,
        level,
        method="Lin's concordance, interval from Fisher's z",
        doi=DOI,
        rows=n,
        clusters=n,
        note=note,
    )


def _variance(r: float, accuracy: float, shift: float) -> float:
    """Variance of z times n − 2; r is divided out beforehand, so that r = 0 is no exception."""
    value = r * accuracy
    rest = 1 - value**2
    found = (1 - r**2) * accuracy**2 / rest
    found += 2 * value**2 * accuracy * (1 - value) * shift / rest**2
    found -= (accuracy * value * shift) ** 2 / (2 * rest**2)
    return max(found, 0.0)
