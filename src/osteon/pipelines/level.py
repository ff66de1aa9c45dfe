"""Measure one vertebra: its body, regions, shape, HU and flags."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from ..core import HU, Box, EmptyRegion, Flag, Grid, Labels, Mask, Measurement, Scan, Volume
from ..features import HU_METHOD, SHAPE_METHOD, Region, hu_statistics
from ..regions import (
    REGIONS,
    Body,
    Compartments,
    Margins,
    Shape,
    Spine,
    body_flags,
    field_of_view,
    find_body,
    find_compartments,
    measure_shape,
    metal_flags,
)
from .settings import MeasureSettings

BESIDE_MM = 15.0
"""How much around a vertebra is looked at; more than any distance worked out there."""

BODY = (49, 50)
"""Border and interior of the vertebral body in the sub-region masks of TPTBox and SPINEPS."""


@dataclass(frozen=True, eq=False)
class Level:
    """What was found at one vertebral level.

    Attributes
    ----------
    name : str
        Level, such as ``"L1"``.
    label : int
        Its number in the label file.
    reason : str
        Why nothing was measured; empty where something was.
    body, compartments, shape : Body, Compartments, Shape or None
        The vertebral body, its regions and its size; None where nothing was measured.
    flags : tuple of Flag
        What a reader must know about this level.
    measurements : tuple of Measurement
        Its numbers.
    """

    name: str
    label: int
    reason: str = ""
    body: Body | None = None
    compartments: Compartments | None = None
    shape: Shape | None = None
    flags: tuple[Flag, ...] = ()
    measurements: tuple[Measurement, ...] = ()

    def crop(self, volume: Volume) -> Volume:
        """The part of a volume on the scan's grid in which the regions lie."""
        if self.compartments is None:
            raise EmptyRegion(f"{self.name} was not measured: {self.reason}")
        start, shape = self.compartments.start, self.compartments.box.shape
        i, j, k = (slice(a, a + n) for a, n in zip(start, shape, strict=True))
        return volume.part((i, j, k))


@dataclass(frozen=True, eq=False)
class Ground:
    """What all levels of a scan share.

    Attributes
    ----------
    scan : Scan
        The CT in HU.
    labels : Labels of shape (i, j, k)
        Vertebra labels on the scan's grid.
    spine : Spine
        Centres and directions of the vertebrae.
    lowest : float
        Lowest value of the scan, which padding carries.
    subregions : Labels of shape (i, j, k), or None
        Sub-region labels, in which the vertebral bodies are known.
    settings : MeasureSettings
        Choices.
    flags : tuple of Flag
        Flags of the scan that bear on every number.
    """

    scan: Scan
    labels: Labels
    spine: Spine
    lowest: float
    subregions: Labels | None
    settings: MeasureSettings
    flags: tuple[Flag, ...] = field(default_factory=tuple)


def find_level(ground: Ground, name: str, label: int) -> Level:
    """Find the body of a vertebra, its regions and its shape; nothing is measured yet.

    A vertebra of which too little is in view is no error: it comes back with the reason.
    """
    box = around(ground.spine.boxes[name], ground.labels.grid)
    scan, vertebra = ground.scan.volume.part(box), ground.labels.part(box).mask(label)
    known = field_of_view(scan, ground.lowest)
    given = None
    if ground.subregions is not None:
        given = Mask(vertebra.values & ground.subregions.part(box).mask(*BODY).values, scan.grid)
    settings = ground.settings
    margins = Margins(settings.shell_mm, settings.endplate_mm, settings.oval_height_mm)
    try:
        body = find_body(
            vertebra,
            ground.spine.superior[name],
            known=known,
            given=given if given is not None and given.voxels else None,
        )
        compartments = find_compartments(body, scan, margins, known)
    except EmptyRegion as error:
        return Level(name, label, reason=str(error))
    thickness = ground.scan.acquisition.slice_thickness
    flags = (*body_flags(body, compartments, thickness), *metal_flags(scan, vertebra))
    i, j, k = (cut.start + inner for cut, inner in zip(box, compartments.start, strict=True))
    placed = replace(compartments, start=(i, j, k))
    return Level(name, label, "", body, placed, measure_shape(body), flags)


def around(tight: Box, grid: Grid) -> Box:
    """Box around a vertebra with room for what lies beside it."""
    margin = np.ceil(BESIDE_MM / grid.spacing).astype(int)
    i, j, k = (
        slice(max(cut.start - int(m), 0), min(cut.stop + int(m), n))
        for cut, m, n in zip(tight, margin, grid.shape, strict=True)
    )
    return i, j, k


def measure_level(ground: Ground, found: Level, suspected: tuple[Flag, ...]) -> Level:
    """Take the numbers of a level that was found.

    Parameters
    ----------
    ground : Ground
        What all levels share.
    found : Level
        From `find_level`.
    suspected : tuple of Flag
        Deformities suspected from the heights of all levels.

    Returns
    -------
    Level
        With its measurements; each carries the flags of the level and of the scan.
    """
    flags = (*found.flags, *suspected)
    carried = (*flags, *ground.flags)
    if found.compartments is None or found.shape is None:
        nothing = _missing(found.name, "core", found.reason, carried)
        return Level(found.name, found.label, found.reason, flags=flags, measurements=(nothing,))
    scan = found.crop(ground.scan.volume)
    measured = []
    for region in REGIONS:
        if region in found.compartments.missing:
            reason = found.compartments.missing[region]
            measured.append(_missing(found.name, region, reason, carried))
            continue
        margin = found.compartments.depth_into if region == "core" else None
        place = Region(
            found.name,
            region,
            found.compartments.masks[region],
            found.compartments.volumes[region],
            margin,
            ground.settings.shell_mm,
        )
        numbers = hu_statistics(scan, place)
        measured += [_flagged(number, carried) for number in numbers]
    measured += [_flagged(number, carried) for number in _sizes(found.name, found.shape)]
    return Level(
        found.name,
        found.label,
        "",
        found.body,
        found.compartments,
        found.shape,
        flags,
        tuple(measured),
    )


def _flagged(number: Measurement, flags: tuple[Flag, ...]) -> Measurement:
    return Measurement(
        number.level,
        number.region,
        number.name,
        number.value,
        number.unit,
        number.method,
        number.uncertainty,
        (*number.flags, *flags),
    )


def _missing(level: str, region: str, reason: str, flags: tuple[Flag, ...]) -> Measurement:
    why = Flag("not-available", f"Not available: {reason}.".replace("..", "."))
    return Measurement(level, region, "HU median", None, HU, HU_METHOD.key, None, (why, *flags))


def _sizes(level: str, shape: Shape) -> list[Measurement]:
    sizes: Mapping[str, float] = {
        **{f"height {where}": height for where, height in shape.heights.items()},
        "depth": shape.depth,
        "width": shape.width,
    }
    given = [
        Measurement(level, "body", name, value, "mm", SHAPE_METHOD.key)
        for name, value in sizes.items()
    ]
    if not shape.no_heights:
        return given
    why = (Flag("not-available", f"Not available: {shape.no_heights}."),)
    key = SHAPE_METHOD.key
    names = ("height anterior", "height middle", "height posterior")
    return [*(Measurement(level, "body", n, None, "mm", key, None, why) for n in names), *given]
