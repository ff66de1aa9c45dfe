"""Areas are those on paper for plates, rods and balls, wherever they lie."""

import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import marching_cubes

from osteon.core import EmptyRegion, Grid, Mask
from osteon.features.structure.amounts.configurations import configurations
from osteon.features.structure.amounts.surface import (
    enclosed_volume,
    raw_area,
    smoothed_area,
    smoothing_weights,
)

NORMALS = ([1, 2, 3], [0, 1, 1], [3, 1, 0.5], [1, 1, 1.1], [0.1, 0.2, 1])


def mask(values, spacing=(1.0, 1.0, 1.0)):
    return Mask(np.asarray(values, bool), Grid(np.shape(values), [0, 0, 0], np.eye(3), spacing))


def places(size, offset=(0, 0, 0), spacing=(1, 1, 1)):
    """mm of voxel centres from a point `offset` beside the middle of the image."""
    axes = [
        (np.arange(n) - (n - 1) / 2) * s - o
        for n, s, o in zip(np.broadcast_to(size, 3), spacing, offset, strict=True)
    ]
    return np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)


def ball(size, radius, offset=(0, 0, 0)):
    return (places(size, offset) ** 2).sum(axis=-1) <= radius**2


def rod(size, radius, axis, offset):
    """A rod through the image, and the slab of it that is measured."""
    axis = np.asarray(axis) / np.linalg.norm(axis)
    x = places(size, offset)
    along = x @ axis
    return (x**2).sum(axis=-1) - along**2 <= radius**2, np.abs(along) <= size / 3


def mesh(values, spacing):
    points, faces, _, _ = marching_cubes(values.astype(np.float32), 0.5, spacing=tuple(spacing))
    a, b, c = np.moveaxis(points[faces].astype(float), 1, 0)
    area = np.linalg.norm(np.cross(b - a, c - a), axis=1).sum() / 2
    return area, abs(np.einsum("nx,nx->n", a, np.cross(b, c)).sum()) / 6


def blobs(shape, seed=0, share=0.3, width=1.5, free=1):
    """Smoothed noise, cut; `free` voxels at the border are marrow."""
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal(shape), width)
    solid = noise > np.quantile(noise, 1 - share)
    inner = np.zeros(shape, bool)
    inner[free:-free, free:-free, free:-free] = True
    return solid & inner


def test_a_single_voxel_is_an_octahedron():
    lone = np.zeros((3, 3, 3), bool)
    lone[1, 1, 1] = True
    counted = configurations(mask(lone))
    assert raw_area(counted) == pytest.approx(np.sqrt(3))
    assert enclosed_volume(counted) == pytest.approx(1 / 6)


@pytest.mark.parametrize("spacing", [(1, 1, 1), (1, 2, 0.5), (0.3, 0.1, 0.2)])
@pytest.mark.parametrize("share", [0.1, 0.4, 0.8])
def test_the_raw_surface_is_that_of_marching_cubes_on_the_mask(spacing, share):
    solid = np.pad(np.random.default_rng(2).random((9, 10, 11)) < share, 1)
    counted = configurations(mask(solid, spacing))
    area, volume = mesh(solid, spacing)
    assert raw_area(counted) == pytest.approx(area, rel=1e-6)  # the mesh is in float32
    assert enclosed_volume(counted) == pytest.approx(volume, rel=1e-6)


@pytest.mark.parametrize("width", [1.0, 1.5])
@pytest.mark.parametrize("spacing", [(1, 1, 1), (1, 1.5, 0.5)])
def test_the_smoothed_surface_is_that_of_marching_cubes_on_the_smoothed_mask(width, spacing):
    solid = blobs((30, 31, 32), width=width, free=5)
    smooth = solid.astype(float)
    for axis in range(3):
        smooth = ndimage.correlate1d(smooth, smoothing_weights(), axis)
    area, _ = mesh(smooth, spacing)
    # faces in which bone lies crosswise several times over are decided in another way
    assert smoothed_area(mask(solid, spacing)) == pytest.approx(area, rel=2e-3)


def test_smoothing_neither_brightens_nor_moves_curved_surfaces():
    weights = smoothing_weights().astype(float)
    steps = np.arange(-3, 4)
    assert weights.sum() == pytest.approx(1, abs=1e-6)
    assert weights @ steps**2 == pytest.approx(0, abs=1e-6)
    assert weights == pytest.approx(weights[::-1])


@pytest.mark.parametrize("axis", [0, 1, 2])
@pytest.mark.parametrize("thickness", [1, 2, 5])
def test_a_plate_along_the_voxels_has_two_sides_and_no_rim(axis, thickness):
    spacing = np.array([0.1, 0.2, 0.4])
    plate = np.zeros((12, 13, 14), bool)
    np.moveaxis(plate, axis, 0)[4 : 4 + thickness] = True
    others = np.delete(np.array(plate.shape) * spacing, axis)
    counted = configurations(mask(plate, spacing))
    assert raw_area(counted) == pytest.approx(2 * others.prod())
    assert enclosed_volume(counted) == pytest.approx(others.prod() * thickness * spacing[axis])
    assert smoothed_area(mask(plate, spacing)) == pytest.approx(2 * others.prod(), rel=1e-6)


@pytest.mark.parametrize(
    ("spacing", "within"), [((1, 1, 1), 0.035), ((0.5, 1, 0.8), 0.035), ((1, 1, 2), 0.06)]
)
@pytest.mark.parametrize("normal", NORMALS)
@pytest.mark.parametrize("voxels", [2.5, 6])
def test_a_tilted_plate_has_twice_its_area(normal, voxels, spacing, within):
    x = places(np.rint(44 / np.array(spacing)).astype(int), spacing=spacing)
    away = x @ np.asarray(normal) / np.linalg.norm(normal)
    window = (x**2).sum(axis=-1) <= 19**2
    half = voxels * max(spacing) / 2
    found = smoothed_area(mask(np.abs(away) <= half, spacing), region=mask(window, spacing))
    # 1 % too large on average; steps that are longer than the smoothing leave more, and the
    # most where they are twice as high
    assert found == pytest.approx(2 * np.pi * (19**2 - half**2), rel=within)


def test_tilted_plates_are_right_on_average_where_the_raw_surface_is_8_percent_too_large():
    raw, smoothed = [], []
    for normal in np.random.default_rng(3).normal(size=(12, 3)):
        away = places(44) @ normal / np.linalg.norm(normal)
        plate, window = mask(np.abs(away) <= 2.5), mask(ball(44, 19))
        truth = 2 * np.pi * (19**2 - 2.5**2)
        raw.append(raw_area(configurations(plate, region=window)) / truth)
        smoothed.append(smoothed_area(plate, region=window) / truth)
    assert np.mean(smoothed) == pytest.approx(1.01, abs=0.01)
    assert np.mean(raw) == pytest.approx(1.08, abs=0.02)


@pytest.mark.parametrize("radius", [6, 10, 15])
@pytest.mark.parametrize("offset", [(0, 0, 0), (0.3, 0.45, 0.1)])
def test_a_ball_has_the_area_of_a_ball(radius, offset):
    solid = mask(ball(2 * radius + 10, radius, offset))
    truth = 4 * np.pi * radius**2
    assert smoothed_area(solid) == pytest.approx(truth, rel=0.02)
    assert raw_area(configurations(solid)) == pytest.approx(1.085 * truth, rel=0.02)


@pytest.mark.parametrize("axis", NORMALS)
@pytest.mark.parametrize(("radius", "within"), [(2, 0.06), (3, 0.03), (5, 0.02)])
def test_a_rod_has_the_area_of_a_cylinder(radius, within, axis):
    solid, window = rod(42, radius, axis, (0.2, 0.1, 0.4))
    truth = 2 * np.pi * radius * 28
    assert smoothed_area(mask(solid), region=mask(window)) == pytest.approx(truth, rel=within)


@pytest.mark.parametrize("share", [0.2, 0.5])
def test_sub_cubes_add_up(share):
    solid = blobs((24, 22, 26), share=share)
    whole, parts = mask(solid), []
    for i in (slice(0, 11), slice(11, None)):
        for k in (slice(0, 17), slice(17, None)):
            part = np.zeros(solid.shape, bool)
            part[i, :, k] = True
            parts.append(mask(part))
    raw = [raw_area(configurations(whole, region=part)) for part in parts]
    smoothed = [smoothed_area(whole, region=part) for part in parts]
    assert sum(raw) == pytest.approx(raw_area(configurations(whole)))
    assert sum(smoothed) == pytest.approx(smoothed_area(whole))


@pytest.mark.parametrize("block", [1, 3, 7, 64])
def test_blocks_change_not_a_bit(block):
    solid, region = mask(blobs((26, 14, 15))), mask(ball((26, 14, 15), 9))
    assert smoothed_area(solid, block=block) == smoothed_area(solid)
    assert smoothed_area(solid, region=region, block=block) == smoothed_area(solid, region=region)


def test_bone_that_a_border_cuts_has_no_surface_there():
    everywhere = np.ones((20, 20, 20), bool)
    assert smoothed_area(mask(everywhere)) == 0
    assert raw_area(configurations(mask(everywhere))) == 0
    wall = everywhere.copy()
    wall[10:] = False
    inside = mask(ball(20, 6, (-5, 0, 0)))
    touching = smoothed_area(mask(wall), region=inside)
    # the wall lies between slices 9 and 10, 5 mm beside the middle of the ball
    assert touching == pytest.approx(np.pi * (36 - 25), rel=0.25)


def test_turning_the_bone_changes_nothing():
    solid, spacing = blobs((18, 20, 22)), np.array([0.1, 0.2, 0.3])
    axes = (2, 0, 1)
    turned = mask(solid.transpose(axes), spacing[list(axes)])
    assert smoothed_area(turned) == pytest.approx(smoothed_area(mask(solid, spacing)), rel=1e-3)


def test_an_empty_region_is_refused():
    with pytest.raises(EmptyRegion, match="no voxel"):
        smoothed_area(mask(ball(8, 3)), region=mask(np.zeros((8, 8, 8))))
