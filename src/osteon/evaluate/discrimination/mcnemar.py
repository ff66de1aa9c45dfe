"""McNemar's test: whether calls of two models are right equally often on the same patients."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import UnknownName, UnusableTable
from ..checked import Truth, confidence, numbers, same_rows
from ..estimate import LEVEL, Comparison, Estimate

DOI = "10.1186/1471-2288-13-91"
DIFFERENCE_DOI = "10.3102/1076998611411915"
Share = Literal["accuracy", "sensitivity", "specificity"]


def mcnemar(
    labels: ArrayLike,
    called_a: ArrayLike,
    called_b: ArrayLike,
    *,
    of: Share = "accuracy",
    exact: bool = False,
    level: float = LEVEL,
) -> Comparison:
    """Test the calls of two models on the same independent patients.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        1 (diseased) or 0 (not).
    called_a, called_b : array_like of shape (rows,)
        1 (called positive) or 0, by each model.
    of : {"accuracy", "sensitivity", "specificity"}
        Among all patients, the diseased, or the healthy.
    exact : bool
        If true the exact conditional p, which is too large; else the mid-p, which keeps its level
        and is what Fagerland, Lydersen & Laake 2013 (doi:10.1186/1471-2288-13-91) advise.
    level : float
        Confidence of the interval of the difference (Bonett & Price 2012,
        doi:10.3102/1076998611411915).

    Returns
    -------
    Comparison
        The statistic is the number of patients whom only the first model got right. p is 1 where
        no call differs.

    Raises
    ------
    UnusableTable
        If a column has other values than 0 and 1, columns differ in length, or nobody is of the
        class asked for.
    UnknownName
        If `of` is none of the three.
    BadSetting
        If the level is none.
    """
    columns = {"labels": labels, "called_a": called_a, "called_b": called_b}
    case, first, second = (_binary(column, name) for name, column in columns.items())
    same_rows(labels=case, called_a=first, called_b=second)
    among = {"accuracy": np.ones_like(case), "sensitivity": case, "specificity": ~case}
    if of not in among:
        raise UnknownName(f"McNemar's test is of {', '.join(among)}; got '{of}'.")
    rows = int(among[of].sum())
    if rows == 0:
        raise UnusableTable(f"no row of {case.size} has the class that {of} is of.")
    right_a, right_b = ((call == case)[among[of]] for call in (first, second))
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    p = exact_p(only_a, only_b) if exact else mid_p(only_a, only_b)
    method = "McNemar's test, " + ("exact conditional p" if exact else "mid-p")
    name = f"{of}, a − b"
    difference = _difference(name, only_a, only_b, rows, confidence(level))
    note = f"only a is right in {only_a}, only b in {only_b} of {rows}"
    return Comparison(name, float(only_a), p, difference, None, None, method, DOI, note)


def exact_p(only_a: int, only_b: int) -> float:
    """Two-sided exact p of the pairs that differ, given their number."""
    return min(1.0, 2 * float(stats.binom.cdf(min(only_a, only_b), only_a + only_b, 0.5)))


def mid_p(only_a: int, only_b: int) -> float:
    """Two-sided p that counts half of the chance of what was met (Fagerland et al. 2013)."""
    if only_a + only_b == 0:
        return 1.0
    met = float(stats.binom.pmf(only_a, only_a + only_b, 0.5))
    return 1 - 0.5 * met if only_a == only_b else exact_p(only_a, only_b) - met


def _difference(name: str, only_a: int, only_b: int, rows: int, level: float) -> Estimate:
    """Difference of two paired shares, one added to each kind of pair that differs."""
    a, b = (only_a + 1) / (rows + 2), (only_b + 1) / (rows + 2)
    half = float(stats.norm.ppf(0.5 * (1 + level))) * ((a + b - (a - b) ** 2) / (rows + 2)) ** 0.5
    low, high = max(-1.0, a - b - half), min(1.0, a - b + half)
    method = "adjusted Wald interval of paired shares"
    value = (only_a - only_b) / rows
    return Estimate(name, value, low, high, level, "1", method, DIFFERENCE_DOI, rows, rows)


def _binary(values: ArrayLike, name: str) -> Truth:
    """A column of 0 and 1, of which one may be missing."""
    column = numbers(values, name)
    odd = np.flatnonzero((column != 0) & (column != 1))
    if odd.size:
        raise UnusableTable(
            f"'{name}' must be 1 or 0; row {odd[0] + 1} of {column.size} has {column[odd[0]]:g}."
        )
    return column.astype(np.bool_)
