"""Picture planes through a patient, flat or bent, and what is seen on them."""

from collections.abc import Sequence
from dataclasses import dataclass

import contourpy
import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Grid, Labels, Mask, Volume

INSIDE = 0.5
"""Share of a region at which its outline is drawn, between inside (1) and outside (0)."""


@dataclass(frozen=True, eq=False)
class Sheet:
    """World positions of the pixels of one picture.

    Attributes
    ----------
    points : (row, column, 3) array
        World LPS mm of the pixel centres; row 0 is the top of the picture.
    pixel : float
        Distance of neighbouring pixels along rows and columns, in mm.
    """

    points: NDArray[np.float64]
    pixel: float

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the picture in mm."""
        rows, columns = self.points.shape[:2]
        return columns * self.pixel, rows * self.pixel

    def coarser(self, step: int) -> "Sheet":
        """Every `step`-th pixel along rows and columns of the same plane."""
        return Sheet(self.points[::step, ::step], self.pixel * step)

    def shifted(self, offset: NDArray[np.float64]) -> "Sheet":
        """The same sheet moved by `offset` mm, which broadcasts to (row, column, 3)."""
        return Sheet(self.points + offset, self.pixel)


def flat(
    centre: NDArray[np.float64],
    right: NDArray[np.float64],
    down: NDArray[np.float64],
    size: tuple[float, float],
    pixel: float,
) -> Sheet:
    """Plane about `centre`, with the patient directions to which the picture's sides point.

    Parameters
    ----------
    centre : (3,) array
        World LPS mm of the middle of the picture.
    right, down : (3,) array
        Unit vectors (LPS) along the picture's rows and columns.
    size : tuple of 2 float
        Width and height in mm.
    pixel : float
        Pixel size in mm.
    """
    across, along = (pixel * (np.arange(round(s / pixel)) - (s / pixel - 1) / 2) for s in size)
    points = centre + along[:, None, None] * down + across[None, :, None] * right
    return Sheet(points, pixel)


def grey(volume: Volume, sheets: Sequence[Sheet], window: tuple[float, float]) -> NDArray[np.uint8]:
    """Grey values of a CT on a sheet: 1 to 255 over the window, 0 outside the scan.

    Several parallel sheets are averaged, which shows a slab instead of a thin plane.

    Parameters
    ----------
    volume : Volume
        CT in HU.
    sheets : sequence of Sheet
        One plane, or parallel planes of one size.
    window : tuple of 2 float
        HU shown as black and as white.
    """
    low, high = window
    planes = np.stack([_taken(volume.values, volume.grid, s, order=1) for s in sheets])
    seen = np.isfinite(planes).any(axis=0)
    total = np.where(np.isfinite(planes), planes, 0.0).sum(axis=0)
    mean = total / np.maximum(np.isfinite(planes).sum(axis=0), 1)
    shades = 1 + 254 * np.clip((mean - low) / (high - low), 0, 1)
    return np.where(seen, np.rint(shades), 0).astype(np.uint8)


def outline(
    region: Mask, sheet: Sheet, labels: Labels, wanted: Sequence[int]
) -> list[NDArray[np.float64]]:
    """Outlines of a region on a sheet: (n, 2) arrays of mm from the picture's top left corner.

    Lines run half-way between the centres of voxels inside and outside, so that they do not
    show stairs; a count of voxels is not made from them. What lies in a structure of `labels`
    that is not `wanted` is left out.
    """
    covered = _taken(region.values, region.grid, sheet, order=1)
    found = _taken(labels.values, labels.grid, sheet, order=0)
    covered[np.isnan(found) | ((found != 0) & ~np.isin(found, wanted))] = 0
    return _lines(covered, sheet.pixel)


def label_outlines(
    labels: Labels, wanted: Sequence[int], sheet: Sheet
) -> list[NDArray[np.float64]]:
    """Outlines of the structures that carry one of `wanted`, one by one, in mm as `outline`."""
    found = _taken(labels.values, labels.grid, sheet, order=0)
    lines = []
    for label in wanted:
        here = found == label
        if here.any():
            lines += _lines(ndimage.gaussian_filter(here.astype(np.float32), 1.0), sheet.pixel)
    return lines


def _lines(covered: NDArray[np.floating], pixel: float) -> list[NDArray[np.float64]]:
    closed = np.pad(covered, 1)
    lines = contourpy.contour_generator(z=closed).lines(INSIDE)
    return [(np.asarray(line) - 0.5) * pixel for line in lines]


def _taken(
    values: NDArray[np.generic], grid: Grid, sheet: Sheet, order: int
) -> NDArray[np.float32]:
    """Values at the sheet's pixels; NaN where a pixel lies outside the voxels of the grid."""
    at = np.moveaxis(grid.to_index(sheet.points), -1, 0)
    last = np.array(grid.shape, float)[:, None, None] - 0.5
    beyond = ((at < -0.5) | (at > last)).any(axis=0)
    source = values.view(np.uint8) if values.dtype == np.bool_ else values
    plane: NDArray[np.float32] = ndimage.map_coordinates(
        source, at, output=np.float32, order=order, mode="nearest", prefilter=False
    )
    plane[beyond] = np.nan
    return plane
