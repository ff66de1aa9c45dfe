"""Minkowski functionals in a sliding window."""

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import parallel, prange
from ...structure.amounts.configurations import cell_shares
from ..minkowski.cells import PLANE, SOLID, plane_weights, solid_weights
from .prepared import Prepared
from .window import Places

OCTANTS = 8
"""Blocks that a voxel lies in."""

_NAME = re.compile(
    rf"minkowski_(?:(?=3d_(?:{'|'.join(SOLID)})_)|(?=2d_(?:{'|'.join(PLANE)})_))"
    r"(3d|2d)_([a-z]+)_([1-9])"
)


def is_minkowski(name: str, thresholds: int) -> bool:
    """Whether a name is that of a functional at one of so many thresholds."""
    found = _NAME.fullmatch(name)
    return found is not None and int(found[3]) <= thresholds


def minkowski_maps(
    region: Prepared,
    thresholds: Sequence[float],
    places: Places,
    names: Sequence[str],
    *,
    axis: int = 2,
) -> dict[str, NDArray[np.float32]]:
    """Functionals of the voxels at and above a threshold, a mm³ (in slices a mm²) of each window.

    Each cell counts by the share of the voxels around it that lie in the window and the region:
    neither border is a surface, and windows add up, as of
    `osteon.features.texture.minkowski.isotropic.solid_functionals` with the border ``"open"``.
    What each voxel bears of a functional is therefore worked out once, and added up in boxes.

    Parameters
    ----------
    region : Prepared
        The region.
    thresholds : sequence of float
        In the unit of the image.
    places : Places
        The windows.
    names : sequence of str
        Such as ``minkowski_3d_surface_5``: that at the fifth threshold.
    axis : int
        The axis that slices lie across.

    Returns
    -------
    dict of str to array
        On the grid of `places`; 0 where the middle lies outside the region.
    """
    spacing, shares = region.grid.spacing, cell_shares()
    voxel = float(np.prod(spacing))
    solid = dict(zip(SOLID, solid_weights(spacing), strict=True))
    plane = dict(zip(PLANE, plane_weights(spacing, axis) * spacing[axis], strict=True))
    counted = np.ascontiguousarray(region.counted)
    asked = [(name, match) for name in names if (match := _NAME.fullmatch(name))]
    made: dict[str, NDArray[np.float32]] = {}
    for step in sorted({int(match[3]) for _, match in asked}):
        patterns = np.zeros([n + 1 for n in counted.shape], np.uint8)
        _see(region.source, region.start, float(thresholds[step - 1]), patterns)
        for name, match in asked:
            if int(match[3]) == step:
                weights = solid[match[2]] if match[1] == "3d" else plane[match[2]]
                table = np.tensordot(weights / voxel / OCTANTS, shares, 1)
                made[name] = _windowed(patterns, counted, places, table)
    return {name: made[name] for name in names}


@parallel
def _see(
    source: NDArray[Any], start: NDArray[np.int64], threshold: float, patterns: NDArray[np.uint8]
) -> None:
    """Which of the eight voxels of each block reach the threshold, a bit each.

    Beyond the image its voxels go on straight.
    """
    last = np.array(source.shape) - 1
    for i in prange(patterns.shape[0]):
        for octant in range(8):
            a = min(max(start[0] + i - 1 + (octant & 1), 0), last[0])
            bit = np.uint8(1 << octant)
            for j in range(patterns.shape[1]):
                b = min(max(start[1] + j - 1 + (octant >> 1 & 1), 0), last[1])
                for k in range(patterns.shape[2]):
                    c = min(max(start[2] + k - 1 + (octant >> 2), 0), last[2])
                    if source[a, b, c] >= threshold:
                        patterns[i, j, k] |= bit


def _windowed(
    patterns: NDArray[np.uint8],
    counted: NDArray[np.bool_],
    places: Places,
    table: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Mean over the voxels of each window of what each of them bears."""
    borne = counted.astype(np.float64)
    cut = tuple(slice(int(a), None, int(b)) for a, b in zip(places.first, places.step, strict=True))
    _add_boxes(borne, places.radii)
    # whole numbers below 2 to the 24th are exact
    made = np.ascontiguousarray(borne[cut], np.float32)
    _bear(patterns, counted, table, borne)
    _add_boxes(borne, places.radii)
    np.divide(borne[cut], made, out=made, where=counted[cut], casting="same_kind")
    made[~counted[cut]] = 0.0
    return made


@parallel
def _bear(
    patterns: NDArray[np.uint8],
    counted: NDArray[np.bool_],
    table: NDArray[np.float64],
    borne: NDArray[np.float64],
) -> None:
    """What each voxel that counts has of the cells of the eight blocks it lies in."""
    for i in prange(borne.shape[0]):
        borne[i] = 0.0
        for octant in range(8):
            di, dj, dk = 1 - (octant & 1), 1 - (octant >> 1 & 1), 1 - (octant >> 2)
            for j in range(borne.shape[1]):
                for k in range(borne.shape[2]):
                    if counted[i, j, k]:
                        borne[i, j, k] += table[patterns[i + di, j + dj, k + dk], octant]


def _add_boxes(values: NDArray[np.float64], radii: NDArray[np.int64]) -> None:
    """Replace each value by the sum of the box around it."""
    for axis in range(3):
        _add_lines(np.moveaxis(values, axis, 2), int(radii[axis]))


@parallel
def _add_lines(values: NDArray[np.float64], radius: int) -> None:
    """Replace each value by the sum of those at most `radius` away along the last axis."""
    many = values.shape[2]
    for i in prange(values.shape[0]):
        total = np.zeros(many + 1)
        for j in range(values.shape[1]):
            for k in range(many):
                total[k + 1] = total[k] + values[i, j, k]
            for k in range(many):
                values[i, j, k] = total[min(k + radius + 1, many)] - total[max(k - radius, 0)]
