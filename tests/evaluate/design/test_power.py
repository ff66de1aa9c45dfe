"""Sample size and power against published tables and against simulated studies."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from osteon.core import BadSetting
from osteon.evaluate.design import (
    auc_difference_power,
    auc_difference_sample_size,
    auc_power,
    auc_sample_size,
    icc_power,
    icc_sample_size,
)

PUBLISHED = tomllib.loads(
    (Path(__file__).parents[1] / "reference" / "design_power.toml").read_text(encoding="utf-8")
)

DRAWS = 2000
CLOSE = 4 * (0.25 / DRAWS) ** 0.5
"""Four standard errors of a share of the draws."""


@pytest.mark.parametrize("case", PUBLISHED["standard_error"])
def test_standard_error_as_published(case):
    found = auc_power(case["auc"], case["cases"], case["controls"])
    assert found.standard_error == pytest.approx(case["standard_error"], abs=case["tolerance"])


@pytest.mark.parametrize("case", PUBLISHED["two_aucs"])
def test_patients_for_two_aucs_as_published(case):
    for power, cases in zip(case["power"], case["cases"], strict=True):
        found = auc_difference_sample_size(tuple(case["aucs"]), power=power, alpha=0.10)
        assert 0 <= found.cases - cases <= 3, case["source"]
        assert found.controls == found.cases


@pytest.mark.parametrize("case", PUBLISHED["icc_width"])
def test_subjects_for_the_width_of_an_icc_as_published(case):
    found = icc_sample_size(case["expected"], width=case["width"], raters=case["raters"])
    assert np.ceil(found.approximate) == case["approximate"]
    assert abs(found.subjects - case["subjects"]) <= 1


def studies(auc, cases, controls, seed):
    """AUCs of studies of exponential scores, the model of Hanley & McNeil."""
    rng = np.random.default_rng(seed)
    ill = rng.exponential(auc / (1 - auc), (DRAWS, cases))
    well = rng.exponential(1, (DRAWS, controls))
    ranks = stats.rankdata(np.hstack((ill, well)), axis=1)[:, :cases].sum(axis=1)
    return (ranks - cases * (cases + 1) / 2) / (cases * controls)


@pytest.mark.parametrize(
    ("auc", "cases", "controls", "null"),
    [(0.70, 30, 30, 0.5), (0.65, 40, 80, 0.5), (0.85, 60, 60, 0.75), (0.80, 100, 50, 0.70)],
)
def test_power_of_an_auc_is_what_simulated_studies_have(auc, cases, controls, null):
    spread = studies(null, cases, controls, 1).std()
    found = np.abs(studies(auc, cases, controls, 2) - null) > stats.norm.isf(0.025) * spread
    plan = auc_power(auc, cases, controls, null=null)
    assert plan.power == pytest.approx(found.mean(), abs=CLOSE)


def test_power_of_two_unpaired_aucs_is_what_simulated_studies_have():
    a, b = studies(0.75, 60, 60, 1), studies(0.88, 60, 60, 2)
    same = np.std(studies(0.75, 60, 60, 3) - studies(0.75, 60, 60, 4))
    found = (np.abs(a - b) > stats.norm.isf(0.025) * same).mean()
    assert auc_difference_power((0.75, 0.88), 60, 60).power == pytest.approx(found, abs=CLOSE)


def test_power_of_two_paired_aucs_is_that_of_delongs_test_in_simulated_studies():
    rng, number, joint = np.random.default_rng(3), 60, np.linalg.cholesky([[1, 0.6], [0.6, 1]])
    ill = rng.normal(size=(DRAWS, number, 2)) @ joint.T
    well = rng.normal(size=(DRAWS, number, 2)) @ joint.T
    ill += np.sqrt(2) * stats.norm.ppf([0.75, 0.85])
    over = [ill[:, :, np.newaxis, m] > well[:, np.newaxis, :, m] for m in (0, 1)]
    aucs = np.array([one.mean(axis=(1, 2)) for one in over])
    apart = over[1].astype(np.int8) - over[0]
    error = np.sqrt(sum(apart.mean(axis=n).var(axis=1, ddof=1) / number for n in (1, 2)))
    found = (np.abs(aucs[1] - aucs[0]) > stats.norm.isf(0.025) * error).mean()
    correlation = np.corrcoef(aucs)[0, 1]
    plan = auc_difference_power((0.75, 0.85), number, number, correlation=correlation)
    assert plan.power == pytest.approx(found, abs=CLOSE)


def test_scores_of_the_same_patients_need_fewer_of_them():
    apart = auc_difference_sample_size((0.75, 0.85)).cases
    paired = auc_difference_sample_size((0.75, 0.85), correlation=0.5).cases
    assert paired < 0.6 * apart


@pytest.mark.parametrize("ratio", [0.25, 1.0, 3.0])
def test_one_patient_fewer_would_not_do(ratio):
    found = auc_sample_size(0.7, ratio=ratio, power=0.9)
    assert found.power >= 0.9
    assert found.controls == max(2, np.ceil(found.cases * ratio))
    less = auc_power(0.7, found.cases - 1, int(np.ceil((found.cases - 1) * ratio)))
    assert less.power < 0.9


@pytest.mark.parametrize(
    ("expected", "minimum", "subjects", "raters"),
    [(0.8, 0.6, 39, 2), (0.7, 0.5, 20, 4), (0.3, 0.0, 30, 3), (0.95, 0.9, 50, 2)],
)
def test_power_of_an_icc_is_what_simulated_studies_have(expected, minimum, subjects, raters):
    rng = np.random.default_rng(5)
    own = rng.normal(0, np.sqrt(expected), (DRAWS, subjects, 1))
    ratings = own + rng.normal(0, np.sqrt(1 - expected), (DRAWS, subjects, raters))
    means = ratings.mean(axis=2)
    between = raters * means.var(axis=1, ddof=1)
    within = ratings.var(axis=2, ddof=1).mean(axis=1)
    scale = 1 + raters * minimum / (1 - minimum)
    p = stats.f.sf(between / within / scale, subjects - 1, subjects * (raters - 1))
    found = icc_power(expected, minimum, subjects, raters=raters)
    assert found == pytest.approx((p < 0.05).mean(), abs=CLOSE)


@pytest.mark.parametrize(("expected", "minimum"), [(0.9, 0.5), (0.5, 0.0), (0.99, 0.3)])
def test_power_of_two_subjects_rated_twice_by_hand(expected, minimum):
    # F of 1 and 2 degrees is t² of 2: P(F > x) = 1 - sqrt(x / (2 + x))
    threshold = 2 * 0.95**2 / (1 - 0.95**2)
    shrink = (1 + 2 * minimum / (1 - minimum)) / (1 + 2 * expected / (1 - expected))
    by_hand = 1 - np.sqrt(shrink * threshold / (2 + shrink * threshold))
    assert icc_power(expected, minimum, 2) == pytest.approx(by_hand, rel=1e-9)


def test_power_at_the_minimum_itself_is_the_level_of_the_test():
    assert icc_power(0.6 + 1e-12, 0.6, 40, alpha=0.03) == pytest.approx(0.03, abs=1e-6)


@pytest.mark.parametrize("raters", [2, 3, 6])
def test_one_subject_fewer_would_not_do(raters):
    found = icc_sample_size(0.8, minimum=0.6, raters=raters)
    assert found.power >= 0.8
    assert icc_power(0.8, 0.6, found.subjects - 1, raters=raters) < 0.8
    # Walter, Eliasziw & Donner 1998 approximate the same F test
    assert found.subjects == pytest.approx(found.approximate, abs=2.5)


def test_simulated_studies_of_the_planned_size_have_intervals_of_the_planned_width():
    plan = icc_sample_size(0.7, width=0.25, raters=3)
    rng = np.random.default_rng(6)
    own = rng.normal(0, np.sqrt(0.7), (DRAWS, plan.subjects, 1))
    ratings = own + rng.normal(0, np.sqrt(0.3), (DRAWS, plan.subjects, 3))
    ratio = 3 * ratings.mean(axis=2).var(axis=1, ddof=1) / ratings.var(axis=2, ddof=1).mean(axis=1)
    degrees = plan.subjects - 1, 2 * plan.subjects
    low, high = ratio / stats.f.isf(0.025, *degrees), ratio / stats.f.ppf(0.025, *degrees)
    width = (high - 1) / (high + 2) - (low - 1) / (low + 2)
    assert width.mean() == pytest.approx(0.25, abs=0.01)


@pytest.mark.parametrize(
    "ask",
    [
        lambda: auc_power(1.0, 10, 10),
        lambda: auc_power(0.4, 10, 10),
        lambda: auc_power(0.5, 10, 10),
        lambda: auc_power(0.8, 1, 10),
        lambda: auc_power(float("nan"), 10, 10),
        lambda: auc_power(0.8, 10, 10, alpha=0),
        lambda: auc_sample_size(0.8, power=1.0),
        lambda: auc_sample_size(0.8, ratio=0),
        lambda: auc_sample_size(0.50001),
        lambda: auc_difference_power((0.7, 0.8), 10, 10, correlation=1.0),
        lambda: auc_difference_power((0.7, 0.7), 10, 10),
        lambda: icc_sample_size(0.8),
        lambda: icc_sample_size(0.8, width=0.2, minimum=0.6),
        lambda: icc_sample_size(0.8, width=0),
        lambda: icc_sample_size(0.8, width=1e-5),
        lambda: icc_sample_size(1.0, width=0.1),
        lambda: icc_sample_size(0.8, minimum=0.8),
        lambda: icc_sample_size(0.8, minimum=0.6, raters=1),
        lambda: icc_sample_size(0.8, minimum=0.6, power=0.01),
        lambda: icc_power(0.8, 0.6, 1),
    ],
)
def test_impossible_plans_are_told_in_one_line(ask):
    with pytest.raises(BadSetting) as fault:
        ask()
    assert "\n" not in str(fault.value)
