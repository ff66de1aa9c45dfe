"""Thresholds chosen on some subjects and judged on others."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate.discrimination import OperatingPoint, at_operating_point, choose_threshold
from osteon.evaluate.discrimination.proportion import proportion, wilson

REFERENCE = Path(__file__).parents[1] / "reference" / "discrimination_published.toml"
PUBLISHED = tomllib.loads(REFERENCE.read_text(encoding="utf-8"))
GIVEN = OperatingPoint(0.5)


def table(seed, rows=100):
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % 5 < 2
    return labels, np.round(rng.normal(size=rows) + 1.2 * labels, 1)


def counted(hits, misses, false, right):
    """Labels and calls of so many rows."""
    labels = np.repeat([1, 1, 0, 0], [hits, misses, false, right])
    return labels, np.repeat([1.0, 0.0, 1.0, 0.0], [hits, misses, false, right])


def shares(labels, scores, threshold):
    called = scores >= threshold
    return called[labels].mean(), (~called)[~labels].mean()


@pytest.mark.parametrize("row", PUBLISHED["wilson"], ids=lambda row: f"{row['hits']}/{row['rows']}")
def test_wilsons_limits_are_those_newcombe_printed(row):
    limits = wilson(row["hits"] / row["rows"], row["rows"], 0.95)
    assert limits == pytest.approx((row["low"], row["high"]), abs=0.00005)


def test_the_liver_scan_gives_the_shares_altman_and_bland_printed():
    row = PUBLISHED["liver-scan"]
    counts = (
        row[f"{a}_{b}"]
        for a, b in (
            ("true", "positive"),
            ("false", "negative"),
            ("false", "positive"),
            ("true", "negative"),
        )
    )
    found = at_operating_point(*counted(*counts), GIVEN)
    for name in ("sensitivity", "specificity", "PPV", "NPV"):
        assert found[name].value == pytest.approx(row[name], abs=row["tolerance"])
    assert found["LR+"].value == pytest.approx((231 / 258) / (32 / 86))
    assert found["LR-"].value == pytest.approx((27 / 258) / (54 / 86))
    spread = 1.959963984540054 * (1 / 231 - 1 / 258 + 1 / 32 - 1 / 86) ** 0.5
    ends = found["LR+"].value * np.exp([-spread, spread])
    assert [found["LR+"].low, found["LR+"].high] == pytest.approx(ends)
    assert found["F1"].value == pytest.approx(2 * 231 / (2 * 231 + 27 + 32))
    assert found["accuracy"].value == pytest.approx((231 + 54) / 344)
    assert found["balanced accuracy"].value == pytest.approx((231 / 258 + 54 / 86) / 2)


def test_intervals_of_f1_and_balanced_accuracy_cover():
    rng = np.random.default_rng(1)
    sensitivity, specificity, prevalence, rows = 0.8, 0.7, 0.4, 150
    hits, false = prevalence * sensitivity, (1 - prevalence) * (1 - specificity)
    true = {
        "F1": 2 * hits / (hits + false + prevalence),
        "balanced accuracy": 0.75,
        "LR+": 0.8 / 0.3,
    }
    covered = dict.fromkeys(true, 0)
    chances = [hits, prevalence - hits, false, (1 - prevalence) * specificity]
    for counts in rng.multinomial(rows, chances, 500):
        found = at_operating_point(*counted(*counts), GIVEN)
        for name, value in true.items():
            covered[name] += found[name].low <= value <= found[name].high
    # 500 draws of a share of 0.95 stay within four standard errors of 0.01.
    assert all(abs(many / 500 - 0.95) < 0.04 for many in covered.values()), covered


def test_youden_is_the_best_of_all_thresholds():
    for seed in range(5):
        labels, scores = table(seed)
        point = choose_threshold(labels, scores)
        merits = {t: sum(shares(labels, scores, t)) for t in set(scores.tolist())}
        best = max(merits.values())
        assert merits[point.threshold] == pytest.approx(best, abs=1e-12)
        assert point.threshold == min(t for t, m in merits.items() if m > best - 1e-12)
        assert (point.sensitivity, point.specificity) == pytest.approx(
            shares(labels, scores, point.threshold)
        )


@pytest.mark.parametrize("target", [0.3, 0.8, 0.9, 0.975, 1.0])
def test_a_target_is_reached_at_the_least_cost(target):
    labels, scores = table(2)
    levels = sorted(set(scores.tolist()))
    found = choose_threshold(labels, scores, rule="sensitivity", target=target).threshold
    assert found == max(t for t in levels if shares(labels, scores, t)[0] >= target)
    scores = np.where(scores == scores.max(), 9.0, scores)
    labels = labels | (scores == 9.0)
    levels = sorted(set(scores.tolist()))
    found = choose_threshold(labels, scores, rule="specificity", target=target).threshold
    assert found == min(t for t in levels if shares(labels, scores, t)[1] >= target)


def test_the_share_called_positive_follows_the_prevalence():
    labels, scores = np.arange(100) >= 70, np.arange(100.0)
    assert choose_threshold(labels, scores, rule="prevalence").threshold == 70
    assert choose_threshold(labels, scores, rule="prevalence", target=0.1).threshold == 90


def test_a_threshold_is_not_judged_on_a_subject_it_was_chosen_on():
    labels, scores = table(3)
    people = [f"sub-{n:03}" for n in range(100)]
    point = choose_threshold(labels, scores, subjects=people)
    others, new = table(4)
    with pytest.raises(UnusableTable, match=r"2 of these subjects \(the first is 'sub-098'"):
        at_operating_point(others, new, point, subjects=[f"sub-{n:03}" for n in range(98, 198)])
    found = at_operating_point(others, new, point, subjects=[f"sub-{n}" for n in range(100, 200)])
    assert found["sensitivity"].note == ""


def test_numbers_of_subjects_are_the_same_as_text_or_float():
    labels, scores = table(3)
    point = choose_threshold(labels, scores, subjects=np.arange(100))
    others, new = table(4)
    for people in (np.arange(99.0, 199.0), [str(n) for n in range(99, 199)]):
        with pytest.raises(UnusableTable, match="first is '99'"):
            at_operating_point(others, new, point, subjects=people)


def test_the_very_table_is_known_again_without_names_and_in_another_order():
    labels, scores = table(5)
    point = choose_threshold(labels, scores)
    order = np.random.default_rng(1).permutation(100)
    with pytest.raises(UnusableTable, match="this very table"):
        at_operating_point(labels[order], scores[order], point)
    found = at_operating_point(*table(6), point)
    assert "not checked" in found["sensitivity"].note


def test_several_rows_of_a_subject_widen_the_intervals():
    labels, scores = table(7)
    copied = np.tile(labels, 4), np.tile(scores, 4)
    people = np.tile(np.arange(100), 4)
    once = at_operating_point(labels, scores, GIVEN)
    four = at_operating_point(*copied, GIVEN, subjects=people)
    naive = at_operating_point(*copied, GIVEN)
    for name, estimate in once.items():
        width = estimate.high - estimate.low
        assert four[name].value == pytest.approx(estimate.value)
        assert four[name].high - four[name].low == pytest.approx(width, rel=0.03)
        assert naive[name].high - naive[name].low < 0.6 * width
        assert (four[name].rows, four[name].clusters) == (4 * estimate.rows, estimate.rows)
    assert "Rao & Scott" in four["sensitivity"].method


def test_patients_who_all_agree_count_once_each():
    hit = np.ones(12, bool)
    found = proportion(hit, hit, np.repeat(np.arange(4), 3))
    assert found.interval(0.95) == pytest.approx(wilson(1.0, 4, 0.95))


def test_empty_denominators_are_told_and_never_divided_by():
    nobody = at_operating_point([0, 1, 1], [0, 0, 0], GIVEN)
    assert "PPV" not in nobody
    assert "no row is called positive" in nobody["sensitivity"].note
    everybody = at_operating_point([0, 1, 1], [1, 1, 1], GIVEN)
    assert "NPV" not in everybody
    assert "no row is called negative" in everybody["specificity"].note
    perfect = at_operating_point([0, 0, 1, 1], [0, 0, 1, 1], GIVEN)
    assert perfect["LR+"].value == pytest.approx((2.5 / 3) / (0.5 / 3))
    assert "one half was added" in perfect["LR+"].note
    for found in (nobody, everybody, perfect):
        for estimate in found.values():
            assert np.isfinite([estimate.value, estimate.low, estimate.high]).all()
            assert estimate.low <= estimate.value <= estimate.high


def test_settings_of_a_threshold_that_are_none_are_told():
    labels, scores = table(1)
    with pytest.raises(UnknownName, match="'best'"):
        choose_threshold(labels, scores, rule="best")
    with pytest.raises(BadSetting, match="aims at no target"):
        choose_threshold(labels, scores, target=0.9)
    with pytest.raises(BadSetting, match="needs the sensitivity"):
        choose_threshold(labels, scores, rule="sensitivity")
    with pytest.raises(BadSetting, match="got 90"):
        choose_threshold(labels, scores, rule="specificity", target=90)
    with pytest.raises(UnusableTable, match="Aim lower"):
        choose_threshold([0, 1, 0], [1, 2, 3], rule="specificity", target=1.0)
    with pytest.raises(UnusableTable, match="one class only"):
        at_operating_point([1, 1], [1, 2], GIVEN)
