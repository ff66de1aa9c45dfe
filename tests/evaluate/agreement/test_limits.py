"""Bland–Altman against published examples, tolerance factors and plain regression."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate.agreement import bland_altman, bland_altman_repeated, regression_limits

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = tomllib.loads((REFERENCE / "agreement_limits.toml").read_text(encoding="utf-8"))


def pair(n=60, seed=0, bias=0.4):
    rng = np.random.default_rng(seed)
    truth = rng.normal(10, 2, n)
    return truth + bias + rng.normal(0, 0.5, n), truth + rng.normal(0, 0.5, n)


def test_peak_flow_as_published():
    case = CASES["peak_flow"]
    found = bland_altman(case["x"], case["y"], unit="l/min")
    assert found.bias.value == pytest.approx(case["bias"], abs=case["tolerance"])
    assert found.sd == pytest.approx(case["sd"], abs=case["tolerance"])
    ends = [found.bias.low, found.bias.high]
    assert ends == pytest.approx(case["bias_interval"], abs=case["interval_tolerance"])
    assert found.upper.value == pytest.approx(found.bias.value + 1.959964 * found.sd, rel=1e-6)
    assert found.upper.unit == "l/min"


@pytest.mark.parametrize(("n", "factor"), CASES["tolerance_factors"]["factors"])
def test_the_outer_end_of_a_limit_is_the_tabled_tolerance_limit(n, factor):
    x, y = pair(n, seed=n)
    found = bland_altman(x, y, share=0.9, level=0.9)
    tolerance = CASES["tolerance_factors"]["tolerance"]
    assert (found.upper.high - found.bias.value) / found.sd == pytest.approx(factor, abs=tolerance)
    assert (found.bias.value - found.lower.low) / found.sd == pytest.approx(factor, abs=tolerance)


def test_swapping_the_methods_mirrors_everything():
    x, y = pair()
    one, other = bland_altman(x, y), bland_altman(y, x)
    assert other.lower.value == pytest.approx(-one.upper.value)
    assert (other.lower.low, other.lower.high) == pytest.approx((-one.upper.high, -one.upper.low))
    assert other.bias.low == pytest.approx(-one.bias.high)


def test_each_interval_holds_its_limit_and_is_wider_outwards():
    found = bland_altman(*pair(10))
    for limit in (found.lower, found.upper):
        assert limit.low < limit.value < limit.high
    assert found.upper.high - found.upper.value > found.upper.value - found.upper.low


def test_bias_has_the_interval_of_the_paired_t_test():
    x, y = pair()
    ends = stats.ttest_rel(x, y).confidence_interval(0.9)
    found = bland_altman(x, y, level=0.9).bias
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), rel=1e-10)


def test_proportional_bias_is_the_slope_that_linear_regression_finds():
    x, y = pair()
    x = x * 1.2
    expected = stats.linregress((x + y) / 2, x - y)
    found = bland_altman(x, y).proportional
    assert found.difference.value == pytest.approx(expected.slope, rel=1e-10)
    assert found.p == pytest.approx(expected.pvalue, rel=1e-8)
    width = stats.t.ppf(0.975, len(x) - 2) * expected.stderr
    assert found.difference.high == pytest.approx(expected.slope + width, rel=1e-10)
    assert found.degrees == len(x) - 2


def test_percent_are_of_the_mean_of_both():
    found = bland_altman([110.0, 220, 330], [90.0, 180, 280], percent=True)
    assert found.differences == pytest.approx([20, 20, 100 * 50 / 305])
    assert found.unit == found.upper.unit == "%"


def test_percent_of_a_mean_that_is_not_positive_are_refused():
    with pytest.raises(UnusableTable, match="row 2 has -1"):
        bland_altman([1.0, -1, 3], [2.0, -1, 3], percent=True)


def test_equal_methods_have_limits_of_zero_width_and_say_so():
    found = bland_altman([1.1, 2.3, 3.7], [1.1, 2.3, 3.7])
    assert (found.lower.low, found.upper.high, found.sd) == (0, 0, 0)
    assert found.proportional.p == 1
    assert "equal" in found.upper.note


def test_a_constant_shift_is_seen_through_rounding():
    x = np.array([0.1, 0.2, 0.3, 0.7]) + 1000
    found = bland_altman(x + 0.3, x)
    assert found.sd == 0
    assert found.lower.low == found.bias.value == pytest.approx(0.3)


def test_limits_by_regression_find_a_spread_that_grows():
    rng = np.random.default_rng(5)
    mean = rng.uniform(10, 100, 40_000)
    difference = 2 + 0.1 * mean + rng.normal(0, 1, mean.size) * (1 + 0.05 * mean)
    found = regression_limits(mean + difference / 2, mean - difference / 2)
    bias, low, high = found.at([20.0, 80.0])
    assert bias == pytest.approx([4, 10], abs=0.15)
    assert high - low == pytest.approx(2 * 1.96 * np.array([2, 5]), rel=0.05)
    assert found.p_spread < 1e-6


@pytest.mark.parametrize("true_value", ["varies", "constant"])
def test_repeated_ejection_fractions_as_published(true_value):
    case = CASES["ejection_fraction"]
    found = bland_altman_repeated(case["x"], case["y"], case["subjects"], true_value=true_value)
    assert found.bias.value == pytest.approx(case["bias"], abs=case["tolerance"])
    variance = case[f"variance_{true_value}"]
    assert found.sd**2 == pytest.approx(variance, abs=case["tolerance"]), case["source"]
    assert found.lower.low < found.lower.value < found.lower.high < found.bias.value
    assert (found.bias.rows, found.bias.clusters) == (60, 12)


def test_repeats_by_the_definition_of_one_way_analysis_of_variance():
    rng = np.random.default_rng(2)
    x, y = rng.normal(size=(2, 8, 3)) + rng.normal(size=(2, 8, 1))
    d = x - y
    between, within = 3 * d.mean(axis=1).var(ddof=1), d.var(axis=1, ddof=1).mean()
    found = bland_altman_repeated(x.ravel(), y.ravel(), np.repeat(np.arange(8), 3))
    assert found.sd**2 == pytest.approx((between - within) / 3 + within, rel=1e-12)
    ends = stats.ttest_1samp(d.mean(axis=1), 0).confidence_interval(0.95)
    assert (found.bias.low, found.bias.high) == pytest.approx((ends.low, ends.high), rel=1e-10)


def test_repeats_of_one_subject_count_for_less_than_as_many_subjects():
    rng = np.random.default_rng(4)
    subject = np.repeat(np.arange(10), 8)
    shift = rng.normal(0, 1, 10)[subject]
    y = rng.normal(0, 3, 80)
    x = y + shift + rng.normal(0, 0.1, 80)
    nested, ignored = bland_altman_repeated(x, y, subject), bland_altman(x, y)
    assert nested.upper.high - nested.upper.low > 1.5 * (ignored.upper.high - ignored.upper.low)


@pytest.mark.parametrize(
    ("x", "y", "told"),
    [
        ([1, 2, np.nan], [1, 2, 3], "'x' lacks a finite value in 1 of 3"),
        ([1, 2], [1, 2], "at least 3"),
        ([4, 4, 4], [1, 2, 3], "constant column"),
        ([1, 2, 3], [1, 2, 3, 4], "same number of rows"),
    ],
)
def test_bad_columns_are_refused_in_one_line(x, y, told):
    with pytest.raises(UnusableTable, match=told):
        bland_altman(x, y)


def test_bad_settings_are_told():
    x, y = pair(9)
    with pytest.raises(BadSetting, match="share above 0"):
        bland_altman(x, y, share=1)
    with pytest.raises(BadSetting, match="confidence"):
        bland_altman(x, y, level=95)
    with pytest.raises(UnknownName, match="'varies' or 'constant'"):
        bland_altman_repeated(x, y, [1, 1, 1, 2, 2, 2, 3, 3, 3], true_value="fixed")
    with pytest.raises(UnusableTable, match="one pair only"):
        bland_altman_repeated(x, y, range(9))
    with pytest.raises(UnusableTable, match="names 1 only"):
        bland_altman_repeated(x, y, [1] * 9)


def test_limits_of_repeats_have_the_intervals_of_zou():
    # balanced: the two mean squares are independent χ² on 7 and 16 degrees of freedom
    rng = np.random.default_rng(2)
    d = rng.normal(size=(8, 3)) + rng.normal(size=(8, 1))
    y = rng.normal(size=(8, 3))
    of_means, within = d.mean(axis=1).var(ddof=1), d.var(axis=1, ddof=1).mean()
    parts = np.array([of_means, within * 2 / 3])
    low_factor = 1 - np.array([7, 16]) / stats.chi2.ppf(0.975, [7, 16])
    high_factor = np.array([7, 16]) / stats.chi2.ppf(0.025, [7, 16]) - 1
    total = parts.sum()
    low = np.sqrt(total - np.sqrt(((parts * low_factor) ** 2).sum()))
    high = np.sqrt(total + np.sqrt(((parts * high_factor) ** 2).sum()))
    width = stats.t.ppf(0.975, 7) * np.sqrt(of_means / 8)
    limit = d.mean() + 1.959963985 * np.sqrt(total)
    expected = (
        limit - np.hypot(width, 1.959963985 * (np.sqrt(total) - low)),
        limit + np.hypot(width, 1.959963985 * (high - np.sqrt(total))),
    )
    x, y, subjects = (d + y).ravel(), y.ravel(), np.repeat(np.arange(8), 3)
    found = bland_altman_repeated(x, y, subjects).upper
    assert found.value == pytest.approx(limit, rel=1e-9)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-9)
    mirrored = bland_altman_repeated(y, x, subjects).lower
    assert (-mirrored.high, -mirrored.low) == pytest.approx(expected, rel=1e-9)
