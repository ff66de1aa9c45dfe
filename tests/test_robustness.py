"""The study of stable texture features: its images, its agreement, and what it ships."""

import csv
import importlib
import json
import sys
from pathlib import Path

import numpy as np
import pytest

from osteon.core import Grid, Mask
from osteon.evaluate.agreement import clustered_agreement, icc
from osteon.features.texture.stability import COLUMNS, stable_tags
from osteon.pipelines.knee.specimens.specimens import Specimen
from osteon.simulate.ct.acquire import image_grid

ROOT = Path(__file__).parents[1]
TOOLS = ("robustness_images", "robustness_page", "texture_robustness")


@pytest.fixture(scope="module")
def tools():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return {name: importlib.import_module(name) for name in TOOLS}
    finally:
        sys.path.remove(str(ROOT / "tools"))


@pytest.fixture(scope="module")
def images(tools):
    return tools["robustness_images"]


@pytest.fixture
def numbers(tools):
    return json.loads(tools["robustness_page"].NUMBERS.read_text(encoding="utf-8"))


@pytest.fixture
def bone():
    """A specimen of 40 voxels of 0.25 mm."""
    rng = np.random.default_rng(2)
    grid = Grid((40, 40, 40), np.full(3, -4.875), np.eye(3), np.full(3, 0.25))
    return Mask(rng.random(grid.shape) < 0.2, grid)


def cube(side, many, low):
    return Grid((many,) * 3, np.full(3, low + 0.5 * side), np.eye(3), np.full(3, side))


def test_the_region_is_the_same_cubic_centimetre_on_every_grid(images):
    for name, one in images.PROTOCOLS.items():
        grid = image_grid(images.scanner_of(name), images.view_of(one))
        region = images.region_of(grid)
        assert region.voxels * np.prod(grid.spacing) == pytest.approx(1000.0), name
        centre = grid.to_world(np.argwhere(region.values)).mean(axis=0)
        assert centre == pytest.approx(np.zeros(3), abs=1e-9), name
        beyond = grid.to_world(np.zeros((1, 3))) - 0.5 * grid.spacing
        assert (beyond <= -images.REGION_MM).all(), name


def test_shares_of_bone_are_those_of_the_voxels_that_lie_in_a_larger_one(images, bone):
    found = images.bone_shares(bone, cube(1.0, 10, -5.0))
    blocks = bone.values.reshape(10, 4, 10, 4, 10, 4).mean(axis=(1, 3, 5))
    assert found == pytest.approx(blocks, abs=1e-6)


def test_no_bone_is_lost_where_voxels_do_not_line_up(images, bone):
    for side, many in ((0.4, 25), (10 / 7, 7), (0.15625, 64)):
        found = images.bone_shares(bone, cube(side, many, -5.0))
        assert found.mean() == pytest.approx(bone.values.mean(), abs=1e-6)


def test_beyond_its_faces_a_specimen_is_seen_in_a_mirror(images, bone):
    found = images.bone_shares(bone, cube(0.5, 60, -15.0))
    inner = found[20:40, 20:40, 20:40]
    assert found[40:, 20:40, 20:40] == pytest.approx(inner[::-1], abs=1e-6)
    assert found[20:40, :20, 20:40] == pytest.approx(inner[:, ::-1], abs=1e-6)


def test_every_scan_shows_the_same_amount_of_bone(images, bone, tmp_path):
    specimen = Specimen("one", "one", bone)
    found = images.images_of(specimen, tmp_path)
    means = [float(one.values[images.region_of(one.grid).values].mean()) for one in found.values()]
    assert len(means) == len(images.PROTOCOLS)
    assert np.ptp(means) < 3.0  # HU; noise of a mean is below 1
    share = bone.values.mean()
    assert means[0] == pytest.approx(1662 * share - 27 * (1 - share), rel=0.08)  # hardening
    (kept,) = tmp_path.iterdir()
    written = kept.stat().st_mtime_ns
    again = images.images_of(specimen, tmp_path)
    assert kept.stat().st_mtime_ns == written
    assert all((again[name].values == found[name].values).all() for name in found)
    assert (found["usual"].values != found["again"].values).any()


def test_a_feature_needs_a_value_in_every_scan_and_a_difference_to_be_judged(tools, images):
    differs = tools["texture_robustness"].differs
    scans = {name: {"stat_mean": 1.0, "stat_max": 3.0} for name in images.PROTOCOLS}
    other = {name: {"stat_mean": 2.0, "stat_max": 3.0} for name in images.PROTOCOLS}
    assert differs("stat_mean", [scans, other])
    assert not differs("stat_max", [scans, other])
    del other["slice 2.5"]["stat_mean"]
    assert not differs("stat_mean", [scans, other])


def test_half_the_spread_is_a_quarter_of_the_variance(tools):
    page = tools["robustness_page"]
    noise = 1 / page.HALF_SPREAD - 1  # of specimens whose variance is 1
    assert 0.5**2 / (0.5**2 + noise) == pytest.approx(page.LEAST)


def test_agreement_leaves_out_donors_not_specimens(tools):
    """Of two scans it is that of `clustered_agreement`, a program of its own."""
    rng = np.random.default_rng(3)
    donors = np.repeat([f"{n}" for n in range(8)], 3)
    level = rng.normal(0, 1, 8).repeat(3) + rng.normal(0, 1, 24)
    x, y = (level + rng.normal(0, 0.5, 24) for _ in range(2))
    found = [{"a": {"t": a}, "b": {"t": b}} for a, b in zip(x, y, strict=True)]
    ours = tools["texture_robustness"].agreement(["t"], found, ["a", "b"], list(donors))["t"]
    theirs = clustered_agreement(x, y, donors, rng=rng)["ICC(2,1)"]
    assert ours == pytest.approx([theirs.value, theirs.low, theirs.high], abs=6e-4)


def test_agreement_of_four_scans_is_the_icc_of_their_table(tools):
    rng = np.random.default_rng(4)
    table = rng.normal(5, 1, (12, 1)) + rng.normal(0, 0.4, (12, 4)) + np.arange(4) * 0.2
    names = ["a", "b", "c", "d"]
    found = [{name: {"t": one} for name, one in zip(names, row, strict=True)} for row in table]
    own = [f"{n}" for n in range(12)]
    ours = tools["texture_robustness"].agreement(["t"], found, names, own)["t"]
    theirs = icc(table, raters="fixed")["ICC(2,1)"]
    assert ours == pytest.approx([theirs.value, theirs.low, theirs.high], abs=6e-4)


def test_a_change_of_unit_is_no_change_of_place(tools):
    values = np.random.default_rng(5).normal(5, 1, 10)
    found = [{"a": {"t": one}, "b": {"t": 4 * one + 3}} for one in values]
    measure = tools["texture_robustness"].agreement
    donors = [f"{n}" for n in range(10)]
    assert measure(["t"], found, ["a", "b"], donors)["t"][0] < 0.3
    assert measure(["t"], found, ["a", "b"], donors, standardised=True)["t"][0] == 1.0


def test_the_page_tells_the_numbers_of_the_study(tools, numbers):
    page = tools["robustness_page"]
    text = page.PAGE.read_text(encoding="utf-8")
    told = text.split(page.BEGIN)[1].split(page.END)[0]
    assert told.strip() == page.made(numbers).strip()


def test_what_the_page_takes_from_its_tables_is_in_them(numbers):
    voxels, scanned = (numbers["summary"][kind] for kind in ("resampled", "scanned"))
    for families in (voxels["families"], scanned["families"]):
        for name, one in families.items():
            assert one["slice_thickness"] <= one["noise"], name
    slices, space = ("2D_avg", "2D_comb", "2D"), ("3D_avg", "3D_comb", "3D")
    for within, across in zip(slices, space, strict=True):
        alike, unlike = voxels["aggregations"], scanned["aggregations"]
        assert alike[within]["stable"] >= 2 * unlike[within]["stable"]
        assert alike[within]["stable"] > alike[across]["stable"]
    for across in space[:2]:
        assert alike[across]["stable"] <= unlike[across]["stable"]
    for name in ("glszm", "gldzm"):
        assert voxels["families"][name]["stable"] < voxels["families"][name]["features"] / 2
    assert voxels["stable and like the mean"] > 20


@pytest.mark.parametrize("kind", ["resampled", "scanned"])
def test_the_shipped_table_is_that_of_the_study(tools, numbers, kind):
    page = tools["robustness_page"]
    with page.TABLE.open(encoding="utf-8", newline="") as lines:
        rows = [row for row in csv.DictReader(lines) if row["voxels"] == kind]
    tags = [row["tag"] for row in rows]
    assert len(tags) == len(set(tags))
    assert not set(tags) & set(numbers["without a row"][kind])
    iccs = [
        {"tag": row["tag"]}
        | {name: [float(row[f"{name}_icc"])] if row[f"{name}_icc"] else None for name in COLUMNS}
        for row in rows
    ]
    solid = page.solid(iccs)
    summary = numbers["summary"][kind]
    families = dict(page.grouped(solid, lambda row: page.family_of(row["tag"])))
    assert families == summary["families"]
    kept = stable_tags(page.LEAST, resampled=kind == "resampled")
    assert [row["tag"] for row in solid if row["tag"] in kept] == summary["stable"]


def test_the_table_of_the_page_has_no_feature_twice(tools):
    page = tools["robustness_page"]
    tags = [f"cm_contrast_{one}" for one in ("2D_avg", "2_5D_comb", "3D_avg", "3D_comb")]
    rows = [{"tag": tag} for tag in [*tags, "szm_sze_2_5D", "szm_sze_3D", "stat_mean"]]
    kept = [row["tag"] for row in page.solid(rows)]
    assert kept == ["cm_contrast_3D_comb", "szm_sze_3D", "stat_mean"]
