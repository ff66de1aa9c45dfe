"""Drawings of the data card: shapes and words on an axis, one row a group of patients."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from .card_people import Column, People
from .colours import nice
from .words import number

WIDE = 372.0
"""Width of a panel in CSS pixels."""

GUTTER, SIDE, FOOT = 96.0, 18.0, 22.0
"""Room for the names of rows at the left, free room at the right, room for ticks below."""

MOST_SITES = 8
"""Most sites that get a row each."""


@dataclass(frozen=True)
class Mark:
    """One shape of a panel: a path, its class, and colour and width where that has none."""

    kind: str
    path: str
    fill: str = ""
    width: float = 0.0


@dataclass(frozen=True)
class Text:
    """Words of a panel at `x`, `y`, of a class that says how they are set."""

    words: str
    x: float
    y: float
    kind: str


@dataclass
class Panel:
    """One drawing of the page.

    Attributes
    ----------
    title, unit, name, alt : str
        What the column is, its unit, its name, and what is seen in words.
    height : float
        Height in CSS pixels; the width is `WIDE`.
    marks : list of Mark
        Shapes in painter's order.
    texts : list of Text
        Words.
    key : list of (colour, words)
        What the colours of this drawing mean; empty where the page says it once for all.
    """

    title: str
    unit: str
    name: str
    alt: str = ""
    height: float = 0.0
    marks: list[Mark] = field(default_factory=list)
    texts: list[Text] = field(default_factory=list)
    key: list[tuple[str, str]] = field(default_factory=list)


@dataclass(frozen=True)
class Band:
    """One row of a panel: its name, a second line, and which patients it holds."""

    name: str
    note: str
    holds: Callable[[int], bool]


@dataclass(frozen=True)
class Axis:
    """From values to places across a panel; `low` and `high` are its first and last tick."""

    low: float
    high: float
    step: float

    def place(self, value: float) -> float:
        """Place in CSS pixels."""
        share = (value - self.low) / (self.high - self.low)
        return GUTTER + share * (WIDE - GUTTER - SIDE)

    def ticks(self) -> list[float]:
        """Values that are written below."""
        many = round((self.high - self.low) / self.step)
        return [self.low + n * self.step for n in range(many + 1)]


def axis_of(values: Sequence[float], parts: int = 4) -> Axis:
    """Axis with round ends that holds all values."""
    low, high = min(values), max(values)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5 * max(abs(low), 1.0), high + 0.5 * max(abs(high), 1.0)
    step = nice((high - low) / parts)
    slack = 1e-9
    return Axis(math.floor(low / step + slack) * step, math.ceil(high / step - slack) * step, step)


def bands_by_site(people: People) -> list[Band]:
    """One row a site; one a split where there are many sites."""
    sites = people.sites()
    if 0 < len(sites) <= MOST_SITES:
        return [
            Band(f"Site {name}", "external" if people.external(name) else "", _is(people, name))
            for name in sites
        ]
    return [
        Band(name.capitalize(), "", _is(people, name, "split")) for name, _, _ in people.splits()
    ] or [Band("All", "", lambda _: True)]


def bands_by_level(people: People, column: Column) -> list[Band]:
    """One row a level of a column."""
    return [
        Band(column.level(value).capitalize(), "", _is(people, str(value), column.name))
        for value in column.ordered()
    ]


def _is(people: People, name: str, key: str = "site") -> Callable[[int], bool]:
    return lambda n: str(people.rows[n].get(key)) == name


def add_name(panel: Panel, band: Band, line: float, many: int) -> None:
    """Name of a row and how many patients it shows, at the left of its line."""
    panel.texts.append(Text(band.name, 0.0, line - 5, "row-name"))
    panel.texts.append(
        Text(f"{band.note}, n = {many}" if band.note else f"n = {many}", 0.0, line + 8, "note")
    )


def add_ticks(
    panel: Panel, axis: Axis, y: float, lines: Sequence[float] = (), *, behind: bool = True
) -> None:
    """Ticks with thin lines behind everything; the height of the panel follows."""
    decimals = max(0, -math.floor(math.log10(axis.step) + 1e-9))
    if not math.isclose(axis.step * 10**decimals, round(axis.step * 10**decimals)):
        decimals += 1
    grid = []
    for value in axis.ticks():
        x = axis.place(value)
        grid.append(f"M{x:.1f} 0V{y:.1f}")
        panel.texts.append(Text(number(value, decimals), x, y + 15, "tick"))
    if behind:
        panel.marks.insert(0, Mark("grid", "".join(grid)))
    inside = [value for value in lines if axis.low < value < axis.high]
    if inside:
        path = "".join(f"M{axis.place(value):.1f} 0V{y:.1f}" for value in inside)
        panel.marks.insert(1, Mark("threshold", path))
    panel.height = round(y + FOOT, 1)
