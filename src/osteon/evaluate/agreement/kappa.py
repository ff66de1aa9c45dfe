"""Agreement of two raters on grades or classes, beyond what chance gives."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import BadSetting, UnknownName, UnusableTable
from ..checked import Codes, Numbers, confidence, same_rows
from ..estimate import LEVEL, Estimate

DOI = "10.1037/h0028106"
POWERS = {"none": 0, "linear": 1, "quadratic": 2}


def weighted_kappa(
    a: ArrayLike,
    b: ArrayLike,
    *,
    weights: str | ArrayLike = "quadratic",
    categories: Sequence[Any] | None = None,
    level: float = LEVEL,
) -> Estimate:
    """Cohen's kappa, weighted or not.

    Parameters
    ----------
    a, b : array_like of shape (rows,)
        Grades of the same subjects by two raters, numbers or text.
    weights : str or array_like of shape (categories, categories)
        ``"quadratic"``, ``"linear"`` (distance in the order of the categories), ``"none"``
        (Cohen's kappa for classes without order), or the weight of agreement of each pair of
        categories: 1 on the diagonal, from 0 to 1 elsewhere.
    categories : sequence, optional
        All grades from lowest to highest, also those never given. Needed for text with an order;
        otherwise the grades met, in rising order.
    level : float
        Confidence of the interval.

    Returns
    -------
    Estimate
        At most 1; 0 is chance. The interval is Wald's with the standard error of Fleiss, Cohen &
        Everitt 1969 (doi:10.1037/h0028106), cut off at ±1; it is rough below about 50 rows.

    Raises
    ------
    UnusableTable
        If a grade is missing or not among the categories, or both raters give one grade only.
    UnknownName
        If `weights` is a name we do not know.
    BadSetting
        If `level`, `weights` or `categories` do not fit.
    """
    confidence(level)
    one, other = _grades(a, "a"), _grades(b, "b")
    same_rows(a=np.zeros(len(one)), b=np.zeros(len(other)))
    names = _categories(one, other, weights, categories)
    matrix = _weights(weights, len(names))
    n = len(one)
    table = np.zeros((len(names), len(names)))
    np.add.at(table, (_codes(one, names, "a"), _codes(other, names, "b")), 1 / n)
    rows, columns = table.sum(axis=1), table.sum(axis=0)
    by_chance = float(rows @ matrix @ columns)
    if 1 - by_chance < 1e-12:
        raise UnusableTable(
            f"both raters give one grade only to all {n} subjects; kappa needs two or more."
        )
    value = float((matrix * table).sum() - by_chance) / (1 - by_chance)
    means = (matrix @ columns)[:, None] + (rows @ matrix)[None]
    spread = (table * (matrix - means * (1 - value)) ** 2).sum()
    variance = max(float(spread - (value - by_chance * (1 - value)) ** 2), 0.0)
    error = np.sqrt(variance / n) / (1 - by_chance)
    note = ""
    if (table[matrix < 1] == 0).all():
        value, error = 1.0, 0.0
        note = "the raters agree on every subject; Wald's interval has no width then"
    width = float(stats.norm.ppf(0.5 * (1 + level)) * error)
    kind = weights if isinstance(weights, str) else "own"
    told = "unweighted kappa" if kind == "none" else f"kappa with {kind} weights"
    single = rows.max() > 1 - 1e-12 or columns.max() > 1 - 1e-12
    if single:
        note = "one rater gives one grade only: kappa is 0 whatever the other says"
    return Estimate(
        "κ" if kind == "none" else "weighted κ",
        0.0 if single else value,
        None if single else max(value - width, -1.0),
        None if single else min(value + width, 1.0),
        level,
        method=f"Cohen's {told}, Wald interval",
        doi=DOI,
        rows=n,
        clusters=n,
        note=note,
    )


def _grades(values: ArrayLike, name: str) -> np.ndarray[Any, Any]:
    """A column of grades without gaps."""
    column = np.asarray(values)
    if column.ndim != 1 or column.size < 2:
        raise UnusableTable(
            f"'{name}' must be one column of two rows or more; got an array of shape "
            f"{column.shape}."
        )
    if column.dtype.kind == "O":
        column = column.astype(str)
        missing = np.isin(column, ("None", "nan", ""))
    elif column.dtype.kind == "f":
        missing = ~np.isfinite(column)
    else:
        missing = np.char.strip(column.astype(str)) == ""
    if missing.any():
        raise UnusableTable(
            f"'{name}' lacks a grade in {int(missing.sum())} of {column.size} rows (the first is "
            f"row {int(np.argmax(missing)) + 1}); leave these rows out and say so."
        )
    return column


def _categories(
    one: np.ndarray[Any, Any],
    other: np.ndarray[Any, Any],
    weights: str | ArrayLike,
    given: Sequence[Any] | None,
) -> np.ndarray[Any, Any]:
    """All grades in their order."""
    if given is not None:
        names = np.asarray(given)
        if names.ndim != 1 or len(np.unique(names)) != len(names) or len(names) < 2:
            raise BadSetting("categories must be two or more different grades, in their order.")
        return names
    text = one.dtype.kind in "US" or other.dtype.kind in "US"
    if text and not (isinstance(weights, str) and weights == "none"):
        raise BadSetting(
            "grades are text, whose order is not known; name them from lowest to highest as "
            "categories, or use weights 'none'."
        )
    return np.unique(np.concatenate([one, other]))


def _codes(column: np.ndarray[Any, Any], names: np.ndarray[Any, Any], name: str) -> Codes:
    """Place of each grade among the categories."""
    if column.dtype.kind in "US" or names.dtype.kind in "US":
        column, names = column.astype(str), names.astype(str)
    order = np.argsort(names)
    place = np.clip(np.searchsorted(names, column, sorter=order), 0, len(names) - 1)
    codes = order[place]
    strange = np.flatnonzero(names[codes] != column)
    if strange.size:
        raise UnusableTable(
            f"'{name}' has {column[strange[0]]} in row {strange[0] + 1}, which is none of the "
            f"categories {', '.join(str(known) for known in names)}."
        )
    return np.asarray(codes, np.intp)


def _weights(weights: str | ArrayLike, many: int) -> Numbers:
    """Weight of agreement of each pair of categories."""
    if isinstance(weights, str):
        if weights not in POWERS:
            raise UnknownName(f"weights are {', '.join(POWERS)}, or a table; got '{weights}'.")
        if weights == "none":
            return np.eye(many)
        apart = np.abs(np.subtract.outer(np.arange(many), np.arange(many)))
        return np.asarray(1 - (apart / max(many - 1, 1)) ** POWERS[weights])
    matrix = np.asarray(weights, np.float64)
    if matrix.shape != (many, many) or not np.isfinite(matrix).all():
        raise BadSetting(
            f"weights of {many} categories are a table of {many} × {many} numbers; got shape "
            f"{matrix.shape}."
        )
    if (np.diag(matrix) != 1).any() or matrix.min() < 0 or matrix.max() > 1:
        raise BadSetting("weights of agreement are 1 on the diagonal and from 0 to 1 elsewhere.")
    return matrix
