"""Average precision: the area under the precision–recall curve, drawn as steps."""

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..bootstrap import RESAMPLES
from ..estimate import LEVEL, Estimate
from .resampled_curve import curve_interval
from .sweep import independent, scored, swept


def average_precision(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    clusters: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> Estimate:
    """Mean precision over the diseased, each at the threshold that just finds it.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    scores : array_like of shape (rows,)
        Higher is more suspicious of disease.
    clusters : array_like of shape (rows,), optional
        The patient each row comes from; every row is one if None.
    resamples : int
        Draws of patients, at least 100.
    rng : Generator
        Source of chance.
    level : float
        Confidence of the interval.

    Returns
    -------
    Estimate
        ``"average precision"`` with the BCa interval. The note has the prevalence, which is what
        scores that know nothing reach and without which the figure cannot be judged (Saito &
        Rehmsmeier 2015, doi:10.1371/journal.pone.0118432).

    Raises
    ------
    UnusableTable
        If cases or controls come from one patient only, a value is missing, or the scores are all
        equal.
    BadSetting
        If the level is none or there are fewer than 100 draws.
    """
    case, column = scored(labels, scores)
    codes = independent(clusters, case)
    found = curve_interval(average, swept(case, column), codes, resamples, rng, level)
    value, low, high, flat = found
    note = f"the prevalence is {case.mean():.3g}: what scores that know nothing would reach"
    return Estimate(
        "average precision",
        value,
        low,
        high,
        level,
        "1",
        f"BCa interval from {resamples} resamples of {'rows' if clusters is None else 'clusters'}",
        "10.1371/journal.pone.0118432",
        case.size,
        int(codes.max()) + 1,
        f"{note}; {flat}" if flat else note,
    )


def average(cases: NDArray[Any], controls: NDArray[Any]) -> float:
    """Sum of precision times the rise of recall, over falling thresholds."""
    called = np.maximum(cases + controls, 1)
    return float((np.diff(cases, prepend=0) * (cases / called)).sum() / cases[-1])
