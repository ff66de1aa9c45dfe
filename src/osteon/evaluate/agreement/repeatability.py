"""How far repeated measurements of one subject lie apart, and what change is beyond that."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import UnusableTable
from ..checked import confidence, groups, numbers, same_rows
from ..estimate import LEVEL, Estimate

DOI = "10.1007/BF01774016"
ENOUGH_DEGREES = 27
"""Degrees of freedom at which the upper 90 % limit lies 30 % above the value (Glüer et al.)."""

CHANGE = float(np.sqrt(2) * stats.norm.ppf(0.975))
"""Least significant change over precision error: 2.77, for 95 % confidence and two single scans."""


@dataclass(frozen=True)
class Precision:
    """Precision error and least significant change.

    Attributes
    ----------
    rms_sd : Estimate
        Root mean square of the subjects' standard deviations, in the unit of the values.
    rms_cv : Estimate or None
        The same of their coefficients of variation, in %; None if a mean is not positive.
    lsc, lsc_percent : Estimate
        Least significant change at 95 %, in the unit and in %.
    degrees : int
        Degrees of freedom: repeats less one, added over the subjects.
    """

    rms_sd: Estimate
    rms_cv: Estimate | None
    lsc: Estimate
    lsc_percent: Estimate | None
    degrees: int


def precision(
    values: ArrayLike, subjects: ArrayLike, *, unit: str = "1", level: float = LEVEL
) -> Precision:
    """Short-term precision from repeated measurements (Glüer et al. 1995).

    Parameters
    ----------
    values : array_like of shape (rows,)
        One measurement a row.
    subjects : array_like of shape (rows,)
        Whom it was measured on. Who was measured once only adds nothing, and is told in the note.
    unit : str
        UCUM unit of the values.
    level : float
        Confidence of the intervals, which follow from the χ² distribution.

    Returns
    -------
    Precision
        Means are weighted by the degrees of freedom of each subject.

    Raises
    ------
    UnusableTable
        If a value is missing, or nobody was measured twice.
    BadSetting
        If `level` is outside its range.

    Notes
    -----
    doi:10.1007/BF01774016. The interval of a coefficient of variation takes it to be alike in all
    subjects. Subjects must be independent and their precision alike.
    """
    confidence(level)
    column = numbers(values, "values", least=2)
    codes = groups(subjects, "subjects", least=1)
    same_rows(values=column, subjects=codes)
    counts = np.bincount(codes)
    degrees = counts - 1
    total = int(degrees.sum())
    if total == 0:
        raise UnusableTable(
            f"each of {len(counts)} subjects was measured once; precision needs repeats."
        )
    means = np.bincount(codes, column) / counts
    squares = np.bincount(codes, (column - means[codes]) ** 2)
    notes = []
    if total < ENOUGH_DEGREES:
        notes.append(
            f"{total} degrees of freedom; at least {ENOUGH_DEGREES} are asked for (Glüer et al.)"
        )
    single = int((counts == 1).sum())
    if single:
        notes.append(f"{single} subjects measured once were left out")
    rms = float(np.sqrt(squares.sum() / total))
    if rms == 0:
        notes.append("all repeats are equal, so the interval has no width")
    tail = 0.5 * (1 - level)
    ends = np.sqrt(total / stats.chi2.ppf([1 - tail, tail], total))
    used = int((counts > 1).sum())

    def figure(name: str, value: float, unit: str) -> Estimate:
        low, high = (float(value * end) for end in ends)
        method = "root mean square over subjects, χ² interval"
        rows = int(counts[counts > 1].sum())
        return Estimate(
            name, value, low, high, level, unit, method, DOI, rows, used, "; ".join(notes)
        )

    sd = figure("RMS-SD", rms, unit)
    lsc = figure("LSC", CHANGE * rms, unit)
    repeated = counts > 1
    if (means[repeated] <= 0).any():
        return Precision(sd, None, lsc, None, total)
    cv = 100 * float(np.sqrt((squares[repeated] / means[repeated] ** 2).sum() / total))
    percent = figure("RMS-CV", cv, "%"), figure("LSC %", CHANGE * cv, "%")
    return Precision(sd, percent[0], lsc, percent[1], total)
