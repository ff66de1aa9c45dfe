"""Areas over resamples of patients, compiled: 2,000 of 100,000 rows take seconds."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ...core.compiled import parallel, prange
from ..bootstrap import drawn_counts
from ..checked import Codes, Numbers, Truth

BLOCK = 200
"""Resamples held in memory at once: 80 MB for 100,000 clusters."""


def drawn_blocks(
    clusters: int, resamples: int, rng: np.random.Generator
) -> Iterator[NDArray[np.int32]]:
    """Resamples in blocks that fit into memory, the same ones as in a single block.

    Raises
    ------
    BadSetting
        If there are fewer than 100 resamples.
    """
    many = max(1, resamples // BLOCK)
    for n in range(many):
        yield drawn_counts(clusters, resamples // many + (n < resamples % many), rng)


def resampled_areas(
    labels: Truth, scores: Numbers, clusters: Codes, resamples: int, rng: np.random.Generator
) -> Numbers:
    """Areas over resamples of whole clusters; NaN where a resample lacks a class."""
    order = np.argsort(scores, kind="stable")
    rising = scores[order]
    last = np.append(np.diff(rising) > 0, True)
    case, cluster = labels[order], clusters[order].astype(np.int32)
    many = int(clusters.max()) + 1
    return np.concatenate(
        [
            weighted_areas(counts, cluster, case, last)
            for counts in drawn_blocks(many, resamples, rng)
        ]
    )


@parallel
def weighted_areas(
    counts: NDArray[np.int32], cluster: NDArray[np.int32], case: Truth, last: Truth
) -> Numbers:
    """Area of rows in rising order of score, each counted as often as its cluster was drawn.

    Parameters
    ----------
    counts : ndarray of int32, shape (resamples, clusters)
    cluster : ndarray of int32, shape (rows,)
    case : ndarray of bool, shape (rows,)
    last : ndarray of bool, shape (rows,)
        Whether the next row scores higher.
    """
    found = np.empty(counts.shape[0])
    for n in prange(counts.shape[0]):
        drawn = counts[n]
        below, above, in_order, cases, controls = 0, 0, 0, 0, 0
        for row in range(cluster.size):
            many = drawn[cluster[row]]
            if case[row]:
                cases += many
            else:
                controls += many
            if last[row]:
                in_order += cases * (2 * below + controls)
                below += controls
                above += cases
                cases, controls = 0, 0
        found[n] = in_order / (2.0 * above * below) if above * below > 0 else np.nan
    return found
