"""Zones of one window: their size, and how deep in it they lie."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled, inlined
from .box import Box
from .table import table_features

Zones = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Level, size and depth of each."""


@compiled
def zones_of_box(box: Box, steps: NDArray[np.int64], strides: NDArray[np.int64]) -> Zones:
    """The zones of a window.

    Parameters
    ----------
    box : Box
        The window.
    steps : (13,) int64 array
        From a place to its neighbours that come after it.
    strides : (2,) int64 array
        Steps to the next place along the first and the second axis.
    """
    flat, within, where, _ = box
    depth = _depth(within, strides)
    first = np.empty(flat.size, np.int32)
    for at in where:
        level = flat[at]
        if flat[at - strides[0]] == level:
            # it touches all other neighbours that come before, which therefore joined it already
            first[at] = first[at - strides[0]]
            continue
        mine = at
        first[at] = at
        for step in steps:
            if flat[at - step] == level:
                root = _root(first, at - step)
                if root != mine:
                    # the earliest voxel stays at the root
                    first[max(mine, root)] = min(mine, root)
                    mine = min(mine, root)
    return _told(box, first, depth)


@compiled
def _told(box: Box, first: NDArray[np.int32], depth: NDArray[np.int32]) -> Zones:
    """Level, size and depth of zones, given a voxel of its zone for each but the earliest."""
    flat, _, where, _ = box
    level = np.empty(where.size, np.int64)
    size, nearest = np.zeros(where.size, np.int64), np.empty(where.size, np.int64)
    many = 0
    # where a zone began its number is kept, and the depth is no longer needed
    for at in where:
        root = first[first[at]]
        first[at] = root
        here = depth[at]
        if root == at:
            level[many], nearest[many], depth[at] = flat[at], here, many
            many += 1
        zone = depth[root]
        size[zone] += 1
        nearest[zone] = min(nearest[zone], here)
    return level[:many], size[:many], nearest[:many]


@inlined
def _root(first: NDArray[np.int32], at: int) -> int:
    while first[at] != at:
        first[at] = first[first[at]]
        at = first[at]
    return at


@compiled
def _depth(within: NDArray[np.uint8], strides: NDArray[np.int64]) -> NDArray[np.int32]:
    """Steps over faces to the nearest place outside of the region or the window."""
    far, row = strides[0], strides[1]
    depth = np.zeros(within.size, np.int32)
    for at in range(far, within.size - far):
        if within[at]:
            depth[at] = min(depth[at - 1], depth[at - row], depth[at - far]) + 1
    for at in range(within.size - far - 1, far - 1, -1):
        if within[at]:
            near = min(depth[at + 1], depth[at + row], depth[at + far]) + 1
            depth[at] = min(depth[at], near)
    return depth


@compiled
def zone_features(
    zones: tuple[NDArray[np.int64], NDArray[np.int64]],
    size: tuple[int, int],
    xlog: NDArray[np.float64],
    told: NDArray[np.float64],
) -> None:
    """Features of zones by their level and an amount.

    Parameters
    ----------
    zones : tuple of 2 arrays
        Level and amount of each: its size or depth.
    size : tuple of 2 int
        Levels that there may be, and voxels.
    xlog : (n,) float64 array
        n · log2 n.
    told : (16,) float64 array
        Gets the features.
    """
    level, amount = zones
    count, voxels = size
    column = np.full(amount.max() + 1, -1, np.int32)
    columns = 0
    for n in range(amount.size):
        if column[amount[n]] < 0:
            column[amount[n]] = columns
            columns += 1
    amounts = np.empty(columns)
    table = np.zeros((count + 1, columns), np.int32)
    for n in range(amount.size):
        amounts[column[amount[n]]] = amount[n]
        table[level[n], column[amount[n]]] += 1
    table_features(table, amounts, float(voxels), xlog, told)
