"""Mending: a block is as its whole tiles are, whichever parts of them it shows."""

import numpy as np
import pytest

from osteon.simulate.bone import block
from osteon.simulate.bone.cells import STEPS, level_of
from osteon.simulate.bone.mending import RIM, crisp, depth_in, depth_of, direction_in
from osteon.simulate.bone.specimens import specimen_tile


def test_marrow_between_walls_is_as_deep_as_it_is_wide():
    walls = np.zeros((6 * RIM, 6 * RIM, 6 * RIM), np.bool_)
    walls[:, :, ::5] = True  # between them distances of 1, 2, 2, 1
    assert depth_in(walls) == pytest.approx(1.5, rel=0.03)


def test_rods_run_the_way_they_were_laid():
    way = np.array([1.0, 0.4, 0.7]) / np.linalg.norm([1.0, 0.4, 0.7])
    across = np.linalg.svd(way[None])[2][1:]
    places = np.stack(np.meshgrid(*[np.arange(80.0)] * 3, indexing="ij"), -1) @ across.T
    found = direction_in((np.cos(places * 2 * np.pi / 11) > 0.2).all(axis=-1))
    assert found is not None
    assert abs(found @ way) > np.cos(np.radians(1))


def test_what_is_alike_in_all_directions_has_no_main_one():
    grains = np.random.default_rng(0).random((60, 60, 60)) < 0.3
    assert direction_in(grains) is None
    assert direction_in(np.zeros((60, 60, 60), np.bool_)) is None


def test_a_tile_looks_as_wide_from_a_distance_whatever_its_voxels_measure():
    tile = specimen_tile("L1-68384")
    large = type(tile)(tile.name, tile.values, 2 * tile.spacing)
    assert depth_of(large, 0.2) == depth_of(tile, 0.2)
    assert depth_of(tile, 0.1) > 1.15 * depth_of(tile, 0.2)


def test_trabeculae_last_between_the_voxels_of_a_crisp_tile():
    tile = specimen_tile("L1-04216")
    cut = level_of(0.08) * STEPS
    sharp = crisp(tile)
    assert (sharp.values > cut).mean() == pytest.approx(0.08, abs=0.0005)

    def wider(values):
        """Depth of marrow between voxels ÷ that on them."""
        shown = values.astype(np.float32)
        for axis in range(3):
            shown = 0.79 * shown + 0.21 * np.roll(shown, 1, axis)
        bone = shown > np.quantile(shown, 0.92)
        return depth_in(bone) / depth_in(tile.values > cut)

    assert wider(sharp.values) == pytest.approx(1.0, abs=0.01)
    assert wider(tile.values) > 1.015


def test_a_block_of_few_trabeculae_is_left_as_it_fell():
    asked = block.BlockSettings((2, 2, 2), 0.1, ("L1-68384",), bvtv=0.2, tb_sp=0.8)
    assert block.grow(asked).truth["mended"] == {
        "Tb.Sp asked for": 0.8,
        "enlarged": 1.0,
        "turned by degrees": 0.0,
    }
