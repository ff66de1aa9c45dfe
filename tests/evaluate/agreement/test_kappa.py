"""Kappa against Cohen's example, its relation to the ICC, and another implementation."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.inter_rater import cohens_kappa

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate.agreement import weighted_kappa

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = tomllib.loads((REFERENCE / "agreement_kappa.toml").read_text(encoding="utf-8"))


def rows(counts):
    counts = np.asarray(counts)
    a, b = np.indices(counts.shape)
    return np.repeat(a.ravel(), counts.ravel()), np.repeat(b.ravel(), counts.ravel())


def test_cohens_two_judges_as_published():
    case = CASES["cohen_1968"]
    a, b = rows(case["counts"])
    weights = 1 - np.array(case["disagreement"]) / np.max(case["disagreement"])
    plain, weighted = weighted_kappa(a, b, weights="none"), weighted_kappa(a, b, weights=weights)
    assert plain.value == pytest.approx(case["kappa"], abs=case["tolerance"]), case["source"]
    assert weighted.value == pytest.approx(case["weighted"], abs=case["tolerance"])
    assert plain.rows == 200


@pytest.mark.parametrize(
    ("weights", "other"), [("none", None), ("linear", "linear"), ("quadratic", "quadratic")]
)
def test_value_and_interval_are_those_of_statsmodels(weights, other):
    counts = np.array([[20, 5, 1, 0], [4, 18, 6, 2], [1, 7, 15, 3], [0, 1, 5, 12]])
    expected = cohens_kappa(counts, wt=other)
    found = weighted_kappa(*rows(counts), weights=weights)
    assert found.value == pytest.approx(expected.kappa, rel=1e-12)
    assert (found.low, found.high) == pytest.approx(
        (expected.kappa_low, expected.kappa_upp), rel=1e-9
    )


def test_quadratic_weights_give_the_concordance_of_the_grades():
    # Fleiss & Cohen 1973: with divisor n it is Lin's coefficient exactly
    rng = np.random.default_rng(0)
    a = rng.integers(0, 5, 60)
    b = np.clip(a + rng.integers(-1, 2, 60), 0, 4)
    spread = a.var() + b.var() + (a.mean() - b.mean()) ** 2
    expected = 2 * np.mean((a - a.mean()) * (b - b.mean())) / spread
    assert weighted_kappa(a, b).value == pytest.approx(expected, rel=1e-12)


def test_grades_that_nobody_gave_count_in_the_distance():
    a, b = [0, 0, 3, 3, 0, 3], [0, 3, 3, 3, 0, 1]
    named = weighted_kappa(a, b, categories=[0, 1, 2, 3])
    unnamed = weighted_kappa(a, b)
    assert named.value != pytest.approx(unnamed.value, abs=1e-3)


def test_text_needs_its_order_where_order_counts():
    a, b = ["low", "high", "mid", "low"], ["low", "mid", "mid", "low"]
    with pytest.raises(BadSetting, match="from lowest to highest"):
        weighted_kappa(a, b)
    named = weighted_kappa(a, b, categories=["low", "mid", "high"])
    assert named.value == weighted_kappa([0, 2, 1, 0], [0, 1, 1, 0]).value
    assert weighted_kappa(a, b, weights="none").value == pytest.approx(0.6)  # (3/4 − 3/8) / (5/8)


def test_raters_who_always_agree_have_kappa_one_and_a_note():
    found = weighted_kappa([0, 1, 2, 1], [0, 1, 2, 1])
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert "no width" in found.note


def test_chance_is_zero():
    found = weighted_kappa([0, 0, 1, 1], [0, 1, 0, 1])
    assert found.value == 0
    assert found.low < 0 < found.high


@pytest.mark.parametrize(
    ("a", "b", "told"),
    [
        ([1, 1, 1], [1, 1, 1], "one grade only"),
        ([1, np.nan, 2], [1, 2, 2], "'a' lacks a grade in 1 of 3 rows .*row 2"),
        (["x", "", "y"], ["x", "y", "y"], "'a' lacks a grade"),
        (["x", None, "y"], ["x", "y", "y"], "'a' lacks a grade"),
        ([1, 2], [1, 2, 2], "same number of rows"),
    ],
)
def test_bad_columns_are_refused_in_one_line(a, b, told):
    with pytest.raises(UnusableTable, match=told):
        weighted_kappa(a, b, weights="none")


def test_bad_settings_are_told():
    with pytest.raises(UnknownName, match="none, linear, quadratic"):
        weighted_kappa([0, 1], [0, 1], weights="cubic")
    with pytest.raises(UnusableTable, match="'b' has 7 in row 2"):
        weighted_kappa([0, 1], [0, 7], categories=[0, 1])
    with pytest.raises(BadSetting, match="2 × 2"):
        weighted_kappa([0, 1], [0, 1], weights=np.eye(3))
    with pytest.raises(BadSetting, match="different grades"):
        weighted_kappa([0, 1], [0, 1], categories=[0, 0])


def test_a_rater_who_gives_one_grade_only_has_a_kappa_of_zero_and_no_interval():
    found = weighted_kappa([1, 1, 1, 1, 1, 1], [1, 2, 3, 1, 2, 2], categories=(1, 2, 3))
    assert (found.value, found.low, found.high) == (0, None, None)
    assert "one grade only" in found.note
