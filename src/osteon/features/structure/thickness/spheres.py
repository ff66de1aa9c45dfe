"""Painting spheres: every voxel takes the level of the largest sphere that covers it."""

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange
from .levels import Levels
from .metric import Metric
from .ridge import Centres

SLABS = 16
"""Slabs of slices that are painted apart; the outcome does not depend on their number."""

WORD = 63
"""Voxels in a word of 64 bits; with one to spare, any run of them is a difference of powers."""


def paint(
    field: NDArray[np.int32], centres: Centres, levels: Levels, metric: Metric, core: slice
) -> None:
    """Give each voxel the largest level of the spheres that cover it, in place.

    Largest spheres first; a voxel that has been painted is never touched again. Which voxels
    are still bare is kept in bits, so that a sphere that adds nothing costs a look at a few
    words a slice.

    Parameters
    ----------
    field : (i, j, k) int32 array
        Level of the squared distance to the background, 0 in the background.
    centres : Centres
        Spheres to paint; between them they cover each voxel above 0.
    levels : Levels
        What the levels stand for.
    metric : Metric
        How far apart voxels are.
    core : slice
        Slices along axis 0 to paint; the others are left as they are.
    """
    low, high, _ = core.indices(field.shape[0])
    edges = np.linspace(low, high, min(SLABS, max(high - low, 1)) + 1).astype(np.int64)
    weights = np.array(metric.weights, np.int64)
    _paint(field, centres.index, centres.start, levels.squared, weights, edges)


@parallel
def _paint(
    field: NDArray[np.int32],
    index: NDArray[np.int16],
    start: NDArray[np.int64],
    squared: NDArray[np.int64],
    weights: NDArray[np.int64],
    edges: NDArray[np.int64],
) -> None:
    top = squared[-1]
    for slab in prange(edges.size - 1):
        part = field[edges[slab] : edges[slab + 1]]
        bare = _bare(part)
        wide = np.empty(_root(top // weights[0]) + 1, np.int64)
        half = np.empty((wide.size, 2 * _root(top // weights[1]) + 1), np.int64)
        for level in range(squared.size - 1, 0, -1):
            if start[level + 1] > start[level]:
                _extents(squared[level], weights, wide, half)
                far = wide.size
                while wide[far - 1] < 0:
                    far -= 1
                for n in range(start[level], start[level + 1]):
                    i = index[n, 0]
                    if edges[slab] - far < i < edges[slab + 1] - 1 + far:
                        centre = (i - edges[slab], index[n, 1], index[n, 2])
                        _sphere(part, bare, centre, level, wide[:far], half)


@compiled
def _root(number: int) -> int:
    """Largest whole number whose square is at most `number`."""
    root = int(np.sqrt(number))
    while root * root > number:
        root -= 1
    while (root + 1) * (root + 1) <= number:
        root += 1
    return root


@compiled
def _extents(
    squared: int, weights: NDArray[np.int64], wide: NDArray[np.int64], half: NDArray[np.int64]
) -> None:
    """Rows of a sphere: how many to each side in a slice, and how far each of them reaches.

    ``wide[di]`` is -1 beyond the sphere; row dj of slice di reaches ``half[di, dj + wide[di]]``
    voxels to both sides.
    """
    j = _root(squared // weights[1])
    for di in range(wide.size):
        rest = squared - weights[0] * di * di
        while j >= 0 and weights[1] * j * j >= rest:
            j -= 1
        wide[di] = j
        k = _root(max(rest, 0) // weights[2])
        for dj in range(j + 1):
            while weights[2] * k * k >= rest - weights[1] * dj * dj:
                k -= 1
            half[di, j - dj] = k
            half[di, j + dj] = k


@compiled
def _sphere(
    field: NDArray[np.int32],
    bare: NDArray[np.uint64],
    centre: tuple[int, int, int],
    level: int,
    wide: NDArray[np.int64],
    half: NDArray[np.int64],
) -> None:
    """Paint the bare voxels of one sphere in a slab."""
    ni, nj, nk = field.shape
    ci, cj, ck = centre
    for i in range(max(0, ci - wide.size + 1), min(ni, ci + wide.size)):
        di = abs(i - ci)
        first, last = max(0, cj - wide[di]), min(nj, cj + wide[di] + 1)
        longest = half[di, wide[di]]
        skip = first - cj + wide[di]
        for word in range(max(0, ck - longest) // WORD, min(nk - 1, ck + longest) // WORD + 1):
            middle = ck - word * WORD
            found = np.uint64(0)
            for row in range(last - first):
                found |= bare[i, word, first + row] & _run(middle, half[di, skip + row])
            if found != 0:
                reach = half[di, skip : skip + last - first]
                bits = bare[i, word, first:last]
                _fill(field[i, first:last, word * WORD :], bits, reach, middle, level)


@compiled
def _run(middle: int, reach: int) -> np.uint64:
    """Bits from `middle` - `reach` to `middle` + `reach`, as far as they lie in the word."""
    low = np.uint64(min(max(middle - reach, 0), WORD))
    high = np.uint64(min(max(middle + reach + 1, 0), WORD))
    one = np.uint64(1)
    return (one << high) - (one << low)


@compiled
def _fill(
    strip: NDArray[np.int32],
    bits: NDArray[np.uint64],
    reach: NDArray[np.int64],
    middle: int,
    level: int,
) -> None:
    """Paint the bare voxels within reach and clear their bits; others hold no less already."""
    for row in range(reach.size):
        run = _run(middle, reach[row])
        if bits[row] & run == 0:
            continue
        last = min(middle + reach[row] + 1, WORD, strip.shape[1])
        for k in range(max(middle - reach[row], 0), last):
            strip[row, k] = max(strip[row, k], np.int32(level))
        bits[row] &= ~run


@compiled
def _bare(field: NDArray[np.int32]) -> NDArray[np.uint64]:
    """Bits of the voxels above 0; one word holds `WORD` voxels of a row, rows lie together."""
    ni, nj, nk = field.shape
    words = (nk + WORD - 1) // WORD
    bare = np.zeros((ni, words, nj), np.uint64)
    for i in range(ni):
        for j in range(nj):
            for word in range(words):
                bits = np.uint64(0)
                for k in range(min(WORD, nk - word * WORD)):
                    bits |= np.uint64(field[i, j, word * WORD + k] > 0) << np.uint64(k)
                bare[i, word, j] = bits
    return bare
