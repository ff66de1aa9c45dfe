"""Densitometers read what the published relations say, and err as stated."""

import numpy as np
import pytest

from osteon.core import BadSetting, UnknownName
from osteon.simulate.dxa import (
    Content,
    Projection,
    class_of,
    device,
    device_names,
    read_hip,
    read_projection,
)

SEEN = Projection(
    np.zeros((1, 1), np.float32),
    np.zeros((1, 1), np.int16),
    (0.0, 0.0),
    {name: Content(14.0, 14.0 / 1.02) for name in ("L1", "L2", "L3", "L4")},
)


@pytest.mark.parametrize("maker", ["hologic", "lunar", "norland"])
@pytest.mark.parametrize("site", ["spine", "hip", "neck"])
def test_a_reading_standardised_is_the_density_again(maker, site):
    machine = device(maker).drawn(np.random.default_rng(1)).after(3.0)
    for density in (0.5, 0.8, 1.0436, 1.4):
        assert machine.standard(machine.reads(density, site), site) == pytest.approx(density)


def test_devices_differ_at_the_spine_as_in_hui_1997():
    # sBMD = 1.0550 (H - 0.972) + 1.0436 = 0.9683 (L - 1.100) + 1.0436 = 0.9743 (N - 0.969) + 1.0436
    reads = {maker: device(maker).reads(1.0436) for maker in device_names()}
    assert reads == pytest.approx({"hologic": 0.972, "lunar": 1.100, "norland": 0.969})
    slope = {m: device(m).reads(1.5) - device(m).reads(0.5) for m in device_names()}
    assert slope["hologic"] / slope["lunar"] == pytest.approx(0.9683 / 1.0550)
    # direct relation of Genant 1994: Hologic = 0.906 Lunar - 0.025
    assert reads["hologic"] == pytest.approx(0.906 * reads["lunar"] - 0.025, abs=0.01)


def test_devices_differ_at_the_hip_as_in_hanson_1997():
    assert device("hologic").reads(0.006 + 1.008 * 0.9, "hip") == pytest.approx(0.9)
    assert device("lunar").reads(-0.031 + 0.979 * 0.9, "hip") == pytest.approx(0.9)
    assert device("norland").reads(0.006 + 0.985 * 0.9, "neck") == pytest.approx(0.9)


def test_the_older_relation_agrees_at_the_middle_of_the_range():
    for maker in device_names():
        machine = device(maker)
        assert machine.spine_1994 * machine.reads(1.0436) == pytest.approx(1.0436, rel=0.01)


@pytest.mark.parametrize("maker", ["hologic", "lunar", "norland"])
def test_repeated_readings_scatter_by_the_precision_error(maker):
    rng = np.random.default_rng(2)
    machine = device(maker)
    read = [read_projection(SEEN, machine, rng, sex="F").bmd for _ in range(3000)]
    assert np.std(read) / np.mean(read) == pytest.approx(machine.precision[0], rel=0.06)
    assert np.mean(read) == pytest.approx(machine.reads(1.02), rel=1e-3)


def test_devices_of_a_maker_scatter_and_drift():
    rng = np.random.default_rng(3)
    mean = device("hologic")
    scatter = np.std([mean.drawn(rng).reads(1.0) for _ in range(2000)]) / mean.reads(1.0)
    assert scatter == pytest.approx(mean.scatter, rel=0.1)
    assert mean.after(5).reads(1.0) / mean.reads(1.0) == pytest.approx(1 + 5 * mean.drift)


def test_t_scores_follow_the_reference_of_the_device():
    assert device("hologic").t_score(1.047, "F") == pytest.approx(0.0)
    assert device("hologic").t_score(0.772, "F") == pytest.approx(-2.5)
    assert device("lunar").t_score(0.880, "F") == pytest.approx(-2.5)
    assert [class_of(t) for t in (-0.9, -1.0, -1.1, -2.4, -2.5)] == [
        "normal", "normal", "osteopenia", "osteopenia", "osteoporosis",
    ]  # fmt: skip


def test_broken_vertebrae_do_not_count_and_two_must_be_left():
    dense = Projection(
        SEEN.density, SEEN.region, SEEN.corner, {**SEEN.contents, "L2": Content(30.0, 12.0)}
    )
    rng = np.random.default_rng(0)
    kept = read_projection(dense, device("hologic"), rng, sex="F", broken=("L2", "T12"))
    assert kept.excluded == ("L2",)
    assert kept.bmd == pytest.approx(device("hologic").reads(1.02), rel=0.04)
    none = read_projection(dense, device("hologic"), rng, sex="F", broken=("L1", "L2", "L3"))
    assert none.bmd is None
    assert none.diagnosis is None
    assert set(none.vertebrae) == {"L1", "L2", "L3", "L4"}


def test_the_hip_goes_with_the_spine():
    rng = np.random.default_rng(4)
    score = rng.normal(size=2000)
    hip = [read_hip(65.0, "F", s, device("hologic"), rng).bmd for s in score]
    assert np.corrcoef(score, hip)[0, 1] == pytest.approx(0.65, abs=0.04)
    assert np.mean(hip) == pytest.approx(0.870, abs=0.01)


def test_unknown_devices_sites_and_factors_are_refused_in_one_line():
    with pytest.raises(UnknownName, match=r"'siemens' is no densitometer.*hologic") as error:
        device("siemens")
    assert "\n" not in str(error.value)
    with pytest.raises(UnknownName, match="a site is"):
        device("lunar").reads(1.0, "wrist")
    with pytest.raises(UnknownName, match="sex F or M"):
        device("lunar").t_score(1.0, "x")
    with pytest.raises(UnknownName, match="sex is F or M"):
        read_hip(60.0, "x", 0.0, device("lunar"), np.random.default_rng(0))
    with pytest.raises(BadSetting, match="above 0"):
        device("lunar").after(2000.0)
    with pytest.raises(BadSetting, match="factor is above 0"):
        read_projection(SEEN, device("lunar"), np.random.default_rng(0), sex="F", personal=0.0)
