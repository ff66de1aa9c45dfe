"""What each corner, edge, face and voxel of a solid adds to its Minkowski functionals."""

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Mask, UnsuitableScan, Volume
from ...structure.amounts.configurations import BITS, KINDS, PATTERNS, around

Functional = Literal["volume", "surface", "breadth", "euler"]
"""Functionals of a solid, in mm³, mm², mm and 1."""

PlaneFunctional = Literal["area", "perimeter", "euler"]
"""Functionals of a slice, in mm², mm and 1."""

SOLID: tuple[Functional, ...] = ("volume", "surface", "breadth", "euler")
PLANE: tuple[PlaneFunctional, ...] = ("area", "perimeter", "euler")

CORNER = KINDS - 1
"""The kind of cell around which voxels differ along all three axes."""


def solid_weights(spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    """What a cell of each kind adds to the four functionals of a solid.

    Parameters
    ----------
    spacing : (3,) array
        Sides of a voxel in mm.

    Returns
    -------
    (4, 8) float64 array
        Rows are volume (mm³), surface (mm²), breadth (mm), Euler number; columns are kinds.
    """
    weights = np.zeros((4, KINDS))
    volume = float(np.prod(spacing))
    weights[0, 0] = volume
    for axis in range(3):
        face = volume / spacing[axis]
        weights[1, 0] -= 2 * face
        weights[1, 1 << axis] += 2 * face
        # breadth along an axis: edges along it − faces along it + voxels, each as long as a voxel
        weights[2, 0] += spacing[axis]
        weights[2, CORNER ^ 1 << axis] += spacing[axis]
        for other in range(3):
            if other != axis:
                weights[2, 1 << other] -= spacing[axis]
    weights[3] = [(-1) ** (3 - kind.bit_count()) for kind in range(KINDS)]
    return weights


def plane_weights(spacing: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
    """What a cell of each kind adds to the three functionals of slices across an axis.

    Corners of pixels are edges of voxels along the axis, edges of pixels faces along it.

    Parameters
    ----------
    spacing : (3,) array
        Sides of a voxel in mm.
    axis : int
        The axis that the slices lie across.

    Returns
    -------
    (3, 8) float64 array
        Rows are area (mm²), perimeter (mm), Euler number; columns are kinds.
    """
    checked_axis(axis)
    first, second = (other for other in range(3) if other != axis)
    weights = np.zeros((3, KINDS))
    weights[0, 0] = spacing[first] * spacing[second]
    weights[1, 0] = -2 * (spacing[first] + spacing[second])
    weights[1, 1 << first] = 2 * spacing[second]
    weights[1, 1 << second] = 2 * spacing[first]
    weights[2, 0] = weights[2, 1 << first | 1 << second] = 1
    weights[2, 1 << first] = weights[2, 1 << second] = -1
    return weights


def checked_axis(axis: int) -> int:
    """`axis`, having checked that an array has it."""
    if axis not in (0, 1, 2):
        raise BadSetting(f"slices lie across axis 0, 1 or 2 of the volume; got {axis}.")
    return axis


def borne_by_phase() -> NDArray[np.float64]:
    """Cells that each phase voxel of a pattern bears, dealt out to phase voxels alone, (8, 256, 8).

    Over the eight blocks around a voxel they add up to: 1 for itself, for each of its faces,
    edges and corners 1 ÷ the phase voxels around it.
    """
    borne = np.zeros((KINDS, PATTERNS, 8))
    for kind in range(KINDS):
        for voxel in range(8):
            beside = around(kind, voxel)
            sharing = np.maximum(BITS[:, beside].sum(axis=1), 1)
            borne[kind, :, voxel] = BITS[:, voxel] * len(beside) / 8 / sharing
    return borne


def densities(phase: NDArray[np.bool_], weights: NDArray[np.float64]) -> NDArray[np.float64]:
    """The part of a functional that each phase voxel bears.

    Beyond the image the phase is taken to go on straight.

    Parameters
    ----------
    phase : (i, j, k) bool array
        True in the phase.
    weights : (8,) array
        What a cell of each kind adds to the functional.

    Returns
    -------
    (i, j, k) float64 array
        0 outside the phase; of a phase that ends within the image they add up to its functional.
    """
    table = np.tensordot(weights, borne_by_phase(), 1)
    wide = np.pad(phase, 1, mode="edge").view(np.uint8)
    patterns = np.zeros([n + 1 for n in phase.shape], np.uint8)
    for octant in range(8):
        patterns |= wide[_shifted(octant, patterns.shape)] << np.uint8(octant)
    borne = np.zeros(phase.shape)
    for octant in range(8):
        borne += table[:, octant][patterns[_shifted(octant ^ CORNER, phase.shape)]]
    return borne


def _shifted(octant: int, shape: tuple[int, ...]) -> tuple[slice, ...]:
    """The part of an array of `shape` that starts one later along the axes of an octant."""
    starts = [octant >> axis & 1 for axis in range(3)]
    return tuple(slice(start, start + n) for start, n in zip(starts, shape, strict=True))


def inside(region: Mask | None, phase: Mask) -> NDArray[np.bool_]:
    """Voxels of a region that lies on the grid of `phase` and is not empty."""
    if region is None:
        return np.ones(phase.values.shape, np.bool_)
    region.on(phase.grid, name="the region")
    if not region.values.any():
        raise EmptyRegion("the region has no voxel; Minkowski functionals need at least one.")
    return region.values


def above(volume: Volume, threshold: float, region: Mask | None = None) -> Mask:
    """Voxels at and above a threshold.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        Grey values.
    threshold : float
        Least value that counts, in the unit of the volume.
    region : Mask of shape (i, j, k), optional
        Where values must be finite numbers; elsewhere missing values lie below every threshold.

    Returns
    -------
    Mask
        On the grid of the volume.

    Raises
    ------
    BadSetting
        If the threshold is no number.
    GridMismatch, EmptyRegion
        If the region lies on another grid, or has no voxel.
    UnsuitableScan
        If values of the region are missing (not finite).
    """
    if np.isnan(threshold):
        raise BadSetting("the threshold is not a number; give it in the unit of the volume.")
    finite_in(volume, region)
    return Mask(np.asarray(volume.values >= threshold), volume.grid)


def finite_in(volume: Volume, region: Mask | None) -> NDArray[np.float64]:
    """Values of the region in the order of its voxels, (n,), all finite."""
    whole = Mask(np.ones(volume.values.shape, np.bool_), volume.grid)
    values = np.asarray(volume.values[inside(region, whole)], np.float64)
    if missing := int(np.count_nonzero(~np.isfinite(values))):
        raise UnsuitableScan(
            f"{missing} of {values.size} voxels of the region have no finite value. "
            "Leave them out of the region."
        )
    return values
