"""Where the variance of nested measurements comes from, and the ICCs within and over patients."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ...core import UnusableTable
from ..checked import Codes, Numbers, confidence, groups, same_rows
from ..estimate import LEVEL, Estimate
from .concordance import paired
from .jackknife import jackknife_ends
from .limits import spread
from .reml import one_way

DOI = "10.1002/9780470316856"
MOST_FITS = 200
"""Patients are left out one at a time up to this number, in as many equal parts above it."""


@dataclass(frozen=True)
class _Parts:
    """Components of variance, each of shape (fits,)."""

    patient: Numbers
    site: Numbers
    method: Numbers
    interaction: Numbers
    residual: Numbers


def mixed_icc(
    x: ArrayLike, y: ArrayLike, clusters: ArrayLike, *, unit: str = "1", level: float = LEVEL
) -> dict[str, Estimate]:
    """Components of variance of two methods over sites nested in patients, and their ICCs.

    The model: a measurement is the method's mean + patient + site in the patient + the method's own
    shift in this patient + residual. Sum and difference of the two methods are independent in it,
    and each is a one-way random model, fitted by REML.

    Parameters
    ----------
    x, y : array_like of shape (rows,)
        Measurements of one site (patch, vertebra) by two methods.
    clusters : array_like of shape (rows,)
        The patient that each row comes from; patients may have different numbers of sites.
    unit : str
        UCUM unit of both.
    level : float
        Confidence of the intervals, from the jackknife over patients of Fisher's z.

    Returns
    -------
    dict of Estimate
        ``"ICC within patients"``: of the differences between sites of one patient, the share that
        both methods see; the methods' shifts cancel. ``"ICC over patients"``: of all variance, the
        share of patients and sites (absolute agreement); ``"ICC over patients, consistency"``: the
        same without the methods' constant shift. Then ``"variance of patient"``, ``"site"``,
        ``"method"``, ``"patient × method"`` and ``"residual"``, without interval, in unit².

    Raises
    ------
    UnusableTable
        If a value is missing, a column is constant, there are fewer than five patients or none of
        them has two sites.
    BadSetting
        If `level` is outside its range.

    Notes
    -----
    REML: Searle, Casella & McCulloch 1992, doi:10.1002/9780470316856. A component that comes out
    negative is set to zero. The method's variance is that of two fixed methods, less what noise
    adds to it.
    """
    confidence(level)
    x, y = paired(x, y)
    codes = groups(clusters, "clusters", least=5)
    same_rows(x=x, clusters=codes)
    many = int(codes.max()) + 1
    if many == len(x):
        raise UnusableTable(
            f"each of {many} patients has one row only; sites and patients cannot be told apart. "
            "Use icc for such a table."
        )
    blocks = np.arange(many) % min(many, MOST_FITS)
    parts = _components(x, y, codes, blocks)
    found = {
        name: _jackknifed(name, shares, level, (len(x), many))
        for name, shares in _shares(parts).items()
    }
    names = ("patient", "site", "method", "patient × method", "residual")
    columns = (parts.patient, parts.site, parts.method, parts.interaction, parts.residual)
    for name, column in zip(names, columns, strict=True):
        found[f"variance of {name}"] = Estimate(
            f"variance of {name}",
            float(column[0]),
            level=level,
            unit="1" if unit == "1" else f"({unit})2",
            method="REML of sum and difference",
            doi=DOI,
            rows=len(x),
            clusters=many,
            note="no interval; a negative estimate is set to 0",
        )
    return found


def _components(x: Numbers, y: Numbers, codes: Codes, blocks: Codes) -> _Parts:
    """Components of variance of each fit."""
    half = np.sqrt(0.5)
    apart = x - y
    if spread(apart, x + y) == 0:
        apart = np.full_like(apart, apart.mean())
    total = one_way(half * (x + y - x.mean() - y.mean()), codes, blocks)
    shift = float(apart.mean())
    rest = one_way(half * (apart - shift), codes, blocks)
    mean_square = (shift + rest.mean / half) ** 2 - rest.error / half**2
    return _Parts(
        np.maximum(total.between - rest.between, 0) / 2,
        np.maximum(total.within - rest.within, 0) / 2,
        np.maximum(mean_square, 0) / 2,
        rest.between,
        rest.within,
    )


def _shares(parts: _Parts) -> dict[str, Numbers]:
    """The three ICCs of each fit; NaN where nothing varies."""
    signal = parts.patient + parts.site
    noise = parts.interaction + parts.residual
    pairs = {
        "ICC within patients": (parts.site, parts.site + parts.residual),
        "ICC over patients": (signal, signal + noise + parts.method),
        "ICC over patients, consistency": (signal, signal + noise),
    }
    return {
        name: np.divide(top, bottom, out=np.full(top.shape, np.nan), where=bottom > 0)
        for name, (top, bottom) in pairs.items()
    }


def _jackknifed(name: str, shares: Numbers, level: float, sizes: tuple[int, int]) -> Estimate:
    """An ICC with the jackknife interval of its Fisher's z."""
    rows, many = sizes
    value = float(shares[0])
    if not np.isfinite(shares).all():
        raise UnusableTable(
            f"{name} does not exist: without one of the patients, rows do not vary within patients."
        )
    low, high, note = None, None, ""
    z = np.arctanh(np.minimum(shares, 1 - 1e-15))
    if value <= 0:
        note = "the variance of sites or patients is estimated as 0, so there is no interval"
    elif np.ptp(shares) == 0:
        low = high = value
        note = "every patient tells the same, so the interval has no width"
    else:
        low, high = (float(end) for end in np.tanh(jackknife_ends(float(z[0]), z[1:], level)))
    return Estimate(
        name,
        value,
        low,
        high,
        level,
        method="variance components by REML, jackknife over patients",
        doi=DOI,
        rows=rows,
        clusters=many,
        note=note,
    )
