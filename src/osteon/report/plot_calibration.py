"""Predicted against observed risk, with how many patients stand behind each point."""

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from . import plot_sheet as ps
from .plot_curves import LEFT, SQUARE, pair, thinned, unit_square
from .printed import count, estimate, finite, one_line, triple

FEW = 3
"""Curves whose intervals are drawn; those of more would hide each other."""

COUNTS = 9.0
"""Height of the lower axes in mm."""


def calibration(data: Mapping[str, Any], width: float) -> Figure:
    """Observed shares over predicted probabilities, and below them the patients in each bin."""
    curves = data.get("curves") or []
    entries = [_entry(curve, place, width) for place, curve in enumerate(curves)]
    ideal: ps.Looks = {"color": ps.MUTED, "linewidth": 0.8, "linestyle": (0, (1, 1.6))}
    entries.append(ps.entry("Perfect calibration", width - LEFT, **ideal))
    side = min(SQUARE, width - LEFT - 4)
    sheet = ps.new_sheet(width, side + COUNTS + 15 + ps.legend_height(entries))
    axes = ps.place_axes(sheet, (LEFT, 2.5, side, side))
    unit_square(axes)
    axes.tick_params(labelbottom=False)
    axes.plot([0, 1], [0, 1], zorder=1, **ideal)
    many = ps.place_axes(sheet, (LEFT, side + 5.5, side, COUNTS))
    for place, curve in enumerate(curves):
        _curve(axes, curve, place, len(curves) <= FEW)
        _patients(many, curve.get("bins") or (), place, len(curves))
    if not curves:
        ps.nothing_there(axes)
    unit_square(many)
    most = max([1, *(n for curve in curves for *_, n in _bins(curve.get("bins") or ()))])
    many.set_ylim(0, most * 1.05)
    many.set_yticks([0, most], ["0", count(most)])
    ps.label_axes(axes, "", "Observed share")
    ps.label_axes(many, "Predicted probability", "n")
    for one in (axes, many):
        one.yaxis.set_label_coords(-9 / side, 0.5)
    ps.draw_legend(sheet, entries, LEFT, side + COUNTS + 15)
    return sheet


def _curve(axes: Axes, curve: Mapping[str, Any], place: int, intervals: bool) -> None:
    """Bins with their intervals and the smooth line."""
    look = ps.look(place)
    for x, y, low, high, _ in _bins(curve.get("bins") or ()):
        if intervals and low is not None and high is not None:
            axes.plot([x, x], [low, high], color=look.colour, lw=0.8, zorder=2, clip_on=False)
        axes.plot(
            [x],
            [y],
            ls="none",
            marker=look.marker,
            ms=3.6,
            mfc=ps.PAPER,
            mec=look.colour,
            mew=1,
            zorder=4,
            clip_on=False,
        )
    if smooth := curve.get("smooth"):
        across, up = pair(smooth.get("x"), smooth.get("y"))
        axes.plot(*thinned(across, up), color=look.colour, ls=look.dash, lw=1.3, zorder=3)


def _patients(axes: Axes, bins: Sequence[Mapping[str, Any]], place: int, curves: int) -> None:
    """A stroke a bin, as high as it has patients; those of several curves side by side."""
    look = ps.look(place)
    strokes = [(x, n) for x, _, _, _, n in _bins(bins)]
    apart = min(0.012, 0.07 / curves) * (place - (curves - 1) / 2)
    width = min(1.6, 9 / curves)
    for x, n in strokes:
        axes.plot([x + apart] * 2, [0, n], color=look.colour, lw=width, solid_capstyle="butt")


def _bins(
    bins: Sequence[Mapping[str, Any]],
) -> list[tuple[float, float, float | None, float | None, float]]:
    """Predicted, observed, low, high and count of every bin that has both shares."""
    made = []
    for one in bins:
        x, y = finite(one.get("predicted")), finite(one.get("observed"))
        if x is not None and y is not None:
            low, high = finite(one.get("low")), finite(one.get("high"))
            made.append((x, y, low, high, finite(one.get("count")) or 0.0))
    return made


def _entry(curve: Mapping[str, Any], place: int, width: float) -> ps.Entry:
    """Name, slope and intercept of a curve."""
    look = ps.look(place)
    room = width - LEFT - 12
    slope, intercept = triple(curve.get("slope")), triple(curve.get("intercept"))
    told = [
        f"{name} {estimate(*value)}"
        for name, value in (("slope", slope), ("intercept", intercept))
        if value[0] is not None
    ]
    texts = ps.wrapped(curve.get("name"), room, 2) if one_line(curve.get("name") or "") else []
    together = ", ".join(told)
    texts += [together] if told and ps.text_width(together) <= room else told
    line = Line2D(
        [],
        [],
        color=look.colour,
        linestyle=look.dash if curve.get("smooth") else "none",
        linewidth=1.3,
        marker=look.marker,
        markersize=3.6,
        markerfacecolor=ps.PAPER,
        markeredgecolor=look.colour,
    )
    return ps.Entry(texts or ["Model"], line)
