"""What every figure asks of its rows; what is wrong is told with the place and the remedy."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..core import BadSetting, UnusableTable

Numbers = NDArray[np.float64]
Truth = NDArray[np.bool_]
Codes = NDArray[np.intp]


def numbers(values: ArrayLike, name: str, *, least: int = 1) -> Numbers:
    """A column of finite numbers.

    Parameters
    ----------
    values : array_like of shape (rows,)
        The column.
    name : str
        Its name, for the message.
    least : int
        Rows needed.

    Returns
    -------
    ndarray of float, shape (rows,)
        A copy where needed; the input is never changed.

    Raises
    ------
    UnusableTable
        If it is no column of numbers, has missing or infinite values or too few rows.
    """
    try:
        column = np.asarray(values, np.float64)
    except (TypeError, ValueError):
        raise UnusableTable(f"'{name}' must be numbers; got text among them.") from None
    if column.ndim != 1:
        raise UnusableTable(f"'{name}' must be one column; got an array of shape {column.shape}.")
    odd = np.flatnonzero(~np.isfinite(column))
    if odd.size:
        raise UnusableTable(
            f"'{name}' lacks a finite value in {odd.size} of {column.size} rows (the first is row "
            f"{odd[0] + 1}); leave these rows out, or impute them and say so."
        )
    if column.size < least:
        raise UnusableTable(f"'{name}' has {column.size} rows; at least {least} are needed.")
    return column


def varying(values: ArrayLike, name: str, *, least: int = 2) -> Numbers:
    """A column of finite numbers that are not all equal.

    Raises
    ------
    UnusableTable
        As `numbers`, and if every value is the same.
    """
    column = numbers(values, name, least=least)
    if column.min() == column.max():
        raise UnusableTable(
            f"'{name}' is {column[0]:g} in all {column.size} rows; a constant column tells nothing."
        )
    return column


def probabilities(values: ArrayLike, name: str) -> Numbers:
    """A column of probabilities.

    Raises
    ------
    UnusableTable
        As `numbers`, and if a value lies outside 0–1.
    """
    column = numbers(values, name)
    odd = np.flatnonzero((column < 0) | (column > 1))
    if odd.size:
        raise UnusableTable(
            f"'{name}' must be probabilities from 0 to 1; row {odd[0] + 1} of {column.size} has "
            f"{column[odd[0]]:g} ({odd.size} such rows). Give probabilities, not scores or percent."
        )
    return column


def truth(values: ArrayLike, name: str) -> Truth:
    """A column of true or false (or 1 and 0), with both among its rows.

    Raises
    ------
    UnusableTable
        If another value is met, or one of the two classes is missing.
    """
    given = np.asarray(values)
    column = given if given.dtype == np.bool_ else numbers(values, name)
    if column.ndim != 1:
        raise UnusableTable(f"'{name}' must be one column; got an array of shape {column.shape}.")
    odd = np.flatnonzero((column != 0) & (column != 1))
    if odd.size:
        raise UnusableTable(
            f"'{name}' must be 1 (diseased) or 0 (not); row {odd[0] + 1} has {column[odd[0]]:g}."
        )
    positive = int(column.sum())
    if positive in (0, column.size):
        met = "1" if positive else "0"
        raise UnusableTable(
            f"'{name}' has one class only: all {column.size} rows are {met}; both are needed."
        )
    return column.astype(np.bool_)


def groups(values: Sequence[Any] | ArrayLike, name: str, *, least: int = 2) -> Codes:
    """Number of the independent unit (patient, site) that each row comes from, from 0.

    Raises
    ------
    UnusableTable
        If a row names none, or fewer than `least` are named.
    """
    given = np.asarray(values)
    if given.ndim != 1:
        raise UnusableTable(f"'{name}' must be one column; got an array of shape {given.shape}.")
    if given.dtype.kind == "f":
        numbers(given, name)
    empty = np.flatnonzero(np.char.strip(given.astype(str)) == "")
    if empty.size:
        raise UnusableTable(f"'{name}' is empty in row {empty[0] + 1}; every row needs one.")
    names, codes = np.unique(given, return_inverse=True)
    if names.size < least:
        raise UnusableTable(
            f"'{name}' names {names.size} only; figures that hold for others need at least {least}."
        )
    return codes.astype(np.intp)


def same_rows(**columns: Numbers | Truth | Codes) -> None:
    """Refuse columns of different length.

    Raises
    ------
    UnusableTable
        If two differ.
    """
    rows = {name: len(column) for name, column in columns.items()}
    if len(set(rows.values())) > 1:
        told = ", ".join(f"'{name}' {count}" for name, count in rows.items())
        raise UnusableTable(f"columns must have the same number of rows; got {told}.")


def confidence(level: float) -> float:
    """The level of an interval.

    Raises
    ------
    BadSetting
        Unless it lies from 0.5 to below 1.
    """
    if not 0.5 <= level < 1:
        raise BadSetting(f"the confidence of an interval is 0.5 to below 1; got {level:g}.")
    return level
