"""Calibration: of patients told a risk of 20 %, about 20 in 100 should fall ill."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special, stats

from ...core import BadSetting, UnusableTable
from .. import checked
from ..checked import Codes, Numbers, Truth
from ..estimate import LEVEL, Estimate
from .bins import Bin, calibration_bins, expected_calibration_error, outcome
from .logistic import Fit, clustered_covariance, fit
from .smooth import Smooth, smooth_curve

WEAK = "10.1186/s12916-019-1466-7"
"""Van Calster 2019: what intercept and slope mean."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """How predicted probabilities compare with what came true.

    Attributes
    ----------
    intercept, slope : Estimate
        Of the recalibration line: log odds of the disease = intercept + slope × predicted log
        odds. 0 and 1 are perfect; a slope below 1 means predictions too extreme (overfitting).
    in_the_large : Estimate
        Intercept where the slope is held at 1: above 0 means that risks are too low on average.
    bins : tuple of Bin
        Predicted and observed risk in bins of equal count.
    ece : Estimate
        Expected calibration error over these bins.
    smooth : Smooth
        Flexible curve with a pointwise band.
    """

    intercept: Estimate
    slope: Estimate
    in_the_large: Estimate
    bins: tuple[Bin, ...]
    ece: Estimate
    smooth: Smooth


def calibration(
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    bins: int = 10,
    clusters: ArrayLike | None = None,
    clip: float = 0.0,
    level: float = LEVEL,
) -> Calibration:
    """Intercept, slope and curves of calibration (Cox's recalibration; Van Calster 2019).

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 or true where the disease is.
    probabilities : array_like of shape (rows,)
        Predicted probability of disease, 0–1.
    bins : int
        Most bins of the binned curve, 2 or more.
    clusters : array_like of shape (rows,), optional
        Patient of each row. Where one patient has several, intervals are those of the
        cluster-robust (sandwich) variance with t of patients − 1 degrees of freedom; without, they
        are Wald's, which hold at 80 rows (the profile likelihood's are a little too short). Those
        of `bins` take rows as independent.
    clip : float
        Probabilities nearer to 0 or 1 than this are moved there before log odds are taken, below
        0.5. At 0 nothing is moved, and exact 0 and 1 are refused.
    level : float
        Confidence.

    Returns
    -------
    Calibration

    Raises
    ------
    UnusableTable
        If there is one class only, a value is missing or outside 0–1, a probability is exactly 0
        or 1 (without `clip`), all are equal, or they separate the classes perfectly.
    BadSetting
        If `bins`, `clip` or `level` is out of range.
    """
    checked.confidence(level)
    truth, predicted = outcome(labels, probabilities)
    where = None if clusters is None else checked.groups(clusters, "clusters")
    if where is not None:
        checked.same_rows(labels=truth, clusters=where)
        where = where if where.max() + 1 < where.size else None  # one row each: independent
    inside, moved = _inside(predicted, clip)
    _overlapping(truth, checked.varying(inside, "probabilities"))
    odds = special.logit(inside)
    line, flat = np.stack([np.ones_like(odds), odds], axis=1), np.ones((odds.size, 1))
    free, held = fit(line, truth), fit(flat, truth, offset=odds)
    note = f"{moved} probabilities moved to {clip:g} or {1 - clip:g}" if moved else ""
    rows = _Rows(truth, where, level, note)
    return Calibration(
        intercept=rows.estimate("calibration intercept", free, line, 0),
        slope=rows.estimate("calibration slope", free, line, 1),
        in_the_large=rows.estimate("calibration in the large", held, flat, 0),
        bins=calibration_bins(truth, predicted, bins=bins, level=level),
        ece=expected_calibration_error(truth, predicted, bins=bins),
        smooth=smooth_curve(truth, inside, where, level),
    )


@dataclass(frozen=True, eq=False)
class _Rows:
    """What the estimates of one table share."""

    labels: Truth
    clusters: Codes | None
    level: float
    note: str

    def estimate(self, name: str, found: Fit, design: NDArray[np.float64], column: int) -> Estimate:
        """One coefficient with its interval."""
        value = float(found.coefficients[column])
        rows = independent = self.labels.size
        method, spread = "logistic recalibration, Wald interval", found.covariance
        quantile = float(stats.norm.ppf(0.5 * (1 + self.level)))
        if self.clusters is not None:
            independent = int(self.clusters.max()) + 1
            method = "logistic recalibration, cluster-robust variance with t"
            spread = clustered_covariance(found, design, self.labels, self.clusters)
            quantile = float(stats.t.ppf(0.5 * (1 + self.level), independent - 1))
        wide = quantile * float(np.sqrt(spread[column, column]))
        return Estimate(
            name, value, value - wide, value + wide, self.level, method=method, doi=WEAK,
            rows=rows, clusters=independent, note=self.note,
        )  # fmt: skip


def _inside(predicted: Numbers, clip: float) -> tuple[Numbers, int]:
    """Probabilities whose log odds are finite, and how many had to be moved for that."""
    if not 0 <= clip < 0.5:
        raise BadSetting(f"clip is a probability from 0 to below 0.5; got {clip:g}.")
    if clip:
        inside = np.clip(predicted, clip, 1 - clip)
        return inside, int((inside != predicted).sum())
    certain = int(((predicted == 0) | (predicted == 1)).sum())
    if certain:
        raise UnusableTable(
            f"{certain} of {predicted.size} probabilities are exactly 0 or 1, whose log odds are "
            "infinite; give them unrounded, or move them inwards (clip=0.001, say) and say so."
        )
    return predicted, 0


def _overlapping(labels: Truth, predicted: Numbers) -> None:
    """Refuse probabilities that separate the classes: no slope is then most likely."""
    sick, well = predicted[labels], predicted[~labels]
    for first, second, way in ((sick, well, "above"), (well, sick, "below")):
        if first.min() >= second.max():
            raise UnusableTable(
                f"the probabilities separate the classes perfectly: all {sick.size} diseased rows "
                f"lie {way} the {well.size} others, so that no calibration slope is finite; more "
                "rows, or a harder test set, are needed."
            )
