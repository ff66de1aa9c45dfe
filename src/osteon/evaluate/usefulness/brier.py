"""The Brier score, and what of it is miscalibration, sorting and plain difficulty."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from .. import checked
from ..bootstrap import RESAMPLES, bca_interval, drawn_sums, existing
from ..checked import Codes, Numbers
from ..estimate import LEVEL, Estimate
from .bins import bin_of, outcome

BCA = "10.1080/01621459.1987.10478410"


@dataclass(frozen=True)
class Brier:
    """Brier score with its parts.

    Score = reliability − resolution + uncertainty + within_variance − within_covariance.

    Attributes
    ----------
    score : Estimate
        Mean squared distance of probability and outcome: 0 perfect, 1 worst.
    reliability : float
        Part from miscalibration, 0 or more; 0 is perfect. Too large in small samples.
    resolution : float
        Part gained by telling low from high risk, 0 to `uncertainty`.
    uncertainty : float
        Score of one risk, the prevalence, for everybody, up to 0.25.
    within_variance : float
        Mean squared distance of probabilities from their bin's mean, 0 or more.
    within_covariance : float
        Twice the covariance of probability and outcome within bins; negative where the order
        within bins is wrong.
    skill : Estimate
        1 − score / uncertainty: 1 perfect, 0 no better than the prevalence, below 0 worse.
    """

    score: Estimate
    reliability: float
    resolution: float
    uncertainty: float
    within_variance: float
    within_covariance: float
    skill: Estimate


def brier(  # noqa: PLR0913 - the choices of one table, all by name
    labels: ArrayLike,
    probabilities: ArrayLike,
    *,
    bins: int = 10,
    clusters: ArrayLike | None = None,
    resamples: int = RESAMPLES,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> Brier:
    """Brier score and skill with intervals, and the exact decomposition.

    Murphy 1973 (doi:10.1175/1520-0450(1973)012<0595:ANVPOT>2.0.CO;2) with the terms within bins of
    Stephenson 2008 (doi:10.1175/2007WAF2006116.1), so that the parts add up.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 or true where the disease is.
    probabilities : array_like of shape (rows,)
        Predicted probability of disease, 0–1.
    bins : int
        Most bins of the decomposition, of equal count, 2 or more; the score needs none.
    clusters : array_like of shape (rows,), optional
        Patient of each row, where one patient has several.
    resamples : int
        Draws of rows, or of patients, at least 100, for the BCa intervals.
    rng : Generator
        Source of chance of the bootstrap.
    level : float
        Confidence.

    Returns
    -------
    Brier

    Raises
    ------
    UnusableTable
        If there is one class only, a value is missing, or a probability lies outside 0–1.
    BadSetting
        If `bins`, `resamples` or `level` is out of range.
    """
    checked.confidence(level)
    truth, predicted = outcome(labels, probabilities)
    where = np.arange(truth.size)
    if clusters is not None:
        where = checked.groups(clusters, "clusters")
        checked.same_rows(labels=truth, clusters=where)
    off = (predicted - truth) ** 2
    columns = [np.ones(truth.size), truth.astype(np.float64), off]
    sums = np.stack([np.bincount(where, column) for column in columns], axis=1).astype(np.float64)
    drawn = drawn_sums(sums, resamples, rng)
    without = sums.sum(axis=0) - sums
    named = []
    for name, figure in (("Brier score", _score), ("Brier skill", _skill)):
        value = float(figure(sums.sum(axis=0)))
        left = figure(without)
        left = left[np.isfinite(left)]
        low, high = bca_interval(existing(figure(drawn)), value, left, level)
        of = "rows" if len(sums) == truth.size else "clusters"
        method = f"BCa bootstrap of {of}, {resamples} resamples"
        named.append(
            Estimate(
                name, value, low, high, level, method=method, doi=BCA,
                rows=truth.size, clusters=len(sums),
            )
        )  # fmt: skip
    parts = _parts(predicted, columns[1], bin_of(predicted, bins, "count"))
    return Brier(named[0], *parts, named[1])


def _score(sums: Numbers) -> Numbers:
    return sums[..., 2] / sums[..., 0]


def _skill(sums: Numbers) -> Numbers:
    prevalence = sums[..., 1] / sums[..., 0]
    spread = prevalence * (1 - prevalence)
    some = spread > 0
    return np.where(some, 1 - _score(sums) / np.where(some, spread, 1), np.nan)


def _parts(
    predicted: Numbers, seen: Numbers, which: Codes
) -> tuple[float, float, float, float, float]:
    """Reliability, resolution, uncertainty, variance and twice the covariance within bins."""
    count = np.maximum(np.bincount(which), 1)
    said = (np.bincount(which, predicted) / count)[which]
    share = (np.bincount(which, seen) / count)[which]
    prevalence = float(seen.mean())
    return (
        float(((said - share) ** 2).mean()),
        float(((share - prevalence) ** 2).mean()),
        prevalence * (1 - prevalence),
        float(((predicted - said) ** 2).mean()),
        float(2 * ((predicted - said) * (seen - share)).mean()),
    )
