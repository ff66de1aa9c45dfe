"""The threshold of `osteon structure`, from how a person writes it."""

import re

from ..core import BadSetting, Volume
from ..features.structure import Adaptive, DualReference, Fixed, Ipl, Isodata, Otsu, Threshold
from .structure_settings import StructureSettings

WINDOW_VOXELS = 20.0
"""SD of the window of the adaptive threshold, in voxels, but at least `WINDOW_MM`."""

WINDOW_MM = 0.5
"""The same in mm: about the distance of trabeculae, so that bone and marrow are both in it."""

NUMBER = re.compile(r"\s*([-+]?\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)\s*(.*?)\s*")
"""A value, then its unit or nothing."""

NAMED: dict[str, Threshold] = {"otsu": Otsu(), "isodata": Isodata(), "ipl": Ipl()}
"""Thresholds that have a name, besides the adaptive one, whose window depends on the image."""


def threshold_of(settings: StructureSettings, image: Volume) -> Threshold:
    """Threshold that the settings name.

    Parameters
    ----------
    settings : StructureSettings
        With `threshold` and `references`.
    image : Volume
        What it will be used on; a value without a unit is in that of the image.

    Returns
    -------
    Threshold
        Ready for `segment`.

    Raises
    ------
    BadSetting
        If the words are no threshold.
    """
    if settings.references is not None:
        marrow, bone = settings.references
        return DualReference(marrow, bone, image.unit)
    words = settings.threshold
    if words == "adaptive":
        return Adaptive(max(WINDOW_MM, WINDOW_VOXELS * float(image.grid.spacing.min())))
    if words in NAMED:
        return NAMED[words]
    match = NUMBER.fullmatch(words)
    if match is None:
        raise BadSetting(
            f"--threshold {words} is neither a value with its unit, such as '320 mg/cm3', nor one "
            f"of adaptive, {', '.join(NAMED)}."
        )
    return Fixed(float(match[1]), UNITS.get(match[2], match[2]) or image.unit)


UNITS = {"HU": "[hnsf'U]", "mg HA/cm3": "mg/cm3", "mg/cm³": "mg/cm3", "mgHA/cm3": "mg/cm3"}
"""How people write units, and the unit in UCUM."""
