"""The spheres that matter: those that no single neighbouring sphere contains."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange
from .levels import Levels
from .metric import Metric

NEAR = 26
"""Neighbours that share a face, an edge or a corner; they come first in `NEIGHBOURS`."""

FAR_FROM_VOXELS = 5
"""Spheres of fewer voxels' radius are compared with the `NEAR` neighbours only."""

REACH = 2
"""Longest step along one axis to a neighbour."""


def _neighbours() -> NDArray[np.int64]:
    """Steps to the neighbours, shortest first; multiples of shorter steps are left out."""
    around = range(-REACH, REACH + 1)
    steps = [s for s in product(around, around, around) if np.gcd.reduce(s) == 1]
    return np.array(sorted(steps, key=lambda s: (s[0] ** 2 + s[1] ** 2 + s[2] ** 2, s)))


NEIGHBOURS = _neighbours()
"""(98, 3) steps to the neighbours that a sphere is compared with."""

KINDS, _KIND = np.unique(np.abs(NEIGHBOURS), axis=0, return_inverse=True)
"""The steps without their signs, which tell how much larger a neighbour's sphere must be."""

STEPS = np.column_stack([NEIGHBOURS, _KIND.reshape(-1)])
"""(98, 4): each step, and which of the `KINDS` it is."""


@dataclass(frozen=True, eq=False)
class Centres:
    """Centres of spheres, ordered by radius, smallest first.

    Attributes
    ----------
    index : (n, 3) int16 array
        Voxels of the centres.
    start : (m + 1,) int64 array
        Centres ``start[l]`` up to ``start[l + 1]`` have the radius of level l.
    """

    index: NDArray[np.int16]
    start: NDArray[np.int64]


def ridge(field: NDArray[np.int32], levels: Levels, metric: Metric) -> Centres:
    """Centres of all spheres that no sphere of a neighbouring voxel contains.

    A sphere at p with the squared radius R holds the voxels x with |x - p|² < R. Whether one
    holds all voxels of another is looked up in a table made for digital spheres (Rémy and Thiel
    2005, doi:10.1016/j.imavis.2004.06.007), so that leaving the others out changes no voxel of
    the union of spheres.

    Parameters
    ----------
    field : (i, j, k) int32 array
        Level of the squared distance to the background, 0 in the background.
    levels : Levels
        What the levels stand for.
    metric : Metric
        How far apart voxels are.

    Returns
    -------
    Centres
        The centres left.
    """
    weights = np.array(metric.weights, np.int64)
    need = np.empty((levels.squared.size, len(KINDS)), np.int32)
    _containing(levels.squared, levels.octant, weights, KINDS, need)
    small = int(np.searchsorted(levels.squared, FAR_FROM_VOXELS**2 * weights.min()))
    kept = np.zeros(field.shape, np.uint8)
    counts = _keep(field, need, STEPS, small, kept)
    first = np.concatenate([[0], np.cumsum(counts)])
    index = np.empty((int(first[-1]), 3), np.int16)
    level = np.empty(int(first[-1]), np.int32)
    _gather(field, kept, first, index, level)
    del kept
    start = np.concatenate([[0], np.cumsum(np.bincount(level, minlength=levels.squared.size))])
    ordered = np.empty_like(index)
    _order(index, level, start.copy(), ordered)
    return Centres(ordered, start)


@parallel
def _containing(
    squared: NDArray[np.int64],
    octant: NDArray[np.int32],
    weights: NDArray[np.int64],
    kinds: NDArray[np.int64],
    need: NDArray[np.int32],
) -> None:
    """Least level whose sphere, one step away, contains the sphere of each level.

    Of the voxels at one distance from a centre, the one furthest from a centre that lies in
    direction (+, +, +) is in the opposite octant.
    """
    for kind in prange(kinds.shape[0]):
        i, j, k = weights * kinds[kind]
        own = (weights * kinds[kind] ** 2).sum()
        furthest = np.zeros(squared.size, np.int64)
        for x in range(octant.shape[0]):
            for y in range(octant.shape[1]):
                for z in range(octant.shape[2]):
                    level = octant[x, y, z]
                    if level < squared.size:
                        away = squared[level] + own + 2 * (i * x + j * y + k * z)
                        furthest[level] = max(furthest[level], away)
        held = np.int64(0)
        enough = 0
        need[0, kind] = 0
        for level in range(1, squared.size):
            held = max(held, furthest[level - 1])
            while enough < squared.size and squared[enough] <= held:
                enough += 1
            need[level, kind] = enough


@parallel
def _keep(
    field: NDArray[np.int32],
    need: NDArray[np.int32],
    steps: NDArray[np.int64],
    small: int,
    kept: NDArray[np.uint8],
) -> NDArray[np.int64]:
    """Mark the voxels whose sphere no neighbour's sphere contains; how many in each slice."""
    ni, nj, nk = field.shape
    counts = np.zeros(ni, np.int64)
    for i in prange(ni):
        found = 0
        for j in range(nj):
            for k in range(nk):
                level = field[i, j, k]
                if level > 0:
                    many = NEAR if level < small else steps.shape[0]
                    if not _contained(field, (i, j, k), need[level], steps[:many]):
                        kept[i, j, k] = 1
                        found += 1
        counts[i] = found
    return counts


@compiled
def _contained(
    field: NDArray[np.int32],
    at: tuple[int, int, int],
    need: NDArray[np.int32],
    steps: NDArray[np.int64],
) -> bool:
    """Whether the sphere of a neighbour contains that of the voxel."""
    ni, nj, nk = field.shape
    i, j, k = at
    inside = min(i, j, k, ni - 1 - i, nj - 1 - j, nk - 1 - k) >= REACH
    for n in range(steps.shape[0]):
        x, y, z = i + steps[n, 0], j + steps[n, 1], k + steps[n, 2]
        seen = inside or (0 <= x < ni and 0 <= y < nj and 0 <= z < nk)
        if seen and field[x, y, z] >= need[steps[n, 3]]:
            return True
    return False


@parallel
def _gather(
    field: NDArray[np.int32],
    kept: NDArray[np.uint8],
    first: NDArray[np.int64],
    index: NDArray[np.int16],
    level: NDArray[np.int32],
) -> None:
    """Voxel and level of every marked voxel, slice after slice."""
    ni, nj, nk = field.shape
    for i in prange(ni):
        n = first[i]
        for j in range(nj):
            for k in range(nk):
                if kept[i, j, k] != 0:
                    index[n, 0], index[n, 1], index[n, 2] = i, j, k
                    level[n] = field[i, j, k]
                    n += 1


@compiled
def _order(
    index: NDArray[np.int16],
    level: NDArray[np.int32],
    place: NDArray[np.int64],
    ordered: NDArray[np.int16],
) -> None:
    """Sort by level by counting; `place` holds where the next of each level goes."""
    for n in range(level.size):
        at = place[level[n]]
        place[level[n]] += 1
        ordered[at, 0], ordered[at, 1], ordered[at, 2] = index[n, 0], index[n, 1], index[n, 2]
