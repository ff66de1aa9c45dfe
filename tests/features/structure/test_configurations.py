"""Counts of 2×2×2 patterns are those of counting one block after the other."""

from itertools import product

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask
from osteon.features.structure.amounts.configurations import configurations


def mask(values, spacing=(0.1, 0.1, 0.1)):
    return Mask(values, Grid(values.shape, [0, 0, 0], np.eye(3), spacing))


def noise(shape, share=0.4, seed=1):
    return np.random.default_rng(seed).random(shape) < share


def by_hand(bone, region):
    """The same table, one block and one voxel at a time."""
    wide = np.pad(bone, 1, mode="edge")
    seen = np.pad(region, 1)
    counts = np.zeros((256, 9), int)
    for start in product(*(range(n + 1) for n in bone.shape)):
        pattern = cut = 0
        inside = []
        for octant in range(8):
            at = tuple(s + (octant >> axis & 1) for axis, s in enumerate(start))
            pattern += int(wide[at]) << octant
            cut += int(wide[at] and seen[at]) << octant
            if seen[at]:
                inside.append(octant)
        for octant in inside:
            counts[pattern, octant] += 1
        counts[cut, 8] += bool(inside)
    return counts


@pytest.mark.parametrize("shape", [(5, 6, 7), (3, 2, 17), (9, 1, 1), (1, 4, 3), (4, 3, 15)])
def test_the_whole_image_is_counted_as_by_hand(shape):
    bone = noise(shape)
    assert (configurations(mask(bone)).counts == by_hand(bone, np.ones(shape, bool))).all()


@pytest.mark.parametrize("share", [0.2, 0.5, 0.97])
def test_a_ragged_region_is_counted_as_by_hand(share):
    bone, region = noise((6, 5, 21)), noise((6, 5, 21), share, seed=2)
    found = configurations(mask(bone), region=mask(region))
    assert (found.counts == by_hand(bone, region)).all()


def test_long_runs_of_bone_and_marrow_are_counted_as_by_hand():
    # whole words of eight blocks are then alike
    bone = np.zeros((4, 5, 70), bool)
    bone[1:3, :, 20:60] = True
    found = configurations(mask(bone), region=mask(np.ones(bone.shape, bool)))
    assert (found.counts == by_hand(bone, np.ones(bone.shape, bool))).all()


def test_voxels_of_bone_and_region_are_found_in_the_counts():
    bone, region = noise((8, 9, 10)), noise((8, 9, 10), 0.6, seed=3)
    found = configurations(mask(bone), region=mask(region))
    assert found.voxels == region.sum()
    assert found.bone_voxels == (bone & region).sum()


def test_regions_that_share_no_voxel_add_up():
    bone, one = noise((7, 8, 9)), noise((7, 8, 9), 0.5, seed=4)
    parts = [configurations(mask(bone), region=mask(r)).counts[:, :8] for r in (one, ~one)]
    assert (sum(parts) == configurations(mask(bone)).counts[:, :8]).all()


@pytest.mark.parametrize("block", [1, 2, 5, 100])
def test_blocks_change_nothing(block):
    bone, region = noise((11, 6, 9)), noise((11, 6, 9), 0.8, seed=5)
    whole = configurations(mask(bone), region=mask(region)).counts
    assert (configurations(mask(bone), region=mask(region), block=block).counts == whole).all()


def test_the_order_in_memory_changes_nothing():
    bone = noise((9, 8, 7))
    turned = np.asfortranarray(bone)
    assert (configurations(mask(turned)).counts == configurations(mask(bone)).counts).all()
    thinned = noise((18, 8, 7))[::2]
    again = configurations(mask(thinned.copy())).counts
    assert (configurations(mask(thinned)).counts == again).all()


def test_a_region_on_another_grid_is_refused():
    with pytest.raises(GridMismatch, match="another grid"):
        configurations(mask(noise((4, 4, 4))), region=mask(noise((4, 4, 4)), (0.1, 0.1, 0.2)))


def test_an_empty_region_is_refused():
    with pytest.raises(EmptyRegion, match="no voxel"):
        configurations(mask(noise((4, 4, 4))), region=mask(np.zeros((4, 4, 4), bool)))


def test_blocks_of_no_slice_are_refused():
    with pytest.raises(BadSetting, match="0 slices"):
        configurations(mask(noise((4, 4, 4))), block=0)
