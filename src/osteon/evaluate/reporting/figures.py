"""Figures of an evaluation, and which of them are measures of diagnostic accuracy."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any, TypeGuard

ACCURACY = re.compile(
    r"(partial |balanced )?(auc|sensitivity|specificity|ppv|npv|accuracy|average precision|"
    r"positive predictive value|negative predictive value|likelihood ratio|lr[+−-])(?=$|[ ,:(])"
)
"""How names of measures of diagnostic accuracy begin; what follows names the score or the model."""

NO_ACCURACY = re.compile(r" [−-] |difference|\bvs\b|versus|against|minus|drop|change|alike")
"""What names of differences and tests hold, which estimate no accuracy."""


@dataclass(frozen=True)
class Figure:
    """One figure of an evaluation.

    Attributes
    ----------
    name, unit : str
        As the evaluation has them.
    value : float
        The figure.
    low, high : float or None
        Ends of its interval.
    level : float or None
        Confidence.
    """

    name: str
    value: float
    low: float | None
    high: float | None
    level: float | None
    unit: str


def mapping(value: Any) -> Mapping[str, Any]:
    """The value if it is a mapping, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def is_number(value: Any) -> TypeGuard[float]:
    """True for a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value)


def figures_of(evaluation: Mapping[str, Any]) -> tuple[Figure, ...]:
    """The findings of an evaluation that are figures with a name."""
    findings = evaluation.get("findings")
    if not isinstance(findings, Sequence) or isinstance(findings, str):
        return ()
    return tuple(
        _figure(one)
        for one in map(mapping, findings)
        if is_number(one.get("value")) and isinstance(one.get("name"), str) and one["name"].strip()
    )


def _figure(one: Mapping[str, Any]) -> Figure:
    """A finding as a figure."""
    low, high, level = (
        float(one[key]) if is_number(one.get(key)) else None for key in ("low", "high", "level")
    )
    unit = one.get("unit")
    return Figure(
        one["name"].strip(),
        float(one["value"]),
        low,
        high,
        level,
        unit if isinstance(unit, str) and unit != "1" else "",
    )


def accuracies(evaluation: Mapping[str, Any]) -> tuple[Figure, ...]:
    """Measures of diagnostic accuracy: only of evaluations of tests against a reference."""
    if evaluation.get("kind") not in ("discrimination", "compare"):
        return ()
    return tuple(
        figure
        for figure in figures_of(evaluation)
        if ACCURACY.match(figure.name.casefold()) and not NO_ACCURACY.search(figure.name.casefold())
    )


def has_interval(figure: Figure) -> bool:
    """True where a figure lies in an interval of stated confidence."""
    return (
        figure.low is not None
        and figure.high is not None
        and figure.level is not None
        and figure.low <= figure.value <= figure.high
    )


def told(figure: Figure) -> str:
    """A figure in words."""
    unit = f" {figure.unit}" if figure.unit else ""
    text = f"{figure.name} {figure.value:.3g}{unit}"
    if not has_interval(figure):
        return f"{text} (no interval)"
    return (
        f"{text} ({100 * (figure.level or 0):g} % interval {figure.low:.3g} to {figure.high:.3g})"
    )
