"""What lies around the voxels of one window: grey tone differences and dependences."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled
from ...families.ngtdm import COARSEST
from .box import Box
from .table import FEATURES, table_features

Around = tuple[NDArray[np.int16], NDArray[np.int16], NDArray[np.int32]]
"""Of each place: neighbours of its level, neighbours in the region, and sum of their levels."""

DEPENDENTS = 27
"""A voxel and its neighbours."""


@compiled
def look_around(box: Box, steps: NDArray[np.int64]) -> Around:
    """Count the neighbours of every place of a window.

    Parameters
    ----------
    box : Box
        The window.
    steps : (13,) int64 array
        From a place to its neighbours that come after it, the last of them the farthest.
    """
    flat = box[0]
    same, others = np.zeros(flat.size, np.int16), np.zeros(flat.size, np.int16)
    total = np.zeros(flat.size, np.int32)
    around = (same, others, total)
    for step in steps:
        _add(flat, step, steps.max(), around)
        _add(flat, -step, steps.max(), around)
    return around


@compiled
def _add(flat: NDArray[np.int16], step: int, edge: int, around: Around) -> None:
    """Add the neighbours one step away, for all places that have all neighbours."""
    last = flat.size - edge
    here, there = flat[edge:last], flat[edge + step : last + step]
    same, others, total = around[0][edge:last], around[1][edge:last], around[2][edge:last]
    for n in range(here.size):
        same[n] += np.int16(here[n] == there[n])
        others[n] += np.int16(there[n] > 0)
        total[n] += np.int32(there[n])


@compiled
def tone_features(box: Box, around: Around, count: int, told: NDArray[np.float64]) -> None:
    """Grey tone differences, as `families.ngtdm.ngtdm_features` has them; NaN without neighbours.

    Parameters
    ----------
    box, around
        The window and its neighbours.
    count : int
        Levels that there may be.
    told : (5,) float64 array
        Gets the features.
    """
    flat, _, where, _ = box
    _, others, total = around
    voxels, away = np.zeros(count + 1), np.zeros(count + 1)
    for at in where:
        if others[at] > 0:
            level = int(flat[at])
            voxels[level] += 1.0
            away[level] += abs(level - total[at] / others[at])
    present = np.flatnonzero(voxels)
    if present.size == 0:
        told[:] = np.nan
        return
    _tell(present, voxels[present] / voxels.sum(), away[present], voxels.sum(), told)


@compiled
def _tell(
    present: NDArray[np.int64],
    share: NDArray[np.float64],
    away: NDArray[np.float64],
    many: float,
    told: NDArray[np.float64],
) -> None:
    """Features of the levels that are there, their shares and sums of differences."""
    weighted, contrast, busyness, complexity, strength = 0.0, 0.0, 0.0, 0.0, 0.0
    for n in range(present.size):
        weighted += share[n] * away[n]
        for m in range(n):
            gap, both = float(present[n] - present[m]), share[n] + share[m]
            contrast += share[n] * share[m] * gap * gap
            busyness += abs(present[n] * share[n] - present[m] * share[m])
            complexity += gap * (share[n] * away[n] + share[m] * away[m]) / both
            strength += both * gap * gap
    total, levels = away.sum(), float(present.size)
    told[:] = 0.0
    told[0] = 1.0 / max(weighted, 1.0 / COARSEST)
    if levels > 1.0:
        told[1] = 2.0 * contrast / (levels * (levels - 1.0)) * total / many
    told[2] = 0.5 * weighted / busyness if busyness > 0.0 else 0.0
    told[3] = 2.0 * complexity / many
    told[4] = 2.0 * strength / total if total > 0.0 else 0.0


@compiled
def dependence_features(
    box: Box, around: Around, count: int, xlog: NDArray[np.float64], told: NDArray[np.float64]
) -> None:
    """Dependence features, as `families.ngldm.ngldm_features` has them.

    Parameters
    ----------
    box, around
        The window and its neighbours.
    count : int
        Levels that there may be.
    xlog : (n,) float64 array
        n · log2 n.
    told : (17,) float64 array
        Gets the features.
    """
    flat, _, where, _ = box
    same = around[0]
    table = np.zeros((count + 1, DEPENDENTS), np.int32)
    for at in where:
        table[flat[at], same[at]] += 1
    voxels, squares = float(where.size), 0.0
    table_features(table, np.arange(1.0, DEPENDENTS + 1), voxels, xlog, told)
    for n in table.reshape(-1):
        squares += float(n) * n
    told[FEATURES] = squares / (voxels * voxels)
