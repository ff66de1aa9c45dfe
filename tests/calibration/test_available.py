"""Every method is told: as a calibration, or with the reason why it is missing."""

import re

import numpy as np
import pytest

from osteon.calibration import (
    METHODS,
    Calibration,
    Rod,
    TissueSample,
    Unavailable,
    available_calibrations,
    phantom_solid,
)
from osteon.core import HU, MG_CM3, BadSetting, Grid, UnitMismatch, Volume

ORDER = [
    "phantom-solid",
    "phantom-liquid",
    "internal-attenuation",
    "internal-michalski",
    "hu-relation",
]
SOLID = [Rod(0.0, 0.0), Rod(130.0, 100.0), Rod(260.0, 200.0)]
LIQUID = [Rod(-60.0, -50.0, 1010.0), Rod(190.0, 60.0, 1100.0), Rod(350.0, 155.0, 1120.0)]


def samples(blood=45.0):
    hu = {"adipose": -100.0, "air": -1000.0, "bone": 1500.0, "muscle": 55.0, "blood": blood}
    return [TissueSample(name, mean, 12.0, 4000, 4000.0) for name, mean in hu.items()]


def told(found):
    return {one.method.key: one for one in found}


def codes(calibration):
    return [flag.code for flag in calibration.flags]


def test_every_method_is_told_once_and_in_order():
    found = available_calibrations(samples(), kvp=120.0, contrast=False)
    assert [one.method.key for one in found] == ORDER


def test_without_anything_only_the_published_relation_is_left():
    found = told(available_calibrations([], kvp=None, contrast=None))
    assert isinstance(found["hu-relation"], Calibration)
    assert found["phantom-solid"].reason == "No density phantom was named."
    assert found["phantom-liquid"].reason == "No density phantom was named."
    assert "No tissue" in found["internal-michalski"].reason
    assert "No tissue" in found["internal-attenuation"].reason
    assert {"kvp-unknown", "contrast-unknown"} <= set(codes(found["hu-relation"]))


def test_a_phantom_is_of_one_kind():
    solid = told(available_calibrations([], kvp=120.0, contrast=False, rods=SOLID))
    assert isinstance(solid["phantom-solid"], Calibration)
    assert "solid type" in solid["phantom-liquid"].reason
    liquid = told(available_calibrations([], kvp=120.0, contrast=False, rods=LIQUID))
    assert isinstance(liquid["phantom-liquid"], Calibration)
    assert "liquid type" in liquid["phantom-solid"].reason


def test_rods_that_make_no_line_are_a_reason():
    found = told(available_calibrations([], kvp=120.0, contrast=False, rods=SOLID[:1]))
    assert "at least two rods" in found["phantom-solid"].reason


def test_a_voltage_without_a_correction_is_a_reason():
    found = told(available_calibrations(samples(), kvp=80.0, contrast=False))
    assert isinstance(found["hu-relation"], Unavailable)
    assert isinstance(found["internal-michalski"], Calibration)


@pytest.mark.parametrize("contrast", [None, True])
def test_contrast_agent_is_told_of_every_calibration(contrast):
    found = available_calibrations(samples(blood=200.0), kvp=120.0, contrast=contrast, rods=SOLID)
    there = [one for one in found if isinstance(one, Calibration)]
    assert len(there) == 4
    assert all(codes(one).count("contrast") == 1 for one in there)


def test_blood_that_is_not_enhanced_settles_the_question_of_contrast():
    found = told(available_calibrations(samples(blood=45.0), kvp=120.0, contrast=None))
    assert not {"contrast", "contrast-unknown"} & set(codes(found["hu-relation"]))


@pytest.mark.parametrize("key", METHODS)
class TestEveryMethod:
    def test_cites_its_source(self, key):
        assert METHODS[key].doi.startswith("doi:10.")
        assert METHODS[key].citation

    def test_is_filed_under_its_key(self, key):
        assert METHODS[key].key == key
        assert re.fullmatch(r"[a-z0-9-]+", key)

    def test_says_what_it_does_in_sentences(self, key):
        assert METHODS[key].does.endswith(".")


@pytest.mark.parametrize("index", range(5))
class TestEveryCalibration:
    @pytest.fixture
    def one(self, index):
        rods = LIQUID if index == 1 else SOLID
        return available_calibrations(samples(), kvp=120.0, contrast=False, rods=rods)[index]

    def test_names_its_units(self, one):
        assert one.equivalent in ("HA", "K2HPO4")
        ends = ("HU", "cm3", "keV", "cm2_g", "r2", "factor", "freedom", "scale", "spreads")
        assert all(key.endswith(ends) for key in one.fitted)

    def test_rises_with_hu(self, one):
        assert (np.diff(one.density(np.linspace(-200.0, 1500.0, 50))) > 0).all()

    def test_knows_how_uncertain_it_is(self, one):
        assert one.standard_uncertainty(150.0) >= 0.0
        with pytest.raises(BadSetting, match="finite"):
            one.standard_uncertainty(float("nan"))

    def test_makes_the_same_map_as_its_numbers(self, one):
        grid = Grid((3, 4, 5), np.zeros(3), np.eye(3), (1.0, 1.0, 2.0))
        hu = np.random.default_rng(0).integers(-1000, 2000, grid.shape).astype(np.int16)
        made = one.apply(Volume(hu, grid, HU))
        assert made.unit == MG_CM3
        assert made.grid is grid
        assert made.values == pytest.approx(one.density(hu), abs=1e-2, rel=1e-4)


def test_only_hu_become_density():
    grid = Grid((1, 1, 1), np.zeros(3), np.eye(3), (1.0, 1.0, 1.0))
    with pytest.raises(UnitMismatch):
        phantom_solid(SOLID).apply(Volume(np.zeros(grid.shape), grid, MG_CM3))
