"""Results as plain data."""

import json
from dataclasses import replace
from pathlib import Path

import jsonschema
import numpy as np
import pytest

from osteon import __version__
from osteon.calibration import Rod
from osteon.core import Labels
from osteon.pipelines import METHODS, manifest, to_dict

from .people import GRID, measured, person

SCHEMA = Path(__file__).parents[2] / "docs" / "results.schema.json"
SUMS = {"scan": "0" * 64, "labels": "f" * 64}
RODS = (Rod(0.0, 5.0), Rod(100.0, 80.0), Rod(200.0, 170.0))


@pytest.fixture(scope="module")
def result():
    """Three levels and a scrap of a fourth, of somebody with a name."""
    scan, labels = person()
    values = labels.values.copy()
    values[22:25, 30:33, 58:60] = 32
    scan = replace(scan, identifiers={"PatientName": "Doe^Jane"})
    return measured(scan, Labels(values, GRID), rods=RODS)


@pytest.fixture(scope="module")
def data(result):
    return to_dict(result, subject="somebody", manifest=manifest({}, SUMS, 1.234))


def test_results_are_json_without_a_nan_and_come_back_the_same(data):
    assert json.loads(json.dumps(data, allow_nan=False)) == data


def test_results_follow_the_schema(data):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    faults = jsonschema.Draft202012Validator(schema).iter_errors(data)
    assert [fault.message for fault in faults] == []


def test_a_name_is_written_only_when_it_is_asked_for(result, data):
    assert "Jane" not in json.dumps(data)
    kept = to_dict(result, subject="s", manifest={}, keep_identifiers=True)
    assert kept["identifiers"] == {"PatientName": "Doe^Jane"}


def test_the_scan_is_described_as_it_is(data):
    scan = data["scan"]
    assert scan["shape"] == [48, 62, 60]
    assert scan["spacing_mm"] == [2.0, 2.0, 2.0]
    assert scan["orientation"] == "LPS"
    assert scan["unit"] == "[hnsf'U]"
    assert (scan["modality"], scan["kvp"]) == ("CT", 120.0)


def test_levels_have_right_handed_axes_and_the_heights_they_were_made_with(data):
    measured_ones = [level for level in data["levels"] if level["measured"]]
    assert [level["level"] for level in measured_ones] == ["L1", "L2", "L3"]
    for level in measured_ones:
        left, anterior, superior = (
            np.array(level["axes"][a]) for a in ("left", "anterior", "superior")
        )
        # left to right-handed with front and head: left × anterior points to the feet
        assert abs(abs(np.dot(np.cross(left, anterior), superior)) - 1.0) < 1e-3
        assert superior[2] > 0.99
        assert left[0] > 0.99
        assert anterior[1] < -0.99
        # to a voxel of 2 mm in the middle, to two where the rim is curved
        assert level["heights_mm"]["middle"] == pytest.approx(26.0, abs=2.0)
        for height in level["heights_mm"].values():
            assert height == pytest.approx(26.0, abs=4.0)


def test_a_level_that_was_not_measured_holds_its_reason_and_no_numbers(data):
    scrap = data["levels"][0]
    assert (scrap["level"], scrap["measured"]) == ("T12", False)
    assert scrap["reason"]
    assert scrap["centre_mm"] is None
    assert scrap["regions"] == {}


def test_voxels_of_a_level_are_those_of_the_table(data):
    for level in data["levels"]:
        for region, held in level["regions"].items():
            told = [
                one["value"]
                for one in data["measurements"]
                if (one["level"], one["region"], one["name"]) == (level["level"], region, "voxels")
            ]
            assert told == [held["voxels"]]


def test_only_methods_that_gave_a_number_are_listed_and_all_of_them(data):
    used = {one["method"] for one in data["measurements"] if one["value"] is not None}
    assert {method["key"] for method in data["methods"]} == used
    assert "phantom-liquid" not in used
    assert used <= METHODS.keys()


def test_every_method_has_a_source_or_says_what_it_does():
    for key, method in METHODS.items():
        assert method.key == key
        assert method.does.endswith(".")
        assert bool(method.citation) or not method.doi


def test_a_flag_is_told_once_where_it_was_raised_twice(data):
    for one in (*data["levels"], *data["measurements"], data["scan"], data["labels"]):
        told = [(flag["code"], flag["text"]) for flag in one["flags"]]
        assert len(told) == len(set(told))


def test_the_manifest_says_what_is_needed_to_repeat_a_run():
    made = manifest({"shell_mm": 4.0}, SUMS, 1.23456)
    assert made["osteon"] == __version__
    assert made["input_sha256"] == SUMS
    assert made["settings"] == {"shell_mm": 4.0}
    assert made["seconds"] == 1.23
    assert made["packages"]["numpy"] == np.__version__
    assert all(made["packages"].values())
