"""Who is called what: counts of truth against call, with the share of each row."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from . import plot_sheet as ps
from .printed import count, one_line

SHADES = LinearSegmentedColormap.from_list("share", ("#fcfdfe", "#c5dbec", "#5d9ac6", "#004c82"))
"""White to dark blue, in grey as well."""

DARK, LIGHT = "#10202e", "#fefefe"
"""Letters on the fields; unlike other colours they stay as they are on a dark page."""

NAMES_WIDE, NAMES_HIGH = 19.0, 22.0


def confusion(data: Mapping[str, Any], width: float) -> Figure:
    """A field for each pair of classes, the darker the greater its share of the row."""
    names = [one_line(name) for name in data.get("classes") or ()]
    counts = np.asarray(data.get("counts") or np.zeros((0, 0)), np.float64)
    many = max(len(names), 1)
    longest = max([ps.text_width(name) for name in names] or [0.0])
    left = min(NAMES_WIDE, longest) + 6
    side = min(width - left - 2, max(30.0, 19.0 * many))
    field = side / many
    flat = all(ps.text_width(name) <= field - 1.5 for name in names)
    below = ps.LINE + 1 if flat else min(NAMES_HIGH, longest + 2)
    sheet = ps.new_sheet(width, side + below + 8)
    axes = ps.place_axes(sheet, (left, 2, side, side))
    axes.set_xlim(0, many)
    axes.set_ylim(many, 0)
    axes.spines[:].set_visible(True)
    axes.tick_params(length=0)
    rows = [ps.wrapped(name, NAMES_WIDE, max(1, int(field / ps.LINE))) for name in names]
    deep = max(1, min(3, int(field / ps.LINE)))
    columns = [name if flat else "\n".join(ps.wrapped(name, below - 1.5, deep)) for name in names]
    middle = np.arange(len(names)) + 0.5
    axes.set_yticks(middle, ["\n".join(lines) for lines in rows])
    axes.set_xticks(middle, columns, rotation=0 if flat else 90)
    if not names:
        ps.nothing_there(axes)
        axes.set_xticks([])
        axes.set_yticks([])
    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros_like(counts), where=totals > 0)
    axes.pcolormesh(
        np.arange(many + 1),
        np.arange(many + 1),
        shares if names else np.zeros((1, 1)),
        cmap=SHADES,
        vmin=0,
        vmax=1,
        edgecolor=ps.FAINT,
        linewidth=0.5,
    )
    for (row, column), value in np.ndenumerate(counts):
        _field(axes, (column, row), value, shares[row, column], field)
    wide, high = np.asarray(sheet.get_size_inches()) / ps.MM
    across, up = one_line(data.get("called") or "Called"), one_line(data.get("truth") or "Truth")
    across, up = ps.wrapped(across, side, 1)[0], ps.wrapped(up, side, 1)[0]
    at = (left + side / 2) / wide
    sheet.text(at, 2.5 / high, across, ha="center", va="center", weight="bold")
    at = 1 - (2 + side / 2) / high
    sheet.text(1.8 / wide, at, up, ha="center", va="center", rotation=90, weight="bold")
    return sheet


def _field(axes: Any, place: tuple[int, int], value: float, share: float, field: float) -> None:
    """Count and share of one field, as large as there is room."""
    column, row = place
    colour = LIGHT if share > 0.6 else DARK
    number = count(value)
    size = ps.FONT + 1 if field >= 9 else ps.SMALL
    while ps.text_width(number, size) > field - 0.8 and size > 4:
        size -= 0.5
    two = field >= 8
    up = -0.13 * min(1.0, 14 / field) if two else 0
    middle = {"ha": "center", "va": "center_baseline", "color": colour}
    axes.text(column + 0.5, row + 0.5 + up, number, fontsize=size, **middle)
    if two:
        axes.text(
            column + 0.5,
            row + 0.5 - up + 0.03,
            f"{100 * share:.0f}%",
            fontsize=ps.SMALL - 0.5,
            **middle,
        )
