"""Sensitivity, specificity and all that follows, at a threshold chosen elsewhere."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import UnusableTable
from ..checked import Codes, Numbers, Truth, confidence, groups, numbers, same_rows, truth
from ..estimate import LEVEL, Estimate
from .operating_point import OperatingPoint, fingerprint, identities
from .proportion import WILSON_DOI, Proportion, proportion

RATIO_DOI = "10.1016/0895-4356(91)90128-V"
F_DOI = "10.1007/s10994-021-05964-1"
UNCHECKED = (
    "whether the threshold was chosen on these subjects was not checked, as they are not named"
)
OF_PREVALENCE = "holds only where the disease is as frequent as here ({:.3g})"
EMPTY = {
    "PPV": "PPV does not exist: no row is called positive",
    "NPV": "NPV does not exist: no row is called negative",
}
CORRECTED = "a count is 0; one half was added to each count of rows called right and wrong"


def at_operating_point(
    labels: ArrayLike,
    scores: ArrayLike,
    point: OperatingPoint,
    *,
    subjects: ArrayLike | None = None,
    level: float = LEVEL,
) -> dict[str, Estimate]:
    """What a threshold gives on subjects it was not chosen on.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    scores : array_like of shape (rows,)
        Higher is more suspicious; at the threshold or above is called positive.
    point : OperatingPoint
        From `choose_threshold`, or fixed beforehand.
    subjects : array_like of shape (rows,), optional
        Who each row is of. Several rows of a subject widen the intervals.
    level : float
        Confidence of the intervals.

    Returns
    -------
    dict of str to Estimate
        ``"sensitivity"``, ``"specificity"``, ``"PPV"``, ``"NPV"``, ``"accuracy"`` (Wilson 1927),
        ``"F1"`` (Wilson's interval of TP / (TP + FP + FN), of which F1 is a function: Hand et al.
        2021, doi:10.1007/s10994-021-05964-1), ``"balanced accuracy"`` (from Wilson's limits by
        MOVER: Zou & Donner 2008, doi:10.1002/sim.3095), ``"LR+"`` and ``"LR-"`` (Simel et al.
        1991, doi:10.1016/0895-4356(91)90128-V; one half is added to counts where one is 0).
        PPV is missing where no row is called positive and NPV where all are; the notes of
        sensitivity and specificity then say so.

    Raises
    ------
    UnusableTable
        If a subject, or the very table, is one the threshold was chosen on; if a class or a value
        is missing.
    BadSetting
        If the level is none.
    """
    case, column = truth(labels, "labels"), numbers(scores, "scores")
    same_rows(labels=case, scores=column)
    codes = np.arange(case.size, dtype=np.intp)
    if subjects is not None:
        codes = groups(subjects, "subjects")
        same_rows(labels=case, subjects=codes)
    note = _refuse_training(case, column, point, subjects)
    return _figures(case, column >= point.threshold, codes, confidence(level), note)


def _refuse_training(
    case: Truth, scores: Numbers, point: OperatingPoint, subjects: ArrayLike | None
) -> str:
    """Note on what could not be checked; an error if training rows are among these."""
    if point.digest and fingerprint(case, scores) == point.digest:
        raise UnusableTable(
            f"the threshold {point.threshold:g} was chosen on this very table of {case.size} rows; "
            "judge it on other subjects."
        )
    if subjects is not None and point.subjects:
        both = sorted(identities(subjects) & point.subjects)
        if both:
            raise UnusableTable(
                f"the threshold {point.threshold:g} was chosen on {len(both)} of these subjects "
                f"(the first is '{both[0]}'); judge it on others."
            )
        return ""
    return UNCHECKED if point.digest else ""


def _figures(
    case: Truth, called: Truth, codes: Codes, level: float, note: str
) -> dict[str, Estimate]:
    """All figures of rows called positive or negative."""
    shares = {
        "sensitivity": proportion(called, case, codes),
        "specificity": proportion(~called, ~case, codes),
        "PPV": proportion(case, called, codes),
        "NPV": proportion(~case, ~called, codes),
        "accuracy": proportion(called == case, np.ones_like(case), codes),
    }
    empty = [name for name, share in shares.items() if share is None]
    missing = EMPTY[empty[0]] if empty else ""
    of_prevalence = OF_PREVALENCE.format(case.mean())
    found = {}
    for name, share in shares.items():
        if share is not None:
            told = missing if name in ("sensitivity", "specificity") else of_prevalence
            found[name] = _share(name, share, level, _joined(note, told))
    sure = [shares["sensitivity"], shares["specificity"]]
    of_cases, of_controls = (share for share in sure if share is not None)
    overlap = proportion(called & case, called | case, codes)
    if overlap is not None:
        found["F1"] = _f1(overlap, level, _joined(note, of_prevalence))
    found["balanced accuracy"] = _balanced(of_cases, of_controls, level, note)
    found["LR+"] = _ratio("LR+", of_cases, of_controls, level, note)
    found["LR-"] = _ratio("LR-", of_cases, of_controls, level, note)
    many = int(codes.max()) + 1
    for name in ("balanced accuracy", "LR+", "LR-"):
        found[name] = replace(found[name], rows=case.size, clusters=many)
    return found


def _joined(*notes: str) -> str:
    """Notes that are not empty, as one."""
    return "; ".join(note for note in notes if note)


def _share(
    name: str,
    share: Proportion,
    level: float,
    note: str,
    scale: Callable[[float], float] = lambda share: share,
) -> Estimate:
    """A rising function of a proportion, and of its limits."""
    low, high = (scale(end) for end in share.interval(level))
    value = scale(share.value)
    method = share.method
    counts = (share.rows, share.clusters)
    return Estimate(name, value, low, high, level, "1", method, WILSON_DOI, *counts, note)


def _f1(overlap: Proportion, level: float, note: str) -> Estimate:
    """F1, which rises with the share of right ones among all called positive or diseased."""
    found = _share("F1", overlap, level, note, lambda share: 2 * share / (1 + share))
    method = f"{overlap.method} of TP / (TP + FP + FN), turned into F1"
    return Estimate(**(found.row() | {"method": method, "doi": F_DOI}))


def _balanced(of_cases: Proportion, of_controls: Proportion, level: float, note: str) -> Estimate:
    """Mean of sensitivity and specificity, its limits recovered from theirs."""
    value = 0.5 * (of_cases.value + of_controls.value)
    ends = np.array([of_cases.interval(level), of_controls.interval(level)])
    apart = ends - np.array([[of_cases.value], [of_controls.value]])
    below, above = 0.5 * np.sqrt((apart**2).sum(axis=0))
    method = "MOVER from Wilson's limits of sensitivity and specificity"
    low, high = float(value - below), float(value + above)
    name, doi = "balanced accuracy", "10.1002/sim.3095"
    return Estimate(name, value, low, high, level, "1", method, doi, note=note)


def _ratio(
    name: str, of_cases: Proportion, of_controls: Proportion, level: float, note: str
) -> Estimate:
    """Likelihood ratio of a positive or a negative call, its interval on the log scale."""
    positive = name == "LR+"
    shares = [of_cases.value, 1 - of_controls.value]
    if not positive:
        shares = [1 - share for share in shares]
    sizes = [of_cases.effective, of_controls.effective]
    if min(shares) <= 0 or max(shares) >= 1:
        shares = [(share * n + 0.5) / (n + 1) for share, n in zip(shares, sizes, strict=True)]
        sizes = [n + 1 for n in sizes]
        note = _joined(note, CORRECTED)
    value = shares[0] / shares[1]
    spread = sum((1 - share) / (share * n) for share, n in zip(shares, sizes, strict=True))
    factor = float(np.exp(stats.norm.ppf(0.5 * (1 + level)) * spread**0.5))
    method = "Wald interval of the log ratio"
    ends = (value / factor, value * factor)
    return Estimate(name, value, *ends, level, "1", method, RATIO_DOI, note=note)
