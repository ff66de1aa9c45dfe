"""Steady states against a magnetisation turned and relaxed pulse by pulse."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.core import BadSetting
from osteon.simulate.materials import Material, Tissue, pure
from osteon.simulate.mr.relaxation import FIELDS, relaxation, susceptibility
from osteon.simulate.mr.response import respond
from osteon.simulate.mr.sequence import SEQUENCES, Kind
from osteon.simulate.mr.signals import (
    balanced,
    ernst_angle,
    response,
    signal_table,
    spin_echo,
    spoiled,
    unbalanced,
)

BFFE, DESS, T1 = SEQUENCES["bffe"], SEQUENCES["dess"], SEQUENCES["t1-se"]
SHORT = pytest.mark.parametrize(("t1", "t2"), [(600.0, 60.0), (1240.0, 36.9), (300.0, 150.0)])


def turned(angle):
    """Rotation about y: takes z towards x."""
    c, s = np.cos(angle), np.sin(angle)
    return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])


def later(m, t, t1, t2, hertz):
    """Magnetisation after free precession and relaxation."""
    across = (m[0] + 1j * m[1]) * np.exp(2j * np.pi * hertz * t * 1e-3 - t / t2)
    return np.array([across.real, across.imag, 1 + (m[2] - 1) * np.exp(-t / t1)])


def steady(t1, t2, sequence, hertz, alternating):
    """Magnetisation right after a pulse, once it no longer changes."""
    m = np.array([0.0, 0.0, 1.0])
    for n in range(2000 if alternating else 500):
        m = later(m, sequence.tr, t1, t2, hertz) if n else m
        sign = -1 if alternating and n % 2 else 1
        m = turned(sign * np.radians(sequence.flip)) @ m
    return m * np.array([sign, sign, 1])


@SHORT
@pytest.mark.parametrize("hertz", [0.0, 12.0, -35.0, 69.0, 100.0])
def test_a_balanced_echo_is_that_of_turning_and_relaxing_step_by_step(t1, t2, hertz):
    m = later(steady(t1, t2, BFFE, hertz, alternating=True), BFFE.te, t1, t2, hertz)
    assert balanced(t1, t2, BFFE, hertz) == pytest.approx(m[0] + 1j * m[1], abs=1e-9)


def test_a_balanced_echo_on_resonance_is_the_textbook_one():
    e1, e2, flip = np.exp(-9.2 / 900), np.exp(-9.2 / 50), np.radians(35)
    top = np.sin(flip) * (1 - e1) * np.exp(-4.6 / 50)
    wanted = top / (1 - (e1 - e2) * np.cos(flip) - e1 * e2)
    assert balanced(900, 50, BFFE) == pytest.approx(wanted, rel=1e-12)


@SHORT
def test_unbalanced_echoes_are_means_over_all_precession(t1, t2):
    hertz = np.arange(32) / 32 / (DESS.tr * 1e-3)
    after = np.array([steady(t1, t2, DESS, f, alternating=False) for f in hertz])
    before = [later(m, DESS.tr, t1, t2, f) for m, f in zip(after, hertz, strict=True)]
    free, refocused = unbalanced(t1, t2, DESS)
    assert free == pytest.approx(abs(np.mean(after[:, 0] + 1j * after[:, 1])), rel=1e-3)
    late = np.mean([m[0] + 1j * m[1] for m in before])
    assert refocused == pytest.approx(abs(late), rel=1e-3)


def test_the_ernst_angle_gives_the_largest_spoiled_echo():
    flips = np.arange(1, 90, 0.5)
    kind = replace(BFFE, kind=Kind.SPOILED, tr=30.0, te=5.0)
    signals = [spoiled(400, 30, replace(kind, flip=f)) for f in flips]
    assert ernst_angle(400, 30) == pytest.approx(flips[np.argmax(signals)], abs=0.5)
    assert ernst_angle(400, 30) == pytest.approx(21.914, abs=0.001)  # arccos(exp(-0.075)) by hand


@pytest.mark.parametrize("flip", [90.0, 60.0])
def test_a_spin_echo_is_that_of_relaxing_between_its_two_pulses(flip):
    t1, t2, sequence = 900.0, 45.0, replace(T1, flip=flip)
    along = 1.0
    for _ in range(50):
        start = along
        m = 1 + (along * np.cos(np.radians(flip)) - 1) * np.exp(-sequence.te / 2 / t1)
        along = 1 + (-m - 1) * np.exp(-(sequence.tr - sequence.te / 2) / t1)
    echo = start * np.sin(np.radians(flip)) * np.exp(-sequence.te / t2)
    assert spin_echo(t1, t2, sequence) == pytest.approx(echo, rel=1e-9)


def test_fat_and_water_cancel_when_they_point_apart():
    half = Tissue("half", {Material.WATER: 0.5, Material.ADIPOSE: 0.5})
    shift = 3.4e-6 * 42.577e6 * 3
    kind = replace(BFFE, kind=Kind.SPOILED, tr=200.0, flip=20.0)
    sizes = []
    for turns in (0.5, 1.0):
        table = signal_table([half], replace(kind, te=turns / shift * 1e3))
        sizes.append(np.hypot(*table[0]))
    assert sizes[0] < 0.75 * sizes[1]


def sizes(name):
    table = signal_table([pure(m) for m in Material], SEQUENCES[name])
    return {m: float(np.hypot(*row)) for m, row in zip(Material, table, strict=True)}


def test_fat_is_brightest_and_fluid_dark_in_t1():
    seen = sizes("t1-se")
    assert seen[Material.ADIPOSE] > 2 * seen[Material.MUSCLE]
    assert seen[Material.YELLOW_MARROW] > seen[Material.RED_MARROW] > seen[Material.MUSCLE]
    assert seen[Material.WATER] < seen[Material.CARTILAGE]
    assert seen[Material.BONE] == seen[Material.AIR] == seen[Material.METAL] == 0


def test_fluid_is_brightest_in_t2_and_in_dess_with_fat_suppressed():
    for name in ("spine-t2", "dess"):
        seen = sizes(name)
        assert max(seen, key=lambda m: seen[m]) == Material.WATER
    assert seen[Material.YELLOW_MARROW] < 0.3 * seen[Material.CARTILAGE]


def test_fluid_and_marrow_outshine_cartilage_and_muscle_in_bffe():
    seen = sizes("bffe")
    low = max(seen[Material.CARTILAGE], seen[Material.MUSCLE])
    assert min(seen[Material.WATER], seen[Material.YELLOW_MARROW]) > 3 * low


@pytest.mark.parametrize("field", FIELDS)
def test_every_material_has_constants_and_says_where_from(field):
    for material in Material:
        own = relaxation(material, field)
        assert own.t1 >= own.t2 > 0
        assert 0 <= own.fat <= 1
        assert own.source
        susceptibility(pure(material))


def test_a_field_without_measurements_is_refused():
    with pytest.raises(BadSetting, match=r"1\.5 or 3 T; got 7 T"):
        relaxation(Material.MUSCLE, 7.0)


def test_muscle_is_that_of_the_published_table():
    own = relaxation(Material.MUSCLE, 3.0)
    assert (own.t1, own.t2) == (1420, 31.7)  # Gold 2004, doi:10.2214/ajr.183.2.1830343


@pytest.mark.parametrize("name", ["bffe", "dess", "t1-se"])
def test_few_shares_hold_every_signal(name):
    sequence, tissues = SEQUENCES[name], [pure(m) for m in Material]
    small = respond(tissues, sequence)
    hertz = np.arange(small.curves.shape[0]) * small.period / small.curves.shape[0]
    wanted = response(tissues, sequence, hertz)
    got = small.shares @ small.curves[:, 0].T
    assert np.abs(got - wanted).max() < 0.005 * np.abs(wanted).max()
    assert small.shares.shape[1] <= 4


def test_a_spread_of_off_resonance_gives_the_mean_signal():
    tissue = [pure(Material.YELLOW_MARROW)]
    small = respond(tissue, BFFE)
    column, place = 12, 20
    wide = column / (small.curves.shape[1] - 1) * small.widest
    middle = place * small.period / small.curves.shape[0]
    hertz = middle + (np.arange(4000) + 0.5) / 4000 * wide - wide / 2
    turned_back = np.exp(2j * np.pi * (hertz - middle) * BFFE.te * 1e-3)
    mean = (response(tissue, BFFE, hertz)[0] * turned_back).mean()
    assert small.shares[0] @ small.curves[place, column] == pytest.approx(mean, abs=1e-4)
