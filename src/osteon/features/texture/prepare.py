"""From a scan and a mask to the region that features are taken from."""

import math

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, Box, EmptyRegion, Grid, Mask, UnsuitableScan, Volume
from .interpolation import ALMOST, interpolated, part_around, target_grid
from .region import TextureRegion, bounds
from .settings import Interpolation, Resegmentation, TextureSettings

PEAK_RADIUS_MM = 10.0 * (3.0 / (4.0 * math.pi)) ** (1.0 / 3.0)
"""Radius of a sphere of 1 cm³: how far around a region local intensity looks."""

MOST_VOXELS = 500_000_000
"""New voxels that are made at most; grey values and region of so many take 8 GB."""

LARGEST = 1e60
"""Size up to which the fourth power of a grey value is a number."""


def prepare(volume: Volume, mask: Mask, settings: TextureSettings) -> TextureRegion:
    """Interpolate, round and re-segment a region.

    As in IBSI 1, section 2 (doi:10.48550/arXiv.1612.07003).

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image, in any unit.
    mask : Mask of shape (i, j, k)
        The region, on the image's grid.
    settings : TextureSettings
        Voxel size and limits.

    Returns
    -------
    TextureRegion
        The part of the image around the region.

    Raises
    ------
    GridMismatch
        If the mask lies on another grid.
    EmptyRegion
        If the mask has no voxel, or none is left of it.
    UnsuitableScan
        If a value in the region is not a number, or too large a one.
    """
    mask.on(volume.grid, name="the mask")
    if not mask.values.any():
        raise EmptyRegion("the mask has no voxel; texture needs at least 1.")
    values, drawn, grid = _regridded(volume, mask, settings.interpolation)
    limits = settings.resegmentation
    counted = kept(values, drawn, limits)
    return TextureRegion(values, counted, drawn, grid.spacing, grid, (limits.low, limits.high))


def kept(
    values: NDArray[np.float64], drawn: NDArray[np.bool_], limits: Resegmentation
) -> NDArray[np.bool_]:
    """The voxels of a region that re-segmentation keeps.

    Parameters
    ----------
    values : (i, j, k) float64 array
        Interpolated grey values.
    drawn : (i, j, k) bool array
        The region on their grid.
    limits : Resegmentation
        Which values count.

    Returns
    -------
    (i, j, k) bool array
        True in at least one voxel.

    Raises
    ------
    EmptyRegion
        If no voxel was, or is, left.
    UnsuitableScan
        If a value in the region is not a number, or too large a one.
    """
    if not drawn.any():
        raise EmptyRegion(
            "no voxel is left of the mask at the new voxel size; choose a smaller size or share."
        )
    inside = values[drawn]
    if wrong := int(np.count_nonzero(~(np.abs(inside) <= LARGEST))):
        raise UnsuitableScan(
            f"{wrong} of {inside.size} values in the region are no number or above {LARGEST:g}; "
            "mend or mask them."
        )
    counted = drawn.copy()
    counted[drawn] = _within(inside, limits)
    if not counted.any():
        raise EmptyRegion(
            f"none of {inside.size} values ({inside.min():g} to {inside.max():g}) is left by "
            "re-segmentation; widen its limits."
        )
    return counted


def resampled(
    volume: Volume, mask: Mask, settings: Interpolation, box: Box | None = None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], Grid]:
    """Image and mask at the new voxel size, all of them or a box of new voxels.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image.
    mask : Mask of shape (i, j, k)
        The region, on the same grid.
    settings : Interpolation
        New voxel size.
    box : tuple of three slices or None
        New voxels that are wanted; None is all.

    Returns
    -------
    values : (i, j, k) float64 array
        Grey values, rounded where the settings say so.
    inside : (i, j, k) bool array
        The region.
    grid : Grid
        Where they lie.

    Raises
    ------
    BadSetting
        If there would be more new voxels than memory is made for.
    UnsuitableScan
        If a spline meets a value that is not a finite number, in the region or not.
    """
    whole = target_grid(volume.grid, settings)
    wanted = box or tuple(slice(0, n) for n in whole.shape)
    onto = whole.part(_box(wanted))
    if (many := math.prod(onto.shape)) > MOST_VOXELS:
        sizes = " x ".join(f"{size:g}" for size in onto.spacing)
        raise BadSetting(
            f"voxels of {sizes} mm would be {many:.2g} around the region, at most "
            f"{MOST_VOXELS:.2g} are made; choose a larger spacing."
        )
    source = _box(part_around(volume.grid, whole, _box(wanted)))
    old = volume.grid.part(source)
    values = interpolated(_numbers(volume, source, settings), old, onto, settings.image)
    share = interpolated(mask.values[source].astype(np.float64), old, onto, settings.mask)
    if settings.rounded:
        values = np.rint(values)
    return values, share >= settings.share - ALMOST, onto


def _numbers(volume: Volume, source: Box, settings: Interpolation) -> NDArray[np.float64]:
    """Grey values to interpolate; what is no finite number spreads to its neighbours at most."""
    values = np.asarray(volume.values[source], np.float64)
    finite = np.isfinite(values)
    if finite.all():
        return values
    if settings.image == "cubic":
        raise UnsuitableScan(
            f"{np.count_nonzero(~finite)} values in or near the region are no finite numbers, and "
            "a spline spreads them everywhere; mend them, or interpolate 'linear'."
        )
    return np.where(finite, values, np.nan)


def _regridded(
    volume: Volume, mask: Mask, settings: Interpolation | None
) -> tuple[NDArray[np.float64], NDArray[np.bool_], Grid]:
    """Image and mask at the voxel size asked for, cut to what features need."""
    drawn = bounds(mask.values)
    first, stop = (np.array([getattr(cut, end) for cut in drawn]) for end in ("start", "stop"))
    if settings is None:
        box = _around(first, stop, volume.grid)
        values = np.asarray(volume.values[box], np.float64)
        return values, mask.values[box], volume.grid.part(box)
    whole = target_grid(volume.grid, settings)
    ends = whole.to_index(volume.grid.to_world([first - 1, stop]))
    low, high = np.floor(ends[0]).astype(int), np.ceil(ends[1]).astype(int) + 1
    return resampled(volume, mask, settings, _around(low, high, whole))


def _around(first: NDArray[np.int64], stop: NDArray[np.int64], grid: Grid) -> Box:
    """Box of voxels with all that local intensity sees of them."""
    reach = np.floor(PEAK_RADIUS_MM / grid.spacing + ALMOST).astype(int)
    low = np.clip(first - reach, 0, np.array(grid.shape) - 1)
    high = np.clip(stop + reach, low + 1, grid.shape)
    return _box([slice(int(a), int(b)) for a, b in zip(low, high, strict=True)])


def _box(cuts: list[slice] | tuple[slice, ...]) -> Box:
    i, j, k = cuts
    return i, j, k


def _within(values: NDArray[np.float64], limits: Resegmentation) -> NDArray[np.bool_]:
    """Which values of a region re-segmentation keeps."""
    low = -math.inf if limits.low is None else limits.low
    high = math.inf if limits.high is None else limits.high
    if limits.outliers is not None:
        mean, away = float(values.mean()), limits.outliers * float(values.std())
        low, high = max(low, mean - away), min(high, mean + away)
    return np.asarray((values >= low) & (values <= high))
