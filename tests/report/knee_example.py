"""A prediction of a knee as plain data and pictures, small enough for tests."""

import numpy as np

from knee_blocks import GREYS, ct, regions
from knee_models import PARAMETERS
from osteon.core import Labels, Volume
from osteon.report import KneePictures

NAMES = tuple(one.name for one in PARAMETERS)


SCAN = {
    **dict.fromkeys(("manufacturer", "model", "contrast", "slice_thickness_mm")),
    "format": "NIfTI",
    "modality": "CT",
    "shape": [72, 48, 64],
    "spacing_mm": [1.0, 1.0, 1.0],
    "orientation": "LPS",
    "unit": "[hnsf'U]",
    "kvp": 120.0,
    "kernel": "bone",
    "flags": [],
}
MODEL = {
    "name": "tiny",
    "sha256": "0" * 64,
    "training": {"cohort": "knee80", "sha256": "0" * 64, "patients": 80},
    "seen": {"scanners": ["knee-a"], "kernels": ["bone"]},
    "intended_use": "For methods.",
    "parameters": [vars(one) for one in PARAMETERS],
    "metrics": [
        {"name": "ICC(2,1) app.BV/TV", "value": 0.912, "low": 0.851, "high": 0.953},
        {"name": "AUC", "value": 0.8, "low": None, "high": None},
    ],
    "distance": 2.5,
    "distance_limit": 4.0,
}


def pictures():
    """Blocks of bone with a map a parameter."""
    scan = ct()
    grid = scan.volume.grid
    labels, maps = np.zeros(grid.shape, np.uint8), {}
    for number, mask in enumerate(regions().values(), start=1):
        labels[mask.values] = number
    for place, one in enumerate(PARAMETERS):
        values = np.where(labels > 0, 0.1 * labels + 0.05 * place, 0).astype(np.float32)
        maps[one.name] = Volume(values, grid, one.unit)
    names = dict(enumerate(GREYS, start=1))
    return KneePictures(scan.volume, Labels(labels, grid, names), maps)


def parameter(place, value, flags=()):
    one = PARAMETERS[place]
    return {
        "name": one.name,
        "value": value,
        "uncertainty": None if value is None else 0.02,
        "unit": one.unit,
        "flags": [{"code": code, "text": text} for code, text in flags],
    }


def results(**changes):
    """Everything that the page reads; the lateral tibia was not in view."""
    beyond = [("outside-training", "Outside the training, which had 0.05 to 0.95.")]
    gone = [("region-missing", "The lateral tibia could not be measured.")]
    rows = []
    for number, region in enumerate(GREYS, start=1):
        there = region != "lateral tibia"
        cells = [
            parameter(n, 0.3 + 0.1 * n if there else None, () if there else gone) for n in range(4)
        ]
        rows.append({"region": region, "label": number, "voxels": 8064, "patches": 6 * there})
        rows[-1]["parameters"] = cells
    rows[0]["parameters"][0] = parameter(0, 0.97, beyond)
    data = {
        "schema": "osteon-knee-1",
        "osteon": "0.1.0",
        "created": "2026-11-22T01:00:00Z",
        "subject": "k1",
        "notice": "Research only: weights trained on virtual cohorts. No diagnosis.",
        "side": "left",
        "scan": SCAN,
        "model": MODEL,
        "compartments": rows,
        "osteoarthritis": {
            "probability": 0.634,
            "low": 0.41,
            "high": 0.822,
            "drivers": {
                "medial femur": 0.12,
                "lateral femur": -0.041,
                "medial tibia": 0.2,
                "lateral tibia": 0.0,
            },
        },
        "flags": [{"code": "unlike-training", "text": "The scan is unlike the training cohort."}],
        "methods": [
            {"key": "knee-student", "does": "Reads.", "doi": "doi:10.48550/arXiv.2307.04390"}
            | {"citation": "Hu Y et al. 2023."}
        ],
        "settings": {"side": "left"},
        "manifest": {"seed": None},
    }
    return {**data, **changes}
