"""The bone in space against bodies whose size and place are known."""

from functools import partial

import numpy as np
import pytest

from osteon.core import Grid, Mask, Volume
from osteon.report import StructurePictures, patient_axes, structure_views
from osteon.report.bone_block import LARGEST, SPARE, bone_block
from osteon.report.bone_view import FINER, camera, look, painted
from osteon.report.colours import THICK, scale_of
from osteon.report.structure_views import views

from .structure_example import grid_of, pictures_of

SLANTS = [(0, 0), (-35, 25), (90, 0), (20, 90)]


def world_of(grid):
    return np.moveaxis(grid.to_world(np.stack(np.indices(grid.shape), -1)), -1, 0)


def seen(bone, azimuth, elevation, thickness=None, pixels=100):
    values = bone.values.astype(np.float32) if thickness is None else thickness
    block = bone_block(bone, Volume(values, bone.grid, "mm"))
    return look(block, camera(patient_axes.directions(bone.grid), azimuth, elevation), pixels)


def ball(grid, diameter):
    centre = grid.to_world((np.array(grid.shape) - 1) / 2)
    away = np.stack(world_of(grid)) - centre[:, None, None, None]
    return Mask(np.linalg.norm(away, axis=0) <= diameter / 2, grid)


def turned(shape, spacing):
    direction = np.array([[0.0, -0.96, 0.28], [0, 0.28, 0.96], [-1, 0, 0]])
    return Grid(shape, np.array([5.0, -3, 40]), direction, np.array(spacing))


@pytest.mark.parametrize("slant", SLANTS)
@pytest.mark.parametrize(
    "grid", [grid_of((48,) * 3), turned((48, 24, 32), (0.1, 0.2, 0.15))], ids=["cubes", "bricks"]
)
def test_a_ball_of_four_millimetres_is_four_millimetres_wide_from_every_side(grid, slant):
    view = seen(ball(grid, 4.0), *slant)
    rows, columns = np.nonzero(view.depth >= 0)
    assert np.ptp(columns) * view.pixel == pytest.approx(4.0, abs=grid.spacing.max())
    assert np.ptp(rows) * view.pixel == pytest.approx(4.0, abs=grid.spacing.max())
    disc = (view.depth >= 0).sum() * view.pixel**2
    assert disc == pytest.approx(np.pi * 2**2, rel=0.04)


def test_the_surface_of_a_ball_falls_back_from_its_middle_as_a_circle_does():
    view = seen(ball(grid_of((60,) * 3), 5.0), -35, 25)
    rows, columns = np.indices(view.depth.shape)
    middle = (np.array(view.depth.shape) - 1) / 2
    aside = np.hypot(rows - middle[0], columns - middle[1]) * view.pixel
    for far in (1.0, 2.0):  # of a radius of 2.5 mm
        ring = np.abs(aside - far) < 0.1
        fallen = view.depth[ring].mean() - view.depth[aside < 0.2].mean()
        assert fallen == pytest.approx(2.5 - np.sqrt(2.5**2 - far**2), abs=0.05)


@pytest.mark.parametrize("slant", [(0, 0), (90, 0), (180, 0), (-90, 0), (0, 90)])
def test_the_face_of_bone_cut_by_the_end_of_the_image_is_seen_whole(slant):
    view = seen(Mask(np.ones((20,) * 3, bool), grid_of((20,) * 3)), *slant)
    assert (view.depth >= 0).sum() * view.pixel**2 == pytest.approx(2.0**2, rel=0.03)
    assert view.thickness[view.depth >= 0] == pytest.approx(1.0)


@pytest.mark.parametrize("slant", SLANTS)
def test_corners_appear_where_the_bone_in_them_does(slant):
    grid = turned((40, 30, 20), (0.1, 0.1, 0.2))
    values = np.zeros(grid.shape, bool)
    values[:4, :4, :3] = values[-4:, -4:, -3:] = True
    view = seen(Mask(values, grid), *slant)
    rows, columns = np.nonzero(view.depth >= 0)
    centre = np.array([columns.mean() + 0.5, rows.mean() + 0.5]) * view.pixel
    middle = grid.to_world((np.array(grid.shape) - 1) / 2)
    assert view.place(middle) == pytest.approx(centre, abs=0.2)
    tip = view.place(grid.to_world([1.5, 1.5, 1]))
    row, column = (tip[::-1] / view.pixel).astype(int)
    assert view.depth[row, column] >= 0


@pytest.mark.parametrize(
    ("mark", "slant", "side"),
    [
        ((2, 0, 0), (0, 0), "right"),  # seen from the front, the patient's left is on the right
        ((0, 0, 2), (0, 0), "up"),
        ((2, 0, 0), (180, 0), "left"),  # and from behind on the left
        ((0, -2, 0), (90, 0), "left"),  # seen from the patient's left, the front is to the left
        ((0, -2, 0), (0, 90), "down"),  # seen from above the head, the front is below
        ((0, 0, 2), (-35, 25), "up"),
    ],
)
@pytest.mark.parametrize("flips", [(1, 1, 1), (-1, 1, 1), (-1, -1, -1)])
def test_a_mark_is_on_the_side_where_it_is_in_the_patient(mark, slant, side, flips):
    direction = np.diag(np.array(flips, float))
    grid = Grid((51,) * 3, -2.5 * direction.sum(axis=1), direction, np.full(3, 0.1))
    x, y, z = world_of(grid)
    at = np.max(np.abs(np.stack([x - mark[0], y - mark[1], z - mark[2]])), axis=0) < 0.25
    corners = np.zeros(grid.shape, bool)
    corners[0, 0, 0] = corners[-1, -1, -1] = True  # so that the middle of the picture is 0
    view = seen(Mask(at | corners, grid), *slant, thickness=np.where(at, 2, 1).astype(np.float32))
    rows, columns = np.nonzero(view.thickness > 1.5)
    right = columns.mean() / view.depth.shape[1] - 0.5
    down = rows.mean() / view.depth.shape[0] - 0.5
    found = {"right": right > 0.2, "left": right < -0.2, "up": down < -0.2, "down": down > 0.2}
    assert found[side]


def test_what_is_in_front_hides_what_is_behind():
    grid = grid_of((40,) * 3)
    _, y, _ = world_of(grid)
    plates = np.abs(np.abs(y) - 1.5) < 0.25
    thickness = np.where(plates, np.where(y < 0, 1.0, 3.0), 0).astype(np.float32)
    front = seen(Mask(plates, grid), 0, 0, thickness)
    back = seen(Mask(plates, grid), 180, 0, thickness)
    assert front.thickness[front.depth >= 0] == pytest.approx(1.0)
    assert back.thickness[back.depth >= 0] == pytest.approx(3.0)


def test_a_volume_thinned_out_shows_the_same_body():
    grid = grid_of((700, 24, 24), 0.05)
    bone = Mask(np.ones(grid.shape, bool), grid)
    block = bone_block(bone, Volume(np.full(grid.shape, 0.3, np.float32), grid, "mm"))
    assert max(block.solid.shape) <= LARGEST * (1 + SPARE) + 3
    assert np.ptp(block.corners, axis=0) == pytest.approx([35, 1.2, 1.2])
    view = look(block, camera(np.eye(3), 0, 0), 350)
    columns = np.nonzero(view.depth >= 0)[1]
    assert (np.ptp(columns) + 1) * view.pixel == pytest.approx(35, abs=0.1)
    assert view.thickness[view.depth >= 0] == pytest.approx(0.3)


def test_thinning_keeps_the_share_of_bone_and_the_largest_thickness():
    grid = grid_of((601, 5, 5))
    rng = np.random.default_rng(1)
    values = rng.random(grid.shape) < 0.3
    values[0, 0, 0] = values[-1, -1, -1] = True
    thickness = np.where(values, rng.random(grid.shape), 0).astype(np.float32)
    block = bone_block(Mask(values, grid), Volume(thickness, grid, "mm"))
    inner = block.solid[1:-1, 1:-1, 1:-1]
    assert inner.shape == (201, 2, 2)
    step = round(601 / inner.shape[0])
    first = values[:step, :step, :step]
    assert inner[0, 0, 0] / 255 == pytest.approx(first.mean(), abs=1 / 255)
    assert block.thickness[1, 1, 1] == thickness[:step, :step, :step].max()


def test_the_floor_of_a_pit_is_darker_than_the_ground_around_it():
    grid = grid_of((48,) * 3)
    x, y, z = world_of(grid)
    bone = Mask((y > 0) & ~((np.hypot(x, z) < 0.5) & (y < 1.8)), grid)
    view = seen(bone, 0, 0)
    rows, columns = view.depth.shape
    middle, aside = (rows // 2, columns // 2), (rows // 2, columns // 5)
    assert view.depth[middle] - view.depth[aside] == pytest.approx(1.8, abs=0.1)
    assert view.light[middle] < 0.7 * view.light[aside]


def test_a_side_towards_the_lamp_is_brighter_than_one_away_from_it():
    view = seen(ball(grid_of((60,) * 3), 5.0), 0, 0)
    rows, columns = view.depth.shape
    above = view.light[rows // 4, columns // 3]
    below = view.light[3 * rows // 4, 2 * columns // 3]
    assert above > below + 0.2


def test_where_there_is_no_bone_the_picture_is_seen_through():
    view = seen(ball(grid_of((40,) * 3), 3.0), 0, 0)
    shades = painted(view, np.full((*view.depth.shape, 3), 0.5))
    assert shades.shape == (view.depth.shape[0] // FINER, view.depth.shape[1] // FINER, 4)
    assert shades[0, 0, 3] == 0
    assert shades[shades.shape[0] // 2, shades.shape[1] // 2, 3] == 255


def test_only_bone_of_the_region_is_drawn_and_its_slab_is_of_its_middle(monkeypatch):
    monkeypatch.setattr(structure_views, "look", partial(look, pixels=200))
    grid = grid_of((40, 40, 40))
    x, y, _ = world_of(grid)
    bone = Mask(np.ones(grid.shape, bool), grid)
    region = Mask((np.abs(x) < 1) & (y > 0), grid)
    thickness = Volume(bone.values.astype(np.float32), grid, "mm")
    drawn = StructurePictures(bone, thickness, region=region)
    slanting, front = views(drawn, scale_of(thickness.values, THICK))
    assert front.height == pytest.approx(4.0 * 1.06, rel=0.02)  # of 2 by 4 mm, with its margin
    assert front.width == pytest.approx(2.0 + 4.0 * 0.06, rel=0.02)
    assert "0.3 mm from front to back" in front.alt  # of 2 mm
    assert front.sides == ("R", "L", "S", "I")
    letters = {letter: (x, y) for letter, x, y in slanting.triad}
    assert letters["S"][0] == pytest.approx(0, abs=0.1)
    assert letters["S"][1] < -20  # up
    assert letters["L"][0] > 20  # right
    assert letters["P"][1] < 0  # away, which is up where seen from above


def test_bone_without_a_voxel_has_no_picture():
    grid = grid_of((8,) * 3)
    nothing = pictures_of(Mask(np.zeros(grid.shape, bool), grid))
    assert views(nothing, None) == []
