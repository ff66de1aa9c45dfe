"""Area under the part of the ROC curve that matters: high specificity, or high sensitivity."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core import BadSetting
from ..bootstrap import RESAMPLES
from ..checked import Numbers
from ..estimate import LEVEL, Estimate
from .resampled_curve import curve_interval
from .sweep import independent, scored, swept

CORRECTION_DOI = "10.1177/0272989X8900900307"
HIGH = (0.9, 1.0)


def partial_auc(  # noqa: PLR0913 - the part of the curve and the resampling, each with a default
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    specificity: tuple[float, float] | None = None,
    sensitivity: tuple[float, float] | None = None,
    corrected: bool = False,
    clusters: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> Estimate:
    """Area under the ROC curve between two specificities, or two sensitivities.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    scores : array_like of shape (rows,)
        Higher is more suspicious of disease.
    specificity : pair of float, optional
        From, to, in 0–1: the mean sensitivity there times the width. 0.9 to 1 if neither range is
        given.
    sensitivity : pair of float, optional
        From, to, in 0–1: the mean specificity there times the width. Not together with
        `specificity`.
    corrected : bool
        If true, the area is scaled so that chance gives 0.5 and the best curve 1 (McClish 1989,
        doi:10.1177/0272989X8900900307).
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
        ``"partial AUC"`` with the BCa interval; no interval, and a note, where no draw differs.

    Raises
    ------
    UnusableTable
        If cases or controls come from one patient only, a value is missing, or the scores are all
        equal.
    BadSetting
        If the range is none, two are given, or there are fewer than 100 draws.
    """
    axis, low_end, high_end = _range(specificity, sensitivity)
    case, column = scored(labels, scores)
    codes = independent(clusters, case)
    figure = area_of_part(axis, low_end, high_end, corrected)
    found = curve_interval(figure, swept(case, column), codes, resamples, rng, level)
    value, low, high, note = found
    kind = "corrected partial AUC" if corrected else "partial AUC"
    return Estimate(
        f"{kind}, {axis} {low_end:g}–{high_end:g}",
        value,
        low,
        high,
        level,
        "1",
        f"BCa interval from {resamples} resamples of {'rows' if clusters is None else 'clusters'}",
        CORRECTION_DOI if corrected else "10.1080/01621459.1987.10478410",
        case.size,
        int(codes.max()) + 1,
        note,
    )


def area_between(x: Numbers, y: Numbers, low: float, high: float) -> float:
    """Area under a polyline of rising x, between two x; upright pieces have none."""
    from_x, to_x = x[:-1], x[1:]
    wide = to_x > from_x
    from_x, to_x, from_y, to_y = from_x[wide], to_x[wide], y[:-1][wide], y[1:][wide]
    slope = (to_y - from_y) / (to_x - from_x)
    left, right = np.clip(from_x, low, high), np.clip(to_x, low, high)
    middle = from_y + slope * (0.5 * (left + right) - from_x)
    return float(((right - left) * middle).sum())


def _range(
    specificity: tuple[float, float] | None, sensitivity: tuple[float, float] | None
) -> tuple[str, float, float]:
    """Which part of the curve is asked for."""
    if specificity is not None and sensitivity is not None:
        raise BadSetting(
            "a partial AUC has one range; got one of specificity and one of sensitivity."
        )
    axis = "specificity" if sensitivity is None else "sensitivity"
    low, high = sorted(sensitivity if sensitivity is not None else specificity or HIGH)
    if not 0 <= low < high <= 1:
        raise BadSetting(
            f"a range of {axis} runs between two different shares in 0–1; got {low:g} to {high:g}."
        )
    return axis, low, high


def area_of_part(
    axis: str, low: float, high: float, corrected: bool
) -> Callable[[NDArray[Any], NDArray[Any]], float]:
    """The figure of counts at thresholds that the settings ask for."""
    # Turned by 90 degrees about the centre, sensitivity against 1 − specificity becomes
    # specificity against 1 − sensitivity: both ranges are then one integral.
    from_x, to_x = 1 - high, 1 - low
    chance = 0.5 * (to_x**2 - from_x**2)

    def area(cases: NDArray[Any], controls: NDArray[Any]) -> float:
        true_positive = np.concatenate([[0.0], cases / cases[-1]])
        false_positive = np.concatenate([[0.0], controls / controls[-1]])
        if axis == "specificity":
            found = area_between(false_positive, true_positive, from_x, to_x)
        else:
            found = area_between(1 - true_positive[::-1], 1 - false_positive[::-1], from_x, to_x)
        return 0.5 * (1 + (found - chance) / (to_x - from_x - chance)) if corrected else found

    return area
