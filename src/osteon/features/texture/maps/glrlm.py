"""Run length features in a sliding window."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, inlined, parallel, prange
from .pairs import FLAT, UP
from .window import Places, numbers_of

NAMES = (
    "rlm_sre",
    "rlm_lre",
    "rlm_lgre",
    "rlm_hgre",
    "rlm_srlge",
    "rlm_srhge",
    "rlm_lrlge",
    "rlm_lrhge",
    "rlm_glnu",
    "rlm_glnu_norm",
    "rlm_rlnu",
    "rlm_rlnu_norm",
    "rlm_r_perc",
    "rlm_gl_var",
    "rlm_rl_var",
    "rlm_rl_entr",
)
"""Features, in the order in which they are told."""

WAYS = np.array([(0, *way) for way in FLAT] + [(1, *way) for way in UP])
"""The 13 directions as (k, i, j)."""


def glrlm_maps(
    levels: NDArray[np.int16], count: int, places: Places, names: Sequence[str]
) -> dict[str, NDArray[np.float32]]:
    """Run length features of every window whose middle lies in the region.

    Of the matrix merged over 13 directions (IBSI, "3D, merged"), of runs within the window and the
    region; the run percentage is of the voxels of all directions.

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
        On the grid of `places`; 0 where the middle lies outside the region.

    Raises
    ------
    UnknownName
        If a name is no run length feature.
    """
    chosen = numbers_of(names, NAMES, "run length feature")
    reach = places.radii + 1
    # a rim of nothing around, so that every window has its whole size and an end
    padded = np.pad(levels, [(int(r), int(r)) for r in reach])
    seen = np.ascontiguousarray(np.moveaxis(padded, 2, 0))
    made = np.zeros((len(names), *places.grid.shape), np.float32)
    lattice = np.stack([places.first + 1, places.step, places.radii])
    _slide((seen, count), lattice, chosen, made)
    return dict(zip(names, made, strict=True))


Seen = tuple[NDArray[np.int16], int]
"""Grey levels, slices first and with a rim, and how many there may be."""


@parallel
def _slide(
    seen: Seen,
    lattice: NDArray[np.int64],
    chosen: NDArray[np.int64],
    made: NDArray[np.float32],
) -> None:
    """Every row of windows along the slices."""
    rows, columns = made.shape[1], made.shape[2]
    for n in prange(rows * columns):
        place = (n // columns, n % columns)
        _row(seen, lattice, chosen, made[:, place[0], place[1]], place)


@compiled
def _row(
    seen: Seen,
    lattice: NDArray[np.int64],
    chosen: NDArray[np.int64],
    made: NDArray[np.float32],
    place: tuple[int, int],
) -> None:
    """Windows one behind the other; `lattice` begins at the first voxel of the first window."""
    levels, count = seen
    first, step, radii = lattice[0], lattice[1], lattice[2]
    i, j = first[0] + place[0] * step[0], first[1] + place[1] * step[1]
    side = 2 * radii + 1
    box = np.zeros((side[2] + 2, side[0] + 2, side[1] + 2), np.int16)
    runs = np.zeros(box.shape, np.int16)
    table = np.zeros((count + 1, int(side.max()) + 1), np.int64)
    told = np.zeros(len(NAMES), np.float64)
    for n in range(made.shape[1]):
        k = first[2] + n * step[2]
        if levels[k + radii[2], i + radii[0], j + radii[1]] == 0:
            continue
        box[1:-1, 1:-1, 1:-1] = levels[k : k + side[2], i : i + side[0], j : j + side[1]]
        table[:] = 0
        for way in range(WAYS.shape[0]):
            _count(box, (WAYS[way, 0], WAYS[way, 1], WAYS[way, 2]), runs, table)
        table[0] = 0
        _tell(table, told)
        for at in range(chosen.size):
            made[at, n] = told[chosen[at]]


@inlined
def _count(
    box: NDArray[np.int16],
    way: tuple[int, int, int],
    runs: NDArray[np.int16],
    table: NDArray[np.int64],
) -> None:
    """Add the runs along one direction; `runs` holds how long the run of each voxel is so far."""
    dk, di, dj = way
    for k in range(1, box.shape[0] - 1):
        for i in range(1, box.shape[1] - 1):
            for j in range(1, box.shape[2] - 1):
                level = box[k, i, j]
                before = runs[k - dk, i - di, j - dj]
                same = box[k - dk, i - di, j - dj] == level
                length = before + 1 if same and level > 0 else 1
                runs[k, i, j] = length
                table[level, length] += 1
                # the run that now goes on is not one of its own
                table[level, length - 1] -= length > 1


@inlined
def _tell(table: NDArray[np.int64], told: NDArray[np.float64]) -> None:
    """Features of the matrix of runs (levels, lengths); row and column 0 are empty."""
    told[:] = 0.0
    runs, voxels, uneven, grey, squares, spent = 0.0, 0.0, 0.0, 0.0, 0.0, 0.0
    for level in range(1, table.shape[0]):
        here = 0
        low, high = 1.0 / (level * level), float(level * level)
        for length in range(1, table.shape[1]):
            count = table[level, length]
            if count == 0:
                continue
            here += count
            many, short, long = float(count), 1.0 / (length * length), float(length * length)
            voxels += many * length
            told[0] += many * short
            told[1] += many * long
            told[4] += many * short * low
            told[5] += many * short * high
            told[6] += many * long * low
            told[7] += many * long * high
            spent += many * np.log2(many)
        told[2] += here * low
        told[3] += here * high
        runs += here
        grey += float(here) * level
        squares += float(here) * high
        uneven += float(here) * here
    lengths = 0.0
    for length in range(1, table.shape[1]):
        here = 0
        for level in range(1, table.shape[0]):
            here += table[level, length]
        lengths += float(here) * here
    mean = voxels / runs
    told[13] = squares / runs - (grey / runs) * (grey / runs)
    told[14] = told[1] / runs - mean * mean
    for at in range(8):
        told[at] /= runs
    told[8] = uneven / runs
    told[9] = uneven / (runs * runs)
    told[10] = lengths / runs
    told[11] = lengths / (runs * runs)
    told[12] = runs / voxels
    told[15] = np.log2(runs) - spent / runs
