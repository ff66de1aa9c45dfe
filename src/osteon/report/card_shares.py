"""How many patients have a label, and how grades are mixed, one row a site."""

import math
from collections import Counter
from collections.abc import Sequence

from .card_panel import Axis, Band, Mark, Panel, Text, add_name, add_ticks, axis_of
from .card_people import Column, People

SHARE = Axis(0.0, 100.0, 25.0)
"""Percent of the patients of a row."""

SHADES = 8
"""Colours ``--g0`` to ``--g7`` of the style sheet, low to high grades."""

Z95 = 1.959964
"""Standard deviations that hold 95 % of a normal distribution."""


def shares(column: Column, people: People, bands: Sequence[Band]) -> Panel:
    """How many patients of each row have a label, with the 95 % interval of Wilson 1927.

    The interval is that of doi:10.1080/01621459.1927.10502953.
    """
    panel = Panel(column.description or column.name, "%", column.name)
    kind = "yes" if column is people.label else "all"
    rows = [
        [v for n, v in enumerate(column.values) if v is not None and band.holds(n)]
        for band in bands
    ]
    most = max((wilson(sum(row), len(row))[1] for row in rows if row), default=1.0)
    axis = axis_of([0.0, min(100 * most, 99.9)])
    said, y = [], 18.0
    for band, here in zip(bands, rows, strict=True):
        add_name(panel, band, y + 6, len(here))
        if here:
            yes = sum(here)
            low, high = wilson(yes, len(here))
            a, b = axis.place(100 * low), axis.place(100 * high)
            middle = axis.place(100 * yes / len(here))
            panel.marks.append(Mark(f"interval {kind}", f"M{a:.1f} {y:.1f}H{b:.1f}"))
            panel.marks.append(Mark(f"point {kind}", f"M{middle:.1f} {y:.1f}h0"))
            said.append(f"{band.name} {yes} of {len(here)}")
        y += 34.0
    add_ticks(panel, axis, y - 10.0)
    panel.alt = f"{column.name}: " + ", ".join(said)
    return panel


def wilson(cases: int, many: int) -> tuple[float, float]:
    """95 % interval of a share (Wilson 1927, doi:10.1080/01621459.1927.10502953)."""
    share, z2 = cases / many, Z95**2
    middle = (share + z2 / (2 * many)) / (1 + z2 / many)
    half = Z95 / (1 + z2 / many) * math.sqrt(share * (1 - share) / many + z2 / (4 * many**2))
    return max(0.0, middle - half), min(1.0, middle + half)


def mixtures(column: Column, bands: Sequence[Band]) -> Panel:
    """How the grades or words of a column are mixed in each row, as bars of full width."""
    levels = column.ordered()
    panel = Panel(column.description or column.name, "%", column.name)
    shades = _shades(len(levels))
    panel.key = [(f"var(--g{n})", column.level(v)) for n, v in zip(shades, levels, strict=True)]
    said, y = [], 6.0
    for band in bands:
        counts = Counter(v for n, v in enumerate(column.values) if v is not None and band.holds(n))
        add_name(panel, band, y + 17, counts.total())
        _bar(panel, y, [(shade, counts[v]) for shade, v in zip(shades, levels, strict=True)])
        listed = ", ".join(f"{column.level(v)} {counts[v]}" for v in levels if counts[v])
        said.append(f"{band.name}: {listed}")
        y += 34.0
    add_ticks(panel, SHARE, y - 6.0, behind=False)
    panel.alt = f"{column.name}; " + "; ".join(said)
    return panel


def _bar(panel: Panel, y: float, pieces: Sequence[tuple[int, int]]) -> None:
    """One bar of pieces, each with its shade and its patients; counts where they fit."""
    total, before = sum(many for _, many in pieces), 0
    for shade, many in pieces:
        if many:
            a, b = (SHARE.place(100 * n / total) for n in (before, before + many))
            path = f"M{a:.1f} {y:.1f}H{b:.1f}v24H{a:.1f}z"
            panel.marks.append(Mark("piece", path, f"var(--g{shade})"))
            if b - a > 7 * len(str(many)) + 4:
                tone = "low" if shade < SHADES / 2 else "high"
                panel.texts.append(Text(str(many), (a + b) / 2, y + 16.2, tone))
        before += many


def _shades(many: int) -> list[int]:
    """Numbers of the colours of `many` levels, as far apart as can be."""
    return [round((n + 0.5) * SHADES / many - 0.5) for n in range(many)]
