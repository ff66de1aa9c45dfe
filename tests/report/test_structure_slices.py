"""Slices and colours against marks whose place is known."""

import base64
import io
import re

import numpy as np
import pytest
from matplotlib.colors import to_rgb
from PIL import Image

from osteon.core import Grid, Mask, Volume
from osteon.report import StructurePictures
from osteon.report.colours import APART, THICK, nice, scale_of
from osteon.report.structure_pictures import scale_bar
from osteon.report.structure_slices import outline, slices

from .structure_example import grid_of

SCALE = scale_of(np.array([0.1, 0.3]), THICK)
AXIAL, CORONAL, SAGITTAL = 0, 1, 2


def shades(picture):
    data = base64.b64decode(picture.source.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)))


def world_of(grid):
    return np.moveaxis(grid.to_world(np.stack(np.indices(grid.shape), -1)), -1, 0)


def drawn(bone, **more):
    thickness = Volume(0.2 * bone.values.astype(np.float32), bone.grid, "mm")
    return StructurePictures(bone, thickness, **more)


def slices_of(inside, grid):
    return slices(drawn(Mask(inside, grid)), SCALE, SCALE)[-1].pictures


def coloured(picture):
    """Pixels of bone: the ground is dark."""
    return shades(picture).max(axis=-1) > 100


def test_a_plate_across_the_axis_of_the_head_lies_level_at_its_height():
    grid = grid_of((30, 30, 30), 0.2)  # 6 mm
    _, _, z = world_of(grid)
    plate = (z > 1.0) & (z < 1.6)
    pictures = slices_of(plate, grid)
    for normal in (CORONAL, SAGITTAL):
        rows = np.flatnonzero(coloured(pictures[normal]).all(axis=1))
        top = pictures[normal].height / len(shades(pictures[normal]))
        assert rows.min() * top == pytest.approx(3 - 1.6, abs=0.11)
        assert (rows.max() + 1) * top == pytest.approx(3 - 1.0, abs=0.11)
    assert coloured(pictures[AXIAL]).all()  # the middle slice lies in the plate
    assert slices_of(~plate, grid)[CORONAL].height == pytest.approx(6.0)


@pytest.mark.parametrize(
    ("mark", "normal", "side"),
    [
        ((2, 0, 0), AXIAL, "right"),
        ((0, -2, 0), AXIAL, "up"),
        ((2, 0, 0), CORONAL, "right"),
        ((0, 0, 2), CORONAL, "up"),
        ((0, -2, 0), SAGITTAL, "left"),
        ((0, 0, 2), SAGITTAL, "up"),
    ],
)
@pytest.mark.parametrize(
    "direction",
    [
        np.eye(3),
        np.diag([-1.0, -1, 1]),
        np.array([[0.0, -1, 0], [0, 0, 1], [-1, 0, 0]]),
        np.array([[0.98, 0, -0.199], [0, 1, 0], [0.199, 0, 0.98]]),
    ],
    ids=["LPS", "RAS", "turned", "oblique"],
)
def test_a_mark_is_on_the_side_of_its_letter(mark, normal, side, direction):
    spacing = np.full(3, 0.2)
    direction = np.linalg.qr(direction)[0] * np.sign(np.diag(np.linalg.qr(direction)[1]))
    grid = Grid((31,) * 3, -15 * direction @ spacing, direction, spacing)
    away = np.stack(world_of(grid)) - np.array(mark, float)[:, None, None, None]
    near = np.linalg.norm(away, axis=0) < 0.7
    centre = np.linalg.norm(np.stack(world_of(grid)), axis=0) > 2.9  # keeps the middle at 0
    picture = slices(
        drawn(Mask(near, grid), region=Mask(centre | near | True, grid)), SCALE, SCALE
    )[0].pictures[normal]
    rows, columns = np.nonzero(coloured(picture))
    right = columns.mean() / picture.columns - 0.5
    down = rows.mean() / picture.rows - 0.5
    assert {"right": right > 0.2, "left": right < -0.2, "up": down < -0.2}[side]
    assert dict(zip(("left", "right", "up", "down"), picture.sides, strict=True))[side] == (
        "L" if mark[0] else "A" if mark[1] else "S"
    )


def test_a_brick_of_unequal_voxels_is_drawn_true_to_scale():
    grid = Grid((20, 30, 10), np.zeros(3), np.eye(3), np.array([0.1, 0.2, 0.5]))
    sizes = [(p.width, p.height) for p in slices_of(np.ones(grid.shape, bool), grid)]
    assert np.array(sizes) == pytest.approx(np.array([(2, 6), (2, 5), (6, 5)]))


@pytest.mark.parametrize("width", [0.83, 3.0, 10.05, 12.0, 99.0, 140.0])
def test_the_scale_bar_is_a_round_length_that_fits(width):
    bar = scale_bar(width)
    assert width / 10 <= bar <= width / 4 + 1e-9
    assert f"{bar:.1e}"[:3] in {"1.0", "2.0", "2.5", "5.0"}


def test_the_middle_of_the_region_is_shown_and_what_lies_outside_is_faded():
    grid = grid_of((20, 20, 30))
    inside = np.zeros(grid.shape, bool)
    inside[10:, :, 20:25] = True
    bone = np.zeros(grid.shape, bool)
    bone[:, :, 22] = True
    rows = slices(drawn(Mask(bone, grid), region=Mask(inside, grid)), SCALE, SCALE)
    axial = shades(rows[0].pictures[AXIAL]).astype(float)
    assert coloured(rows[0].pictures[AXIAL])[:, 10:].all()
    assert axial[:, :10].mean() < 0.5 * axial[:, 10:].mean()
    assert [name for name, _ in rows[0].pictures[AXIAL].outlines] == ["region"]


def test_there_is_a_row_for_what_was_given_and_no_other():
    grid = grid_of((12,) * 3)
    bone = Mask(np.indices(grid.shape)[0] < 6, grid)
    marrow = Volume(0.4 * ~bone.values, grid, "mm")
    grey = Volume(np.where(bone.values, 900, -100).astype(np.int16), grid, "1")
    assert [row.kind for row in slices(drawn(bone), SCALE, SCALE)] == ["thickness"]
    rows = slices(drawn(bone, spacing=marrow, grey=grey), SCALE, SCALE)
    assert [row.kind for row in rows] == ["grey", "thickness", "spacing"]
    assert rows[0].window == (-100, 900)
    axial = shades(rows[0].pictures[AXIAL])
    assert (axial[:, :6] == 255).all()
    assert (axial[:, 6:] == 0).all()
    assert rows[0].pictures[AXIAL].outlines[0][0] == "bone"


def test_the_outline_of_a_box_runs_half_way_between_pixels():
    inside = np.zeros((20, 30), bool)
    inside[5:15, 10:22] = True
    path = outline(inside)
    numbers = [int(n) for n in re.findall(r"-?\d+", path)]
    corners = np.cumsum(np.array(numbers).reshape(-1, 2), axis=0) / 2  # in pixels
    x, y = corners.T
    area = abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2
    assert area == pytest.approx(10 * 12 - 4 * 0.125)  # its corners are cut
    assert [x.min(), x.max(), y.min(), y.max()] == [10, 22, 5, 15]


def test_a_scale_holds_nearly_all_values_between_round_ends():
    values = np.concatenate([np.zeros(500), np.random.default_rng(0).normal(0.2, 0.03, 9000)])
    scale = scale_of(values.astype(np.float32), THICK)
    low, high = np.percentile(values[values > 0], [1, 99])
    assert low - 0.02 <= scale.low <= low
    assert high <= scale.high <= high + 0.02
    assert (np.diff(scale.ticks) > 0).all()
    assert 3 <= len(scale.ticks) <= 8
    assert scale.marks[0][1].startswith("≤ ")
    assert scale.marks[-1] == (100.0, f"≥ {scale.high:g}")
    for place, text in scale.marks:
        value = float(text.strip("≤≥ "))
        assert scale.low + place / 100 * (scale.high - scale.low) == pytest.approx(value, abs=1e-4)


def test_a_scale_of_one_value_or_none_has_two_ends():
    one = scale_of(np.full(10, 0.3), THICK)
    assert one.low < 0.3 < one.high
    assert scale_of(np.zeros(4), THICK).low < scale_of(np.zeros(4), THICK).high


def test_values_beyond_the_ends_have_the_colours_of_the_ends():
    ends = SCALE.paint(np.array([-1.0, SCALE.low, SCALE.high, 99.0]))
    assert ends[0] == pytest.approx(ends[1])
    assert ends[2] == pytest.approx(ends[3])
    assert ends[1] == pytest.approx(to_rgb(THICK[0]), abs=0.01)
    assert ends[2] == pytest.approx(to_rgb(THICK[-1]), abs=0.01)


PROTAN = [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216]]
PROTAN += [[-0.003882, -0.048116, 1.051998]]
DEUTAN = [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413]]
DEUTAN += [[-0.011820, 0.042940, 0.968881]]


@pytest.mark.parametrize("eye", [np.eye(3), np.array(PROTAN), np.array(DEUTAN)])
@pytest.mark.parametrize("colours", [THICK, APART])
def test_colours_are_told_apart_without_red_or_green(colours, eye):
    """Machado et al. 2009, doi:10.1109/TVCG.2009.113, in linear light."""
    shown = np.array([to_rgb(colour) for colour in colours])
    light = np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)
    seen = np.clip(light @ eye.T, 0, 1) ** (1 / 2.2)
    apart = np.linalg.norm(seen[:, None] - seen[None], axis=2)
    assert apart[np.triu_indices(len(seen), 1)].min() > 0.12


@pytest.mark.parametrize(("value", "next_up"), [(0.9, 1), (1.0, 1), (1.1, 2), (0.022, 0.025)])
def test_the_next_round_number(value, next_up):
    assert nice(value) == pytest.approx(next_up)
