"""Published relations give what is printed, and say what they do not know."""

import tomllib
from pathlib import Path

import pytest

from osteon.calibration import Unavailable, convert, hu_relation
from osteon.core import BadSetting

CASES = tomllib.loads((Path(__file__).parent / "reference" / "relations.toml").read_text())
DENSITIES = {name: case for name, case in CASES.items() if "hu" in case}
SLOPES = {name: case for name, case in CASES.items() if "ha" in case}


def codes(calibration):
    return [flag.code for flag in calibration.flags]


@pytest.mark.parametrize("case", DENSITIES.values(), ids=DENSITIES)
def test_density_as_printed(case):
    found = hu_relation(case["kvp"], contrast=False)
    expected = pytest.approx(case["density"], abs=case["tolerance"])
    assert found.density(case["hu"]) == expected, case["source"]


@pytest.mark.parametrize("case", SLOPES.values(), ids=SLOPES)
def test_equivalents_as_printed(case):
    there = convert(case["ha"], None, source="HA", target="K2HPO4", kvp=case["kvp"])
    back = convert(case["k2hpo4"], None, source="K2HPO4", target="HA", kvp=case["kvp"])
    assert there.density == pytest.approx(case["k2hpo4"]), case["source"]
    assert back.density == pytest.approx(case["ha"]), case["source"]
    assert there.standard_uncertainty is None


def test_a_scan_at_120_kvp_is_only_not_calibrated():
    assert codes(hu_relation(120.0, contrast=False)) == ["not-calibrated", "equivalent-assumed"]
    assert hu_relation(120.0, contrast=False).equivalent == "HA"


def test_the_uncertainty_is_what_the_sources_give():
    # 38·√.08 = 10.75 mg/cm³; scanners √(5.6² + 9.2²) = 10.77 %
    found = hu_relation(120.0, contrast=False)
    assert found.standard_uncertainty(0.0) == pytest.approx(10.75, abs=0.01)
    assert found.standard_uncertainty(150.0) == pytest.approx(16.56, abs=0.01)


def test_an_unknown_tube_voltage_is_told_and_less_certain():
    unknown, known = hu_relation(None, contrast=False), hu_relation(120.0, contrast=False)
    assert unknown.density(150.0) == known.density(150.0)
    assert "kvp-unknown" in codes(unknown)
    # half of the way from 140.9/148.1 to 140.9/131.3, and the scanners' 10.77 %
    wider = 117.0 * (140.9 / 131.3 - 140.9 / 148.1) / 2
    expected = (known.standard_uncertainty(150.0) ** 2 + wider**2) ** 0.5
    assert unknown.standard_uncertainty(150.0) == pytest.approx(expected)


def test_hu_of_a_higher_voltage_mean_more_mineral():
    densities = [float(hu_relation(k, contrast=False).density(150.0)) for k in (100, 110, 120, 140)]
    assert densities == sorted(densities)
    assert "kvp-corrected" in codes(hu_relation(110, contrast=False))


@pytest.mark.parametrize("kvp", [70.0, 80.0, 99.0, 150.0])
def test_other_voltages_are_a_reason(kvp):
    found = hu_relation(kvp, contrast=False)
    assert isinstance(found, Unavailable)
    assert f"{kvp:g} kV" in found.reason


def test_contrast_agent_adds_the_published_bias_to_the_uncertainty():
    with_it, without = hu_relation(120.0, contrast=True), hu_relation(120.0, contrast=False)
    assert with_it.density(150.0) == without.density(150.0)
    expected = (without.standard_uncertainty(150.0) ** 2 + 6.0**2) ** 0.5
    assert with_it.standard_uncertainty(150.0) == pytest.approx(expected)
    assert "contrast" in codes(with_it)
    assert "contrast-unknown" in codes(hu_relation(120.0, contrast=None))


def test_the_same_equivalent_is_left_as_it_is():
    found = convert(100.0, 5.0, source="HA", target="HA", kvp=None)
    assert (found.density, found.standard_uncertainty, found.flags) == (100.0, 5.0, ())


def test_a_conversion_is_told_and_less_certain():
    found = convert(100.0, 0.0, source="HA", target="K2HPO4", kvp=140.0)
    assert found.standard_uncertainty == pytest.approx(3.0)  # 100 mg/cm³ · 0.03
    assert [flag.code for flag in found.flags] == ["converted"]
    assert found.equivalent == "K2HPO4"


def test_without_a_tube_voltage_the_middle_of_the_slopes_is_taken():
    found = convert(100.0, 2.0, source="HA", target="K2HPO4", kvp=None)
    assert found.density == pytest.approx(83.5)
    assert "not known" in found.flags[0].text


def test_what_was_never_compared_is_refused():
    with pytest.raises(BadSetting, match="from 80 to 140 kVp; this scan has 150"):
        convert(100.0, 2.0, source="HA", target="K2HPO4", kvp=150.0)
    with pytest.raises(BadSetting, match="got 'ash'"):
        convert(100.0, 2.0, source="ash", target="HA", kvp=120.0)
