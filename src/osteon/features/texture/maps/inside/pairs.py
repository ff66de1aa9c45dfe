"""Co-occurrence features of one window, averaged and merged over 13 directions."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled
from ..glcm_sums import NAMES, PARTS, pair_features
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
    rows = _rows(box[0], width)
    table, merged = np.empty((width, width), np.int32), np.zeros((width, width), np.int32)
    # the row after the last is that of the outside
    counts = np.empty((width, width), np.int32)[:count]
    single, sums = np.empty(width, np.int64), np.empty(2 * count + 1, np.int64)
    room = (single, sums, np.empty(PARTS, np.float64))
    one = np.zeros(features, np.float64)
    present = box[0][box[2]]
    span = (int(present.min()), int(present.max()))
    told[:] = 0.0
    ways = 0
    for way in range(steps.size):
        table[:] = 0
        _count(box, rows, steps[way], table.reshape(-1))
        merged += table
        _fold(table, span, counts)
        if pair_features(counts, span, xlog, room, one):
            ways += 1
            for at in range(features):
                told[at] += one[at]
    if ways == 0:
        told[:] = np.nan
        return
    for at in range(features):
        told[at] /= ways
    _fold(merged, span, counts)
    pair_features(counts, span, xlog, room, told[features:])


@compiled
def _rows(flat: NDArray[np.int16], width: int) -> NDArray[np.int32]:
    """Where the row of each place's level begins in a table."""
    rows = np.empty(flat.size, np.int32)
    for at in range(flat.size):
        rows[at] = flat[at] * width
    return rows


@compiled
def _count(box: Box, rows: NDArray[np.int32], step: int, table: NDArray[np.int32]) -> None:
    """Add the pairs one step apart, by the level of the first and of the second."""
    flat, _, where, _ = box
    for at in where:
        table[rows[at] + flat[at + step]] += 1


@compiled
def _fold(table: NDArray[np.int32], span: tuple[int, int], counts: NDArray[np.int32]) -> None:
    """Pairs by the distance of both levels and the lower one."""
    for low in range(span[0], span[1] + 1):
        counts[0, low] = table[low, low]
        for high in range(low + 1, span[1] + 1):
            counts[high - low, low] = table[low, high] + table[high, low]
