"""AUC of independent patients, its interval, and tests of two AUCs (DeLong)."""

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ...core import UnknownName
from ..checked import Truth, confidence
from ..estimate import LEVEL, Comparison, Estimate
from .area import EXACT, LOGIT_DOI, Scale, area_interval, disjoint_pairs
from .difference import compared
from .exchange import exchange_variance
from .placements import Table, placements, placements_apart
from .sweep import independent, rectangle, scored

DOI = "10.2307/2531595"
METHODS = {
    "delong": ("Wald interval from DeLong's variance", DOI),
    "logit": ("Wald interval of the log odds of the AUC, from DeLong's variance", LOGIT_DOI),
}


def auc(
    labels: ArrayLike, scores: ArrayLike, *, level: float = LEVEL, interval: Scale = "logit"
) -> Estimate:
    """Area under the ROC curve: chance that a diseased patient scores above one who is not.

    Ties count one half. Patients must be independent; for several rows of a patient see
    `clustered_auc`.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    scores : array_like of shape (rows,)
        Higher is more suspicious of disease. An area below 0.5 is told as it is, never turned.
    level : float
        Confidence of the interval.
    interval : {"logit", "delong"}
        ``"delong"`` is the Wald interval as most programs print it (DeLong et al. 1988,
        doi:10.2307/2531595). It is too short for areas near 1 and leaves 0–1; ``"logit"`` uses
        the same variance for the log odds of the area (Qin & Hotilovac 2008,
        doi:10.1177/0962280207087173).

    Returns
    -------
    Estimate
        ``"AUC"``, 0–1. Where it is exactly 0 or 1 both intervals are the exact one of as many
        independent pairs as the smaller class has patients, and the note says so.

    Raises
    ------
    UnusableTable
        If a class is missing or has one row, a value is missing, or the scores are all equal.
    BadSetting, UnknownName
        If the level, or the kind of interval, is none.
    """
    case, column = scored(labels, scores)
    value, variance = _moments(case, column[:, None])
    pairs = disjoint_pairs(case, independent(None, case))
    low, high, note = area_interval(value, variance, confidence(level), interval, pairs)
    method, doi = EXACT if note else METHODS[interval]
    rows = case.size
    return Estimate("AUC", value, low, high, level, "1", method, doi, rows, rows, note)


def delong(labels: ArrayLike, scores: ArrayLike) -> tuple[Table, Table]:
    """AUCs of several models on the same patients, and their covariance.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    scores : array_like of shape (rows, models)
        Higher is more suspicious of disease.

    Returns
    -------
    aucs : ndarray of float, shape (models,)
    covariance : ndarray of float, shape (models, models)

    Raises
    ------
    UnusableTable
        As `auc`.
    """
    given = rectangle(scores, "scores")
    columns = [
        scored(labels, column, f"scores of model {n + 1}") for n, column in enumerate(given.T)
    ]
    case = columns[0][0]
    independent(None, case)
    of_cases, of_controls = placements(case, np.stack([column for _, column in columns], axis=1))
    covariance = _covariance(of_cases) + _covariance(of_controls)
    return of_cases.mean(axis=0), covariance


def compare_auc(
    labels: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    level: float = LEVEL,
    test: Literal["delong", "permutation"] = "delong",
) -> Comparison:
    """Test whether two models that saw the same patients have the same AUC (DeLong et al. 1988).

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    a, b : array_like of shape (rows,)
        Scores of the two models; higher is more suspicious.
    level : float
        Confidence of the interval of the difference.
    test : {"delong", "permutation"}
        ``"delong"`` is what most papers report; for areas near 1 and few patients it finds a
        difference too rarely. ``"permutation"`` keeps its level there: it takes the variance over
        all exchanges of the models' ranks within patients (Bandos, Rockette & Gur 2005,
        doi:10.1002/sim.2149), and tests whether the whole curves are the same.

    Returns
    -------
    Comparison
        z, its two-sided p and the difference ``a − b`` with DeLong's Wald interval. Scores that
        order the patients alike give z = 0 and p = 1.

    Raises
    ------
    UnusableTable
        As `auc`, and if the areas differ though every patient contributes alike, as for areas of
        exactly 1 and 0.
    BadSetting, UnknownName
        If the level, or the test, is none.
    """
    if test not in ("delong", "permutation"):
        raise UnknownName(f"a test of two AUCs is 'delong' or 'permutation'; got '{test}'.")
    (case, first), (_, second) = scored(labels, a, "a"), scored(labels, b, "b")
    independent(None, case)
    apart = placements_apart(case, first, second)
    difference = float(apart[0].mean())
    variance = float(sum(_covariance(part)[0, 0] for part in apart))
    counts = (case.size, case.size)
    sure = confidence(level)
    if test == "permutation":
        under_null = exchange_variance(case, first, second)
        how = ("permutation test of Bandos, Rockette & Gur, z", "10.1002/sim.2149")
        tested = compared(difference, under_null, sure, counts, how)
        if variance == 0:
            return replace(tested, difference=None)
        by_delong = compared(difference, variance, sure, counts, ("DeLong's variance", DOI))
        return replace(tested, difference=by_delong.difference)
    return compared(difference, variance, sure, counts, ("DeLong's test, z", DOI))


def compare_auc_unpaired(
    labels_a: ArrayLike, a: ArrayLike, labels_b: ArrayLike, b: ArrayLike, *, level: float = LEVEL
) -> Comparison:
    """Test whether AUCs from two independent groups of patients are the same.

    DeLong's variances add up; the statistic is referred to Student's t with the degrees of freedom
    of Welch (doi:10.1093/biomet/34.1-2.28), each group counting its patients.

    Parameters
    ----------
    labels_a, labels_b : array_like of shape (rows of the group,)
        1 (diseased) or 0 (not).
    a, b : array_like of shape (rows of the group,)
        Scores; higher is more suspicious.
    level : float
        Confidence of the interval of the difference.

    Returns
    -------
    Comparison
        t, its degrees of freedom, two-sided p and the difference ``a − b`` with its interval.

    Raises
    ------
    UnusableTable
        As `auc`, and if the areas differ but neither varies.
    BadSetting
        If the level is none.
    """
    sides = [scored(labels_a, a, "a"), scored(labels_b, b, "b")]
    moments = [_moments(case, column[:, None]) for case, column in sides]
    (first, spread_a), (second, spread_b) = moments
    variance = spread_a + spread_b
    sizes = [case.size for case, _ in sides]
    degrees = None
    if variance > 0:
        degrees = variance**2 / (spread_a**2 / (sizes[0] - 1) + spread_b**2 / (sizes[1] - 1))
    how = ("DeLong's test for two groups, t with Welch's degrees of freedom", DOI)
    counts = (sum(sizes), sum(sizes))
    return compared(first - second, variance, confidence(level), counts, how, degrees)


def _moments(case: Truth, scores: Table) -> tuple[float, float]:
    """Area of one model and its variance."""
    independent(None, case)
    of_cases, of_controls = placements(case, scores)
    variance = _covariance(of_cases)[0, 0] + _covariance(of_controls)[0, 0]
    return float(of_cases.mean()), float(variance)


def _covariance(components: Table) -> Table:
    """Covariance of the means of components, of shape (models, models)."""
    found = np.cov(components, rowvar=False).reshape(components.shape[1], -1)
    return found / len(components)
