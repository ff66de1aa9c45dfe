"""The figures of an evaluation: drawn for a journal, and again to stand in a page."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup
from matplotlib.figure import Figure

from ..core import BadSetting, UnknownName
from . import (
    plot_agreement,
    plot_calibration,
    plot_confusion,
    plot_curves,
    plot_forest,
    plot_learning,
)
from . import plot_sheet as ps
from .printed import count, one_line

DRAWN: Mapping[str, Callable[[Mapping[str, Any], float], Figure]] = {
    "bland-altman": plot_agreement.bland_altman,
    "scatter": plot_agreement.scatter,
    "roc": plot_curves.roc,
    "precision-recall": plot_curves.precision_recall,
    "calibration": plot_calibration.calibration,
    "decision": plot_curves.decision,
    "forest": plot_forest.forest,
    "confusion": plot_confusion.confusion,
    "learning-curve": plot_learning.learning_curve,
}
"""What draws each kind of figure."""

THEME = {
    ps.INK: "--ink",
    ps.MUTED: "--muted",
    ps.FAINT: "--faint",
    ps.PAPER: "--page",
    ps.WASH: "--grid",
    **{colour: f"--series-{place}" for place, colour in enumerate(ps.SERIES)},
}
"""Colours that the page changes with the reader's light or dark."""


@dataclass(frozen=True)
class PaperFigure:
    """A figure as files and as part of a page.

    Attributes
    ----------
    key, title, caption : str
        Name of the files, and what stands below the figure.
    width : float
        Width in mm.
    svg : str
    pdf : bytes
        The files.
    wide, narrow : Markup
        The figure for a page, and the same for a narrow one where it differs, else empty.
    """

    key: str
    title: str
    caption: str
    width: float
    svg: str
    pdf: bytes
    wide: Markup
    narrow: Markup


def paper_figure(figure: Mapping[str, Any]) -> PaperFigure:
    """Draw one figure of an evaluation.

    Parameters
    ----------
    figure : mapping
        ``key``, ``kind``, ``title``, ``caption`` and ``data``.

    Returns
    -------
    PaperFigure

    Raises
    ------
    UnknownName
        If there is no such kind of figure.
    BadSetting
        If its data cannot be drawn.
    """
    key, kind, data = str(figure["key"]), str(figure.get("kind")), figure.get("data") or {}
    if kind not in DRAWN:
        raise UnknownName(f"kind of figure '{kind}' is unknown; there are {', '.join(DRAWN)}.")
    title = one_line(figure.get("title") or "")
    width = plot_forest.natural_width(data) if kind == "forest" else ps.ONE_COLUMN
    try:
        svg, pdf, narrow = _draw(key, kind, data, width)
    except (TypeError, ValueError, KeyError, IndexError, AttributeError) as error:
        raise BadSetting(
            f"the data of figure '{key}' do not make a figure of kind '{kind}': {error}."
        ) from error
    words = f"{title}. {one_line(figure.get('caption') or '')}".strip()
    return PaperFigure(
        key=key,
        title=title,
        caption=" ".join(filter(None, [one_line(figure.get("caption") or ""), _said(kind, data)])),
        width=width,
        svg=svg,
        pdf=pdf,
        wide=for_page(svg, f"{key}-w", words),
        narrow=for_page(narrow, f"{key}-n", words) if narrow else Markup(""),
    )


def for_page(svg: str, key: str, words: str) -> Markup:
    """The drawing as part of a page: names of its own, the page's colours, as wide as may be."""
    drawing = svg[svg.index("<svg") :]
    drawing = re.sub(r'\bid="([^"]+)"', rf'id="{key}-\1"', drawing)
    drawing = re.sub(r'href="#([^"]+)"', rf'href="#{key}-\1"', drawing)
    drawing = re.sub(r"url\(#([^)]+)\)", rf"url(#{key}-\1)", drawing)
    drawing = re.sub(r'(<svg[^>]*?) width="[^"]*pt"', r"\1", drawing)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*pt"', r"\1", drawing)
    for colour, name in THEME.items():
        drawing = drawing.replace(f": {colour}", f": var({name})")
    told = Markup(' role="img" aria-label="{}"').format(words)
    return Markup(drawing.replace("<svg", f"<svg{told}", 1))


def _draw(key: str, kind: str, data: Mapping[str, Any], width: float) -> tuple[str, bytes, str]:
    """The figure as SVG and PDF, and as narrow SVG where it is wide."""
    with ps.sheet_style(key):
        svg = ps.svg_of(DRAWN[kind](data, width))
        pdf = ps.pdf_of(DRAWN[kind](data, width))
        wide = width > ps.ONE_COLUMN
        return svg, pdf, ps.svg_of(DRAWN[kind](data, ps.ONE_COLUMN)) if wide else ""


def _said(kind: str, data: Mapping[str, Any]) -> str:
    """What the reader must know of the drawing itself."""
    if kind in ("bland-altman", "scatter"):
        many = plot_agreement.points_in(data)
        if many > plot_agreement.MANY:
            return (
                f"All {count(many)} points are drawn; being that many, they stand in the vector "
                f"figure as a picture of {ps.DOTS_PER_INCH} dots per inch."
            )
    if kind == "calibration" and len(data.get("curves") or ()) > plot_calibration.FEW:
        return "Intervals of the bins are left out, since those of so many curves hide each other."
    return ""
