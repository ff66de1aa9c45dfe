"""Agreement where several rows come from one patient: whole patients are left out or drawn."""

import numpy as np
from numpy.typing import ArrayLike

from ...core import BadSetting, UnusableTable
from ..bootstrap import RESAMPLES
from ..checked import Codes, Numbers, confidence, groups, same_rows
from ..estimate import LEVEL, Estimate
from .concordance import paired
from .jackknife import DOI as JACKKNIFE
from .jackknife import NEARLY_ONE, jackknife_ends
from .limits import SHARE, normal_range, spread
from .studentized import DOI as STUDENTIZED
from .studentized import difference_sums, place, studentized_ends
from .sums import figures, pair_sums

SIDES = {"bias": 0, "lower limit of agreement": -1, "upper limit of agreement": 1}
"""Figures in the unit of the measurements, and on which side of the bias they lie."""

Ends = tuple[float, float, float]
"""Value, low and high."""


def clustered_agreement(
    x: ArrayLike,
    y: ArrayLike,
    clusters: ArrayLike,
    *,
    resamples: int = RESAMPLES,
    level: float = LEVEL,
    rng: np.random.Generator,
) -> dict[str, Estimate]:
    """Agreement of two methods over rows that are nested in patients.

    Values are those of all rows. Intervals take patients as independent, so that rows of one
    patient may be as alike as they are: those of ICC, CCC and r leave out one patient at a time
    (jackknife of Fisher's z with t, Miller 1974, doi:10.1093/biomet/61.1.1), those of bias and
    limits resample patients (bootstrap-t, Hall 1988, doi:10.1214/aos/1176350933).

    Parameters
    ----------
    x, y : array_like of shape (rows,)
        Measurements of the same patch, vertebra or site by two methods; differences are x − y.
    clusters : array_like of shape (rows,)
        The patient that each row comes from.
    resamples : int
        Draws, at least 100.
    level : float
        Confidence of the intervals.
    rng : Generator
        Source of chance.

    Returns
    -------
    dict of Estimate
        By ``"ICC(2,1)"``, ``"ICC(3,1)"``, ``"CCC"``, ``"Pearson r"``, ``"bias"`` and the
        ``"lower"`` and ``"upper limit of agreement"``. Each row weighs the same; a patient with
        many rows weighs more.

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, or there are fewer than five patients.
    BadSetting
        If `resamples` or `level` is outside its range.

    Notes
    -----
    ICCs mix differences between patients and within them; `mixed_icc` tells them apart. Below about
    20 patients the bootstrap intervals of bias and limits are too narrow.
    """
    confidence(level)
    if resamples < 100:
        raise BadSetting(f"an interval needs at least 100 resamples; got {resamples}.")
    x, y = paired(x, y)
    codes = groups(clusters, "clusters", least=5)
    same_rows(x=x, clusters=codes)
    rows, many = len(x), int(codes.max()) + 1
    how = "all rows; jackknife over patients of Fisher's z, t"
    found = {
        name: Estimate(name, *ends, level, method=how, doi=JACKKNIFE, rows=rows, clusters=many)
        for name, ends in _shares(pair_sums(x, y, codes), level).items()
    }
    how = f"all rows; cluster bootstrap-t, {resamples} resamples"
    note = "in the unit of the measurements"
    drawn = _in_units(x, y, codes, (resamples, rng), level)
    found |= {
        name: Estimate(
            name,
            *ends,
            level,
            method=how,
            doi=STUDENTIZED,
            rows=rows,
            clusters=many,
            note=note,
        )
        for name, ends in drawn.items()
    }
    return found


def _shares(sums: Numbers, level: float) -> dict[str, Ends]:
    """ICC, CCC and r with the ends of their intervals, from the figures without each patient."""
    total = sums.sum(axis=0)
    found = {}
    for name, shares in figures(np.vstack([total, total - sums])).items():
        if not np.isfinite(shares).all():
            raise UnusableTable(
                f"{name} does not exist without one of the {len(sums)} patients; there are too few "
                "who differ."
            )
        z = np.arctanh(np.clip(shares, -NEARLY_ONE, NEARLY_ONE))
        value = low = high = float(shares[0])
        if np.ptp(z) > 0:
            low, high = (float(np.tanh(end)) for end in jackknife_ends(float(z[0]), z[1:], level))
        found[name] = (value, low, high)
    return found


def _in_units(
    x: Numbers, y: Numbers, codes: Codes, chance: tuple[int, np.random.Generator], level: float
) -> dict[str, Ends]:
    """Bias and limits with the ends of their intervals, from resamples of patients."""
    differences = x - y
    centre = float(differences.mean())
    by_patient = difference_sums(differences - centre, codes)
    drawn = _resampled(by_patient, *chance)
    equal = spread(differences, 0.5 * (x + y)) == 0
    found = {}
    for name, side in SIDES.items():
        deviations = side * normal_range(SHARE)
        every = place(by_patient.sum(axis=0)[None], deviations)
        value = low = high = centre + float(every.value[0])
        if not equal:
            off = place(drawn, deviations)
            low, high = (centre + end for end in studentized_ends(every, off, level))
        found[name] = (value, low, high)
    return found


def _resampled(sums: Numbers, resamples: int, rng: np.random.Generator) -> Numbers:
    """Sums of resamples of whole clusters, shape (resamples, sums).

    Added up without BLAS, whose order of addition, and so the last digit, depends on its threads.
    """
    many = len(sums)
    found = np.empty((resamples, sums.shape[1]))
    columns = np.ascontiguousarray(sums.T)
    for row in found:
        counts = np.bincount(rng.integers(0, many, many), minlength=many).astype(np.float64)
        row[:] = np.einsum("c,sc->s", counts, columns)
    return found
