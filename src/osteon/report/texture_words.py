"""What is said about texture, as a person reads it."""

import re
from collections.abc import Mapping
from typing import Any

from .structure_words import figure, plural
from .words import plain

RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")

FAMILIES = {
    "morphology": "Shape",
    "local_intensity": "Local intensity",
    "statistics": "Statistics of grey values",
    "histogram": "Histogram of levels",
    "intensity_volume": "Intensity-volume histogram",
    "glcm": "Co-occurrence (GLCM)",
    "glrlm": "Run lengths (GLRLM)",
    "glszm": "Size zones (GLSZM)",
    "gldzm": "Distance zones (GLDZM)",
    "ngtdm": "Grey tone differences (NGTDM)",
    "ngldm": "Level dependence (NGLDM)",
    "minkowski": "Minkowski functionals and tensors",
    "fractal": "Fractal dimension",
    "lacunarity": "Lacunarity",
    "variogram": "Variogram",
}
"""Families by name, in the order in which they are shown."""


def unit_told(code: str) -> str:
    """A UCUM unit as printed, such as HU² or 1/mm."""
    if code == "1":
        return ""
    text = code.replace("[hnsf'U]", "HU").replace(".", " · ")
    text = re.sub(r"(?<=[A-Za-z])\d+", lambda power: power[0].translate(RAISED), text)
    return f"1{text}" if text.startswith("/") else text


def region_in_words(region: Mapping[str, Any]) -> str:
    """How large the region is, before and after processing."""
    kept, drawn = int(region["voxels"]), int(region["drawn_voxels"])
    size = f"{figure(region['volume_mm3'])} mm³, {plural(kept, 'voxel')} measured"
    return f"{size} ({plural(drawn, 'voxel')} drawn)" if kept != drawn else size


def processing_in_words(processing: Mapping[str, Any], unit: str) -> str:
    """One or two sentences: voxels, limits, levels and filter."""
    told = [_voxels(processing["interpolation"]), _limits(processing["resegmentation"], unit)]
    kind = processing["filter"]
    told += [_levels(processing["discretisation"], unit if kind is None else "1")]
    if kind is not None:
        settings = ", ".join(
            f"{key} {plain(value)}" for key, value in kind.items() if key != "kind"
        )
        told.append(f"Filtered first: {kind['kind']} ({settings}).")
    return " ".join(one for one in told if one)


def _voxels(given: Mapping[str, Any] | None) -> str:
    if given is None:
        return "Voxels as they are."
    sides = [("as is" if side is None else f"{side:g}") for side in given["spacing"]]
    rounded = ", rounded to whole numbers" if given["rounded"] else ""
    return f"Interpolated ({given['image']}) to {' × '.join(sides)} mm{rounded}."


def _limits(given: Mapping[str, Any], unit: str) -> str:
    low, high, away = (given[key] for key in ("low", "high", "outliers"))
    parts = []
    if low is not None or high is not None:
        ends = {"from": low, "to": high}
        said = " ".join(f"{word} {end:g}" for word, end in ends.items() if end is not None)
        parts.append(f"{said} {unit_told(unit)}".rstrip())
    if away is not None:
        parts.append(f"within {away:g} SD of the mean")
    return f"Values {' and '.join(parts)} count.".replace("-", "−") if parts else ""


def _levels(given: Mapping[str, Any], unit: str) -> str:
    if given["method"] == "bin-number":
        return f"{given['bins']} levels from the lowest to the highest value."
    if given["method"] == "bin-size":
        return f"Levels of {given['size']:g} {unit_told(unit)}".rstrip() + "."
    return "Grey values are the levels."
