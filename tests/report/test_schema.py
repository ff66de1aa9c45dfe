"""The schema of results.json takes what the pipeline makes and refuses what it must not make."""

import copy
import json
from pathlib import Path

import jsonschema
import pytest

from .example import tiny_scan

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs" / "results.schema.json").read_text(encoding="utf-8")
)
RESULTS = json.loads(json.dumps(tiny_scan()[0]))


def faults(results):
    return list(jsonschema.Draft202012Validator(SCHEMA).iter_errors(results))


def test_the_schema_is_a_schema_and_takes_the_example():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert faults(RESULTS) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("schema",), "osteon-results-2"),
        (("surprise",), 1),
        (("scan", "spacing_mm"), [0.7, 0.7]),
        (("scan", "spacing_mm"), [0.7, 0.7, 0.0]),
        (("scan", "orientation"), "XYZ"),
        (("levels", 0, "centre_mm"), None),
        (("levels", 3, "reason"), None),
        (("levels", 0, "axes", "left"), [2.0, 0.0, 0.0]),
        (("measurements", 0, "unit"), "HU"),
        (("measurements", 0, "region"), "femur"),
        (("measurements", 0, "value"), None),  # without a flag that says why
        (("measurements", 0, "uncertainty"), -1.0),
        (("calibrations", 0, "reason"), None),
        (("calibrations", 1, "equivalent"), None),
        (("thresholds", 0, "doi"), "10.7326/x"),
        (("thresholds", 0, "transfer"), ""),
        (("manifest", "input_sha256", "scan"), "abc"),
        (("identifiers",), {"PatientName": 3}),
    ],
    ids=lambda part: ".".join(map(str, part)) if isinstance(part, tuple) else None,
)
def test_a_fault_in_the_results_is_found(path, value):
    results = copy.deepcopy(RESULTS)
    place = results
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    assert faults(results)


def test_every_part_of_the_results_is_required():
    for key in RESULTS:
        assert faults({name: part for name, part in RESULTS.items() if name != key}), key
