"""A grid says where voxels lie in the patient, and refuses numbers that describe none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import shapes
from osteon.core import BadGeometry, Grid

UNIT = np.eye(3)
angles = st.floats(-180, 180)
axes = st.tuples(*[st.integers(-3, 3)] * 3).filter(any)
mirrors = st.sampled_from([1.0, -1.0])


@given(angles, axes, mirrors, st.tuples(*[st.floats(0.01, 10)] * 3), st.integers(0, 999))
def test_world_to_index_and_back_is_where_one_was(angle, axis, mirror, spacing, seed):
    turn = shapes.rotation(angle, axis) * [mirror, 1, 1]
    grid = Grid((5, 6, 7), [100.0, -200.0, 1500.0], turn, spacing)
    index = np.random.default_rng(seed).uniform(-5, 12, (4, 3))
    assert grid.to_index(grid.to_world(index)) == pytest.approx(index, abs=1e-7)


def test_a_voxel_lies_where_the_affine_of_the_file_says():
    turn = shapes.rotation(30, (0, 0, 1))
    grid = Grid((4, 4, 4), [10, 20, 30], turn, [1, 2, 3])
    # by hand: two steps of 2 mm along j, which is y turned by 30° towards −x
    expected = [10 - 4 * 0.5, 20 + 4 * np.sqrt(3) / 2, 30]
    assert grid.to_world([0, 2, 0]) == pytest.approx(expected)
    assert grid.affine @ [0, 2, 0, 1] == pytest.approx([*expected, 1])
    again = Grid.from_affine(grid.shape, grid.affine)
    assert again.spacing == pytest.approx([1, 2, 3])
    assert again.apart(grid) < 1e-9


def test_mirrored_storage_keeps_its_place_and_its_volume():
    grid = Grid((3, 4, 5), [9, 0, 0], np.diag([-1.0, 1.0, 1.0]), [0.5, 0.5, 2.5])
    assert grid.to_world([2, 0, 0]) == pytest.approx([8, 0, 0])
    assert grid.voxel_volume == pytest.approx(0.625)


@pytest.mark.parametrize(
    ("direction", "letters"),
    [
        (UNIT, "LPS"),
        (np.diag([-1, -1, 1]), "RAS"),
        (UNIT[:, [1, 2, 0]], "PSL"),
        (shapes.rotation(30, (1, 1, 0)), "LPS"),
        (UNIT[:, [2, 0, 1]] * [-1, 1, -1], "ILA"),
    ],
)
def test_letters_say_to_which_side_of_the_patient_each_axis_runs(direction, letters):
    assert Grid((2, 2, 2), [0, 0, 0], direction, [1, 1, 1]).orientation == letters


def test_a_crop_has_the_same_voxels_at_the_same_places():
    grid = Grid((8, 9, 10), [1, 2, 3], shapes.rotation(20, (1, 2, 3)), [0.7, 0.7, 2.5])
    part = grid.crop((2, 3, 4), (5, 9, 6))
    assert part.shape == (3, 6, 2)
    assert part.to_world([1, 2, 1]) == pytest.approx(grid.to_world([3, 5, 5]))


def test_a_thinned_part_lies_on_every_second_voxel():
    grid = Grid((8, 9, 10), [1, 2, 3], shapes.rotation(20, (1, 2, 3)), [0.7, 0.7, 2.5])
    part = grid.part((slice(1, 8, 2), slice(None), slice(4, 6)))
    assert part.shape == (4, 9, 2)
    assert part.to_world([3, 8, 1]) == pytest.approx(grid.to_world([7, 8, 5]))


def test_grids_are_apart_by_the_shift_between_them():
    grid = Grid((4, 4, 4), [0, 0, 0], UNIT, [1, 1, 1])
    assert grid.apart(Grid((4, 4, 4), [3, 4, 0], UNIT, [1, 1, 1])) == pytest.approx(5)


def test_one_slice_of_another_thickness_is_another_grid():
    grid = Grid((4, 4, 1), [0, 0, 0], UNIT, [1, 1, 1])
    # the outer faces of 1 mm and 3 mm lie 1 mm apart
    assert grid.apart(Grid((4, 4, 1), [0, 0, 0], UNIT, [1, 1, 3])) == pytest.approx(1)


def test_arrays_of_a_grid_cannot_be_written():
    grid = Grid((4, 4, 4), [0, 0, 0], UNIT, [1, 1, 1])
    with pytest.raises(ValueError, match="read-only"):
        grid.spacing[0] = 2


SHEAR = np.array([[1.0, 0.1, 0], [0, 1, 0], [0, 0, 1]])


@pytest.mark.parametrize(
    ("shape", "origin", "direction", "spacing", "says"),
    [
        ((4, 4), [0, 0, 0], UNIT, [1, 1, 1], r"three sides .* got \(4, 4\)"),
        ((4, 0, 4), [0, 0, 0], UNIT, [1, 1, 1], r"at least one voxel; got \(4, 0, 4\)"),
        ((4, 4, 4), [0, 0], UNIT, [1, 1, 1], r"origin must be \(3,\) finite"),
        ((4, 4, 4), [0, 0, np.nan], UNIT, [1, 1, 1], "origin .* nan"),
        ((4, 4, 4), [0, 0, 0], UNIT, [1, 1, 0], r"above 0 mm; got \[1.0, 1.0, 0.0\]"),
        ((4, 4, 4), [0, 0, 0], UNIT, [1, -1, 1], r"above 0 mm; got \[1.0, -1.0, 1.0\]"),
        ((4, 4, 4), [0, 0, 0], SHEAR, [1, 1, 1], "off by 0.1, at most 0.001"),
        ((4, 4, 4), [0, 0, 0], 2 * UNIT, [1, 1, 1], "not at right angles"),
    ],
)
def test_numbers_that_describe_no_grid_are_refused_and_named(
    shape, origin, direction, spacing, says
):
    with pytest.raises(BadGeometry, match=says):
        Grid(shape, origin, direction, spacing)


@pytest.mark.parametrize(
    ("affine", "says"),
    [
        (np.eye(3), r"4×4 finite numbers; got shape \(3, 3\)"),
        (np.full((4, 4), np.inf), "finite"),
        (np.diag([1.0, 0.0, 1.0, 1.0]), "no length"),
    ],
)
def test_affines_that_describe_no_grid_are_refused(affine, says):
    with pytest.raises(BadGeometry, match=says):
        Grid.from_affine((2, 2, 2), affine)
