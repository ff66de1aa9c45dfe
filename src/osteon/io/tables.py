"""Tables as people keep them: CSV or TSV with a row of names."""

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..core import UnknownName, UnusableTable

MISSING = frozenset({"", "n/a", "#n/a", "na", "<na>", "nan", "null"})
"""What stands for a value that is not there, in any case."""

QUOTED = re.compile('"[^"]*"')
LONGEST_HEAD = 1_000_000
"""Letters of the names that are looked at for what parts them, but for those in quotes."""


@dataclass(frozen=True)
class Table:
    """Columns of text, as a file holds them.

    Attributes
    ----------
    name : str
        Name of the file, for messages.
    columns : mapping of str to tuple of (str or None), shape (rows,)
        Cells without blanks around them; None where the value is missing.
    """

    name: str
    columns: Mapping[str, tuple[str | None, ...]]

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(next(iter(self.columns.values())))

    def text(self, column: str) -> tuple[str | None, ...]:
        """The cells of a column.

        Raises
        ------
        UnknownName
            If there is no such column.
        """
        if column not in self.columns:
            raise UnknownName(
                f"{self.name} has no column '{column}'; there are {', '.join(self.columns)}."
            )
        return self.columns[column]

    def numbers(self, column: str) -> NDArray[np.float64]:
        """The cells of a column as numbers; NaN where the value is missing.

        Raises
        ------
        UnknownName
            If there is no such column.
        UnusableTable
            If a cell is no number.
        """
        found = np.full(self.rows, np.nan)
        for row, cell in enumerate(self.text(column)):
            if cell is None:
                continue
            try:
                found[row] = float(cell.replace("_", "?"))  # Python would read 1_000
            except ValueError:
                comma = " Write decimals with a point." if "," in cell else ""
                raise UnusableTable(
                    f"column '{column}' of {self.name} must be numbers; row {row + 1} has "
                    f"'{cell}'.{comma}"
                ) from None
        return found

    def present(self, columns: Sequence[str]) -> NDArray[np.bool_]:
        """True for rows that lack nothing in any of the columns."""
        held = np.ones(self.rows, np.bool_)
        for column in columns:
            held &= [cell is not None for cell in self.text(column)]
        return held

    def only(self, kept: NDArray[np.bool_]) -> "Table":
        """The table of the rows marked true."""
        rows = np.flatnonzero(kept).tolist()
        return Table(
            self.name, {name: tuple(cells[r] for r in rows) for name, cells in self.columns.items()}
        )


def read_table(path: Path) -> Table:
    """Read a table.

    Parameters
    ----------
    path : Path
        Text in UTF-8, separated by commas, semicolons or tabs, names in the first row. Empty
        cells, ``n/a``, ``#N/A``, ``NA``, ``<NA>``, ``NaN`` and ``NULL`` are missing values. Rows
        and columns that hold nothing at all, as spreadsheets leave them, are passed over.

    Returns
    -------
    Table

    Raises
    ------
    UnusableTable
        If it cannot be read, has no rows, two columns of one name, or a row of another length.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except OSError as fault:
        raise UnusableTable(f"{path.name} cannot be read: {fault.strerror}.") from None
    except UnicodeDecodeError:
        raise UnusableTable(
            f"{path.name} is no text in UTF-8; save the sheet as 'CSV UTF-8'."
        ) from None
    try:
        parted = csv.reader(io.StringIO(text), delimiter=_delimiter(text))
        lines = [row for row in parted if any(map(str.strip, row))]
    except csv.Error as fault:
        raise UnusableTable(f"{path.name} is no table: {fault}.") from None
    if len(lines) < 2:
        raise UnusableTable(f"{path.name} has no rows; a row of names and the values are needed.")
    names = [name.strip() for name in lines[0]]
    _check(path.name, names, lines[1:])
    columns: dict[str, tuple[str | None, ...]] = {}
    for number, column in enumerate(zip(*lines[1:], strict=True)):
        name = names[number]
        if not name and not any(map(str.strip, column)):
            continue
        if name in columns:
            raise UnusableTable(f"two columns of {path.name} have values and no name; name them.")
        columns[name] = tuple(map(_cell, column))
    return Table(path.name, columns)


def _delimiter(text: str) -> str:
    """What parts the names: a tab if there is one, else whichever of ; and , is met more."""
    first = QUOTED.sub("", text[:LONGEST_HEAD]).split("\n", 1)[0]
    if "\t" in first:
        return "\t"
    return ";" if first.count(";") > first.count(",") else ","


def _check(file: str, names: list[str], rows: list[list[str]]) -> None:
    """Refuse names that are not unique and rows of another length."""
    twice = {name for name in names if name and names.count(name) > 1}
    if twice:
        raise UnusableTable(
            f"{file} has two columns named '{sorted(twice)[0]}'; give each its own name."
        )
    for number, row in enumerate(rows):
        if len(row) != len(names):
            raise UnusableTable(
                f"row {number + 1} of {file} has {len(row)} cells, the names are {len(names)}."
            )


def _cell(text: str) -> str | None:
    """A cell without blanks around it; None where it stands for nothing."""
    cell = text.strip()
    return None if cell.lower() in MISSING else cell
