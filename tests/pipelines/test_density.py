"""Densities are the calibration of the core's mean, with uncertainties combined on paper."""

import numpy as np
import pytest

from osteon.calibration import Calibration, Rod, Unavailable
from osteon.core import BadSetting, Labels, UnsuitableScan
from osteon.pipelines import MeasureSettings, calibrate_scan

from .people import GRID, NAMES, alone, codes, made_by, measured, number, person

LINE = tuple(Rod(hu, 0.8 * hu + 5.0) for hu in (0.0, 100.0, 250.0))
SCATTERED = (Rod(-10.0, 0.0), Rod(60.0, 50.0), Rod(130.0, 100.0), Rod(240.0, 200.0))
METHODS = [
    *("phantom-solid", "phantom-liquid", "internal-attenuation", "internal-michalski"),
    "hu-relation",
]


@pytest.fixture(scope="module")
def spine():
    return person(rising=0.2)


@pytest.fixture(scope="module")
def scattered(spine):
    return measured(*spine, rods=SCATTERED)


@pytest.fixture(scope="module")
def lone(spine):
    """The scan with L2 alone labelled."""
    return spine[0], alone(spine[1])


@pytest.fixture(scope="module")
def on_a_line(spine):
    return measured(*spine, rods=LINE)


@pytest.mark.parametrize("level", NAMES)
def test_a_density_is_the_line_at_the_mean_of_the_core(on_a_line, level):
    result = on_a_line
    density = number(result, level, "core", "vBMD", "phantom-solid")
    mean = number(result, level, "core", "HU mean")
    assert density.value == pytest.approx(0.8 * mean.value + 5.0)
    assert density.unit == "mg/cm3"
    # rods exactly on a line leave the uncertainty of the margin: 0.8 mg/cm³ per HU of it
    assert mean.uncertainty > 0
    assert density.uncertainty == pytest.approx(0.8 * mean.uncertainty)


@pytest.mark.parametrize("level", NAMES)
def test_uncertainties_of_line_and_margin_are_combined_in_quadrature(scattered, level):
    mean = number(scattered, level, "core", "HU mean")
    density = number(scattered, level, "core", "vBMD", "phantom-solid")
    # textbook: u² = s² (1/n + (x - x̄)² / Sxx), s² from n - 2 degrees of freedom
    x = np.array([rod.hu for rod in SCATTERED])
    y = np.array([rod.density for rod in SCATTERED])
    slope, intercept = np.polyfit(x, y, 1)
    s2 = ((y - slope * x - intercept) ** 2).sum() / (len(x) - 2)
    of_line = s2 * (1 / len(x) + (mean.value - x.mean()) ** 2 / ((x - x.mean()) ** 2).sum())
    of_margin = (slope * mean.uncertainty) ** 2
    assert density.value == pytest.approx(slope * mean.value + intercept)
    assert density.uncertainty == pytest.approx(np.sqrt(of_line + of_margin))
    assert of_line > 0.01 * of_margin > 0


def test_two_rods_give_a_density_whose_uncertainty_is_not_known(lone):
    density = number(measured(*lone, rods=LINE[:2]), "L2", "core", "vBMD", "phantom-solid")
    assert density.value is not None
    assert density.uncertainty is None
    assert "no-uncertainty" in codes(density.flags)


def test_every_density_says_its_mineral(scattered):
    said = {"phantom-solid": "ha", "hu-relation": "ha"}
    for one in scattered.densities.measurements:
        if one.value is not None:
            assert {"ha", "k2hpo4"} & codes(one.flags) == {said[one.method]}


def test_every_method_is_a_row_a_level_or_one_row_with_the_reason(scattered):
    assert [one.method.key for one in scattered.densities.calibrations] == METHODS
    for one in scattered.densities.calibrations:
        rows = [n for n in scattered.densities.measurements if n.method == one.method.key]
        if isinstance(one, Unavailable):
            assert [(row.level, row.value, row.uncertainty) for row in rows] == [("", None, None)]
            assert rows[0].flags[0].code == "not-available"
            assert rows[0].flags[0].text == one.reason
        else:
            assert [row.level for row in rows] == list(NAMES)
            assert all(row.value is not None for row in rows)


def test_rods_that_fit_no_line_are_refused(lone):
    falling = tuple(Rod(hu, -hu) for hu in (0.0, 100.0, 200.0))
    with pytest.raises(BadSetting, match="--rods give no calibration"):
        measured(*lone, rods=falling)


def test_organs_that_are_vertebrae_only_are_refused(lone):
    _, labels = lone
    with pytest.raises(UnsuitableScan, match="holds vertebrae only"):
        measured(*lone, organs=labels)


@pytest.mark.parametrize(
    ("file_says", "person_says", "factor"),
    # means of the published scans at 100, 120, 140 kV: 148.1, 140.9, 131.3 HU
    [
        (120.0, None, 1.0),
        (100.0, None, 140.9 / 148.1),
        (100.0, 140.0, 140.9 / 131.3),
        (None, 100.0, 140.9 / 148.1),
        (None, None, 1.0),
    ],
)
def test_the_voltage_a_person_gives_goes_before_that_of_the_file(
    lone, file_says, person_says, factor
):
    scan, labels = made_by(lone[0], kvp=file_says), lone[1]
    result = measured(scan, labels, settings=MeasureSettings(kvp=person_says))
    density = number(result, "L2", "core", "vBMD", "hu-relation")
    mean = number(result, "L2", "core", "HU mean").value
    assert density.value == pytest.approx(0.78 * factor * mean)
    unknown = file_says is None and person_says is None
    assert ("kvp-unknown" in codes(density.flags)) is unknown


def test_a_voltage_without_a_published_correction_gives_no_density_by_relation(lone):
    result = measured(made_by(lone[0], kvp=80.0), lone[1])
    row = number(result, "", "core", "vBMD", "hu-relation")
    assert row.value is None
    assert "80 kV" in row.flags[0].text


def test_contrast_widens_a_density_by_its_published_bias(lone):
    plain = measured(*lone, settings=MeasureSettings(contrast=False), rods=LINE)
    given = measured(*lone, settings=MeasureSettings(contrast=True), rods=LINE)
    narrow, wide = (number(r, "L2", "core", "vBMD", "phantom-solid") for r in (plain, given))
    assert wide.value == narrow.value  # never corrected
    assert wide.uncertainty == pytest.approx(np.hypot(narrow.uncertainty, 6.0))


def test_what_is_indicated_speaks_of_measured_levels_and_of_no_diagnosis(scattered):
    told = scattered.densities.indications
    assert "L1" in {one.level for one in told}
    for one in told:
        assert set(one.level.split("+")) <= set(NAMES)
        assert "diagnos" not in one.text.lower().replace("not a diagnosis", "")


def test_calibrating_alone_takes_tissues_only_where_they_are_labelled(spine):
    scan = spine[0].volume
    values = np.zeros(GRID.shape, np.uint8)
    values[2:14, 45:60, :] = 86  # muscle
    found = calibrate_scan(scan, Labels(values, GRID), kvp=120.0, contrast=False, rods=LINE)
    assert [one.method.key for one in found] == METHODS
    assert isinstance(found[0], Calibration)
    assert all(isinstance(one, Unavailable) for one in found[1:4])
