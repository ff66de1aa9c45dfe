"""Numbers, units and scan settings as a person reads them; what is missing is said in words."""

import math
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from textwrap import shorten
from typing import Any
from urllib.parse import quote

MISSING = "not available"
NOT_STATED = "not stated in the file"
YEAR = r"\b(?:19|20)\d\d\b"

UNITS = {
    "[hnsf'U]": "HU",
    "mg/cm3": "mg/cm³",
    "mm3": "mm³",
    "cm3": "cm³",
    "mm": "mm",
    "/mm": "mm⁻¹",
    "/mm3": "mm⁻³",
    "mm2": "mm²",
    "g/cm2": "g/cm²",
    "g/cm3": "g/cm³",
    "kg/m2": "kg/m²",
    "deg": "°",
    "1": "",
}
"""UCUM units as printed."""

EQUIVALENTS = {"HA": ("HA", "hydroxyapatite (HA)"), "K2HPO4": ("K₂HPO₄", "K₂HPO₄")}
"""Substances whose density a calibration is stated in: in short, and in full."""

REGIONS = {
    "core": (
        "Whole-body core",
        "The trabecular bone of the whole vertebral body, without cortical shell, endplates, "
        "basivertebral vein and bone islands.",
    ),
    "oval": (
        "Mid-body oval",
        "An oval of trabecular bone in the front of the body at mid height, as drawn by hand on "
        "an axial slice in opportunistic screening.",
    ),
    "anterior": (
        "Anterior half",
        "The front half of the whole-body core.",
    ),
}
"""Name and meaning of each region, in the order in which they are shown."""


def number(value: Any, decimals: int = 0) -> str:
    """A number with `decimals` and a true minus sign, or words when there is none."""
    if not is_number(value):
        return MISSING
    text = f"{value:.{decimals}f}"
    if float(text) == 0:
        text = text.lstrip("-")
    return text.replace("-", "−")


def is_number(value: Any) -> bool:
    """Whether `value` is a finite number; true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def plain(value: Any) -> str:
    """Any setting or fitted value as short text."""
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {plain(item)}" for key, item in value.items()) or "none"
    if isinstance(value, list | tuple):
        return ", ".join(plain(item) for item in value) or "none"
    if isinstance(value, float):
        return f"{value:.4g}".replace("-", "−") if math.isfinite(value) else MISSING
    if value is None:
        return "none"
    return ("no", "yes")[value] if isinstance(value, bool) else str(value)


def leaves(tree: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """Every value of a nested mapping with its dotted name, as text."""
    for key, value in tree.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(value, Mapping) and value:
            yield from leaves(value, name)
        else:
            yield name, plain(value)


def unit(code: str) -> str:
    """A UCUM unit as printed."""
    return UNITS.get(code, code)


def equivalent(substance: str, *, full: bool = False) -> str:
    """Name of a substance as printed, in short or in full."""
    return EQUIVALENTS.get(substance, (substance, substance))[int(full)]


def day(stamp: str) -> str:
    """An ISO 8601 time as day and time; left as it is where it is no such time."""
    try:
        when = datetime.fromisoformat(stamp)
    except ValueError:
        return stamp
    zone = " UTC" if when.utcoffset() is not None and not when.utcoffset() else ""
    return f"{when.day} {when:%B %Y, %H:%M}{zone}"


def doi_link(doi: str) -> str:
    """Address of a DOI given as ``doi:10…``; empty for anything else."""
    if not doi.startswith("doi:10."):
        return ""
    return "https://doi.org/" + quote(doi.removeprefix("doi:"), safe="/:;()._-")


def short_source(threshold: Mapping[str, Any]) -> str:
    """First author, or else the journal, and year of a citation, for use in a plot."""
    citation = str(threshold.get("citation") or "")
    year = re.search(rf"{YEAR}(?=;)", citation) or re.search(YEAR, citation)
    author = re.match(r"(\S+) [A-Z]{1,3}\b", citation)
    if author is not None:
        who = author.group(1)
    else:
        before = citation[: year.start()] if year else citation
        who = shorten(before.rstrip(" ,;.(").rpartition(". ")[2], 24, placeholder="…")
    return f"{who} {year.group() if year else ''}".strip() or str(threshold.get("doi") or "")


def sentences(text: str) -> tuple[str, str]:
    """The first sentence of a text, and the rest."""
    parts = re.split(r"(?<=\.)\s+(?=[A-Z])", text, maxsplit=1)
    return parts[0], " ".join(parts[1:])


def scan_in_words(scan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the scan is, as pairs of term and words."""
    made_by = " ".join(str(scan[key]) for key in ("manufacturer", "model") if scan.get(key))
    size = " × ".join(str(n) for n in scan["shape"])
    voxel = " × ".join(number(s, 2) for s in scan["spacing_mm"])
    given = scan.get("contrast")
    contrast = NOT_STATED if given is None else ("given" if given else "none given")
    return [
        ("Modality", _stated(scan.get("modality"))),
        ("Size", f"{size} voxels"),
        ("Voxel", f"{voxel} mm"),
        ("Slice thickness", _stated(scan.get("slice_thickness_mm"), " mm")),
        ("Tube voltage", _stated(scan.get("kvp"), " kV")),
        ("Kernel", _stated(scan.get("kernel"))),
        ("Contrast agent", contrast),
        ("Scanner", _stated(made_by)),
        ("Read from", f"{scan.get('format') or 'file'}, stored {scan.get('orientation') or '?'}"),
    ]


def _stated(value: Any, unit_: str = "") -> str:
    if value is None or value == "":
        return NOT_STATED
    return (f"{value:g}" if is_number(value) else str(value)) + unit_
