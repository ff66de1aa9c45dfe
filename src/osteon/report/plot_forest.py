"""Estimates below each other with their intervals, each with its name and its numbers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from . import plot_sheet as ps
from .printed import estimate, estimate_decimals, finite, number, one_line, p_value

LONG_NAME = 34.0
"""Width of a name in mm from which a forest takes both columns of the journal."""

HEAD, FOOT, GAP = 6.0, 10.5, 2.0
AXIS = 75.0
"""Greatest width of the axis in mm."""
MISSING = "not available"


@dataclass(frozen=True)
class _Row:
    """A line of the forest as it is written."""

    texts: Sequence[str]
    title: bool
    value: tuple[float | None, float | None, float | None]
    words: str
    p: str
    reference: bool

    @property
    def height(self) -> float:
        """Height in mm."""
        return len(self.texts) * ps.LINE + (1.9 if self.title else 1.5)


def natural_width(data: Mapping[str, Any]) -> float:
    """One column of a journal, or two where the names need them."""
    names = [one_line(row.get("name") or "") for row in data.get("rows") or ()]
    long = any(ps.text_width(name) > LONG_NAME for name in names)
    return ps.TWO_COLUMNS if long else ps.ONE_COLUMN


def forest(data: Mapping[str, Any], width: float) -> Figure:
    """Every row with its marker, its interval and its numbers; the reference stands out."""
    given = data.get("rows") or []
    words_wide = max([ps.text_width(_words(given, row)) for row in given] or [0.0])
    has_p = any(finite(row.get("p")) is not None for row in given)
    numbers_left = width - 1.5 - (9.5 if has_p else 0) - max(words_wide, 16)
    room = numbers_left - 2 * GAP - 1
    name_wide = min(_widest(given), room - max(20.0, room * 0.45))
    axis_wide = min(room - name_wide, AXIS)
    name_wide = room - axis_wide
    rows = _rows(given, name_wide)
    high = sum(row.height for row in rows) or 10.0
    sheet = ps.new_sheet(width, HEAD + high + FOOT)
    axes = ps.place_axes(sheet, (name_wide + GAP + 1, HEAD, axis_wide, high))
    axes.set_ylim(high, 0)
    axes.spines["left"].set_visible(False)
    axes.set_yticks([])
    _scale(axes, data, axis_wide)
    axis_name = one_line(data.get("axis") or "")
    if rows:
        level = number(100 * (finite(data.get("level")) or 0.95))
        head = f"{_short(axis_name)} ({level.rstrip('0').rstrip('.')}% CI)"
        _write(sheet, numbers_left, HEAD / 2, head, weight="bold")
    if has_p:
        _write(sheet, width - 1.5, HEAD / 2, "p", weight="bold", ha="right")
    top = 0.0
    for row in rows:
        middle = top + row.height / 2
        first = middle - (len(row.texts) - 1) * ps.LINE / 2
        for n, text in enumerate(row.texts):
            at = HEAD + first + n * ps.LINE
            _write(sheet, 1, at, text, weight="bold" if row.title else "normal")
        if not row.title:
            _interval(axes, row, middle)
            _write(sheet, numbers_left, HEAD + middle, row.words)
            _write(sheet, width - 1.5, HEAD + middle, row.p, ha="right")
        top += row.height
    if not rows:
        ps.nothing_there(axes)
    axes.set_xlabel("\n".join(ps.wrapped(axis_name, axis_wide + 2 * GAP, 2)), labelpad=2)
    return sheet


def _widest(given: Sequence[Mapping[str, Any]]) -> float:
    """Width of the longest name in mm."""
    names = [_name(row) for row in given] + [one_line(row.get("group") or "") for row in given]
    return max([ps.text_width(name, weight="bold") for name in names] or [0.0]) + 1


def _name(row: Mapping[str, Any]) -> str:
    """Name of a row, marked where it is the reference."""
    return one_line(row.get("name") or "") + (" (reference)" if row.get("reference") else "")


def _rows(given: Sequence[Mapping[str, Any]], name_wide: float) -> list[_Row]:
    """Lines of the forest, each group under its title."""
    made, before = [], ""
    for row in given:
        group = one_line(row.get("group") or "")
        if group and group != before:
            empty = (None, None, None)
            made.append(_Row(ps.wrapped(group, name_wide, 2), True, empty, "", "", False))
        before = group
        value = (finite(row.get("value")), finite(row.get("low")), finite(row.get("high")))
        p = "" if finite(row.get("p")) is None else p_value(row["p"])
        texts = ps.wrapped(_name(row), name_wide, 3)
        made.append(_Row(texts, False, value, _words(given, row), p, bool(row.get("reference"))))
    return made


def _words(rows: Sequence[Mapping[str, Any]], row: Mapping[str, Any]) -> str:
    """Value and interval of a row, with the decimals of the row that needs most."""
    value, low, high = (finite(row.get(key)) for key in ("value", "low", "high"))
    if value is None:
        return MISSING
    known = [[finite(one.get(key)) for key in ("value", "low", "high")] for one in rows]
    wanted = [
        estimate_decimals(some) for one in known if (some := [x for x in one if x is not None])
    ]
    return estimate(value, low, high, min(max(wanted), 4))


def _scale(axes: Axes, data: Mapping[str, Any], wide: float) -> None:
    """Ends and ticks of the axis, and the line of no effect."""
    keys = ("value", "low", "high")
    values = [finite(row.get(key)) for row in data.get("rows") or () for key in keys]
    null = finite(data.get("null"))
    known = [value for value in [*values, null] if value is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if high - low < 1e-9 * max(abs(high), 1e-9):
        low, high = low - 0.05 * (abs(low) or 1), high + 0.05 * (abs(high) or 1)
    many = min(6, max(3, int(wide / 5.5)))
    ticks = MaxNLocator(nbins=many, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
    room = 0.04 * (high - low)
    ticks = [tick for tick in ticks if low - room <= tick <= high + room]
    axes.set_xlim(low - room, high + room)
    axes.set_xticks(ticks)
    for tick in ticks:
        axes.axvline(tick, color=ps.WASH, lw=0.6, zorder=0)
    if null is not None:
        axes.axvline(null, color=ps.MUTED, lw=0.8, ls=(0, (4, 2)), zorder=1)


def _interval(axes: Axes, row: _Row, middle: float) -> None:
    """Marker and interval; the reference is an open diamond."""
    value, low, high = row.value
    if value is None:
        return
    colour = ps.INK if row.reference else ps.SERIES[0]
    ends = [value if end is None else end for end in (low, high)]
    axes.plot(ends, [middle] * 2, color=colour, lw=1.3, solid_capstyle="butt", zorder=3)
    for end, known in zip(ends, (low, high), strict=True):
        if known is not None:
            axes.plot([end] * 2, [middle - 0.6, middle + 0.6], color=colour, lw=0.9, zorder=3)
    axes.plot(
        [value],
        [middle],
        ls="none",
        marker="D" if row.reference else "s",
        ms=4.2 if row.reference else 3.8,
        mfc=ps.PAPER if row.reference else colour,
        mec=colour,
        mew=1,
        zorder=4,
        clip_on=False,
    )


def _write(sheet: Figure, left: float, top: float, words: str, **looks: Any) -> None:
    """Write words at a place in mm from the upper left corner."""
    wide, high = np.asarray(sheet.get_size_inches()) / ps.MM
    sheet.text(left / wide, 1 - top / high, words, va="center_baseline", **looks)


def _short(name: str) -> str:
    """Name of the axis where there is room for one word or two."""
    return name if 0 < len(name) <= 8 else "Value"
