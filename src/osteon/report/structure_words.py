"""What is said about trabecular structure, as a person reads it."""

import math
import re
from collections.abc import Mapping
from typing import Any

from .words import is_number, number, scan_in_words, unit

FIGURES = 4
"""Significant figures of a measured number."""

DASH = "—"

NOT_AVAILABLE = "not-available"
"""Code of the flag that says why a number is missing."""

MAIN = {
    "BV/TV": "bone volume fraction",
    "Tb.N": "trabecular number",
    "Tb.Th": "trabecular thickness",
    "Tb.Sp": "trabecular separation",
    "Conn.D": "connectivity density",
    "SMI": "structure model index: 0 plates, 3 rods",
    "DA": "degree of anisotropy, longest to shortest",
    "Ct.Th": "thickness of the shell",
    "app.BV/TV": "apparent bone volume fraction",
    "app.Tb.N": "apparent trabecular number",
    "app.Tb.Th": "apparent trabecular thickness",
    "app.Tb.Sp": "apparent trabecular separation",
    "srrd.BV/TV": "bone volume fraction by the knee recipe",
    "srrd.Tb.N": "trabecular number by the knee recipe",
    "srrd.Tb.Th": "trabecular thickness by the knee recipe",
    "srrd.Tb.Sp": "trabecular separation by the knee recipe",
}
"""What the main parameters stand for."""

MINIMAL = ("BV/TV", "Tb.N", "Tb.Th", "Tb.Sp", "Conn.D", "SMI", "DA")
"""The parameters that Bouxsein et al. 2010 (doi:10.1002/jbmr.141) ask every study to give."""

GROUPS = {
    "Amount": (
        *("BV/TV", "BV", "TV", "BV/TV (mesh)", "BV (mesh)", "BS", "BS (raw)", "BS/BV", "BS/TV"),
        *("purified bone", "purified marrow"),
    ),
    "Thickness": (
        *("Tb.Th", "Tb.Th.SD", "Tb.Th.max", "Tb.Sp", "Tb.Sp.SD", "Tb.Sp.max"),
        *("Tb.N", "Tb.N (derived)", "Ct.Th", "Ct.Th.SD", "Ct.Th.max"),
        *("Tb.Th (sub-voxel)", "Tb.Th.SD (sub-voxel)", "Tb.Sp (sub-voxel)", "Tb.Sp.SD (sub-voxel)"),
    ),
    "Topology": (
        *("Conn.D", "Conn", "Euler", "Euler (edge-corrected)", "bone components", "cavities"),
    ),
    "Orientation": (
        *("DA", "DA (0-1)", "MIL.1", "MIL.2", "MIL.3"),
        *("star volume", "star length", "marrow star volume", "DA (gradient)"),
    ),
    "Shape": (*("SMI", "EF", "EF.SD", "pBV/TV", "rBV/TV", "plate fraction"),),
    "For voxels larger than a trabecula": (
        *("Tb.Th (plate)", "Tb.N (plate)", "Tb.Sp (plate)", "BV/TV (grey)", "TBS"),
        *("app.BV/TV", "app.Tb.Th", "app.Tb.N", "app.Tb.Sp"),
        *("srrd.BV/TV", "srrd.Tb.Th", "srrd.Tb.N", "srrd.Tb.Sp"),
    ),
    "Strength": ("E.x", "E.y", "E.z", "E.max", "stiffness anisotropy"),
}
"""Parameters in the order in which they are shown; any other comes last, under `OTHERS`."""

OTHERS = "Other"

THRESHOLDS = {
    "fixed": "a threshold that was given",
    "otsu": "Otsu’s threshold",
    "isodata": "the isodata threshold",
    "adaptive": "a threshold that follows its surroundings",
    "ipl": "a threshold after a Gaussian, as the scanner’s own software does",
    "dual-reference": "the dual-reference limit between marrow and cortex",
}
"""How bone was told from marrow, in words."""

BINARY = "binary"
"""How it was told where the image has two values only."""


def figure(value: Any, unit_: str = "") -> str:
    """A measured number with `FIGURES` significant figures, counts in full; a dash for none.

    Parameters
    ----------
    value : number or None
        The number.
    unit_ : str
        UCUM unit; whole numbers without a unit are counts.
    """
    if not is_number(value):
        return DASH
    whole = float(value).is_integer() and (isinstance(value, int) or unit_ == "1")
    if whole or abs(value) >= 10**FIGURES:
        return f"{round(value):,}".replace(",", "\u202f").replace("-", "−")
    if value == 0:
        return "0"
    power = math.floor(math.log10(abs(float(f"{value:.{FIGURES - 1}e}"))))
    if power < -FIGURES:
        digits = f"{value / 10**power:.{FIGURES - 1}f}"
        return f"{digits} × 10{_raised(power)}".replace("-", "−")
    return number(value, FIGURES - 1 - power)


def aligned(value: float, largest: float) -> str:
    """A number with the decimals that `FIGURES` significant figures of `largest` have."""
    power = math.floor(math.log10(abs(largest))) if largest else 0
    return number(value, max(FIGURES - 1 - power, 0))


def _raised(power: int) -> str:
    return str(power).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"))


def plural(count: int, thing: str) -> str:
    """A count of things, as ``1 voxel`` or ``1 200 voxels``."""
    return f"{figure(count)} {thing}{'' if count == 1 else 's'}"


def voxel(scan: Mapping[str, Any]) -> str:
    """Size of a voxel: one figure where it is a cube."""
    sides = [f"{side:.4g}" for side in scan["spacing_mm"]]
    return f"{sides[0]} mm" if len(set(sides)) == 1 else f"{' × '.join(sides)} mm"


def bone_in_words(bone: Mapping[str, Any]) -> str:
    """One or two sentences: what was taken for bone."""
    method = str(bone["method"]).removeprefix("threshold-")
    way = THRESHOLDS.get(method, method)
    limit = ""
    if is_number(bone["threshold"]):
        limit = f": {bone['threshold']:.4g} {unit(str(bone['unit']))}".rstrip().replace("-", "−")
    said = f"Bone was told from marrow by {way}{limit}."
    if method == BINARY:
        said = "The image itself holds bone and marrow only; no threshold was needed."
    if not bone.get("bright", True):
        said += " Bone is what is darker."
    if not bone["purified"]:
        return f"{said} Loose voxels were kept."
    removed = plural(int(bone["removed_bone_voxels"]), "loose voxel")
    filled = plural(int(bone["filled_marrow_voxels"]), "closed-in voxel")
    return f"{said} Purified: {removed} of bone removed, {filled} of marrow filled."


def region_in_words(region: Mapping[str, Any]) -> str:
    """Which part of the image was measured, and how large it is."""
    name = str(region["name"])
    known = {"all": "the whole image", "mask": "the region of the mask"}
    what = known.get(name, name)
    size = f"{figure(region['volume_mm3'])} mm³, {plural(int(region['voxels']), 'voxel')}"
    return f"{what[:1].upper()}{what[1:]}, {size}"


def scan_terms(scan: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What the image is, as pairs of term and words; what the file does not say is left out."""
    size = " × ".join(str(n) for n in scan["shape"])
    extent = " × ".join(
        f"{n * side:.3g}" for n, side in zip(scan["shape"], scan["spacing_mm"], strict=True)
    )
    told = {"modality": None, "kvp": None, "kernel": None, "slice_thickness_mm": None}
    known = dict(scan_in_words({**told, **scan}))
    terms = [("Voxel", voxel(scan)), ("Size", f"{size} voxels"), ("Extent", f"{extent} mm")]
    if shown := unit(str(scan.get("unit") or "1")):
        terms.append(("Unit of the values", shown))
    for term in ("Modality", "Scanner", "Tube voltage", "Kernel", "Read from"):
        if not re.match("not stated", known[term]):
            terms.append((term, known[term]))
    return terms


def why_missing(flags: Any) -> str:
    """Why a number is missing, in words."""
    said = [flag["text"] for flag in flags if flag["code"] == NOT_AVAILABLE]
    why = (said or [flag["text"] for flag in flags] or ["it was not measured."])[0]
    return str(why).removeprefix("Not available: ")
