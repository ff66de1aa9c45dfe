"""Which names mean the same patient or site, however they are spelled."""

import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from ...core import UnusableTable


def plain(name: object) -> str:
    """A name without what two tables may spell differently.

    Letters of any case, blanks around and between, forms of the same letter, and zeros before a
    whole number make no difference, so that a table read as numbers meets one read as text: two
    names are rather taken as one patient than one patient as two.

    Parameters
    ----------
    name : object
        Name as a table gives it.

    Returns
    -------
    str
        Empty where there is none.
    """
    if name is None:
        return ""
    if isinstance(name, float | np.floating):
        if not np.isfinite(name):
            return ""
        name = int(name) if float(name).is_integer() else float(name)
    if isinstance(name, bytes):
        name = name.decode("utf-8", "replace")
    text = " ".join(unicodedata.normalize("NFKC", str(name)).casefold().split())
    head, dot, tail = text.partition(".")
    if head.isdecimal() and (not dot or tail.strip("0") == ""):
        return head.lstrip("0") or "0"
    return text


def named(values: Sequence[Any] | ArrayLike, column: str) -> tuple[list[str], list[str]]:
    """Plain names of a column, and the names as given.

    Parameters
    ----------
    values : array_like of shape (rows,)
        The column.
    column : str
        Its name, for the message.

    Returns
    -------
    tuple of two lists of str, each of length rows

    Raises
    ------
    UnusableTable
        If it is no column, has no rows, or a row names none.
    """
    given = np.asarray(values)
    if given.ndim != 1:
        raise UnusableTable(f"'{column}' must be one column; got an array of shape {given.shape}.")
    cells = given.tolist()
    if not cells:
        raise UnusableTable(f"'{column}' has no rows.")
    names = [plain(cell) for cell in cells]
    empty = [row for row, name in enumerate(names) if not name]
    if empty:
        raise UnusableTable(
            f"'{column}' is empty in {len(empty)} of {len(names)} rows (the first is row "
            f"{empty[0] + 1}); every row needs one."
        )
    return names, [" ".join(str(cell).split()) for cell in cells]


def spellings(names: Sequence[str], given: Sequence[str], what: str) -> str:
    """Note of the names that are spelled in more than one way; empty if there are none."""
    met: dict[str, dict[str, None]] = {}
    for name, spelled in zip(names, given, strict=True):
        met.setdefault(name, {})[spelled] = None
    odd = [list(ways) for ways in met.values() if len(ways) > 1]
    if not odd:
        return ""
    return (
        f"{len(odd)} of {len(met)} {what}s are spelled in more than one way and taken as one each, "
        f"such as '{odd[0][0]}' and '{odd[0][1]}'."
    )
