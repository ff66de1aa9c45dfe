"""Counts of crossings, against counts of shifted copies and against Buffon's needle."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask
from osteon.features.structure.orientation.intercepts import STEPS, count_intercepts


def mask(values, spacing=(1.0, 1.0, 1.0), direction=None):
    frame = np.eye(3) if direction is None else direction
    return Mask(values, Grid(values.shape, np.zeros(3), frame, np.array(spacing)))


def by_copies(bone, inside, step):
    """Pairs and crossings of one step, from two overlapping parts of the arrays."""
    here = tuple(slice(max(0, -d), n - max(0, d)) for d, n in zip(step, bone.shape, strict=True))
    there = tuple(slice(max(0, d), n - max(0, -d)) for d, n in zip(step, bone.shape, strict=True))
    both = inside[here] & inside[there]
    return both.sum(), (both & (bone[here] != bone[there])).sum()


@pytest.mark.parametrize("shape", [(9, 7, 70), (5, 6, 64), (4, 8, 130), (3, 3, 5)])
@pytest.mark.parametrize("everywhere", [True, False])
@pytest.mark.parametrize("order", ["C", "F"])
def test_crossings_are_those_of_a_shifted_copy(shape, everywhere, order):
    rng = np.random.default_rng(sum(shape))
    bone, inside = rng.random(shape) < 0.4, rng.random(shape) < 0.7
    inside |= everywhere
    found = count_intercepts(
        mask(np.asarray(bone, order=order)), region=None if everywhere else mask(inside)
    )
    for n, step in enumerate(STEPS):
        pairs, crossings = by_copies(bone, inside, step)
        assert found.pairs[:, n].sum() == pairs
        assert found.crossings[:, n].sum() == crossings
    assert (found.bone, found.voxels) == ((bone & inside).sum(), inside.sum())


@pytest.mark.parametrize("block", [1, 2, 5, 100])
@pytest.mark.parametrize("everywhere", [True, False])
def test_blocks_change_no_count(block, everywhere):
    rng = np.random.default_rng(3)
    bone, inside = mask(rng.random((11, 9, 67)) < 0.4), mask(rng.random((11, 9, 67)) < 0.8)
    region = None if everywhere else inside
    whole, parts = (count_intercepts(bone, region=region, block=n) for n in (None, block))
    assert (whole.crossings == parts.crossings).all()
    assert (whole.pairs == parts.pairs).all()
    assert (whole.bone, whole.voxels) == (parts.bone, parts.voxels)


def test_there_are_49_directions_and_no_two_are_alike():
    ways = STEPS[count_intercepts(mask(np.eye(3, dtype=bool)[None].repeat(3, 0))).primitive]
    units = ways / np.linalg.norm(ways, axis=1)[:, None]
    cosines = np.abs(units @ units.T) - np.eye(len(ways))
    assert len(ways) == 49
    assert cosines.max() < 0.999


@pytest.mark.parametrize("normal", [(1, 0, 0), (1, 2, 3), (2, -1, 1)])
def test_a_plane_is_crossed_by_its_cosine_whatever_its_tilt(normal):
    """Digital surfaces are staircases, but pairs of voxels cross a plane as often as lines do."""
    normal = np.array(normal) / np.linalg.norm(normal)
    index = np.indices((40, 40, 40)).reshape(3, -1).T - 19.5
    phase = (index @ normal) / 11.0
    bone = mask((phase % 1.0 < 0.5).reshape(40, 40, 40))
    found = count_intercepts(bone)
    density = found.crossings.sum(axis=0) / found.pairs.sum(axis=0)
    # Two surfaces every 11 voxels; the sample holds only four periods, hence the margin.
    assert density == pytest.approx(2 / 11 * np.abs(STEPS @ normal), abs=0.025)


def test_steps_are_told_in_the_patients_millimetres():
    turned = np.array([[0.0, 0.0, -1.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0]])
    found = count_intercepts(mask(np.eye(4, dtype=bool)[None].repeat(4, 0), (1, 2, 3), turned))
    vectors = found.vectors[[tuple(step) == (0, 0, 1) for step in found.steps]]
    assert vectors == pytest.approx(np.array([[-3.0, 0.0, 0.0]]))


def test_bad_input_is_told():
    bone = mask(np.eye(4, dtype=bool)[None].repeat(4, 0))
    with pytest.raises(EmptyRegion, match="no voxel"):
        count_intercepts(bone, region=mask(np.zeros((4, 4, 4), bool)))
    with pytest.raises(GridMismatch):
        count_intercepts(bone, region=mask(np.ones((4, 4, 4), bool), (1, 1, 2)))
    with pytest.raises(BadSetting, match="block is 0"):
        count_intercepts(bone, block=0)
