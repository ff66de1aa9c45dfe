"""A figure for a journal: measured in millimetres, vector, its letters inside."""

import io
import re
import warnings
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import Any

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import FigureCanvasPdf
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.lines import Line2D
from matplotlib.textpath import TextToPath

from .printed import one_line

ONE_COLUMN, TWO_COLUMNS = 89.0, 183.0
"""Widths of a figure in mm."""

MM = 1 / 25.4
POINT = 25.4 / 72
FONT, SMALL = 7.0, 6.5
"""Sizes of letters in points; journals ask for 6 at least."""

LINE = 3.3
"""Height of a line of text in mm."""

DOTS_PER_INCH = 600
FAMILIES = ("Arial", "Liberation Sans", "DejaVu Sans")
"""Sans-serif letters, best first; the last comes with matplotlib and has nearly every sign."""

Looks = dict[str, Any]
"""What matplotlib calls the settings of a line or a text."""

INK, MUTED, FAINT, PAPER, WASH = "#1b2530", "#55606e", "#c9d0d8", "#ffffff", "#eef1f4"

SERIES = ("#0063a6", "#d55e00", "#00855f", "#8d3f74", "#a87400", "#3c8dc0")
"""Hues of Okabe and Ito, darkened until they stand out from white paper."""

DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 1.6)),
    (0, (1.1, 1.3)),
    (0, (6, 1.5, 1.2, 1.5)),
    (0, (9, 2)),
    (0, (3, 1.2, 1, 1.2, 1, 1.2)),
    (0, (2.4, 2.4)),
)
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")


@dataclass(frozen=True)
class Look:
    """How one of several curves is drawn, told apart by hue, dash and marker alike."""

    colour: str
    dash: Any
    marker: str


def look(place: int) -> Look:
    """Look of the curve at that place; hues, dashes and markers repeat at different times."""
    return Look(
        SERIES[place % len(SERIES)], DASHES[place % len(DASHES)], MARKERS[place % len(MARKERS)]
    )


@contextmanager
def sheet_style(key: str) -> Iterator[None]:
    """Settings of a figure; `key` makes the names inside it its own, the same each time."""
    settings: Any = {
        "svg.fonttype": "path",
        "svg.hashsalt": key,
        "pdf.fonttype": 42,
        "font.family": list(families()),
        "font.size": FONT,
        "text.parse_math": False,
        "text.color": INK,
        "axes.labelcolor": INK,
        "axes.edgecolor": MUTED,
        "axes.linewidth": 0.6,
        "axes.unicode_minus": True,
        "xtick.color": MUTED,
        "ytick.color": MUTED,
        "xtick.labelcolor": INK,
        "ytick.labelcolor": INK,
        "xtick.labelsize": SMALL,
        "ytick.labelsize": SMALL,
        "lines.linewidth": 1.2,
        "lines.dash_capstyle": "butt",
    }
    with warnings.catch_warnings(), mpl.rc_context(settings):
        # a sign that no font has is drawn as an empty box
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        yield


@cache
def families() -> tuple[str, ...]:
    """Those of the families that this machine has."""
    here = {entry.name for entry in font_manager.fontManager.ttflist}
    return tuple(name for name in FAMILIES if name in here)


def new_sheet(width: float, height: float) -> Figure:
    """An empty figure of that size in mm."""
    return Figure(figsize=(width * MM, height * MM), facecolor=PAPER, dpi=DOTS_PER_INCH)


def place_axes(sheet: Figure, box: Sequence[float]) -> Axes:
    """Axes at left, top, width and height in mm, from the upper left corner of the sheet."""
    left, top, width, height = box
    wide, high = (inches / MM for inches in sheet.get_size_inches())
    axes = sheet.add_axes((left / wide, 1 - (top + height) / high, width / wide, height / high))
    axes.spines[["top", "right"]].set_visible(False)
    axes.tick_params(length=2.2, width=0.6, pad=2)
    axes.set_facecolor("none")
    return axes


def size_of(axes: Axes) -> tuple[float, float]:
    """Width and height in mm of the sheet that axes stand on."""
    wide, high = axes.figure.get_figure(root=True).get_size_inches()
    return float(wide) / MM, float(high) / MM


def text_width(text: str, size: float = FONT, weight: str = "normal") -> float:
    """Width of a text in mm."""
    return _text_width(text, size, weight, families())


@lru_cache(4096)
def _text_width(text: str, size: float, weight: str, family: tuple[str, ...]) -> float:
    letters = FontProperties(family=list(family), size=size, weight=weight)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"Glyph .* missing from")
        points, _, _ = TextToPath().get_text_width_height_descent(text, letters, ismath=False)
    return float(points) * POINT


def wrapped(text: Any, width: float, lines: int = 2, size: float = FONT) -> list[str]:
    """Text broken into at most so many lines of that width in mm; what is left over is cut off."""
    rest = re.findall(r"\S+?[-_/,;.]+(?=\w)|\S+\s*", one_line(text))
    made = [""]
    while rest:
        piece = rest.pop(0)
        if text_width((made[-1] + piece).rstrip(), size) <= width:
            made[-1] += piece
        elif len(made) == lines:
            made[-1] = _cut(made[-1] + piece + "".join(rest), width, size)
            break
        elif not made[-1]:
            fits = _fitting(piece, width, size)
            made[-1] = piece[:fits]
            rest.insert(0, piece[fits:])
            made.append("")
        else:
            rest.insert(0, piece)
            made.append("")
    return [line.rstrip() for line in made if line.strip()] or [""]


def label_axes(axes: Axes, across: Any, up: Any, unit: str = "") -> None:
    """Name both axes in at most two lines each, with a unit that is never cut off."""
    box = axes.get_position()
    wide, high = size_of(axes)
    axes.set_xlabel("\n".join(_label(across, unit, box.width * wide + 6)), labelpad=3)
    axes.set_ylabel("\n".join(_label(up, unit, box.height * high)), labelpad=3)


def label_height(words: Any, unit: str, width: float) -> float:
    """Height in mm of ticks and label below axes of that width."""
    return 6.0 + len(_label(words, unit, width + 6)) * LINE


def _label(words: Any, unit: str, width: float) -> list[str]:
    whole = wrapped(f"{words}{unit}", width)
    if not unit or not whole[-1].endswith("…"):
        return whole
    lines = wrapped(words, width - text_width(unit))
    return [*lines[:-1], lines[-1] + unit]


@dataclass(frozen=True)
class Entry:
    """A line of the legend: what is drawn, and what it means."""

    texts: Sequence[str]
    line: Line2D


def entry(words: Any, width: float, lines: int = 2, **looks: Any) -> Entry:
    """An entry of the legend, its words broken to fit."""
    return Entry(wrapped(words, width - 13, lines), Line2D([], [], **looks))


def legend_height(entries: Sequence[Entry]) -> float:
    """Height in mm that the legend takes."""
    return sum(len(one.texts) * LINE + 0.8 for one in entries) + (1 if entries else 0)


def draw_legend(sheet: Figure, entries: Sequence[Entry], left: float, top: float) -> None:
    """Write the legend below what it explains, one entry below the other."""
    wide, high = (inches / MM for inches in sheet.get_size_inches())
    for one in entries:
        middle = 1 - (top + LINE / 2) / high
        line = Line2D([left / wide, (left + 8) / wide], [middle, middle])
        line.update_from(one.line)
        line.set_transform(sheet.transFigure)
        if one.line.get_linestyle() == "None":
            line.set_data([(left + 4) / wide], [middle])
        elif one.line.get_marker() not in ("None", ""):
            line.set_data([x / wide for x in (left, left + 4, left + 8)], [middle] * 3)
            line.set_markevery([1])
        sheet.add_artist(line)
        for text in one.texts:
            sheet.text(
                (left + 10.5) / wide, 1 - (top + LINE / 2) / high, text, va="center_baseline"
            )
            top += LINE
        top += 0.8


def nothing_there(axes: Axes, words: str = "No values to draw") -> None:
    """Say that a figure is empty."""
    axes.set_xticks([])
    axes.set_yticks([])
    middle: Looks = {"transform": axes.transAxes, "ha": "center", "va": "center"}
    ground = {"facecolor": PAPER, "edgecolor": "none", "pad": 2}
    axes.text(0.5, 0.5, words, color=MUTED, bbox=ground, zorder=9, **middle)


def svg_of(sheet: Figure) -> str:
    """The figure as SVG with all letters as outlines, the same bytes each time."""
    buffer = io.StringIO()
    FigureCanvasSVG(sheet)  # becomes the figure's canvas, whatever the backend
    nothing = dict.fromkeys(("Date", "Creator", "Format", "Type"))
    sheet.savefig(buffer, format="svg", metadata=nothing, dpi=DOTS_PER_INCH)
    text = re.sub(r"<!--.*?-->\s*", "", buffer.getvalue(), flags=re.DOTALL)
    return re.sub(r"<metadata>.*?</metadata>\s*", "", text, flags=re.DOTALL)


def pdf_of(sheet: Figure) -> bytes:
    """The figure as PDF with TrueType letters inside, the same bytes each time."""
    buffer = io.BytesIO()
    FigureCanvasPdf(sheet)
    nothing = dict.fromkeys(("CreationDate", "Creator", "Producer"))
    sheet.savefig(buffer, format="pdf", metadata=nothing, dpi=DOTS_PER_INCH)
    return buffer.getvalue()


def _cut(text: str, width: float, size: float) -> str:
    """As much of a text as fits, and an ellipsis."""
    fits = _fitting(text[:400], width - text_width("…", size), size)
    return text[:fits].rstrip() + "…"


def _fitting(word: str, width: float, size: float) -> int:
    """How many letters of a word fit into that width, one at least."""
    key = partial(_start_width, word, size)
    return max(1, bisect_right(range(1, len(word) + 1), width, key=key))


def _start_width(word: str, size: float, letters: int) -> float:
    return text_width(word[:letters], size)
