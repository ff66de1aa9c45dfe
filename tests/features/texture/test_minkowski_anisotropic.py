"""Elongated kernels find the direction of stretched fields, and none where there is none."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from osteon.core import BadSetting, EmptyRegion, GridMismatch
from osteon.features.texture.minkowski.anisotropic import (
    Kernel,
    slice_directions,
    solid_directions,
)
from osteon.features.texture.minkowski.anisotropy import fractional_anisotropy
from osteon.features.texture.minkowski.directions import half_circle, half_sphere
from osteon.features.texture.minkowski.permutation import permuted
from stretched_fields import degrees_between, mask_of, stretched_field, unit

CUBES = ((64, 64, 64), (0.5, 0.5, 0.5))
SLABS = ((90, 90, 45), (0.4, 0.4, 0.8))
WAYS = [unit(1, 2, 3), unit(3, -1, 1), unit(-2, 3, 1)]


def phase_of(stretch, way, lattice=CUBES, seed=0):
    return mask_of(stretched_field(*lattice, way, stretch, seed) > 0.5, lattice[1])


def rod_along(way, spacing=(1.0, 1.0, 1.0), shape=(24, 24, 24)):
    places = (np.indices(shape).T - (np.array(shape) - 1) / 2) * spacing
    away = np.linalg.norm(np.cross(places, way), axis=-1).T
    return mask_of(away < 1.6 * max(spacing), spacing)


def test_thirteen_directions_average_what_is_smooth_as_the_sphere_does():
    directions, weights = half_sphere()
    assert weights.sum() == pytest.approx(1)
    way = unit(0.3, 0.5, -0.8)
    along = directions @ way
    for power in (2, 4, 6):
        assert weights @ along**power == pytest.approx(1 / (power + 1))
    assert weights @ along**8 != pytest.approx(1 / 9, abs=1e-4)


def test_angles_of_slices_turn_from_the_first_axis_to_the_second():
    directions, weights = half_circle(8, 1)
    assert directions[2] == pytest.approx(unit(1, 0, 1))
    assert weights.sum() == pytest.approx(1)
    assert not directions[:, 1].any()


@pytest.mark.parametrize("functional", ["volume", "surface"])
@pytest.mark.parametrize("way", WAYS, ids=str)
def test_direction_is_found_within_5_degrees_and_anisotropy_rises_with_stretch(way, functional):
    before = -1.0
    for stretch in (1.5, 2.0, 3.0):
        found = solid_directions(phase_of(stretch, way), functional=functional)
        assert degrees_between(found.direction, way) < 5
        assert found.anisotropy > before + 0.005
        before = found.anisotropy


@pytest.mark.parametrize("way", WAYS[:2], ids=str)
def test_voxels_twice_as_high_as_wide_do_not_turn_the_direction(way):
    before = -1.0
    for stretch in (1.5, 2.0, 3.0):
        found = solid_directions(phase_of(stretch, way, SLABS, seed=1))
        assert degrees_between(found.direction, way) < 5
        assert found.anisotropy > before + 0.005
        before = found.anisotropy


@pytest.mark.parametrize("degrees", [20.0, 65.0, 130.0])
def test_slices_find_the_angle_within_5_degrees(degrees):
    way = np.array([np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0])
    before = -1.0
    for stretch in (1.5, 2.0, 3.0):
        found = slice_directions(phase_of(stretch, way, SLABS))
        assert degrees_between(found.direction, way) < 5
        assert found.anisotropy > before + 0.005
        before = found.anisotropy


@pytest.mark.parametrize("lattice", [CUBES, SLABS], ids=["cubes", "slabs"])
def test_isotropic_fields_lie_below_95_percent_of_permuted_ones(lattice):
    """Of 20 such fields one lies above by chance; of six, two and more would in 3 % of cases."""
    above = 0
    for seed in range(6):
        held = solid_directions(phase_of(1.0, WAYS[0], lattice, seed)).against_permuted(
            permutations=199
        )
        above += held.anisotropy >= held.limit
    assert above <= 1


def test_stretched_fields_lie_above_all_permuted_ones():
    for lattice in (CUBES, SLABS):
        held = solid_directions(phase_of(1.4, WAYS[0], lattice)).against_permuted(permutations=199)
        assert held.anisotropy > 1.5 * held.limit
        assert held.p == pytest.approx(1 / 200)


def test_slices_are_held_against_blocks_turned_in_their_plane():
    turned = slice_directions(phase_of(1.0, WAYS[0], SLABS, 2)).against_permuted(permutations=199)
    assert turned.p > 0.05
    way = unit(1, 2, 0)
    held = slice_directions(phase_of(2.0, way, SLABS)).against_permuted(permutations=199)
    assert held.p == pytest.approx(1 / 200)


def test_permuted_blocks_of_one_direction_have_that_anisotropy_only_by_rare_chance():
    """Random directions pass: p of tensors drawn at random is spread evenly."""
    generator = np.random.default_rng(0)
    places = np.argwhere(np.ones((4, 4, 4)))
    ps = []
    for seed in range(40):
        turns = Rotation.random(64, rng=generator).as_matrix()
        tensors = turns @ np.diag([1.0, 1.0, 4.0]) @ turns.transpose(0, 2, 1)
        ps.append(permuted(tensors, places, side=1, permutations=99, seed=seed).p)
    assert 0.3 < np.mean(ps) < 0.7
    assert np.mean(np.array(ps) <= 0.05) < 0.2


@pytest.mark.parametrize("way", [unit(0, 0, 1), unit(1, 1, 0), unit(1, 2, 3)], ids=str)
def test_a_rod_points_along_itself_about_its_voxels(way):
    found = solid_directions(rod_along(way), kernel=Kernel(1.0, 3.0))
    assert degrees_between(found.direction, way) < 3
    named = found.named("rod")
    assert named["rod_local_anisotropy_mean"] > 0.25
    # all but the voxels at its two ends, which the image cuts
    assert sum(named[f"rod_angle_{n}"] for n in (1, 2)) > 0.85


def test_directions_are_those_of_the_patient():
    turn = Rotation.from_euler("xyz", [20, 35, 50], degrees=True).as_matrix()
    straight = rod_along(unit(1, 2, 3))
    turned = mask_of(straight.values, direction=turn)
    found = solid_directions(turned)
    assert degrees_between(found.direction, turn @ unit(1, 2, 3)) < 3
    flat = rod_along(unit(2, -1, 0))
    found = slice_directions(mask_of(flat.values, direction=turn))
    assert degrees_between(found.direction, turn @ unit(2, -1, 0)) < 3


def test_the_shape_of_the_region_is_no_direction():
    region = np.zeros(CUBES[0], bool)
    region[:, 20:42, 24:40] = True
    phase = phase_of(1.0, WAYS[0])
    found = solid_directions(phase, region=mask_of(region, CUBES[1]))
    assert found.anisotropy < 0.02
    assert found.where.sum() == (phase.values & region).sum() == len(found.values)


def test_solid_through_and_through_has_no_direction_and_each_value_is_1():
    for functional, value in (("volume", 1), ("surface", 0), ("euler", 0)):
        found = solid_directions(mask_of(np.ones((14, 12, 13))), functional=functional)
        assert np.allclose(found.values, value, atol=1e-5)
        assert found.anisotropy == 0
        assert found.direction is None
        named = found.named("solid")
        assert named["solid_direction_1"] is None
        assert named["solid_angle_9"] is None
        assert named["solid_anisotropy_1"] == 1


def test_of_a_solid_around_a_region_nothing_is_seen():
    region = np.square(np.indices((30, 30, 30)) - 14.5).sum(axis=0) < 80
    found = solid_directions(mask_of(np.ones((30, 30, 30))), region=mask_of(region))
    assert np.allclose(found.values, 1, atol=1e-5)


def test_far_from_any_surface_its_values_are_zero_and_not_rounding():
    solid = np.ones((30, 30, 30), bool)
    solid[3, 3, 3] = False
    found = solid_directions(mask_of(solid), functional="surface")
    assert not found.values[-1].any()
    assert found.values.any()
    assert found.local_anisotropy[-1] == 0


def test_histograms_are_shares():
    named = solid_directions(phase_of(2.0, WAYS[0])).named("amf")
    for name, number in (("anisotropy", 20), ("direction", 13), ("angle", 9)):
        assert sum(named[f"amf_{name}_{n + 1}"] for n in range(number)) == pytest.approx(1)


def test_fractional_anisotropy_is_that_of_diffusion_imaging():
    tensors = np.array([np.eye(3), np.diag([0, 0, 2.0]), np.diag([1, 1, 0.0]), np.zeros((3, 3))])
    assert fractional_anisotropy(tensors) == pytest.approx([0, 1, np.sqrt(0.5), 0])
    plane = np.array([np.diag([1, 1, 0.0]), np.diag([3, 0, 0.0]), np.diag([2, 1, 0.0])])
    assert fractional_anisotropy(plane, 2) == pytest.approx([0, 1, np.sqrt(0.2)])


def test_values_of_one_voxel_are_those_of_the_kernel():
    """About a lone voxel values are what it bears times the kernel's height."""
    one = np.zeros((25, 25, 25), bool)
    one[12, 12, 12] = True
    found = solid_directions(mask_of(one), functional="surface", kernel=Kernel(1.5, 3.0))
    height = 6 / ((2 * np.pi) ** 1.5 * 1.5**2 * 3.0)
    assert found.values == pytest.approx(np.full((1, 13), height), rel=1e-3)


def test_bad_input_is_told_in_one_line():
    phase = phase_of(1.0, WAYS[0])
    with pytest.raises(EmptyRegion, match="no voxel;"):
        solid_directions(phase, region=mask_of(np.zeros(CUBES[0]), CUBES[1]))
    with pytest.raises(EmptyRegion, match="Lower the threshold"):
        solid_directions(mask_of(np.zeros((20, 20, 20))))
    one = np.zeros(CUBES[0])
    one[3, 4, 5] = 1
    with pytest.raises(BadSetting, match=r"region only 0\.5 mm wide"):
        solid_directions(phase, region=mask_of(one, CUBES[1]))
    with pytest.raises(BadSetting, match="kernel is 80 mm long"):
        solid_directions(phase, kernel=Kernel(1, 20))
    with pytest.raises(BadSetting, match=r"at least 0\.35 mm wide"):
        solid_directions(phase, kernel=Kernel(0.2, 1))
    with pytest.raises(BadSetting, match="not shorter than wide"):
        solid_directions(phase, kernel=Kernel(1, 0.5))
    with pytest.raises(BadSetting, match="volume, surface, breadth, euler"):
        solid_directions(phase, functional="area")
    with pytest.raises(BadSetting, match="area, perimeter, euler"):
        slice_directions(phase, functional="volume")
    with pytest.raises(BadSetting, match="3 angles"):
        slice_directions(phase, angles=2)
    with pytest.raises(GridMismatch):
        solid_directions(phase, region=mask_of(np.ones(CUBES[0])))
    with pytest.raises(BadSetting, match=r"1 block\(s\)"):
        solid_directions(phase).against_permuted(side=1000)
    with pytest.raises(BadSetting, match="19 permutations"):
        solid_directions(phase).against_permuted(permutations=1)
