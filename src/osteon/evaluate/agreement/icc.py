"""Intraclass correlation: the share of the variance of ratings that the subjects make."""

import numpy as np
from numpy.typing import ArrayLike
from scipy import stats

from ...core import BadSetting, UnknownName, UnusableTable
from ..checked import Numbers, confidence
from ..estimate import LEVEL, Estimate
from .anova import MeanSquares, mean_squares, rated
from .coefficients import coefficients, share
from .fixed import FIXED_INTERVAL, fixed_interval
from .forms import KEYS, known_key
from .generalized import GENERALIZED_DOI, GENERALIZED_INTERVAL, generalized_interval
from .jackknife import DOI as JACKKNIFE

DOI = "10.1037/1082-989X.1.1.30"
F_INTERVAL = "interval from the F distribution (Shrout & Fleiss 1979, McGraw & Wong 1996)"
ABSOLUTE_INTERVAL = "interval from F with Satterthwaite's degrees of freedom (McGraw & Wong 1996)"
SMALLEST_DEGREES = 1.0
"""Satterthwaite's are never fewer, but where a negative ICC makes one of their weights negative."""


def icc(
    ratings: ArrayLike,
    *,
    raters: str = "random",
    interval: str = "satterthwaite",
    level: float = LEVEL,
) -> dict[str, Estimate]:
    """The six intraclass correlations of a table (Shrout & Fleiss 1979).

    Parameters
    ----------
    ratings : array_like of shape (n, k)
        One row a subject, one column a rater (reader, method, scan); any unit.
    raters : str
        Whom the interval of absolute agreement (``"ICC(2,1)"``, ``"ICC(2,k)"``) is about.
        ``"random"``: raters at large, from whom those of the table were drawn. ``"fixed"``: the
        very raters or methods of the table (two-way mixed model, McGraw & Wong's case 3A). Values
        are the same, and so are the other four.
    interval : str
        The interval of absolute agreement for random raters. ``"satterthwaite"``: of McGraw & Wong,
        as other packages give it. ``"generalized"``: holds also for few raters who read at
        different heights, and is as wide as so few make it.
    level : float
        Confidence of the intervals, 0.5 to below 1; two-sided.

    Returns
    -------
    dict of Estimate
        By ``"ICC(1,1)"``, ``"ICC(2,1)"``, ``"ICC(3,1)"`` and, for the mean of all raters,
        ``"ICC(1,k)"``, ``"ICC(2,k)"``, ``"ICC(3,k)"``. At most 1; negative where ratings of one
        subject differ more than those of different subjects. `FORMS` says which of the ten forms of
        McGraw and Wong each of them is.

    Raises
    ------
    UnusableTable
        If a value is missing, there are fewer than two subjects or raters, a column is constant or
        the subjects do not differ.
    UnknownName
        If `raters` or `interval` is none of the two.
    BadSetting
        If `level` is outside its range, or an interval for random raters is asked of fixed ones.

    Notes
    -----
    Definitions: doi:10.1037/0033-2909.86.2.420; intervals also doi:10.1037/1082-989X.1.1.30,
    generalized doi:10.1186/1471-2288-14-121. Rows must be independent: for several rows a patient
    see `clustered_agreement` and `mixed_icc`.

    Satterthwaite's interval is far too wide where the raters are given and one reads high; where
    few are drawn who differ much, it is too narrow. The interval of fixed raters leaves out one
    subject at a time (jackknife, doi:10.1093/biomet/61.1.1); the others take ratings as normal.
    """
    confidence(level)
    _known(raters, interval)
    table = rated(ratings)
    squares = mean_squares(table[None])
    if squares.subjects[0] == 0:
        raise UnusableTable(
            f"all {len(table)} subjects have the same mean rating; an ICC needs some who differ."
        )
    found = intervals(squares, level)
    # perfect agreement has ends without width already
    imperfect = squares.error[0] > 0 or squares.raters[0] > 0
    how = (ABSOLUTE_INTERVAL, DOI)
    if raters == "fixed":
        how = (FIXED_INTERVAL, JACKKNIFE)
        if imperfect:
            _replace(found, squares.k, fixed_interval(table, level))
    elif interval == "generalized":
        how = (GENERALIZED_INTERVAL, GENERALIZED_DOI)
        if imperfect:
            _replace(found, squares.k, generalized_interval(squares, level))
    return {key: _estimate(key, found[key][:, 0], squares, level, how) for key in KEYS}


def _known(raters: str, interval: str) -> None:
    """Refuse settings that `icc` does not have."""
    if raters not in ("random", "fixed"):
        raise UnknownName(f"raters is 'random' or 'fixed'; got '{raters}'.")
    if interval not in ("satterthwaite", "generalized"):
        raise UnknownName(f"interval is 'satterthwaite' or 'generalized'; got '{interval}'.")
    if raters == "fixed" and interval != "satterthwaite":
        raise BadSetting(
            f"interval '{interval}' is for random raters; fixed raters have one interval only, so "
            "leave the setting out."
        )


def _replace(found: dict[str, Numbers], k: int, ends: tuple[float, float]) -> None:
    """Put other ends to absolute agreement, those of the mean by Spearman and Brown."""
    single = np.array(ends)
    found["ICC(2,1)"][1:, 0] = single
    found["ICC(2,k)"][1:, 0] = share(k * single, 1 + (k - 1) * single)


def icc_many(ratings: ArrayLike, *, form: str = "ICC(2,1)", level: float = LEVEL) -> Numbers:
    """One ICC of many features at once.

    Parameters
    ----------
    ratings : array_like of shape (features, n, k)
        A table of subjects × raters for each feature; finite.
    form : str
        Which ICC, in either naming: ``"ICC(2,1)"`` or ``"ICC(A,1)"``.
    level : float
        Confidence of the intervals.

    Returns
    -------
    ndarray of float, shape (features, 3)
        Value and the ends of its interval. NaN where a feature has none: its subjects do not
        differ, or (mean of raters only) an end has no bound.

    Raises
    ------
    UnusableTable
        If it is no such stack, or a value is missing.
    UnknownName
        If no ICC is called `form`.
    BadSetting
        If `level` is outside its range.
    """
    confidence(level)
    key = known_key(form)
    stack = np.asarray(ratings, np.float64)
    if stack.ndim != 3 or stack.shape[1] < 2 or stack.shape[2] < 2:
        raise UnusableTable(
            "ratings of many features must be features × subjects (2 or more) × raters (2 or "
            f"more); got an array of shape {stack.shape}."
        )
    if not np.isfinite(stack).all():
        odd = int((~np.isfinite(stack)).any(axis=(1, 2)).sum())
        raise UnusableTable(f"{odd} of {len(stack)} features lack a finite value; leave them out.")
    return intervals(mean_squares(stack), level)[key].T


def intervals(squares: MeanSquares, level: float) -> dict[str, Numbers]:
    """Value, low and high of the six ICCs, each of shape (3, tables)."""
    values = coefficients(squares)
    ends = {key: np.full((2, len(squares.subjects)), np.nan) for key in KEYS}
    for row, tail in enumerate((0.5 * (1 + level), 0.5 * (1 - level))):
        n, k = squares.n, squares.k
        for model, noise, degrees in (
            (1, squares.within, n * (k - 1)),
            (3, squares.error, (n - 1) * (k - 1)),
        ):
            scaled = stats.f.ppf(tail, n - 1, degrees) * noise
            top = squares.subjects - scaled
            ends[f"ICC({model},1)"][row] = share(top, squares.subjects + (k - 1) * scaled)
            ends[f"ICC({model},k)"][row] = share(top, squares.subjects)
        single = _absolute_end(squares, values["ICC(2,1)"], 1 - tail)
        ends["ICC(2,1)"][row] = single
        ends["ICC(2,k)"][row] = share(k * single, 1 + (k - 1) * single)
    return {key: np.vstack([values[key][None], ends[key]]) for key in KEYS}


def _absolute_end(squares: MeanSquares, value: Numbers, tail: float) -> Numbers:
    """An end of the interval of ICC(2,1); multiplied out, so that it also holds for no error."""
    n, k, error = squares.n, squares.k, squares.error
    of_raters = k * value * squares.raters
    of_error = (n * (1 - value) + k * value * (n - 1)) * error
    spread = of_raters**2 / (k - 1) + of_error**2 / ((n - 1) * (k - 1))
    known = spread > 0
    degrees = np.full(value.shape, float((k - 1) * (squares.n - 1)))
    degrees[known] = ((of_raters + of_error)[known] ** 2) / spread[known]
    quantile = stats.f.ppf(tail, np.maximum(degrees, SMALLEST_DEGREES), n - 1)
    scaled = n * quantile * squares.subjects
    rest = k * squares.raters + (k * n - k - n) * error
    return share(scaled - n * error, rest + scaled)


def _estimate(
    key: str, found: Numbers, squares: MeanSquares, level: float, absolute: tuple[str, str]
) -> Estimate:
    """One ICC of one table; `absolute` names the interval of absolute agreement, and its DOI."""
    value, low, high = (float(end) for end in found)
    if not np.isfinite(value):
        raise UnusableTable(
            f"{key} does not exist: the subjects differ less than the noise of the raters' mean; "
            "there is no difference between subjects to measure. If one of two scales is reversed, "
            "turn it."
        )
    notes = []
    if squares.error[0] == 0 and (squares.raters[0] == 0 or "3" in key):
        notes.append("ratings agree perfectly, so the interval has no width")
    if np.isnan(low) and np.isnan(high):
        notes.append(
            "no interval: the ICC is 1 or does not exist without one of the subjects, or there are "
            "fewer than five"
        )
    elif not (np.isfinite(low) and np.isfinite(high)):
        notes.append("an end of the interval has no bound")
    method, doi = absolute if key.startswith("ICC(2") else (F_INTERVAL, DOI)
    return Estimate(
        key,
        value,
        low if np.isfinite(low) else None,
        high if np.isfinite(high) else None,
        level,
        method=method,
        doi=doi,
        rows=int(squares.n),
        clusters=int(squares.n),
        note="; ".join(notes),
    )
