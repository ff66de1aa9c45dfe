"""Volume, surface, breadth and Euler number of bodies known on paper, and at rising thresholds."""

from itertools import product

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, GridMismatch, UnsuitableScan
from osteon.features.texture.minkowski.cells import (
    above,
    densities,
    plane_weights,
    solid_weights,
)
from osteon.features.texture.minkowski.isotropic import (
    slice_functionals,
    solid_functionals,
    threshold_sweep,
)
from stretched_fields import mask_of, stretched_field, unit, volume_of

SPACING = (0.5, 0.7, 1.1)


def box(sides, margin=2):
    body = np.zeros([n + 2 * margin for n in sides], bool)
    body[tuple(slice(margin, margin + n) for n in sides)] = True
    return body


def chequered(shape):
    return np.pad(np.indices(shape).sum(axis=0) % 2 == 0, 1)


def cells_by_hand(solid):
    """Corners, edges, faces and voxels of closed cubes as sets of points, (8,) by kind."""
    found = {kind: set() for kind in range(8)}
    for voxel in np.argwhere(solid):
        for kind in range(8):
            ends = [(-1, 1) if kind >> axis & 1 else (0,) for axis in range(3)]
            found[kind] |= {tuple(2 * voxel + np.array(end)) for end in product(*ends)}
    return np.array([len(found[kind]) for kind in range(8)])


@pytest.mark.parametrize("sides", [(6, 6, 6), (8, 7, 1), (2, 2, 9), (1, 1, 1)])
def test_a_box_has_the_functionals_of_its_sides(sides):
    a, b, c = np.multiply(sides, SPACING)
    found = solid_functionals(mask_of(box(sides), SPACING))
    assert found.volume == pytest.approx(a * b * c)
    assert found.surface == pytest.approx(2 * (a * b + b * c + a * c))
    assert found.breadth == pytest.approx(a + b + c)
    assert found.euler == pytest.approx(1)


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_of_a_box_have_its_sides_too(axis):
    sides = (4, 5, 6)
    a, b = (np.multiply(sides, SPACING)[n] for n in range(3) if n != axis)
    found = slice_functionals(mask_of(box(sides), SPACING), axis=axis)
    assert found.area == pytest.approx(sides[axis] * a * b)
    assert found.perimeter == pytest.approx(sides[axis] * 2 * (a + b))
    assert found.euler == pytest.approx(sides[axis])
    assert found.number == sides[axis] + 4


def test_a_ring_has_euler_number_0_and_a_shell_2():
    ring = box((3, 3, 1))
    ring[3, 3, 2] = False
    assert solid_functionals(mask_of(ring)).euler == 0
    shell = box((3, 3, 3))
    shell[3, 3, 3] = False
    assert solid_functionals(mask_of(shell)).euler == 2


def test_a_chequerboard_has_only_free_faces():
    solid = chequered((6, 5, 4))
    number = int(solid.sum())
    found = solid_functionals(mask_of(solid))
    assert found.surface == 6 * number
    flat = slice_functionals(mask_of(solid))
    assert (flat.area, flat.perimeter) == (number, 4 * number)


def test_steps_of_a_ball_have_its_shadows_and_widths():
    places = (np.indices((48, 48, 48)) - 23.3) * 0.25
    found = solid_functionals(mask_of((places**2).sum(axis=0) < 25, (0.25,) * 3))
    assert found.volume == pytest.approx(4 / 3 * np.pi * 125, rel=0.01)
    assert found.surface == pytest.approx(6 * np.pi * 25, rel=0.01)
    assert found.breadth == pytest.approx(30, rel=0.02)
    assert found.euler == 1


def test_noise_is_counted_as_by_hand():
    solid = np.pad(np.random.default_rng(3).random((5, 6, 7)) < 0.4, 1)
    cells = cells_by_hand(solid)
    found = solid_functionals(mask_of(solid, SPACING))
    exact = solid_weights(np.array(SPACING)) @ cells
    assert np.allclose([found.volume, found.surface, found.breadth, found.euler], exact)
    flat = slice_functionals(mask_of(solid, SPACING), axis=1)
    exact = plane_weights(np.array(SPACING), 1) @ cells
    assert np.allclose([flat.area, flat.perimeter, flat.euler], exact)


def test_cut_out_along_a_border_it_is_the_body_that_is_left():
    generator = np.random.default_rng(4)
    solid, region = generator.random((7, 6, 8)) < 0.5, generator.random((7, 6, 8)) < 0.8
    found = solid_functionals(mask_of(solid), region=mask_of(region), border="cut")
    alone = solid_functionals(mask_of(np.pad(solid & region, 1)))
    assert found == alone


def test_open_borders_let_regions_add_up():
    generator = np.random.default_rng(5)
    solid, first = generator.random((9, 8, 7)) < 0.5, generator.random((9, 8, 7)) < 0.5
    whole = solid_functionals(mask_of(solid))
    parts = [solid_functionals(mask_of(solid), region=mask_of(r)) for r in (first, ~first)]
    for name in ("volume", "surface", "breadth", "euler"):
        assert sum(getattr(p, name) for p in parts) == pytest.approx(getattr(whole, name))


def test_solid_through_and_through_has_no_surface_where_borders_are_open():
    solid = mask_of(np.ones((5, 5, 5)))
    found = solid_functionals(solid)
    assert (found.volume, found.surface, found.breadth) == (125, 0, 0)
    assert solid_functionals(solid, border="cut").surface == 150


def test_what_voxels_bear_adds_up_to_the_functionals():
    solid = np.pad(np.random.default_rng(6).random((6, 5, 4)) < 0.4, 1)
    for weights in (*solid_weights(np.array(SPACING)), *plane_weights(np.array(SPACING), 0)):
        borne = densities(solid, weights)
        assert borne.sum() == pytest.approx(weights @ cells_by_hand(solid))
        assert not borne[~solid].any()


def test_a_gaussian_field_has_the_euler_number_that_theory_gives():
    """Density at level t: (t² − 1) exp(−t²/2) / (2π)² of correlation exp(−r²/2)."""
    levels = np.array([-1.5, 0.0, 1.5])
    exact = (levels**2 - 1) * np.exp(-(levels**2) / 2) / (2 * np.pi) ** 2
    fields = [stretched_field((90,) * 3, (0.4,) * 3, unit(1, 1, 1), 1.0, seed) for seed in (0, 1)]
    found = np.mean(
        [threshold_sweep(volume_of(f, (0.4,) * 3), thresholds=levels).solid[:, 3] for f in fields],
        axis=0,
    )
    assert found == pytest.approx(exact, abs=0.0035)
    assert found[1] < -0.02 < 0.008 < min(found[0], found[2])


def test_a_sweep_is_one_threshold_after_the_other():
    values = np.random.default_rng(7).standard_normal((8, 9, 10))
    region = mask_of(np.random.default_rng(8).random((8, 9, 10)) < 0.7, SPACING)
    volume = volume_of(values, SPACING)
    found = threshold_sweep(volume, region=region, thresholds=[0.6, -0.2])
    assert found.thresholds.tolist() == [-0.2, 0.6]
    size = region.volume_mm3
    for step, level in enumerate(found.thresholds):
        one = solid_functionals(above(volume, level), region=region)
        assert found.solid[step] * size == pytest.approx(
            [one.volume, one.surface, one.breadth, one.euler]
        )
        flat = slice_functionals(above(volume, level), region=region)
        area = size / SPACING[2]
        assert found.slices[step] * area == pytest.approx([flat.area, flat.perimeter, flat.euler])
    assert found.named()["minkowski_3d_surface_2"] == found.solid[1, 1]
    assert found.named()["minkowski_2d_euler_1"] == found.slices[0, 2]
    assert len(found.named()) == 14


def test_without_thresholds_the_deciles_are_taken():
    values = np.random.default_rng(9).random((10, 10, 10))
    found = threshold_sweep(volume_of(values))
    assert found.solid[:, 0] == pytest.approx(np.arange(9, 0, -1) / 10)


def test_constant_regions_and_single_voxels_have_values():
    flat = threshold_sweep(volume_of(np.full((4, 4, 4), 7.0)))
    assert np.allclose(flat.solid, [1, 0, 0, 0])
    one = np.zeros((4, 4, 4), bool)
    one[1, 2, 3] = True
    found = threshold_sweep(volume_of(np.ones((4, 4, 4))), region=mask_of(one), border="cut")
    assert np.allclose(found.solid, [1, 6, 3, 1])


def test_nothing_above_the_threshold_is_zero():
    found = solid_functionals(mask_of(np.zeros((3, 3, 3))))
    assert (found.volume, found.surface, found.breadth, found.euler) == (0, 0, 0, 0)


def test_bad_input_is_told_in_one_line():
    volume, empty = volume_of(np.ones((4, 4, 4))), mask_of(np.zeros((4, 4, 4)))
    with pytest.raises(EmptyRegion, match="no voxel"):
        threshold_sweep(volume, region=empty)
    with pytest.raises(GridMismatch):
        threshold_sweep(volume, region=mask_of(np.ones((4, 4, 5))))
    with pytest.raises(BadSetting, match="threshold"):
        threshold_sweep(volume, thresholds=[])
    with pytest.raises(BadSetting, match="threshold"):
        above(volume, np.nan)
    with pytest.raises(BadSetting, match="border"):
        solid_functionals(mask_of(np.ones((4, 4, 4))), border="shut")
    with pytest.raises(BadSetting, match="axis"):
        slice_functionals(mask_of(np.ones((4, 4, 4))), axis=3)
    values = np.ones((4, 4, 4))
    values[0, 0, 0] = np.nan
    with pytest.raises(UnsuitableScan, match="1 of 64"):
        threshold_sweep(volume_of(values))
    rest = mask_of(np.arange(64).reshape(4, 4, 4) > 0)
    assert threshold_sweep(volume_of(values), region=rest).solid[0, 0] == 1


def test_kinds_of_cells_are_as_many_as_a_cube_has():
    cells = cells_by_hand(np.ones((1, 1, 1), bool))
    assert cells.tolist() == [1, 2, 2, 4, 2, 4, 4, 8]
