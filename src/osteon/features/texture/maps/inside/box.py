"""The voxels of one window, laid out with a border of nothing around them."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled
from ...families.directions import DIRECTIONS
from ..binning import level_of

Box = tuple[NDArray[np.int16], NDArray[np.uint8], NDArray[np.int64], NDArray[np.float64]]
"""Level of each place of a window and its border, 0 outside; 1 in the region as it was drawn;
places of the n voxels that count, ascending; and their n grey values."""

Seen = tuple[
    NDArray[np.floating],
    NDArray[np.bool_],
    NDArray[np.bool_],
    NDArray[np.int16],
    NDArray[np.float64],
]
"""Grey values, voxels that count, the region as drawn, levels of the whole region (or an empty
array where each window has its own), and means of the sphere around each voxel (or an empty
array)."""


def steps_of(radii: NDArray[np.int64]) -> NDArray[np.int64]:
    """Steps from a place to the 13 neighbours that come after it, (13,)."""
    _, rows, columns = 2 * radii + 3
    return np.asarray(DIRECTIONS @ np.array([rows * columns, columns, 1]))


@compiled
def gather(seen: Seen, middle: NDArray[np.int64], radii: NDArray[np.int64]) -> Box:
    """Lay out the window around a middle, with its levels if they are the region's."""
    values, counted, drawn, levels, _ = seen
    rows, columns = 2 * radii[1] + 3, 2 * radii[2] + 3
    flat = np.zeros((2 * radii[0] + 3) * rows * columns, np.int16)
    within = np.zeros(flat.size, np.uint8)
    where = np.empty(np.prod(2 * radii + 1), np.int64)
    inside = np.empty(where.size, np.float64)
    many = 0
    low, high = middle - radii, middle + radii + 1
    for i in range(max(low[0], 0), min(high[0], values.shape[0])):
        for j in range(max(low[1], 0), min(high[1], values.shape[1])):
            row = ((i - low[0] + 1) * rows + j - low[1] + 1) * columns + 1 - low[2]
            for k in range(max(low[2], 0), min(high[2], values.shape[2])):
                within[row + k] = drawn[i, j, k]
                if counted[i, j, k]:
                    where[many] = row + k
                    inside[many] = values[i, j, k]
                    if levels.size > 0:
                        flat[row + k] = levels[i, j, k]
                    many += 1
    return flat, within, where[:many], inside[:many]


@compiled
def bin_alone(box: Box, rule: NDArray[np.float64]) -> int:
    """Give a window levels of its own; returns how many there may be.

    Parameters
    ----------
    box : Box
        The window.
    rule : (5,) float64 array
        Of the region's `Binning`.
    """
    flat, _, where, inside = box
    own = own_rule(rule, inside.min(), inside.max())
    most = 1
    for n in range(where.size):
        level = level_of(inside[n], own)
        flat[where[n]] = level
        most = max(most, level)
    return int(own[3]) if own[0] == 1.0 else most


@compiled
def own_rule(rule: NDArray[np.float64], low: float, high: float) -> NDArray[np.float64]:
    """The rule that a region leads to for values from `low` to `high` on their own."""
    own = rule.copy()
    own[2] = high
    if rule[0] == 1.0 or rule[4] == 1.0:
        own[1] = low
    return own
