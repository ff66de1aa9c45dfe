"""Vector drawings and pictures that stand inside a page."""

import base64
import io
import re
from typing import Any

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from PIL import Image

INK, MUTED, RULE = "#1b2530", "#55606e", "#d9dee4"
"""Colours of the style sheet, for drawings."""

POINTS_PER_INCH = 72.0


def plot_style(key: str, font: float) -> Any:
    """Settings of a plot of the page; `key` keeps the names inside two drawings apart."""
    return {
        "svg.fonttype": "none",
        "svg.hashsalt": key,
        "font.family": ["DejaVu Sans"],
        "font.size": font,
        "text.color": INK,
        "axes.labelcolor": INK,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "axes.edgecolor": MUTED,
    }


def inline(figure: Figure) -> str:
    """The figure as an ``<svg>`` element without prolog, page-wide style and fixed size."""
    buffer = io.StringIO()
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    FigureCanvasSVG(figure)  # becomes the figure's canvas, whatever the backend
    figure.savefig(buffer, format="svg", metadata=nothing)
    drawing = buffer.getvalue()
    drawing = drawing[drawing.index("<svg") :]
    drawing = re.sub(r"<style.*?</style>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r"<metadata>.*?</metadata>", "", drawing, flags=re.DOTALL)
    drawing = re.sub(r'(<svg[^>]*?) width="[^"]*pt"', r"\1", drawing)
    drawing = re.sub(r'(<svg[^>]*?) height="[^"]*pt"', r"\1", drawing)
    return drawing.replace("'DejaVu Sans'", "var(--font)")


def data_address(picture: Image.Image, transparency: int | None = None) -> str:
    """A picture as PNG in a ``data:`` address; grey value `transparency` is seen through."""
    buffer = io.BytesIO()
    seen_through = {} if transparency is None else {"transparency": transparency}
    picture.save(buffer, "PNG", optimize=True, **seen_through)
    return "data:image/png;base64," + base64.b64encode(buffer.getvalue()).decode()
