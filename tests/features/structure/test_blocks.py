"""A volume taken in blocks comes out as if taken whole, voxel by voxel and digit by digit."""

import numpy as np
import pytest

from osteon.core import Grid, Mask
from osteon.features.structure.thickness.blocks import slabs
from osteon.features.structure.thickness.distance import squared_distances
from osteon.features.structure.thickness.metric import Metric
from osteon.features.structure.thickness.mid_axes import mid_axes, mid_axis_distance
from osteon.features.structure.thickness.thickness import local_thickness
from osteon.features.structure.thickness.trabecular import trabecular

SPACINGS = [(1.0, 1.0, 1.0), (0.2, 0.1, 0.1), (1.0, 0.7031, 0.7031)]


def mask(values, spacing=(1.0, 1.0, 1.0)):
    grid = Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing, float))
    return Mask(np.ascontiguousarray(values), grid)


def bubbles(shape, seed=0, count=60, largest=9):
    """Balls of all sizes, so that some slabs need far more slices around them than others."""
    rng = np.random.default_rng(seed)
    i, j, k = np.indices(shape)
    found = np.zeros(shape, bool)
    for _ in range(count):
        x, y, z = rng.uniform(0, shape)
        found |= (i - x) ** 2 + (j - y) ** 2 + (k - z) ** 2 < rng.uniform(1, largest) ** 2
    return found


def same(one, other):
    return (
        np.array_equal(one.diameters, other.diameters)
        and np.array_equal(one.counts, other.counts)
        and (one.mean, one.sd, one.max) == (other.mean, other.sd, other.max)
    )


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("block", [9, 59])
@pytest.mark.parametrize("invert", [False, True])
def test_thickness_in_blocks_is_the_thickness(spacing, block, invert):
    phase = mask(bubbles((60, 30, 35)) ^ invert, spacing)
    region = mask(bubbles((60, 30, 35), seed=1), spacing)
    whole = local_thickness(phase, region=region)
    found = local_thickness(phase, region=region, block=block)
    assert np.array_equal(found.map, whole.map)
    assert same(found, whole)


def test_a_void_larger_than_any_block_is_seen_whole():
    """Far from all background but one corner: the slices around must reach through the volume."""
    phase = np.ones((90, 6, 6), bool)
    phase[0, 0, 0] = False
    found = local_thickness(mask(phase), block=20)
    assert np.array_equal(found.map, local_thickness(mask(phase)).map)
    assert found.max == pytest.approx(2 * np.sqrt(89**2 + 5**2 + 5**2))


@pytest.mark.parametrize("block", [1, 3, 11, 40])
@pytest.mark.parametrize("share", [0.8, 0.9, 0.97, 0.999])
def test_distances_of_a_slab_are_true_wherever_a_sphere_reaches_its_core(monkeypatch, share, block):
    monkeypatch.setattr("osteon.features.structure.thickness.blocks.FIRST_HALO", 1)
    phase = np.random.default_rng(6).random((80, 6, 6)) < share
    metric = Metric.of(mask(phase).grid)
    true = squared_distances(phase, metric)
    covered = []
    for slab in slabs(phase, metric, block):
        place = np.arange(len(slab.squared)) + slab.start
        apart = np.maximum(np.maximum(slab.core.start - place, place - slab.core.stop + 1), 0)
        here = true[slab.start : slab.start + len(slab.squared)]
        reaches = np.maximum(here, slab.squared) > apart[:, None, None] ** 2
        assert np.array_equal(slab.squared[reaches], here[reaches])
        covered.extend(range(80)[slab.core])
    assert covered == list(range(80))


@pytest.mark.parametrize("spacing", SPACINGS)
@pytest.mark.parametrize("block", [9])
def test_mid_axes_in_blocks_are_the_mid_axes(spacing, block):
    bone = mask(bubbles((50, 30, 30), seed=4), spacing)
    assert np.array_equal(mid_axes(bone, block=block).values, mid_axes(bone).values)
    assert same(mid_axis_distance(bone, block=block), mid_axis_distance(bone))


def test_every_feature_in_blocks_is_the_feature():
    bone = mask(bubbles((50, 30, 30), seed=4), (0.1, 0.1, 0.1))
    region = mask(bubbles((50, 30, 30), seed=5), (0.1, 0.1, 0.1))
    whole, blocked = (trabecular(bone, region=region, block=n) for n in (None, 9))
    assert whole.named() == blocked.named()
    assert whole.flags == blocked.flags


def test_the_map_goes_where_it_is_wanted(tmp_path):
    phase = mask(bubbles((40, 20, 20)))
    file = np.memmap(tmp_path / "map", np.float32, "w+", shape=phase.grid.shape)
    found = local_thickness(phase, block=6, out=file)
    assert found.map is file
    assert np.array_equal(file, local_thickness(phase).map)
    assert local_thickness(phase, keep_map=False).map is None
    assert local_thickness(phase, keep_map=False, block=6).map is None
