"""A made-up texture of a made-up region, and results as the pipeline makes them."""

import numpy as np

from osteon.core import Grid, Mask, Volume
from osteon.report import TexturePictures

SHAPE = (24, 20, 16)


def grid_of(shape, spacing=(0.5, 0.5, 1.0)):
    return Grid(shape, np.zeros(3), np.eye(3), np.array(spacing))


def pictures_of(*, maps=True, response=False):
    rng = np.random.default_rng(4)
    grid = grid_of(SHAPE)
    values = rng.normal(100, 30, SHAPE).astype(np.float32)
    inside = np.zeros(SHAPE, np.bool_)
    inside[4:20, 4:16, 4:12] = True
    held = {}
    if maps:
        held["stat_skew"] = Volume(
            rng.normal(0, 1, (8, 6, 8)).astype(np.float32), grid_of((8, 6, 8), (1.0, 1.0, 1.0)), "1"
        )
    answer = Volume(values - 100, grid, "[hnsf'U]") if response else None
    return TexturePictures(Volume(values, grid, "[hnsf'U]"), Mask(inside, grid), held, answer)


def feature(tag, name, value, **more):
    plain = {
        "tag": tag,
        "name": name,
        "code": "ABCD",
        "family": "statistics",
        "aggregation": "",
        "aggregation_code": "",
        "value": value,
        "unit": "1",
        "method": "ibsi-statistics",
        "stability": None,
        "flags": [],
    }
    return {**plain, **more}


def matrices(tag, name, averaged, merged, **more):
    rows = (("3D, averaged", "avg", averaged), ("3D, merged", "comb", merged))
    return [
        feature(f"{tag}_3D_{end}", name, value, family="glcm", aggregation=aggregation, **more)
        for aggregation, end, value in rows
    ]


NOT_HERE = [{"code": "not-available", "text": "Not available: divided by 0."}]

ICC = {"voxel_size": 0.9, "slice_thickness": 0.8, "noise": 0.95, "least": 0.8}

SCAN = {
    "format": "NIfTI",
    "modality": None,
    "shape": list(SHAPE),
    "spacing_mm": [0.5, 0.5, 1.0],
    "orientation": "LPS",
    "unit": "[hnsf'U]",
    "kvp": None,
    "kernel": None,
    "slice_thickness_mm": None,
    "manufacturer": None,
    "model": None,
    "contrast": None,
    "flags": [],
}

REGION = {
    "drawn_voxels": 1536,
    "voxels": 1400,
    "volume_mm3": 384.0,
    "spacing_mm": [0.5, 0.5, 1.0],
    "unit": "[hnsf'U]",
    "lowest": -20.0,
    "mean": 100.0,
    "highest": 250.0,
}

PROCESSING = {
    "interpolation": None,
    "resegmentation": {"low": -300.0, "high": None, "outliers": 3.0},
    "discretisation": {"method": "bin-size", "bins": None, "size": 25.0, "lowest": None},
    "volume_histogram": {"method": "none", "bins": None, "size": None, "lowest": None},
    "dimensions": ["3D"],
    "slice_axis": 2,
    "filter": {"kind": "Mean", "support": 3},
    "families": ["statistics", "glcm", "minkowski"],
    "windows": {"size": 3.0, "step": None, "maps": ["stat_skew"], "pool": True},
    "stable": None,
    "threshold": None,
}

FEATURES = [
    feature("stat_mean", "Mean", 123.456, unit="[hnsf'U]", stability=ICC),
    feature("stat_var", "Variance", 900.0, unit="[hnsf'U]2"),
    *matrices("cm_contrast", "Contrast", 5.25, 6.75, stability=ICC),
    *matrices("cm_corr", "Correlation", None, None, flags=NOT_HERE),
    *(
        feature(
            f"minkowski_3d_surface_{step}",
            f"Surface ÷ volume of the region {step}",
            step / 10,
            family="minkowski",
            code="",
            unit="/mm",
        )
        for step in range(1, 4)
    ),
]


def results_of(subject="sub-1"):
    return {
        "schema": "osteon-texture-1",
        "osteon": "0.1.0",
        "created": "2026-11-22T07:00:00Z",
        "subject": subject,
        "notice": "Research use.",
        "scan": SCAN,
        "region": REGION,
        "processing": PROCESSING,
        "features": FEATURES,
        "left_out": 7,
        "maps": {
            "stat_skew": {
                "name": "Skewness",
                "unit": "1",
                "shape": [8, 6, 8],
                "spacing_mm": [1.0, 1.0, 1.0],
            }
        },
        "pool": {"windows": 40, "features": 220, "missing": 3, "window_mm": [3.0, 3.0, 3.0]},
        "flags": [{"code": "uneven-voxels", "text": "Voxels are uneven."}],
        "methods": [
            {"key": "ibsi-glcm", "does": "Pairs.", "doi": "doi:10.1148/x", "citation": "Z 2020."}
        ],
        "settings": "slice_axis = 2\n",
        "manifest": {"osteon": "0.1.0", "seconds": 1.0},
        "identifiers": {},
    }
