"""McNemar, permutations and Holm."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from osteon import evaluate
from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate.discrimination import holm, mcnemar, permutation_test

REFERENCE = Path(__file__).parents[1] / "reference" / "discrimination_published.toml"
PUBLISHED = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))


def calls(both, only_a, only_b, neither):
    """Labels (all diseased but one), and calls with so many pairs of each kind."""
    counts = [both, only_a, only_b, neither]
    return np.repeat([1, 1, 0, 0], counts), np.repeat([1, 0, 1, 0], counts)


def test_airway_children_give_the_p_values_fagerland_printed():
    row = PUBLISHED["airway"]
    a, b = calls(row["both"], row["only_before"], row["only_after"], row["neither"])
    ill = np.ones_like(a)
    exact = mcnemar(ill, a, b, of="sensitivity", exact=True)
    assert exact.p == pytest.approx(row["exact"], abs=row["tolerance"])
    mid = mcnemar(ill, a, b, of="sensitivity")
    assert mid.p == pytest.approx(row["mid"], abs=row["tolerance"])
    assert mid.difference.value == pytest.approx(-6 / 21)
    # Bonett and Price's formula worked by hand: (1+1)/(21+2), (7+1)/(21+2).
    half = 1.959963984540054 * ((10 / 23 - (6 / 23) ** 2) / 23) ** 0.5
    ends = [-6 / 23 - half, -6 / 23 + half]
    assert [mid.difference.low, mid.difference.high] == pytest.approx(ends)
    assert "mid-p" in mid.method
    assert "exact" in exact.method


def test_accuracy_counts_right_calls_of_both_classes():
    labels = [1, 1, 1, 0, 0, 0]
    found = mcnemar(labels, [1, 1, 0, 0, 0, 1], [0, 0, 1, 0, 1, 1])
    assert found.note == "only a is right in 3, only b in 1 of 6"
    assert found.p == pytest.approx(2 * stats.binom.cdf(1, 4, 0.5) - stats.binom.pmf(1, 4, 0.5))
    assert mcnemar(labels, labels, [1, 1, 0, 0, 0, 0], of="specificity").p == 1


def test_calls_that_never_or_evenly_differ():
    same = mcnemar([0, 1, 1], [0, 1, 0], [0, 1, 0])
    assert same.p == 1
    assert same.difference.low < 0 < same.difference.high
    even = mcnemar([1, 1], [1, 0], [0, 1])
    assert even.p == pytest.approx(1 - 0.5 * 0.5)
    assert mcnemar([1, 1], [1, 0], [0, 1], exact=True).p == 1


def test_a_table_mcnemar_cannot_use_is_told():
    with pytest.raises(UnusableTable, match=r"row 2 of 2 has 0\.4"):
        mcnemar([0, 1], [0, 0.4], [0, 1])
    with pytest.raises(UnusableTable, match="no row of 2 has the class"):
        mcnemar([0, 0], [0, 1], [0, 1], of="sensitivity")
    with pytest.raises(UnusableTable, match="same number of rows"):
        mcnemar([0, 1], [0, 1, 1], [0, 1])
    with pytest.raises(UnknownName, match="'f1'"):
        mcnemar([0, 1], [0, 1], [0, 1], of="f1")


def errors(labels, scores):
    """Mean absolute error, for want of a simpler metric."""
    return float(np.abs(scores - labels).mean())


def test_a_permutation_test_of_means_is_the_sign_test_worked_out():
    labels = np.array([0, 1] * 4)
    a, b = labels.astype(float), np.where(labels == 1, 0.6, 0.4)
    # Every exchange of one row moves the difference by as much: |sum of 8 signs| = 8 in 2 of 256.
    found = permutation_test(labels, a, b, errors, permutations=5000, rng=np.random.default_rng(1))
    assert found.statistic == pytest.approx(-0.4)
    assert found.p == pytest.approx(2 / 256, abs=4 * (2 / 256 / 5000) ** 0.5)


def test_rows_of_a_patient_are_exchanged_together():
    labels = np.array([0, 1] * 4)
    a, b = labels.astype(float), np.where(labels == 1, 0.6, 0.4)
    rng = np.random.default_rng(1)
    clusters = np.repeat([0, 1], 4)
    found = permutation_test(labels, a, b, errors, clusters=clusters, rng=rng)
    assert found.p == pytest.approx(2 / 4, abs=0.05)


@pytest.mark.parametrize("metric", ["auc", "average precision", "brier"])
def test_the_same_scores_have_p_of_one_and_much_better_ones_the_smallest_p(metric):
    rng = np.random.default_rng(2)
    labels = np.arange(60) % 2
    good, bad = np.clip(0.25 + 0.5 * labels + 0.05 * rng.normal(size=60), 0, 1), rng.random(60)
    assert permutation_test(labels, good, good, metric, rng=rng, permutations=100).p == 1
    found = permutation_test(labels, good, bad, metric, rng=rng, permutations=199)
    assert found.p == pytest.approx(1 / 200)
    assert np.sign(found.statistic) == (-1 if metric == "brier" else 1)


def test_metrics_of_rank_do_not_care_about_the_scale_of_a_model():
    rng = np.random.default_rng(3)
    labels = np.arange(40) % 2
    a, b = rng.normal(size=(2, 40)) + labels
    for metric in ("auc", "average precision"):
        plain, scaled = (
            permutation_test(labels, a, other, metric, rng=np.random.default_rng(1)).p
            for other in (b, 1000 + np.exp(b))
        )
        assert plain == scaled


def test_permutations_that_are_none_are_told():
    labels, a = [0, 1, 0, 1], [0.1, 0.4, 0.3, 0.9]
    rng = np.random.default_rng(1)
    with pytest.raises(UnknownName, match="'f1'"):
        permutation_test(labels, a, a, "f1", rng=rng)
    with pytest.raises(BadSetting, match="100 permutations"):
        permutation_test(labels, a, a, "auc", permutations=10, rng=rng)
    with pytest.raises(UnusableTable, match="from 0 to 1"):
        permutation_test(labels, a, [1, 2, 3, 4], "brier", rng=rng)
    with pytest.raises(UnusableTable, match="gives no number"):
        permutation_test(labels, a, a, lambda case, scores: np.nan, rng=rng)
    with pytest.raises(UnusableTable, match="names 1 only"):
        permutation_test(labels, a, a, "auc", clusters=[1, 1, 1, 1], rng=rng)


def test_holm_steps_down_and_never_falls():
    p = [0.01, 0.04, 0.03, 0.005, 0.9]
    tests = [evaluate.Comparison(str(n), 0.0, value) for n, value in enumerate(p)]
    adjusted = [test.adjusted for test in holm(tests)]
    assert adjusted == pytest.approx([0.04, 0.09, 0.09, 0.025, 0.9])
    assert [test.p for test in holm(tests)] == p
    many = [evaluate.Comparison("", 0.0, 0.7)] * 3
    assert [test.adjusted for test in holm(many)] == [1, 1, 1]
    assert holm([]) == ()
