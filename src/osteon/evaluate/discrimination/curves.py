"""The ROC and the precision–recall curve, as points to draw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..checked import Numbers
from .sweep import scored, swept


@dataclass(frozen=True)
class RocCurve:
    """Points of an ROC curve, from the corner where nobody is called positive.

    Attributes
    ----------
    false_positive : ndarray of float, shape (thresholds + 1,)
        Share of the healthy called positive, 0–1: 1 − specificity.
    true_positive : ndarray of float, shape (thresholds + 1,)
        Share of the diseased called positive, 0–1: sensitivity.
    thresholds : ndarray of float, shape (thresholds + 1,)
        Falling; a score of the threshold or above is called positive. The first is infinite.
    """

    false_positive: Numbers
    true_positive: Numbers
    thresholds: Numbers


@dataclass(frozen=True)
class PrecisionRecallCurve:
    """Points of a precision–recall curve, one a threshold; nothing is added where none is measured.

    Attributes
    ----------
    recall : ndarray of float, shape (thresholds,)
        Share of the diseased called positive, rising to 1.
    precision : ndarray of float, shape (thresholds,)
        Share of those called positive who are diseased.
    thresholds : ndarray of float, shape (thresholds,)
        Falling; a score of the threshold or above is called positive.
    prevalence : float
        Share of the diseased in the table: the precision of scores that know nothing.
    """

    recall: Numbers
    precision: Numbers
    thresholds: Numbers
    prevalence: float


def roc_curve(labels: ArrayLike, scores: ArrayLike) -> RocCurve:
    """The empirical ROC curve; ties give a slanted piece.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    scores : array_like of shape (rows,)
        Higher is more suspicious of disease.

    Returns
    -------
    RocCurve
        A point for every different score, none left out, and the corner (0, 0).

    Raises
    ------
    UnusableTable
        If a class or a value is missing, or the scores are all equal.
    """
    sweep = swept(*scored(labels, scores))
    cases, controls = sweep.called()
    thresholds = np.concatenate([[np.inf], sweep.thresholds])
    return RocCurve(_from_zero(controls / controls[-1]), _from_zero(cases / cases[-1]), thresholds)


def precision_recall_curve(labels: ArrayLike, scores: ArrayLike) -> PrecisionRecallCurve:
    """Precision against recall at every threshold.

    Points must not be joined by straight lines, which no rule attains (Davis & Goadrich 2006,
    doi:10.1145/1143844.1143874): draw steps.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    scores : array_like of shape (rows,)
        Higher is more suspicious of disease.

    Returns
    -------
    PrecisionRecallCurve

    Raises
    ------
    UnusableTable
        As `roc_curve`.
    """
    case, column = scored(labels, scores)
    sweep = swept(case, column)
    cases, controls = sweep.called()
    precision = cases / (cases + controls)
    return PrecisionRecallCurve(cases / cases[-1], precision, sweep.thresholds, float(case.mean()))


def _from_zero(shares: Numbers) -> Numbers:
    """The shares, with the 0 before the first threshold."""
    return np.concatenate([[0.0], shares])
