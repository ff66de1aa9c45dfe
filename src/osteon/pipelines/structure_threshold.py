"""Bone by the threshold of `osteon structure`, from how a person writes it."""

import re

from ..core import HU, MG_CM3, BadSetting, Flag, Mask, UnitMismatch, Volume
from ..features.structure import (
    Adaptive,
    DualReference,
    Fixed,
    Ipl,
    Isodata,
    Otsu,
    Segmentation,
    Threshold,
    segment,
)
from .structure_settings import StructureSettings

WINDOW_VOXELS = 20.0
"""SD of the window of the adaptive threshold, in voxels, but at least `WINDOW_MM`."""

WINDOW_MM = 0.5
"""The same in mm: about the distance of trabeculae, so that bone and marrow are both in it."""

LEAST_HU = 5.0
"""A value nearer to 0 is no HU that tells bone from marrow, unless its unit is written."""

NUMBER = re.compile(r"([-+−]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)(?:\s*([^\s\d.,].*))?")
"""A value, then its unit or nothing."""

NAMED: dict[str, Threshold] = {"otsu": Otsu(), "isodata": Isodata(), "ipl": Ipl()}
"""Thresholds that have a name, besides the adaptive one, whose window depends on the image."""

UNITS = {
    "hu": HU,
    **dict.fromkeys(("mg/cm3", "mg/cm³", "mg/ccm", "mg/ml", "mgha/cm3", "mgha/cm³"), MG_CM3),
    **dict.fromkeys(("1/cm", "/cm", "cm-1", "cm⁻¹"), "/cm"),
}
"""How people write units, in small letters without spaces, and the unit in UCUM."""

TOLD = {HU: " HU", MG_CM3: " mg/cm3", "/cm": " 1/cm", "1": ""}
"""Units after a number, as people write them."""


def find_bone(
    settings: StructureSettings, image: Volume, region: Mask | None
) -> tuple[Segmentation, tuple[Flag, ...]]:
    """Bone of an image, told from marrow as the settings say.

    Parameters
    ----------
    settings : StructureSettings
        With `threshold`, `references` and `dark`.
    image : Volume
        Grey values, or two values.
    region : Mask or None
        Where histograms are taken.

    Returns
    -------
    Segmentation
        Bone in the whole image.
    tuple of Flag
        What a reader must know about it.

    Raises
    ------
    BadSetting
        If the words are no threshold, or its value lies outside the image.
    UnitMismatch
        If it is in another unit than the image.
    EmptyRegion
        If the region has no bone, or nothing but bone.
    """
    how = threshold_of(settings, image)
    option = _option(settings)
    try:
        bone = segment(image, how, region=region, bright=not settings.dark)
    except UnitMismatch:
        raise UnitMismatch(
            f"{option}: this image has no such unit, but values from {_range(image)}; give one "
            "between, or --threshold otsu."
        ) from None
    except BadSetting:
        ask = " Is it meant in mg/cm3?" if image.unit == HU else ""
        raise BadSetting(
            f"{option} lies outside this image, which has values from {_range(image)}; give one "
            f"between.{ask}"
        ) from None
    # that a mask has two values is what makes it a mask, and nothing odd
    flags = tuple(flag for flag in bone.flags if flag.code != "already-binary")
    if bone.method == "threshold-binary" and option != "--threshold otsu":
        flags += (
            Flag(
                "threshold-unused",
                f"{option} was not used: the image has two values only and was taken as it is.",
            ),
        )
    return bone, flags


def threshold_of(settings: StructureSettings, image: Volume) -> Threshold:
    """Threshold that the settings name, ready for `segment`.

    A value without a unit is in that of the image.

    Raises
    ------
    BadSetting
        If the words are no threshold.
    """
    if settings.references is not None:
        return DualReference(*settings.references, image.unit)
    words = settings.threshold.strip()
    if words.lower() == "adaptive":
        return Adaptive(max(WINDOW_MM, WINDOW_VOXELS * float(image.grid.spacing.min())))
    if words.lower() in NAMED:
        return NAMED[words.lower()]
    match = NUMBER.fullmatch(words)
    if match is None:
        raise BadSetting(
            f"--threshold '{words}' is neither a value with its unit, such as '320 mg/cm3', nor "
            f"one of {', '.join(NAMED)}, adaptive."
        )
    value, unit = float(match[1].replace("−", "-")), match[2]
    if unit is None and image.unit == HU and 0 < abs(value) < LEAST_HU:
        raise BadSetting(
            f"--threshold {words} has no unit, and this image has values from {_range(image)}; "
            f"is it meant in another unit? Write '{words} HU' if not."
        )
    written = (unit or "").strip()
    return Fixed(value, UNITS.get(re.sub(r"\s", "", written.lower()), written) or image.unit)


def _option(settings: StructureSettings) -> str:
    """The threshold as it was given on the command line."""
    if settings.references is not None:
        marrow, bone = settings.references
        return f"--references {marrow:g} {bone:g} (halfway {(marrow + bone) / 2:g})"
    words = settings.threshold.strip()
    known = NAMED.get(words.lower())
    value = f" ({known.value:g} {known.unit})" if isinstance(known, Ipl) else ""
    return f"--threshold {words}{value}"


def _range(image: Volume) -> str:
    low, high = float(image.values.min()), float(image.values.max())
    return f"{low:.4g} to {high:.4g}{TOLD.get(image.unit, f' {image.unit}')}"
