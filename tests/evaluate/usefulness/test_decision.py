"""Decision curves against published rows and the definition, counted patient by patient."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.evaluate.usefulness import decision_curve

CASES = tomllib.loads(
    (Path(__file__).parents[1] / "reference" / "usefulness_decision.toml").read_text("utf-8")
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_treating_everybody_as_published(case):
    found = decision_curve([0, 1], [0.2, 0.3], case["thresholds"], prevalence=case["prevalence"])
    assert found.treat_all == pytest.approx(case["net_benefit"], abs=case["tolerance"])


def test_net_benefit_is_the_count_of_its_definition():
    rng = np.random.default_rng(1)
    predicted = np.round(rng.random(300), 2)  # many lie on a threshold
    labels = rng.random(300) < predicted
    found = decision_curve(labels, predicted)
    for at, benefit in zip(found.thresholds, found.net_benefit, strict=True):
        right = sum(p >= at and y for p, y in zip(predicted, labels, strict=True))
        wrong = sum(p >= at and not y for p, y in zip(predicted, labels, strict=True))
        assert benefit == pytest.approx(right / 300 - wrong / 300 * at / (1 - at), abs=1e-12)


def test_a_model_that_calls_everybody_is_treating_everybody():
    found = decision_curve([0, 1, 0, 0], [1, 1, 1, 1])
    assert found.net_benefit == pytest.approx(found.treat_all)


def test_a_perfect_model_has_the_prevalence_and_one_that_calls_nobody_0():
    labels = np.array([0, 1, 0, 0])
    assert decision_curve(labels, labels).net_benefit == pytest.approx(0.25)
    assert decision_curve(labels, np.zeros(4)).net_benefit == pytest.approx(0)


def test_a_case_control_sample_is_brought_to_the_prevalence_of_the_clinic():
    rng = np.random.default_rng(2)
    predicted = rng.random(400)
    labels = rng.random(400) < predicted
    more = np.concatenate([np.flatnonzero(labels), np.repeat(np.flatnonzero(~labels), 7)])
    clinic = decision_curve(labels[more], predicted[more])
    sample = decision_curve(labels, predicted, prevalence=clinic.prevalence)
    assert sample.net_benefit == pytest.approx(clinic.net_benefit, abs=1e-12)


@pytest.mark.parametrize("at", [[1.0], [-0.1], [0.5, 1.5]])
def test_thresholds_that_are_no_risk_are_refused(at):
    with pytest.raises(BadSetting, match="0 to below 1"):
        decision_curve([0, 1], [0.2, 0.3], at)


@pytest.mark.parametrize("share", [0, 1, 30])
def test_a_prevalence_that_is_none_is_refused(share):
    with pytest.raises(BadSetting, match="between 0 and 1"):
        decision_curve([0, 1], [0.2, 0.3], prevalence=share)


def test_one_class_only_is_refused():
    with pytest.raises(UnusableTable, match="one class only"):
        decision_curve([0, 0], [0.2, 0.3])
