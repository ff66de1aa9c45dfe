"""Rigid transforms against places that can be worked out on paper."""

from functools import reduce

import numpy as np
import pytest

from bones_of_registration import off_by
from osteon.core import BadSetting, EmptyRegion, Grid, Mask, Volume
from osteon.registration import Rigid, resample_by

OBLIQUE = Rigid.from_euler((20, -35, 50)).matrix[:3, :3]


def ramp(on):
    """x + 10 y + 100 z: linear interpolation gives it back without error."""
    points = on.to_world(np.moveaxis(np.indices(on.shape), 0, -1))
    return Volume(points @ np.array([1.0, 10.0, 100.0]), on, "1")


def test_a_quarter_turn_about_z_takes_left_to_back():
    turned = Rigid.about((0, 0, 0), turn_deg=(0, 0, 90))
    np.testing.assert_allclose(turned((1, 0, 0)), (0, 1, 0), atol=1e-15)


def test_the_centre_of_a_turn_is_only_shifted():
    move = Rigid.about((5, -7, 11), turn_deg=(10, 20, 30), shift_mm=(1, 2, 3))
    np.testing.assert_allclose(move((5, -7, 11)), (6, -5, 14), atol=1e-12)
    np.testing.assert_allclose(move.shift_at((5, -7, 11)), (1, 2, 3), atol=1e-12)


def test_euler_angles_turn_about_x_then_y_then_z():
    # y goes to z by x, z goes to x by y, x goes to y by z
    move = Rigid.from_euler((90, 90, 90), centre=(1, 1, 1), shift_mm=(0, 0, 2))
    np.testing.assert_allclose(move((1, 2, 1)), (1, 2, 3), atol=1e-12)


def test_what_is_on_the_right_comes_first():
    turn = Rigid.about((0, 0, 0), turn_deg=(0, 0, 90))
    shift = Rigid.about((0, 0, 0), shift_mm=(3, 0, 0))
    np.testing.assert_allclose((turn @ shift)((1, 0, 0)), (0, 4, 0), atol=1e-12)
    np.testing.assert_allclose((shift @ turn)((1, 0, 0)), (3, 1, 0), atol=1e-12)


def test_the_inverse_takes_every_place_back():
    move, points = off_by(30, 100, 1), np.random.default_rng(2).normal(0, 50, (20, 3))
    np.testing.assert_allclose(move.inverse()(move(points)), points, atol=1e-12)
    np.testing.assert_allclose((move @ move.inverse()).matrix, np.eye(4), atol=1e-12)


def test_many_turns_in_a_row_still_keep_lengths():
    end = reduce(lambda a, b: a @ b, [off_by(1, 7, 3)] * 5_000)
    turn = end.matrix[:3, :3]
    np.testing.assert_allclose(turn.T @ turn, np.eye(3), atol=1e-14)


@pytest.mark.parametrize("angle", [0.0, 1e-3, 15.0, 90.0, 179.0, 180.0])
def test_the_angle_is_that_of_the_turn(angle):
    assert off_by(5, angle, 4).angle_deg == pytest.approx(angle, abs=1e-6)


def test_a_shift_moves_all_places_equally_far():
    away = Rigid.identity().apart(Rigid.about((0, 0, 0), shift_mm=(1, 2, 2)), np.eye(3) * 99)
    np.testing.assert_allclose(away, 3, atol=1e-12)


def test_a_turn_moves_a_place_by_a_chord():
    # chord of 10 degrees at 40 mm from the axis
    turned = Rigid.about((7, 7, 0), turn_deg=(0, 0, 10))
    away = turned.apart(Rigid.identity(), [(47, 7, -3), (7, 7, 50)])
    np.testing.assert_allclose(away, (2 * 40 * np.sin(np.radians(5)), 0), atol=1e-12)


def test_places_of_a_mask_are_the_middles_of_its_voxels():
    on = Grid((3, 4, 5), (10, 20, 30), OBLIQUE, (0.5, 1, 3))
    inside = np.zeros(on.shape, bool)
    inside[2, 1, 4] = True
    move = off_by(3, 40, 5)
    expected = np.linalg.norm(move(on.to_world((2, 1, 4))) - on.to_world((2, 1, 4)))
    found = move.apart(Rigid.identity(), Mask(inside, on))
    np.testing.assert_allclose(found, [expected], rtol=1e-12)


def test_a_transform_cannot_be_changed():
    with pytest.raises(ValueError, match="read-only"):
        Rigid.identity().matrix[0, 3] = 1


@pytest.mark.parametrize(
    ("matrix", "told"),
    [
        (np.diag([1.01, 1, 1, 1]), "off by 0.0201"),
        (np.array([[1, 0.1, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1.0]]), "scaling and"),
        (np.diag([-1.0, 1, 1, 1]), "mirror"),
        (np.eye(3), "shape"),
        (np.full((4, 4), np.nan), "finite"),
        (np.vstack((np.eye(4)[:3], [0, 0, 1, 1])), "last row"),
    ],
)
def test_what_is_no_rotation_is_refused(matrix, told):
    with pytest.raises(BadSetting, match=told):
        Rigid(matrix)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Rigid.about((0, 0)),
        lambda: Rigid.about((0, 0, 0), turn_deg=(0, np.nan, 0)),
        lambda: Rigid.from_euler(5.0),
        lambda: Rigid.identity().apart(Rigid.identity(), [1, 2, 3]),
    ],
)
def test_numbers_that_are_not_three_are_refused(make):
    with pytest.raises(BadSetting, match=r"three finite|\(n, 3\)"):
        make()


def test_a_region_without_a_voxel_has_no_distance():
    on = Grid((2, 2, 2), (0, 0, 0), np.eye(3), (1, 1, 1))
    with pytest.raises(EmptyRegion, match="at least one place"):
        Rigid.identity().apart(Rigid.identity(), Mask(np.zeros(on.shape, bool), on))


@pytest.mark.parametrize("method", ["linear", "bspline"])
@pytest.mark.parametrize("seed", range(3))
def test_each_place_gets_the_value_of_the_place_it_is_taken_to(method, seed):
    moving = ramp(Grid((30, 28, 20), (-29, -30, -31), OBLIQUE, (2, 2.2, 3)))
    move = off_by(4, 25, seed)
    centre = move.inverse()(moving.grid.to_world((14.5, 13.5, 9.5)))
    onto = Grid((5, 6, 7), centre - 3, OBLIQUE.T, (2.0, 2.2, 1.5))
    found = resample_by(moving, move, onto=onto, method=method)
    places = onto.to_world(np.moveaxis(np.indices(onto.shape), 0, -1))
    expected = move(places) @ np.array([1.0, 10.0, 100.0])
    # float32 of numbers up to some thousands; a cubic spline bends a little near the border
    np.testing.assert_allclose(found.values, expected, atol=0.01 if method == "linear" else 0.2)


def test_where_the_image_does_not_reach_the_outside_value_stands():
    on = Grid((4, 4, 4), (0, 0, 0), np.eye(3), (1, 1, 1))
    beyond = Rigid.about((0, 0, 0), shift_mm=(2, 0, 0))
    found = resample_by(Volume(np.ones(on.shape), on, "1"), beyond, onto=on, outside=-200.0)
    np.testing.assert_array_equal(found.values[:2], 1)
    np.testing.assert_array_equal(found.values[2:], -200)
