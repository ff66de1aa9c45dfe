"""Ceilings and true parameters of a cohort as dots with intervals on one scale a table."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .colours import nice
from .words import MISSING, is_number, number

CHANCE = 0.5
"""AUC of guessing."""


@dataclass(frozen=True)
class Lane:
    """One line: words, a dot with an interval, figures.

    Attributes
    ----------
    name : str
        What it is.
    chips : sequence of str
        Columns that were used.
    text, range, counts, note : str
        Value, interval, patients and a remark, as printed.
    point, start, length : float or None
        Places in percent of the scale; None where there is no value.
    thin : tuple of 2 float or None
        Start and length of the thin line from the lowest to the highest value.
    """

    name: str
    chips: Sequence[str]
    text: str
    range: str
    counts: str
    note: str
    point: float | None = None
    start: float | None = None
    length: float | None = None
    thin: tuple[float, float] | None = None


@dataclass(frozen=True)
class Table:
    """Lines on one scale.

    Attributes
    ----------
    title, unit : str
        What is told.
    ticks : sequence of (place in percent, words)
        The scale.
    lanes : sequence of Lane
        The lines.
    guess : float or None
        Place of what guessing reaches.
    """

    title: str
    unit: str
    ticks: Sequence[tuple[float, str]]
    lanes: Sequence[Lane]
    guess: float | None = None


@dataclass(frozen=True)
class Scale:
    """A scale from `low` to `high` in steps."""

    low: float
    high: float
    step: float

    def place(self, value: float) -> float:
        """Place in percent, kept inside."""
        share = 100 * (value - self.low) / (self.high - self.low)
        return round(min(max(share, 0.0), 100.0), 2)

    def ticks(self, decimals: int) -> list[tuple[float, str]]:
        """Places and words of the ticks."""
        many = round((self.high - self.low) / self.step)
        values = [self.low + n * self.step for n in range(many + 1)]
        return [(self.place(value), number(value, decimals)) for value in values]


def ceilings(rows: Sequence[Mapping[str, Any]]) -> list[Table]:
    """Ceilings by task, all tasks on one scale that ends at an AUC of 1."""
    values = [row[key] for row in rows for key in ("low", "auc") if is_number(row.get(key))]
    tenths = min([round(10 * CHANCE), *(int(10 * value) for value in values)])
    scale = Scale(tenths / 10, 1.0, 0.1) if tenths >= 3 else Scale(0.0, 1.0, 0.25)
    decimals = 1 if tenths >= 3 else 2
    tasks: dict[str, list[Lane]] = {}
    for row in rows:
        tasks.setdefault(str(row["task"]), []).append(_ceiling(row, scale))
    ticks, guess = scale.ticks(decimals), scale.place(CHANCE)
    return [Table(task, "AUC", ticks, lanes, guess) for task, lanes in tasks.items()]


def _ceiling(row: Mapping[str, Any], scale: Scale) -> Lane:
    """One ceiling as a line."""
    cases, patients = row.get("cases"), row.get("patients")
    counts = f"{cases} of {patients}" if is_number(patients) and is_number(cases) else ""
    words: dict[str, Any] = {
        "name": str(row["what"]),
        "chips": [str(name) for name in row.get("columns") or ()],
        "counts": counts,
        "note": str(row.get("note") or ""),
    }
    value, low, high = row.get("auc"), row.get("low"), row.get("high")
    if value is None or not is_number(value):
        return Lane(**words, text="–", range=MISSING)
    lane: dict[str, Any] = {"point": scale.place(value), "text": number(value, 2), "range": ""}
    if low is not None and high is not None and is_number(low) and is_number(high):
        start = scale.place(low)
        lane.update(start=start, length=round(scale.place(high) - start, 2))
        lane["range"] = f"{number(low, 2)} to {number(high, 2)}"
    return Lane(**words, **lane)


def parameters(rows: Sequence[Mapping[str, Any]]) -> list[Table]:
    """True parameters, each on its own scale, its regions as lines."""
    by_name: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        by_name.setdefault((str(row["parameter"]), str(row.get("unit") or "")), []).append(row)
    return [_parameter(name, unit, told) for (name, unit), told in by_name.items()]


def _parameter(name: str, unit: str, rows: Sequence[Mapping[str, Any]]) -> Table:
    ends = [
        float(row[key])
        for row in rows
        for key in ("low", "high", "mean")
        if is_number(row.get(key))
    ]
    if not ends:
        lanes = [_region(row, Scale(0.0, 1.0, 1.0), 0) for row in rows]
        return Table(name, unit, [], lanes)
    low, high = min(ends), max(ends)
    if high - low < 1e-9 * max(1.0, abs(high)):
        low, high = low - 0.5 * max(abs(low), 0.1), high + 0.5 * max(abs(high), 0.1)
    step = nice((high - low) / 3)
    slack = 1e-9
    first = (low / step + slack) // 1 * step
    last = -((-high / step + slack) // 1) * step
    decimals = next((d for d in range(6) if abs(step * 10**d - round(step * 10**d)) < 1e-9), 6)
    scale = Scale(first, last, step)
    spreads = [row["sd"] for row in rows if is_number(row.get("sd")) and row["sd"] > 0]
    finer = 1 - math.floor(math.log10(min(spreads))) if spreads else decimals + 1
    lanes = [_region(row, scale, min(max(finer, 0), 6)) for row in rows]
    return Table(name, unit, scale.ticks(decimals), lanes)


def _region(row: Mapping[str, Any], scale: Scale, decimals: int) -> Lane:
    """One region as a line."""
    mean, spread = row.get("mean"), row.get("sd")
    count = row.get("n")
    words: dict[str, Any] = {
        "name": str(row["region"]),
        "chips": (),
        "counts": str(count) if is_number(count) else "",
        "note": "",
    }
    if mean is None or not is_number(mean):
        return Lane(**words, text=MISSING, range="")
    lane: dict[str, Any] = {"point": scale.place(mean), "text": number(mean, decimals)}
    lane["range"] = ""
    if spread is not None and is_number(spread):
        start = scale.place(mean - spread)
        lane.update(start=start, length=round(scale.place(mean + spread) - start, 2))
        lane["text"] += f" ± {number(spread, decimals)}"
    low, high = row.get("low"), row.get("high")
    if low is not None and high is not None and is_number(low) and is_number(high):
        lane["thin"] = scale.place(low), round(scale.place(high) - scale.place(low), 2)
        lane["range"] = f"{number(low, decimals)} to {number(high, decimals)}"
    return Lane(**words, **lane)
