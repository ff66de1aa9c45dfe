"""Image and mask at another voxel size, the new voxels centred on the old ones."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core import Grid
from .settings import Interpolation, Kernel

ORDERS: dict[Kernel, int] = {"nearest": 0, "linear": 1, "cubic": 3}
"""Degree of the spline for each interpolation."""

SPLINE_REACH = 24
"""Voxels over which a cubic spline forgets what lies beyond: their weight falls below 1e-13."""

ALMOST = 1e-9
"""What rounding may take from a share of exactly one half."""


def target_grid(grid: Grid, settings: Interpolation) -> Grid:
    """Grid of the new voxel size that covers `grid` and has its centre (IBSI 1, section 2.4).

    Parameters
    ----------
    grid : Grid
        Where the image lies.
    settings : Interpolation
        New voxel size in mm.

    Returns
    -------
    Grid
        As many voxels along each axis as cover the image; the same axes.
    """
    wanted = np.array(
        [
            own if new is None else new
            for own, new in zip(grid.spacing, settings.spacing, strict=True)
        ]
    )
    # 60 × 3 mm are 90 × 2 mm, even where the division leaves a rest of one bit
    shape = [
        max(1, math.ceil(round(n * own / new, 6)))
        for n, own, new in zip(grid.shape, grid.spacing, wanted, strict=True)
    ]
    i, j, k = shape
    first = (np.array(grid.shape) - 1) / 2 - (np.array(shape) - 1) / 2 * wanted / grid.spacing
    return Grid((i, j, k), grid.to_world(first), grid.direction, wanted)


def interpolated(
    values: NDArray[np.float64], grid: Grid, onto: Grid, kernel: Kernel
) -> NDArray[np.float64]:
    """Values at the voxel centres of another grid with the same axes, not smoothed before.

    Parameters
    ----------
    values : (i, j, k) float64 array
        Values on `grid`; beyond it the outermost ones go on.
    grid, onto : Grid
        Where the values lie and where they are wanted; parallel axes.
    kernel : {"nearest", "linear", "cubic"}
        Interpolation.

    Returns
    -------
    (i, j, k) float64 array
        On `onto`.
    """
    start = grid.to_index(onto.origin)
    if kernel == "cubic":
        step = onto.spacing / grid.spacing
        placed: NDArray[np.float64] = ndimage.affine_transform(
            values, step, start, onto.shape, order=3, mode="nearest"
        )
        return placed
    for axis in range(3):
        at = start[axis] + np.arange(onto.shape[axis]) * onto.spacing[axis] / grid.spacing[axis]
        values = _along(values, at, axis, kernel)
    return values


def _along(
    values: NDArray[np.float64], at: NDArray[np.float64], axis: int, kernel: Kernel
) -> NDArray[np.float64]:
    """Values at the places `at` along one axis."""
    last = values.shape[axis] - 1
    # whole places that a division missed by a bit are whole
    whole = np.rint(at)
    at = np.clip(np.where(np.abs(at - whole) < ALMOST, whole, at), 0, last)
    if at.size == last + 1 and (at == np.arange(at.size)).all():
        return values
    if kernel == "nearest":
        return values.take(np.rint(at).astype(np.int64), axis=axis)
    below = at.astype(np.int64)
    weight = (at - below).reshape([-1 if a == axis else 1 for a in range(3)])
    low = values.take(below, axis=axis)
    # on a voxel's centre its neighbour has no say, not even one that is not a number
    high = values.take(below + (at > below), axis=axis)
    return np.asarray(low * (1.0 - weight) + high * weight)


def part_around(grid: Grid, onto: Grid, box: tuple[slice, slice, slice]) -> tuple[slice, ...]:
    """Voxels of `grid` that a box of voxels of `onto` is interpolated from.

    Parameters
    ----------
    grid, onto : Grid
        Old and new grid, parallel axes.
    box : tuple of three slices
        Voxels of `onto`.

    Returns
    -------
    tuple of three slices
        Voxels of `grid`, at least one along each axis.
    """
    scale = onto.spacing / grid.spacing
    start = grid.to_index(onto.origin)
    cuts = []
    for axis in range(3):
        low = start[axis] + box[axis].start * scale[axis] - SPLINE_REACH
        high = start[axis] + (box[axis].stop - 1) * scale[axis] + SPLINE_REACH
        first = min(max(math.floor(low), 0), grid.shape[axis] - 1)
        cuts.append(slice(first, min(max(math.ceil(high) + 1, first + 1), grid.shape[axis])))
    return tuple(cuts)
