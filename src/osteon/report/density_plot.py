"""Density by level, as a vector drawing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .drawing import INK, MUTED, POINTS_PER_INCH, RULE, inline, plot_style
from .findings import Density, Findings
from .words import is_number, number, short_source

CORE = "#0072b2"
METHOD_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
METHOD_MARKERS = ("o", "s", "^", "D", "v", "P")
"""Okabe & Ito's colours, told apart by readers of every colour vision, and a shape for each."""


@dataclass(frozen=True)
class Layout:
    """Sizes of one drawing, in CSS pixels; `key` keeps the names inside two drawings apart."""

    key: str
    width: float
    height: float
    left: float
    right: float
    font: float
    long_labels: bool


WIDE = Layout("wide", 720, 330, 44, 240, 11.5, long_labels=True)
NARROW = Layout("narrow", 356, 265, 32, 100, 9.5, long_labels=False)
"""For a desk or paper, and for a phone."""

SECOND_PANEL = 0.68
"""Height of the density panel as a share of the HU panel."""


@dataclass(frozen=True)
class _Point:
    """One level of the plot."""

    level: str
    measured: bool
    flagged: bool
    median: float | None
    inner: tuple[float, float] | None
    outer: tuple[float, float] | None
    densities: Sequence[Density]


def density_plot(results: Mapping[str, Any], layout: Layout) -> str:
    """Core HU by level with thresholds, and densities below where there are any.

    Parameters
    ----------
    results : mapping
        The results dict.
    layout : Layout
        `WIDE` or `NARROW`.

    Returns
    -------
    str
        An ``<svg>`` element to stand inside a page; empty where no level has a number.
    """
    points = _points(results)
    if not any(point.median is not None for point in points):
        return ""
    has_density = any(d.value is not None for p in points for d in p.densities)
    second = layout.height * SECOND_PANEL if has_density else 0.0
    size = (layout.width / POINTS_PER_INCH, (layout.height + second) / POINTS_PER_INCH)
    with mpl.rc_context(plot_style(layout.key, layout.font)):
        figure = Figure(figsize=size, dpi=POINTS_PER_INCH)
        upper = _panel(figure, layout, points, bottom=second, height=layout.height)
        _draw_hu(upper, points)
        _draw_thresholds(upper, points, _of(results, "HU"), layout)
        if has_density:
            lower = _panel(figure, layout, points, bottom=0.0, height=second)
            _draw_densities(lower, points, layout)
            _draw_thresholds(lower, points, _of(results, "vBMD"), layout)
        return inline(figure)


def _points(results: Mapping[str, Any]) -> list[_Point]:
    found = Findings(results)
    points = []
    for level in results["levels"]:
        name = level["level"]

        def pair(low: str, high: str, name: str = name) -> tuple[float, float] | None:
            ends = found.value(name, "core", low), found.value(name, "core", high)
            return None if ends[0] is None or ends[1] is None else (ends[0], ends[1])

        points.append(
            _Point(
                level=name,
                measured=level["measured"],
                flagged=bool(level["flags"]),
                median=found.value(name, "core", "HU median") if level["measured"] else None,
                inner=pair("HU P25", "HU P75"),
                outer=pair("HU P10", "HU P90"),
                densities=found.densities(name) if level["measured"] else (),
            )
        )
    return points


def _of(results: Mapping[str, Any], quantity: str) -> list[Mapping[str, Any]]:
    """Thresholds of one quantity, by height."""
    thresholds = [
        t
        for t in results["thresholds"]
        if is_number(t["value"]) and t["quantity"].startswith(quantity)
    ]
    return sorted(thresholds, key=lambda t: float(t["value"]))


def _panel(
    figure: Figure, layout: Layout, points: Sequence[_Point], bottom: float, height: float
) -> Axes:
    """Empty axes with the levels along x, head to the left."""
    total = figure.get_figheight() * POINTS_PER_INCH
    above, below = layout.font * 2.4, layout.font * 2.2
    axes: Axes = figure.add_axes(
        (
            layout.left / layout.width,
            (bottom + below) / total,
            1 - (layout.left + layout.right) / layout.width,
            (height - above - below) / total,
        )
    )
    axes.set_xlim(-0.6, len(points) - 0.4)
    axes.set_xticks(range(len(points)), [point.level for point in points])
    if len(points) > 9 and not layout.long_labels:
        axes.tick_params(axis="x", labelrotation=90)
    axes.tick_params(length=0, pad=5)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)
    return axes


def _draw_hu(axes: Axes, points: Sequence[_Point]) -> None:
    for at, point in enumerate(points):
        if point.median is None:
            _draw_nothing(axes, at)
            continue
        for ends, width in ((point.outer, 1.2), (point.inner, 4.5)):
            if ends is not None:
                axes.plot([at, at], ends, color=CORE, linewidth=width, solid_capstyle="butt")
        face = "white" if point.flagged else CORE
        axes.plot(at, point.median, "o", ms=8.5, mfc=face, mec=CORE, mew=1.8, zorder=4)
    _title(axes, "Whole-body core, HU")
    low, high = axes.get_ylim()
    axes.set_ylim(min(0.0, low), high)


def _draw_nothing(axes: Axes, at: int) -> None:
    """Say at the foot of a level's column that it was not measured."""
    axes.text(
        at,
        0.03,
        "not measured",
        transform=axes.get_xaxis_transform(),
        rotation=90,
        ha="center",
        va="bottom",
        color=MUTED,
        size="small",
    )


def _draw_densities(axes: Axes, points: Sequence[_Point], layout: Layout) -> None:
    """Densities by method, side by side within a level, with one standard uncertainty."""
    methods = list(
        dict.fromkeys(d.method for p in points for d in p.densities if d.value is not None)
    )
    step = min(0.16, 0.6 / max(len(methods), 1))
    for order, method in enumerate(methods):
        shift = (order - (len(methods) - 1) / 2) * step
        label = method
        for at, point in enumerate(points):
            for density in point.densities:
                if density.method != method or density.value is None:
                    continue
                label = f"{method}, {density.equivalent}" if density.equivalent else method
                colour = METHOD_COLOURS[order % len(METHOD_COLOURS)]
                axes.errorbar(
                    at + shift,
                    density.value,
                    yerr=density.uncertainty,
                    fmt=METHOD_MARKERS[order % len(METHOD_MARKERS)],
                    ms=5.5,
                    mew=1.5,
                    mec=colour,
                    mfc="white" if point.flagged else colour,
                    ecolor=colour,
                    elinewidth=1.2,
                )
        axes.plot(
            [],
            [],
            METHOD_MARKERS[order % len(METHOD_MARKERS)],
            color=METHOD_COLOURS[order % len(METHOD_COLOURS)],
            ms=5.5,
            label=label,
        )
    _title(axes, "Density of the core, mg/cm³ (± 1 standard uncertainty)")
    axes.set_ylim(bottom=min(0.0, axes.get_ylim()[0]))
    axes.legend(
        loc="lower left",
        ncols=2 if layout.long_labels else 1,
        frameon=False,
        fontsize="small",
        borderaxespad=0.2,
        handletextpad=0.2,
    )


def _draw_thresholds(
    axes: Axes,
    points: Sequence[_Point],
    thresholds: Sequence[Mapping[str, Any]],
    layout: Layout,
) -> None:
    """A line for each threshold: firm at the level it was found for, faint elsewhere."""
    if not thresholds:
        return
    names = [point.level for point in points]
    low, high = axes.get_ylim()
    axes.set_ylim(low, max(high, float(thresholds[-1]["value"]) * 1.06))
    apart = layout.font * 1.2
    heights = _spread(axes, [float(t["value"]) for t in thresholds], apart)
    edge = len(points) - 0.4
    for threshold, height in zip(thresholds, heights, strict=True):
        value = float(threshold["value"])
        axes.axhline(value, color=MUTED, linewidth=0.8, linestyle=(0, (1, 3)), zorder=1)
        if threshold["level"] in names:
            at = names.index(threshold["level"])
            axes.plot([at - 0.45, at + 0.45], [value, value], color=INK, linewidth=1.6, zorder=2)
        reach = (edge - (-0.6)) * 8 / (layout.width - layout.left - layout.right)
        axes.plot([edge, edge + reach], [value, height], color=MUTED, linewidth=0.8, clip_on=False)
        axes.text(
            edge + 1.5 * reach,
            height,
            _label(threshold, layout),
            va="center",
            ha="left",
            size=layout.font * 0.87,
            linespacing=1.25,
        )


def _label(threshold: Mapping[str, Any], layout: Layout) -> str:
    value, source = number(threshold["value"]), short_source(threshold)
    if not layout.long_labels:
        author, _, _ = source.rpartition(" ")
        return f"{value} {author or source}"
    name = threshold["name"].removeprefix(f"{threshold['level']} {threshold['quantity']}, ")
    return f"{value}: {name}, {source}"


def _spread(axes: Axes, values: Sequence[float], apart: float) -> list[float]:
    """Heights for labels, in data units: as near to `values` as `apart` points allow."""
    low, high = axes.get_ylim()
    tall = axes.bbox.height  # in points, as the figure has one dot a point
    gap = apart * (high - low) / tall
    heights = list(values)
    for _ in range(50):
        for i, (lower, upper) in enumerate(pairwise(heights)):
            if upper - lower < gap:
                middle = (upper + lower) / 2
                heights[i], heights[i + 1] = middle - gap / 2, middle + gap / 2
    return heights


def _title(axes: Axes, text: str) -> None:
    axes.set_title(text, loc="left", fontsize="medium", fontweight="bold", x=-0.02, pad=8)
