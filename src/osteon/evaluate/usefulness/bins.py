"""What was predicted and what came true, in bins of the predicted probability."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import BadSetting, UnknownName
from .. import checked
from ..checked import Codes, Numbers, Truth
from ..estimate import LEVEL, Estimate

Spacing = Literal["count", "width"]


@dataclass(frozen=True)
class Bin:
    """Rows of similar predicted probability.

    Attributes
    ----------
    predicted : float
        Mean predicted probability, 0–1.
    observed : float
        Share of rows with the disease, 0–1.
    low, high : float
        Wilson interval of `observed`; it takes the rows as independent.
    count : int
        Rows.
    """

    predicted: float
    observed: float
    low: float
    high: float
    count: int


def calibration_bins(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    bins: int = 10,
    spacing: Spacing = "count",
    level: float = LEVEL,
) -> tuple[Bin, ...]:
    """Predicted against observed risk in bins of the predicted probability.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 or true where the disease is.
    probabilities : array_like of shape (rows,)
        Predicted probability of disease, 0–1.
    bins : int
        Most bins, 2 or more. Equal probabilities are never parted, so there may be fewer.
    spacing : {"count", "width"}
        Bins of equal count (quantiles), or of equal width from 0 to 1.
    level : float
        Confidence of the Wilson intervals (doi:10.1080/01621459.1927.10502953).

    Returns
    -------
    tuple of Bin
        Those that hold rows, from low to high probability.

    Raises
    ------
    UnusableTable
        If a value is missing, a probability outside 0–1, or one class only is met.
    BadSetting, UnknownName
        If there are fewer than two bins, or another spacing is asked for.
    """
    checked.confidence(level)
    truth, predicted = outcome(labels, probabilities)
    which = bin_of(predicted, bins, spacing)
    count = np.bincount(which)
    mean = np.bincount(which, predicted)
    sick = np.bincount(which, truth)
    found = []
    for n in np.flatnonzero(count):
        rows = int(count[n])
        share = stats.binomtest(int(sick[n]), rows).proportion_ci(level, method="wilson")
        found.append(Bin(mean[n] / rows, sick[n] / rows, float(share.low), float(share.high), rows))
    return tuple(found)


def expected_calibration_error(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    bins: int = 10,
    spacing: Spacing = "count",
) -> Estimate:
    """Mean distance of predicted from observed risk over bins (ECE; Guo 2017, arXiv:1706.04599).

    The figure is never 0 in a finite sample, however good the model, and depends on the bins. The
    note therefore tells what a perfectly calibrated model with these probabilities would score on
    average. A resampling interval would inherit the same bias, so none is given.

    Parameters
    ----------
    labels, probabilities, bins, spacing
        As in `calibration_bins`.

    Returns
    -------
    Estimate
        0–1, without an interval.

    Raises
    ------
    UnusableTable, BadSetting, UnknownName
        As `calibration_bins`.
    """
    truth, predicted = outcome(labels, probabilities)
    which = bin_of(predicted, bins, spacing)
    apart = np.abs(np.bincount(which, predicted) - np.bincount(which, truth)).sum()
    chance = np.sqrt(2 / np.pi * np.bincount(which, predicted * (1 - predicted))).sum()
    equal = "count" if spacing == "count" else "width"
    return Estimate(
        "ECE",
        float(apart / truth.size),
        method=f"at most {bins} bins of equal {equal}, weighted by their rows",
        rows=truth.size,
        note=f"depends on the bins and is too large in small samples: a perfectly calibrated model "
        f"would show about {chance / truth.size:.2g} on these {truth.size} rows; for the same "
        "reason no interval is given",
    )


def outcome(labels: ArrayLike, probabilities: ArrayLike) -> tuple[Truth, Numbers]:
    """Both columns, checked."""
    truth = checked.truth(labels, "labels")
    predicted = checked.probabilities(probabilities, "probabilities")
    checked.same_rows(labels=truth, probabilities=predicted)
    return truth, predicted


def bin_of(predicted: Numbers, bins: int, spacing: Spacing) -> Codes:
    """Number of the bin that each row falls into, from 0; some may stay empty."""
    if bins < 2:
        raise BadSetting(f"a calibration curve needs at least 2 bins; got {bins}.")
    if spacing == "width":
        within = np.linspace(0, 1, bins + 1)[1:-1]
    elif spacing == "count":
        within = np.quantile(predicted, np.arange(1, bins) / bins, method="inverted_cdf")
    else:
        raise UnknownName(f"no spacing of bins is called '{spacing}'; there are count, width.")
    side: Literal["left", "right"] = "right" if spacing == "width" else "left"
    return np.searchsorted(within, predicted, side=side).astype(np.intp)
