"""The report of trabecular structure: one page that opens anywhere, without a network."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..core import BadSetting, Mask, Volume
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
    whole_set, main = found.main()
    thick = _scale(drawn.thickness, drawn.region, THICK)
    apart = _scale(drawn.spacing, drawn.region, APART)
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
        main=main,
        whole_set=whole_set,
        groups=found.groups(),
        views=views(drawn, thick),
        rows=slices(drawn, thick, apart),
        scales={"thickness": thick, "spacing": apart},
        plots=_plots(data, found, {"Tb.Th": thick, "Ct.Th": thick, "Tb.Sp": apart}),
        fabric=fabric_drawings(data["fabric"]) if data["fabric"] else [],
        components=_components(data["stiffness"]),
        in_patient=(data["stiffness"] or {}).get("axes") == "LPS",
    )


def _scale(volume: Volume | None, region: Mask | None, colours: Sequence[str]) -> Scale | None:
    """Colours of a thickness within what was measured; None where it was not."""
    if volume is None:
        return None
    return scale_of(volume.values if region is None else volume.values[region.values], colours)


def _plots(
    data: Mapping[str, Any], found: StructureFindings, scales: Mapping[str, Scale | None]
) -> list[tuple[str, Markup]]:
    """Distributions, as far as they were measured, with their names."""
    plots = []
    for name, scale in scales.items():
        known = data["histograms"].get(name)
        if known and scale is not None:
            centre = found.value(name), found.value(f"{name}.SD")
            plots.append((name, Markup(histogram(name, known, scale, centre))))
    return [(name, plot) for name, plot in plots if plot]


def _components(stiffness: Mapping[str, Any] | None) -> list[str]:
    """Names of the rows and columns of the stiffness tensor."""
    given = (stiffness or {}).get("order") or COMPONENTS
    return [str(name) for name in given]
