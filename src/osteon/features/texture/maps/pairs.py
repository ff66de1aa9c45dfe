"""Pairs of neighbouring grey levels in a window, counted as the window slides."""

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import inlined

FLAT = np.array([(0, 1), (1, -1), (1, 0), (1, 1)])
"""Neighbours (i, j) within a slice, one of each two that are opposite."""

UP = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
"""Neighbours (i, j) in the slice after."""


@inlined
def change_pairs(
    levels: NDArray[np.int16],
    box: tuple[int, int, int, int],
    slices: tuple[int, int],
    sign: int,
    counts: NDArray[np.int32],
) -> None:
    """Count the pairs that a slice brings into a window, or takes out of it.

    Parameters
    ----------
    levels : (k, i, j) int16 array
        Grey levels from 1; 0 outside the region.
    box : tuple of 4 int
        First row and the one after the last, first column and the one after the last.
    slices : tuple of 2 int
        The slice whose own pairs are counted; and another, whose pairs with the one after it are
        counted too, or -1.
    sign : int
        1 or -1.
    counts : (levels, levels + 1) int32 array
        By the distance of both levels, and the lower one; column 0 holds pairs with the outside.
    """
    here, beside = slices
    for n in range(FLAT.shape[0]):
        _layer(levels, box, (here, here), (FLAT[n, 0], FLAT[n, 1]), sign, counts)
    if beside >= 0:
        for n in range(UP.shape[0]):
            _layer(levels, box, (beside, beside + 1), (UP[n, 0], UP[n, 1]), sign, counts)


@inlined
def _layer(
    levels: NDArray[np.int16],
    box: tuple[int, int, int, int],
    slices: tuple[int, int],
    way: tuple[int, int],
    sign: int,
    counts: NDArray[np.int32],
) -> None:
    """Pairs in one direction between two slices, or within one."""
    one, other = slices
    di, dj = way
    for i in range(max(box[0], box[0] - di), min(box[1], box[1] - di)):
        for j in range(max(box[2], box[2] - dj), min(box[3], box[3] - dj)):
            a, b = levels[one, i, j], levels[other, i + di, j + dj]
            low = min(a, b)
            counts[max(a, b) - low, low] += sign


def xlogx(most: int) -> NDArray[np.float64]:
    """Every whole number up to `most` times its binary logarithm; 0 for 0."""
    number = np.arange(most + 1, dtype=np.float64)
    return np.asarray(number * np.log2(np.maximum(number, 1.0)), np.float64)
