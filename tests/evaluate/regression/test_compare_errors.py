"""Whether one method errs less than another."""

import numpy as np
import pytest
from scipy import stats

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate.compare_errors import compare_errors

RNG = np.random.default_rng(7)
TRUE = RNG.normal(100, 20, 60)
NEAR, FAR = TRUE + RNG.normal(2, 5, 60), TRUE + RNG.normal(-3, 9, 60)
WHOSE = RNG.integers(0, 20, 60)


def test_of_one_row_a_patient_it_is_the_paired_t_test_of_absolute_errors():
    found = compare_errors(TRUE, NEAR, FAR, unit="mg/cm3")
    expected = stats.ttest_rel(abs(NEAR - TRUE), abs(FAR - TRUE))
    assert found.statistic == pytest.approx(expected.statistic)
    assert found.p == pytest.approx(expected.pvalue)
    interval = expected.confidence_interval()
    assert (found.difference.low, found.difference.high) == pytest.approx(tuple(interval))
    assert found.difference.unit == "mg/cm3"
    assert found.difference.value < 0


@pytest.mark.parametrize("metric", ["MAE", "RMSE"])
def test_patients_are_left_out_one_by_one(metric):
    def error(values, kept):
        apart = (values - TRUE)[kept]
        return np.abs(apart).mean() if metric == "MAE" else np.sqrt((apart**2).mean())

    people = np.unique(WHOSE)
    without = np.array([error(NEAR, one != WHOSE) - error(FAR, one != WHOSE) for one in people])
    n = people.size
    spread = np.sqrt((n - 1) / n * ((without - without.mean()) ** 2).sum())
    value = error(NEAR, WHOSE >= 0) - error(FAR, WHOSE >= 0)
    found = compare_errors(TRUE, NEAR, FAR, metric=metric, clusters=WHOSE)
    assert found.difference.value == pytest.approx(value)
    assert found.statistic == pytest.approx(value / spread)
    assert (found.degrees, found.difference.clusters) == (n - 1, n)


def test_rows_copied_within_patients_change_no_p():
    once = compare_errors(TRUE, NEAR, FAR, metric="RMSE")
    thrice = [np.repeat(column, 3) for column in (TRUE, NEAR, FAR, np.arange(60))]
    again = compare_errors(*thrice[:3], metric="RMSE", clusters=thrice[3])
    assert again.p == pytest.approx(once.p)


def test_equal_errors_give_p_of_one():
    found = compare_errors(TRUE, NEAR, 2 * TRUE - NEAR)
    assert found.difference.value == pytest.approx(0, abs=1e-12)
    assert found.p == pytest.approx(1)


@pytest.mark.parametrize(
    ("change", "fault", "says"),
    [
        ({"a": TRUE + 1, "b": TRUE + 3}, UnusableTable, "the same difference in MAE"),
        ({"a": [*NEAR[:-1], np.nan]}, UnusableTable, "'a' lacks a finite value in 1 of 60"),
        ({"b": FAR[:50]}, UnusableTable, "same number of rows"),
        ({"clusters": np.arange(60) // 20}, UnusableTable, "names 3 only"),
        ({"metric": "MSE"}, UnknownName, "MAE or RMSE; got 'MSE'"),
        ({"level": 2}, BadSetting, "0.5 to below 1; got 2"),
    ],
)
def test_what_cannot_be_compared_is_told(change, fault, says):
    given = {"reference": TRUE, "a": NEAR, "b": FAR} | change
    with pytest.raises(fault, match=says):
        compare_errors(**given)
