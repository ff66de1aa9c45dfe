"""The cluster bootstrap: patients are drawn, and every row of a patient comes along."""

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from ..core import BadSetting, UnusableTable
from .checked import Numbers

RESAMPLES = 2000
"""Draws unless another number is asked for."""

MOST_LOST = 0.05
"""Largest share of draws in which the figure may not exist (one class only, say)."""


def drawn_counts(clusters: int, resamples: int, rng: np.random.Generator) -> NDArray[np.int32]:
    """How often each cluster is drawn, with replacement, in each resample.

    Parameters
    ----------
    clusters : int
        Independent units.
    resamples : int
        Draws, at least 100.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray of int32, shape (resamples, clusters)
        Each row adds up to `clusters`.

    Raises
    ------
    BadSetting
        If there are fewer than 100 draws.
    """
    if resamples < 100:
        raise BadSetting(f"an interval needs at least 100 resamples; got {resamples}.")
    found = np.empty((resamples, clusters), np.int32)
    for row in found:
        row[:] = np.bincount(rng.integers(0, clusters, clusters), minlength=clusters)
    return found


def drawn_sums(sums: Numbers, resamples: int, rng: np.random.Generator) -> Numbers:
    """What figures that rest on sums over rows need: the sums of each resample of clusters.

    Memory stays small: a hundred draws or so are held at a time.

    Parameters
    ----------
    sums : ndarray of float, shape (clusters, sums)
        Sums over the rows of each cluster.
    resamples : int
        Draws, at least 100.
    rng : Generator
        Source of chance.

    Returns
    -------
    ndarray of float, shape (resamples, sums)

    Raises
    ------
    BadSetting
        If there are fewer than 100 draws.
    """
    parts = np.array_split(np.arange(resamples), max(1, resamples // 100))
    counts = (drawn_counts(len(sums), len(part), rng) for part in parts)
    return np.concatenate([count.astype(np.float64) @ sums for count in counts])


def existing(draws: Numbers) -> Numbers:
    """The draws that are numbers.

    Raises
    ------
    UnusableTable
        If more than 5 % are not.
    """
    kept = draws[np.isfinite(draws)]
    lost = draws.size - kept.size
    if lost > MOST_LOST * draws.size:
        raise UnusableTable(
            f"the figure does not exist in {lost} of {draws.size} resamples (one class, or one "
            "value only); there are too few patients, or too few with the disease, for an interval."
        )
    return kept


def bca_interval(
    draws: Numbers, value: float, left_out: Numbers, level: float
) -> tuple[float, float]:
    """Ends corrected for bias and skew (BCa; Efron 1987, doi:10.1080/01621459.1987.10478410).

    Parameters
    ----------
    draws : ndarray of float
        The figure over resamples.
    value : float
        The figure of all rows.
    left_out : ndarray of float, shape (clusters,)
        The figure without each cluster in turn.
    level : float
        Confidence.
    """
    below = (draws < value).mean() + 0.5 * (draws == value).mean()
    shift = stats.norm.ppf(np.clip(below, 1 / draws.size, 1 - 1 / draws.size))
    apart = left_out.mean() - left_out
    spread = float((apart**2).sum())
    skew = float((apart**3).sum() / (6 * spread**1.5)) if spread > 0 else 0.0
    z = shift + stats.norm.ppf([0.5 * (1 - level), 0.5 * (1 + level)])
    low, high = np.quantile(draws, stats.norm.cdf(shift + z / (1 - skew * z)))
    return float(low), float(high)
