"""Texture features sorted for reading: a table a family, a column an aggregation."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .structure_words import DASH, figure
from .texture_words import FAMILIES
from .words import is_number

STEP = re.compile(r" (\d+)$")
"""End of the name of a feature that comes in steps."""

Feature = Mapping[str, Any]


@dataclass
class Line:
    """One feature as printed.

    Attributes
    ----------
    name, code, unit : str
        IBSI name, four-letter code, UCUM unit.
    values : list of str
        One an aggregation.
    stable : str
        Least ICC where it was studied, from the lowest to the highest of the aggregations.
    tags : str
        Tags, for those who look for one.
    """

    name: str
    code: str
    unit: str
    values: list[str] = field(default_factory=list)
    stable: str = ""
    tags: str = ""


@dataclass(frozen=True)
class FamilyTable:
    """All features of a family.

    Attributes
    ----------
    title : str
        Family.
    columns : sequence of str
        Aggregations, or ``"Value"``.
    lines : sequence of Line
        Features.
    studied : bool
        Whether the stability of one of them is known.
    notes : sequence of str
        Why values are missing.
    """

    title: str
    columns: Sequence[str]
    lines: Sequence[Line]
    studied: bool
    notes: Sequence[str]


def family_tables(features: Sequence[Feature]) -> list[FamilyTable]:
    """A table for each family that was measured.

    Parameters
    ----------
    features : sequence of mapping
        Rows of the results.
    """
    order = list(FAMILIES)
    found: dict[str, list[Feature]] = {}
    for one in features:
        found.setdefault(one["family"], []).append(one)
    families = sorted(found, key=lambda name: order.index(name) if name in order else len(order))
    return [_table(family, found[family]) for family in families]


def _table(family: str, features: Sequence[Feature]) -> FamilyTable:
    columns = list(dict.fromkeys(one["aggregation"] for one in features))
    lines: dict[tuple[str, str], list[Feature]] = {}
    for one in features:
        # names of the IBSI end in numbers too, and are none of steps
        stem = one["code"] or re.sub(r"_\d+$", "", one["tag"])
        name = one["name"] if one["code"] else STEP.sub("", one["name"])
        lines.setdefault((name, stem), []).append(one)
    missing: dict[str, list[str]] = {}
    for one in features:
        if one["value"] is None:
            why = " ".join(flag["text"] for flag in one["flags"]) or "Not available."
            missing.setdefault(why, []).append(one["tag"])
    made = [_line(name, group, columns) for (name, _), group in lines.items()]
    return FamilyTable(
        FAMILIES.get(family, family),
        [column or "Value" for column in columns],
        made,
        any(line.stable for line in made),
        [f"{', '.join(_shown(tags))}: {why}" for why, tags in missing.items()],
    )


def _line(name: str, group: Sequence[Feature], columns: Sequence[str]) -> Line:
    first = group[0]
    line = Line(name, first["code"], first["unit"], tags=" ".join(one["tag"] for one in group))
    if first["aggregation"] or len(group) == 1:
        held = {one["aggregation"]: one for one in group}
        line.values = [_value(held.get(column)) for column in columns]
        line.stable = _stable([held[column] for column in columns if column in held])
    else:
        line.values = [" · ".join(_value(one) for one in group)]
    return line


def _stable(held: Sequence[Feature]) -> str:
    known = [one["stability"]["least"] for one in held if one["stability"]]
    ends = dict.fromkeys(f"{end:.2f}" for end in (min(known), max(known))) if known else {}
    return " to ".join(ends)


def _value(one: Feature | None) -> str:
    return figure(one["value"], one["unit"]) if one and is_number(one["value"]) else DASH


def _shown(tags: Sequence[str]) -> list[str]:
    """The first tags, and how many more there are."""
    return [*tags[:4], f"{len(tags) - 4} more"] if len(tags) > 5 else list(tags)
