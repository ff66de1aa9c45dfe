"""The report of texture: one page that opens anywhere, without a network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core import BadSetting
from . import texture_words as words
from .page import environment, store, style_sheets
from .structure_words import scan_terms
from .texture_pictures import TexturePictures, texture_rows
from .texture_tables import family_tables

SCHEMA = "osteon-texture-1"
"""Version of the results that this report reads."""


def write_texture_report(data: Mapping[str, Any], pictures: TexturePictures, folder: Path) -> Path:
    """Write ``report.html`` into `folder` and return its path.

    The page is one file without scripts: pictures stand inside it.

    Parameters
    ----------
    data : mapping
        Results of ``osteon texture`` as plain data.
    pictures : TexturePictures
        Image, region, maps and response that are drawn.
    folder : Path
        Folder to write into; made where it is missing.

    Raises
    ------
    BadSetting
        If the results are of another version than this report reads.
    GridMismatch
        If the region is not on the grid of the image.
    """
    if (schema := data.get("schema")) != SCHEMA:
        raise BadSetting(
            f"these results are of version '{schema}', this report reads '{SCHEMA}'. "
            "Measure the image again with this version of Osteon."
        )
    templates = environment()
    templates.filters["told_unit"] = words.unit_told
    names = {tag: one["name"] for tag, one in data["maps"].items()}
    page = templates.get_template("texture.html.jinja").render(
        results=data,
        css=style_sheets("report.css", "structure.css", "texture.css"),
        terms=scan_terms(data["scan"]),
        region=words.region_in_words(data["region"]),
        lead=words.processing_in_words(data["processing"], data["scan"]["unit"]),
        warnings=[flag["text"] for flag in (*data["flags"], *data["scan"]["flags"])],
        rows=texture_rows(pictures.checked(), names),
        tables=family_tables(data["features"]),
    )
    return store(page, folder)
