"""The study of stiffness of real cubes: what it fits, what it leaves out, and how it shows them."""

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
TOOLS = ("stiffness_images", "stiffness_models", "stiffness_networks", "spine_stiffness")


@pytest.fixture(scope="module")
def tools():
    sys.path.insert(0, str(ROOT / "tools"))
    try:
        return {name: importlib.import_module(name) for name in TOOLS}
    finally:
        sys.path.remove(str(ROOT / "tools"))


def rows(tools, *, scanners=2):
    """Six vertebrae of three cubes; stiffness follows the first of four numbers."""
    rng = np.random.default_rng(1)
    table = rng.normal(0, 1, (18, 4))
    stiffness = 9 + 3 * table[:, 0] + rng.normal(0, 0.3, 18)
    group = np.repeat([f"v{n}" for n in range(6)], 3)
    trained = np.repeat([True, False], [18, 18 * (scanners - 1)])
    return tools["stiffness_models"].Rows(
        np.tile(table, (scanners, 1)),
        np.tile(stiffness, scanners),
        np.tile(group, scanners),
        np.tile(group, scanners),
        trained,
    )


def test_what_is_said_of_a_vertebra_knows_nothing_of_its_stiffness(tools):
    left_out = tools["stiffness_models"].left_out
    asked = rows(tools)
    own = asked.group == "v2"
    told = asked._replace(stiffness=np.where(own, 99.0, asked.stiffness))
    assert left_out(told)[0][own] == pytest.approx(left_out(asked)[0][own], abs=1e-12)
    assert np.ptp(left_out(told)[0][~own] - left_out(asked)[0][~own]) > 0.1


def test_a_scanner_never_seen_is_never_fitted_on(tools):
    left_out = tools["stiffness_models"].left_out
    asked = rows(tools)
    told = asked._replace(stiffness=np.where(asked.trained, asked.stiffness, 99.0))
    assert left_out(told)[0] == pytest.approx(left_out(asked)[0], abs=1e-12)


def test_the_ridge_finds_what_stiffness_follows_and_shrinks_where_nothing_does(tools):
    left_out = tools["stiffness_models"].left_out
    asked = rows(tools)
    said, strengths = left_out(asked)
    assert np.corrcoef(said, asked.stiffness)[0, 1] > 0.98
    assert max(strengths) < 0.1
    noise = asked._replace(stiffness=np.random.default_rng(3).normal(9, 3, 18).repeat(2))
    assert min(left_out(noise)[1]) > max(strengths)


def test_marrow_is_of_the_vertebra_and_not_of_the_scan(tools):
    images = tools["stiffness_images"]
    drawn = [images.fat_of("04216", draw) for draw in range(1 + images.DRAWS)]
    assert drawn[0] == images.fat_of("68384", 0) == images.ALIKE
    assert len(set(drawn)) == len(drawn)
    assert images.fat_of("04216", 1) != images.fat_of("68384", 1)
    assert all(images.FAT[0] <= fat <= images.FAT[1] for fat in drawn)


def test_grey_values_are_read_inside_the_cube_alone_and_at_120_kvp(tools):
    images, models = tools["stiffness_images"], tools["stiffness_models"]
    own = images.own_voxels()
    centres = own.grid.to_world(np.argwhere(own.values))
    assert np.abs(centres).max() < 5.0
    assert np.abs(own.grid.to_world(np.argwhere(~own.values))).max(axis=1).min() > 5.0
    hu = np.where(own.values, 200, 3000).astype(np.int16)[None]
    scan = images.Windows("spine-b", 1, hu, 0.9)
    assert models.mean_hu(scan) == pytest.approx(180.0)
    assert models.histogram(scan)[0] == pytest.approx([180.0, 180.0**2, 0.0])


def test_embeddings_do_not_know_which_way_round_a_cube_lies(tools):
    images, networks = tools["stiffness_images"], tools["stiffness_networks"]
    size = networks.EncoderSettings(stem=4, width=6, blocks=1)
    hu = np.random.default_rng(0).integers(0, 600, (2, 24, 24, 24)).astype(np.int16)
    describe = networks.untrained(size, seed=1)
    first = describe(images.Windows("spine-a", 0, hu, 1.0))
    turned = describe(images.Windows("spine-a", 0, hu[:, ::-1, :, ::-1], 1.0))
    assert len(first) == 2
    assert np.ptp(first[:, first.std(axis=0) > 0], axis=0).max() > 1e-3
    assert turned == pytest.approx(first, abs=1e-5)
    assert describe(images.Windows("spine-a", 0, hu, 0.9)) != pytest.approx(first, abs=1e-3)


def test_a_network_from_scratch_learns_from_scans_and_says_scan_by_scan(tools, monkeypatch):
    images, networks = tools["stiffness_images"], tools["stiffness_networks"]
    monkeypatch.setattr(networks, "EPOCHS", 15)
    rng = np.random.default_rng(0)
    density = np.linspace(50, 500, 16)
    hu = (density[:, None, None, None] + rng.normal(0, 20, (16, 12, 12, 12))).astype(np.int16)
    size = networks.EncoderSettings(stem=4, width=6, blocks=1)
    known = [images.Windows("spine-a", 1, hu, 1.0), images.Windows("spine-c", 1, hu + 3, 1.0)]
    asked = [images.Windows(name, 1, hu[::5], 1.0) for name in ("spine-a", "spine-d")]
    said = networks.scratch(known, density / 30, asked, size, seed=1)
    assert said[:4] == pytest.approx(said[4:])
    assert np.corrcoef(said[:4], density[::5])[0, 1] > 0.9
    assert said.mean() == pytest.approx(density[::5].mean() / 30, rel=0.5)


def test_every_seed_counts_and_tests_are_corrected_for_each_other(tools):
    study = tools["spine_stiffness"]
    rng = np.random.default_rng(2)
    vertebra = np.repeat([f"v{n}" for n in range(11)], 3)
    truth = rng.normal(9, 5, 33)
    said = {
        study.OURS: [truth + rng.normal(0, 1, 33) for _ in range(2)],
        study.MEAN: [truth + rng.normal(0, 4, 33)],
        study.GREY: [truth + rng.normal(0, 1, 33)],
        study.SHARE: [truth],
    }
    found = study.compared(said, truth, vertebra)
    assert len(found["figures"][study.OURS]["r by seed"]) == 2
    assert found["figures"][study.SHARE]["RMSE"]["value"] == 0
    both = np.concatenate(said[study.OURS]) - np.tile(truth, 2)
    rmse = float(np.sqrt(np.mean(both**2)))
    assert found["figures"][study.OURS]["RMSE"]["value"] == pytest.approx(rmse, abs=1e-4)
    against = found[f"RMSE of {study.OURS} less that of"]
    assert set(against) == {study.MEAN, study.GREY}
    assert against[study.MEAN]["value"] < 0 < against[study.MEAN]["p, Holm"] < 0.01
    assert against[study.MEAN]["p, Holm"] == pytest.approx(2 * against[study.MEAN]["p"], abs=2e-5)
