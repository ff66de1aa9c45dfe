"""Every patient a dot: how a number is spread, with a label above the line and without below."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

from .card_panel import GUTTER, SIDE, WIDE, Axis, Band, Mark, Panel, add_name, add_ticks, axis_of
from .card_people import Column, People

DOTS = (8.0, 6.6, 5.4)
"""Distances of neighbouring dots, in CSS pixels: the first is taken that has room."""

HIGHEST = 50.0
"""Height of the highest stack; where no dots fit below it, bars take their place."""

BAR = 11.0
"""Width of a bar, in CSS pixels."""

AIR = 9.0
"""Free room between rows."""

LINES = (20.0, 16.0)
"""Least room above and below a row's line, for its name."""

T_SCORES = (-2.5, -1.0)
"""Lines of T-scores: osteoporosis and low bone mass (WHO 1994, Technical Report 843)."""


def stacks(column: Column, people: People, bands: Sequence[Band]) -> Panel:
    """Every patient a dot over the value of a column: with the label above the line, without below.

    Parameters
    ----------
    column : Column
        A column of numbers.
    people : People
        The participants.
    bands : sequence of Band
        Rows of the drawing; patients of none are not drawn.

    Returns
    -------
    Panel
        Dots, or bars where dots would stand higher than `HIGHEST`.
    """
    labels = people.labels()
    axis = axis_of([float(v) for v in column.known])
    split = people.label is not None
    held = [
        [n for n, value in enumerate(column.values) if value is not None and band.holds(n)]
        for band in bands
    ]
    panel = Panel(column.description or column.name, column.unit, column.name)
    groups = [_groups(row, labels, split) for row in held]
    pitch, per = _measure(groups, column, axis)
    y = 6.0
    for band, row, (up, down) in zip(bands, held, groups, strict=True):
        above = max(_tallest(up, column, axis, pitch) * per, LINES[0])
        below = max(_tallest(down, column, axis, pitch) * per, LINES[1])
        line = y + above
        if row:
            _stack(panel, column, axis, up, (line, -per, pitch))
            _stack(panel, column, axis, down, (line, per, pitch))
            path = f"M{GUTTER:g} {line:.1f}H{WIDE - SIDE:g}"
            panel.marks.append(Mark("line", path))
            _medians(panel, column, axis, up, (line, -above))
            _medians(panel, column, axis, down, (line, below))
        add_name(panel, band, line, len(row))
        y = line + below + AIR
    plain_name = column.name.lower().replace("_", "").replace("-", "")
    lines = T_SCORES if "tscore" in plain_name else ()
    if lines:
        panel.key.append(("var(--limit)", "dashed: −2.5 and −1 (WHO)"))
    add_ticks(panel, axis, y, lines)
    panel.alt = _in_words(column, bands, held)
    return panel


Groups = tuple[list[tuple[str, list[int]]], list[tuple[str, list[int]]]]


def _groups(row: Sequence[int], labels: Sequence[bool | None], split: bool) -> Groups:
    """Patients above the line and below it, with the class of their dots."""
    if not split:
        return [("all", list(row))], []
    yes = [n for n in row if labels[n] is True]
    no = [n for n in row if labels[n] is False]
    unknown = [n for n in row if labels[n] is None]
    return [("yes", yes)], [("no", no), ("unknown", unknown)]


def _measure(groups: Sequence[Groups], column: Column, axis: Axis) -> tuple[float, float]:
    """Width of a stack, and height of one patient in it."""
    sides = [side for both in groups for side in both]
    for dot in DOTS:
        if max(_tallest(side, column, axis, dot) for side in sides) * dot <= HIGHEST:
            return dot, dot
    return BAR, HIGHEST / max(_tallest(side, column, axis, BAR) for side in sides)


def _bins(patients: Sequence[int], column: Column, axis: Axis, pitch: float) -> list[int]:
    """Stack that each patient stands in."""
    last = int((WIDE - GUTTER - SIDE) / pitch) - 1
    return [
        min(int((axis.place(float(column.values[n])) - GUTTER) / pitch), last) for n in patients
    ]


def _tallest(
    side: Sequence[tuple[str, list[int]]], column: Column, axis: Axis, pitch: float
) -> int:
    """Patients of the highest stack on one side of the line."""
    count = Counter(b for _, patients in side for b in _bins(patients, column, axis, pitch))
    return max(count.values(), default=0)


def _stack(
    panel: Panel,
    column: Column,
    axis: Axis,
    side: Sequence[tuple[str, list[int]]],
    place: tuple[float, float, float],
) -> None:
    """Dots or bars of one side of the line, group upon group."""
    line, per, pitch = place
    base: Counter[int] = Counter()
    for kind, patients in side:
        counts = Counter(_bins(patients, column, axis, pitch))
        path = []
        for at, many in sorted(counts.items()):
            x = GUTTER + at * pitch
            if abs(per) == pitch:
                path += [
                    f"M{x + pitch / 2:.1f} {line + per * (base[at] + k + 0.5):.1f}h0"
                    for k in range(many)
                ]
            else:
                y = line + per * base[at]
                path.append(f"M{x + 0.5:.1f} {y:.1f}h{pitch - 1:g}v{per * many:.1f}h{1 - pitch:g}z")
            base[at] += many
        if path:
            dots = abs(per) == pitch
            width = round(0.88 * pitch, 2) if dots else 0.0
            panel.marks.append(
                Mark(f"{'dots' if dots else 'bars'} {kind}", "".join(path), "", width)
            )


def _medians(
    panel: Panel,
    column: Column,
    axis: Axis,
    side: Sequence[tuple[str, list[int]]],
    place: tuple[float, float],
) -> None:
    """A stroke at the median of the patients of one side whose label is known."""
    line, height = place
    for kind, patients in side:
        if len(patients) < 3 or kind == "unknown":
            continue
        ordered = sorted(float(column.values[n]) for n in patients)
        middle = len(ordered) // 2
        median = ordered[middle] if len(ordered) % 2 else sum(ordered[middle - 1 : middle + 1]) / 2
        stroke = f"M{axis.place(median):.1f} {line:.1f}v{height:.1f}"
        panel.marks.append(Mark("median", stroke))


def _in_words(column: Column, bands: Sequence[Band], held: Sequence[Sequence[int]]) -> str:
    """Range of a column in each row, for who does not see the drawing."""
    said = []
    for band, row in zip(bands, held, strict=True):
        if row:
            values: list[Any] = [column.values[n] for n in row]
            said.append(f"{band.name} {min(values):.4g} to {max(values):.4g} (n = {len(row)})")
    return f"{column.name}{' in ' + column.unit if column.unit else ''}: " + ", ".join(said)
