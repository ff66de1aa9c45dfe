"""Logistic regression with a penalty, by Newton's method, on NumPy alone."""

import numpy as np
from numpy.typing import NDArray

from ....core import UnusableTable

Numbers = NDArray[np.float64]

STRENGTHS = (0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 300.0)
"""Strengths of the penalty tried, per unit of squared weight."""

STEPS = 50
"""Newton steps at most; far more than a penalised problem takes."""

INNER = 5
"""Parts of the training patients by which the strength is chosen."""


def sigmoid(odds: Numbers) -> Numbers:
    """Probability from log odds, without overflow."""
    small = np.exp(-np.abs(odds))
    return np.where(odds >= 0, 1.0, small) / (1.0 + small)


def fit_weights(table: Numbers, targets: Numbers, strength: float) -> Numbers:
    """Penalised maximum likelihood (ridge; le Cessie & van Houwelingen 1992, doi:10.2307/2347628).

    Parameters
    ----------
    table : ndarray of float, shape (patients, q)
        Standardised columns.
    targets : ndarray of float, shape (patients,)
        0 to 1; a share is a soft label.
    strength : float
        Penalty on half the squared weights; the first weight has none.

    Returns
    -------
    ndarray of float64, shape (1 + q,)
        Log odds at nought, then per unit of each column.
    """
    columns = np.concatenate([np.ones((len(table), 1)), table], axis=1)
    penalty = np.full(columns.shape[1], float(strength))
    # hardly a penalty: keeps the step finite where classes are all but one
    penalty[0] = 1e-6
    weights = np.zeros(columns.shape[1])
    for _ in range(STEPS):
        chance = sigmoid(columns @ weights)
        slope = columns.T @ (targets - chance) - penalty * weights
        information = (columns.T * (chance * (1 - chance))) @ columns + np.diag(penalty)
        step = np.linalg.solve(information, slope)
        # a step as long as log odds of 5 leaves where the curve was measured
        weights = weights + step / max(1.0, float(np.abs(columns @ step).max()) / 5.0)
        if float(np.abs(step).max()) < 1e-9:
            break
    return weights


def choose_strength(
    table: Numbers, targets: Numbers, patients: NDArray[np.str_], seed: int
) -> float:
    """Strength with the least loss in patients left out, among the training patients alone.

    Parameters
    ----------
    table, targets
        As `fit_weights`.
    patients : ndarray of str, shape (rows,)
        Whose row it is; a patient is never on both sides.
    seed : int
        Of the division.
    """
    parts = inner_parts(targets, patients, seed)
    losses = np.zeros(len(STRENGTHS))
    for part in np.unique(parts):
        out = parts == part
        for n, strength in enumerate(STRENGTHS):
            found = fit_weights(table[~out], targets[~out], strength)
            odds = found[0] + table[out] @ found[1:]
            losses[n] += float((np.logaddexp(0, odds) - targets[out] * odds).sum())
    return STRENGTHS[int(losses.argmin())]


def inner_parts(
    targets: Numbers, patients: NDArray[np.str_], seed: int, many: int = INNER
) -> NDArray[np.intp]:
    """Division of training rows into parts with as many diseased each, patients whole.

    Raises
    ------
    UnusableTable
        If there are fewer patients than parts.
    """
    names, codes = np.unique(patients, return_inverse=True)
    if len(names) < many:
        raise UnusableTable(f"{many} inner parts need at least {many} patients; got {len(names)}.")
    share = np.bincount(codes, targets) / np.bincount(codes)
    chance = np.random.default_rng(seed).random(len(names))
    order = np.lexsort((chance, share > 0.5))
    part = np.empty(len(names), np.intp)
    part[order] = np.arange(len(names)) % many
    return np.asarray(part[codes], np.intp)
