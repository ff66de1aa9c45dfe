"""Scale on which a figure is close to normal, and its standard error there."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import atanh, exp, isfinite, log, tanh

from scipy import stats

from ...core import UnknownName, UnusableTable
from ..estimate import Estimate


@dataclass(frozen=True)
class Scale:
    """A scale to work on, and back.

    Attributes
    ----------
    name : str
        As a paper would say it.
    to, back : callable
        From the figure to the scale, and back.
    slope : callable
        Derivative of `to`.
    low, high : float
        The figure lies strictly between.
    """

    name: str
    to: Callable[[float], float]
    back: Callable[[float], float]
    slope: Callable[[float], float]
    low: float
    high: float


def _logistic(x: float) -> float:
    """Share of a log odds, without overflow."""
    return 1 / (1 + exp(-x)) if x >= 0 else exp(x) / (1 + exp(x))


SCALES = {
    "logit": Scale(
        "logit", lambda p: log(p / (1 - p)), _logistic, lambda p: 1 / (p * (1 - p)), 0.0, 1.0
    ),
    "fisher z": Scale("Fisher z", atanh, tanh, lambda r: 1 / (1 - r * r), -1.0, 1.0),
    "log": Scale("log", log, exp, lambda x: 1 / x, 0.0, float("inf")),
    "identity": Scale("as it is", float, float, lambda _: 1.0, float("-inf"), float("inf")),
}
"""Scales by name: shares, correlations, ratios, anything else."""

SHARES = (
    "auc",
    "partial auc",
    "sensitivity",
    "specificity",
    "ppv",
    "npv",
    "accuracy",
    "balanced accuracy",
    "average precision",
    "f1",
)
"""How the names of figures begin that are shares from 0 to 1."""

CORRELATIONS = ("icc", "ccc", "concordance", "pearson", "spearman", "weighted kappa", "kappa")
"""How the names of figures begin that are correlations from −1 to 1."""

RATIOS = ("lr+", "lr-", "lr−", "likelihood ratio", "odds ratio")
"""How the names of figures begin that are ratios above 0."""

SYMMETRIC = 1e-6
"""Difference of the two halves of an interval, as a share of it, up to which it is symmetric."""


def scale_of(name: str | None, estimates: Sequence[Estimate]) -> Scale:
    """The scale that was asked for, or that of the figure's kind.

    Raises
    ------
    UnknownName
        If there is no such scale.
    """
    if name is not None:
        if name not in SCALES:
            raise UnknownName(f"scale '{name}' is unknown; there are {', '.join(SCALES)}.")
        return SCALES[name]
    figure = estimates[0].name.casefold()
    if figure.startswith(SHARES):
        return SCALES["logit"]
    if figure.startswith(RATIOS):
        return SCALES["log"]
    return SCALES["fisher z" if figure.startswith(CORRELATIONS) else "identity"]


def on_scale(where: str, estimate: Estimate, scale: Scale) -> tuple[float, float]:
    """A figure on a scale, and its standard error there.

    A symmetric interval is one of the figure as it is, and its standard error is carried over by
    the slope of the scale; any other is taken to be symmetric on the scale. An end that was cut
    off at the limit of the figure is left out.

    Raises
    ------
    UnusableTable
        If there is no interval, or the figure lies on the limit of its range.
    """
    value = estimate.value
    if not scale.low < value < scale.high:
        raise UnusableTable(
            f"'{estimate.name}' of {where} is {value:g}, which has no place on the scale "
            f"'{scale.name}'; pool on the scale 'identity', or leave {where} out and say so."
        )
    ends = [end for end in (estimate.low, estimate.high) if end is not None and isfinite(end)]
    if len(ends) < 2 or not ends[0] <= value <= ends[1] or ends[0] == ends[1]:
        raise UnusableTable(
            f"'{estimate.name}' of {where} has no interval around it; each site needs one."
        )
    z = float(stats.norm.isf((1 - estimate.level) / 2))
    low, high = ends
    inside = [end for end in ends if scale.low < end < scale.high]
    halves = value - low, high - value
    even = abs(halves[0] - halves[1]) <= SYMMETRIC * (high - low)
    if even or len(inside) < 2:
        kept = halves if even else tuple(abs(value - end) for end in inside)
        if not kept:
            raise UnusableTable(f"the interval of '{estimate.name}' of {where} tells nothing.")
        error = scale.slope(value) * max(kept) / z
    else:
        error = (scale.to(high) - scale.to(low)) / (2 * z)
    return scale.to(value), error
