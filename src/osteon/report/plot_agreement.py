"""Two methods against each other: differences over means, and one over the other."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from . import plot_sheet as ps
from .printed import estimate_decimals, finite, number, one_line, span, triple
from .words import unit as unit_in_print

MANY = 3000
"""From so many points on they are drawn as a picture inside the vector figure."""

LINES = (ps.INK, *ps.SERIES[1:])
"""Colours of lines through points, which have the first of the series themselves."""

NAME = 40.0
"""Width in mm of a name where two stand in one label."""

MOST_GROUPS = 6
"""Groups that are told apart."""


def bland_altman(data: Mapping[str, Any], width: float) -> Figure:
    """Differences over means, with bias and limits and the interval of each."""
    means, differences, groups = _columns(data, "means", "differences")
    named = _named_groups(groups)
    left, right, high = 16.0, 21.5, 58.0
    entries = [
        ps.entry(name, width - left, **_mark(place, len(means))) for place, name in enumerate(named)
    ]
    if line := data.get("line"):
        look = {"color": ps.INK, "linestyle": ps.DASHES[3]}
        entries.append(ps.entry(_equation(*map(float, line)), width - left, **look))
    unit = _unit(data)
    x, y = (ps.wrapped(data.get(key) or key, NAME, 1)[0] for key in ("x", "y"))
    across = f"Mean of {x} and {y}"
    below = high + 2 + ps.label_height(across, unit, width - left - right)
    sheet = ps.new_sheet(width, below + ps.legend_height(entries))
    axes = ps.place_axes(sheet, (left, 2, width - left - right, high))
    levels = {key: triple(data.get(key)) for key in ("upper", "bias", "lower")}
    heights = [*differences, *(x for level in levels.values() for x in level if x is not None)]
    _limits(axes.set_xlim, means)
    _limits(axes.set_ylim, heights)
    _levels(axes, levels, one_line(data.get("unit") or ""))
    if line:
        ends = np.array(axes.get_xlim())
        axes.plot(ends, float(line[1]) + float(line[0]) * ends, color=ps.INK, ls=ps.DASHES[3], lw=1)
    _points(axes, means, differences, groups, named)
    ps.label_axes(axes, across, f"{x} minus {y}", unit)
    if len(means):
        axes.locator_params(axis="both", nbins=6)
    ps.draw_legend(sheet, entries, left, below)
    return sheet


def scatter(data: Mapping[str, Any], width: float) -> Figure:
    """One method over the other, with the line of identity and lines fitted."""
    x, y, _ = _columns(data, "x", "y")
    left = 16.0
    high = min(width - left - 5, 68.0)
    lines = data.get("lines") or ()
    looks = [
        {"color": LINES[n % len(LINES)], "linestyle": ps.look(n).dash} for n in range(len(lines))
    ]
    entries = [
        ps.entry(one.get("name") or "Line", width - left, **looks[n]) for n, one in enumerate(lines)
    ]
    if data.get("identity"):
        equal: ps.Looks = {"color": ps.MUTED, "linewidth": 0.8, "linestyle": (0, (1, 1.4))}
        entries.append(ps.entry("Identity", width - left, **equal))
    across = data.get("x_name") or "x"
    below = high + 2 + ps.label_height(across, _unit(data), high)
    sheet = ps.new_sheet(width, below + ps.legend_height(entries))
    axes = ps.place_axes(sheet, (left, 2, high, high))
    together = np.concatenate([x, y]) if data.get("identity") else None
    _limits(axes.set_xlim, x if together is None else together)
    _limits(axes.set_ylim, y if together is None else together)
    ends = np.array(axes.get_xlim())
    if data.get("identity"):
        axes.plot(ends, ends, color=ps.MUTED, lw=0.8, ls=(0, (1, 1.4)), zorder=1)
    _points(axes, x, y, None, [])
    for one, look in zip(lines, looks, strict=True):
        slope, intercept = finite(one.get("slope")), finite(one.get("intercept"))
        if slope is not None and intercept is not None:
            axes.plot(ends, intercept + slope * ends, lw=1.3, zorder=4, **look)
    ps.label_axes(axes, across, data.get("y_name") or "y", _unit(data))
    if len(x):
        axes.locator_params(axis="both", nbins=6)
    ps.draw_legend(sheet, entries, left, below)
    return sheet


def points_in(data: Mapping[str, Any]) -> int:
    """How many points a figure of this kind has."""
    return len(_columns(data, *(("means", "differences") if "means" in data else ("x", "y")))[0])


def _columns(
    data: Mapping[str, Any], first: str, second: str
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[Any] | None]:
    """Both columns and the groups, where both are finite."""
    x, y = (np.asarray(data.get(key) or [], np.float64) for key in (first, second))
    here = np.isfinite(x) & np.isfinite(y)
    groups = data.get("groups")
    names = None if not groups else np.array([one_line(group) for group in groups])[here]
    return x[here], y[here], names


def _named_groups(groups: NDArray[Any] | None) -> list[str]:
    """Groups that are told apart; none where they are one or too many."""
    names = [] if groups is None else list(dict.fromkeys(groups.tolist()))
    return names if 1 < len(names) <= MOST_GROUPS else []


def _mark(place: int, many: int) -> dict[str, Any]:
    """How the points of a group are drawn, the fainter and smaller the more there are."""
    look = ps.look(place)
    return {
        "linestyle": "none",
        "marker": look.marker,
        "markersize": float(np.clip(14 / max(many, 1) ** 0.25, 0.9, 3.6)),
        "markerfacecolor": look.colour,
        "markeredgecolor": "none",
        "alpha": float(np.clip(8 / max(many, 1) ** 0.5, 0.06, 0.75)),
    }


def _points(
    axes: Axes,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    groups: NDArray[Any] | None,
    named: Sequence[str],
) -> None:
    """Draw all points, as a picture where they are many."""
    if not len(x):
        ps.nothing_there(axes)
    for place, name in enumerate(named or [None]):
        here = slice(None) if name is None or groups is None else groups == name
        axes.plot(x[here], y[here], rasterized=len(x) > MANY, zorder=3, **_mark(place, len(x)))


def _levels(axes: Axes, levels: Mapping[str, Any], unit: str) -> None:
    """Bias and limits with their intervals, named at the right edge."""
    known = {key: level for key, level in levels.items() if level[0] is not None}
    names = {"upper": "Upper limit", "bias": "Bias", "lower": "Lower limit"}
    bottom, top = axes.get_ylim()
    high = axes.get_position().height * ps.size_of(axes)[1]
    if not known:
        return
    together = [x for level in known.values() for x in level if x is not None]
    widths = [high - low for _, low, high in known.values() if None not in (low, high)]
    digits = estimate_decimals(together)
    digits = max([digits, *(estimate_decimals([0.0, w]) - 2 for w in widths if w > 0)])
    wished = [(level[0] - bottom) / (top - bottom) * high for level in known.values()]
    for place, (key, level) in zip(_apart(wished, 9.5, high), known.items(), strict=True):
        value, least, most = level
        inside = key == "bias"
        colour, dash = (ps.INK, "-") if inside else (ps.SERIES[1], (0, (5, 2)))
        axes.axhline(value, color=colour, ls=dash, lw=1, zorder=4)
        text = [names[key], number(value, digits)]
        if least is not None and most is not None:
            axes.axhspan(least, most, color=colour, alpha=0.12, lw=0, zorder=1)
            text.append(f"({span(number(least, digits), number(most, digits))})")
        for row, words in enumerate(text):
            axes.annotate(
                words,
                (1, place / high),
                xycoords="axes fraction",
                xytext=(4, (1 - row) * 8.2),
                textcoords="offset points",
                va="center",
                fontsize=ps.SMALL,
                color=ps.INK if row == 0 else ps.MUTED,
                weight="bold" if row == 0 else "normal",
            )


def _apart(places: Sequence[float], least: float, high: float) -> list[float]:
    """The same places from top to bottom, moved until they are `least` apart and inside."""
    order = np.argsort([-place for place in places], kind="stable")
    moved = np.array([places[n] for n in order], np.float64)
    half = least / 2
    for n in range(len(moved)):
        moved[n] = min(moved[n], high - half - n * least if n == 0 else moved[n - 1] - least)
    for n in range(len(moved) - 1, -1, -1):
        moved[n] = max(moved[n], half if n == len(moved) - 1 else moved[n + 1] + least)
    back = np.empty_like(moved)
    back[order] = moved
    return [float(place) for place in back]


def _equation(slope: float, intercept: float) -> str:
    """The line of the difference on the mean, as a formula."""
    signed = "−" if slope < 0 else "+"
    parts = [f"{value:.3g}".replace("-", "−") for value in (intercept, abs(slope))]
    return f"Difference = {parts[0]} {signed} {parts[1]} × mean"


def _limits(set_limits: Any, values: Sequence[float] | NDArray[np.float64]) -> None:
    """Ends of an axis that hold all values with some room."""
    if not len(values):
        return
    low, high = float(np.min(values)), float(np.max(values))
    room = 0.06 * (high - low) or max(abs(high) * 0.1, 0.5)
    set_limits(low - room, high + room)


def _unit(data: Mapping[str, Any]) -> str:
    unit = unit_in_print(one_line(data.get("unit") or ""))
    return f" ({unit})" if unit else ""
