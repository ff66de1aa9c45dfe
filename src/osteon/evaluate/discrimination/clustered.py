"""AUC where a patient has several rows, such as vertebrae or lesions (Obuchowski 1997)."""

import numpy as np
from numpy.typing import ArrayLike

from ..checked import Codes, Numbers, Truth, confidence
from ..estimate import LEVEL, Comparison, Estimate
from .area import EXACT, Scale, area_interval, disjoint_pairs
from .difference import compared
from .placements import Table, placements, placements_apart
from .sweep import independent, scored

DOI = "10.2307/2533958"
METHODS = {
    "delong": "Wald interval from Obuchowski's variance over clusters",
    "logit": (
        "interval of the log odds of the AUC from Obuchowski's variance over clusters and "
        "Student's t (Pan & Wall 2002)"
    ),
}


def clustered_auc(
    labels: ArrayLike,
    scores: ArrayLike,
    clusters: ArrayLike,
    *,
    level: float = LEVEL,
    interval: Scale = "logit",
) -> Estimate:
    """Area under the ROC curve over all rows, its variance over patients (Obuchowski 1997).

    The area is that of `auc`: every row counts once, so a patient with many rows counts much. A
    patient may have diseased and healthy rows; their covariance is accounted for. With one row a
    patient the variance is DeLong's.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not), of the row.
    scores : array_like of shape (rows,)
        Higher is more suspicious of disease.
    clusters : array_like of shape (rows,)
        The patient each row comes from.
    level : float
        Confidence of the interval.
    interval : {"logit", "delong"}
        ``"logit"`` is an interval of the log odds of the area by Student's t, whose degrees of
        freedom follow from how unevenly patients contribute (Pan & Wall 2002,
        doi:10.1002/sim.1142). ``"delong"`` is Obuchowski's Wald interval of the area itself, which
        is too short for areas near 1.

    Returns
    -------
    Estimate
        ``"AUC"``, with the numbers of rows and patients.

    Raises
    ------
    UnusableTable
        If diseased, or healthy, rows come from one patient only, a value is missing, or the
        scores are all equal.
    BadSetting, UnknownName
        If the level, or the kind of interval, is none.
    """
    case, column = scored(labels, scores)
    codes = independent(clusters, case)
    of_cases, of_controls = placements(case, column[:, None])
    value = float(of_cases.mean())
    variance = _variance(of_cases, of_controls, case, codes)
    pairs = disjoint_pairs(case, codes)
    from_cases, from_controls = influence(of_cases, of_controls, case, codes)
    degrees = _degrees(from_cases + from_controls) if interval == "logit" else np.inf
    sure = confidence(level)
    low, high, note = area_interval(value, variance, sure, interval, pairs, degrees)
    method, doi = EXACT if note else (METHODS[interval], DOI)
    many = int(codes.max()) + 1
    return Estimate("AUC", value, low, high, level, "1", method, doi, case.size, many, note)


def compare_clustered_auc(
    labels: ArrayLike, a: ArrayLike, b: ArrayLike, clusters: ArrayLike, *, level: float = LEVEL
) -> Comparison:
    """Test whether two models have the same AUC on the same rows, several of a patient.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not), of the row.
    a, b : array_like of shape (rows,)
        Scores of the two models; higher is more suspicious.
    clusters : array_like of shape (rows,)
        The patient each row comes from.
    level : float
        Confidence of the interval of the difference.

    Returns
    -------
    Comparison
        z, its two-sided p and the difference ``a − b`` with its Wald interval.

    Raises
    ------
    UnusableTable
        As `clustered_auc`, and if the areas differ though every patient contributes alike.
    BadSetting
        If the level is none.
    """
    (case, first), (_, second) = scored(labels, a, "a"), scored(labels, b, "b")
    codes = independent(clusters, case)
    apart = placements_apart(case, first, second)
    variance = _variance(*apart, case, codes)
    counts = (case.size, int(codes.max()) + 1)
    how = ("Obuchowski's test for clustered rows, z", DOI)
    return compared(float(apart[0].mean()), variance, confidence(level), counts, how)


def influence(
    of_cases: Table, of_controls: Table, case: Truth, codes: Codes
) -> tuple[Table, Table]:
    """What each cluster's cases, and its controls, add to the area beyond their share.

    Returns
    -------
    from_cases, from_controls : ndarray of float, shape (clusters,)
        Each adds up to 0.
    """
    many = int(codes.max()) + 1
    from_cases = np.bincount(codes[case], of_cases[:, 0] - of_cases[:, 0].mean(), many)
    from_controls = np.bincount(codes[~case], of_controls[:, 0] - of_controls[:, 0].mean(), many)
    return from_cases / len(of_cases), from_controls / len(of_controls)


def _degrees(contributions: Numbers) -> float:
    """Degrees of freedom that give a variance its own sampling variance (Pan & Wall 2002)."""
    squares = contributions**2
    if squares.max() == 0:
        return np.inf
    peaked = float((squares**2).mean() / squares.mean() ** 2)
    return max(1.0, 2 * contributions.size / max(peaked - 1, 1e-12))


def _variance(of_cases: Table, of_controls: Table, case: Truth, codes: Codes) -> float:
    """Variance of an area, or of a difference of areas, over clusters (Obuchowski 1997)."""
    x, y = influence(of_cases, of_controls, case, codes)
    with_cases, with_controls = np.unique(codes[case]).size, np.unique(codes[~case]).size
    spread = with_cases / (with_cases - 1) * (x @ x)
    spread += with_controls / (with_controls - 1) * (y @ y)
    return float(spread + 2 * x.size / (x.size - 1) * (x @ y))
