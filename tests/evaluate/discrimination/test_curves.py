"""Curves, partial areas and average precision."""

import numpy as np
import pytest
from sklearn import metrics

from osteon.core import BadSetting, UnusableTable
from osteon.evaluate.discrimination import (
    auc,
    average_precision,
    partial_auc,
    precision_recall_curve,
    roc_curve,
)


def table(seed, rows=60):
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) % 3 == 0
    return labels, np.round(rng.normal(size=rows) + labels, 1)


def part(labels, scores, **settings):
    """Value of a partial area; the interval is not looked at."""
    return partial_auc(
        labels, scores, resamples=100, rng=np.random.default_rng(1), **settings
    ).value


def by_fine_steps(x, y, low, high):
    """Area under a polyline by a million steps."""
    at = low + (np.arange(1_000_000) + 0.5) * (high - low) / 1_000_000
    return np.interp(at, x, y).mean() * (high - low)


@pytest.mark.parametrize("seed", range(3))
def test_points_of_the_curves_are_counts_at_every_threshold(seed):
    labels, scores = table(seed)
    roc, pr = roc_curve(labels, scores), precision_recall_curve(labels, scores)
    assert (roc.false_positive[0], roc.true_positive[0], roc.thresholds[0]) == (0, 0, np.inf)
    assert list(roc.thresholds[1:]) == sorted(set(scores.tolist()), reverse=True)
    for n, threshold in enumerate(roc.thresholds[1:]):
        called = scores >= threshold
        assert roc.true_positive[n + 1] == pytest.approx(called[labels].mean())
        assert roc.false_positive[n + 1] == pytest.approx(called[~labels].mean())
        assert pr.precision[n] == pytest.approx(labels[called].mean())
        assert pr.recall[n] == pytest.approx(called[labels].mean())
    assert pr.prevalence == pytest.approx(1 / 3)


def test_the_roc_curve_is_scikit_learns():
    labels, scores = table(4)
    x, y, _ = metrics.roc_curve(labels, scores, drop_intermediate=False)
    found = roc_curve(labels, scores)
    assert found.false_positive == pytest.approx(x)
    assert found.true_positive == pytest.approx(y)


@pytest.mark.parametrize("span", [(0.9, 1.0), (0.55, 0.83), (0.0, 0.35), (0.8, 0.9)])
@pytest.mark.parametrize("seed", range(3))
def test_a_partial_area_is_the_integral_over_the_range(seed, span):
    labels, scores = table(seed)
    roc = roc_curve(labels, scores)
    low, high = span
    # A polyline without upright pieces, as np.interp wants: x is spread by far less than a step.
    nudge = np.arange(roc.thresholds.size) * 1e-12
    x, y = roc.false_positive + nudge, roc.true_positive + nudge
    area = by_fine_steps(x, y, 1 - high, 1 - low)
    assert part(labels, scores, specificity=span) == pytest.approx(area, abs=2e-6)
    area = by_fine_steps(y, 1 - x, low, high)
    assert part(labels, scores, sensitivity=span) == pytest.approx(area, abs=2e-6)


def test_partial_areas_side_by_side_add_up_to_the_whole():
    labels, scores = table(5)
    whole = auc(labels, scores).value
    for axis in ("specificity", "sensitivity"):
        parts = [part(labels, scores, **{axis: (n / 10, (n + 1) / 10)}) for n in range(10)]
        assert sum(parts) == pytest.approx(whole, abs=1e-12)


def test_the_corrected_area_is_one_for_the_best_and_one_half_for_chance():
    best = [0, 0, 0, 1, 1, 1]
    chance = ([0, 1] * 5, np.repeat(np.arange(5), 2))
    for settings in ({"specificity": (0.8, 1)}, {"sensitivity": (0.7, 0.9)}):
        assert part(best, np.arange(6), corrected=True, **settings) == pytest.approx(1)
        assert part(*chance, corrected=True, **settings) == pytest.approx(0.5)
    labels, scores = table(6)
    found = part(labels, scores, specificity=(0.8, 1), corrected=True)
    known = metrics.roc_auc_score(labels, scores, max_fpr=0.2)
    assert found == pytest.approx(known)


def test_average_precision_is_scikit_learns_and_tells_the_prevalence():
    for seed in range(3):
        labels, scores = table(seed)
        found = average_precision(labels, scores, resamples=200, rng=np.random.default_rng(1))
        known = metrics.average_precision_score(labels, scores)
        assert found.value == pytest.approx(known, abs=1e-12)
        assert found.low < found.value < found.high
        assert "0.333" in found.note


def test_intervals_of_curves_widen_when_rows_are_copies_of_few_patients():
    labels, scores = table(7, rows=90)
    copied = np.tile(labels, 4), np.tile(scores, 4)
    patient = np.tile(np.arange(90), 4)
    for figure in (average_precision, partial_auc):
        widths = []
        for columns, clusters in (((labels, scores), None), (copied, patient), (copied, None)):
            rng = np.random.default_rng(1)
            found = figure(*columns, clusters=clusters, rng=rng, resamples=500)
            widths.append(found.high - found.low)
        assert widths[1] == pytest.approx(widths[0], rel=1e-6)
        assert widths[2] < 0.7 * widths[1]


def test_separated_classes_have_no_interval_and_a_note():
    labels = [0] * 8 + [1] * 8
    for figure in (average_precision, partial_auc):
        found = figure(labels, np.arange(16), rng=np.random.default_rng(1), resamples=200)
        assert (found.low, found.high) == (None, None)
        assert "no interval" in found.note


def test_ranges_that_are_none_are_told():
    labels, scores = table(1)
    for settings in (
        {"specificity": (0.9, 0.9)},
        {"specificity": (0.9, 1.1)},
        {"specificity": (0.9, 1), "sensitivity": (0.9, 1)},
    ):
        with pytest.raises(BadSetting):
            part(labels, scores, **settings)
    for curve in (roc_curve, precision_recall_curve):
        with pytest.raises(UnusableTable, match="one class only"):
            curve([0, 0], [1, 2])


def test_two_cases_of_a_hundred_have_an_average_precision_without_an_interval():
    labels, scores = np.arange(100) < 2, np.arange(100.0)[::-1] % 37
    found = average_precision(labels, scores, resamples=200, rng=np.random.default_rng(1))
    assert found.value == pytest.approx(metrics.average_precision_score(labels, scores))
    assert (found.low, found.high) == (None, None)
    assert "lack a class" in found.note
