"""The results page of the knee: whatever was run is shown, what was not is said."""

import re

import pytest

from osteon.core import BadSetting
from osteon.report import write_knee_results

NAMES = ("app.BV/TV", "app.Tb.Th")


def results(**parts):
    return {"schema": "osteon-srrd-1", "osteon": "0.1.0", **parts}


def plain(path):
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<style.*?</style>", "", text, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", text).split())


def icc(value):
    return {"value": value, "low": value - 0.04, "high": value + 0.03}


REGRESSION = {
    "text": ["Students of three seeds."],
    "rows": [
        {"name": name, "parameter": parameter, "icc": icc(value)}
        for name, value in (("Distilled student", 0.91), ("Undistilled student", 0.87))
        for parameter in NAMES
    ],
    "difference": [
        {
            "parameter": "app.BV/TV",
            "learned_from": 64,
            "difference": {"value": 0.04, "low": -0.01, "high": 0.09},
        }
    ],
    "curve": [
        {"name": kind, "parameter": "app.BV/TV", "patients": many, "icc": icc(0.7 + many / 400)}
        for kind in ("with", "without")
        for many in (20, 40, 64)
    ],
    "scatter": {"app.BV/TV": {"x": [0.1, 0.2, 0.3], "y": [0.12, 0.19, 0.33], "unit": "1"}},
}
DIAGNOSIS = {
    "rows": [{"name": "Logistic, distilled", "auc": icc(0.81), "of_ceiling": 0.93, "p": 0.03}],
    "curves": [
        {
            "name": "Logistic",
            "false_positive": [0, 0.2, 1],
            "true_positive": [0, 0.8, 1],
            "auc": [0.8, 0.7, 0.9],
        }
    ],
}


def test_with_nothing_run_every_section_says_so(tmp_path):
    text = plain(write_knee_results(results(), tmp_path))
    assert text.count("Not run.") == 7
    assert "All patients are virtual" in text


def test_a_section_may_say_why_it_was_not_run(tmp_path):
    made = results(real_structure={"not_run": "no specimens at hand"})
    assert "Not run: no specimens at hand" in plain(write_knee_results(made, tmp_path))


def test_what_was_published_stands_beside_what_was_reached(tmp_path):
    text = plain(write_knee_results(results(regression=REGRESSION), tmp_path))
    assert "Distilled student 0.910 (0.870–0.940) 0.910 (0.870–0.940)" in text
    assert "Published student 0.804 0.773" in text
    assert "0.040 (−0.010 to 0.090)" in text


def test_published_areas_stand_below_ours(tmp_path):
    text = plain(write_knee_results(results(diagnosis=DIAGNOSIS), tmp_path))
    for area in ("0.658 (0.574–0.742)", "0.767 (0.681–0.853)", "0.778", "0.883"):
        assert area in text
    assert "Logistic, distilled 0.810 (0.770–0.840) 0.930" in text


FOUND = {
    "regression": {
        "rows": [
            {"name": name, "parameter": parameter, "icc": icc(value)}
            for name, value in (("teacher", 0.95), ("features", 0.91))
            for parameter in ("app.BV/TV", "srrd.Tb.N")
        ],
        "difference": [
            {"name": "features minus none", "parameter": "app.BV/TV", "learned_from": 64}
            | {"difference": icc(0.02), "p": 0.2}
        ],
        "curve": [
            {"name": kind, "parameter": parameter, "patients": many, "icc": {"value": 0.61}}
            for kind in ("none", "features")
            for parameter in ("app.BV/TV", "srrd.Tb.N")
            for many in (20, 40)
        ],
        "scatter": {
            name: {"x": [0.1, 0.2], "y": [0.1, 0.3]} for name in ("app.BV/TV", "srrd.Tb.N")
        },
    },
    "diagnosis": {
        "rows": [{"name": "none, logistic", "auc": icc(0.75), "of_ceiling": {"value": 0.9}}],
        "curves": [
            {"name": "none, logistic", "false_positive": [0, 1], "true_positive": [0, 1]},
        ],
    },
}


def test_models_are_called_by_their_names_and_recipes_stand_apart(tmp_path):
    text = plain(write_knee_results(results(**FOUND), tmp_path))
    assert "Student, features distilled 0.910 (0.870–0.940) Published student 0.804" in text
    assert "The same, by the published recipe What srrd.Tb.N Teacher on MR" in text
    assert "Published student 0.622" in text
    assert "Student, features distilled minus student, not distilled 64 0.020" in text
    assert "Student, not distilled 20 0.610 0.610 Student, not distilled 40 0.610 0.610" in text
    assert "Student, not distilled, logistic 0.750 (0.710–0.780) 0.900" in text


def test_figures_are_those_of_the_standard_definitions(tmp_path):
    page = write_knee_results(results(**FOUND), tmp_path).read_text(encoding="utf-8")
    assert re.findall(r'id="figure-([a-z0-9-]+)"', page) == ["scatter-1", "learning-1", "roc"]


def test_figures_are_drawn_for_what_is_there(tmp_path):
    both = results(regression=REGRESSION, diagnosis=DIAGNOSIS)
    page = write_knee_results(both, tmp_path).read_text(encoding="utf-8")
    assert re.findall(r'id="figure-([a-z0-9-]+)"', page) == ["scatter-1", "learning-1", "roc"]


def test_every_section_shows_its_rows(tmp_path):
    some = {"value": 12.5, "low": 11.0, "high": 14.0}
    made = results(
        synthesis={"rows": [{"name": "CycleGAN", "mae_body": some}]},
        registration={
            "rows": [{"name": "per bone", "bone": "femur", "median_mm": some, "success": 0.98}],
            "real": [{"pair": "028", "before_mm": 4.0, "after_mm": 1.0}],
        },
        real_structure={"rows": [{"parameter": "BV/TV", "icc": some}]},
        generalisation={"rows": [{"name": "student", "loss": some}]},
        cost={"rows": [{"name": "train", "minutes": 21.5, "peak_gib": 3.2}]},
    )
    text = plain(write_knee_results(made, tmp_path))
    assert text.count("12.5 (11.0–14.0)") == 2
    assert text.count("12.500 (11.000–14.000)") == 2
    assert "028 4.00 1.00" in text
    assert "Train 21.5 3.20" in text


def test_a_value_that_is_missing_is_a_dash_and_no_fault(tmp_path):
    made = results(
        regression={"rows": [{"name": "A", "parameter": "app.BV/TV", "icc": None}, {"name": "B"}]},
        synthesis={"rows": []},
        diagnosis={"rows": [{"name": "C", "auc": {"value": 0.7}}], "curves": []},
    )
    assert "C 0.700" in plain(write_knee_results(made, tmp_path))


def test_what_it_is_given_is_text_and_never_code(tmp_path):
    made = results(summary="<script>1</script>", synthesis={"text": "<b>x</b>"})
    page = write_knee_results(made, tmp_path).read_text(encoding="utf-8")
    assert "<script" not in page
    assert "&lt;b&gt;x&lt;/b&gt;" in page


def test_results_of_another_version_are_refused(tmp_path):
    with pytest.raises(BadSetting, match="osteon-srrd-1"):
        write_knee_results({"schema": "osteon-srrd-9"}, tmp_path)
    assert not list(tmp_path.iterdir())
