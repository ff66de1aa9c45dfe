"""More than two classes."""

from itertools import combinations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from osteon.core import BadSetting, UnusableTable
from osteon.evaluate.discrimination import auc, hand_till, one_vs_rest

CLASSES = ("normal", "osteopenia", "osteoporosis")


def table(seed, rows=90):
    """Classes of unequal size, and probabilities that are right more often than not."""
    rng = np.random.default_rng(seed)
    codes = rng.choice(3, rows, p=[0.5, 0.3, 0.2])
    logits = rng.normal(size=(rows, 3)) + 1.2 * np.eye(3)[codes]
    odds = np.exp(np.round(logits, 1))
    return np.array(CLASSES)[codes], odds / odds.sum(axis=1, keepdims=True)


def mean_over_pairs(labels, probabilities):
    """Hand and Till's M, as they define it."""
    total = []
    for i, j in combinations(range(3), 2):
        rows = np.isin(labels, [CLASSES[i], CLASSES[j]])
        for k in (i, j):
            total.append(auc(labels[rows] == CLASSES[k], probabilities[rows, k]).value)
    return np.mean(total)


@pytest.mark.parametrize("seed", range(3))
def test_hand_till_is_the_mean_over_pairs_of_classes(seed):
    labels, probabilities = table(seed)
    found = hand_till(labels, probabilities, CLASSES, resamples=100, rng=np.random.default_rng(1))
    assert found.value == pytest.approx(mean_over_pairs(labels, probabilities), abs=1e-12)
    known = roc_auc_score(labels, probabilities, multi_class="ovo", labels=list(CLASSES))
    assert found.value == pytest.approx(known, abs=1e-12)
    assert found.low < found.value < found.high


def test_resamples_of_hand_till_are_the_figure_of_the_rows_drawn():
    from osteon.evaluate.bootstrap import drawn_counts
    from osteon.evaluate.discrimination.multiclass import _weighted

    labels, probabilities = table(1)
    codes = np.array([CLASSES.index(name) for name in labels])
    counts = drawn_counts(labels.size, 100, np.random.default_rng(2))
    found = _weighted(codes, probabilities, counts)
    for n in (0, 50, 99):
        rows = np.repeat(np.arange(labels.size), counts[n])
        assert found[n] == pytest.approx(mean_over_pairs(labels[rows], probabilities[rows]))


def test_the_interval_leans_as_leaving_rows_out_says():
    from osteon.evaluate.bootstrap import bca_interval, drawn_counts
    from osteon.evaluate.discrimination.multiclass import _weighted

    labels, probabilities = table(9, rows=60)
    codes = np.array([CLASSES.index(name) for name in labels])
    draws = _weighted(codes, probabilities, drawn_counts(60, 200, np.random.default_rng(3)))
    rests = ~np.eye(60, dtype=bool)
    left_out = np.array([mean_over_pairs(labels[rest], probabilities[rest]) for rest in rests])
    value = mean_over_pairs(labels, probabilities)
    want = bca_interval(draws, value, left_out, 0.95)
    lean = abs(want[0] - bca_interval(draws, value, -left_out, 0.95)[0])
    rng = np.random.default_rng(3)
    found = hand_till(labels, probabilities, CLASSES, resamples=200, rng=rng)
    assert [found.low, found.high] == pytest.approx(want, abs=0.25 * lean)
    assert lean > 0.003


def test_with_two_classes_all_is_the_plain_area():
    labels, probabilities = table(2)
    two = np.stack([1 - probabilities[:, 2], probabilities[:, 2]], axis=1)
    names = np.where(labels == "osteoporosis", "ill", "well")
    plain = auc(names == "ill", probabilities[:, 2])
    each = one_vs_rest(names, two, ("well", "ill"))
    assert each["ill"].value == pytest.approx(plain.value)
    assert [each["ill"].low, each["ill"].high] == pytest.approx([plain.low, plain.high])
    rng = np.random.default_rng(1)
    assert hand_till(names, two, ("well", "ill"), rng=rng).value == pytest.approx(plain.value)


def test_each_class_is_set_against_the_rest():
    labels, probabilities = table(3)
    found = one_vs_rest(labels, probabilities, CLASSES)
    assert tuple(found) == CLASSES
    for n, name in enumerate(CLASSES):
        assert found[name].value == auc(labels == name, probabilities[:, n]).value
        assert name in found[name].name


def test_the_order_of_classes_does_not_matter_to_hand_till():
    labels, probabilities = table(4)
    settings = {"resamples": 100, "rng": np.random.default_rng(1)}
    turned = hand_till(labels, probabilities[:, ::-1], CLASSES[::-1], **settings)
    assert turned.value == pytest.approx(mean_over_pairs(labels, probabilities))


def test_perfect_classes_have_a_note_instead_of_an_interval():
    labels = np.repeat(CLASSES, 20)
    found = hand_till(
        labels, np.repeat(np.eye(3), 20, axis=0), CLASSES, rng=np.random.default_rng(1)
    )
    assert (found.value, found.low, found.high) == (1, None, None)
    assert found.note


def broken(**changes):
    labels, probabilities = table(5)
    columns = {"labels": labels, "probabilities": probabilities, "classes": CLASSES}
    return columns | {name: change(columns[name]) for name, change in changes.items()}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"probabilities": lambda p: 100 * p}, "from 0 to 1"),
        ({"probabilities": lambda p: 0.5 * p}, "add up to 1"),
        ({"probabilities": lambda p: p[:, :2]}, "a column a class"),
        ({"labels": lambda y: np.where(y == "normal", "healthy", y)}, "'healthy'"),
        ({"labels": lambda y: np.where(y == "normal", "osteopenia", y)}, "'normal' has 0 rows"),
        ({"classes": lambda c: (c[0], c[0], c[2])}, "different name"),
        ({"probabilities": lambda p: np.where(p == p[0, 0], np.nan, p)}, "finite"),
    ],
)
def test_probabilities_that_are_none_are_told_in_one_line(changes, told):
    columns = broken(**changes)
    for call in (
        lambda: one_vs_rest(**columns),
        lambda: hand_till(**columns, rng=np.random.default_rng(1)),
    ):
        with pytest.raises(UnusableTable, match=told) as error:
            call()
        assert "\n" not in str(error.value)


def test_too_few_draws_are_refused():
    with pytest.raises(BadSetting):
        hand_till(*table(1), CLASSES, resamples=10, rng=np.random.default_rng(1))
