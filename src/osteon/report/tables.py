"""A table of results for a paper: LaTeX, Markdown and, with every digit, CSV."""

import csv
import io
import re
from collections.abc import Mapping
from typing import Any

from .printed import cell, finite, heading, one_line

Table = Mapping[str, Any]

NUMERIC = ("count", "number", "estimate", "p")
"""Kinds of columns that stand flush right."""

LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "%": r"\%",
    "#": r"\#",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "''",
    # a row that begins with one of these would be read as an option of the line break
    "[": "{[}",
    "]": "{]}",
    "*": "{*}",
    "–": "--",
    "—": "---",
    "−": "$-$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "≈": r"$\approx$",
    "°": r"$^\circ$",
    "…": r"\ldots{}",
    "α": r"$\alpha$",
    "β": r"$\beta$",
    "κ": r"$\kappa$",
    "λ": r"$\lambda$",
    "µ": r"$\mu$",
    "μ": r"$\mu$",
    "ρ": r"$\rho$",
    "σ": r"$\sigma$",
    "τ": r"$\tau$",
    "χ": r"$\chi$",
    "Δ": r"$\Delta$",
}
"""What LaTeX reads otherwise, or its usual fonts lack."""

RAISED = "⁻⁰¹²³⁴⁵⁶⁷⁸⁹"
LOWERED = "₀₁₂₃₄₅₆₇₈₉"
MARKDOWN = re.compile(r"([\\`*_{}\[\]<>()#+!|~$&^])")


def latex(table: Table) -> str:
    r"""The table in LaTeX, with the rules of the package ``booktabs``.

    Parameters
    ----------
    table : mapping
        ``key``, ``title``, ``columns`` (each with ``key``, ``title``, ``kind`` and where they are
        needed ``unit`` and ``digits``), ``rows`` (values by column key) and ``note``.

    Returns
    -------
    str
        A ``table`` environment with caption, label and note; all text is escaped.
    """
    columns = table["columns"]
    sides = "".join("r" if column.get("kind") in NUMERIC else "l" for column in columns)
    heads = [f"{{{latex_text(heading(column))}}}" for column in columns]
    lines = [
        "% \\usepackage{booktabs}",
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex_text(table.get('title') or '')}}}",
        rf"\label{{tab:{_label(table.get('key') or 'table')}}}",
        rf"\begin{{tabular}}{{{sides or 'l'}}}",
        r"\toprule",
        " & ".join(heads) + r" \\",
        r"\midrule",
        *(" & ".join(map(latex_text, row)) + r" \\" for row in cells(table)),
        r"\bottomrule",
        r"\end{tabular}",
    ]
    if note := one_line(table.get("note") or ""):
        lines.append(rf"\par\smallskip{{\footnotesize {latex_text(note)}}}")
    return "\n".join([*lines, r"\end{table}", ""])


def markdown(table: Table) -> str:
    """The table in Markdown, its title above and its note below.

    Parameters
    ----------
    table : mapping
        As for `latex`.

    Returns
    -------
    str
        A table with bars; all text is escaped.
    """
    columns = table["columns"]
    heads = [markdown_text(heading(column)) for column in columns]
    sides = ["---:" if column.get("kind") in NUMERIC else ":---" for column in columns]
    rows = [heads, sides, *([markdown_text(text) for text in row] for row in cells(table))]
    lines = [f"| {' | '.join(row)} |" for row in rows] if columns else []
    title, note = (markdown_text(one_line(table.get(part) or "")) for part in ("title", "note"))
    parts = [f"**{title}**" if title else "", "\n".join(lines), note]
    return "\n\n".join(part for part in parts if part) + "\n"


def csv_text(table: Table) -> str:
    """The table as CSV with every digit, an estimate in three columns.

    Parameters
    ----------
    table : mapping
        As for `latex`.

    Returns
    -------
    str
        Heads are the keys of the columns, with ``_low`` and ``_high`` for intervals; what is
        missing is empty.
    """
    columns = table["columns"]
    heads = []
    for column in columns:
        key = column["key"]
        heads += [key, f"{key}_low", f"{key}_high"] if column.get("kind") == "estimate" else [key]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(heads)
    for row in table["rows"]:
        line: list[Any] = []
        for column in columns:
            line += _raw(column.get("kind", "text"), row.get(column["key"]))
        writer.writerow(line)
    return out.getvalue()


def cells(table: Table) -> list[list[str]]:
    """What is printed in each row."""
    return [
        [cell(column, row.get(column["key"])) for column in table["columns"]]
        for row in table["rows"]
    ]


def latex_text(text: str) -> str:
    """Text that LaTeX prints as it stands."""
    apart = re.sub("-(?=-)", "-\x04", one_line(text))  # two hyphens would become a dash
    made = "".join(LATEX.get(letter, letter) for letter in _raised(apart))
    for mark, sign in zip("\x01\x02\x03\x04", ("$^{", "$_{", "}$", "{}"), strict=True):
        made = made.replace(mark, sign)
    return made


def markdown_text(text: str) -> str:
    """Text that Markdown prints as it stands."""
    return MARKDOWN.sub(r"\\\1", one_line(text))


def _raised(text: str) -> str:
    """Runs of raised and lowered digits between marks that no text holds."""
    for signs, mark in ((RAISED, "\x01"), (LOWERED, "\x02")):
        plain = str.maketrans(signs, "-0123456789"[-len(signs) :])
        parts = re.split(f"([{signs}]+)", text)
        parts[1::2] = [f"{mark}{run.translate(plain)}\x03" for run in parts[1::2]]
        text = "".join(parts)
    return text


def _label(key: str) -> str:
    return re.sub(r"[^A-Za-z0-9:-]+", "-", str(key))


def _raw(kind: str, value: Any) -> list[Any]:
    """A value as it is stored: one cell, three for an estimate."""
    if kind == "estimate":
        parts = value if isinstance(value, Mapping) else {"value": value}
        return [_stored(parts.get(part)) for part in ("value", "low", "high")]
    return [_stored(value)]


def _stored(value: Any) -> Any:
    if isinstance(value, float) and finite(value) is None:
        return ""
    return "" if value is None else value
