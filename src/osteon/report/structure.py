"""The report of trabecular structure: one page that opens anywhere, without a network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from markupsafe import Markup

from ..core import BadSetting
from . import structure_words as words
from .colours import APART, THICK, Scale, scale_of
from .page import environment, store, style_sheets
from .structure_fabric import direction_in_words, fabric_drawings, letters_of
from .structure_findings import StructureFindings
from .structure_pictures import StructurePictures
from .structure_plots import histogram
from .structure_slices import slices
from .structure_views import views

SCHEMA = "osteon-structure-1"
"""Version of the results that this report reads."""

COMPONENTS = ("11", "22", "33", "23", "13", "12")
"""Order of the rows and columns of a stiffness tensor where it does not name its own."""


def write_structure_report(
    data: Mapping[str, Any], pictures: StructurePictures, folder: Path
) -> Path:
    """Write ``report.html`` into `folder` and return its path.

    The page is one file without scripts: pictures and plots stand inside it.

    Parameters
    ----------
    data : mapping
        Results of ``osteon structure`` as plain data.
    pictures : StructurePictures
        Bone, maps and image that are drawn.
    folder : Path
        Folder to write into; made where it is missing.

    Raises
    ------
    BadSetting
        If the results are of another version than this report reads.
    GridMismatch
        If a map, the image or the region is not on the grid of the bone.
    UnitMismatch
        If a map is not in mm.
    """
    if (schema := data.get("schema")) != SCHEMA:
        raise BadSetting(
            f"these results are of version '{schema}', this report reads '{SCHEMA}'. "
            "Measure the image again with this version of Osteon."
        )
    return store(_page(data, pictures.checked()), folder)


def _page(data: Mapping[str, Any], drawn: StructurePictures) -> str:
    """The whole page as text."""
    found = StructureFindings(data)
    thick, apart = _scales(drawn)
    templates = environment()
    templates.filters.update(
        figure=words.figure,
        aligned=words.aligned,
        direction=direction_in_words,
        letters=letters_of,
    )
    return templates.get_template("structure.html.jinja").render(
        results=data,
        css=style_sheets("report.css", "structure.css"),
        terms=words.scan_terms(data["scan"]),
        region=words.region_in_words(data["region"]),
        bone=words.bone_in_words(data["bone"]),
        warnings=found.warnings,
        minimal=found.minimal(),
        groups=found.groups(),
        views=views(drawn, thick),
        rows=slices(drawn, thick, apart),
        scales={"thickness": thick, "spacing": apart},
        plots=_plots(data, found, {"Tb.Th": thick, "Tb.Sp": apart}),
        fabric=fabric_drawings(data["fabric"]) if data["fabric"] else [],
        components=_components(data["stiffness"]),
    )


def _scales(drawn: StructurePictures) -> tuple[Scale, Scale]:
    """Colours of the thickness of bone and of marrow within what was measured."""
    made = []
    for volume, colours in ((drawn.thickness, THICK), (drawn.spacing, APART)):
        if volume is None:
            values = np.zeros(0)
        else:
            values = volume.values if drawn.region is None else volume.values[drawn.region.values]
        made.append(scale_of(values, colours))
    return made[0], made[1]


def _plots(
    data: Mapping[str, Any], found: StructureFindings, scales: Mapping[str, Scale]
) -> list[tuple[str, Markup]]:
    """Distributions, as far as they were measured, with their names."""
    plots = []
    for name, scale in scales.items():
        known = data["histograms"].get(name)
        if known:
            centre = found.value(name), found.value(f"{name}.SD")
            plots.append((name, Markup(histogram(name, known, scale, centre))))
    return [(name, plot) for name, plot in plots if plot]


def _components(stiffness: Mapping[str, Any] | None) -> list[str]:
    """Names of the rows and columns of the stiffness tensor."""
    given = (stiffness or {}).get("components") or COMPONENTS
    return [str(name) for name in given]
