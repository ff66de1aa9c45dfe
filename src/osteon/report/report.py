"""The report: results of one scan as one page that opens anywhere, without a network."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from markupsafe import Markup

from ..core import BadSetting, Labels, Mask, UnknownName, Volume
from . import words
from .density_plot import NARROW, WIDE, density_plot
from .findings import Findings
from .page import environment, store, style_sheets
from .pictures import THUMB_MM, WINDOW, Drawn, Picture, overview, thumbnails

SCHEMA = "osteon-results-1"
"""Version of the results dict that this report reads."""


def write_report(
    results: Mapping[str, Any],
    scan: Volume,
    vertebrae: Labels,
    regions: Mapping[str, Mask],
    out: Path,
) -> Path:
    """Write ``report.html`` into the folder `out` and return its path.

    The page is one file without scripts: pictures and plots stand inside it.

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
    return store(_page(results, drawn), out)


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
    template = environment().get_template("report.html.jinja")
    return template.render(
        results=results,
        css=style_sheets("report.css"),
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
