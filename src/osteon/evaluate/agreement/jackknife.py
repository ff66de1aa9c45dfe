"""The jackknife over patients: how much a figure moves when each of them is left out."""

import numpy as np
from scipy import stats

from ..checked import Numbers

DOI = "10.1093/biomet/61.1.1"
"""Miller 1974."""

NEARLY_ONE = 1 - 1e-12
"""Largest ICC or correlation of which Fisher's z is taken."""


def jackknife_error(left_out: Numbers) -> float:
    """Standard error of a figure, from the figure without each patient in turn.

    Parameters
    ----------
    left_out : ndarray of float, shape (patients,)
        On a scale on which the figure is nearly normal; finite.
    """
    n = len(left_out)
    return float(np.sqrt((n - 1) ** 2 / n * left_out.var(ddof=1)))


def jackknife_ends(value: float, left_out: Numbers, level: float) -> tuple[float, float]:
    """Ends of the interval of a figure, with t on one degree of freedom less than patients.

    Parameters
    ----------
    value : float
        The figure of all patients.
    left_out : ndarray of float, shape (patients,)
        As in `jackknife_error`.
    level : float
        Confidence.
    """
    width = float(stats.t.ppf(0.5 * (1 + level), len(left_out) - 1)) * jackknife_error(left_out)
    return value - width, value + width
