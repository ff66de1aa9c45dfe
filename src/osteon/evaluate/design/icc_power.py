"""How many subjects a study of agreement needs, and what so many can show."""

from dataclasses import asdict, dataclass
from math import log
from typing import Any

from scipy import stats

from ...core import BadSetting

POWER = "10.1002/sim.4780060404"
"""Donner & Eliasziw, Statistics in Medicine 1987: exact power of the one-way ICC."""

BONETT = "10.1002/sim.1108"
"""Bonett, Statistics in Medicine 2002: subjects for an interval of a stated width."""

MOST = 1_000_000
"""Subjects beyond which a study is not planned."""

NOTE = (
    "One-way random effects, ICC(1,1); a study of the same raters throughout, ICC(2,1) or "
    "ICC(3,1), needs about as many."
)


@dataclass(frozen=True)
class IccPlan:
    """Size of a study of an ICC, and what it can show.

    Attributes
    ----------
    name : str
        What is asked of the study.
    subjects, raters : int
        Subjects, and ratings of each.
    power : float or None
        Probability that the one-sided test finds the ICC above the least acceptable one.
    width : float or None
        Width of the interval if the ICC is found as expected.
    alpha : float
        Level of the one-sided test, or 1 − confidence of the interval.
    approximate : float
        Subjects by the published approximation that is named in `method`.
    method, doi, note : str
        As in `Estimate`.
    """

    name: str
    subjects: int
    raters: int
    power: float | None
    width: float | None
    alpha: float
    approximate: float
    method: str
    doi: str
    note: str

    def row(self) -> dict[str, Any]:
        """The plan as plain data; a checklist reads it under ``"sample_size"``."""
        return {"kind": "icc", **asdict(self)}


def icc_power(
    expected: float, minimum: float, subjects: int, *, raters: int = 2, alpha: float = 0.05
) -> float:
    """Exact power of the one-sided test that an ICC lies above the least acceptable one.

    Parameters
    ----------
    expected : float
        ICC that is expected, above `minimum` and below 1.
    minimum : float
        Least acceptable ICC, 0 to below 1.
    subjects, raters : int
        At least 2 each.
    alpha : float
        One-sided level of the test.

    Returns
    -------
    float
        0–1.

    Raises
    ------
    BadSetting
        If a number is outside its range.

    Notes
    -----
    The F statistic of the one-way analysis of variance, times a constant, follows the F
    distribution whatever the ICC (Donner & Eliasziw 1987, doi:10.1002/sim.4780060404).
    """
    _check(expected, raters, alpha)
    _check_minimum(expected, minimum)
    if subjects < 2:
        raise BadSetting(f"at least 2 subjects are needed; got {subjects}.")
    shrink = _spread(minimum, raters) / _spread(expected, raters)
    degrees = subjects - 1, subjects * (raters - 1)
    return float(stats.f.sf(shrink * stats.f.isf(alpha, *degrees), *degrees))


def icc_sample_size(
    expected: float,
    *,
    width: float | None = None,
    minimum: float | None = None,
    raters: int = 2,
    power: float = 0.8,
    alpha: float = 0.05,
) -> IccPlan:
    """Fewest subjects for a stated width of the interval, or for a least acceptable ICC.

    Parameters
    ----------
    expected : float
        ICC that is expected, 0 to below 1.
    width : float, optional
        Whole width that the interval shall have if the ICC is found as expected.
    minimum : float, optional
        Least acceptable ICC: the one-sided test against it shall have the `power`.
    raters : int
        Ratings of each subject, at least 2.
    power : float
        Power asked for, 0–1.
    alpha : float
        Level of the one-sided test, or 1 − confidence of the interval.

    Returns
    -------
    IccPlan
        Subjects by the exact F distribution, and by the approximation of Bonett 2002
        (doi:10.1002/sim.1108) or Walter, Eliasziw & Donner 1998
        (doi:10.1002/(SICI)1097-0258(19980115)17:1<101::AID-SIM727>3.0.CO;2-E).

    Raises
    ------
    BadSetting
        If a number is outside its range, neither or both of `width` and `minimum` are given, or
        a million subjects would not do.
    """
    _check(expected, raters, alpha)
    if (width is None) == (minimum is None):
        raise BadSetting("give either the width of the interval or the least acceptable ICC.")
    if width is not None:
        return _by_width(expected, width, raters, alpha)
    if not alpha < power < 1:
        raise BadSetting(f"a power asked for lies above {alpha:g} and below 1; got {power:g}.")
    return _by_minimum(expected, minimum or 0.0, raters, (power, alpha))


def _by_minimum(expected: float, minimum: float, raters: int, wish: tuple[float, float]) -> IccPlan:
    """Fewest subjects for a test against a least acceptable ICC."""
    power, alpha = wish
    _check_minimum(expected, minimum)
    subjects = _fewest(
        lambda n: icc_power(expected, minimum, n, raters=raters, alpha=alpha) >= power
    )
    apart = log(_spread(minimum, raters) / _spread(expected, raters)) ** 2
    z = float(stats.norm.isf(alpha) + stats.norm.ppf(power))
    return IccPlan(
        f"ICC {expected:g} against at least {minimum:g}",
        subjects,
        raters,
        icc_power(expected, minimum, subjects, raters=raters, alpha=alpha),
        None,
        alpha,
        1 + 2 * z**2 * raters / (apart * (raters - 1)),
        "exact F test of the one-way model; approximate subjects by Walter, Eliasziw & Donner 1998",
        POWER,
        NOTE,
    )


def _by_width(expected: float, width: float, raters: int, alpha: float) -> IccPlan:
    """Fewest subjects for an interval that is not wider than asked."""
    if not 0 < width < 1:
        raise BadSetting(f"the width of an interval of an ICC is above 0 and below 1; got {width}.")
    subjects = _fewest(lambda n: _width(expected, n, raters, alpha) <= width)
    z = float(stats.norm.isf(alpha / 2))
    lost = (1 - expected) * (1 + (raters - 1) * expected)
    approximate = 8 * z**2 * lost**2 / (raters * (raters - 1) * width**2) + 1
    return IccPlan(
        f"ICC {expected:g}, interval {width:g} wide",
        subjects,
        raters,
        None,
        _width(expected, subjects, raters, alpha),
        alpha,
        approximate,
        "interval of the one-way model by the F distribution; approximate subjects by Bonett 2002",
        BONETT,
        NOTE,
    )


def _width(found: float, subjects: int, raters: int, alpha: float) -> float:
    """Width of the interval of an ICC that was found (Shrout & Fleiss 1979)."""
    ratio = _spread(found, raters)
    degrees = subjects - 1, subjects * (raters - 1)
    low, high = (ratio / stats.f.isf(alpha / 2, *degrees), ratio / stats.f.ppf(alpha / 2, *degrees))
    return float((high - 1) / (high + raters - 1) - (low - 1) / (low + raters - 1))


def _spread(icc: float, raters: int) -> float:
    """Expected mean square between subjects over that within."""
    return 1 + raters * icc / (1 - icc)


def _fewest(enough: Any) -> int:
    """Fewest subjects that are enough; from then on, more are too."""
    low, high = 1, 2
    while not enough(high):
        low, high = high, 2 * high
        if high > MOST:
            raise BadSetting(f"more than {MOST:,} subjects would be needed; ask for less.")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def _check(expected: float, raters: int, alpha: float) -> None:
    """Refuse ICCs, raters and levels outside their range."""
    if not 0 <= expected < 1:
        raise BadSetting(f"an ICC is planned from 0 to below 1; got {expected:g}.")
    if raters < 2:
        raise BadSetting(f"agreement needs at least 2 ratings of a subject; got {raters}.")
    if not 0 < alpha < 0.5:
        raise BadSetting(f"the level of a test is above 0 and below 0.5; got {alpha:g}.")


def _check_minimum(expected: float, minimum: float) -> None:
    """Refuse a least acceptable ICC that is not below the expected one."""
    if not 0 <= minimum < expected:
        raise BadSetting(
            f"the least acceptable ICC is 0 to below the expected {expected:g}; got {minimum:g}."
        )
