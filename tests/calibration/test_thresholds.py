"""Thresholds as published, and words that never say more than they do."""

import re

import pytest

from osteon.calibration import THRESHOLDS, Screened, indications
from osteon.core import BadSetting, Flag

PUBLISHED = {  # Pickhardt 2013; UK 2023; ISCD 2019; QCT guideline
    "pickhardt-sensitive": (160.0, "below"),
    "pickhardt-balanced": (135.0, "below"),
    "pickhardt-specific": (110.0, "below"),
    "uk-sensitive": (169.0, "below"),
    "uk-specific": (104.0, "below"),
    "iscd-likely": (100.0, "below"),
    "iscd-unlikely": (150.0, "above"),
    "qct-low": (80.0, "below"),
    "qct-normal": (120.0, "above"),
}
HU_VALUES = (-20.0, 60.0, 99.0, 104.0, 110.0, 111.0, 135.0, 150.0, 159.0, 160.0, 169.0, 240.0)


def hu(value, level="L1", **other):
    return Screened(level, "HU median", value, **other)


def bmd(level, value, method="phantom-solid", equivalent="HA", **other):
    return Screened(level, "vBMD", value, method=method, equivalent=equivalent, **other)


def judged(*values, contrast=False, kvp=120.0):
    return indications(values, contrast=contrast, kvp=kvp)


@pytest.mark.parametrize("key", PUBLISHED)
def test_the_threshold_is_the_published_one(key):
    assert (THRESHOLDS[key].value, THRESHOLDS[key].direction) == PUBLISHED[key]


def test_nothing_else_is_in_the_list():
    assert THRESHOLDS.keys() == PUBLISHED.keys()


@pytest.mark.parametrize("threshold", THRESHOLDS.values(), ids=THRESHOLDS)
class TestEveryThreshold:
    def test_cites_its_source(self, threshold):
        assert threshold.doi.startswith("doi:10.")
        assert re.search(r"\b(19|20)\d\d\b", threshold.citation)

    def test_says_how_it_transfers_in_one_sentence(self, threshold):
        assert threshold.transfer.endswith(".")

    def test_has_the_unit_of_its_quantity(self, threshold):
        assert threshold.unit == {"HU": "[hnsf'U]", "vBMD": "mg/cm3"}[threshold.quantity]


def test_iscd_is_marked_as_quoted():
    assert "not verified" in THRESHOLDS["iscd-likely"].citation


@pytest.mark.parametrize("value", HU_VALUES)
def test_no_text_is_a_diagnosis(value):
    values = [hu(value, uncertainty=8.0), bmd("L1", value), bmd("L2", value)]
    for found in judged(*values, contrast=True, kvp=None):
        text = found.text.replace("not a diagnosis", "")
        assert not re.search(r"diagnos|osteoporotic|patient has|normal bone", text, re.IGNORECASE)
        assert "screening indication" in text or "no screening indication" in text


def test_a_low_value_names_the_specific_threshold():
    (found,) = judged(hu(104.0))
    assert found.text == (
        "L1 HU median 104 HU: at or below 110 HU, at which more than 90 % specificity for DXA "
        "osteoporosis was published; screening indication, not a diagnosis."
    )
    assert found.thresholds == (
        "L1 HU, 90 % sensitive",
        "L1 HU, balanced",
        "L1 HU, 90 % specific",
        "L1 HU, 90 % sensitive (UK)",
        "L1 HU, 90 % specific (UK)",
    )
    assert found.flags == ()


@pytest.mark.parametrize("value", [111.0, 135.0, 159.0])
def test_between_the_thresholds_is_indeterminate(value):
    (found,) = judged(hu(value))
    assert "between 110 and 160 HU: indeterminate" in found.text


def test_a_high_value_is_no_indication_and_no_all_clear():
    (found,) = judged(hu(180.0))
    assert "no screening indication" in found.text
    assert "does not exclude" in found.text
    assert found.thresholds == ("L1 HU, ISCD normal",)


def test_hu_of_other_levels_are_not_judged():
    assert judged(hu(90.0, level="L3"), hu(90.0, level="T12")) == []


@pytest.mark.parametrize(
    ("contrast", "kvp", "codes"),
    [
        (True, 120.0, ["contrast"]),
        (None, 120.0, ["contrast-unknown"]),
        (False, None, ["kvp-unknown"]),
        (False, 100.0, ["kvp-not-120"]),
        (True, None, ["contrast", "kvp-unknown"]),
    ],
)
def test_what_speaks_against_the_thresholds_is_said(contrast, kvp, codes):
    (found,) = judged(hu(104.0), contrast=contrast, kvp=kvp)
    assert [flag.code for flag in found.flags] == codes
    assert "do not transfer as printed" in found.text
    for flag in found.flags:
        assert flag.text in found.text


def test_flags_of_the_value_are_said():
    coarse = Flag("coarse-slices", "Slices are 5 mm thick.")
    (found,) = judged(hu(104.0, flags=(coarse,)))
    assert found.text.endswith("Slices are 5 mm thick.")
    assert found.flags == (coarse,)


def test_a_value_within_its_uncertainty_of_a_threshold_is_said():
    assert "either side of 104, 110" in judged(hu(107.0, uncertainty=5.0))[0].text
    assert "either side" not in judged(hu(120.0, uncertainty=5.0))[0].text


def test_a_single_vertebra_is_not_held_against_qct():
    assert judged(bmd("L1", 70.0)) == []


@pytest.mark.parametrize(
    ("value", "words"), [(80.0, "at or below 80"), (100.0, "indeterminate"), (120.0, "at or above")]
)
def test_qct_thresholds_are_those_of_the_mean_of_two(value, words):
    (found,) = judged(bmd("L2", value + 10.0), bmd("L1", value - 10.0), bmd("L4", 500.0))
    assert found.level == "L1+L2"
    assert found.value == pytest.approx(value)
    assert words in found.text
    assert "mg/cm³ HA" in found.text
    assert found.flags == ()


def test_calibrations_are_not_mixed():
    other = {"method": "hu-relation"}
    found = judged(bmd("L1", 70.0), bmd("L2", 70.0, **other), bmd("L3", 90.0, **other))
    assert [one.level for one in found] == ["L2+L3"]


@pytest.mark.parametrize("method", ["internal-michalski", "internal-attenuation", "hu-relation"])
def test_densities_without_a_phantom_say_so(method):
    (found,) = judged(bmd("L1", 70.0, method=method), bmd("L2", 75.0, method=method))
    assert [flag.code for flag in found.flags] == ["no-phantom"]
    assert "not calibrated by a phantom" in found.text


def test_a_quantity_without_thresholds_is_refused():
    with pytest.raises(BadSetting, match=r"BV/TV"):
        judged(Screened("L1", "BV/TV", 0.2))
