"""Surfaces held as distances lie halfway between voxels, finer than voxels."""

import numpy as np
import pytest

from osteon.core import Grid, Mask
from osteon.regions.surface import depth_inside, extended, signed_distance

SPACING = np.array([0.8, 1.0, 2.5])


def field(shape=(40, 36, 18)):
    grid = Grid(shape, -(np.array(shape) - 1) / 2 * SPACING, np.eye(3), SPACING)
    return grid, grid.to_world(np.moveaxis(np.indices(shape), 0, -1))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_the_distance_to_a_plane_is_that_to_halfway_between_voxels(axis):
    grid, world = field()
    distance = signed_distance(Mask(world[..., axis] < 0, grid)).values
    # an even number of voxels: 0 lies halfway between two
    inner = np.abs(world).max(axis=-1) < 6
    assert distance[inner] == pytest.approx(world[..., axis][inner], abs=0.05)


def test_the_distance_to_a_ball_is_right_to_a_part_of_a_voxel():
    grid, world = field()
    radius = np.linalg.norm(world, axis=-1)
    distance = signed_distance(Mask(radius < 10, grid)).values
    near = np.abs(radius - 10) < 3
    off = distance[near] - (radius[near] - 10)
    assert abs(off.mean()) < 0.2
    assert np.abs(off).max() < 1.25  # half a slice


def test_depth_counts_from_the_surface_and_not_from_a_voxel():
    _, world = field()
    surface = np.linalg.norm(world, axis=-1) - 10
    depth = depth_inside(surface, SPACING)
    inside = surface < -1
    off = np.abs(depth[inside] + surface[inside])
    assert off.mean() < 0.25
    assert off.max() < 1.25  # half a slice
    assert (depth[surface >= 0] == 0).all()


def test_what_leaves_the_view_goes_on_straight():
    grid, world = field()
    rod = np.hypot(world[..., 0], world[..., 1]) < 6
    known = world[..., 2] < 5
    longer = extended(Mask(rod & known, grid), Mask(known, grid))
    place = longer.grid.to_world(np.argwhere(longer.values))
    assert np.hypot(place[:, 0], place[:, 1]).max() < 6
    assert place[:, 2].max() > 5 + 6
    # at the bottom, too, where the grid ends
    assert place[:, 2].min() < world[..., 2].min() - 6
