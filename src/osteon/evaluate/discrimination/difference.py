"""A difference of two areas: its test and its interval."""

from scipy import stats

from ...core import UnusableTable
from ..estimate import Comparison, Estimate

NAME = "AUC, a − b"
ALIKE = "both order the patients alike, so there is nothing to test: p = 1 by definition"


def compared(
    difference: float,
    variance: float,
    level: float,
    counts: tuple[int, int],
    how: tuple[str, str],
    degrees: float | None = None,
) -> Comparison:
    """A Wald test of a difference of areas, and its interval.

    Parameters
    ----------
    difference, variance : float
        The difference and its estimated variance.
    level : float
        Confidence of the interval.
    counts : pair of int
        Rows and patients.
    how : pair of str
        Name of the test, and its DOI.
    degrees : float, optional
        Degrees of freedom of Student's t; the normal law without.

    Raises
    ------
    UnusableTable
        If there is a difference, but no variance.
    """
    law = stats.norm if degrees is None else stats.t(degrees)
    statistic, p, note = 0.0, 1.0, ""
    low: float | None = None
    high: float | None = None
    if variance > 0:
        statistic = difference / variance**0.5
        p = min(1.0, 2 * float(law.sf(abs(statistic))))
        half = float(law.ppf(0.5 * (1 + level))) * variance**0.5
        low, high = max(-1.0, difference - half), min(1.0, difference + half)
    elif difference == 0:
        note = ALIKE
    else:
        raise UnusableTable(
            f"the AUCs differ by {difference:.3g}, but no variance can be estimated, as all "
            "patients contribute alike; use the permutation test."
        )
    method, doi = how
    interval = f"Wald interval ({method})"
    told = Estimate(NAME, difference, low, high, level, "1", interval, doi, *counts, note)
    return Comparison(NAME, statistic, p, told, degrees, None, method, doi, note)
