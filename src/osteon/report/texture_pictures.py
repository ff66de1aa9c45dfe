"""Slices through a region: grey values with its outline, response, maps in colours."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Box, Grid, Mask, Volume
from . import patient_axes
from .bone_block import bounding_box
from .colours import THICK, Scale, nice
from .structure_pictures import StructurePicture
from .structure_slices import GROUND, NAMES, NORMALS, WINDOW_ENDS, outline, slice_picture

MARGIN = 0.2
"""What is shown around the region, as a share of its size along each axis."""

MOST_MAPS = 12
"""Maps that are drawn; all are written."""

LEAST_PIXELS = 200
"""Pixels along the longer side below which a picture is enlarged, so that windows are squares."""

ENDS = (1.0, 99.0)
"""Percentiles of a map between which colours change."""

Colours = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class TexturePictures:
    """What is drawn.

    Attributes
    ----------
    image : Volume
        The image as it was read.
    mask : Mask
        The region, on its grid.
    maps : mapping of str to Volume
        By tag, a voxel a window, 0 where there is none.
    response : Volume or None
        Response of a filter.
    """

    image: Volume
    mask: Mask
    maps: Mapping[str, Volume] = field(default_factory=dict)
    response: Volume | None = None

    def checked(self) -> "TexturePictures":
        """Return these pictures, having checked that image and region share a grid."""
        self.mask.on(self.image.grid, name="the mask")
        return self


@dataclass(frozen=True)
class TextureRow:
    """Axial, coronal and sagittal slice that show the same.

    Attributes
    ----------
    title : str
        What is seen.
    pictures : sequence of StructurePicture
        The three slices.
    unit : str
        UCUM unit of the colours.
    scale : Scale or None
        Colours; None for grey values.
    """

    title: str
    pictures: Sequence[StructurePicture]
    unit: str = "1"
    scale: Scale | None = None


def texture_rows(drawn: TexturePictures, names: Mapping[str, str]) -> list[TextureRow]:
    """Slices through the region where it is largest, one row for each thing to be seen.

    Parameters
    ----------
    drawn : TexturePictures
        What is there to be seen.
    names : mapping of str to str
        Name of each map by its tag.
    """
    at = _places(drawn.mask)
    rows = [_grey("Grey values", drawn.image, drawn.mask, at)]
    if drawn.response is not None:
        rows.append(_grey("Response of the filter", drawn.response, None, at))
    for tag, volume in list(drawn.maps.items())[:MOST_MAPS]:
        scale = spread_scale(volume.values[volume.values != 0])
        title = f"{names.get(tag, tag)} ({tag}), window by window"
        pictures = [_map_picture(volume, normal, at[normal], scale, title) for normal in NORMALS]
        rows.append(TextureRow(title, pictures, volume.unit, scale))
    return rows


def spread_scale(values: NDArray[Any]) -> Scale:
    """Scale with round ends that holds nearly all values, of any sign."""
    low, high = (float(p) for p in np.percentile(values, ENDS)) if values.size else (0.0, 1.0)
    if high - low <= 1e-6 * max(abs(low), abs(high)):
        around = 0.1 * abs(low) or 1.0
        low, high = low - around, high + around
    step = nice((high - low) / 5)
    first, last = floor(low / step), -floor(-high / step)
    ticks = tuple(round(n * step, 12) for n in range(first, last + 1))
    return Scale(ticks[0], ticks[-1], ticks, THICK)


def _places(mask: Mask) -> dict[int, NDArray[np.float64]]:
    """For each normal, a point (LPS, mm) in the slice that holds most of the region."""
    found = {}
    for normal in NORMALS:
        axis = patient_axes.upright(mask.grid)[normal][0]
        counts = mask.values.sum(axis=tuple(n for n in range(3) if n != axis))
        index = (np.array(mask.grid.shape) - 1) / 2.0
        index[axis] = float(counts.argmax())
        found[normal] = mask.grid.to_world(index)
    return found


def _index(grid: Grid, normal: int, place: NDArray[np.float64]) -> int:
    """Slice of a grid that is nearest to a point."""
    axis = patient_axes.upright(grid)[normal][0]
    return int(np.clip(np.rint(grid.to_index(place)[axis]), 0, grid.shape[axis] - 1))


def _grey(
    title: str, image: Volume, mask: Mask | None, at: Mapping[int, NDArray[np.float64]]
) -> TextureRow:
    """Grey values around the region, black and white at nearly the ends of what is shown."""
    if mask is not None:
        box = _around(mask)
        image, mask = image.part(box), mask.part(box)
    known = image.values[np.isfinite(image.values)]
    low, high = (float(end) for end in np.percentile(known, WINDOW_ENDS))
    high = max(high, low + 1e-9)
    pictures = []
    for normal in NORMALS:
        index = _index(image.grid, normal, at[normal])
        cut = patient_axes.plane(image.values, image.grid, normal, index)
        times = _times(cut.shape)
        shown = np.nan_to_num(cut.astype(np.float64), nan=low, posinf=high, neginf=low)
        grey = _enlarged(np.clip((shown - low) / (high - low), 0, 1), times)
        lines = []
        if mask is not None:
            inside = patient_axes.plane(mask.values, mask.grid, normal, index)
            lines.append(("region", outline(_enlarged(inside, times))))
        alt = f"{NAMES[normal]} slice through the region: {title.lower()}"
        pixel = _pixel(image.grid, normal, times)
        colours = np.repeat(grey[..., None], 3, axis=2)
        pictures.append(slice_picture(colours, pixel, normal, alt, lines))
    ends = f"black at {low:.4g}, white at {high:.4g}".replace("-", "−")
    return TextureRow(f"{title}, {ends}", pictures, image.unit)


def _around(mask: Mask) -> Box:
    """Box of the region with a margin."""
    box = bounding_box(mask.values)
    if box is None:
        i, j, k = (slice(0, n) for n in mask.grid.shape)
        return i, j, k
    cuts = []
    for cut, n in zip(box, mask.grid.shape, strict=True):
        more = max(2, round(MARGIN * (cut.stop - cut.start)))
        cuts.append(slice(max(cut.start - more, 0), min(cut.stop + more, n)))
    return cuts[0], cuts[1], cuts[2]


def _map_picture(
    volume: Volume, normal: int, place: NDArray[np.float64], scale: Scale, title: str
) -> StructurePicture:
    """One slice of a map, in the colours of its scale."""
    index = _index(volume.grid, normal, place)
    cut = patient_axes.plane(volume.values, volume.grid, normal, index)
    times = _times(cut.shape)
    values = _enlarged(cut, times)
    colours = np.where((values != 0)[..., None], scale.paint(values), np.array(GROUND))
    alt = f"{NAMES[normal]} slice through the region: {title}"
    return slice_picture(colours, _pixel(volume.grid, normal, times), normal, alt, ())


def _times(shape: tuple[int, ...]) -> int:
    """How many pixels a voxel gets along each side."""
    return max(1, round(LEAST_PIXELS / max(shape)))


def _enlarged(values: NDArray[np.generic], times: int) -> NDArray[np.generic]:
    return values.repeat(times, axis=0).repeat(times, axis=1)


def _pixel(grid: Grid, normal: int, times: int) -> tuple[float, float]:
    height, width = patient_axes.spacing(grid, normal)
    return height / times, width / times
