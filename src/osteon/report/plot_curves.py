"""Curves of a classifier: ROC, precision over recall, net benefit."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, MultipleLocator
from numpy.typing import NDArray

from . import plot_sheet as ps
from .printed import estimate, finite, number, one_line, triple

GRID = 2000
"""Steps of a curve over the width of the axes: finer than 600 dots per inch."""

LEFT, SQUARE = 13.0, 70.0


def roc(data: Mapping[str, Any], width: float) -> Figure:
    """Sensitivity over 1 − specificity, with operating points."""
    curves = data.get("curves") or []
    entries = _entries(curves, "auc", "AUC", width)
    sheet, axes = _square(width, entries)
    axes.plot([0, 1], [0, 1], color=ps.MUTED, lw=0.7, ls=(0, (1, 1.6)), zorder=1)
    for place, curve in enumerate(curves):
        x, y = pair(curve.get("false_positive"), curve.get("true_positive"))
        look = ps.look(place)
        axes.plot(*thinned(x, y), color=look.colour, ls=look.dash, lw=1.3, clip_on=False, zorder=3)
        for point in curve.get("points") or ():
            _point(axes, point, look)
    ps.label_axes(axes, "1 − specificity", "Sensitivity")
    return sheet


def precision_recall(data: Mapping[str, Any], width: float) -> Figure:
    """Precision over recall, with the prevalence that guessing reaches."""
    curves = data.get("curves") or []
    entries = _entries(curves, "ap", "average precision", width)
    prevalence = finite(data.get("prevalence"))
    if prevalence is not None:
        guess: ps.Looks = {"color": ps.MUTED, "linewidth": 0.8, "linestyle": (0, (1, 1.6))}
        words = f"Prevalence, {number(prevalence, 2)}"
        entries.append(ps.entry(words, width - LEFT, **guess))
    sheet, axes = _square(width, entries)
    if prevalence is not None:
        axes.axhline(prevalence, color=ps.MUTED, lw=0.8, ls=(0, (1, 1.6)), zorder=1)
    for place, curve in enumerate(curves):
        x, y = _from_nothing(*pair(curve.get("recall"), curve.get("precision")))
        look = ps.look(place)
        axes.plot(
            *thinned(x, y),
            color=look.colour,
            ls=look.dash,
            lw=1.3,
            drawstyle="steps-pre",
            clip_on=False,
            zorder=3,
        )
    ps.label_axes(axes, "Recall (sensitivity)", "Precision (positive predictive value)")
    return sheet


def decision(data: Mapping[str, Any], width: float) -> Figure:
    """Net benefit over the threshold probability, beside treating all and treating none."""
    curves = data.get("curves") or []
    entries = [
        ps.entry(curve.get("name") or "Model", width - LEFT, **_line(place))
        for place, curve in enumerate(curves)
    ]
    everyone: ps.Looks = {"color": ps.MUTED, "linewidth": 0.9, "linestyle": (0, (1, 1.4))}
    nobody: ps.Looks = {"color": ps.INK, "linewidth": 0.9, "linestyle": "-"}
    entries.append(ps.entry("Treat all", width - LEFT, **everyone))
    entries.append(ps.entry("Treat none", width - LEFT, **nobody))
    high = 58.0
    sheet = ps.new_sheet(width, high + 11.5 + ps.legend_height(entries))
    axes = ps.place_axes(sheet, (LEFT + 1, 2, width - LEFT - 5, high))
    ps.draw_legend(sheet, entries, LEFT + 1, high + 11.5)
    x, least, most = data.get("thresholds") or [], 0.0, 0.0
    axes.axhline(0, color=ps.INK, lw=0.9, zorder=2)
    for place, curve in enumerate(curves):
        across, up = pair(x, curve.get("net_benefit"))
        axes.plot(*thinned(across, up), zorder=3, **_line(place))
        most, least = max([most, *up]), min([least, *up])
    across, up = pair(x, data.get("all"))
    axes.plot(*thinned(across, up), zorder=2, **everyone)
    most = max([most, *up]) or 0.1
    axes.set_ylim(max(least, -0.35 * most) - 0.06 * most, 1.06 * most)
    if len(x):
        axes.set_xlim(0 if min(x) < 0.1 else min(x), max(*x, min(x) + 0.01))
        axes.locator_params(axis="both", nbins=6)
    else:
        ps.nothing_there(axes)
    ps.label_axes(axes, "Threshold probability", "Net benefit")
    return sheet


def pair(x: Any, y: Any) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Two columns as arrays, where both are finite."""
    across, up = (np.asarray(x or [], np.float64), np.asarray(y or [], np.float64))
    many = min(len(across), len(up))
    here = np.isfinite(across[:many]) & np.isfinite(up[:many])
    return across[:many][here], up[:many][here]


def thinned(
    x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The same curve without the points that nobody could see."""
    if len(x) < GRID:
        return x, y
    cells = [np.round(GRID * (v - v.min()) / (np.ptp(v) or 1)) for v in (x, y)]
    moves = np.any(np.diff(cells, axis=1) != 0, axis=0)
    keep = np.append(True, moves)
    keep[-1] = True
    x, y = x[keep], y[keep]
    across, up = np.diff(x), np.diff(y)
    turns = across[:-1] * up[1:] != up[:-1] * across[1:]
    back = across[:-1] * across[1:] + up[:-1] * up[1:] < 0
    bends = np.concatenate([[True], turns | back, [True]])[: len(x)]
    return x[bends], y[bends]


def unit_square(axes: Axes) -> None:
    """Both axes from 0 to 1."""
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(MultipleLocator(0.2))
        axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:.1f}"))


def _from_nothing(
    recall: NDArray[np.float64], precision: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The curve from recall 0 upwards; up to its first recall the first precision holds."""
    if len(recall) and recall[0] > recall[-1]:
        recall, precision = recall[::-1], precision[::-1]
    if len(recall) and recall[0] > 0:
        recall, precision = np.append(0, recall), np.append(precision[0], precision)
    return recall, precision


def _square(width: float, entries: Sequence[ps.Entry]) -> tuple[Figure, Axes]:
    """A sheet with square axes from 0 to 1 and the legend below."""
    side = min(SQUARE, width - LEFT - 4)
    sheet = ps.new_sheet(width, side + 12 + ps.legend_height(entries))
    axes = ps.place_axes(sheet, (LEFT, 2.5, side, side))
    unit_square(axes)
    if not entries:
        ps.nothing_there(axes)
    ps.draw_legend(sheet, entries, LEFT, side + 12)
    return sheet, axes


def _line(place: int) -> dict[str, Any]:
    look = ps.look(place)
    return {"color": look.colour, "linestyle": look.dash, "linewidth": 1.3}


def _entries(
    curves: Sequence[Mapping[str, Any]], key: str, title: str, width: float
) -> list[ps.Entry]:
    """Name, area and points of each curve."""
    made = []
    for place, curve in enumerate(curves):
        value = triple(curve.get(key))
        area = "" if value[0] is None else f"{title} {estimate(*value)}"
        name = one_line(curve.get("name") or "")
        texts = [*ps.wrapped(name, width - LEFT - 12, 2)] if name else []
        together = ", ".join(filter(None, [name, area]))
        if ps.text_width(together) <= width - LEFT - 12:
            texts = [together]
        elif area:
            texts.append(area)
        made.append(ps.Entry(texts, Line2D([], [], **_line(place))))
        for point in curve.get("points") or ():
            look = ps.look(place)
            mark: ps.Looks = {"linestyle": "none", "marker": look.marker, "markersize": 4.5}
            mark |= {"markerfacecolor": ps.PAPER, "markeredgecolor": look.colour}
            made.append(ps.entry(point.get("name") or "Operating point", width - LEFT, **mark))
    return made


def _point(axes: Axes, point: Mapping[str, Any], look: ps.Look) -> None:
    """An operating point on its curve."""
    x, y = finite(point.get("false_positive")), finite(point.get("true_positive"))
    if x is not None and y is not None:
        axes.plot(
            [x],
            [y],
            ls="none",
            marker=look.marker,
            ms=4.5,
            mfc=ps.PAPER,
            mec=look.colour,
            mew=1.1,
            clip_on=False,
            zorder=5,
        )
