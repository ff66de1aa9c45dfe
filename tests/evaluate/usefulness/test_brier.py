"""The Brier score against hand counts, its identity, and simulation."""

import numpy as np
import pytest

from osteon.core import UnusableTable
from osteon.evaluate.usefulness import brier


def rng():
    return np.random.default_rng(1)


def predictions(n=200, seed=1):
    draw = np.random.default_rng(seed)
    predicted = draw.beta(1, 2, n)
    return draw.random(n) < predicted, predicted


def test_four_rows_by_hand():
    # (0.2 - 0)² + (0.4 - 0)² + (0.6 - 1)² + (0.8 - 1)² = 0.04 + 0.16 + 0.16 + 0.04
    found = brier([0, 0, 1, 1] * 5, [0.2, 0.4, 0.6, 0.8] * 5, rng=rng())
    assert found.score.value == pytest.approx(0.1)
    assert found.uncertainty == pytest.approx(0.25)
    assert found.skill.value == pytest.approx(0.6)


def test_parts_of_rows_in_two_bins_by_hand():
    # bins {0.1, 0.2} with none and one ill, {0.4, 0.9} with both ill, five times each
    found = brier([0, 1, 1, 1] * 5, [0.1, 0.2, 0.4, 0.9] * 5, bins=2, rng=rng())
    assert found.reliability == pytest.approx(0.5 * (0.15 - 0.5) ** 2 + 0.5 * (0.65 - 1) ** 2)
    assert found.resolution == pytest.approx(0.5 * (0.5 - 0.75) ** 2 + 0.5 * (1 - 0.75) ** 2)
    assert found.within_variance == pytest.approx(0.5 * 0.05**2 + 0.5 * 0.25**2)
    assert found.within_covariance == pytest.approx(0.5 * 2 * 0.05 * 0.5)


@pytest.mark.parametrize("bins", [2, 5, 10, 50])
def test_the_parts_add_up_to_the_score(bins):
    found = brier(*predictions(), bins=bins, rng=rng())
    parts = found.reliability - found.resolution + found.uncertainty
    parts += found.within_variance - found.within_covariance
    assert parts == pytest.approx(found.score.value, abs=1e-14)


def test_saying_the_prevalence_to_everybody_has_no_skill():
    found = brier([0, 0, 0, 1] * 20, [0.25] * 80, rng=rng())
    assert found.skill.value == pytest.approx(0, abs=1e-12)
    assert found.reliability == pytest.approx(0, abs=1e-14)
    assert found.resolution == pytest.approx(0, abs=1e-14)


def test_certain_and_right_is_0_without_a_width_and_certain_and_wrong_is_1():
    labels = np.array([0, 1] * 20)
    right, wrong = brier(labels, labels, rng=rng()), brier(labels, 1 - labels, rng=rng())
    assert (right.score.low, right.score.value, right.score.high) == (0, 0, 0)
    assert (right.skill.low, right.skill.value, right.skill.high) == (1, 1, 1)
    assert wrong.score.value == 1


def test_the_interval_has_the_width_of_the_spread_of_squared_errors():
    labels, predicted = predictions(2000)
    found = brier(labels, predicted, rng=rng()).score
    error = ((predicted - labels) ** 2).std(ddof=1) / np.sqrt(2000)
    assert found.high - found.low == pytest.approx(2 * 1.96 * error, rel=0.05)  # 2,000 draws


def test_rows_said_twice_of_each_patient_bring_no_certainty():
    labels, predicted = predictions()
    twice = brier(
        np.repeat(labels, 2), np.repeat(predicted, 2), clusters=np.repeat(np.arange(200), 2),
        rng=rng(),
    ).score  # fmt: skip
    once = brier(labels, predicted, rng=rng()).score
    assert (twice.low, twice.high) == pytest.approx((once.low, once.high), rel=1e-12)
    assert twice.clusters == 200


def test_the_same_seed_gives_the_same_interval_and_another_another():
    a, b = (brier(*predictions(), rng=rng()).score for _ in range(2))
    assert a == b
    assert a.low != brier(*predictions(), rng=np.random.default_rng(2)).score.low


@pytest.mark.parametrize(
    ("labels", "predicted", "told"),
    [
        ([1, 1], [0.1, 0.2], "one class only"),
        ([0, 1], [0.1, 2], "from 0 to 1"),
        ([0, 1], [0.1, np.inf], "finite"),
        ([0, 1] + [0] * 8, [0.2] * 10, "too few patients"),
    ],
)
def test_what_has_no_score_is_told_in_one_line(labels, predicted, told):
    with pytest.raises(UnusableTable, match=told) as error:
        brier(labels, predicted, rng=rng())
    assert "\n" not in str(error.value)
