"""The picture of a scene: volumes, order, pose, structure."""

from dataclasses import replace

import numba
import numpy as np
import pytest

from osteon.core import BadGeometry, BadSetting, GridMismatch
from osteon.simulate.scene import Soft, render, structure_of, where_is
from scenes_of_simulate import BONE, MARROW, bone_ball, box, scene, soft_ball

ONE = np.array([[0.0], [1.0], [0.0], [0.0]], np.float32)
"""Counts muscle."""

TURNED = np.array([[0.36, 0.48, -0.8], [-0.8, 0.6, 0.0], [0.48, 0.64, 0.6]])


def volume(picture, grid):
    return float(picture.sum(dtype=float)) * grid.voxel_volume


@pytest.mark.parametrize("spacing", [(0.4, 0.4, 0.4), (0.3, 0.3, 0.9), (2.0, 2.0, 3.0)])
def test_a_ball_keeps_its_volume_at_any_voxel_size(spacing):
    grid = box([int(30 / s) for s in spacing], spacing, centre=(0.1, 0.2, 0.05))
    picture = render(scene(soft_ball("ball", 10.0)), grid, ONE)[0]
    assert volume(picture, grid) == pytest.approx(4 / 3 * np.pi * 10**3, rel=0.01)


def test_a_turned_picture_shows_the_same_volume():
    grid = box((60, 60, 60), 0.5, direction=TURNED)
    picture = render(scene(soft_ball("ball", 10.0)), grid, ONE)[0]
    assert volume(picture, grid) == pytest.approx(4 / 3 * np.pi * 10**3, rel=0.01)


def test_a_ball_smaller_than_a_voxel_gives_its_share():
    grid = box((3, 3, 3), 4.0)
    picture = render(scene(soft_ball("ball", 1.0, step=0.08)), grid, ONE, samples=(40, 40, 40))[0]
    assert picture[1, 1, 1] == pytest.approx(4 / 3 * np.pi / 64, rel=0.02)
    assert np.count_nonzero(picture) == 1


def test_what_comes_later_covers_what_comes_earlier():
    big, small = soft_ball("big", 10.0), soft_ball("small", 5.0, tissue=MARROW)
    values = np.array([[0.0], [1.0], [10.0], [0.0]], np.float32)
    centre = box((1, 1, 1), 0.5)
    assert render(scene(big, small), centre, values)[0, 0, 0, 0] == 10
    assert render(scene(small, big), centre, values)[0, 0, 0, 0] == 1


def test_objects_are_seen_where_their_pose_puts_them():
    lattice = soft_ball("ball", 3.0)
    pose = np.eye(4)
    pose[:3, :3] = TURNED
    pose[:3, 3] = (7.0, -4.0, 2.0)
    grid = box((80, 80, 80), 0.5)
    shown = render(scene(replace(lattice, pose=pose)), grid, ONE)[0]
    centre = (np.indices(grid.shape).reshape(3, -1) * shown.ravel()).sum(axis=1) / shown.sum()
    assert grid.to_world(centre) == pytest.approx([7, -4, 2], abs=0.02)


def test_moving_an_object_moves_its_picture_and_no_other():
    move = np.eye(4)
    move[:3, 3] = (2.0, 0.0, 0.0)
    still = scene(soft_ball("a", 3.0), soft_ball("b", 3.0, centre=(0.0, 12.0, 0.0)))
    grid = box((60, 60, 40), 0.5)
    before, after = (render(s, grid, ONE)[0] for s in (still, still.moved({"a": move})))
    assert np.array_equal(before[:, 40:], after[:, 40:])
    assert np.abs(after[4:, :36] - before[:-4, :36]).max() < 0.02


@pytest.mark.parametrize("amount", [0.05, 0.2, 0.5])
def test_spongy_bone_has_the_bv_tv_asked_for(amount):
    values = np.zeros((4, 1), np.float32)
    values[BONE] = 1
    grid = box((32, 32, 32), 0.5)
    picture = render(scene(bone_ball(14.0, shell=0.0, amount=amount)), grid, values)[0]
    assert picture.mean() == pytest.approx(amount, abs=0.01)


def test_coarse_voxels_show_the_mean_of_the_fine_ones():
    values = np.zeros((4, 2), np.float32)
    values[BONE, 0], values[MARROW, 1] = 1, 1
    thing = scene(bone_ball(12.0, shell=1.0, amount=0.3))
    fine = render(thing, box((64, 64, 64), 0.5), values)
    coarse = render(thing, box((16, 16, 16), 2.0), values)
    mean = fine.reshape(2, 16, 4, 16, 4, 16, 4).mean(axis=(2, 4, 6))
    assert coarse.sum(axis=(1, 2, 3)) == pytest.approx(mean.sum(axis=(1, 2, 3)), rel=0.01)
    assert np.abs(coarse - mean).mean() < 0.02


def test_a_shell_is_as_thick_as_it_says():
    values = np.zeros((4, 1), np.float32)
    values[BONE] = 1
    grid = box((60, 60, 60), 0.5)
    shown = volume(render(scene(bone_ball(12.0, shell=1.5, amount=0.0)), grid, values)[0], grid)
    assert shown == pytest.approx(4 / 3 * np.pi * (12**3 - 10.5**3), rel=0.02)


def test_the_picture_of_bone_is_the_mean_of_its_structure():
    bone = bone_ball(12.0, shell=1.0, amount=0.25)
    whole = scene(bone)
    values = np.zeros((4, 1), np.float32)
    values[BONE] = 1
    grid = box((16, 16, 16), 0.5, centre=(3.0, 5.0, 6.0))
    fine = box((80, 80, 80), 0.1, centre=(3.0, 5.0, 6.0))
    structure = structure_of(bone, whole.tiles, fine)
    mean = structure.reshape(16, 5, 16, 5, 16, 5).mean(axis=(1, 3, 5))
    shown = render(whole, grid, values, samples=(5, 5, 5))[0]
    assert np.abs(shown - mean).max() < 0.15
    assert np.abs(shown - mean).mean() < 0.005


def test_where_is_names_the_object_and_its_part():
    whole = scene(soft_ball("muscle", 20.0), bone_ball(10.0, shell=2.0))
    objects, part = where_is(whole, box((1, 1, 60), 1.0, centre=(0, 0, 0.3)))
    height = np.abs(np.arange(60) - 29.2)
    assert objects[0, 0].tolist() == np.select([height < 10, height < 20], [1, 0], -1).tolist()
    assert part[0, 0].tolist() == np.select([height <= 8, height < 10], [2, 1], 0).tolist()


def test_threads_change_no_byte():
    whole, grid = scene(bone_ball()), box((30, 30, 30), 0.6)
    values = np.arange(8, dtype=np.float32).reshape(4, 2)
    before = numba.get_num_threads()
    try:
        numba.set_num_threads(1)
        one = render(whole, grid, values)
    finally:
        numba.set_num_threads(before)
    assert one.tobytes() == render(whole, grid, values).tobytes()


def test_an_empty_scene_is_air():
    values = np.full((4, 1), 7.0, np.float32)
    assert (render(scene(), box((3, 3, 3), 1.0), values) == 7).all()


def test_values_must_name_every_tissue():
    with pytest.raises(BadSetting, match="4 tissues; got \\(3, 1\\)"):
        render(scene(), box((3, 3, 3), 1.0), np.zeros((3, 1), np.float32))
    with pytest.raises(BadSetting, match="at least once"):
        render(scene(), box((3, 3, 3), 1.0), np.zeros((4, 1), np.float32), samples=(0, 1, 1))


def test_a_shape_refuses_what_does_not_fit():
    grid, inside, pose = soft_ball("ball", 3.0).grid, soft_ball("ball", 3.0).inside, np.eye(4)
    with pytest.raises(GridMismatch):
        Soft("ball", grid, inside[1:], pose)
    with pytest.raises(BadGeometry, match="bends or mirrors"):
        Soft("ball", grid, inside, np.diag([-1.0, 1, 1, 1]))
