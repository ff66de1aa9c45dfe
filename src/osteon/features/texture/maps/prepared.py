"""A region made ready for windows in little memory."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import Box, EmptyRegion, Grid, Mask, UnsuitableScan, Volume
from ..interpolation import target_grid
from ..prepare import LARGEST, resampled
from ..region import Limits, bounds
from ..settings import Interpolation, Resegmentation, TextureSettings

SLAB = 8
"""Planes that are looked at, or resampled, at once."""

EXACT = 2.0**22
"""Size up to which whole numbers, and what a spline makes of them, are exact in 32 bits."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """Grey values of the box around a region, after interpolation and re-segmentation.

    Attributes
    ----------
    values : (i, j, k) array
        Grey values; those of the image itself where nothing is interpolated.
    counted : (i, j, k) bool array
        Voxels whose values count.
    drawn : (i, j, k) bool array
        The region as it was drawn.
    grid : Grid
        Where the voxels lie.
    span : tuple of 2 float
        Lowest and highest value that counts.
    whole : bool
        Whether all values that count are whole numbers.
    limits : tuple of 2 float or None
        Lowest and highest value that re-segmentation by range lets in.
    source : (i, j, k) array
        Grey values of the box and of what lies around it, as far as there are.
    start : (3,) int64 array
        Where in `source` the box begins.
    """

    values: NDArray[Any]
    counted: NDArray[np.bool_]
    drawn: NDArray[np.bool_]
    grid: Grid
    span: tuple[float, float]
    whole: bool
    limits: Limits
    source: NDArray[Any]
    start: NDArray[np.int64]


def prepared(volume: Volume, mask: Mask, settings: TextureSettings) -> Prepared:
    """The box around a region as `osteon.features.texture.prepare` makes it.

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
    Prepared
        The box, without what lies around it.

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
    if settings.interpolation is None:
        source, drawn, grid = volume.values, mask.values, volume.grid
    else:
        source, drawn, grid = _interpolated(volume, mask, settings.interpolation)
    box = bounds(drawn)
    values, drawn = source[box], drawn[box]
    limits = settings.resegmentation
    counted = _counted(values, drawn, limits)
    low, high, whole = math.inf, -math.inf, True
    for inside in _slabs(values, counted):
        low, high = min(low, float(inside.min())), max(high, float(inside.max()))
        whole = whole and bool((inside == np.floor(inside)).all())
    return Prepared(
        values=values,
        counted=counted,
        drawn=drawn,
        grid=grid.part(box),
        span=(low, high),
        whole=whole,
        limits=(limits.low, limits.high),
        source=source,
        start=np.array([cut.start for cut in box]),
    )


def _slabs(values: NDArray[Any], inside: NDArray[np.bool_]) -> Iterator[NDArray[np.float64]]:
    """Values inside, a few planes at a time; planes without one are passed over."""
    for first in range(0, len(values), SLAB):
        part = slice(first, first + SLAB)
        if inside[part].any():
            yield np.asarray(values[part][inside[part]], np.float64)


def _counted(
    values: NDArray[Any], drawn: NDArray[np.bool_], limits: Resegmentation
) -> NDArray[np.bool_]:
    """Which voxels re-segmentation keeps."""
    wrong, many, total = 0, 0, 0.0
    for inside in _slabs(values, drawn):
        wrong += int(np.count_nonzero(~(np.abs(inside) <= LARGEST)))
        many, total = many + inside.size, total + float(inside.sum() if not wrong else 0.0)
    if wrong:
        raise UnsuitableScan(
            f"{wrong} of {many} values in the region are no number or above {LARGEST:g}; "
            "mend or mask them."
        )
    low = -math.inf if limits.low is None else limits.low
    high = math.inf if limits.high is None else limits.high
    if limits.outliers is not None:
        mean = total / many
        square = sum(float(((inside - mean) ** 2).sum()) for inside in _slabs(values, drawn))
        away = limits.outliers * math.sqrt(square / many)
        low, high = max(low, mean - away), min(high, mean + away)
    if low == -math.inf and high == math.inf:
        return drawn
    kept = drawn.copy()
    for first in range(0, len(values), SLAB):
        part = slice(first, first + SLAB)
        kept[part] &= np.asarray((values[part] >= low) & (values[part] <= high))
    if not kept.any():
        raise EmptyRegion(f"none of {many} values is left by re-segmentation; widen its limits.")
    return kept


def _interpolated(
    volume: Volume, mask: Mask, settings: Interpolation
) -> tuple[NDArray[Any], NDArray[np.bool_], Grid]:
    """Image and mask at the new voxel size, made a few planes at a time."""
    whole = target_grid(volume.grid, settings)
    box = _reached(volume.grid, mask, whole)
    shape = tuple(cut.stop - cut.start for cut in box)
    # whole numbers are the same in half the memory, unless they are large
    short = settings.rounded and not _large(volume.values[bounds(mask.values)])
    values = np.empty(shape, np.float32 if short else np.float64)
    drawn = np.empty(shape, np.bool_)
    for first in range(0, shape[0], SLAB):
        last = min(first + SLAB, shape[0])
        slab = (slice(box[0].start + first, box[0].start + last), box[1], box[2])
        values[first:last], drawn[first:last], _ = resampled(volume, mask, settings, slab)
    if not drawn.any():
        raise EmptyRegion(
            "no voxel is left of the mask at the new voxel size; choose a smaller size or share."
        )
    return values, drawn, whole.part(box)


def _large(values: NDArray[Any]) -> bool:
    return bool((values > EXACT).any() or (values < -EXACT).any())


def _reached(grid: Grid, mask: Mask, whole: Grid) -> Box:
    """Box of new voxels that the region may reach, and those beside them."""
    cuts = bounds(mask.values)
    first = np.array([cut.start for cut in cuts]) - 1
    stop = np.array([cut.stop for cut in cuts])
    ends = whole.to_index(grid.to_world([first, stop]))
    low = np.clip(np.floor(ends[0]).astype(int) - 1, 0, np.array(whole.shape) - 1)
    high = np.clip(np.ceil(ends[1]).astype(int) + 2, low + 1, whole.shape)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
    return i, j, k
