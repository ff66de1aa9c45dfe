"""Pictures of one knee: its CT with the regions drawn, and each parameter in colours over it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import HU, EmptyRegion, Labels, Volume
from . import patient_axes
from .colours import APART, THICK, Scale, scale_of
from .structure_pictures import StructurePicture
from .structure_slices import outline, slice_picture

MARGIN_MM = 12.0
"""What is seen around the regions."""

LARGEST = 420
"""Pixels along the longer side above which a picture is thinned out."""

WINDOW = (-200.0, 1200.0)
"""HU shown as black and as white."""

DIMMED = 0.75
"""Brightness of the CT under colours."""

CORONAL, SAGITTAL = 1, 0

Cut = tuple[str, int, tuple[str, ...]]
CUTS: tuple[Cut, ...] = (
    ("Coronal", CORONAL, ("medial", "lateral")),
    ("Sagittal, medial", SAGITTAL, ("medial",)),
    ("Sagittal, lateral", SAGITTAL, ("lateral",)),
)
"""Name of each picture, across which axis it is cut, and through the middle of which regions."""


@dataclass(frozen=True, eq=False)
class KneePictures:
    """What is drawn, all on one grid.

    Attributes
    ----------
    ct : Volume
        In HU.
    regions : Labels
        Subchondral regions with their names, such as ``"medial femur"``.
    maps : mapping of str to Volume
        By parameter; 0 outside the regions.
    """

    ct: Volume
    regions: Labels
    maps: Mapping[str, Volume]

    def checked(self) -> "KneePictures":
        """Return these pictures, having checked unit and grids, and that there is a region.

        Raises
        ------
        UnitMismatch, GridMismatch, EmptyRegion
            If the CT is not in HU, something lies on another grid, or no region has a voxel.
        """
        grid = self.ct.in_unit(HU).grid
        self.regions.on(grid, name="the region map")
        for name, volume in self.maps.items():
            volume.on(grid, name=f"the map of {name}")
        if not self.regions.values.any():
            raise EmptyRegion("no region has a voxel; there is nothing to draw.")
        return self


@dataclass(frozen=True)
class MapRow:
    """Pictures that show one thing.

    Attributes
    ----------
    name : str
        Parameter; ``""`` for the CT itself.
    unit : str
        Of the parameter, in UCUM.
    pictures : sequence of (str, StructurePicture)
        Name and picture of each cut.
    scale : Scale or None
        Colours of the parameter.
    """

    name: str
    unit: str
    pictures: Sequence[tuple[str, StructurePicture]]
    scale: Scale | None


def map_rows(drawn: KneePictures) -> list[MapRow]:
    """The CT with the regions, then a row for each parameter."""
    views = [_View(drawn, *cut) for cut in CUTS]
    rows = [MapRow("", HU, [(view.name, view.grey()) for view in views], None)]
    inside = drawn.regions.values > 0
    for name, volume in drawn.maps.items():
        colours = APART if name.endswith("Tb.Sp") else THICK
        scale = scale_of(volume.values[inside], colours)
        pictures = [(view.name, view.coloured(name, scale)) for view in views]
        rows.append(MapRow(name, volume.unit, pictures, scale))
    return rows


class _View:
    """One cut through the knee, cropped to the regions."""

    def __init__(self, drawn: KneePictures, name: str, normal: int, through: Sequence[str]) -> None:
        self.name, self._normal = name, normal
        grid, regions = drawn.ct.grid, drawn.regions
        wanted = [n for n, text in regions.names.items() if text.split()[0] in through]
        chosen = np.isin(regions.values, wanted)
        chosen = chosen if chosen.any() else regions.values > 0
        axis = patient_axes.upright(grid)[normal][0]
        sizes = chosen.sum(axis=tuple(n for n in range(3) if n != axis))
        index = int(sizes.argmax())
        self._pixel = patient_axes.spacing(grid, normal)
        seen = (regions.values > 0).any(axis=axis, keepdims=True)
        seen = np.broadcast_to(seen, grid.shape)
        box = _around(patient_axes.plane(seen, grid, normal, index), self._pixel)
        step = -(-max(cut.stop - cut.start for cut in box) // LARGEST)
        self._pixel = (self._pixel[0] * step, self._pixel[1] * step)

        def cut(values: NDArray[Any]) -> NDArray[Any]:
            return patient_axes.plane(values, grid, normal, index)[box][::step, ::step]

        low, high = WINDOW
        grey = np.clip((cut(drawn.ct.values).astype(np.float64) - low) / (high - low), 0, 1)
        self._ground = np.repeat(grey[..., None], 3, axis=2)
        self._regions = cut(regions.values)
        self._names = regions.names
        self._maps = {key: cut(volume.values) for key, volume in drawn.maps.items()}

    def grey(self) -> StructurePicture:
        """The CT with the regions outlined."""
        outlines = [
            (f"{text.replace(' ', '-')} knee-region", outline(self._regions == number))
            for number, text in self._names.items()
        ]
        return self._picture(self._ground, "CT with the regions outlined", outlines)

    def coloured(self, name: str, scale: Scale) -> StructurePicture:
        """A parameter in its colours over the dimmed CT."""
        inside = (self._regions > 0)[..., None]
        colours = scale.paint(self._maps[name].astype(np.float64))
        colours = np.where(inside, colours, DIMMED * self._ground)
        return self._picture(colours, f"{name} in colours", [])

    def _picture(
        self,
        colours: NDArray[np.float64],
        shows: str,
        outlines: Sequence[tuple[str, str]],
    ) -> StructurePicture:
        alt = f"{self.name} slice: {shows}"
        return slice_picture(colours, self._pixel, self._normal, alt, outlines)


def _around(seen: NDArray[np.generic], pixel: tuple[float, float]) -> tuple[slice, slice]:
    """Rows and columns that hold what is seen, with a margin."""
    ends = []
    for axis, side in ((0, pixel[0]), (1, pixel[1])):
        there = np.flatnonzero(np.any(seen, axis=1 - axis))
        room = round(MARGIN_MM / side)
        ends.append(slice(max(int(there[0]) - room, 0), int(there[-1]) + 1 + room))
    rows, columns = ends
    return (
        slice(rows.start, min(rows.stop, seen.shape[0])),
        slice(columns.start, min(columns.stop, seen.shape[1])),
    )
