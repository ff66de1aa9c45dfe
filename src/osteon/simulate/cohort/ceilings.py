"""How well a cohort's labels can be told at all: from its truth, and from the plainest numbers.

A learned result is judged as a fraction of the ceiling. All scores are of patients whom the
classifier did not see: logistic regression, cross-validated over the cohort's folds.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.special import expit
from scipy.stats import rankdata

RIDGE = 1e-2
"""Weight of the penalty on standardised coefficients, a patient: keeps separable data finite."""


@dataclass(frozen=True)
class Score:
    """How well some columns tell a label.

    Attributes
    ----------
    auc : float or None
        Area under the ROC curve over unseen patients; None where the patients, or those learned
        from, are of one class only.
    low, high : float or None
        95 % interval, Hanley & McNeil 1982 (doi:10.1148/radiology.143.1.7063747).
    patients, cases : int
        Patients scored, and those of them with the label.
    columns : tuple of str
        What the classifier saw.
    """

    auc: float | None
    low: float | None
    high: float | None
    patients: int
    cases: int
    columns: tuple[str, ...]


def auc(score: NDArray[np.float64], label: NDArray[np.bool_]) -> float | None:
    """Chance that a case scores above a control, ties counted half; None with one class only."""
    cases = int(label.sum())
    controls = label.size - cases
    if not cases or not controls:
        return None
    ranks = rankdata(score)[label].sum()
    return float((ranks - cases * (cases + 1) / 2) / (cases * controls))


def interval(area: float, cases: int, controls: int) -> tuple[float, float]:
    """95 % interval of an AUC after Hanley & McNeil, cut off at 0 and 1."""
    q1, q2 = area / (2 - area), 2 * area**2 / (1 + area)
    spread = area * (1 - area) + (cases - 1) * (q1 - area**2) + (controls - 1) * (q2 - area**2)
    half = 1.959964 * np.sqrt(spread / (cases * controls))
    return float(max(0.0, area - half)), float(min(1.0, area + half))


def score(
    rows: Sequence[Mapping[str, Any]], columns: Sequence[str], label: str, fold: str = "fold"
) -> Score:
    """How well `columns` tell `label` of patients not seen.

    Parameters
    ----------
    rows : sequence of mapping
        One patient each; rows that lack one of the columns, the label or the fold are left out.
    columns : sequence of str
        Numbers, or words (one column a word).
    label : str
        Column that is true or false.
    fold : str
        Column that says in which fold the patient is left out.

    Returns
    -------
    Score
        AUC with interval.
    """
    needed = (*columns, label, fold)
    whole = [row for row in rows if all(row.get(key) is not None for key in needed)]
    truth = np.array([bool(row[label]) for row in whole])
    cases, names = int(truth.sum()), tuple(columns)
    area = None
    folds = np.array([row[fold] for row in whole])
    learned = [truth[folds != one] for one in np.unique(folds)]
    if learned and all(part.any() and not part.all() for part in learned):
        area = auc(_unseen(_numbers(whole, columns), truth, folds), truth)
    if area is None:
        return Score(None, None, None, len(whole), cases, names)
    return Score(area, *interval(area, cases, truth.size - cases), len(whole), cases, names)


def score_of_others(
    others: Sequence[Mapping[str, Any]],
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[str],
    label: str,
) -> Score:
    """How well `columns`, weighed on other patients, tell `label`.

    Parameters
    ----------
    others : sequence of mapping
        Patients who are not among `rows`.
    rows, columns, label
        As in `score`; no fold is needed.

    Returns
    -------
    Score
        AUC with interval.
    """
    truth = np.array([bool(row[label]) for row in rows], np.bool_)
    both = _numbers([*others, *rows], columns)
    known = np.array([bool(row[label]) for row in others], np.bool_)
    cases, area = int(truth.sum()), None
    if 0 < cases < truth.size and known.any() and not known.all():
        area = auc(_fit(both[: len(others)], known)(both[len(others) :]), truth)
    if area is None:
        return Score(None, None, None, len(rows), cases, tuple(columns))
    limits = interval(area, cases, truth.size - cases)
    return Score(area, *limits, len(rows), cases, tuple(columns))


def _numbers(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> NDArray[np.float64]:
    """Columns as numbers; a column of words becomes one column a word."""
    made = []
    for name in columns:
        cells = [row[name] for row in rows]
        if isinstance(cells[0], str):
            words = sorted(set(cells))[1:]
            made += [[float(cell == word) for cell in cells] for word in words]
        else:
            made.append([float(cell) for cell in cells])
    return np.array(made, np.float64).reshape(len(made), len(rows)).T


def _unseen(
    x: NDArray[np.float64], truth: NDArray[np.bool_], folds: NDArray[Any]
) -> NDArray[np.float64]:
    """Score of every patient by the fit to the other folds."""
    scores = np.zeros(len(x))
    for fold in np.unique(folds):
        left_out = folds == fold
        scores[left_out] = _fit(x[~left_out], truth[~left_out])(x[left_out])
    return scores


def _fit(x: NDArray[np.float64], truth: NDArray[np.bool_]) -> Any:
    """Logistic regression with a small ridge; a function of new rows."""
    mean, spread = x.mean(axis=0), x.std(axis=0)
    spread = np.where(spread > 0, spread, 1.0)
    ones = np.c_[np.ones(len(x)), (x - mean) / spread]
    sign = np.where(truth, 1.0, -1.0)

    def loss(w: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        margin = sign * (ones @ w)
        penalty = RIDGE * np.r_[0.0, w[1:]]
        value = np.logaddexp(0, -margin).mean() + 0.5 * float(penalty @ w)
        return float(value), -(ones.T @ (sign * expit(-margin))) / len(x) + penalty

    found = minimize(loss, np.zeros(ones.shape[1]), jac=True, method="L-BFGS-B").x
    return lambda new: np.c_[np.ones(len(new)), (new - mean) / spread] @ found


def concordance(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Lin's concordance of two readings of the same patients (doi:10.2307/2532051), −1…1."""
    together = np.cov(first, second, bias=True)
    apart = (first.mean() - second.mean()) ** 2
    return float(2 * together[0, 1] / (together[0, 0] + together[1, 1] + apart))
