"""How thick bone is and how far apart: distributions as vector drawings."""

from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from .colours import Scale
from .drawing import INK, MUTED, POINTS_PER_INCH, RULE, inline, plot_style
from .structure_words import figure
from .words import unit

PANEL = (356.0, 210.0)
"""Width and height of one distribution, in CSS pixels."""

MARGINS = (40.0, 10.0, 38.0, 30.0)
"""Left, right, below, above."""

FONT = 10.5

TITLES = {
    "Tb.Th": "Tb.Th, share of bone",
    "Ct.Th": "Ct.Th, share of the shell",
    "Tb.Sp": "Tb.Sp, share of marrow",
}


def histogram(
    name: str, data: Mapping[str, Any], scale: Scale, centre: tuple[float | None, float | None]
) -> str:
    """Distribution of a local thickness, its bars in the colours of the pictures.

    Parameters
    ----------
    name : str
        ``"Tb.Th"``, ``"Ct.Th"`` or ``"Tb.Sp"``.
    data : mapping
        ``edges`` (n + 1), ``share`` (n, as fractions of 1) and ``unit``.
    scale : Scale
        Colours of the values.
    centre : tuple of 2 float or None
        Mean and SD, which are marked.

    Returns
    -------
    str
        An ``<svg>`` element; empty where there is nothing to show.
    """
    edges, share = np.asarray(data["edges"], float), np.asarray(data["share"], float)
    used = np.flatnonzero(share > 0)
    if not used.size:
        return ""
    left, right, below, above = MARGINS
    wide, high = PANEL
    with mpl.rc_context(plot_style(name, FONT)):
        drawing = Figure(figsize=(wide / POINTS_PER_INCH, high / POINTS_PER_INCH), dpi=72)
        axes: Axes = drawing.add_axes(
            (left / wide, below / high, 1 - (left + right) / wide, 1 - (below + above) / high)
        )
        middles = (edges[1:] + edges[:-1]) / 2
        colours = scale.paint(middles)
        axes.bar(edges[:-1], 100 * share, np.diff(edges), align="edge", color=colours, linewidth=0)
        axes.step(
            edges, 100 * np.append(share, share[-1]), where="post", color=MUTED, linewidth=0.6
        )
        room = 0.04 * (edges[used[-1] + 1] - edges[used[0]])
        axes.set_xlim(edges[used[0]] - room, edges[used[-1] + 1] + room)
        axes.set_ylim(0, 118 * share.max())
        _dress(axes, TITLES.get(name, name), unit(str(data["unit"])))
        _mark(axes, centre, unit(str(data["unit"])))
        return inline(drawing)


def _dress(axes: Axes, title: str, shown_in: str) -> None:
    axes.set_title(f"{title}, %", loc="left", fontsize="medium", fontweight="bold", x=0, pad=8)
    axes.set_xlabel(shown_in, labelpad=2)
    axes.grid(axis="y", color=RULE, linewidth=0.8)
    axes.set_axisbelow(True)
    axes.tick_params(length=0, pad=4)
    for side in ("top", "right", "left"):
        axes.spines[side].set_visible(False)


def _mark(axes: Axes, centre: tuple[float | None, float | None], shown_in: str) -> None:
    """A line at the mean, and a bar one SD to each side."""
    mean, spread = centre
    if mean is None:
        return
    top = axes.get_ylim()[1]
    axes.plot([mean, mean], [0, 0.97 * top], color=INK, linewidth=1.2)
    text = f"{figure(mean)} {shown_in}"
    if spread is not None:
        height = 0.91 * top
        axes.plot([mean - spread, mean + spread], [height, height], color=INK, linewidth=1.2)
        text = f"{text}, SD {figure(spread)}"
    low, high = axes.get_xlim()
    on_left = mean > (low + high) / 2
    gap = 0.015 * (high - low) + (spread or 0.0)
    axes.text(
        mean - gap if on_left else mean + gap,
        0.91 * top,
        f" {text} ",
        ha="right" if on_left else "left",
        va="center",
        color=INK,
        size="small",
    )
