"""Minkowski functionals about each voxel, weighted by elongated kernels turned to directions."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ....core import BadSetting, EmptyRegion, Mask, Method
from .cells import (
    PLANE,
    SOLID,
    Functional,
    PlaneFunctional,
    checked_axis,
    densities,
    inside,
    plane_weights,
    solid_weights,
)
from .directional import Directional
from .directions import half_circle, half_sphere

ANISOTROPIC_METHOD = Method(
    "anisotropic-minkowski-functionals",
    "The functional that voxels of the phase bear is averaged about each of them under a Gaussian "
    "twice as long as wide, turned to 13 directions (in slices: 8 angles); the values, set off "
    "along their directions, give a tensor and its fractional anisotropy.",
    "doi:10.48550/arXiv.2004.01185",
    "Introducing anisotropic Minkowski functionals and quantitative anisotropy measures for local "
    "structure analysis in biomedical imaging. SPIE Medical Imaging 2013; arXiv:2004.01185.",
)

ELONGATION = 2.0
"""Length ÷ width of the kernel where none is given; docs/concepts/minkowski.md says why 2."""

LEAST_WIDTH = 0.7
"""Standard deviation across the kernel, ÷ the largest spacing, that voxels can still show."""

REACH = 2.0
"""Standard deviations on either side within which a region must hold the kernel."""

PADDING = 4.0
"""Standard deviations added to the image so that its ends do not see each other."""

FAINT = 1e-3
"""Least share of a kernel that lies in the region, kept from zero where rounding makes it less."""

ROUNDING = 1e-5
"""Part of the largest value below which a value is rounding of the transforms."""


@dataclass(frozen=True)
class Kernel:
    """A Gaussian that is longer along one direction than across it.

    Attributes
    ----------
    width : float
        Standard deviation across its direction, in mm.
    length : float
        Standard deviation along its direction, in mm; not below `width`.
    """

    width: float
    length: float


def solid_directions(
    phase: Mask,
    *,
    region: Mask | None = None,
    functional: Functional = "volume",
    kernel: Kernel | None = None,
) -> Directional:
    """A functional of a solid about each of its voxels, in 13 directions.

    Each voxel of the phase bears its part of the functional: its own volume, its free faces, and
    its share of what edges and corners add. About a voxel, and for each direction, these parts
    are averaged under a Gaussian that lies along the direction and is cut by the region, so that
    the shape of the region has no say.

    Parameters
    ----------
    phase : Mask of shape (i, j, k)
        Voxels at and above a threshold.
    region : Mask of shape (i, j, k), optional
        Where to measure; None is the whole image. Its border is no surface.
    functional : {"volume", "surface", "breadth", "euler"}
        Which one. `"volume"` finds directions in voxels of any sides; the others see the steps
        of the voxels and want them to be cubes.
    kernel : Kernel, optional
        In mm; None is as wide as the longest side of a voxel, and twice as long.

    Returns
    -------
    Directional
        One value per direction and voxel of the phase, a mm³; directions in patient coordinates.

    Raises
    ------
    EmptyRegion
        If the region has no voxel, or none of the phase.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If the functional has another name, the kernel is narrower than 0.7 voxels or shorter
        than wide, or the region is too narrow for it.
    """
    if functional not in SOLID:
        raise BadSetting(f"functionals of a solid are {', '.join(SOLID)}; got {functional!r}.")
    weights = solid_weights(phase.grid.spacing)[SOLID.index(functional)]
    directions, shares = half_sphere()
    voxel = phase.grid.voxel_volume
    return _measured(phase, region, weights / voxel, kernel, (directions, shares), (0, 1, 2))


def slice_directions(
    phase: Mask,
    *,
    region: Mask | None = None,
    functional: PlaneFunctional = "area",
    kernel: Kernel | None = None,
    axis: int = 2,
    angles: int = 8,
) -> Directional:
    """A functional of slices about each voxel of the phase, at some angles in the slice.

    Parameters
    ----------
    phase, region
        As for `solid_directions`.
    functional : {"area", "perimeter", "euler"}
        Which one.
    kernel : Kernel, optional
        In mm; None is as wide as the longer side of a pixel, and twice as long.
    axis : int
        The axis that slices lie across.
    angles : int
        Angles in the half circle, 3 and more.

    Returns
    -------
    Directional
        One value per angle and voxel of the phase, a mm².

    Raises
    ------
    EmptyRegion, GridMismatch, BadSetting
        As for `solid_directions`.
    """
    if functional not in PLANE:
        raise BadSetting(f"functionals of a slice are {', '.join(PLANE)}; got {functional!r}.")
    spacing = phase.grid.spacing
    checked_axis(axis)
    weights = plane_weights(spacing, axis)[PLANE.index(functional)]
    within, shares = half_circle(angles, axis)
    axes = tuple(n for n in range(3) if n != axis)
    pixel = float(np.prod(spacing[list(axes)]))
    # angles are those of the slice, whichever way it lies in the patient
    directions = within @ phase.grid.direction.T
    return _measured(phase, region, weights / pixel, kernel, (directions, shares), axes)


def _measured(
    phase: Mask,
    region: Mask | None,
    weights: NDArray[np.float64],
    kernel: Kernel | None,
    directions: tuple[NDArray[np.float64], NDArray[np.float64]],
    axes: tuple[int, ...],
) -> Directional:
    within = inside(region, phase)
    box = _box(within)
    spacing = phase.grid.spacing
    used = _checked(kernel, spacing[list(axes)], _sides(box, spacing)[list(axes)])
    where = phase.values & within
    if not where.any():
        raise EmptyRegion(
            "the region holds no voxel of the phase; about none can functionals be had. "
            "Lower the threshold."
        )
    borne = densities(phase.values, weights)[box]
    along = directions[0] @ phase.grid.direction
    values = np.empty((int(where.sum()), len(along)), np.float32)
    averages = _averages(borne, within[box], spacing, used, (along, axes))
    for column, average in enumerate(averages):
        values[:, column] = average[where[box]]
    values[np.abs(values) <= ROUNDING * np.abs(values).max()] = 0
    return Directional(where, values, *directions, phase.grid, len(axes))


def _box(within: NDArray[np.bool_]) -> tuple[slice, slice, slice]:
    """The smallest box around the voxels of a region."""
    ends = []
    for axis in range(3):
        others = tuple(n for n in range(3) if n != axis)
        there = np.flatnonzero(within.any(axis=others))
        ends.append(slice(int(there[0]), int(there[-1]) + 1))
    return ends[0], ends[1], ends[2]


def _sides(box: tuple[slice, slice, slice], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.array([part.stop - part.start for part in box]) * spacing


def _checked(
    kernel: Kernel | None, spacing: NDArray[np.float64], sides: NDArray[np.float64]
) -> Kernel:
    """The kernel, having checked that voxels can show it and the region can hold it."""
    largest = float(spacing.max())
    used = kernel or Kernel(largest, ELONGATION * largest)
    if not LEAST_WIDTH * largest <= used.width <= used.length < np.inf:
        raise BadSetting(
            f"a kernel of width {used.width:g} and length {used.length:g} mm does not do: it must "
            f"be at least {LEAST_WIDTH * largest:.3g} mm wide here, and not shorter than wide."
        )
    if 2 * REACH * used.length > sides.min():
        raise BadSetting(
            f"the kernel is {2 * REACH * used.length:.3g} mm long, the region only "
            f"{sides.min():.3g} mm wide. Take a smaller kernel, finer voxels or a larger region."
        )
    return used


def _averages(
    borne: NDArray[np.float64],
    within: NDArray[np.bool_],
    spacing: NDArray[np.float64],
    kernel: Kernel,
    turned: tuple[NDArray[np.float64], tuple[int, ...]],
) -> Iterator[NDArray[np.float32]]:
    """The mean of `borne` over the region under the kernel, for one direction after the other."""
    along, axes = turned
    lengths = [
        fft.next_fast_len(int(np.ceil(borne.shape[n] + PADDING * kernel.length / spacing[n])), True)
        for n in axes
    ]
    waves = _waves(lengths, spacing, axes)
    part = np.asarray(borne * within, np.float32)
    transforms = [fft.rfftn(x, lengths, axes) for x in (part, within.astype(np.float32))]
    inner = tuple(slice(0, n) for n in borne.shape)
    across = np.exp(-0.5 * kernel.width**2 * sum(wave**2 for wave in waves.values()))
    stretch = -0.5 * (kernel.length**2 - kernel.width**2)
    for direction in along:
        ahead = sum(np.float32(direction[n]) * wave for n, wave in waves.items())
        gain = across * np.exp(np.float32(stretch) * ahead**2)
        total, held = (fft.irfftn(x * gain, lengths, axes)[inner] for x in transforms)
        yield total / np.maximum(held, np.float32(FAINT))


def _waves(
    lengths: list[int], spacing: NDArray[np.float64], axes: tuple[int, ...]
) -> dict[int, NDArray[np.float32]]:
    """Wave numbers along each axis, in 1/mm, lying so that they add up to an array."""
    waves = {}
    for axis, length in zip(axes, lengths, strict=True):
        last = axis == axes[-1]
        numbers = (fft.rfftfreq if last else fft.fftfreq)(length, spacing[axis])
        shape = [1, 1, 1]
        shape[axis] = numbers.size
        waves[axis] = np.asarray(2 * np.pi * numbers, np.float32).reshape(shape)
    return waves
