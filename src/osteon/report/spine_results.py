"""The results page of the spine: what was asked for, what came, and what each part is worth."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core import BadSetting
from .page import environment, store, style_sheets
from .results_page import Section, drawn
from .spine_results_sections import sections

SCHEMA = "osteon-osteoporosis-1"
"""Version of the results that this page reads."""

NOTICE = (
    "All patients are virtual, and so are their densitometers. What is reached on them says how "
    "the parts of the system work together; it says nothing yet of patients."
)
TITLE = "Osteoporosis from CT of the spine that was made for something else"


def write_spine_results(results: Mapping[str, Any], folder: Path) -> Path:
    """Write ``report.html`` into `folder` and return its path.

    The page is one file without scripts: figures and tables stand inside it. A section that is
    missing is said not to have been run.

    Parameters
    ----------
    results : mapping
        ``schema``, what `osteon.pipelines.spine.evaluation.evaluating.evaluate_cohort` gives, and
        where there are any ``title``, ``summary`` (text), ``notice``, ``command``, ``settings``,
        ``manifest``, ``cost`` (``rows`` of ``name``, ``minutes``, ``peak_gib``, ``note``) and
        ``real`` (``text``, ``tables``, ``figures``). A section that was not run may say why:
        ``{"not_run": "…"}``.
    folder : Path
        Folder to write into; made where it is missing.

    Raises
    ------
    BadSetting
        If the results are of another version, or the data of a figure cannot be drawn.
    """
    if (schema := results.get("schema")) != SCHEMA:
        raise BadSetting(
            f"these results are of version '{schema}', this page reads '{SCHEMA}'. "
            "Evaluate again with this version of Osteon."
        )
    return store(_page(results, sections(results)), folder)


def _page(results: Mapping[str, Any], parts: list[Section]) -> str:
    manifest = results.get("manifest") or {}
    return (
        environment()
        .get_template("results.html.jinja")
        .render(
            title=str(results.get("title") or TITLE),
            summary=results.get("summary") or "",
            notice=results.get("notice") or NOTICE,
            command=results.get("command") or manifest.get("command"),
            settings=results.get("settings") or {},
            manifest=manifest,
            osteon=str(results.get("osteon") or manifest.get("osteon") or ""),
            css=style_sheets("report.css", "evaluation.css"),
            sections=[drawn(one) for one in parts],
        )
    )
