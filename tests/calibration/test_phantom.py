"""Phantoms whose answer can be worked out on paper."""

import numpy as np
import pytest
from scipy import stats

from osteon.calibration import PHANTOMS, Rod, phantom, phantom_liquid, phantom_solid
from osteon.core import BadSetting, UnknownName

DRAWS = 400


def solid(slope=0.8, intercept=-5.0, hu=(-20.0, 100.0, 250.0, 480.0)):
    return [Rod(value, slope * value + intercept) for value in hu]


def liquid(sigma_ref=1.6, beta_ref=-1000.0, scatter=0.0, rng=None):
    """Rods of a Mindways phantom in a scanner that shows water at -0.4 HU."""
    rods = PHANTOMS["mindways-model3-ct"]
    noise = np.zeros(5) if rng is None else rng.normal(0.0, scatter, 5)
    hu = [
        water + sigma_ref * density + beta_ref + off
        for water, density, off in zip(rods.water, rods.density, noise, strict=True)
    ]
    return rods.rods(hu)


def test_rods_on_a_line_give_that_line():
    found = phantom_solid(solid())
    assert found.fitted["slope_mg_cm3_per_HU"] == pytest.approx(0.8, abs=1e-9)
    assert found.fitted["intercept_mg_cm3"] == pytest.approx(-5.0, abs=1e-9)
    assert found.fitted["r2"] == pytest.approx(1.0)
    assert found.standard_uncertainty(150.0) == pytest.approx(0.0, abs=1e-6)
    assert found.equivalent == "HA"


def test_densities_below_zero_are_not_cut_off():
    assert phantom_solid(solid()).density([-100.0, 0.0]) == pytest.approx([-85.0, -5.0])


def test_residuals_are_those_on_paper():
    # densities 0, 1, 5 at 0, 10, 20 HU: slope .25, intercept -.5, residuals .5, -1, .5
    found = phantom_solid([Rod(0.0, 0.0), Rod(10.0, 1.0), Rod(20.0, 5.0)])
    assert found.fitted["slope_mg_cm3_per_HU"] == pytest.approx(0.25)
    assert found.fitted["residual_sd_mg_cm3"] == pytest.approx(np.sqrt(1.5))
    assert found.fitted["r2"] == pytest.approx(1 - 1.5 / 14)
    # in the middle of the rods only the mean is uncertain: s² / n
    assert found.standard_uncertainty(10.0) == pytest.approx(np.sqrt(1.5 / 3))


def test_two_rods_leave_the_uncertainty_unknown():
    found = phantom_solid(solid(hu=(0.0, 200.0)))
    assert found.standard_uncertainty(100.0) is None
    assert [flag.code for flag in found.flags] == ["no-uncertainty"]
    assert phantom_liquid(liquid()[:3:2]).standard_uncertainty(100.0) is None


@pytest.mark.parametrize("at", [50.0, 150.0, 600.0])
def test_the_interval_of_solid_rods_holds_the_truth_19_times_of_20(at):
    rng = np.random.default_rng(1)
    truth = np.array([0.0, 100.0, 200.0, 400.0, 600.0])
    inside = 0
    for _ in range(DRAWS):
        hu = truth / 0.8 + rng.normal(0.0, 4.0, truth.size)
        found = phantom_solid([Rod(*row) for row in zip(hu, truth, strict=True)])
        reach = stats.t.ppf(0.975, 3) * found.standard_uncertainty(at)
        inside += abs(float(found.density(at)) - 0.8 * at) <= reach
    assert 0.90 <= inside / DRAWS <= 0.99


@pytest.mark.parametrize("density", [50.0, 150.0, 300.0])
def test_the_interval_of_liquid_rods_holds_the_truth_19_times_of_20(density):
    rng = np.random.default_rng(2)
    at = (1.6 - 0.2174) * density - 0.4
    inside = 0
    for _ in range(DRAWS):
        found = phantom_liquid(liquid(scatter=4.0, rng=rng))
        reach = stats.t.ppf(0.975, 3) * found.standard_uncertainty(at)
        inside += abs(float(found.density(at)) - density) <= reach
    assert 0.90 <= inside / DRAWS <= 0.99


@pytest.mark.parametrize("density", [-50.0, 150.0, 400.0])
def test_the_uncertainty_of_liquid_rods_is_the_spread_of_their_densities(density):
    # water at 99.6 HU, far out of tune, so that slope and intercept pull on each other
    rng = np.random.default_rng(6)
    at = (1.6 - 0.2174) * density + 99.6
    draws = [phantom_liquid(liquid(beta_ref=-900.0, scatter=4.0, rng=rng)) for _ in range(DRAWS)]
    spread = np.std([float(one.density(at)) for one in draws])
    told = np.sqrt(np.mean([one.standard_uncertainty(at) ** 2 for one in draws]))
    assert told == pytest.approx(spread, rel=0.12)  # 4 % from 400 draws of 3 degrees of freedom


def test_the_liquid_recipe_is_that_on_paper():
    found = phantom_liquid(liquid())
    assert found.fitted["sigma_ct_HU_per_mg_cm3"] == pytest.approx(1.6 - 0.2174)
    assert found.fitted["beta_ct_HU"] == pytest.approx(-1000.0 + 999.6)
    assert found.equivalent == "K2HPO4"


def test_water_alone_holds_no_mineral():
    # 999.6 mg of water a cm³ in the scanner of these rods: 999.6 - 1000 = -0.4 HU
    assert phantom_liquid(liquid()).density(-0.4) == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("content", [50.0, 100.0, 200.0])
def test_a_solution_holds_what_was_dissolved(content):
    water = 999.6 - 0.2174 * content
    hu = water + 1.6 * content - 1000.0
    assert phantom_liquid(liquid()).density(hu) == pytest.approx(content)


def test_the_order_of_the_rods_does_not_matter():
    forth, back = phantom_liquid(liquid()), phantom_liquid(liquid()[::-1])
    assert forth.coefficients == pytest.approx(back.coefficients)


@pytest.mark.parametrize(
    ("rods", "message"),
    [
        ([Rod(0.0, 0.0)], "at least two rods; got 1"),
        ([Rod(10.0, 0.0), Rod(10.2, 200.0)], "HU differ by 0.2 HU"),
        ([Rod(0.0, 100.0), Rod(200.0, 100.0)], "density differ by 0 mg/cm³"),
        ([Rod(float("nan"), 0.0), Rod(200.0, 100.0)], "finite"),
        ([Rod(200.0, 0.0), Rod(0.0, 200.0)], "order of the certificate"),
    ],
)
def test_rods_that_make_no_line_are_refused(rods, message):
    with pytest.raises(BadSetting, match=message):
        phantom_solid(rods)


def test_a_liquid_phantom_needs_the_water_of_each_rod():
    with pytest.raises(BadSetting, match="1 of 3 rods have no water equivalent"):
        phantom_liquid([*liquid()[:2], Rod(100.0, 58.88)])


def test_liquid_rods_out_of_order_are_refused():
    with pytest.raises(BadSetting, match="order of the certificate"):
        phantom_liquid([Rod(400.0, -51.0, 1012.0), Rod(0.0, 375.0, 923.0)])


def test_a_phantom_wants_one_hu_a_rod():
    with pytest.raises(BadSetting, match="has 3 rods, 2 mean HU were given"):
        phantom("qrm-bdc-3").rods([100.0, 400.0])
    with pytest.raises(UnknownName, match="no phantom is called 'x'"):
        phantom("x")


@pytest.mark.parametrize("key", PHANTOMS)
def test_every_phantom_calibrates_a_scanner_that_fits_it(key):
    listed = PHANTOMS[key]
    water = listed.water or [0.0] * len(listed.density)
    pairs = zip(listed.density, water, strict=True)
    hu = [1.5 * d + w - (1000.0 if listed.water else 0.0) for d, w in pairs]
    found = (phantom_liquid if listed.water else phantom_solid)(listed.rods(hu))
    assert found.equivalent == listed.equivalent
    slope = 1.5 - (0.2174 if listed.water else 0.0)
    assert found.coefficients[0] == pytest.approx(1.0 / slope)
