"""Deming and Passing–Bablok against a published line, brute force and symmetry."""

import tomllib
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from osteon.core import BadSetting, UnusableTable
from osteon.evaluate.agreement import deming, passing_bablok

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = tomllib.loads((REFERENCE / "agreement_lines.toml").read_text(encoding="utf-8"))


def pair(n=30, seed=0, slope=1.1):
    rng = np.random.default_rng(seed)
    truth = rng.uniform(5, 20, n)
    return truth + rng.normal(0, 0.5, n), 2 + slope * truth + rng.normal(0, 0.5, n)


def test_the_line_of_closest_fit_as_published():
    case = CASES["pearson_1901"]
    found = deming(case["x"], case["y"])
    assert found.slope.value == pytest.approx(case["slope"], abs=case["slope_tolerance"])
    assert found.intercept.value == pytest.approx(
        case["intercept"], abs=case["intercept_tolerance"]
    )


def test_deming_is_the_least_squares_line_where_only_one_method_errs():
    x, y = pair()
    only_y, only_x = deming(x, y, ratio=1e12), deming(x, y, ratio=1e-12)
    assert only_y.slope.value == pytest.approx(stats.linregress(x, y).slope, rel=1e-6)
    assert only_x.slope.value == pytest.approx(1 / stats.linregress(y, x).slope, rel=1e-6)


def test_deming_with_the_inverse_ratio_is_the_inverse_line():
    x, y = pair()
    one, other = deming(x, y, ratio=4.0), deming(y, x, ratio=0.25)
    assert other.slope.value == pytest.approx(1 / one.slope.value, rel=1e-10)


def test_deming_interval_is_the_jackknife_left_out_row_by_row():
    x, y = pair(12)
    for name in ("slope", "intercept"):
        value = getattr(deming(x, y), name)
        without = np.array(
            [getattr(deming(np.delete(x, i), np.delete(y, i)), name).value for i in range(12)]
        )
        error = np.sqrt(11 / 12 * ((without - without.mean()) ** 2).sum())
        assert value.high - value.value == pytest.approx(stats.t.ppf(0.975, 10) * error, rel=1e-8)
        assert value.value - value.low == pytest.approx(stats.t.ppf(0.975, 10) * error, rel=1e-8)


def brute_slopes(x, y):
    found = [
        (y[i] - y[j]) / (x[i] - x[j])
        for i, j in combinations(range(len(x)), 2)
        if x[i] != x[j] and (y[i] - y[j]) != -(x[i] - x[j])
    ]
    return sorted(found)


@pytest.mark.parametrize("n", [10, 11, 30])
def test_passing_bablok_by_its_definition(n):
    x, y = pair(n, seed=n)
    slopes = brute_slopes(x, y)
    many, below = len(slopes), sum(slope < -1 for slope in slopes)
    half = many // 2
    middle = (
        slopes[half + below]
        if many % 2
        else 0.5 * (slopes[half - 1 + below] + slopes[half + below])
    )
    reach = 1.959963985 * np.sqrt(n * (n - 1) * (2 * n + 5) / 18)
    first = round((many - reach) / 2)
    found = passing_bablok(x, y)
    assert found.slope.value == pytest.approx(middle, rel=1e-12)
    assert found.slope.low == slopes[first + below - 1]
    assert found.slope.high == slopes[many - first + below]
    assert found.intercept.value == pytest.approx(np.median(y - middle * x), rel=1e-12)
    assert found.intercept.low == pytest.approx(np.median(y - found.slope.high * x), rel=1e-12)


def test_passing_bablok_does_not_care_which_method_comes_first():
    x, y = pair(42)  # 861 slopes, so that the median is one of them
    one, other = passing_bablok(x, y), passing_bablok(y, x)
    assert other.slope.value == pytest.approx(1 / one.slope.value, rel=1e-12)
    assert other.slope.low == pytest.approx(1 / one.slope.high, rel=1e-12)


def test_passing_bablok_bears_ties_and_equal_rows():
    x, y = pair(40)
    x, y = np.round(x), np.round(y)
    one, other = passing_bablok(x, y), passing_bablok(y, x)
    assert one.slope.low <= one.slope.value <= one.slope.high
    assert other.slope.value == pytest.approx(1 / one.slope.value, rel=1e-12)


def test_an_outlier_moves_deming_but_not_passing_bablok():
    x, y = pair(40)
    spoilt = y.copy()
    spoilt[np.argmax(x)] += 100
    before, after = passing_bablok(x, y).slope.value, passing_bablok(x, spoilt).slope.value
    assert abs(after - before) < 0.05
    assert abs(deming(x, spoilt).slope.value - deming(x, y).slope.value) > 0.2


def test_equal_methods_lie_on_the_line_of_equality():
    x = np.array([1.5, 2.25, 3, 4.5, 7, 8])
    for found in (deming(x, x), passing_bablok(x, x)):
        assert found.slope.value == pytest.approx(1, rel=1e-12)
        assert found.slope.low == pytest.approx(1) == found.slope.high
        assert found.intercept.value == pytest.approx(0, abs=1e-12)
    assert passing_bablok(x, x).linearity.p == 1


def test_a_bend_is_found_and_a_line_is_not_called_bent():
    rng = np.random.default_rng(3)
    x = rng.uniform(1, 10, 80)
    bent = passing_bablok(x, x**2 / 10 + rng.normal(0, 0.05, 80))
    straight = passing_bablok(x, x + rng.normal(0, 0.05, 80))
    assert bent.linearity.p < 0.01 < straight.linearity.p


def test_a_column_through_zero_is_told_beside_the_intercept():
    rng = np.random.default_rng(3)
    x = rng.normal(0, 1, 50)
    found = passing_bablok(x, x + rng.normal(0, 0.2, 50)).intercept
    assert found.low <= found.value <= found.high
    assert "not positive" in found.note


@pytest.mark.parametrize("line", [deming, passing_bablok])
def test_too_few_rows_are_refused(line):
    with pytest.raises(UnusableTable, match="at least"):
        line([1.0, 2, 3], [1.0, 2, 4])


def test_unrelated_methods_have_no_line():
    with pytest.raises(UnusableTable, match="not related"):
        deming([1, 2, 1, 2], [1, 1, 2, 2])
    with pytest.raises(UnusableTable, match="too little related"):
        passing_bablok(np.arange(9.0), -(np.arange(9.0) ** 2))
    with pytest.raises(UnusableTable, match="5001 rows are more than 5000"):
        passing_bablok(np.arange(5001.0), np.arange(5001.0))


def test_a_ratio_of_zero_is_refused():
    with pytest.raises(BadSetting, match="above 0"):
        deming(*pair(), ratio=0)
