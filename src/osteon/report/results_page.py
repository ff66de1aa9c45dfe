"""Parts of a page of results: sections with tables as printed and figures drawn."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from . import tables
from .evaluation_figures import paper_figure
from .printed import heading

Column = tuple[str, str, str]
"""Key, head and kind of a column."""


@dataclass(frozen=True)
class Section:
    """One part of the page.

    Attributes
    ----------
    key, title : str
        Name in the address, and heading.
    text : tuple of str
        What is said, a paragraph each.
    tables, figures : tuple of mapping
        As an evaluation has them.
    reason : str
        Why there is nothing; ``""`` where there is.
    """

    key: str
    title: str
    text: tuple[str, ...] = ()
    tables: tuple[Mapping[str, Any], ...] = field(default=())
    figures: tuple[Mapping[str, Any], ...] = field(default=())
    reason: str = ""


def drawn(section: Section) -> dict[str, Any]:
    """A section for the template: tables as printed, figures drawn.

    Raises
    ------
    BadSetting
        If the data of a figure cannot be drawn.
    """
    return {
        "key": section.key,
        "title": section.title,
        "text": section.text,
        "reason": section.reason,
        "tables": [_shown(table) for table in section.tables],
        "figures": [paper_figure(figure) for figure in section.figures],
    }


def _shown(table: Mapping[str, Any]) -> dict[str, Any]:
    """A table for the page: heads, and cells as printed."""
    whole = {"title": "", "note": "", **table}
    heads = [
        {"head": heading(column), "numeric": column.get("kind") in tables.NUMERIC}
        for column in whole["columns"]
    ]
    return {**whole, "heads": heads, "cells": tables.cells(whole)}


def table_of(
    key: str,
    title: str,
    rows: Sequence[Mapping[str, Any]],
    columns: Sequence[Column],
    note: str = "",
) -> dict[str, Any]:
    """A table of the columns that some row fills; a ``"share"`` has three decimals."""
    used = [one for one in columns if any(row.get(one[0]) is not None for row in rows)]
    return {
        "key": key,
        "title": title,
        "note": note,
        "columns": [_column(*one) for one in used],
        "rows": [dict(row) for row in rows] if used else [],
    }


def _column(key: str, head: str, kind: str) -> dict[str, Any]:
    if kind == "share":
        return {"key": key, "title": head, "kind": "estimate", "digits": 3}
    return {"key": key, "title": head, "kind": kind}
