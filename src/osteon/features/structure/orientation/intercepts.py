"""How often a line in each direction meets the surface of bone: pairs of voxels that differ."""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Grid, Mask
from ....core.compiled import compiled, parallel, prange
from .bits import ends, pack, population, shifted

REACH = 2
"""Longest step along each axis, in voxels."""


def _steps() -> NDArray[np.int64]:
    """All steps of at most `REACH` voxels along each axis, one of each pair of opposites."""
    both = product(range(-REACH, REACH + 1), repeat=3)
    return np.array([step for step in both if step > (0, 0, 0)], np.int64)


STEPS = _steps()
"""The 62 steps in 49 directions, in voxels, (62, 3); the first component is never negative."""


@dataclass(frozen=True, eq=False)
class Intercepts:
    """Pairs of voxels a step apart, and how many of them have one end in bone, one in marrow.

    Attributes
    ----------
    steps : (n, 3) int array
        Steps along the axes i, j, k, in voxels.
    grid : Grid
        Grid of the bone, that gives the steps a length and a direction.
    pairs, crossings : (s, n) int arrays
        Pairs with both ends in the region, and those of them whose ends differ, by the slice
        in which a pair begins (slices along the axis that is stored slowest).
    bone, voxels : int
        Voxels of the region that are bone, and all of them.
    """

    steps: NDArray[np.int64]
    grid: Grid
    pairs: NDArray[np.int64]
    crossings: NDArray[np.int64]
    bone: int
    voxels: int

    @property
    def vectors(self) -> NDArray[np.float64]:
        """The steps in patient coordinates, LPS mm, (n, 3)."""
        return (self.steps * self.grid.spacing) @ self.grid.direction.T

    @property
    def primitive(self) -> NDArray[np.bool_]:
        """The shortest step of each direction, (n,) bool."""
        single: NDArray[np.bool_] = np.gcd.reduce(np.abs(self.steps), axis=1) == 1
        return single


def count_intercepts(
    bone: Mask, *, region: Mask | None = None, block: int | None = None
) -> Intercepts:
    """Compare every voxel with its partner at each of 62 steps in 49 directions.

    The share of pairs that differ is, for points on a lattice, an unbiased estimate of the share
    in the structure that was sampled: no staircase, whatever the direction. What it misses are
    second crossings within a step; `fabric` corrects for them.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        The bone.
    region : Mask of shape (i, j, k), optional
        Both ends of a pair must lie in it; None is the whole image.
    block : int, optional
        Slices (along the axis that is stored slowest) in memory at once; None is all. The counts
        are whole numbers and do not depend on it.

    Returns
    -------
    Intercepts
        Counts by slice and step.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    GridMismatch
        If the region lies on another grid than the bone.
    BadSetting
        If `block` is not 1 or more.
    """
    if block is not None and block < 1:
        raise BadSetting(f"block is {block} slices; give 1 or more, or None for all at once.")
    if region is not None and region.on(bone.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; intercepts need bone and marrow in it.")
    order = tuple(int(a) for a in np.argsort(np.abs(bone.values.strides), kind="stable")[::-1])
    steps = STEPS[:, order]
    # Forwards along the slices, so that a slab needs only the slices behind it.
    steps = np.ascontiguousarray(np.where(steps[:, :1] < 0, -steps, steps))
    values = bone.values.transpose(order)
    inside = None if region is None else region.values.transpose(order)
    slices, size = values.shape[0], block or values.shape[0]
    slabs = [
        _count(values, inside, (start, min(start + size, slices)), steps)
        for start in range(0, slices, size)
    ]
    pairs, crossings, sums = (np.concatenate(part) for part in zip(*slabs, strict=True))
    amount, voxels = sums.sum(axis=0)
    return Intercepts(STEPS, bone.grid, pairs, crossings, int(amount), int(voxels))


Counts = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Pairs and crossings, (s, n) each, and bone and voxels, (s, 2), of the slices of a slab."""


def _count(
    values: NDArray[np.bool_],
    inside: NDArray[np.bool_] | None,
    own: tuple[int, int],
    steps: NDArray[np.int64],
) -> Counts:
    """Count the pairs that begin in the slices from ``own[0]`` up to, not including, ``own[1]``."""
    begin, end = own
    slices, rows, length = values.shape
    crossings = np.zeros((end - begin, len(steps)), np.int64)
    pairs = np.zeros_like(crossings)
    sums = np.zeros((end - begin, 2), np.int64)
    slab = slice(begin, min(end + REACH, slices))
    words = pack(values[slab])
    if inside is None:
        rims = np.stack([ends(length, shift) for shift in range(REACH + 1)])
        _compare(words, rims, steps, crossings)
        _fill(words, words, sums)
        sums[:, 1] = rows * length
        left = np.maximum(np.array([rows, length]) - np.abs(steps[:, 1:]), 0).prod(axis=1)
        starts = np.arange(begin, end)[:, None]
        pairs[:] = np.where(starts + steps[:, 0] < slices, left, 0)
    else:
        within = pack(inside[slab])
        _compare_within(words, within, steps, pairs, crossings)
        _fill(words, within, sums)
    return pairs, crossings, sums


@compiled
def _set_in_both(a: NDArray[np.uint64], b: NDArray[np.uint64]) -> np.int64:
    total = np.uint64(0)
    for n in range(a.size):
        total += population(a[n] & b[n])
    return np.int64(total)


@parallel
def _fill(words: NDArray[np.uint64], within: NDArray[np.uint64], sums: NDArray[np.int64]) -> None:
    for i in prange(sums.shape[0]):
        for w in range(words.shape[1]):
            sums[i, 0] += _set_in_both(words[i, w], within[i, w])
            sums[i, 1] += _set_in_both(within[i, w], within[i, w])


@compiled
def _differing(
    kept: NDArray[np.uint64],
    moved: NDArray[np.uint64],
    above: NDArray[np.uint64],
    shift: np.uint64,
    rim: np.uint64,
) -> np.int64:
    total = np.uint64(0)
    for n in range(kept.size):
        total += population((kept[n] ^ shifted(moved[n], above[n], shift)) & rim)
    return np.int64(total)


@compiled
def _partners(
    i: np.int64, step: NDArray[np.int64], rows: int
) -> tuple[np.int64, np.int64, int, int, np.int64]:
    """Slice kept, slice moved, rows from and up to which both lie in the box, and row offset.

    Counting down along a row is counting up from the partner, so the shift is never negative.
    """
    forward = step[2] >= 0
    kept = i if forward else i + step[0]
    moved = i + step[0] if forward else i
    offset = step[1] if forward else -step[1]
    return kept, moved, max(0, -offset), max(0, -offset, min(rows, rows - offset)), offset


@parallel
def _compare(
    words: NDArray[np.uint64],
    rims: NDArray[np.uint64],
    steps: NDArray[np.int64],
    crossings: NDArray[np.int64],
) -> None:
    """Pairs that differ, by slice and step, in a box."""
    for index in prange(crossings.shape[0]):
        i = np.int64(index)
        for s in range(steps.shape[0]):
            if i + steps[s, 0] >= words.shape[0]:
                continue
            kept, moved, low, high, offset = _partners(i, steps[s], words.shape[2])
            shift = abs(steps[s, 2])
            total = np.int64(0)
            for w in range(words.shape[1] - 1):
                total += _differing(
                    words[kept, w, low:high],
                    words[moved, w, low + offset : high + offset],
                    words[moved, w + 1, low + offset : high + offset],
                    np.uint64(shift),
                    rims[shift, w],
                )
            crossings[i, s] = total


@compiled
def _within(
    bone: tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]],
    region: tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.uint64]],
    shift: np.uint64,
) -> tuple[np.int64, np.int64]:
    pairs, crossings = np.uint64(0), np.uint64(0)
    for n in range(bone[0].size):
        valid = region[0][n] & shifted(region[1][n], region[2][n], shift)
        pairs += population(valid)
        crossings += population((bone[0][n] ^ shifted(bone[1][n], bone[2][n], shift)) & valid)
    return np.int64(pairs), np.int64(crossings)


@parallel
def _compare_within(
    words: NDArray[np.uint64],
    within: NDArray[np.uint64],
    steps: NDArray[np.int64],
    pairs: NDArray[np.int64],
    crossings: NDArray[np.int64],
) -> None:
    """Pairs with both ends in the region, and those of them that differ, by slice and step."""
    for index in prange(crossings.shape[0]):
        i = np.int64(index)
        for s in range(steps.shape[0]):
            if i + steps[s, 0] >= words.shape[0]:
                continue
            kept, moved, low, high, offset = _partners(i, steps[s], words.shape[2])
            shift = np.uint64(abs(steps[s, 2]))
            here, there = slice(low, high), slice(low + offset, high + offset)
            for w in range(words.shape[1] - 1):
                valid, differ = _within(
                    (words[kept, w, here], words[moved, w, there], words[moved, w + 1, there]),
                    (within[kept, w, here], within[moved, w, there], within[moved, w + 1, there]),
                    shift,
                )
                pairs[i, s] += valid
                crossings[i, s] += differ
