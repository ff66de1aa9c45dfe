"""Run length features of one window, averaged and merged over 13 directions."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled
from .box import Box
from .table import FEATURES, table_features


@compiled
def runs_of_box(
    box: Box,
    size: tuple[int, int],
    steps: NDArray[np.int64],
    xlog: NDArray[np.float64],
    told: NDArray[np.float64],
) -> None:
    """Features averaged over directions, then those of the merged matrix.

    Parameters
    ----------
    box : Box
        The window.
    size : tuple of 2 int
        Levels that there may be, and the longest run.
    steps : (13,) int64 array
        From a place to its neighbours.
    xlog : (n,) float64 array
        n · log2 n.
    told : (32,) float64 array
        Gets the features.
    """
    flat, _, where, _ = box
    count, longest = size
    lengths = np.arange(1.0, longest + 1)
    behind = np.zeros(flat.size, np.int16)
    table = np.empty((count + 1, longest), np.int32)
    merged = np.zeros(table.shape, np.int32)
    one = np.empty(FEATURES)
    told[:] = 0.0
    for way in range(steps.size):
        table[:] = 0
        _count(box, steps[way], behind, table.reshape(-1), longest)
        merged += table
        table_features(table, lengths, float(where.size), xlog, one)
        for at in range(FEATURES):
            told[at] += one[at]
    for at in range(FEATURES):
        told[at] /= steps.size
    table_features(merged, lengths, float(where.size) * steps.size, xlog, told[FEATURES:])


@compiled
def _count(
    box: Box, step: int, behind: NDArray[np.int16], table: NDArray[np.int32], width: int
) -> None:
    """Add the runs along one direction, each where it ends."""
    flat, _, where, _ = box
    for at in where:
        level = int(flat[at])
        length = (int(behind[at - step]) + 1) * int(flat[at - step] == level)
        behind[at] = length
        table[level * width + length] += int(flat[at + step] != level)
