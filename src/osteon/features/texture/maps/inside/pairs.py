"""Co-occurrence features of one window, averaged and merged over 13 directions."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled
from ..glcm_sums import NAMES, PARTS, Room, pair_features
from .box import Box


@compiled
def pairs_of_box(
    box: Box,
    count: int,
    steps: NDArray[np.int64],
    xlog: NDArray[np.float64],
    told: NDArray[np.float64],
) -> None:
    """Features averaged over directions, then those of the merged matrix; NaN without a pair.

    Parameters
    ----------
    box : Box
        The window.
    count : int
        Levels that there may be.
    steps : (13,) int64 array
        From a place to its neighbours.
    xlog : (n,) float64 array
        n · log2 n.
    told : (50,) float64 array
        Gets the features.
    """
    features, width = len(NAMES), count + 1
    # the row after the last takes the pairs of the highest level with the outside
    table, merged = np.empty(width * width, np.int32), np.zeros(width * width, np.int32)
    single, sums = np.empty(width, np.int64), np.empty(2 * count + 1, np.int64)
    room = (single, sums, np.empty(PARTS, np.float64))
    one = np.zeros(features, np.float64)
    told[:] = 0.0
    ways = 0
    for way in range(steps.size):
        table[:] = 0
        _count(box, steps[way], width, table)
        for at in range(table.size):
            merged[at] += table[at]
        if _features(table, count, xlog, room, one):
            ways += 1
            for at in range(features):
                told[at] += one[at]
    if ways == 0:
        told[:] = np.nan
        return
    for at in range(features):
        told[at] /= ways
    _features(merged, count, xlog, room, told[features:])


@compiled
def _count(box: Box, step: int, width: int, table: NDArray[np.int32]) -> None:
    """Add the pairs one step apart, by the distance of both levels and the lower one."""
    flat, _, where, _ = box
    for at in where:
        a, b = int(flat[at]), int(flat[at + step])
        low = min(a, b)
        table[(max(a, b) - low) * width + low] += 1


@compiled
def _features(
    table: NDArray[np.int32],
    count: int,
    xlog: NDArray[np.float64],
    room: Room,
    told: NDArray[np.float64],
) -> bool:
    counts = table[: count * (count + 1)].reshape(count, count + 1)
    return pair_features(counts, xlog, room, told)
