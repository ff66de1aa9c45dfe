"""What the values of a series are: Hounsfield units, or something else that looks like a CT."""

import re
from collections.abc import Sequence

from .frames import Frame
from .header import text
from .wording import element, shown

HOUNSFIELD_TYPES = {"", "HU"}
"""RescaleType of values in HU; absent means HU in a CT (PS3.3 C.8.2.1)."""

HOUNSFIELD_CODES = {"", "[HNSF'U]", "HU"}
"""Unit codes of a real world value mapping that mean HU, in capitals."""

NOT_HOUNSFIELD = {
    # perfusion (PS3.3 C.8.16.1.4) and vendors' names for the same maps
    *("PERFUSION", "RCBF", "RCBV", "CBF", "CBV", "MTT", "TTP", "TMAX", "RMTT", "PERMEABILITY"),
    *("PBV", "PBF", "FLOW", "TTD", "TTS", "DELAY"),
    # multi-energy (PS3.3 C.8.2.1.1.1.1): another quantity, or HU at another energy
    *("VMI", "MAT_SPECIFIC", "MAT_REMOVED", "MAT_FRACTIONAL", "MAT_MODIFIED", "MAT_VALUE_BASED"),
    *("EFF_ATOMIC_NUM", "ELECTRON_DENSITY", "IODINE", "VNC", "ZEFF", "MONOENERGETIC"),
    # several slices put into one, or subtracted from each other
    *("MIP", "MAX_IP", "MINIP", "MIN_IP", "PROJECTION", "VRT", "SSD", "SUBTRACTION", "SUBTRACT"),
    "DIFFERENCE",
}
"""Words of ImageType or FrameType that say that values are no HU of the tissue at one place."""


def why_not_hu(frames: Sequence[Frame]) -> str | None:
    """Why the values of a CT are not Hounsfield units, or None where they are.

    Parameters
    ----------
    frames : sequence of Frame
        All slices of the series; one that is not in HU makes the series so.

    Returns
    -------
    str or None
        The element that says so and what it says, to follow "values are not HU: ".
    """
    seen: set[tuple[object, ...]] = set()
    for frame in frames:
        facts = (frame.image_type, frame.scale.given, frame.scale.kind, frame.scale.mapped_to)
        if facts in seen:
            continue
        seen.add(facts)
        reason = _of(frame)
        if reason is not None:
            return reason
    return None


def _of(frame: Frame) -> str | None:
    scale = frame.scale
    words = [word for part in frame.image_type for word in re.split(r"[\s/]+", part)]
    telling = list(dict.fromkeys(word for word in words if word in NOT_HOUNSFIELD))
    if telling:
        return f"{element('ImageType')} says {' '.join(telling)}"
    if scale.mapped_to.upper() not in HOUNSFIELD_CODES:
        said = shown(scale.mapped_to, 16)
        return f"{element('RealWorldValueMappingSequence')} gives the unit {said}"
    if scale.kind not in HOUNSFIELD_TYPES:
        return f"{element('RescaleType')} is {shown(scale.kind, 16)}"
    if not scale.given:
        return f"{element('RescaleSlope')} or {element('RescaleIntercept')} is missing"
    if text(frame.file.header, "PixelPresentation").upper() == "COLOR":
        return f"{element('PixelPresentation')} is COLOR"
    return None
