"""The plot says what the results say."""

import copy
import re
import xml.etree.ElementTree as ET

import matplotlib as mpl
import pytest

from osteon.report.density_plot import NARROW, WIDE, density_plot

from .example import tiny_scan

RESULTS = tiny_scan()[0]


def texts(drawing):
    return [element.text for element in ET.fromstring(drawing).iter() if element.text]


def changed(**parts):
    return {**copy.deepcopy(RESULTS), **parts}


@pytest.mark.parametrize("layout", [WIDE, NARROW], ids=lambda layout: layout.key)
def test_levels_run_from_head_to_foot(layout):
    shown = [
        text for text in texts(density_plot(RESULTS, layout)) if re.fullmatch(r"[TL]\d+", text)
    ]
    assert shown == ["T12", "L1", "L2", "L3"] * 2  # one row under each panel


def test_thresholds_are_named_with_value_and_source():
    shown = texts(density_plot(RESULTS, WIDE))
    assert "110: 90 % specific, Pickhardt 2013" in shown
    assert "80: QCT osteoporosis, Engelke 2008" in shown


def test_close_thresholds_have_labels_that_do_not_cover_each_other():
    close = [{**RESULTS["thresholds"][0], "name": f"t{v}", "value": v} for v in (100, 102, 104)]
    drawing = density_plot(changed(thresholds=close), WIDE)
    tall = [
        float(element.get("y") or re.search(r"([-\d.]+)\)", element.get("transform"))[1])
        for element in ET.fromstring(drawing).iter()
        if element.text and re.match(r"10\d: ", element.text)
    ]
    gaps = [abs(b - a) for a, b in zip(sorted(tall), sorted(tall)[1:], strict=False)]
    assert len(tall) == 3
    assert min(gaps) > 10  # the letters are 10 pixels high


def test_a_level_with_a_flag_is_drawn_hollow():
    only_hu = [m for m in RESULTS["measurements"] if m["name"] != "vBMD"]
    levels = [{**level, "flags": []} for level in RESULTS["levels"]]
    with_flag = density_plot(changed(measurements=only_hu), WIDE)
    without = density_plot(changed(measurements=only_hu, levels=levels), WIDE)
    white = "fill: #ffffff; stroke: #0072b2"
    assert (with_flag.count(white), without.count(white)) == (1, 0)


def test_a_level_that_was_not_measured_says_so():
    assert texts(density_plot(RESULTS, WIDE)).count("not measured") == 1


def test_each_density_names_its_mineral():
    shown = texts(density_plot(RESULTS, WIDE))
    assert "internal, K₂HPO₄" in shown
    assert "hu-relation, HA" in shown


def test_without_densities_there_is_one_panel():
    only_hu = [m for m in RESULTS["measurements"] if m["name"] != "vBMD"]
    drawing = density_plot(changed(measurements=only_hu), WIDE)
    assert not [text for text in texts(drawing) if "mg/cm³" in text]


def test_without_a_number_there_is_no_plot():
    assert density_plot(changed(measurements=[]), WIDE) == ""


def test_the_same_results_give_the_same_drawing_and_leave_settings_alone():
    before = dict(mpl.rcParams)
    assert density_plot(RESULTS, WIDE) == density_plot(RESULTS, WIDE)
    assert dict(mpl.rcParams) == before


def test_the_drawing_brings_no_style_and_no_address_into_the_page():
    drawing = density_plot(RESULTS, WIDE)
    assert "<style" not in drawing
    assert "<metadata" not in drawing
    assert set(re.findall(r"https?://[^\"']+", drawing)) <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xlink",
    }
