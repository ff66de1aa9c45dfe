"""Pieces of an evaluation as plain data: cells, tables, findings, methods, references."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ...evaluate import Comparison, Estimate
from ...evaluate.citations import citation

SCHEMA = "osteon-evaluation-1"
"""Version of the evaluation as plain data."""

FEW_PATIENTS = 10
"""Patients below which intervals that resample them, or take their number as large, fail."""

WHAT = {"key": "what", "title": "Measure", "kind": "text"}
ESTIMATE = {"key": "estimate", "title": "Value (interval)", "kind": "estimate"}
UNIT = {"key": "unit", "title": "Unit", "kind": "unit"}
METHOD = {"key": "method", "title": "Method", "kind": "text"}
NOTE = {"key": "note", "title": "Note", "kind": "text"}
COMPARED: tuple[dict[str, str], ...] = (
    {"key": "what", "title": "Comparison", "kind": "text"},
    {"key": "difference", "title": "Difference (interval)", "kind": "estimate"},
    {"key": "statistic", "title": "Statistic", "kind": "number"},
    {"key": "p", "title": "p", "kind": "p"},
    {"key": "adjusted", "title": "p, corrected", "kind": "p"},
    {"key": "method", "title": "Test", "kind": "text"},
    {"key": "note", "title": "Note", "kind": "text"},
)
"""Columns that tables of estimates and of tests are made of."""


def cell(estimate: Estimate | None) -> dict[str, float | None] | None:
    """A figure with its interval as a cell of a table."""
    if estimate is None:
        return None
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def triple(estimate: Estimate) -> list[float | None]:
    """A figure with its interval as figures take it."""
    return [estimate.value, estimate.low, estimate.high]


def finding(estimate: Estimate, name: str = "") -> dict[str, Any]:
    """A main figure, shown at the head of a report."""
    kept = ("value", "low", "high", "level", "unit", "note")
    told = estimate.row()
    return {"name": name or estimate.name, **{key: told[key] for key in kept}}


def estimates_table(
    key: str, title: str, estimates: Iterable[tuple[str, Estimate]], note: str = ""
) -> dict[str, Any]:
    """A table of figures, one a row; columns that would be empty are left out."""
    rows = [
        {
            "what": name,
            "estimate": cell(found),
            "unit": "" if found.unit == "1" else found.unit,
            "method": found.method,
            "note": found.note,
        }
        for name, found in estimates
    ]
    return _table(key, title, (WHAT, ESTIMATE, UNIT, METHOD, NOTE), rows, note)


def comparisons_table(
    key: str, title: str, comparisons: Iterable[Comparison], note: str = ""
) -> dict[str, Any]:
    """A table of tests, one a row; columns that would be empty are left out."""
    rows = [
        {
            "what": found.name,
            "difference": cell(found.difference),
            "statistic": found.statistic,
            "p": found.p,
            "adjusted": found.adjusted,
            "method": found.method,
            "note": found.note,
        }
        for found in comparisons
    ]
    return _table(key, title, COMPARED, rows, note)


def plain_table(
    key: str,
    title: str,
    columns: Sequence[Mapping[str, str]],
    rows: Sequence[Mapping[str, Any]],
    note: str = "",
) -> dict[str, Any]:
    """Any other table; columns that would be empty are left out."""
    return _table(key, title, columns, rows, note)


def _table(
    key: str,
    title: str,
    columns: Sequence[Mapping[str, str]],
    rows: Sequence[Mapping[str, Any]],
    note: str,
) -> dict[str, Any]:
    used = [
        dict(column)
        for column in columns
        if any(row.get(column["key"]) not in (None, "") for row in rows)
    ]
    keys = [column["key"] for column in used]
    return {
        "key": key,
        "title": title,
        "columns": used,
        "rows": [{name: row.get(name) for name in keys} for row in rows],
        "note": note,
    }


def cited(found: Iterable[Estimate | Comparison]) -> dict[str, list[Any]]:
    """What was done, a sentence a method, and where each is published, each once."""
    methods: dict[str, list[str]] = {}
    references: dict[str, None] = {}
    for one in found:
        names = methods.setdefault(one.method, [])
        if one.method and one.name not in names:
            names.append(one.name)
        if one.doi:
            references.setdefault(one.doi)
    return {
        "methods": [f"{', '.join(names)}: {how}." for how, names in methods.items() if how],
        "references": [{"text": citation(doi), "doi": doi} for doi in references],
    }


def file_key(text: str) -> str:
    """A name as the name of a file: letters, digits and hyphens, at most 60."""
    return re.sub(r"[^A-Za-z0-9]+", "-", text).strip("-").lower()[:60] or "column"


def few(patients: Sequence[str | None] | None) -> str:
    """What is to be said where rows come from very few patients; empty where they do not."""
    number = len(set(patients or ()))
    if not patients or number == len(patients) or number >= FEW_PATIENTS:
        return ""
    return (
        f"The rows come from {number} patients only. Intervals and tests from fewer than "
        f"{FEW_PATIENTS} patients are not to be relied on, however many rows there are."
    )


def dependent(patients: Sequence[str | None] | None, figures: str) -> str:
    """What is to be said of figures that take rows of one patient as independent."""
    if not patients or len(set(patients)) == len(patients):
        return ""
    return (
        f"{figures}: rows of one patient are counted as if they were independent, so that "
        "intervals are too narrow."
    )


def renamed(comparison: Comparison, name: str) -> Comparison:
    """The same comparison under a name that says what was compared."""
    return replace(comparison, name=name)
