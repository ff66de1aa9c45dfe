"""Whether an image is a CT whose values are HU."""

from typing import Any

from numpy.typing import NDArray

from ..core import HU, MG_CM3, Scan, UnsuitableScan

FAT_OR_AIR_BELOW = -150.0
"""HU that an image must reach to be taken for a CT when nothing says so.

Every CT of a body shows fat (about -100) or air (-1000) somewhere; an MR, a density map or a
CT stored with an offset has nothing down there.
"""

BONE_ABOVE = 100.0
"""HU that an image must reach to be taken for a CT when nothing says so: any bone is brighter."""

HU_RANGE = (-32768.0, 32767.0)
"""HU beyond this are no CT: scanners store 12 to 16 bits."""

ATTENUATION = "/cm"
"""UCUM unit of the linear attenuation coefficient, which micro-CT scanners store."""

ARTICLES = {"MR": "an MR", "US": "an ultrasound", "CR": "a radiograph", "DX": "a radiograph"}
"""How to speak of images of a modality."""


def unit_of(values: NDArray[Any], modality: str | None) -> str:
    """Unit of the values of a file that does not state it.

    Parameters
    ----------
    values : (i, j, k) array
        Finite values as stored.
    modality : str or None
        DICOM modality where something says it.

    Returns
    -------
    str
        HU for a CT: `modality` says CT and some value is negative (otherwise the values may
        carry an offset), or nothing says what it is and the values reach both
        `FAT_OR_AIR_BELOW` and `BONE_ABOVE`. ``"1"`` for anything else.
    """
    low, high = float(values.min()), float(values.max())
    if low < HU_RANGE[0] or high > HU_RANGE[1]:
        return "1"
    if modality is None:
        return HU if low < FAT_OR_AIR_BELOW and high > BONE_ABOVE else "1"
    return HU if modality == "CT" and low < 0 else "1"


def require_ct(scan: Scan) -> Scan:
    """Return this scan, having checked that it is a CT in HU.

    Raises
    ------
    UnsuitableScan
        If another modality is named, or if the values are not in HU.
    """
    modality, unit = scan.acquisition.modality, scan.volume.unit
    if modality not in (None, "CT"):
        what = ARTICLES.get(modality or "", f"of modality {modality}")
        raise UnsuitableScan(f"this is {what}, not a CT: bone density needs a CT in HU.")
    if unit == HU:
        return scan
    low, high = float(scan.volume.values.min()), float(scan.volume.values.max())
    said = next((flag.text for flag in scan.flags if flag.code == "not-hu"), None)
    if said is not None:
        why = said.rstrip(".")
    elif unit == ATTENUATION:
        why = "values are linear attenuation in /cm, not HU; a micro-CT needs its own calibration"
    elif unit == MG_CM3:
        why = "values are a bone mineral density in mg/cm3, not HU; give the CT it was made from"
    elif unit != "1":
        why = f"values are in '{unit}', not HU; give a CT"
    elif low >= 0:
        why = (
            f"all values are ≥ 0 ({low:g} to {high:g}): HU with an offset of 1024, or an MR? "
            "Give a CT in HU, in which air is near -1000"
        )
    else:
        why = (
            f"values from {low:g} to {high:g} are not those of a CT in HU, in which air is near "
            "-1000 and bone above 100; give the CT as the scanner wrote it"
        )
    raise UnsuitableScan(f"this is not a CT in HU: {why}.")
