"""Measurements of trabecular structure sorted for reading."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .structure_words import DASH, GROUPS, MAIN, MINIMAL, OTHERS, figure, why_missing
from .words import is_number, unit

SPREAD = {name: f"{name}.SD" for name in ("Tb.Th", "Tb.Sp", "Ct.Th")}
"""Where the SD of a parameter over its voxels is given."""


@dataclass(frozen=True)
class Parameter:
    """One number as printed, with all that is said about it.

    Attributes
    ----------
    name, words : str
        Standard name, and what it stands for where it is one of the minimal set.
    value, unit, spread : str
        Number, unit and SD over the voxels as printed; a dash for no number.
    missing : str
        Why there is no number; empty where there is one.
    flags : sequence of str
        What must be known before using the number.
    about, facts : sequence of (str, str)
        Definition and what the number does not do; range and method.
    source : str
        Where the definition is published: ``"doi:10…"`` or words.
    """

    name: str
    words: str
    value: str
    unit: str
    spread: str
    missing: str
    flags: Sequence[str]
    about: Sequence[tuple[str, str]]
    facts: Sequence[tuple[str, str]]
    source: str


@dataclass(frozen=True)
class Group:
    """Parameters that are shown together.

    Attributes
    ----------
    name : str
        What they are about.
    parameters : sequence of Parameter
        In the order in which they are shown.
    notes : sequence of (str, str)
        What is to be known of several of them: their names, and the words.
    """

    name: str
    parameters: Sequence[Parameter]
    notes: Sequence[tuple[str, str]]


class StructureFindings:
    """Parameters of a results dict, by name and by group.

    Parameters
    ----------
    data : mapping
        The results of ``osteon structure``.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        self._features: Mapping[str, Mapping[str, Any]] = data["features"]
        self._rows: list[Mapping[str, Any]] = data["measurements"]
        self._first = {row["name"]: row for row in reversed(self._rows)}
        self._several = len({(row["level"], row["region"]) for row in self._rows}) > 1
        everywhere = [flag["text"] for flag in (*data["flags"], *data["scan"]["flags"])]
        self.warnings = list(dict.fromkeys(everywhere))

    def value(self, name: str) -> float | None:
        """The number of that name; None where there is none."""
        value = self._first.get(name, {}).get("value")
        return float(value) if value is not None and is_number(value) else None

    def main(self) -> tuple[bool, list[Parameter]]:
        """The main parameters, and whether they are the set that every study should give.

        That set is told whole, measured or not, unless thickness was measured in another way.
        """
        other = [name for name in MAIN if name not in MINIMAL and name in self._first]
        if "Tb.Th" in self._first or not other:
            names, whole = list(MINIMAL), True
        else:
            names, whole = [name for name in MAIN if name in self._first], False
        return whole, [
            self._parameter(self._first[name]) if name in self._first else self._absent(name)
            for name in names
        ]

    def groups(self) -> list[Group]:
        """Every measured parameter in its group."""
        known = {name: group for group, names in GROUPS.items() for name in names}
        order = list(known)
        rows = sorted(
            self._rows,
            key=lambda row: order.index(row["name"]) if row["name"] in known else len(order),
        )
        found: dict[str, list[Parameter]] = {}
        for row in rows:
            found.setdefault(known.get(row["name"], OTHERS), []).append(self._parameter(row))
        return [_told_once(name, parameters) for name, parameters in found.items()]

    def _absent(self, name: str) -> Parameter:
        return Parameter(name, MAIN[name], DASH, "", "", "it was not measured.", (), (), (), "")

    def _parameter(self, row: Mapping[str, Any]) -> Parameter:
        name, known = row["name"], is_number(row["value"])
        feature = self._features.get(name, {})
        flags = [flag["text"] for flag in row["flags"]] if known else []
        return Parameter(
            name=name,
            words=self._words(row),
            value=figure(row["value"], row["unit"]) + _give_or_take(row),
            unit=unit(row["unit"]),
            spread=self._spread(row),
            missing="" if known else why_missing(row["flags"]),
            flags=[text for text in dict.fromkeys(flags) if text not in self.warnings],
            about=_told(feature, {"definition": "Definition", "does_not": "What it does not do"}),
            facts=_told({**feature, "way": row["method"]}, {"range": "Range", "way": "Method"}),
            source=str(feature.get("source") or ""),
        )

    def _words(self, row: Mapping[str, Any]) -> str:
        where = " ".join(str(row[key]) for key in ("level", "region") if row[key])
        words = MAIN.get(row["name"], "")
        return ", ".join(part for part in (words, where if self._several else "") if part)

    def _spread(self, row: Mapping[str, Any]) -> str:
        name = SPREAD.get(row["name"], "")
        place = (row["level"], row["region"], name)
        for other in self._rows:
            if (other["level"], other["region"], other["name"]) == place:
                return figure(other["value"], other["unit"]) if is_number(other["value"]) else ""
        return ""


def _told_once(name: str, parameters: Sequence[Parameter]) -> Group:
    """A group in which words about several parameters stand above them, and only there."""
    about: dict[str, list[str]] = {}
    for one in parameters:
        for text in (*one.flags, *filter(None, [one.missing])):
            about.setdefault(text, []).append(one.name)
    shared = {text: ", ".join(names) for text, names in about.items() if len(names) > 1}
    lines = [
        replace(
            one,
            flags=[text for text in one.flags if text not in shared],
            missing="" if one.missing in shared else one.missing,
        )
        for one in parameters
    ]
    return Group(name, lines, [(names, text) for text, names in shared.items()])


def _give_or_take(row: Mapping[str, Any]) -> str:
    """Standard uncertainty, to the decimals of the number."""
    if not (is_number(row["value"]) and is_number(row["uncertainty"])):
        return ""
    decimals = len(figure(row["value"], row["unit"]).partition(".")[2])
    return f" ± {row['uncertainty']:.{decimals}f}"


def _told(feature: Mapping[str, Any], terms: Mapping[str, str]) -> list[tuple[str, str]]:
    """What is said of one parameter, under the given terms; what is not said is left out."""
    return [(term, _said(feature[key])) for key, term in terms.items() if feature.get(key)]


def _said(words: Any) -> str:
    """A range of two ends in words, or the words themselves."""
    if isinstance(words, list | tuple) and len(words) == 2:
        low, high = ("no limit" if end is None else f"{end:g}" for end in words)
        return f"{low} to {high}".replace("-", "−")
    return str(words)
