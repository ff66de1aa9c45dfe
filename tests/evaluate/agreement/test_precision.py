"""Precision error against its publication and definition."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from osteon.core import UnusableTable
from osteon.evaluate.agreement import precision

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = tomllib.loads((REFERENCE / "agreement_precision.toml").read_text(encoding="utf-8"))


def test_the_upper_limit_at_27_degrees_of_freedom_is_as_published():
    case = CASES["gluer_1995"]
    subjects = np.repeat(np.arange(case["subjects"]), case["repeats"])
    values = 1 + np.tile([0.0, 0.02], case["subjects"])
    found = precision(values, subjects, level=case["level"])
    assert found.degrees == 27
    ratio = found.rms_sd.high / found.rms_sd.value
    assert ratio == pytest.approx(case["upper"], abs=case["tolerance"]), case["source"]
    assert found.rms_sd.low < found.rms_sd.value
    assert found.rms_sd.note == ""


def test_least_significant_change_is_as_published():
    case = CASES["change"]
    found = precision([1.00, 1.02, 0.90, 0.93], [1, 1, 2, 2])
    assert found.lsc.value / found.rms_sd.value == pytest.approx(
        case["factor"], abs=case["tolerance"]
    )
    assert found.lsc_percent.value / found.rms_cv.value == pytest.approx(2.7718, abs=1e-4)


def test_two_scans_have_the_sd_of_their_difference_over_root_two():
    first, second = np.array([1.0, 0.8, 1.2]), np.array([1.02, 0.79, 1.25])
    found = precision(np.r_[first, second], [1, 2, 3, 1, 2, 3], unit="g/cm2")
    difference = second - first
    assert found.rms_sd.value == pytest.approx(np.sqrt((difference**2).mean() / 2), rel=1e-12)
    means = (first + second) / 2
    expected = 100 * np.sqrt(((difference / means) ** 2).mean() / 2)
    assert found.rms_cv.value == pytest.approx(expected, rel=1e-12)
    assert (found.rms_sd.unit, found.rms_cv.unit) == ("g/cm2", "%")


def test_subjects_weigh_by_their_degrees_of_freedom():
    found = precision([0, 2, 0, 0, 0, 0, 5], ["a", "a", "b", "b", "b", "b", "c"])
    assert found.rms_sd.value == pytest.approx(np.sqrt(2 / 4))  # squares 2, degrees 1 + 3
    assert found.degrees == 4
    assert "1 subjects measured once" in found.rms_sd.note
    assert "4 degrees of freedom" in found.rms_sd.note
    assert found.rms_cv is None  # a mean of 0 has none


def test_equal_repeats_have_precision_zero_and_say_so():
    found = precision([1.3, 1.3, 2.7, 2.7], [1, 1, 2, 2])
    assert (found.rms_sd.value, found.rms_sd.low, found.lsc.high) == (0, 0, 0)
    assert "no width" in found.lsc.note


def test_subjects_measured_once_give_no_precision():
    with pytest.raises(UnusableTable, match="each of 3 subjects was measured once"):
        precision([1, 2, 3], [1, 2, 3])


def test_missing_values_are_refused():
    with pytest.raises(UnusableTable, match="row 2"):
        precision([1, np.nan, 3], [1, 1, 2])
