"""Grey level run lengths: how far a level goes on in a straight line."""

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled
from ..discretise import Levels
from ..settings import DIMENSIONS, Dimension
from .directions import DIRECTIONS, IN_PLANE
from .matrices import CROSS, Counted, Floats, add_table, averaged, matrix_features

_NAMES = (
    "sre lre lgre hgre srlge srhge lrlge lrhge glnu glnu_norm rlnu rlnu_norm r_perc gl_var "
    "rl_var rl_entr"
)

TAGS = tuple(f"rlm_{name}" for name in _NAMES.split())
"""Tags of the features, without the ending of the aggregation."""


def glrlm_features(
    levels: Levels, dimensions: tuple[Dimension, ...] = DIMENSIONS
) -> dict[str, float]:
    """Run length features of IBSI 1, section 3.7 (doi:10.48550/arXiv.1612.07003).

    Parameters
    ----------
    levels : Levels
        Grey levels.
    dimensions : tuple of {"2D", "2.5D", "3D"}
        Aggregations wanted.

    Returns
    -------
    dict of str to float
        The 16 features ``rlm_…`` in the two aggregations of each dimension.
    """
    packed = levels.packed
    steps = packed.steps(DIRECTIONS)
    lengths = np.arange(1.0, max(packed.shape) - 1)
    found: dict[str, float] = {}
    if {"2D", "2.5D"} & set(dimensions):
        by_level, by_length, cross = _in_slices(
            packed.flat, packed.voxels, packed.starts, steps[:IN_PLANE], levels.count, lengths
        )
        slices = packed.starts.size - 1
        here = np.diff(packed.starts).astype(np.float64)
        voxels = np.concatenate(
            [here.repeat(4), 4 * here, np.full(4, here.sum()), [4 * here.sum()]]
        )
        counted = Counted(by_level, by_length, lengths, cross, voxels)
        single, merged, space = 4 * slices, 5 * slices, 5 * slices + 4
        if "2D" in dimensions:
            found |= _features(counted, 0, single, "2D_avg")
            found |= _features(counted, single, merged, "2D_comb")
        if "2.5D" in dimensions:
            found |= _features(counted, merged, space, "2_5D_avg")
            found |= _features(counted, space, space + 1, "2_5D_comb")
    if "3D" in dimensions:
        by_level, by_length, cross = _in_space(
            packed.flat, packed.voxels, steps, levels.count, lengths
        )
        ways = steps.size
        voxels = packed.voxels.size * np.append(np.ones(ways), ways)
        counted = Counted(by_level, by_length, lengths, cross, voxels)
        found |= _features(counted, 0, ways, "3D_avg")
        found |= _features(counted, ways, ways + 1, "3D_comb")
    return found


def _features(counted: Counted, first: int, last: int, ending: str) -> dict[str, float]:
    rows = Counted(
        counted.by_level[first:last],
        counted.by_amount[first:last],
        counted.amounts,
        counted.cross[first:last],
        counted.voxels[first:last],
    )
    return averaged(TAGS, matrix_features(rows), ending)


@compiled
def _count(
    flat: NDArray[np.int32],
    voxels: NDArray[np.int64],
    step: int,
    runs: NDArray[np.int32],
    table: NDArray[np.int64],
) -> None:
    """Add the runs along one direction; `runs` holds how many voxels of its run lie behind each.

    Every voxel adds to the table, but nothing where its run goes on: that spares a branch that
    would be guessed wrong every other time.
    """
    for at in voxels:
        level = flat[at]
        behind = (runs[at - step] + 1) * np.int32(flat[at - step] == level)
        runs[at] = behind
        table[level, behind] += np.int64(flat[at + step] != level)


@compiled
def _in_slices(
    flat: NDArray[np.int32],
    voxels: NDArray[np.int64],
    starts: NDArray[np.int64],
    steps: NDArray[np.int64],
    count: int,
    lengths: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Sums of the matrices of each slice and direction, each slice, each direction, and all."""
    slices, ways = starts.size - 1, steps.size
    many = slices * ways + slices + ways + 1
    by_level, by_length = np.zeros((many, count)), np.zeros((many, lengths.size))
    cross = np.zeros((many, CROSS))
    by_way = np.zeros((ways, count + 1, lengths.size), np.int64)
    table, here = np.zeros_like(by_way[0]), np.zeros_like(by_way[0])
    runs = np.zeros(flat.size, np.int32)
    for s in range(slices):
        here[:] = 0
        for way in range(ways):
            table[:] = 0
            _count(flat, voxels[starts[s] : starts[s + 1]], steps[way], runs, table)
            m = s * ways + way
            add_table(table, lengths, by_level[m], by_length[m], cross[m])
            here += table
            by_way[way] += table
        m = slices * ways + s
        add_table(here, lengths, by_level[m], by_length[m], cross[m])
    here[:] = 0
    for way in range(ways):
        m = slices * (ways + 1) + way
        add_table(by_way[way], lengths, by_level[m], by_length[m], cross[m])
        here += by_way[way]
    add_table(here, lengths, by_level[many - 1], by_length[many - 1], cross[many - 1])
    return by_level, by_length, cross


@compiled
def _in_space(
    flat: NDArray[np.int32],
    voxels: NDArray[np.int64],
    steps: NDArray[np.int64],
    count: int,
    lengths: Floats,
) -> tuple[Floats, Floats, Floats]:
    """Sums of the matrices of each direction, and of all of them together."""
    ways = steps.size
    by_level, by_length = np.zeros((ways + 1, count)), np.zeros((ways + 1, lengths.size))
    cross = np.zeros((ways + 1, CROSS))
    total = np.zeros((count + 1, lengths.size), np.int64)
    table, runs = np.zeros_like(total), np.zeros(flat.size, np.int32)
    for way in range(ways):
        table[:] = 0
        _count(flat, voxels, steps[way], runs, table)
        add_table(table, lengths, by_level[way], by_length[way], cross[way])
        total += table
    add_table(total, lengths, by_level[ways], by_length[ways], cross[ways])
    return by_level, by_length, cross
