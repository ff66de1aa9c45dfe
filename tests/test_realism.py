"""Realism: the committed comparison holds what the docs say, and one small part holds live."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
STATISTICS = ("trabecular core p50", "muscle p50", "noise in muscle")


@pytest.fixture(scope="module")
def told():
    return json.loads((ROOT / "docs" / "data" / "realism.json").read_text(encoding="utf-8"))


def tool(name):
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        spec = importlib.util.spec_from_file_location(name, ROOT / "tools" / f"{name}.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    finally:
        sys.path.pop(0)
    return module


def test_every_real_number_is_inside_its_range_or_has_a_reason(told):
    rows = [row for rows in told["comparisons"].values() for row in rows]
    assert len(rows) > 100
    for row in rows:
        for image, value in row["real"].items():
            assert row["inside"][image] == (row["low"] <= value <= row["high"]) or (
                value == pytest.approx(row["low"], rel=1e-3)
                or value == pytest.approx(row["high"], rel=1e-3)
            ), row
        assert all(row["inside"].values()) or len(row["gap"]) > 20


def test_the_page_shows_the_committed_numbers(told):
    page = (ROOT / "docs" / "concepts" / "realism.md").read_text(encoding="utf-8")
    assert tool("realism_page").table(told["comparisons"]).rstrip() in page


def test_pictures_are_small():
    for name in ("spine_ct", "knee_ct", "knee_mr"):
        assert 0 < (ROOT / "docs" / "images" / f"realism_{name}.png").stat().st_size < 400_000


def test_noise_is_found_under_a_smooth_trend():
    measure = tool("realism_measure")
    rng = np.random.default_rng(1)
    trend = np.linspace(0, 200, 80)[:, None, None]
    image = rng.normal(0, 12, (80, 80, 6)) + trend
    found = measure.noise_sd(image, np.ones(image.shape, bool), (0.7, 0.7, 2.5))
    assert found == pytest.approx(12, rel=0.15)  # low percentiles of the SD of 49 values


def test_the_width_of_a_known_edge_is_found():
    measure = tool("realism_measure")
    from scipy.special import erf

    i, j = np.meshgrid(*(0.8 * (np.arange(120) - 60),) * 2, indexing="ij")
    depth = 38 - np.hypot(i, j)
    image = np.repeat((500 * (1 + erf(depth / 0.8 / np.sqrt(2))) - 1000)[..., None], 9, axis=2)
    body = np.repeat((depth > 0)[..., None], 9, axis=2)
    found = measure.skin_width(image, body, (0.8, 0.8, 3.0), 600)
    blur = np.hypot(0.8, 0.8 / np.sqrt(6))  # Gaussian, and straight lines between the pixels
    assert found == pytest.approx(2.563 * blur, rel=0.05)  # 10–90 % of it


@pytest.mark.shared
def test_real_values_are_measured_again(told, shared_data):
    regions, realism = tool("realism_regions"), tool("realism")
    realism.REAL = shared_data
    image, spacing = realism.loaded("paired_ct_mr/STS_042_ct.nii.gz")
    tumour, _ = realism.loaded("paired_ct_mr/STS_042_ct_gtv.nii.gz")
    found = regions.knee_ct(regions.Scan(image.astype(float), spacing, exclude=tumour > 0))
    rows = {row["statistic"]: row["real"] for row in told["comparisons"]["knee ct"]}
    for name in STATISTICS:
        assert found[name] == pytest.approx(rows[name]["STS_042"], rel=1e-3), name
