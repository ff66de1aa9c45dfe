"""AUC with an interval from resampling patients."""

import numpy as np
from numpy.typing import ArrayLike

from ..bootstrap import RESAMPLES, bca_interval, existing
from ..checked import confidence
from ..estimate import LEVEL, Estimate
from .area import EXACT, area_interval, disjoint_pairs
from .clustered import influence
from .placements import placements
from .resampled_area import resampled_areas
from .sweep import independent, scored

BCA_DOI = "10.1080/01621459.1987.10478410"


def bootstrap_auc(
    labels: ArrayLike,
    scores: ArrayLike,
    clusters: ArrayLike | None,
    *,
    resamples: int = RESAMPLES,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> Estimate:
    """Area under the ROC curve over all rows, its interval by drawing whole patients.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not), of the row.
    scores : array_like of shape (rows,)
        Higher is more suspicious of disease.
    clusters : array_like of shape (rows,) or None
        The patient each row comes from; None if every row is a patient.
    resamples : int
        Draws, at least 100.
    rng : Generator
        Source of chance; the same state gives the same interval on any number of threads.
    level : float
        Confidence of the interval.

    Returns
    -------
    Estimate
        ``"AUC"`` with the BCa interval (Efron 1987, doi:10.1080/01621459.1987.10478410). Where the
        area is exactly 0 or 1, no resample differs and the exact interval of `auc` is given.

    Raises
    ------
    UnusableTable
        If diseased, or healthy, rows come from one patient only, more than 5 % of the draws lack
        a class, a value is missing, or the scores are all equal.
    BadSetting
        If the level is none or there are fewer than 100 draws.
    """
    case, column = scored(labels, scores)
    codes = independent(clusters, case)
    of_cases, of_controls = placements(case, column[:, None])
    value = float(of_cases.mean())
    many = int(codes.max()) + 1
    how = (f"BCa interval from {resamples} resamples of clusters", BCA_DOI)
    draws = existing(resampled_areas(case, column, codes, resamples, rng))
    note = ""
    if value in (0.0, 1.0):
        pairs = disjoint_pairs(case, codes)
        low, high, note = area_interval(value, 0.0, confidence(level), "logit", pairs)
        how = EXACT
    else:
        # To first order, leaving a cluster out takes its influence away; its scale cancels.
        from_cases, from_controls = influence(of_cases, of_controls, case, codes)
        left_out = value - from_cases - from_controls
        low, high = bca_interval(draws, value, left_out, confidence(level))
    return Estimate("AUC", value, low, high, level, "1", *how, case.size, many, note)
