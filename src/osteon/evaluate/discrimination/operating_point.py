"""A threshold, chosen on some subjects so that it can be judged on others."""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core import BadSetting, UnknownName, UnusableTable
from ..checked import Numbers, Truth, groups, same_rows
from .sweep import Sweep, scored, swept

Rule = Literal["youden", "sensitivity", "specificity", "prevalence"]


@dataclass(frozen=True)
class OperatingPoint:
    """A threshold and where it comes from.

    One that was fixed beforehand, by a guideline say, is ``OperatingPoint(threshold)``.

    Attributes
    ----------
    threshold : float
        A score of this or above is called positive.
    rule : str
        How it was chosen.
    target : float or None
        What the rule aimed at, 0–1.
    sensitivity, specificity : float or None
        What it gave on the rows it was chosen on, which is too good for other rows.
    rows : int
        Rows it was chosen on.
    subjects : frozenset of str
        Subjects it was chosen on; empty if they were not named.
    digest : str
        SHA-256 of the labels and scores it was chosen on, to know them again.
    """

    threshold: float
    rule: str = "given beforehand"
    target: float | None = None
    sensitivity: float | None = None
    specificity: float | None = None
    rows: int = 0
    subjects: frozenset[str] = field(default=frozenset(), repr=False)
    digest: str = field(default="", repr=False)


def choose_threshold(
    labels: ArrayLike,
    scores: ArrayLike,
    *,
    rule: Rule = "youden",
    target: float | None = None,
    subjects: ArrayLike | None = None,
) -> OperatingPoint:
    """Choose the threshold of a test on training data.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    scores : array_like of shape (rows,)
        Higher is more suspicious of disease.
    rule : {"youden", "sensitivity", "specificity", "prevalence"}
        ``"youden"``: the largest sensitivity + specificity (Youden 1950,
        doi:10.1002/1097-0142(1950)3:1<32::AID-CNCR2820030106>3.0.CO;2-3), the lowest threshold of
        equals. ``"sensitivity"``: the highest threshold that reaches the target.
        ``"specificity"``: the lowest threshold that reaches the target. ``"prevalence"``: the share
        called positive comes nearest to the target, or to the share of the diseased without one.
    target : float, optional
        Sensitivity or specificity to reach, or prevalence where the test will be used; 0–1.
    subjects : array_like of shape (rows,), optional
        Who each row is of. They are kept, so that applying the threshold to one of them is refused.

    Returns
    -------
    OperatingPoint
        Its threshold is one of the scores.

    Raises
    ------
    UnusableTable
        If a class or a value is missing, the scores are all equal, or no threshold reaches the
        specificity.
    UnknownName
        If the rule is none of these.
    BadSetting
        If the target is missing, not wanted, or not in 0–1.
    """
    case, column = scored(labels, scores)
    _check_target(rule, target)
    named: frozenset[str] = frozenset()
    if subjects is not None:
        same_rows(labels=case, subjects=groups(subjects, "subjects", least=1))
        named = identities(subjects)
    sweep = swept(case, column)
    at = _chosen(sweep, rule, target)
    cases, controls = sweep.called()
    return OperatingPoint(
        float(sweep.thresholds[at]),
        rule,
        target,
        float(cases[at] / cases[-1]),
        float(1 - controls[at] / controls[-1]),
        case.size,
        named,
        fingerprint(case, column),
    )


def identities(subjects: ArrayLike) -> frozenset[str]:
    """Names of subjects as text, whole numbers without a decimal point."""
    given = np.asarray(subjects)
    if given.dtype.kind == "f" and np.all(given == np.rint(given)):
        given = given.astype(np.int64)
    return frozenset(str(name).strip() for name in np.unique(given.astype(str)))


def fingerprint(labels: Truth, scores: Numbers) -> str:
    """SHA-256 of labels and scores, whatever the order of the rows."""
    plain = scores + 0.0  # there is a zero below zero, of other bytes
    order = np.lexsort((labels, plain))
    return hashlib.sha256(plain[order].tobytes() + labels[order].tobytes()).hexdigest()


def _check_target(rule: str, target: float | None) -> None:
    """Refuse a rule that is none, and a target that does not go with it."""
    rules = ("youden", "sensitivity", "specificity", "prevalence")
    if rule not in rules:
        raise UnknownName(f"a threshold is chosen by one of {', '.join(rules)}; got '{rule}'.")
    if rule == "youden" and target is not None:
        raise BadSetting(f"the rule 'youden' aims at no target; got {target:g}.")
    if rule in ("sensitivity", "specificity") and target is None:
        raise BadSetting(f"the rule '{rule}' needs the {rule} to reach as its target, 0–1.")
    if target is not None and not 0 < target <= 1:
        raise BadSetting(f"a target is a share above 0 and up to 1; got {target:g}.")


def _chosen(sweep: Sweep, rule: str, target: float | None) -> int:
    """Number of the threshold that the rule chooses."""
    cases, controls = sweep.called()
    diseased, healthy = int(cases[-1]), int(controls[-1])
    if rule == "youden":
        return _last_best(cases * healthy - controls * diseased)
    if rule == "prevalence":
        aim = diseased if target is None else target * (diseased + healthy)
        return _last_best(-np.abs(cases + controls - aim))
    # A target of 0.9 is reached by 9 of 10, however 9 / 10 is rounded.
    if rule == "sensitivity":
        return int(np.argmax(cases / diseased >= float(target or 0) - 1e-12))
    reached = np.flatnonzero(1 - controls / healthy >= float(target or 0) - 1e-12)
    if reached.size == 0:
        raise UnusableTable(
            f"no threshold reaches a specificity of {target:g}: the highest score of all is of a "
            "row without the disease. Aim lower."
        )
    return int(reached[-1])


def _last_best(merit: NDArray[Any]) -> int:
    """The lowest threshold of those with the most merit."""
    return int(merit.size - 1 - np.argmax(merit[::-1]))
