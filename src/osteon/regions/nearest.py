"""The nearest voxel outside, for every voxel inside: an exact Euclidean feature transform."""

import numpy as np
from numpy.typing import NDArray

from ..core.compiled import compiled, inlined, parallel, prange

Indices = NDArray[np.int32]
Kept = tuple[Indices, NDArray[np.float64]]


def nearest_outside(inside: NDArray[np.bool_], steps: NDArray[np.float64]) -> Indices:
    """Index of the nearest voxel outside (Maurer 2003, doi:10.1109/TPAMI.2003.1177156).

    Of several that are equally far, the one with the lowest index along the last axis that tells
    them apart is taken, as `scipy.ndimage.distance_transform_edt` does.

    Parameters
    ----------
    inside : (i, j, k) bool array
        Not all true.
    steps : (3,) array
        Side of a voxel along each axis.

    Returns
    -------
    (3, i, j, k) int32 array
        A voxel outside is its own nearest.
    """
    nearest = np.empty((3, *inside.shape), np.int32)
    sides = np.ascontiguousarray(steps, np.float64)
    _along_first(inside, nearest)
    _along(nearest, sides, 1)
    _along(nearest, sides, 2)
    return nearest


@parallel
def _along_first(inside: NDArray[np.bool_], nearest: Indices) -> None:
    """Nearest along the first axis alone; -1 where a line has none."""
    many = inside.shape[0]
    for j in prange(inside.shape[1]):
        for k in range(inside.shape[2]):
            last = -1
            for i in range(many):
                if not inside[i, j, k]:
                    last = i
                nearest[0, i, j, k] = last
                nearest[1, i, j, k] = j if last >= 0 else -1
                nearest[2, i, j, k] = k
            ahead = -1
            for back in range(many):
                i = many - 1 - back
                if not inside[i, j, k]:
                    ahead = i
                last = nearest[0, i, j, k]
                if ahead >= 0 and (last < 0 or ahead - i < i - last):
                    nearest[0, i, j, k] = ahead
                    nearest[1, i, j, k] = j


@inlined
def _square(steps: int, side: float) -> float:
    """Squared distance along one axis."""
    return (steps * side) * (steps * side)


@inlined
def _hidden(a: float, b: float, first: float, middle: float, last: float) -> bool:
    """Whether the middle one of three places on a line is nearest to no voxel of it.

    a and b are the distances between them along the line, the others how far each lies from it,
    squared.
    """
    c = a + b
    return c * middle - b * first - a * last - a * b * c > 0.0


@compiled
def _candidates(
    found: Indices, line: tuple[int, int], sides: NDArray[np.float64], axis: int, kept: Kept
) -> int:
    """Which places of a line can be nearest to any of its voxels; the number of the last one."""
    place, far = kept
    top = -1
    for at in range(found.shape[1]):
        if found[0, at] < 0 or (axis == 1 and found[1, at] < 0):
            continue
        away = _square(found[0, at] - line[0], sides[0])
        if axis == 2:
            away = away + _square(found[1, at] - line[1], sides[1])
        while top >= 1:
            a = (place[top] - place[top - 1]) * sides[axis]
            b = (at - place[top]) * sides[axis]
            if not _hidden(a, b, far[top - 1], far[top], away):
                break
            top -= 1
        top += 1
        place[top], far[top] = at, away
    return top


@compiled
def _choose(found: Indices, side: float, top: int, kept: Kept, into: Indices) -> None:
    """The nearest of the candidates for each voxel of a line."""
    place, far = kept
    one = 0
    for at in range(found.shape[1]):
        here = far[one] + _square(place[one] - at, side)
        while one < top:
            there = far[one + 1] + _square(place[one + 1] - at, side)
            if here <= there:
                break
            here = there
            one += 1
        for part in range(3):
            into[part, at] = found[part, place[one]]


@parallel
def _along(nearest: Indices, sides: NDArray[np.float64], axis: int) -> None:
    """Take a further axis into account: lines along it, each by its own candidates."""
    many = nearest.shape[1 + axis]
    others = nearest.shape[3] if axis == 1 else nearest.shape[2]
    for i in prange(nearest.shape[1]):
        kept = (np.empty(many, np.int32), np.empty(many, np.float64))
        for other in range(others):
            into = nearest[:, i, :, other] if axis == 1 else nearest[:, i, other, :]
            found = into.copy()
            top = _candidates(found, (i, other), sides, axis, kept)
            if top >= 0:
                _choose(found, sides[axis], top, kept, into)
