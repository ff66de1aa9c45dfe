"""AUC of several rows a patient."""

import numpy as np
import pytest
from scipy import stats

from osteon.core import UnusableTable
from osteon.evaluate.discrimination import (
    auc,
    bootstrap_auc,
    clustered_auc,
    compare_auc,
    compare_clustered_auc,
    delong,
)


def patients(seed, many=80):
    """Labels, two scores and the patient of some rows; most patients have both classes."""
    rng = np.random.default_rng(seed)
    clusters = np.repeat(np.arange(many), rng.integers(1, 7, many))
    labels = rng.random(clusters.size) < 0.4
    shared = rng.normal(size=many)[clusters] + labels
    a, b = shared + 0.8 * rng.normal(size=(2, clusters.size))
    return labels, np.round(a, 1), np.round(b, 1), clusters


def by_definition(labels, a, b, clusters):
    """Obuchowski's covariance, written out patient by patient."""
    names = np.unique(clusters)
    components, areas = [], []
    for scores in (a, b):
        apart = np.subtract.outer(scores[labels], scores[~labels])
        order = np.where(apart > 0, 1.0, np.where(apart == 0, 0.5, 0.0))
        components.append((order.mean(axis=1), order.mean(axis=0)))
        areas.append(order.mean())
    cases, controls = labels.sum(), (~labels).sum()
    i10 = len(set(clusters[labels].tolist()))
    i01 = len(set(clusters[~labels].tolist()))
    found = np.zeros((2, 2))
    for r in (0, 1):
        for s in (0, 1):
            s10 = s01 = s11 = 0.0
            for name in names:
                of = [
                    (
                        (components[k][0][clusters[labels] == name] - areas[k]).sum(),
                        (components[k][1][clusters[~labels] == name] - areas[k]).sum(),
                    )
                    for k in (r, s)
                ]
                s10 += of[0][0] * of[1][0] * i10 / ((i10 - 1) * cases)
                s01 += of[0][1] * of[1][1] * i01 / ((i01 - 1) * controls)
                s11 += (of[0][0] * of[1][1] + of[0][1] * of[1][0]) * names.size / (names.size - 1)
            found[r, s] = s10 / cases + s01 / controls + s11 / (cases * controls)
    return found


@pytest.mark.parametrize("seed", range(3))
def test_the_variance_is_obuchowskis_written_out(seed):
    labels, a, b, clusters = patients(seed, many=30)
    covariance = by_definition(labels, a, b, clusters)
    found = clustered_auc(labels, a, clusters, interval="delong")
    assert found.high < 1
    assert (found.high - found.value) / 1.959963984540054 == pytest.approx(covariance[0, 0] ** 0.5)
    test = compare_clustered_auc(labels, a, b, clusters)
    variance = covariance[0, 0] + covariance[1, 1] - 2 * covariance[0, 1]
    assert test.statistic == pytest.approx(test.difference.value / variance**0.5)


def test_the_logit_interval_has_the_degrees_of_freedom_of_its_variance():
    labels, a, _, clusters = patients(6, many=30)
    apart = np.subtract.outer(a[labels], a[~labels])
    order = np.where(apart > 0, 1.0, np.where(apart == 0, 0.5, 0.0))
    area = order.mean()
    gains = np.zeros(30)
    np.add.at(gains, clusters[labels], (order.mean(axis=1) - area) / labels.sum())
    np.add.at(gains, clusters[~labels], (order.mean(axis=0) - area) / (~labels).sum())
    # A variance whose relative variance is (kurtosis - 1) / n is as sure as one of chi-square.
    degrees = 2 * 30 / (stats.kurtosis(gains, fisher=False, bias=True) - 1)
    assert gains.mean() == pytest.approx(0, abs=1e-12)
    plain = clustered_auc(labels, a, clusters, interval="delong")
    error = (plain.high - area) / 1.959963984540054 / (area * (1 - area))
    found = clustered_auc(labels, a, clusters)
    odds = np.log([found.low / (1 - found.low), found.high / (1 - found.high)])
    assert 0.5 * np.diff(odds)[0] == pytest.approx(stats.t.ppf(0.975, degrees) * error)


def test_one_row_a_patient_is_delong():
    labels, a, b, _ = patients(1)
    own = np.arange(labels.size)
    plain, clustered = (
        auc(labels, a, interval="delong"),
        clustered_auc(labels, a, own, interval="delong"),
    )
    assert [clustered.low, clustered.high] == pytest.approx([plain.low, plain.high], abs=1e-12)
    paired = compare_auc(labels, a, b)
    assert compare_clustered_auc(labels, a, b, own).p == pytest.approx(paired.p, abs=1e-12)


def test_rows_copied_within_patients_tell_nothing_new():
    labels, a, _, _ = patients(2)
    once = clustered_auc(labels, a, np.arange(labels.size))
    copied = [np.tile(column, 4) for column in (labels, a, np.arange(labels.size))]
    four = clustered_auc(*copied)
    assert [four.value, four.low, four.high] == pytest.approx([once.value, once.low, once.high])
    assert (four.rows, four.clusters) == (4 * labels.size, labels.size)
    assert (
        delong(copied[0], copied[1][:, None])[1][0, 0] < 0.3 * delong(labels, a[:, None])[1][0, 0]
    )


def test_names_of_patients_may_be_text_and_rows_in_any_order():
    labels, a, _, clusters = patients(3)
    order = np.random.default_rng(1).permutation(labels.size)
    named = np.array([f"sub-{c:03}" for c in clusters])
    found = clustered_auc(labels[order], a[order], named[order])
    same = clustered_auc(labels, a, clusters)
    assert [found.value, found.low, found.high] == pytest.approx([same.value, same.low, same.high])


def test_the_bootstrap_of_patients_agrees_with_obuchowski():
    clusters = patients(4, many=400)[-1]
    rng = np.random.default_rng(4)
    labels = (np.arange(400) % 3 == 0)[clusters]
    a = (rng.normal(size=400)[clusters] + rng.normal(size=clusters.size)) + labels
    found = bootstrap_auc(labels, a, clusters, rng=np.random.default_rng(1))
    wald = clustered_auc(labels, a, clusters)
    width = wald.high - wald.low
    assert [found.low, found.high] == pytest.approx([wald.low, wald.high], abs=0.1 * width)
    assert width > 1.2 * (auc(labels, a).high - auc(labels, a).low)


def test_the_interval_leans_as_leaving_patients_out_says():
    from osteon.evaluate.bootstrap import bca_interval
    from osteon.evaluate.discrimination.resampled_area import resampled_areas

    labels, a, _, clusters = patients(8, many=40)
    a = a + 2.5 * labels
    value = auc(labels, a).value
    left_out = [auc(labels[rest], a[rest]).value for rest in clusters != np.arange(40)[:, None]]
    draws = resampled_areas(labels, a, clusters, 2000, np.random.default_rng(3))
    want = bca_interval(draws, value, np.array(left_out), 0.95)
    mirrored = bca_interval(draws, value, -np.array(left_out), 0.95)
    found = bootstrap_auc(labels, a, clusters, rng=np.random.default_rng(3))
    lean = abs(want[0] - mirrored[0])
    assert [found.low, found.high] == pytest.approx(want, abs=0.25 * lean)
    assert lean > 0.05 * (want[1] - want[0])


def test_a_resample_is_the_area_of_the_rows_drawn_and_none_is_lost_between_blocks():
    labels, a, _, clusters = patients(5, many=12)
    from osteon.evaluate.bootstrap import drawn_counts
    from osteon.evaluate.discrimination.resampled_area import resampled_areas

    found = resampled_areas(labels, a, clusters, 453, np.random.default_rng(3))
    counts = drawn_counts(12, 453, np.random.default_rng(3))
    assert found.shape == (453,)
    for area, count in zip(found[::50], counts[::50], strict=True):
        rows = np.repeat(np.arange(labels.size), count[clusters])
        assert area == pytest.approx(auc(labels[rows], a[rows]).value, abs=1e-12)


def test_perfect_order_is_as_sure_as_the_pairs_of_different_patients():
    labels = np.tile([0, 1], 6)
    clusters = np.repeat(np.arange(6), 2)
    for found in (
        clustered_auc(labels, labels, clusters),
        bootstrap_auc(labels, labels, clusters, rng=np.random.default_rng(1)),
    ):
        assert (found.value, found.high) == (1, 1)
        assert found.low == pytest.approx(0.025 ** (1 / 3))


@pytest.mark.parametrize(
    ("clusters", "told"),
    [
        ([1, 1, 1, 1, 1, 1], "names 1 only"),
        ([1, 1, 1, 2, 3, 4], "the diseased come from 1 of 4 clusters"),
        ([1, 2, 3, 1, 1, 1], "the not diseased come from 1 of 3 clusters"),
        (["a", "", "b", "c", "d", "e"], "empty in row 2"),
        ([1, 2, 3], "same number of rows"),
    ],
)
def test_too_few_patients_of_a_class_are_told(clusters, told):
    labels, scores = [1, 1, 1, 0, 0, 0], [3, 1, 2, 1, 2, 0]
    for call in (
        lambda: clustered_auc(labels, scores, clusters),
        lambda: compare_clustered_auc(labels, scores, scores, clusters),
        lambda: bootstrap_auc(labels, scores, clusters, rng=np.random.default_rng(1)),
    ):
        with pytest.raises(UnusableTable, match=told):
            call()


def test_patients_who_all_contribute_alike_are_not_called_sure():
    labels, clusters = [0, 1, 0, 1, 0, 1], [0, 0, 1, 1, 2, 2]
    with pytest.raises(UnusableTable, match="contribute alike"):
        clustered_auc(labels, [1, 1, 2, 2, 3, 3], clusters)


def test_a_bootstrap_that_loses_a_class_too_often_is_refused():
    labels = np.array([1, 1] + [0] * 20)
    with pytest.raises(UnusableTable, match="too few patients"):
        bootstrap_auc(labels, np.arange(22.0) % 5, np.arange(22), rng=np.random.default_rng(1))
