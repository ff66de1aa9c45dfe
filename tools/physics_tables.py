"""The page docs/concepts/virtual-scanner-checks.md, from numbers that were measured."""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
NUMBERS = ROOT / "docs" / "data" / "physics.json"
PAGE = ROOT / "docs" / "concepts" / "virtual-scanner-checks.md"

HEAD = """# What holds the virtual scanner to physics

Made by `make docs` from `docs/data/physics.json`, which `make physics` measures in half a minute.
A test fails when this page is older than those numbers, or when one of them misses its tolerance;
the named test measures the same again on every run. What the scanner is, and what it leaves out,
stands in [the virtual scanner](virtual-scanner.md).

Osteon holds two tables of attenuation, from different sources, and keeps them apart. The scanner
computes with PENELOPE-2018, as spekpy 2.5.4 has it; `calibration` computes with Elam, Ravel and
Sieber 2002, as xraydb has it, which tests of its own compare with values printed by NIST. Here the
first is held against the second, and hydroxyapatite against the elements as printed by NIST. Both
sides of a CT number are weighted by the same beam; the beam is held to another model of the tube
under [Beams](#beams).

"""

VOLTAGE = re.compile(r"(.*), (\d+) kVp")


def page() -> str:
    """Text of the page."""
    told: Mapping[str, Any] = json.loads(NUMBERS.read_text(encoding="utf-8"))["figures"]
    parts = [HEAD]
    for figure, groups in told.items():
        parts.append(f"## {figure}\n\n")
        parts.extend(_group(one) for one in groups)
    return "".join(parts).rstrip() + "\n"


def _group(one: Mapping[str, Any]) -> str:
    """Heading, source and table of one kind of check."""
    name = Path(one["test"]).name
    unit = f" in {one['unit']}" if one["unit"] not in ("", "1", "p") else ""
    said = (
        f"### {one['name']}\n\nMeasured{unit}; tolerance {one['tolerance']}. Expected: "
        f"{_linked(one['source'])}. Test: [`{name}`](../../{one['test']}).\n\n"
    )
    return said + (_by_voltage(one["rows"]) if unit == " in HU" else _rows(one["rows"]))


def _rows(rows: list[Mapping[str, Any]]) -> str:
    """One line a check."""
    lines = [
        "| check | measured | expected | may be off by | holds |\n| --- | --- | --- | --- | --- |\n"
    ]
    for row in rows:
        within = row["relation"] == "within"
        expected = _number(row["expected"]) if within else f"{row['relation']} {row['expected']:g}"
        allowed = _number(row["allowed"]) if within else "–"
        cells = (row["check"], _number(row["measured"]), expected, allowed, _holds(row))
        lines.append(f"| {' | '.join(cells)} |\n")
    return "".join(lines) + "\n"


def _by_voltage(rows: list[Mapping[str, Any]]) -> str:
    """One line a material; measured and, in brackets, expected at each voltage."""
    table: dict[str, dict[int, Mapping[str, Any]]] = {}
    for row in rows:
        found = VOLTAGE.fullmatch(row["check"])
        if found is None:
            raise ValueError(f"'{row['check']}' names no voltage")
        table.setdefault(found[1], {})[int(found[2])] = row
    voltages = sorted(next(iter(table.values())))
    head = " | ".join(f"{kvp} kVp" for kvp in voltages)
    lines = [
        f"| material | {head} | largest share of the tolerance | holds |\n",
        f"| --- | {' | '.join(['---'] * len(voltages))} | --- | --- |\n",
    ]
    for material, at in table.items():
        cells = [f"{at[kvp]['measured']:.1f} ({at[kvp]['expected']:.1f})" for kvp in voltages]
        used = max(abs(row["measured"] - row["expected"]) / row["allowed"] for row in at.values())
        holds = "yes" if all(row["holds"] for row in at.values()) else "**no**"
        lines.append(f"| {material} | {' | '.join(cells)} | {100 * used:.0f} % | {holds} |\n")
    return "".join(lines) + "\n"


def _number(value: float) -> str:
    """Four digits; a rounding error as what it is."""
    return "< 1e-12" if 0 < abs(value) < 1e-12 else f"{value:.4g}"


def _holds(row: Mapping[str, Any]) -> str:
    return "yes" if row["holds"] else "**no**"


def _linked(source: str) -> str:
    """A source with its DOIs as links."""
    return re.sub(r"doi:(10\.[^\s,;]+)", r"[doi:\1](https://doi.org/\1)", source)
