"""Statistics of the grey values of a region, wherever they lie."""

import math

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion


def statistics_features(values: NDArray[np.float64]) -> dict[str, float]:
    """Intensity-based statistics of IBSI 1, section 3.3 (doi:10.48550/arXiv.1612.07003).

    Percentiles lie linearly between the values in order. Skewness and excess kurtosis of values
    that are all the same are 0.

    Parameters
    ----------
    values : (n,) float64 array
        Grey values of the voxels of a region, in any unit and order.

    Returns
    -------
    dict of str to float
        The 18 features ``stat_…``; ``stat_cov`` and ``stat_qcod`` are 0 where numerator and
        divisor are 0, and infinite where the divisor alone is.

    Raises
    ------
    EmptyRegion
        If there is no value.
    BadSetting
        If a value is not a number or infinite.
    """
    ordered = np.sort(np.asarray(values, np.float64).ravel())
    if ordered.size == 0:
        raise EmptyRegion("a region without a voxel has no statistics; at least 1 is needed.")
    # what is not a number comes last in order
    if not np.isfinite(ordered[[0, -1]]).all():
        wrong = int(np.count_nonzero(~np.isfinite(ordered)))
        raise BadSetting(
            f"{wrong} of {ordered.size} values are no finite numbers; mend them first."
        )
    return of_ordered(ordered)


def of_ordered(ordered: NDArray[np.float64]) -> dict[str, float]:
    """`statistics_features` of finite values that lie in order, smallest first."""
    return {f"stat_{name}": value for name, value in summary(ordered).items()} | _power(ordered)


def summary(ordered: NDArray[np.float64]) -> dict[str, float]:
    """The 16 statistics that grey values and their levels share, by the end of their tag.

    Parameters
    ----------
    ordered : (n,) float64 array
        Finite values, smallest first; n is at least 1.

    Returns
    -------
    dict of str to float
        ``mean`` to ``qcod``.
    """
    p10, p25, median, p75, p90 = (percentile(ordered, q) for q in (0.1, 0.25, 0.5, 0.75, 0.9))
    low, high = float(ordered[0]), float(ordered[-1])
    middle = ordered[np.searchsorted(ordered, p10) : np.searchsorted(ordered, p90, "right")]
    mean, variance, skewness, kurtosis = _moments(ordered)
    return {
        "mean": mean,
        "var": variance,
        "skew": skewness,
        "kurt": kurtosis,
        "median": median,
        "min": low,
        "p10": p10,
        "p90": p90,
        "max": high,
        "iqr": p75 - p25,
        "range": high - low,
        "mad": float(np.abs(ordered - mean).mean()),
        "rmad": float(np.abs(middle - middle.mean()).mean()) if middle.size else 0.0,
        "medad": float(np.abs(ordered - median).mean()),
        "cov": ratio(math.sqrt(variance), mean),
        "qcod": ratio(p75 - p25, p75 + p25),
    }


def _moments(ordered: NDArray[np.float64]) -> tuple[float, float, float, float]:
    """Mean, variance, skewness and excess kurtosis; exactly 0 spread where all are the same."""
    if ordered[0] == ordered[-1]:
        return float(ordered[0]), 0.0, 0.0, 0.0
    mean = float(ordered.mean())
    away = ordered - mean
    variance = float((away * away).mean())
    if variance == 0.0:
        return mean, 0.0, 0.0, 0.0
    away /= math.sqrt(variance)
    square = away * away
    return mean, variance, float((square * away).mean()), float((square * square).mean()) - 3.0


def _power(ordered: NDArray[np.float64]) -> dict[str, float]:
    """Sum and root mean of the squares."""
    energy = float((ordered * ordered).sum())
    return {"stat_energy": energy, "stat_rms": math.sqrt(energy / ordered.size)}


def percentile(ordered: NDArray[np.float64], share: float) -> float:
    """Value below which a `share` of the ordered values lies, linear between two of them."""
    at = share * (ordered.size - 1)
    below = int(at)
    above = min(below + 1, ordered.size - 1)
    low, high = float(ordered[below]), float(ordered[above])
    return low + (at - below) * (high - low)


def ratio(numerator: float, divisor: float) -> float:
    """`numerator` / `divisor`; 0 where both are 0, infinite where the divisor alone is."""
    if divisor != 0.0:
        return numerator / divisor
    return math.copysign(math.inf, numerator) if numerator != 0.0 else 0.0
