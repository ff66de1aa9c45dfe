"""Drawn people have the density, fractures and wear that are published for their age and sex."""

import numpy as np
import pytest

from osteon.core import BadSetting
from osteon.simulate.spine import SpineSettings, draw_spine


def drawn(count, **settings):
    rng = np.random.default_rng(11)
    return [draw_spine(rng, SpineSettings(**settings)) for _ in range(count)]


def mean_vbmd(people):
    return float(np.mean([person.vbmd for person in people]))


@pytest.mark.parametrize(("women", "loss"), [(1.0, 0.55), (0.0, 0.46)])
def test_density_falls_over_life_as_in_riggs_2004(women, loss):
    young = mean_vbmd(drawn(500, ages=(20, 21), women=women))
    old = mean_vbmd(drawn(500, ages=(89, 90), women=women))
    assert 1 - old / young == pytest.approx(loss, abs=0.03)


def test_women_before_menopause_are_as_dense_as_in_buchanan_1988():
    assert mean_vbmd(drawn(500, ages=(20, 30), women=1.0)) == pytest.approx(171, abs=6)
    assert mean_vbmd(drawn(500, ages=(30, 40), women=1.0)) == pytest.approx(158, abs=9)


def test_people_of_one_age_differ_by_about_27_mg_cm3():
    people = drawn(600, ages=(60, 60), women=1.0)
    assert np.std([person.vbmd for person in people]) == pytest.approx(27, abs=3)


def test_density_of_marrow_free_bone_follows_the_share_of_bone():
    people = drawn(300)
    share = [person.share for person in people]
    assert 0.05 < np.mean(share) < 0.15
    assert np.corrcoef(share, [person.vbmd for person in people])[0, 1] > 0.95


def test_size_of_structure_does_not_tell_density():
    people = drawn(600, ages=(60, 70))
    both = np.corrcoef([p.magnify for p in people], [p.share for p in people])
    assert abs(both[0, 1]) < 0.15


def test_marrow_turns_to_fat_with_age():
    young = np.mean([p.fat for p in drawn(200, ages=(20, 25))])
    old = np.mean([p.fat for p in drawn(200, ages=(80, 85))])
    assert young == pytest.approx(0.35, abs=0.06)
    assert old == pytest.approx(0.62, abs=0.06)


def test_fractures_are_more_frequent_in_the_old_and_thin_boned():
    people = drawn(3000, ages=(50, 90))
    broken = np.array([any(v.fracture.grade for v in p.vertebrae.values()) for p in people])
    age = np.array([p.age for p in people])
    assert 0.05 < broken[(age > 60) & (age < 70)].mean() < 0.2
    assert broken[age > 75].mean() > 1.5 * broken[age < 60].mean()
    vbmd = np.array([p.vbmd for p in people])
    assert vbmd[broken].mean() < vbmd[~broken].mean() - 10
    none = drawn(300, ages=(80, 90), fractures=0.0)
    assert not any(v.fracture.grade for p in none for v in p.vertebrae.values())


def test_the_same_seed_draws_the_same_person():
    a, b = (draw_spine(np.random.default_rng(4), SpineSettings()) for _ in range(2))
    assert a == b


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"ages": (10, 50)}, "ages lie within 20–90"),
        ({"ages": (70, 50)}, "youngest first"),
        ({"women": 1.5}, "women is a share"),
        ({"contrast": -0.1}, "contrast is a share"),
        ({"fractures": -1.0}, "at least 0"),
    ],
)
def test_settings_out_of_range_are_refused_in_one_line(settings, says):
    with pytest.raises(BadSetting, match=says) as error:
        SpineSettings(**settings)
    assert "\n" not in str(error.value)
