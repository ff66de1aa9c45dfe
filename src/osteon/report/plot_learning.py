"""Learning curves: how good a model is over the number of patients it learned from."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from . import plot_sheet as ps
from .printed import finite, number

LEFT, HIGH = 14.0, 52.0

ASIDE = 0.12
"""How far curves stand beside each other, as share of the smallest step between sizes."""


def learning_curve(data: Mapping[str, Any], width: float) -> Figure:
    """Points with intervals over patients, one line a series, with a published value across."""
    series = data.get("series") or []
    published = finite(data.get("published"))
    entries = [
        ps.entry(one.get("name") or "Model", width - LEFT, **_look(n))
        for n, one in enumerate(series)
    ]
    across: ps.Looks = {"color": ps.MUTED, "linewidth": 0.9, "linestyle": (0, (1, 1.4))}
    if published is not None:
        entries.append(ps.entry(f"Published, {number(published, 3)}", width - LEFT, **across))
    sheet = ps.new_sheet(width, HIGH + 12 + ps.legend_height(entries))
    axes = ps.place_axes(sheet, (LEFT, 2, width - LEFT - 3, HIGH))
    ps.draw_legend(sheet, entries, LEFT, HIGH + 12)
    points = [_points(one) for one in series]
    sizes = np.unique(np.concatenate([some[0] for some in points] or [np.zeros(0)]))
    aside = ASIDE * float(np.diff(sizes).min()) if len(sizes) > 1 else 0.0
    for place, (x, y, low, high) in enumerate(points):
        at = x + aside * (place - (len(points) - 1) / 2)
        axes.plot(at, y, zorder=3, clip_on=False, **_look(place))
        axes.vlines(at, low, high, color=ps.look(place).colour, lw=0.9, zorder=2)
    if published is not None:
        axes.axhline(published, zorder=1, **across)
    if len(sizes):
        axes.set_xticks(sizes)
        room = 0.08 * float(np.ptp(sizes)) or 1.0
        axes.set_xlim(sizes[0] - room, sizes[-1] + room)
        axes.yaxis.set_major_locator(MaxNLocator(6))
    else:
        ps.nothing_there(axes)
    ps.label_axes(axes, "Patients learned from", data.get("y") or "ICC(2,1)")
    return sheet


def _look(place: int) -> dict[str, Any]:
    look = ps.look(place)
    return {
        "color": look.colour,
        "linestyle": look.dash,
        "linewidth": 1.3,
        "marker": look.marker,
        "markersize": 4,
    }


def _points(one: Mapping[str, Any]) -> tuple[Any, Any, Any, Any]:
    """Sizes, values and ends of a series where both size and value are known, by size."""
    rows = []
    for point in one.get("points") or ():
        x, y = finite(point.get("patients")), finite(point.get("value"))
        if x is not None and y is not None:
            low, high = finite(point.get("low")), finite(point.get("high"))
            rows.append((x, y, y if low is None else low, y if high is None else high))
    rows.sort()
    sizes, values, least, most = np.array(rows, np.float64).reshape(-1, 4).T
    return sizes, values, least, most
