from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import minimize
from scipy.stats import mannwhitneyu, spearmanr

from osteon.core import BadSetting
from osteon.simulate.knee import KneeSettings, draw_knee
from osteon.simulate.knee.patient import BANDS, PLACES, SIDES


def _auc(values, ill):
    high = mannwhitneyu(values[ill], values[~ill]).statistic / ill.sum() / (~ill).sum()
    return max(high, 1 - high)


def _fitted_auc(columns, ill):
    """AUC of logistic regression on people that it has not seen (every other one)."""
    x = np.column_stack([np.ones(len(ill)), (columns - columns.mean(0)) / columns.std(0)])
    seen = np.arange(len(ill)) % 2 == 0
    y = ill.astype(float)

    def loss(w):
        z = x[seen] @ w
        grade = x[seen].T @ (1 / (1 + np.exp(-z)) - y[seen]) + 2 * np.append(0, w[1:])
        return np.logaddexp(0, z).sum() - y[seen] @ z + (w[1:] ** 2).sum(), grade

    weights = minimize(loss, np.zeros(x.shape[1]), jac=True).x
    return _auc((x @ weights)[~seen], ill[~seen])


@pytest.fixture(scope="module")
def drawn(people):
    numbers = {
        f"{p} {low:g}-{high:g}": np.array([k.bvtv[p][n] for k in people])
        for p in PLACES
        for n, (low, high) in enumerate(BANDS)
    }
    numbers |= {f"plate of {p}": np.array([k.plate[p] for k in people]) for p in PLACES}
    numbers |= {f"magnify of {p}": np.array([k.magnify[p] for k in people]) for p in PLACES}
    return numbers


@pytest.fixture(scope="module")
def kl(people):
    return np.array([k.kl for k in people])


def test_grades_come_with_the_prevalence_asked_for(kl):
    share = np.bincount(kl, minlength=5) / len(kl)
    np.testing.assert_allclose(share, (0.25, 0.25, 0.2, 0.2, 0.1), atol=0.035)


def test_disease_is_mainly_medial_in_three_of_four(people):
    ill = [k for k in people if k.kl >= 2]
    share = np.mean([k.dominant == "medial" for k in ill])
    assert 0.70 < share < 0.84


def test_healthy_joint_space_is_that_of_published_adults(people):
    # Beattie 2008, grades 0 and 1: women 4.8 (0.7), men 5.7 (0.8) mm, medially
    for sex, expected in (("F", 4.8), ("M", 5.7)):
        space = [k.joint_space["medial"] for k in people if k.kl <= 1 and k.sex == sex]
        assert np.mean(space) == pytest.approx(expected, abs=0.35)


def test_joint_space_falls_and_osteophytes_grow_with_the_grade(people, kl):
    least = np.array([min(k.joint_space.values()) for k in people])
    lips = np.array([max(k.osteophyte.values()) for k in people])
    space = [least[kl == g].mean() for g in range(5)]
    size = [lips[kl == g].mean() for g in range(5)]
    assert np.diff(space).max() < -0.2
    assert np.diff(size).min() > 0.4
    # Ratzlaff 2018: 1.6 mm are lost to grade 3
    assert space[0] - space[3] == pytest.approx(2.0, abs=0.7)


@pytest.mark.parametrize(
    ("name", "direction"),
    [
        ("medial tibia 0-3", 1),  # denser beneath the plate: Ding 2003, Shiraishi 2020
        ("medial tibia 3-6", 1),
        ("medial femur 6-12", -1),  # less in the femur: Liu 2017
        ("plate of medial tibia", 1),  # Bobinac 2003
        ("plate of medial femur", 1),
        ("magnify of medial tibia", 1),  # expanded structure in severe disease
    ],
)
def test_bone_of_medial_disease_changes_as_published(people, drawn, name, direction):
    mild = np.array([k.kl <= 1 for k in people])
    severe = np.array([k.kl >= 3 and k.dominant == "medial" for k in people])
    change = drawn[name][severe].mean() - drawn[name][mild].mean()
    assert direction * change > 0.02 * drawn[name].mean()


def test_bone_is_densest_beneath_the_plate_of_the_medial_tibia(people, drawn):
    # Patel 2003, normal knees: falls with depth, tibia over femur, medial over lateral
    well = np.array([k.kl == 0 for k in people])
    mean = {name: values[well].mean() for name, values in drawn.items()}
    for place in PLACES:
        assert mean[f"{place} 0-3"] > mean[f"{place} 3-6"] > mean[f"{place} 6-12"]
    assert mean["medial tibia 0-3"] > mean["lateral tibia 0-3"]
    assert mean["medial tibia 0-3"] > mean["medial femur 0-3"]


def test_bone_thins_with_age_and_is_denser_in_men(people):
    deep = np.array([np.mean([k.bvtv[p][2] for p in PLACES]) for k in people])
    age = np.array([k.age for k in people])
    man = np.array([k.sex == "M" for k in people])
    assert spearmanr(age, deep).statistic < -0.1
    assert deep[man].mean() > 1.03 * deep[~man].mean()


def test_no_single_number_tells_the_disease(people, drawn, kl):
    ill = kl >= 2
    numbers = dict(drawn)
    for side in SIDES:
        numbers[f"space {side}"] = np.array([k.joint_space[side] for k in people])
    numbers["least space"] = np.minimum(numbers["space medial"], numbers["space lateral"])
    numbers["age"] = np.array([k.age for k in people])
    for name, values in numbers.items():
        assert _auc(values, ill) < 0.9, name


def test_structure_tells_the_disease_and_density_with_age_and_sex_does_not(people, drawn, kl):
    ill = kl >= 2
    structure = _fitted_auc(np.log(np.column_stack(list(drawn.values()))), ill)
    amounts = np.column_stack([v for n, v in drawn.items() if n[-1].isdigit()])
    person = np.column_stack([[k.age, k.sex == "M", k.bmi] for k in people]).T.astype(float)
    plain = _fitted_auc(np.column_stack([amounts.mean(axis=1), person]), ill)
    assert 0.88 < structure < 0.96
    assert 0.55 < plain < 0.78
    assert structure - plain > 0.12


def test_the_same_seed_draws_the_same_person():
    assert draw_knee(np.random.default_rng(3)) == draw_knee(np.random.default_rng(3))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"kl": 7}, "got 7"),
        ({"size": (-1.0, 1.0, 1.0)}, "-1"),
        ({"side": "middle"}, "middle"),
        ({"joint_space": {"medial": -2.0, "lateral": 5.0}}, "-2"),
        ({"bvtv": dict.fromkeys(PLACES, (1.4, 0.2, 0.2))}, "1.4"),
    ],
)
def test_impossible_people_are_refused_in_one_line(people, change, told):
    with pytest.raises(BadSetting) as error:
        replace(people[0], **change)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    "faulty", [{"prevalence": (0.5, 0.5)}, {"prevalence": (0.5, 0.5, 0.5, 0, 0)}, {"women": 1.5}]
)
def test_settings_that_are_no_shares_are_refused(faulty):
    with pytest.raises(BadSetting):
        KneeSettings(**faulty)
