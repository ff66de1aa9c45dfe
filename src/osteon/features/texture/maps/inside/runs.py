"""Run length features of one window, averaged and merged over 13 directions."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled
from .box import Box
from .table import FEATURES, table_features


@compiled
def runs_of_box(
    box: Box,
    size: tuple[int, int],
    ways: tuple[NDArray[np.int64], NDArray[np.int64]],
    xlog: NDArray[np.float64],
    told: NDArray[np.float64],
) -> None:
    """Features averaged over directions, then those of the merged matrix.

    Parameters
    ----------
    box : Box
        The window.
    size : tuple of 2 int
        Levels that there may be, and the longest run.
    ways : tuple of (13,) and (2,) int64 arrays
        Steps from a place to its neighbours, and to the next along the first and second axis.
    xlog : (n,) float64 array
        n · log2 n.
    told : (32,) float64 array
        Gets the features.
    """
    flat, _, where, _ = box
    count, longest = size
    steps, strides = ways
    lengths = np.arange(1.0, longest + 1)
    behind, seats = np.zeros(flat.size, np.int16), np.zeros(flat.size, np.int32)
    ends = np.zeros(flat.size, np.int16)
    table = np.empty((count + 1, longest), np.int32)
    merged = np.zeros(table.shape, np.int32)
    one = np.empty(FEATURES)
    told[:] = 0.0
    for way in range(steps.size):
        table[:] = 0
        _follow(flat, steps[way], strides, behind)
        _place(flat, steps[way], longest, (behind, seats, ends))
        _count(where, seats, ends, table.reshape(-1))
        merged += table
        table_features(table, lengths, float(where.size), xlog, one)
        for at in range(FEATURES):
            told[at] += one[at]
    for at in range(FEATURES):
        told[at] /= steps.size
    table_features(merged, lengths, float(where.size) * steps.size, xlog, told[FEATURES:])


@compiled
def _follow(
    flat: NDArray[np.int16], step: int, strides: NDArray[np.int64], behind: NDArray[np.int16]
) -> None:
    """How many voxels of its run lie behind each place."""
    plane, row = strides[0], strides[1]
    if step <= row + 1:
        for at in range(step, flat.size):
            behind[at] = (behind[at - step] + 1) * int(flat[at] == flat[at - step])
        return
    # a plane sees none of what it writes itself
    for begin in range(plane, flat.size - plane, plane):
        first, last = begin + row + 1, begin + plane - row - 1
        here, there = flat[first:last], flat[first - step : last - step]
        now, before = behind[first:last], behind[first - step : last - step]
        for n in range(here.size):
            now[n] = np.int16(before[n] + 1) * np.int16(here[n] == there[n])


@compiled
def _place(
    flat: NDArray[np.int16],
    step: int,
    width: int,
    places: tuple[NDArray[np.int16], NDArray[np.int32], NDArray[np.int16]],
) -> None:
    """Where in a table the run of each place is counted, and whether it ends there."""
    behind, seats, ends = places
    here, there = flat[: flat.size - step], flat[step:]
    for n in range(here.size):
        seats[n] = np.int32(here[n] * width + behind[n])
        ends[n] = np.int16(here[n] != there[n])


@compiled
def _count(
    where: NDArray[np.int64],
    seats: NDArray[np.int32],
    ends: NDArray[np.int16],
    table: NDArray[np.int32],
) -> None:
    """Add each run where it ends."""
    for at in where:
        table[seats[at]] += ends[at]
