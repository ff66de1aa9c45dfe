"""The report: results of one scan as one page that opens anywhere, without a network."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from ..core import BadSetting, Labels, Mask, UnknownName, Volume
from . import words
from .density_plot import NARROW, WIDE, density_plot
from .findings import Findings
from .pictures import THUMB_MM, WINDOW, Drawn, Picture, overview, thumbnails

SCHEMA = "osteon-results-1"
"""Version of the results dict that this report reads."""

TEMPLATES = Path(__file__).parent / "templates"


def write_report(
    results: Mapping[str, Any],
    scan: Volume,
    vertebrae: Labels,
    regions: Mapping[str, Mask],
    out: Path,
) -> Path:
    """Write ``report.html`` into the folder `out` and return its path.

    The page is one file without scripts: pictures and plots stand inside it. It is written
    under another name first and then renamed, so that a reader never finds half a page.

    Parameters
    ----------
    results : mapping
        The results dict, as in ``docs/results.schema.json``.
    scan : Volume
        The CT in HU.
    vertebrae : Labels
        Vertebra labels on the grid of `scan`.
    regions : mapping of str to Mask
        ``core``, ``oval`` and ``anterior``, all levels together, on the grid of `scan`.
    out : Path
        Folder to write into; made where it is missing.

    Raises
    ------
    BadSetting
        If the results are of another version than this report reads.
    UnknownName
        If a region is missing, or one is given that the report does not know.
    UnitMismatch
        If the scan is not in HU.
    GridMismatch
        If labels or regions are not on the grid of the scan.
    """
    drawn = _checked(results, scan, vertebrae, regions)
    page = _page(results, drawn)
    out.mkdir(parents=True, exist_ok=True)
    path = out / "report.html"
    unfinished = out / f".report.html.{os.getpid()}"
    try:
        unfinished.write_text(page, encoding="utf-8")
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
    return path


def _checked(
    results: Mapping[str, Any], scan: Volume, vertebrae: Labels, regions: Mapping[str, Mask]
) -> Drawn:
    if (schema := results.get("schema")) != SCHEMA:
        raise BadSetting(
            f"these results are of version '{schema}', the report reads '{SCHEMA}'. "
            "Measure the scan again with this version of Osteon."
        )
    if regions.keys() != words.REGIONS.keys():
        raise UnknownName(
            f"the report draws the regions {sorted(words.REGIONS)}; got {sorted(regions)}."
        )
    volume = scan.in_unit("[hnsf'U]")
    on_grid = {
        name: regions[name].on(volume.grid, name=f"region '{name}'") for name in words.REGIONS
    }
    return Drawn(volume, vertebrae.on(volume.grid, name="the label map"), on_grid)


def _page(results: Mapping[str, Any], drawn: Drawn) -> str:
    """The whole page as text."""
    thumbs: dict[str, list[Picture]] = {
        level["level"]: thumbnails(drawn, level)
        for level in results["levels"]
        if level["centre_mm"] is not None and level["axes"] is not None
    }
    template = _environment().get_template("report.html.jinja")
    return template.render(
        results=results,
        css=Markup((TEMPLATES / "report.css").read_text(encoding="utf-8")),
        scan_words=words.scan_in_words(results["scan"]),
        warnings=[flag["text"] for part in ("scan", "labels") for flag in results[part]["flags"]],
        indications=_indications(results),
        overview=overview(drawn, results["levels"]),
        plots=[(p.key, Markup(density_plot(results, p))) for p in (WIDE, NARROW)],
        rows=Findings(results).rows(),
        thumbs=thumbs,
        regions=words.REGIONS,
        window=WINDOW,
        thumb=THUMB_MM,
    )


def _indications(results: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Indications with their thresholds in full, and flags that the text does not say itself."""
    by_name = {threshold["name"]: threshold for threshold in results["thresholds"]}
    told = []
    for one in results["indications"]:
        verdict, doubt = words.sentences(one["text"])
        against = [by_name[name] for name in one["thresholds"] if name in by_name]
        flags = [flag["text"] for flag in one["flags"] if flag["text"] not in one["text"]]
        told.append({**one, "verdict": verdict, "doubt": doubt, "against": against, "flags": flags})
    return told


def _environment() -> jinja2.Environment:
    """Templates that escape everything and stop at a name that is not there."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        number=words.number,
        unit=words.unit,
        plain=words.plain,
        leaves=words.leaves,
        day=words.day,
        doi_link=words.doi_link,
        equivalent=words.equivalent,
    )
    return environment
