"""One vertebra of a CT on a lattice along its own axes, in HU as they are."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, Flag, Grid, Labels, Mask, OsteonError, Scan, Volume, resample
from ....core.threads import side_by_side
from ....regions import (
    LEVELS,
    Body,
    Shape,
    field_of_view,
    find_body,
    follow_spine,
    measure_shape,
    metal_flags,
    name_levels,
    suspect_fractures,
)
from ...level import around
from .beside import OUTSIDE_HU, Beside, look_beside

LARGEST_HU = 32000
"""HU beyond are cut, in metal."""

REST, BODY = 1, 2
"""Numbers of the parts of a vertebra in the mask of a crop."""


@dataclass(frozen=True)
class CropSettings:
    """What is cut out.

    Attributes
    ----------
    spacing_mm : float
        Side of the cubic voxels; the finest pixels of routine CT, so that nothing of the texture
        is lost.
    shape : tuple of int
        Voxels to the left, to the back and to the head.
    behind_mm : float
        How far behind the body's centre the middle of the crop lies: the arch is in it.
    levels : tuple of str
        Vertebrae, of those that a densitometer reads.
    """

    spacing_mm: float = 0.8
    shape: tuple[int, int, int] = (80, 96, 44)
    behind_mm: float = 20.0
    levels: tuple[str, ...] = ("L1", "L2", "L3", "L4")

    def __post_init__(self) -> None:
        """Refuse what is no crop."""
        if not self.spacing_mm > 0 or min(self.shape) < 1:
            raise BadSetting(
                f"a crop has voxels of a size; got {self.shape} of {self.spacing_mm:g} mm."
            )
        if odd := [name for name in self.levels if name not in LEVELS]:
            raise BadSetting(f"no vertebra is called '{odd[0]}'; as L1.")


@dataclass(frozen=True, eq=False)
class Crop:
    """One vertebra.

    Attributes
    ----------
    level : str
        Such as ``"L1"``.
    hu : (i, j, k) int16 array
        HU of the scan, interpolated once; `OUTSIDE_HU` beyond the scan.
    parts : (i, j, k) uint8 array
        `BODY` in the vertebral body, `REST` in what else there is of the vertebra, else 0.
    grid : Grid
        i to the left, j to the back, k to the head of the vertebra.
    shape : Shape
        Sizes of the body.
    beside : Beside
        Vessels and fat in front of it.
    flags : tuple of Flag
        What a reader must know about this vertebra.
    """

    level: str
    hu: NDArray[np.int16]
    parts: NDArray[np.uint8]
    grid: Grid
    shape: Shape
    beside: Beside
    flags: tuple[Flag, ...]


def cut_vertebrae(
    scan: Scan, labels: Labels, settings: CropSettings
) -> tuple[tuple[Crop, ...], Mapping[str, str]]:
    """Cut the vertebrae of a scan.

    Parameters
    ----------
    scan : Scan
        In HU.
    labels : Labels
        Vertebrae on the scan's grid.
    settings : CropSettings
        What is cut.

    Returns
    -------
    tuple of Crop
        Head to tail.
    mapping of str to str
        Levels that are not there or could not be cut, with the reason.

    Raises
    ------
    EmptyRegion, UnknownName, UnsuitableScan
        If no label is a vertebra, or they cannot be vertebrae.
    """
    named = name_levels(labels)
    spine = follow_spine(labels, named.levels)
    lowest = float(scan.volume.values.min())

    def cut(level: str) -> Crop | str:
        if level not in named.levels:
            return f"{level} is not among the labels."
        box = around(spine.boxes[level], labels.grid)
        near, vertebra = scan.volume.part(box), labels.part(box).mask(named.levels[level])
        known = field_of_view(near, lowest)
        try:
            body = find_body(vertebra, spine.superior[level], known=known)
            flags = (*_cut_flag(level, body), *metal_flags(near, vertebra))
            return _crop(level, scan.volume, vertebra, body, flags, settings)
        except OsteonError as fault:
            return str(fault)

    ends = dict(zip(settings.levels, side_by_side(cut, settings.levels), strict=True))
    found = [end for end in ends.values() if isinstance(end, Crop)]
    return _with_fractures(found), {name: e for name, e in ends.items() if isinstance(e, str)}


def _cut_flag(level: str, body: Body) -> tuple[Flag, ...]:
    if not body.cut:
        return ()
    return (
        Flag(
            "cut-by-field-of-view",
            f"The field of view ends inside the body of {level} ({body.cut}).",
        ),
    )


def lattice(body: Body, settings: CropSettings) -> Grid:
    """Lattice of a crop: along the axes of the body, its middle behind the body's."""
    direction = body.surface.grid.direction
    middle = body.centre + settings.behind_mm * direction[:, 1]
    half = 0.5 * settings.spacing_mm * (np.array(settings.shape) - 1)
    return Grid(
        settings.shape, middle - direction @ half, direction, np.full(3, settings.spacing_mm)
    )


def _crop(
    level: str,
    scan: Volume,
    vertebra: Mask,
    body: Body,
    flags: tuple[Flag, ...],
    settings: CropSettings,
) -> Crop:
    onto = lattice(body, settings)
    near = scan.part(scan.grid.around(onto.corners()))
    hu = resample(near, onto=onto, outside=OUTSIDE_HU).values
    parts = np.where(resample(vertebra, onto=onto).values, REST, 0).astype(np.uint8)
    surface = resample(body.surface, onto=onto, outside=1.0)
    parts[surface.values < 0] = BODY
    whole = np.clip(np.rint(hu), OUTSIDE_HU, LARGEST_HU).astype(np.int16)
    shape = measure_shape(body)
    beside = look_beside(scan, body, shape.depth)
    return Crop(level, whole, parts, onto, shape, beside, flags)


def _with_fractures(crops: list[Crop]) -> tuple[Crop, ...]:
    """Crops with what the heights of all of them make suspect."""
    suspected = suspect_fractures({one.level: one.shape for one in crops})
    return tuple(replace(one, flags=(*one.flags, *suspected[one.level])) for one in crops)
