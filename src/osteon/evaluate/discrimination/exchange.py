"""Spread of the difference of two areas when the models' scores are exchanged within patients."""

import numpy as np
from scipy import stats

from ..checked import Numbers, Truth


def exchange_variance(labels: Truth, first: Numbers, second: Numbers) -> float:
    """Variance of ``a − b`` over all exchanges of two models' ranks within patients.

    The difference is a sum over patients of a term whose sign the exchange decides, so the variance
    over all exchanges is known without making any (Bandos, Rockette & Gur 2005,
    doi:10.1002/sim.2149).

    Parameters
    ----------
    labels : ndarray of bool, shape (rows,)
    first, second : ndarray of float, shape (rows,)
        Scores of the two models.

    Returns
    -------
    float
        0 only where both order the patients alike.
    """
    ranks = [stats.rankdata(column) for column in (first, second)]
    cases, controls = [r[labels] for r in ranks], [r[~labels] for r in ranks]
    # Case and control by the same model (aa, bb), or the one by a and the other by b.
    aa, bb, ab, ba = (
        _both_sides(cases[i], controls[j]) for i, j in ((0, 0), (1, 1), (0, 1), (1, 0))
    )
    of_cases = 0.5 * (aa[0] + ab[0] - ba[0] - bb[0])
    of_controls = 0.5 * (aa[1] + ba[1] - ab[1] - bb[1])
    return float((of_cases**2).mean() / of_cases.size + (of_controls**2).mean() / of_controls.size)


def _both_sides(cases: Numbers, controls: Numbers) -> tuple[Numbers, Numbers]:
    """Share of controls below each case, and of cases above each control; ties count one half."""
    return _below(cases, np.sort(controls)), 1 - _below(controls, np.sort(cases))


def _below(values: Numbers, rising: Numbers) -> Numbers:
    """Share of rising numbers below each value, of equal ones half."""
    lower = np.searchsorted(rising, values, "left")
    return (lower + np.searchsorted(rising, values, "right")) / (2 * rising.size)
