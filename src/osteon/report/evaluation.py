"""The report of an evaluation: a page, and every figure and table as files for a paper."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..core import BadSetting, UnknownName
from . import tables
from .evaluation_figures import PaperFigure, paper_figure
from .page import check_rows, environment, store, style_sheets
from .printed import estimate_decimals, finite, heading, number, one_line, span
from .words import unit as unit_in_print

SCHEMA = "osteon-evaluation-1"
"""Version of the evaluation that this page reads."""

KINDS = {
    "agreement": "agreement",
    "discrimination": "discrimination",
    "compare": "comparison of models",
    "checklist": "reporting checklist",
}
"""What each kind of evaluation is called."""

NEEDED = {
    "findings": ("name", "value"),
    "tables": ("key", "columns", "rows"),
    "figures": ("key", "kind", "data"),
    "checklist": ("number", "asks", "state"),
    "references": ("text",),
    "files": ("path", "what"),
}
"""What every row of a part must have."""

PARTS = ("summary", "warning", "settings", "methods", "references", "files", "checklist")
STATES = {
    "filled": ("✓", "answered by the run"),
    "author": ("→", "for the author"),
    "not applicable": ("–", "not applicable"),
}
"""Sign and words of each state of an item, in the order in which they are counted."""

ITEMS = "checklist"
"""Key of the table that holds the items of the checklist, which the page shows by section."""

FILE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
"""Keys that can be the name of a file on every system."""


def write_evaluation_report(evaluation: Mapping[str, Any], folder: Path) -> Path:
    """Write ``report.html`` into `folder`, its figures and its tables beside it.

    The page is one file without scripts: figures and tables stand inside it. Each figure is
    written as ``figures/<key>.svg`` (letters as outlines) and ``figures/<key>.pdf`` (letters as
    embedded TrueType), 89 or 183 mm wide; each table as ``tables/<key>.csv``, ``.md`` and
    ``.tex``. The same evaluation makes the same bytes.

    Parameters
    ----------
    evaluation : mapping
        What was found, as plain data: ``schema``, ``kind`` and ``title``; and where there are any
        ``summary``, ``warning``, ``findings``, ``tables``, ``figures``, ``checklist``,
        ``methods``, ``references``, ``settings``, ``manifest`` and ``files``.
    folder : Path
        Folder to write into; made where it is missing.

    Returns
    -------
    Path
        The page.

    Raises
    ------
    BadSetting
        If the evaluation is of another version or lacks a part, if a key is no file name or is
        used twice, or if the data of a figure cannot be drawn.
    UnknownName
        If the kind of evaluation, figure or state is unknown.
    """
    _check(evaluation)
    figures = [paper_figure(figure) for figure in evaluation.get("figures") or ()]
    given = [_complete(table) for table in evaluation.get("tables") or ()]
    page = _page(evaluation, figures, given)
    for part, some in (("figures", figures), ("tables", given)):
        if some:
            (folder / part).mkdir(parents=True, exist_ok=True)
    for figure in figures:
        (folder / "figures" / f"{figure.key}.svg").write_text(figure.svg, encoding="utf-8")
        (folder / "figures" / f"{figure.key}.pdf").write_bytes(figure.pdf)
    for table in given:
        for ending, written in (
            ("csv", tables.csv_text),
            ("md", tables.markdown),
            ("tex", tables.latex),
        ):
            path = folder / "tables" / f"{table['key']}.{ending}"
            path.write_text(written(table), encoding="utf-8")
    return store(page, folder)


def _check(evaluation: Mapping[str, Any]) -> None:
    """Refuse an evaluation that cannot be shown."""
    if (schema := evaluation.get("schema")) != SCHEMA:
        raise BadSetting(
            f"this evaluation is of version '{schema}', the page reads '{SCHEMA}'. "
            "Evaluate the table again with this version of Osteon."
        )
    if lacking := [key for key in ("kind", "title") if key not in evaluation]:
        raise BadSetting(f"the evaluation lacks '{lacking[0]}'; hand in both kind and title.")
    if evaluation["kind"] not in KINDS:
        raise UnknownName(f"kind '{evaluation['kind']}' is unknown; there are {', '.join(KINDS)}.")
    check_rows(evaluation, NEEDED)
    for part in ("tables", "figures"):
        _check_keys(part, [str(row["key"]) for row in evaluation.get(part) or ()])
    for item in evaluation.get("checklist") or ():
        if item["state"] not in STATES:
            raise UnknownName(f"state '{item['state']}' is unknown; there are {', '.join(STATES)}.")


def _check_keys(part: str, keys: Sequence[str]) -> None:
    """Refuse keys that cannot name a file of their own."""
    for key in keys:
        if not FILE_NAME.fullmatch(key):
            raise BadSetting(
                f"key '{one_line(key)}' of '{part}' is no file name; "
                "use letters, digits, '.', '-' and '_', 80 at most."
            )
    twice = [key for key, times in Counter(map(str.lower, keys)).items() if times > 1]
    if twice:
        raise BadSetting(f"key '{twice[0]}' of '{part}' is used twice; each names a file.")


def _complete(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table with every part that a page and a paper need."""
    return {"title": "", "note": "", **table, "key": str(table["key"])}


def _page(
    evaluation: Mapping[str, Any],
    figures: Sequence[PaperFigure],
    given: Sequence[Mapping[str, Any]],
) -> str:
    """The whole page as text."""
    manifest = evaluation.get("manifest") or {}
    return (
        environment()
        .get_template("evaluation.html.jinja")
        .render(
            evaluation={**dict.fromkeys(PARTS), **evaluation},
            css=style_sheets("report.css", "evaluation.css"),
            what=KINDS[evaluation["kind"]],
            findings=[_finding(one) for one in evaluation.get("findings") or ()],
            figures=figures,
            tables=[_shown(table) for table in given if table["key"] != ITEMS],
            items_as_files=any(table["key"] == ITEMS for table in given),
            items=_items(evaluation.get("checklist") or ()),
            states=_states(evaluation.get("checklist") or ()),
            references=[_reference(one) for one in evaluation.get("references") or ()],
            command=manifest.get("command"),
            manifest=manifest,
            osteon=str(manifest.get("osteon") or ""),
        )
    )


def _finding(one: Mapping[str, Any]) -> dict[str, str]:
    """A main figure in words: value, unit, interval, note."""
    value, low, high = (finite(one.get(key)) for key in ("value", "low", "high"))
    known = [x for x in (value, low, high) if x is not None]
    plain_count = isinstance(one.get("value"), int) and len(known) == 1
    decimals = None if plain_count or not known else estimate_decimals(known)
    interval, both, level = "", "", finite(one.get("level"))
    if low is not None and high is not None:
        share = (
            "" if level is None else f"{number(100 * level, 0 if level * 100 % 1 < 1e-9 else 1)}% "
        )
        both = span(number(low, decimals), number(high, decimals))
        interval = f"{share}interval"
    return {
        "name": one_line(one["name"]),
        "value": "not available" if value is None else number(one["value"], decimals),
        "unit": unit_in_print(str(one.get("unit") or "")),
        "interval": interval,
        "span": both,
        "note": one_line(one.get("note") or ""),
    }


def _shown(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table for the page: heads, and cells with their kind."""
    columns = [
        {"head": heading(column), "numeric": column.get("kind") in tables.NUMERIC}
        for column in table["columns"]
    ]
    return {**table, "heads": columns, "cells": tables.cells(table)}


def _items(checklist: Sequence[Mapping[str, Any]]) -> list[tuple[str, list[dict[str, str]]]]:
    """Items of the checklist by section, in their order."""
    made: list[tuple[str, list[dict[str, str]]]] = []
    for item in checklist:
        section = one_line(item.get("section") or "")
        if not made or made[-1][0] != section:
            made.append((section, []))
        sign, words = STATES[item["state"]]
        made[-1][1].append(
            {
                "number": one_line(item["number"]),
                "asks": one_line(item["asks"]),
                "state": str(item["state"]),
                "sign": sign,
                "words": words,
                "answer": one_line(item.get("answer") or ""),
            }
        )
    return made


def _states(checklist: Sequence[Mapping[str, Any]]) -> list[tuple[str, int, str]]:
    """How many items there are of each state."""
    counts = Counter(item["state"] for item in checklist)
    return [(state, counts[state], words) for state, (_, words) in STATES.items() if counts[state]]


def _reference(one: Mapping[str, Any]) -> dict[str, str]:
    """A reference with its DOI as the page links it."""
    doi = str(one.get("doi") or "").removeprefix("https://doi.org/").removeprefix("doi:")
    return {"text": one_line(one["text"]), "doi": f"doi:{doi}" if doi.startswith("10.") else ""}
