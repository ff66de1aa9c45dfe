"""Decision curves: what acting on a prediction gains over treating everybody, or nobody."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...core import BadSetting
from .. import checked
from ..checked import Numbers
from .bins import outcome


@dataclass(frozen=True, eq=False)
class DecisionCurve:
    """Net benefit over threshold probabilities; treating nobody has 0.

    Attributes
    ----------
    thresholds : ndarray of float, shape (thresholds,)
        Risk from which one would treat, 0 to below 1.
    net_benefit : ndarray of float, shape (thresholds,)
        Of treating those predicted at or above the threshold: true positives a patient, less the
        false positives at their exchange rate. At most `prevalence`; negative where it harms.
    treat_all : ndarray of float, shape (thresholds,)
        Of treating everybody.
    prevalence : float
        Prevalence that both are worked out for, 0–1.
    """

    thresholds: Numbers
    net_benefit: Numbers
    treat_all: Numbers
    prevalence: float


def decision_curve(
    labels: ArrayLike,
    probabilities: ArrayLike,
    thresholds: ArrayLike | None = None,
    *,
    prevalence: float | None = None,
) -> DecisionCurve:
    """Net benefit of a prediction model (Vickers & Elkin 2006, doi:10.1177/0272989X06295361).

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 or true where the disease is.
    probabilities : array_like of shape (rows,)
        Predicted probability of disease, 0–1; calibrated, or the curve misleads.
    thresholds : array_like of shape (thresholds,), optional
        From 0 to below 1; 0.01 to 0.99 unless given. Choose those at which doctors would differ.
    prevalence : float, optional
        Prevalence where the model will be used, between 0 and 1, if the rows were sampled by
        outcome (case-control); that of the rows unless given.

    Returns
    -------
    DecisionCurve

    Raises
    ------
    UnusableTable
        If there is one class only, a value is missing, or a probability lies outside 0–1.
    BadSetting
        If a threshold or the prevalence is out of range.
    """
    truth, predicted = outcome(labels, probabilities)
    given = np.arange(1, 100) / 100 if thresholds is None else thresholds
    at = checked.numbers(given, "thresholds")
    if at.min() < 0 or at.max() >= 1:
        raise BadSetting(
            f"thresholds are probabilities from 0 to below 1; got {at.min():g} to {at.max():g}."
        )
    share = float(truth.mean()) if prevalence is None else prevalence
    if not 0 < share < 1:
        raise BadSetting(f"a prevalence lies between 0 and 1; got {share:g}.")
    treated = [_at_least(np.sort(predicted[group]), at) for group in (truth, ~truth)]
    rate = at / (1 - at) * (1 - share)
    return DecisionCurve(at, share * treated[0] - rate * treated[1], share - rate, share)


def _at_least(ordered: Numbers, at: Numbers) -> Numbers:
    """Share of rising values at or above each threshold."""
    share: Numbers = 1 - np.searchsorted(ordered, at, side="left") / ordered.size
    return share
