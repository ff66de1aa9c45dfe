"""Co-occurrence features in a sliding window, each count changed only where the window changes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange
from .glcm_sums import NAMES, PARTS, pair_features
from .pairs import change_pairs, xlogx
from .window import Places, numbers_of


def glcm_maps(
    levels: NDArray[np.int16], count: int, places: Places, names: Sequence[str]
) -> dict[str, NDArray[np.float32]]:
    """Co-occurrence features of every window whose middle lies in the region.

    Of the matrix merged over 13 directions at distance 1 (IBSI, "3D, merged"), of pairs of which
    both voxels lie in the window and in the region.

    Parameters
    ----------
    levels : (i, j, k) int16 array
        Grey levels from 1 to `count`; 0 outside the region.
    count : int
        Grey levels that there may be.
    places : Places
        The windows.
    names : sequence of str
        Of `NAMES`.

    Returns
    -------
    dict of str to array
        On the grid of `places`; 0 where the middle lies outside the region, or the window holds
        no pair.

    Raises
    ------
    UnknownName
        If a name is no co-occurrence feature.
    """
    chosen = numbers_of(names, NAMES, "co-occurrence feature")
    # slices first, so that rows of neighbours lie together
    seen = np.ascontiguousarray(np.moveaxis(levels, 2, 0))
    made = np.zeros((len(names), *places.grid.shape), np.float32)
    pairs = 13 * int(np.prod(2 * places.radii + 1))
    _slide((seen, count), places.lattice, xlogx(2 * pairs), chosen, made)
    return dict(zip(names, made, strict=True))


Seen = tuple[NDArray[np.int16], int]
"""Grey levels, slices first, and how many there may be."""


@parallel
def _slide(
    seen: Seen,
    lattice: NDArray[np.int64],
    xlog: NDArray[np.float64],
    chosen: NDArray[np.int64],
    made: NDArray[np.float32],
) -> None:
    """Every row of windows along the slices."""
    rows, columns = made.shape[1], made.shape[2]
    for n in prange(rows * columns):
        place = (n // columns, n % columns)
        _row(seen, lattice, xlog, chosen, made[:, place[0], place[1]], place)


@compiled
def _row(
    seen: Seen,
    lattice: NDArray[np.int64],
    xlog: NDArray[np.float64],
    chosen: NDArray[np.int64],
    made: NDArray[np.float32],
    place: tuple[int, int],
) -> None:
    """Windows one behind the other."""
    levels, count = seen
    first, step, radii = lattice[0], lattice[1], lattice[2]
    i, j = first[0] + place[0] * step[0], first[1] + place[1] * step[1]
    slices, rows, columns = levels.shape
    box = (
        max(i - radii[0], 0),
        min(i + radii[0] + 1, rows),
        max(j - radii[1], 0),
        min(j + radii[1] + 1, columns),
    )
    # the row after the last takes the pairs of the highest level with the outside
    counts = np.zeros((count + 1, count + 1), np.int32)[:count]
    room = (
        np.zeros(count + 1, np.int64),
        np.zeros(2 * count + 1, np.int64),
        np.zeros(PARTS, np.float64),
    )
    told = np.zeros(len(NAMES), np.float64)
    begin, end = 0, 0
    for n in range(made.shape[1]):
        k = first[2] + n * step[2]
        if levels[k, i, j] == 0:
            continue
        low, high = max(k - radii[2], 0), min(k + radii[2] + 1, slices)
        if low >= end:
            counts[:] = 0
            begin, end = low, low
        while end < high:
            change_pairs(levels, box, (end, end - 1 if end > begin else -1), 1, counts)
            end += 1
        while begin < low:
            change_pairs(levels, box, (begin, begin if begin + 1 < end else -1), -1, counts)
            begin += 1
        span = _span(levels, box, (low, high))
        if pair_features(counts, span, xlog, room, told):
            for at in range(chosen.size):
                made[at, n] = told[chosen[at]]


@compiled
def _span(
    levels: NDArray[np.int16], box: tuple[int, int, int, int], slices: tuple[int, int]
) -> tuple[int, int]:
    """Lowest and highest level in a window."""
    least, most = 2**15, 0
    for k in range(slices[0], slices[1]):
        for i in range(box[0], box[1]):
            for j in range(box[2], box[3]):
                level = int(levels[k, i, j])
                most = max(most, level)
                least = min(least, level if level > 0 else least)
    return least, most
