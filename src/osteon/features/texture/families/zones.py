"""Zones: voxels of one level that hang together, their size and depth in the region."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled
from ..discretise import Levels, Packed
from ..settings import DIMENSIONS, Dimension
from .directions import IN_SLICE, NEIGHBOURS

Integers = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Zones:
    """The zones of a region, found in slices or in space.

    Attributes
    ----------
    slices : (n,) int64 array
        Slice that each zone lies in; 0 in space.
    levels, sizes, depths : (n,) int64 array
        Level, number of voxels, and smallest distance of a voxel to the outside, in steps over
        voxel faces: 1 at the border of the morphological mask.
    voxels : (s,) float64 array
        Voxels of each slice, or of the region in space.
    count : int
        How many levels there may be.
    """

    slices: Integers
    levels: Integers
    sizes: Integers
    depths: Integers
    voxels: NDArray[np.float64]
    count: int

    def pooled(self) -> "Zones":
        """The zones of all slices together."""
        voxels = self.voxels.sum(keepdims=True)
        none = np.zeros_like(self.slices)
        return Zones(none, self.levels, self.sizes, self.depths, voxels, self.count)


def zones(levels: Levels, dimensions: tuple[Dimension, ...] = DIMENSIONS) -> dict[Dimension, Zones]:
    """Zones of a region (IBSI 1, sections 3.8 and 3.9, doi:10.48550/arXiv.1612.07003).

    Parameters
    ----------
    levels : Levels
        Grey levels.
    dimensions : tuple of {"2D", "2.5D", "3D"}
        Where voxels hang together: with 8 neighbours in the slice, or with 26 in space.

    Returns
    -------
    dict of str to Zones
        For each of `dimensions`.
    """
    packed = levels.packed
    found: dict[Dimension, Zones] = {}
    steps = packed.steps(NEIGHBOURS)
    if {"2D", "2.5D"} & set(dimensions):
        depth = _depth(packed.within, packed.shape, False)
        lists = _flood(packed.flat, packed.voxels, packed.starts, steps[:IN_SLICE], depth)
        flat = Zones(*lists, np.diff(packed.starts).astype(np.float64), levels.count)
        found |= {"2D": flat} if "2D" in dimensions else {}
        found |= {"2.5D": flat.pooled()} if "2.5D" in dimensions else {}
    if "3D" in dimensions:
        found["3D"] = _in_space(packed, steps, levels.count)
    return found


def _in_space(packed: Packed, steps: Integers, count: int) -> Zones:
    whole = np.array([0, packed.voxels.size])
    depth = _depth(packed.within, packed.shape, True)
    lists = _flood(packed.flat, packed.voxels, whole, steps, depth)
    return Zones(*lists, whole[1:].astype(np.float64), count)


@compiled
def _depth(
    within: NDArray[np.uint8], shape: tuple[int, int, int], in_space: bool
) -> NDArray[np.int32]:
    """Steps over voxel faces to the nearest voxel outside, 0 outside; the border is outside."""
    row, plane = shape[2], shape[1] * shape[2]
    depth = np.zeros(within.size, np.int32)
    for at in range(plane, within.size - plane):
        if within[at]:
            near = min(depth[at - 1], depth[at - row])
            depth[at] = (min(near, depth[at - plane]) if in_space else near) + 1
    for at in range(within.size - plane - 1, plane - 1, -1):
        if within[at]:
            near = min(depth[at + 1], depth[at + row])
            near = (min(near, depth[at + plane]) if in_space else near) + 1
            depth[at] = min(depth[at], near)
    return depth


@compiled
def _flood(
    flat: NDArray[np.int32],
    voxels: NDArray[np.int64],
    starts: NDArray[np.int64],
    steps: NDArray[np.int64],
    depth: NDArray[np.int32],
) -> tuple[Integers, Integers, Integers, Integers]:
    """Slice, level, size and depth of each zone, found by flooding it from its first voxel."""
    left = flat.copy()
    waiting = np.empty(voxels.size, np.int64)
    found = np.empty((4, voxels.size), np.int64)
    many = 0
    for s in range(starts.size - 1):
        for first in voxels[starts[s] : starts[s + 1]]:
            level = left[first]
            if level == 0:
                continue
            left[first] = 0
            waiting[0] = first
            size, done, nearest = 1, 0, depth[first]
            while done < size:
                at = waiting[done]
                done += 1
                nearest = min(nearest, depth[at])
                for step in steps:
                    if left[at + step] == level:
                        left[at + step] = 0
                        waiting[size] = at + step
                        size += 1
            found[0, many], found[1, many] = s, level
            found[2, many], found[3, many] = size, nearest
            many += 1
    return (
        found[0, :many].copy(),
        found[1, :many].copy(),
        found[2, :many].copy(),
        found[3, :many].copy(),
    )
