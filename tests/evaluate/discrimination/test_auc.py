"""AUC, its interval and its tests against definitions, publications and pROC's aSAH."""

import csv
import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate.discrimination import (
    auc,
    bootstrap_auc,
    compare_auc,
    compare_auc_unpaired,
    delong,
    partial_auc,
    permutation_test,
)

REFERENCE = Path(__file__).parents[1] / "reference" / "discrimination_published.toml"
PUBLISHED = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def asah(shared_data):
    with (shared_data / "tabular" / "aSAH.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    columns = {
        name: np.array([float(row[name]) for row in rows]) for name in ("wfns", "s100b", "ndka")
    }
    return np.array([row["outcome"] == "Poor" for row in rows]), columns


def pair_by_pair(labels, scores):
    """Share of pairs of a case and a control in which the case scores higher, ties one half."""
    apart = np.subtract.outer(scores[labels], scores[~labels])
    return np.where(apart > 0, 1.0, np.where(apart == 0, 0.5, 0.0))


def table(seed, rows=40, step=0.5):
    """Labels, and two correlated scores rounded so that many tie."""
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % 5 < 2
    shared = rng.normal(size=rows) + labels
    scores = np.stack([shared, shared]) + 0.7 * rng.normal(size=(2, rows))
    return labels, *(np.round(scores / step) * step)


@pytest.mark.shared
def test_asah_gives_the_published_areas_intervals_and_tests(asah):
    labels, columns = asah
    want = PUBLISHED["asah"]
    close = {"abs": want["tolerance"]}
    assert auc(labels, columns["wfns"]).value == pytest.approx(want["auc-wfns"], **close)
    ndka = auc(labels, columns["ndka"], interval="delong")
    assert ndka.value == pytest.approx(want["auc-ndka"], **close)
    assert [ndka.low, ndka.high] == pytest.approx(want["interval-ndka"], **close)
    for other in ("s100b", "ndka"):
        test = compare_auc(labels, columns["wfns"], columns[other])
        assert [test.statistic, test.p] == pytest.approx(want[f"wfns-{other}"], **close)
    part = partial_auc(
        labels, columns["wfns"], specificity=(0.9, 1), rng=np.random.default_rng(1), resamples=100
    )
    assert part.value == pytest.approx(want["partial-wfns"], **close)


@pytest.mark.shared
def test_a_score_that_falls_with_disease_has_an_area_below_one_half_and_is_not_turned(asah):
    labels, columns = asah
    turned = auc(labels, -columns["wfns"])
    assert turned.value == pytest.approx(1 - PUBLISHED["asah"]["auc-wfns"], abs=1e-12)
    assert turned.high < 0.5


def test_ratings_of_hanley_and_mcneil_have_the_area_they_printed():
    row = PUBLISHED["hanley-mcneil"]
    ratings = np.concatenate([np.repeat(np.arange(1, 6), row[k]) for k in ("healthy", "diseased")])
    labels = np.repeat([0, 1], [sum(row["healthy"]), sum(row["diseased"])])
    assert auc(labels, ratings).value == pytest.approx(row["auc"], abs=row["tolerance"])


@pytest.mark.parametrize("seed", range(5))
def test_the_area_is_the_share_of_pairs_in_order_with_ties_one_half(seed):
    labels, a, _ = table(seed)
    assert auc(labels, a).value == pytest.approx(pair_by_pair(labels, a).mean(), abs=1e-14)
    assert auc(labels, a).value == pytest.approx(roc_auc_score(labels, a), abs=1e-14)


@pytest.mark.parametrize("seed", range(3))
def test_the_covariance_is_that_of_the_structural_components(seed):
    labels, a, b = table(seed)
    areas, covariance = delong(labels, np.stack([a, b], axis=1))
    pairs = [pair_by_pair(labels, column) for column in (a, b)]
    cases = np.cov([p.mean(axis=1) for p in pairs]) / labels.sum()
    controls = np.cov([p.mean(axis=0) for p in pairs]) / (~labels).sum()
    assert areas == pytest.approx([p.mean() for p in pairs], abs=1e-14)
    assert covariance == pytest.approx(cases + controls, abs=1e-14)


def test_a_rising_change_of_the_scores_changes_nothing():
    labels, a, b = table(1)
    assert auc(labels, np.exp(a)) == auc(labels, a)
    assert compare_auc(labels, np.exp(a), 5 * b + 2) == compare_auc(labels, a, b)


def test_the_logit_interval_is_delongs_on_the_scale_of_the_odds():
    labels, a, _ = table(2)
    plain, odds = auc(labels, a, interval="delong"), auc(labels, a)
    value = plain.value
    spread = (plain.high - value) / (value * (1 - value))
    middle = np.log(value / (1 - value))
    assert plain.high < 1
    assert [odds.low, odds.high] == pytest.approx(1 / (1 + np.exp(-middle + [spread, -spread])))


@pytest.mark.parametrize("interval", ["delong", "logit"])
def test_perfect_order_has_an_interval_and_says_how_it_was_made(interval):
    found = auc([0] * 12 + [1] * 10, np.arange(22), interval=interval)
    exact = stats.binomtest(10, 10).proportion_ci(0.95, method="exact")
    assert (found.value, found.high) == (1, 1)
    assert found.low == pytest.approx(exact.low)
    assert "10 pairs" in found.note
    turned = auc([1] * 12 + [0] * 10, np.arange(22), interval=interval)
    assert (turned.value, turned.low) == (0, 0)
    assert turned.high == pytest.approx(1 - exact.low)


def test_an_area_of_exactly_one_half_is_in_the_middle_of_its_interval():
    found = auc([0, 1, 1, 0], [1, 2, 1, 2])
    assert found.value == 0.5
    assert found.low + found.high == pytest.approx(1)
    assert 0 < found.low < 0.5


@pytest.mark.parametrize("test", ["delong", "permutation"])
def test_scores_in_the_same_order_give_p_of_one(test):
    labels, a, b = table(3)
    for other in (a, np.exp(a)):
        found = compare_auc(labels, a, other, test=test)
        assert (found.statistic, found.p) == (0, 1)
        assert found.note
    assert compare_auc(labels, a, b, test=test).p < 1


def test_two_perfect_models_do_not_differ_and_a_perfect_and_a_reversed_one_do():
    labels = np.repeat([0, 1], 8)
    perfect = np.arange(16.0)
    other = np.concatenate([perfect[:8][::-1], perfect[8:][::-1]])
    assert compare_auc(labels, perfect, other).p == 1
    with pytest.raises(UnusableTable, match="no variance"):
        compare_auc(labels, perfect, -perfect)
    assert compare_auc(labels, perfect, -perfect, test="permutation").p < 0.001


def test_the_permutation_variance_is_that_over_all_exchanges():
    rng = np.random.default_rng(4)
    labels = np.array([0, 0, 0, 0, 1, 1, 1, 1], bool)
    a, b = np.round(rng.normal(size=(2, 8)) + labels, 1)
    ranks = stats.rankdata(a), stats.rankdata(b)
    differences = []
    for bits in np.ndindex(*(2,) * 8):
        swap = np.array(bits, bool)
        pair = np.where(swap, ranks[1], ranks[0]), np.where(swap, ranks[0], ranks[1])
        differences.append(np.subtract(*(pair_by_pair(labels, column).mean() for column in pair)))
    found = compare_auc(labels, a, b, test="permutation")
    assert found.statistic == pytest.approx(found.difference.value / np.std(differences))
    met = abs(found.difference.value)
    drawn = permutation_test(labels, a, b, "auc", permutations=4000, rng=rng)
    exact = np.mean(np.abs(differences) >= met - 1e-12)
    assert drawn.p == pytest.approx(exact, abs=4 * (exact * (1 - exact) / 4000) ** 0.5 + 1e-3)


def test_two_groups_add_their_variances_and_use_welchs_degrees():
    (labels, a, _), (others, _, b) = table(5), table(6, rows=60)
    found = compare_auc_unpaired(labels, a, others, b)
    spreads = [float(delong(y, s[:, None])[1][0, 0]) for y, s in ((labels, a), (others, b))]
    degrees = sum(spreads) ** 2 / (spreads[0] ** 2 / 39 + spreads[1] ** 2 / 59)
    t = (auc(labels, a).value - auc(others, b).value) / sum(spreads) ** 0.5
    assert found.degrees == pytest.approx(degrees)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(t), degrees))
    same = compare_auc_unpaired([0, 0, 1, 1], [1, 2, 3, 4], [0, 0, 1, 1], [1, 2, 3, 4])
    assert (same.statistic, same.p) == (0, 1)


def test_a_bootstrap_of_many_rows_agrees_with_delong_and_does_not_depend_on_threads():
    labels, a, _ = table(7, rows=1000, step=0.2)
    found = bootstrap_auc(labels, a, None, rng=np.random.default_rng(1))
    wald = auc(labels, a)
    width = wald.high - wald.low
    assert found.value == wald.value
    assert [found.low, found.high] == pytest.approx([wald.low, wald.high], abs=0.08 * width)
    assert bootstrap_auc(labels, a, None, rng=np.random.default_rng(1)) == found


@pytest.mark.parametrize(
    ("labels", "scores", "told"),
    [
        ([1, 1, 1], [1, 2, 3], "one class only"),
        ([0, 1, 2], [1, 2, 3], "row 3 has 2"),
        ([0, 0, 1, 1], [2, 2, 2, 2], "constant column"),
        ([0, 0, 1, 1], [1, 2, np.nan, 3], "lacks a finite value in 1 of 4"),
        ([0, 0, 1, 1], ["low", "low", "high", "high"], "must be numbers"),
        ([0, 0, 0, 1], [1, 2, 3, 4], "at least 2 rows"),
        ([0, 1], [1, 2, 3], "'labels' has 2 rows"),
        ([1], [1], "one class only"),
    ],
)
def test_a_table_without_an_area_is_told_in_one_line(labels, scores, told):
    calls = [
        lambda: auc(labels, scores),
        lambda: compare_auc(labels, scores, scores),
        lambda: bootstrap_auc(labels, scores, None, rng=np.random.default_rng(1)),
    ]
    for call in calls:
        with pytest.raises(UnusableTable, match=told) as error:
            call()
        assert "\n" not in str(error.value)


def test_a_ragged_or_flat_table_of_models_is_told():
    for scores in ([[1, 2], [3]], [1, 2], [["a", "b"], ["c", "d"]]):
        with pytest.raises(UnusableTable, match="'scores' must"):
            delong([0, 1], scores)


def test_settings_that_are_none_are_told():
    labels, a, b = table(1)
    with pytest.raises(UnknownName, match="'wald'"):
        auc(labels, a, interval="wald")
    with pytest.raises(UnknownName, match="'venkatraman'"):
        compare_auc(labels, a, b, test="venkatraman")
    with pytest.raises(BadSetting, match="got 95"):
        auc(labels, a, level=95)
    with pytest.raises(BadSetting, match="100 resamples"):
        bootstrap_auc(labels, a, None, resamples=50, rng=np.random.default_rng(1))
