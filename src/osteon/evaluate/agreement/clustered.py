"""Agreement where several rows come from one patient: whole patients are left out or drawn."""

import numpy as np
from numpy.typing import ArrayLike

from ...core import BadSetting, UnusableTable
from ..bootstrap import RESAMPLES, bca_interval, existing
from ..checked import Numbers, confidence, groups, same_rows
from ..estimate import LEVEL, Estimate
from .concordance import paired
from .jackknife import DOI as JACKKNIFE
from .jackknife import NEARLY_ONE, jackknife_ends
from .limits import SHARE, normal_range
from .sums import figures, pair_sums

IN_UNITS = ("bias", "lower limit of agreement", "upper limit of agreement")
BCA = "10.1080/01621459.1987.10478410"


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
    limits resample patients (bias-corrected and accelerated, Efron 1987,
    doi:10.1080/01621459.1987.10478410).

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
        If a value is missing, a column is constant, or there are fewer than three patients.
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
    codes = groups(clusters, "clusters", least=3)
    same_rows(x=x, clusters=codes)
    width = normal_range(SHARE)
    sums = pair_sums(x, y, codes)
    total = sums.sum(axis=0)
    values = figures(total[None], width)
    left_out = figures(total - sums, width)
    drawn = figures(_resampled(sums, resamples, rng), width)
    found = {}
    for name, value in values.items():
        one = float(value[0])
        if name in IN_UNITS:
            ends = bca_interval(existing(drawn[name]), one, left_out[name], level)
            how = (f"cluster bootstrap, BCa, {resamples} resamples", BCA)
        else:
            ends = _of_share(name, one, left_out[name], level)
            how = ("jackknife over patients of Fisher's z, t", JACKKNIFE)
        found[name] = Estimate(
            name,
            one,
            *ends,
            level,
            method=f"all rows; {how[0]}",
            doi=how[1],
            rows=len(x),
            clusters=len(sums),
            note="in the unit of the measurements" if name in IN_UNITS else "",
        )
    return found


def _of_share(name: str, value: float, left_out: Numbers, level: float) -> tuple[float, float]:
    """Ends of an ICC, CCC or r, from the figure without each patient."""
    if not np.isfinite(left_out).all():
        raise UnusableTable(
            f"{name} does not exist without one of the {len(left_out)} patients; there are too few "
            "who differ."
        )
    if np.ptp(left_out) == 0:
        return value, value
    z = np.arctanh(np.clip(np.append(left_out, value), -NEARLY_ONE, NEARLY_ONE))
    low, high = np.tanh(jackknife_ends(float(z[-1]), z[:-1], level))
    return float(low), float(high)


def _resampled(sums: Numbers, resamples: int, rng: np.random.Generator) -> Numbers:
    """Sums of resamples of whole clusters, shape (resamples, 6).

    Added up without BLAS, whose order of addition, and so the last digit, depends on its threads.
    """
    many = len(sums)
    found = np.empty((resamples, sums.shape[1]))
    columns = np.ascontiguousarray(sums.T)
    for row in found:
        counts = np.bincount(rng.integers(0, many, many), minlength=many).astype(np.float64)
        row[:] = np.einsum("c,sc->s", counts, columns)
    return found
