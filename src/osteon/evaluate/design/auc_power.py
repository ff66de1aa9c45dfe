"""How many patients a study of an AUC needs, and what so many can show."""

from dataclasses import asdict, dataclass
from math import ceil, sqrt
from typing import Any

from scipy import stats

from ...core import BadSetting

HANLEY_MCNEIL = "10.1148/radiology.143.1.7063747"
"""Hanley & McNeil, Radiology 1982: standard error of an AUC."""

CORRELATED = "10.1148/radiology.148.3.6878708"
"""Hanley & McNeil, Radiology 1983: two AUCs of the same patients."""

MOST = 10_000_000
"""Cases beyond which a study is not planned."""


@dataclass(frozen=True)
class AucPlan:
    """Size and power of a study of one AUC, or of two.

    Attributes
    ----------
    name : str
        What is tested.
    cases, controls : int
        Patients with and without the disease; of unpaired AUCs, for each of the two.
    power : float
        Probability that the two-sided test finds the difference, 0–1.
    alpha : float
        Two-sided level of the test.
    standard_error : float
        Of the AUC, or of the difference.
    method, doi, note : str
        As in `Estimate`.
    """

    name: str
    cases: int
    controls: int
    power: float
    alpha: float
    standard_error: float
    method: str
    doi: str
    note: str

    def row(self) -> dict[str, Any]:
        """The plan as plain data; a checklist reads it under ``"sample_size"``."""
        return {"kind": "auc", **asdict(self)}


NOTE = (
    "One row a patient; scores of the exponential form that Hanley & McNeil assume, which asks for "
    "slightly more patients than most real scores."
)


def auc_power(
    auc: float, cases: int, controls: int, *, null: float = 0.5, alpha: float = 0.05
) -> AucPlan:
    """Power of the test of one AUC against a fixed one.

    Parameters
    ----------
    auc : float
        AUC that is expected, above 0.5 and below 1.
    cases, controls : int
        Patients with and without the disease, at least 2 each.
    null : float
        AUC to be beaten, 0.5 to below 1.
    alpha : float
        Two-sided level of the test; 0.10 for a one-sided test at 5 %.

    Returns
    -------
    AucPlan
        With the power.

    Raises
    ------
    BadSetting
        If a number is outside its range, or the two AUCs are equal.

    Notes
    -----
    Variance of Hanley & McNeil 1982 (doi:10.1148/radiology.143.1.7063747), under the null for the
    threshold and under the alternative for the power. Against 0.5 the power is that of DeLong's
    test; against a higher null, DeLong's test finds the difference more often, and errs more often.
    """
    _check(auc, null, alpha)
    _check_counts(cases, controls)
    asked, found = (_variance(one, cases, controls) for one in (null, auc))
    return AucPlan(
        f"AUC {auc:g} against {null:g}",
        cases,
        controls,
        _power(abs(auc - null), asked, found, alpha),
        alpha,
        sqrt(found),
        "normal approximation, variance of Hanley & McNeil",
        HANLEY_MCNEIL,
        NOTE,
    )


def auc_sample_size(
    auc: float,
    *,
    null: float = 0.5,
    ratio: float = 1.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> AucPlan:
    """Fewest patients with which one AUC is told from a fixed one.

    Parameters
    ----------
    auc, null, alpha : float
        As for `auc_power`.
    ratio : float
        Controls for each case.
    power : float
        Power asked for, 0–1.

    Returns
    -------
    AucPlan
        With the cases and controls.

    Raises
    ------
    BadSetting
        If a number is outside its range, the two AUCs are equal, or too close to be told apart by
        ten million patients.
    """
    _check_wish(ratio, power)
    return _fewest(
        lambda cases, controls: auc_power(auc, cases, controls, null=null, alpha=alpha),
        ratio,
        power,
    )


def auc_difference_power(
    aucs: tuple[float, float],
    cases: int,
    controls: int,
    *,
    correlation: float = 0.0,
    alpha: float = 0.05,
) -> AucPlan:
    """Power of the test that two AUCs are equal.

    Parameters
    ----------
    aucs : pair of float
        The two AUCs that are expected, 0.5 to below 1.
    cases, controls : int
        Patients with and without the disease, at least 2 each; of the same patients where the AUCs
        are correlated, else for each of the two.
    correlation : float
        Of the two AUCs, from 0 (other patients) to below 1; the AUCs of two scores of the same
        patients have about the correlation of the scores (table of Hanley & McNeil 1983,
        doi:10.1148/radiology.148.3.6878708).
    alpha : float
        Two-sided level of the test.

    Returns
    -------
    AucPlan
        With the power.

    Raises
    ------
    BadSetting
        If a number is outside its range, or the two AUCs are equal.

    Notes
    -----
    Of other patients, the threshold is that of the table of Hanley & McNeil 1982, with the variance
    of the first AUC, which is on the safe side of DeLong's test. Of the same patients, it is the
    critical ratio of Hanley & McNeil 1983, which has the power of DeLong's test.
    """
    first, second = aucs
    _check(first, second, alpha)
    _check_counts(cases, controls)
    if not 0 <= correlation < 1:
        raise BadSetting(f"the correlation of two AUCs is 0 to below 1; got {correlation:g}.")
    one, two = (_variance(auc, cases, controls) for auc in aucs)
    found = one + two - 2 * correlation * sqrt(one * two)
    asked = found if correlation else 2 * one
    who = "the same patients" if correlation else "other patients"
    return AucPlan(
        f"AUC {first:g} against {second:g}, {who}",
        cases,
        controls,
        _power(abs(first - second), asked, found, alpha),
        alpha,
        sqrt(found),
        f"normal approximation, variance of Hanley & McNeil, correlation {correlation:g}",
        CORRELATED if correlation else HANLEY_MCNEIL,
        NOTE,
    )


def auc_difference_sample_size(
    aucs: tuple[float, float],
    *,
    correlation: float = 0.0,
    ratio: float = 1.0,
    power: float = 0.8,
    alpha: float = 0.05,
) -> AucPlan:
    """Fewest patients with which two AUCs are told apart.

    Parameters
    ----------
    aucs, correlation, alpha
        As for `auc_difference_power`.
    ratio : float
        Controls for each case.
    power : float
        Power asked for, 0–1.

    Returns
    -------
    AucPlan
        With the cases and controls: of the same patients where the AUCs are correlated, else for
        each of the two.

    Raises
    ------
    BadSetting
        As `auc_sample_size`.
    """
    _check_wish(ratio, power)
    return _fewest(
        lambda cases, controls: auc_difference_power(
            aucs, cases, controls, correlation=correlation, alpha=alpha
        ),
        ratio,
        power,
    )


def _variance(auc: float, cases: int, controls: int) -> float:
    """Variance of an AUC for exponential scores (Hanley & McNeil 1982)."""
    both_cases = auc / (2 - auc) - auc**2
    both_controls = 2 * auc**2 / (1 + auc) - auc**2
    spread = auc * (1 - auc) + (cases - 1) * both_cases + (controls - 1) * both_controls
    return spread / (cases * controls)


def _power(difference: float, asked: float, found: float, alpha: float) -> float:
    """Probability that a normal figure lies beyond its two-sided threshold."""
    threshold = float(stats.norm.isf(alpha / 2)) * sqrt(asked)
    above = stats.norm.sf(threshold, difference, sqrt(found))
    below = stats.norm.cdf(-threshold, difference, sqrt(found))
    return float(above + below)


def _fewest(plan: Any, ratio: float, power: float) -> AucPlan:
    """Fewest cases that reach a power; the power grows with the cases."""

    def at(cases: int) -> AucPlan:
        found: AucPlan = plan(cases, max(2, ceil(cases * ratio - 1e-9)))
        return found

    low, high = 1, 2
    while at(high).power < power:
        low, high = high, 2 * high
        if high > MOST:
            raise BadSetting(
                f"more than {MOST:,} cases would be needed; the two AUCs lie too close together."
            )
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if at(middle).power >= power else (middle, high)
    return at(high)


def _check(auc: float, null: float, alpha: float) -> None:
    """Refuse AUCs and levels outside their range."""
    for one in (auc, null):
        if not 0.5 <= one < 1:
            raise BadSetting(f"an AUC is planned from 0.5 to below 1; got {one:g}.")
    if auc == null:
        raise BadSetting(f"both AUCs are {auc:g}; there is no difference to be found.")
    if not 0 < alpha < 0.5:
        raise BadSetting(f"the level of a test is above 0 and below 0.5; got {alpha:g}.")


def _check_counts(cases: int, controls: int) -> None:
    """Refuse studies without cases or controls."""
    if min(cases, controls) < 2:
        raise BadSetting(f"at least 2 cases and 2 controls are needed; got {cases}, {controls}.")


def _check_wish(ratio: float, power: float) -> None:
    """Refuse ratios and powers that no study has."""
    if not 0.001 <= ratio <= 1000:
        raise BadSetting(f"controls for each case are 0.001 to 1000; got {ratio:g}.")
    if not 0.05 <= power < 1:
        raise BadSetting(f"a power asked for is 0.05 to below 1; got {power:g}.")
