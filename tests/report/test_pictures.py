"""Pictures against the place of marks in the patient, which is known."""

import base64
import io
import re

import numpy as np
import pytest
from PIL import Image

from osteon.core import HU, Grid, Labels, Mask, Volume, resample
from osteon.report.pictures import Drawn, overview, thumbnails
from osteon.report.sheet import flat, outline

UPRIGHT = {"left": [1, 0, 0], "anterior": [0, -1, 0], "superior": [0, 0, 1]}


def level(name="L1", centre=(0.0, 0.0, 0.0), axes=UPRIGHT, label=31):
    place = {"level": name, "label": label, "centre_mm": list(centre), "axes": axes}
    return {**place, "measured": True, "depth_mm": 30.0, "width_mm": 40.0}


def world_of(grid):
    return np.moveaxis(grid.to_world(np.stack(np.indices(grid.shape), -1)), -1, 0)


def cube(side=60, spacing=1.5):
    start = -(side - 1) / 2 * spacing
    return Grid((side,) * 3, np.full(3, start), np.eye(3), np.full(3, spacing))


def nothing_on(grid, values):
    empty = Mask(np.zeros(grid.shape, bool), grid)
    regions = dict.fromkeys(("core", "oval", "anterior"), empty)
    return Drawn(Volume(values, grid, HU), Labels(np.zeros(grid.shape, np.uint8), grid), regions)


def ball(grid, centre, radius=4.0):
    offset = np.stack(world_of(grid)) - np.asarray(centre, float)[:, None, None, None]
    return np.where(np.linalg.norm(offset, axis=0) < radius, 800, -200).astype(np.int16)


def shades(picture):
    data = base64.b64decode(picture.source.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)))


def brightest(picture):
    """Centre of the bright spot as shares of width and height, from the top left corner."""
    bright = np.argwhere(shades(picture) > 128)
    rows, columns = shades(picture).shape
    return bright.mean(axis=0)[1] / columns, bright.mean(axis=0)[0] / rows


@pytest.mark.parametrize(
    ("mark", "view", "side"),
    [
        ((15, 0, 0), 0, "right"),  # axial: patient's left on the right side
        ((0, -15, 0), 0, "up"),  # axial: front up
        ((0, -15, 0), 1, "left"),  # sagittal: front to the left
        ((0, 0, 15), 1, "up"),  # sagittal: head up
        ((15, 0, 0), 2, "right"),  # coronal: patient's left on the right side
        ((0, 0, 15), 2, "up"),  # coronal: head up
    ],
)
def test_a_mark_appears_on_the_side_where_a_radiologist_expects_it(mark, view, side):
    grid = cube()
    right, down = brightest(thumbnails(nothing_on(grid, ball(grid, mark)), level())[view])
    found = {"right": right > 0.65, "left": right < 0.45, "up": down < 0.45}
    assert found[side]


def test_a_mark_in_front_of_a_tilted_vertebra_is_straight_up_in_its_axial_picture():
    grid, tilt = cube(), np.radians(25)
    anterior = np.array([0, -np.cos(tilt), np.sin(tilt)])
    superior = np.array([0, np.sin(tilt), np.cos(tilt)])
    axes = {"left": [1, 0, 0], "anterior": list(anterior), "superior": list(superior)}
    drawn = nothing_on(grid, ball(grid, 15 * anterior))
    right, down = brightest(thumbnails(drawn, level(axes=axes))[0])
    assert right == pytest.approx(0.5, abs=0.01)
    assert down == pytest.approx(0.5 - (15 + 8) / 70, abs=0.01)  # 8 mm: centred behind the body


def test_mirrored_and_turned_storage_gives_the_same_picture():
    grid = cube()
    volume = Volume(ball(grid, (12, -9, 6)), grid, HU)
    corner = grid.to_world([59, 0, 59])
    direction = np.array([[0.0, -1, 0], [0, 0, 1], [-1, 0, 0]])
    stored = Grid(grid.shape, corner, direction, grid.spacing)
    other = resample(volume, onto=stored, method="nearest")
    for one, two in zip(
        thumbnails(nothing_on(grid, volume.values), level()),
        thumbnails(nothing_on(stored, other.values), level()),
        strict=True,
    ):
        np.testing.assert_allclose(shades(one).astype(int), shades(two), atol=1)


def test_the_outline_of_a_box_has_the_area_of_the_box():
    grid = cube(40, 1.0)
    x, y, _ = world_of(grid)
    box = Mask((np.abs(x) < 10) & (np.abs(y) < 6), grid)  # 20 by 12 voxels of 1 mm
    sheet = flat(np.zeros(3), np.array([1.0, 0, 0]), np.array([0, 1.0, 0]), (36, 36), 0.25)
    (line,) = outline(box, sheet, Labels(np.zeros(grid.shape, np.uint8), grid), [])
    a, b = line.T
    area = abs(np.dot(a[:-1], b[1:]) - np.dot(b[:-1], a[1:])) / 2
    assert area == pytest.approx(20 * 12, rel=0.01)  # corners are cut by a voxel's half at most
    assert (line.min(axis=0) + line.max(axis=0)) / 2 == pytest.approx([18, 18], abs=0.13)


def test_regions_of_a_neighbour_are_not_drawn():
    grid = cube()
    _, _, z = world_of(grid)
    values = np.where(np.abs(z) < 8, 31, np.where(z > 12, 32, 0)).astype(np.uint8)
    labels = Labels(values, grid)
    core = Mask(values > 0, grid)
    sheet = flat(np.zeros(3), np.array([0, 1.0, 0]), np.array([0, 0, -1.0]), (60, 60), 0.5)
    heights = np.concatenate([line[:, 1] for line in outline(core, sheet, labels, [31])])
    assert 30 - heights.min() == pytest.approx(8, abs=1.5)  # within a voxel
    assert heights.max() - 30 == pytest.approx(8, abs=1.5)


def test_a_scoliotic_spine_stays_in_the_sagittal_overview():
    grid = Grid((60, 50, 90), np.array([-45.0, -37, -67]), np.eye(3), np.full(3, 1.5))
    x, y, z = world_of(grid)
    column = np.hypot(x - 20 * np.sin(z / 40), y) < 6
    drawn = nothing_on(grid, np.where(column, 800, -200).astype(np.int16))
    heights = np.arange(60.0, -61, -10)
    levels = [level(f"V{n}", (20 * np.sin(h / 40), 0, h)) for n, h in enumerate(heights)]
    sagittal, coronal = overview(drawn, levels)
    assert (shades(sagittal) > 200).any(axis=1).all()
    middle = [np.argwhere(row > 128).mean() for row in shades(coronal)]
    assert np.ptp(middle) * 0.5 == pytest.approx(40, abs=2)  # the bend itself, to each side 20 mm


def test_pictures_are_true_to_scale_and_pixels_outside_the_scan_are_marked():
    grid = cube()
    drawn = nothing_on(grid, np.full(grid.shape, 300, np.int16))
    picture = thumbnails(drawn, level(centre=(40, 0, 0)))[0]
    assert (picture.width, picture.height) == (70, 70)
    outside = (shades(picture) == 0).all(axis=0).mean()
    assert outside == pytest.approx((40 + 35 - 45) / 70, abs=0.01)  # the scan ends at x = 45


def test_outlines_are_closed_paths_within_the_picture():
    grid = cube()
    x, y, z = world_of(grid)
    core = Mask(np.hypot(np.hypot(x, y), z) < 12, grid)
    labels = Labels(core.values.astype(np.uint8) * 31, grid)
    regions = {"core": core, "oval": core, "anterior": core}
    drawn = Drawn(Volume(ball(grid, (0, 0, 0)), grid, HU), labels, regions)
    path = thumbnails(drawn, level())[0].outlines["core"]
    assert re.fullmatch(r"M\d+ \d+l(-?\d+ -?\d+ ?)+z", path)
    steps = np.array([int(n) for n in re.findall(r"-?\d+", path.split("l")[1])]).reshape(-1, 2)
    start = np.array([int(n) for n in re.findall(r"\d+", path.split("l")[0])])
    corners = start + np.cumsum(steps, axis=0)
    assert np.ptp(corners, axis=0) / 10 == pytest.approx([24, 24], abs=1.5)  # its diameter in mm


def test_the_name_of_a_body_at_the_end_of_the_scan_stays_in_the_overview():
    grid = cube()
    drawn = nothing_on(grid, np.full(grid.shape, 300, np.int16))
    levels = [level("L1", (0, -40, 43)), level("L2", (40, 0, 0)), level("L3", (0, 0, -43))]
    for picture in overview(drawn, levels):
        assert [label.text for label in picture.labels] == ["L1", "L2", "L3"]
        for label in picture.labels:
            assert 3 < label.x < picture.width - 3
            assert 3 < label.y < picture.height - 3
