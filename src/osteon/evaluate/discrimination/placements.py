"""Each case's share of controls below it, and each control's share of cases above it."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ..checked import Numbers, Truth

Table = NDArray[np.float64]


def placements(labels: Truth, scores: Table) -> tuple[Table, Table]:
    """Structural components of the areas under the curves (DeLong et al. 1988).

    Midranks give them without comparing all pairs (Sun & Xu 2014,
    doi:10.1109/LSP.2014.2337313); a tie counts one half.

    Parameters
    ----------
    labels : ndarray of bool, shape (rows,)
    scores : ndarray of float, shape (rows, models)

    Returns
    -------
    of_cases : ndarray of float, shape (cases, models)
        Share of the controls that score lower.
    of_controls : ndarray of float, shape (controls, models)
        Share of the cases that score higher.
    """
    ranks = stats.rankdata(scores, axis=0)
    cases, controls = ranks[labels], ranks[~labels]
    of_cases = (cases - stats.rankdata(scores[labels], axis=0)) / len(controls)
    of_controls = 1 - (controls - stats.rankdata(scores[~labels], axis=0)) / len(cases)
    return of_cases, of_controls


def placements_apart(labels: Truth, first: Numbers, second: Numbers) -> tuple[Table, Table]:
    """Components of the difference of two areas; exactly 0 where both order the rows alike.

    Returns
    -------
    of_cases : ndarray of float, shape (cases, 1)
    of_controls : ndarray of float, shape (controls, 1)
    """
    both = placements(labels, np.stack([first, second], axis=1))
    of_cases, of_controls = (part[:, :1] - part[:, 1:] for part in both)
    return of_cases, of_controls


def area(labels: Truth, scores: Numbers) -> float:
    """Area under the curve, from the ranks alone."""
    cases = int(labels.sum())
    above = stats.rankdata(scores)[labels].sum() - 0.5 * cases * (cases + 1)
    return float(above / (cases * (labels.size - cases)))
