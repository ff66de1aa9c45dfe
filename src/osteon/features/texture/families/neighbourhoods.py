"""What lies around each voxel: the mean level, and how many neighbours have its own."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled
from ..discretise import Levels
from ..settings import DIMENSIONS, Dimension
from .directions import IN_SLICE, NEIGHBOURS

Integers = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Neighbourhoods:
    """Sums over the voxels of a slice, or of the region, by their level.

    Attributes
    ----------
    equal : (m, g + 1, q) int64 array
        Voxels by level and by how many neighbours, 0 to q − 1, have the same level.
    counts : (m, g + 1) int64 array
        Voxels by level that have a neighbour in the region.
    differences : (m, g + 1) float64 array
        Sum over these of the distance of the level to the mean level of the neighbours.
    voxels : (m,) float64 array
        All voxels.
    """

    equal: Integers
    counts: Integers
    differences: Floats
    voxels: Floats

    def pooled(self) -> "Neighbourhoods":
        """The sums over all slices."""
        return Neighbourhoods(
            self.equal.sum(axis=0, keepdims=True),
            self.counts.sum(axis=0, keepdims=True),
            self.differences.sum(axis=0, keepdims=True),
            self.voxels.sum(keepdims=True),
        )


def neighbourhoods(
    levels: Levels, dimensions: tuple[Dimension, ...] = DIMENSIONS
) -> dict[Dimension, Neighbourhoods]:
    """What NGTDM and NGLDM count, in one pass (IBSI 1, doi:10.48550/arXiv.1612.07003).

    Parameters
    ----------
    levels : Levels
        Grey levels.
    dimensions : tuple of {"2D", "2.5D", "3D"}
        Where neighbours lie: the 8 in the slice, or the 26 in space.

    Returns
    -------
    dict of str to Neighbourhoods
        For each of `dimensions`.
    """
    packed = levels.packed
    steps = packed.steps(NEIGHBOURS)
    laid = packed.flat, packed.voxels, packed.shape[2]
    found: dict[Dimension, Neighbourhoods] = {}
    if {"2D", "2.5D"} & set(dimensions):
        around = _around(laid, packed.starts, steps[:IN_SLICE], levels.count)
        flat = Neighbourhoods(*around, np.diff(packed.starts).astype(np.float64))
        found |= {"2D": flat} if "2D" in dimensions else {}
        found |= {"2.5D": flat.pooled()} if "2.5D" in dimensions else {}
    if "3D" in dimensions:
        whole = np.array([0, packed.voxels.size])
        around = _around(laid, whole, steps, levels.count)
        found["3D"] = Neighbourhoods(*around, whole[1:].astype(np.float64))
    return found


@compiled
def _around(
    packed: tuple[NDArray[np.int32], NDArray[np.int64], int],
    starts: NDArray[np.int64],
    steps: NDArray[np.int64],
    count: int,
) -> tuple[Integers, Integers, Floats]:
    """Equal neighbours, voxels with neighbours and differences of each slice, row by row."""
    flat, voxels, columns = packed
    slices = starts.size - 1
    equal = np.zeros((slices, count + 1, steps.size + 1), np.int64)
    counts = np.zeros((slices, count + 1), np.int64)
    differences = np.zeros((slices, count + 1), np.float64)
    seen = np.empty((3, columns), np.int32)
    same, many, total = seen[0], seen[1], seen[2]
    for s in range(slices):
        first = starts[s]
        while first < starts[s + 1]:
            begin = voxels[first]
            stop = (begin // columns + 1) * columns
            last = first
            while last + 1 < starts[s + 1] and voxels[last + 1] < stop:
                last += 1
            _look(flat, begin, voxels[last] - begin + 1, steps, seen)
            for at in voxels[first : last + 1]:
                level, place = flat[at], at - begin
                equal[s, level, same[place]] += 1
                if many[place] > 0:
                    counts[s, level] += 1
                    differences[s, level] += abs(level - total[place] / many[place])
            first = last + 1
    return equal, counts, differences


@compiled
def _look(
    flat: NDArray[np.int32],
    begin: int,
    width: int,
    steps: NDArray[np.int64],
    seen: NDArray[np.int32],
) -> None:
    """Neighbours of the same level, neighbours inside and their sum, of a piece of a row."""
    seen[:, :width] = 0
    same, many, total = seen[0], seen[1], seen[2]
    here = flat[begin : begin + width]
    # a loop without a branch, over places that lie together: several are done at once
    for step in steps:
        beside = flat[begin + step : begin + step + width]
        for n in range(width):
            same[n] += np.int32(beside[n] == here[n])
            many[n] += np.int32(beside[n] > 0)
            total[n] += beside[n]
