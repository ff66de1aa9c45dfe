"""The results page of the knee: what the whole system reaches on a cohort, beside the published."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..core import BadSetting
from .knee_results_parts import sections
from .page import environment, store, style_sheets
from .results_page import drawn

SCHEMA = "osteon-srrd-1"
"""Version of the results that this page reads."""

NOTICE = (
    "All patients are virtual, and so is their bone. What is reached on them says how the parts of "
    "the system work together; it says nothing yet of patients."
)


def write_knee_results(results: Mapping[str, Any], folder: Path) -> Path:
    """Write ``report.html`` into `folder` and return its path.

    The page is one file without scripts: figures and tables stand inside it. A section that is
    missing is said not to have been run.

    Parameters
    ----------
    results : mapping
        ``schema``, and where there are any ``title``, ``summary`` (text), ``notice``, ``command``,
        ``settings``, ``manifest`` and the sections below. An *estimate* is ``{"value", "low",
        "high"}`` or a number. A section that was not run may say why: ``{"not_run": "…"}``. Each
        may have ``text`` (paragraphs), further ``tables`` and ``figures`` as an evaluation has.

        - ``synthesis``: ``rows`` of ``name``, ``mae_body``, ``mae_bone``, ``mae_soft``;
        - ``registration``: ``rows`` of ``name``, ``bone``, ``median_mm``, ``p95_mm``,
          ``success``; ``real`` of ``pair``, ``joint``, ``before_mm``, ``after_mm``;
        - ``regression``: ``rows`` and ``curve`` of ``name``, ``parameter``, ``icc`` (the latter
          with ``patients``), ``difference`` of ``name``, ``parameter``, ``learned_from``,
          ``difference``, ``p``,
          and ``scatter`` by parameter, each ``{"x", "y", "unit"}``;
        - ``diagnosis``: ``rows`` of ``name``, ``auc``, ``of_ceiling``, ``p``; ``curves`` of
          ``name``, ``false_positive``, ``true_positive``, ``auc`` (value, low, high);
        - ``real_structure``: ``rows`` of ``name``, ``parameter``, ``specimens``, ``icc``;
        - ``generalisation``: ``rows`` of ``name``, ``parameter``, ``inside``, ``outside`` and
          ``loss``;
        - ``cost``: ``rows`` of ``name``, ``minutes`` or ``seconds``, ``peak_gib``.
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
            "Reproduce them again with this version of Osteon."
        )
    return store(_page(results), folder)


def _page(results: Mapping[str, Any]) -> str:
    manifest = results.get("manifest") or {}
    return (
        environment()
        .get_template("results.html.jinja")
        .render(
            title=str(results.get("title") or "Subchondral bone of the knee from CT, taught by MR"),
            summary=results.get("summary") or "",
            notice=results.get("notice") or NOTICE,
            command=results.get("command") or manifest.get("command"),
            settings=results.get("settings") or {},
            manifest=manifest,
            osteon=str(results.get("osteon") or manifest.get("osteon") or ""),
            css=style_sheets("report.css", "evaluation.css"),
            sections=[drawn(one) for one in sections(results)],
        )
    )
