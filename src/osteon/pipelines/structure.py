"""Trabecular structure of one image: bone is found, then measured part by part."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np

from ..core import BadSetting, EmptyRegion, Flag, Mask, Measurement, OsteonError, Scan, Volume
from ..features import FEATURES
from ..features.structure import Fabric, Purified, Segmentation, Stiffness, Thickness
from .structure_parts import Ground, Named, Part, parts_of, reaches_border
from .structure_settings import RESOLVED_MM, StructureSettings
from .structure_threshold import find_bone

Progress = Callable[[str, int, int], None]
"""Told what is being done, how many steps are done, and of how many."""

MAPS_OF = {"standard": ("Tb.Th", "Tb.Sp"), "cortical": ("Ct.Th",)}
"""Maps that each mode makes."""

WHOLE = Flag(
    "whole-image",
    "The whole image was measured, with all that lies around the bone; --mask FILE measures a "
    "region drawn in it.",
)
"""Told where voxels are so large that an image is of a body and not of a cube of bone."""

RIM = Flag(
    "empty-rim",
    "No bone reaches the border of the image: if it was cut from a larger bone, its cut faces "
    "count as bone surface and as ends of trabeculae. Crop the empty slices, or give a --mask.",
)
"""Told of a piece of bone with nothing around it."""

BINS = 40
"""Most bins of a histogram."""


@dataclass(frozen=True, eq=False)
class StructureResult:
    """Everything that `osteon structure` found.

    Attributes
    ----------
    scan : Scan
        The image.
    region : Mask or None
        Where it was measured; None is the whole image.
    bone : Segmentation
        Bone, and how it was told from marrow.
    mode : str
        ``standard``, ``apparent``, ``srrd`` or ``cortical``.
    measurements : tuple of Measurement
        Every number; one that cannot be had has no value and a flag with the reason.
    found : mapping of str to object
        What each part gave, by its key.
    flags : tuple of Flag
        What bears on all numbers.
    settings : StructureSettings
        Choices.
    """

    scan: Scan
    region: Mask | None
    bone: Segmentation
    mode: str
    measurements: tuple[Measurement, ...]
    found: Mapping[str, Any]
    flags: tuple[Flag, ...]
    settings: StructureSettings

    @property
    def region_name(self) -> str:
        """What the region is called in tables."""
        return "all" if self.region is None else "mask"

    @property
    def region_voxels(self) -> int:
        """Voxels measured."""
        if self.region is not None:
            return self.region.voxels
        return int(np.prod(self.scan.volume.grid.shape))

    @property
    def purified(self) -> Purified | None:
        """The largest piece of bone, where topology was measured."""
        return self.found.get("purify")

    @property
    def thicknesses(self) -> dict[str, Thickness]:
        """Thickness of bone (or of a shell) and spacing, by name, as far as measured."""
        if (both := self.found.get("trabecular")) is not None:
            return {"Tb.Th": both.thickness, "Tb.Sp": both.separation}
        if (shell := self.found.get("cortical")) is not None:
            return {"Ct.Th": shell.thickness}
        return {}

    @property
    def maps(self) -> dict[str, Volume]:
        """Maps of thickness and spacing in mm, by name."""
        return {
            name: Volume(one.map, self.scan.volume.grid, "mm")
            for name, one in self.thicknesses.items()
            if one.map is not None
        }

    @property
    def histograms(self) -> dict[str, dict[str, Any]]:
        """Share of the voxels by diameter, as plain data."""
        side = float(self.scan.volume.grid.spacing.min())
        told = {}
        for name, one in self.thicknesses.items():
            edges, share = one.histogram(side * ceil(max(1.0, 2 * one.max / side / BINS)) / 2)
            told[name] = {"unit": "mm", "edges": edges.tolist(), "share": share.tolist()}
        return told

    @property
    def fabric(self) -> dict[str, Any] | None:
        """Principal directions (LPS) and mean intercept lengths, as plain data."""
        found: Fabric | None = self.found.get("fabric")
        if found is None or not np.isfinite(found.lengths).all():
            return None
        return {"vectors": found.directions.tolist(), "lengths_mm": found.lengths.tolist()}

    @property
    def stiffness(self) -> dict[str, Any] | None:
        """The stiffness tensor in patient axes, as plain data."""
        found: Stiffness | None = self.found.get("stiffness")
        tensor = None if found is None else found.tensor_in_patient()
        if found is None or tensor is None:
            return None
        return {
            "tensor_GPa": tensor.tolist(),
            "axes": "LPS",
            "order": ["xx", "yy", "zz", "yz", "xz", "xy"],
            "elements": found.elements,
            "element_mm": found.grid.spacing.tolist(),
            "iterations": found.iterations,
            "residual": found.residual,
        }


def measure_structure(
    scan: Scan,
    region: Mask | None,
    *,
    settings: StructureSettings,
    region_flags: Sequence[Flag] = (),
    progress: Progress = lambda what, done, steps: None,
) -> StructureResult:
    """Measure the structure of trabecular bone.

    Parameters
    ----------
    scan : Scan
        Micro-CT, HR-pQCT, MR or clinical CT, or a mask of bone with two values.
    region : Mask or None
        Where to measure, on the grid of the scan; None is the whole image.
    settings : StructureSettings
        Choices that change the numbers.
    region_flags : sequence of Flag
        What is odd about the file of the region.
    progress : callable
        Called as ``progress(what, done, steps)``.

    Returns
    -------
    StructureResult
        Every number of the mode; those that cannot be had carry the reason.

    Raises
    ------
    EmptyRegion
        If the region has no voxel, no bone, or nothing but bone.
    GridMismatch
        If the region lies on another grid.
    UnitMismatch, BadSetting
        If the threshold is in another unit than the scan, or outside its values.
    """
    image = scan.volume
    if region is not None and region.on(image.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; draw it on the bone that is to be measured.")
    progress("telling bone from marrow", 1, 20)
    bone, odd = find_bone(settings, image, region)
    mode = _mode(settings.mode, image)
    if out_of_reach := [one for one in settings.map if one not in MAPS_OF.get(mode, ())]:
        raise BadSetting(
            f"--map {out_of_reach[0]} is not measured in the mode '{mode}'; --mode "
            f"{'cortical' if out_of_reach[0] == 'Ct.Th' else 'standard'} measures it."
        )
    ground = Ground(image, bone, region, settings)
    grey = bone.method != "threshold-binary"
    parts = parts_of(mode, grey=grey, strength=settings.strength)
    where = "all" if region is None else "mask"
    numbers: list[Measurement] = []
    for done, part in enumerate(parts):
        progress(part.says, 1 + done, len(parts) + 2)
        numbers += _measured(ground, part, where)
    flags = [*scan.flags, *region_flags, *odd, *_mode_flags(settings.mode, mode, image)]
    if region is None and mode in ("apparent", "srrd"):
        flags.append(WHOLE)
    if region is None and mode == "standard" and not reaches_border(bone.mask):
        flags.append(RIM)
    return StructureResult(
        scan, region, bone, mode, tuple(numbers), ground.found, tuple(flags), settings
    )


def _mode(asked: str, image: Volume) -> str:
    if asked != "auto":
        return asked
    return "standard" if float(image.grid.spacing.max()) <= RESOLVED_MM else "apparent"


def _mode_flags(asked: str, mode: str, image: Volume) -> Iterator[Flag]:
    """What a reader must know about the mode that was taken."""
    longest = float(image.grid.spacing.max())
    if asked == "auto" and mode == "apparent":
        yield Flag(
            "apparent",
            f"Voxels of up to {longest:.3g} mm do not resolve trabeculae (at most "
            f"{RESOLVED_MM:g} mm would): apparent parameters were measured, which compare only "
            "with those of the same kind of scan.",
        )
    if asked == "standard" and longest > RESOLVED_MM:
        yield Flag(
            "not-resolved",
            f"Voxels of up to {longest:.3g} mm do not resolve trabeculae (at most "
            f"{RESOLVED_MM:g} mm would): thickness and spacing are too large.",
        )
    if mode == "srrd":
        yield Flag(
            "srrd",
            "Parameters of the published knee recipe: srrd.Tb.Th is half a thickness, srrd.Tb.Sp "
            "three times half a separation, srrd.BV/TV follows from both. They compare only with "
            "one another. The recipe has a threshold of its own in each slice; the bone in the "
            "pictures is that of --threshold.",
        )


def _measured(ground: Ground, part: Part, region: str) -> Iterator[Measurement]:
    """The numbers of a part; where it fails, a row each with the reason."""
    values: Mapping[str, float | None]
    found: Named | None = None
    try:
        found = part.measure(ground)
        values, flags = found.named(), tuple(found.flags)
        ground.found[part.key] = found
    except OsteonError as fault:
        text = " ".join(str(fault).split())
        values, flags = {}, (Flag("not-available", f"{text[0].upper()}{text[1:]}"),)
    for name in part.names:
        spread = (
            getattr(found, part.uncertainty[name]) if found and name in part.uncertainty else None
        )
        feature = FEATURES[name]
        yield Measurement(
            "", region, name, values.get(name), feature.unit, feature.method, spread, flags
        )
