"""The page of a spine read from CT: what stands on it is what was found, where it was found."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from osteon.core import BadSetting
from osteon.report import SpinePictures, write_spine_report
from osteon.report.spine_pictures import vertebra_pictures

HU = np.full((20, 24, 12), 40, np.int16)
PARTS = np.zeros(HU.shape, np.uint8)
PARTS[4:16, 2:12, 2:10] = 2
PARTS[8:12, 14:20, 3:9] = 1


def vertebra(level, **changes):
    return {
        "level": level,
        "used": True,
        "reason": None,
        "bmd_g_cm2": 0.9,
        "bmd_sd_g_cm2": 0.06,
        "weight": 0.5,
        "said_level": level,
        "level_probability": 0.97,
        "flags": [],
        **changes,
    }


def results(**patient):
    """Plain data of a prediction."""
    return {
        "schema": "osteon-spine-1",
        "osteon": "0",
        "created": "2026-01-02T03:04:05Z",
        "subject": "s<1>",
        "notice": "Research only: a trial. No diagnosis.",
        "scan": {"shape": [1, 2, 3], "spacing_mm": [1.0, 1.0, 1.0]},
        "model": {
            "name": "tiny",
            "sha256": "0" * 64,
            "training": {"cohort": "c", "patients": 9},
            "seen": {"scanners": ["a"], "slice_mm": [0.6, 3.0], "kvp": [100, 120]},
            "devices": ["hologic"],
            "intended_use": "Trials.",
            "metrics": [{"name": "r density", "value": 0.9, "low": 0.85, "high": None}],
            "distance": 1.0,
            "distance_limit": 3.0,
            "measured_distance": 1.0,
            "measured_distance_limit": 4.0,
        },
        "patient": {
            "bmd_g_cm2": 0.85,
            "bmd_sd_g_cm2": 0.04,
            "interval_g_cm2": [0.78, 0.92],
            "coverage": 0.9,
            "device": None,
            "t_score": {"value": -1.5, "low": -2.4, "high": -0.6},
            "classes": {"normal": 0.1, "osteopenia": 0.65, "osteoporosis": 0.25},
            "class_set": ["osteopenia", "osteoporosis"],
            "threshold": 0.3,
            "called": "no osteoporosis",
            "vertebrae_used": ["L1", "L2"],
            "experts": [[0.7, 0.3]],
            **patient,
        },
        "vertebrae": [
            vertebra("L1"),
            vertebra("L2", weight=0.25),
            vertebra("L3", used=False, reason="metal in or beside it", weight=0.0),
        ],
        "flags": [{"code": "contrast", "text": "Contrast agent was given."}] * 2,
        "methods": [{"key": "conformal", "does": "Sets.", "doi": "", "citation": ""}],
        "settings": {"device": None, "sex": "F"},
        "manifest": {},
    }


def page(tmp_path, data, levels=("L1", "L3")):
    pictures = SpinePictures(dict.fromkeys(levels, (HU, PARTS)), 0.8)
    return write_spine_report(data, pictures, tmp_path).read_text(encoding="utf-8")


def test_the_t_score_lies_where_it_is_on_its_scale(tmp_path):
    told = page(tmp_path, results())
    # the scale runs from -5 to 2
    assert f'class="dot" style="left: {100 * 3.5 / 7}%"' in told
    bars = re.findall(
        r'class="(interval|zone \w+)" style="left: ([\d.]+)%; width: ([\d.]+)%"', told
    )
    found = {name: (float(left), float(width)) for name, left, width in bars}
    rounded = {"abs": 0.02}
    assert found["interval"] == pytest.approx((100 * 2.6 / 7, 100 * 1.8 / 7), **rounded)
    assert found["zone osteoporosis"] == pytest.approx((0, 100 * 2.5 / 7), **rounded)
    assert found["zone normal"] == pytest.approx((100 * 4 / 7, 100 * 3 / 7), **rounded)
    assert "90 % interval −2.4 to −0.6" in told


def test_a_t_score_beyond_the_scale_is_drawn_at_its_end(tmp_path):
    told = page(tmp_path, results(t_score={"value": -6.0, "low": -7.0, "high": -5.5}))
    assert 'class="dot" style="left: 0.0%"' in told
    assert "−6.0" in told


def test_without_a_t_score_the_density_has_a_scale_without_classes(tmp_path):
    told = page(tmp_path, results(t_score=None))
    assert "Standardised density, L1, L2" in told
    assert 'class="zone' not in told
    # 0.85 between 0.4 and 1.6
    assert 'class="dot" style="left: 37.5%"' in told


def test_shares_and_words_of_classes_are_those_given(tmp_path):
    told = page(tmp_path, results())
    shares = re.findall(r'class="share (\w+)" style="width: ([\d.]+)%"', told)
    assert shares == [("osteoporosis", "25.0"), ("osteopenia", "65.0"), ("normal", "10.0")]
    assert "Osteopenia or osteoporosis: the set" in told
    assert "probability of 30 % on" in told


def test_a_vertebra_left_out_says_why_and_is_drawn_all_the_same(tmp_path):
    told = page(tmp_path, results())
    assert "left out: metal in or beside it" in told
    assert "<h3>L3, left out</h3>" in told
    assert told.count("data:image/png") == 6
    assert 'class="weight" style="width: 25.0%"' in told


def test_a_flag_is_told_once_and_names_are_escaped(tmp_path):
    told = page(tmp_path, results())
    assert told.count("Contrast agent was given.") == 1
    assert "s&lt;1&gt;" in told
    assert "s<1>" not in told


def test_the_head_is_up_and_the_patient_s_left_on_the_right():
    sagittal, coronal, axial = vertebra_pictures(SpinePictures({"L1": (HU, PARTS)}, 0.5), "L1")
    assert sagittal.sides == ("A", "P", "S", "I")
    assert coronal.sides == ("R", "L", "S", "I")
    assert axial.sides == ("R", "L", "A", "P")
    assert [(one.columns, one.rows) for one in (sagittal, coronal, axial)] == [
        *((24, 12), (20, 12), (20, 24))
    ]
    assert axial.height == pytest.approx(12.0)


def test_a_bright_corner_is_drawn_in_its_corner():
    hu = HU.copy()
    middle = round(float(np.argwhere(PARTS == 2)[:, 0].mean()))
    hu[middle, 0, -1] = 800  # front, head
    sagittal = vertebra_pictures(SpinePictures({"L1": (hu, PARTS)}, 0.5), "L1")[0]
    data = base64.b64decode(sagittal.source.split(",", 1)[1])
    seen = np.asarray(Image.open(io.BytesIO(data)).convert("L"))
    assert np.unravel_index(seen.argmax(), seen.shape) == (0, 0)


def test_results_of_another_version_and_pictures_of_other_crops_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="osteon-spine-9"):
        page(tmp_path, {**results(), "schema": "osteon-spine-9"})
    odd = SpinePictures({"L1": (HU, PARTS[1:])}, 0.8)
    with pytest.raises(BadSetting, match="L1 cannot be drawn"):
        write_spine_report(results(), odd, tmp_path)
    assert not (tmp_path / "report.html").exists()
