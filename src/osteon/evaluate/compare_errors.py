"""Whether one method is nearer to the reference than another, on the same subjects."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ..core import UnknownName, UnusableTable
from .checked import Codes, Numbers, confidence, groups, numbers, same_rows
from .estimate import LEVEL, Comparison, Estimate

Metric = Literal["MAE", "RMSE"]
METHOD = "paired difference, jackknife over patients, t"
DOI = "10.1201/9780429246593"
"""Efron & Tibshirani 1993: the jackknife."""


def compare_errors(  # noqa: PLR0913 - two methods, their reference and how they are compared
    reference: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    *,
    metric: Metric = "MAE",
    unit: str = "1",
    clusters: ArrayLike | None = None,
    level: float = LEVEL,
) -> Comparison:
    """Test whether two methods err equally much against a reference.

    Parameters
    ----------
    reference, a, b : array_like of shape (rows,)
        Measurements of the same subjects, in one unit.
    metric : {"MAE", "RMSE"}
        Mean absolute error, or root mean square error.
    unit : str
        UCUM unit of all three.
    clusters : array_like of shape (rows,), optional
        The patient that each row comes from; without it each row is a patient.
    level : float
        Confidence of the interval of the difference.

    Returns
    -------
    Comparison
        Error of a less that of b, so that below 0 a is nearer; statistic t on one degree of
        freedom less than there are patients. Errors that are equal in every row give p = 1.

    Raises
    ------
    UnusableTable
        If a value is missing, there are fewer than five patients, or all show the same difference.
    UnknownName
        If there is no such metric.
    BadSetting
        If `level` is outside its range.
    """
    confidence(level)
    if metric not in ("MAE", "RMSE"):
        raise UnknownName(f"errors are compared by MAE or RMSE; got '{metric}'.")
    columns = {
        name: numbers(values, name, least=5)
        for name, values in (("reference", reference), ("a", a), ("b", b))
    }
    same_rows(**columns)
    rows = columns["a"].size
    codes = np.arange(rows) if clusters is None else groups(clusters, "clusters", least=5)
    same_rows(a=columns["a"], clusters=codes)
    counts = np.bincount(codes).astype(np.float64)
    sides = [_left_out(columns[name] - columns["reference"], codes, metric) for name in ("a", "b")]
    value = float(sides[0][0] - sides[1][0])
    without = sides[0][1] - sides[1][1]
    many = counts.size
    error = float(np.sqrt((many - 1) / many * ((without - without.mean()) ** 2).sum()))
    degrees = float(many - 1)
    name = f"{metric}, a − b"
    reach = float(stats.t.ppf(0.5 * (1 + level), degrees)) * error
    difference = Estimate(
        name, value, value - reach, value + reach, level, unit, METHOD, DOI, rows, many
    )
    if error == 0 and value != 0:
        raise UnusableTable(
            f"every patient shows the same difference in {metric} of a and b; it cannot be tested."
        )
    if error == 0:
        note = "a and b err equally much in every patient"
        return Comparison(name, 0.0, 1.0, difference, degrees, method=METHOD, doi=DOI, note=note)
    t = value / error
    p = float(2 * stats.t.sf(abs(t), degrees))
    return Comparison(name, t, p, difference, degrees, method=METHOD, doi=DOI)


def _left_out(errors: Numbers, codes: Codes, metric: Metric) -> tuple[float, Numbers]:
    """The metric of all rows, and without each patient in turn."""
    size = np.abs(errors) if metric == "MAE" else errors**2
    sums, counts = np.bincount(codes, size), np.bincount(codes)
    whole = sums.sum() / counts.sum()
    without = (sums.sum() - sums) / (counts.sum() - counts)
    if metric == "RMSE":
        return float(np.sqrt(whole)), np.sqrt(without)
    return float(whole), without
