"""Thickness of shapes of known size, from partial volumes made here by supersampling."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask, UnsuitableScan, Volume
from osteon.features import FEATURES, METHODS
from osteon.features.structure.between_voxels.subvoxel import (
    subvoxel_thickness,
    subvoxel_trabecular,
)

Distance = Callable[..., NDArray[np.float64]]

CUBE = (1.0, 1.0, 1.0)
WITHIN = 0.02
"""What issue 3 asks of the mean, of truth."""

MARGIN = 6
"""Voxels around the image, so that it can be blurred as if it went on."""


def partial_volumes(outside: Distance, shape: tuple[int, ...], spacing=CUBE, blur=0.0):
    """Part of each voxel within a shape given by its signed distance in mm, then blurred."""
    parts = [round(4 * h / min(spacing)) for h in spacing]
    sides = [n + 2 * MARGIN for n in shape]
    axes = [
        ((np.arange(n * p) + 0.5) / p - n / 2) * h
        for n, p, h in zip(sides, parts, spacing, strict=True)
    ]
    away = outside(*np.meshgrid(*axes, indexing="ij", sparse=True))
    fine = np.clip(0.5 - away * 4 / min(spacing), 0, 1).astype(np.float32)
    fine = np.broadcast_to(fine, [n * p for n, p in zip(sides, parts, strict=True)])
    (i, j, k), (a, b, c) = sides, parts
    part = fine.reshape(i, a, j, b, k, c).mean((1, 3, 5))
    if blur:
        part = gaussian_filter(part, blur, mode="nearest", truncate=5)
    return part[(slice(MARGIN, -MARGIN),) * 3]


def volume(values, spacing=CUBE) -> Volume:
    return Volume(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing)), "1")


def unit(direction) -> NDArray[np.float64]:
    return np.array(direction, float) / np.linalg.norm(direction)


def plate(thickness: float, normal, offset: float) -> Distance:
    a, b, c = unit(normal)
    return lambda x, y, z: abs(a * x + b * y + c * z - offset) - thickness / 2


def rod(diameter: float, direction, offset: float) -> Distance:
    d = unit(direction)
    a = unit(np.cross(d, (0.3, 0.5, 0.8)))
    b = np.cross(d, a)

    def outside(x, y, z):
        u = x * a[0] + y * a[1] + z * a[2] - offset
        v = x * b[0] + y * b[1] + z * b[2] - offset / 2
        return np.hypot(u, v) - diameter / 2

    return outside


def ball(diameter: float, offset: float) -> Distance:
    return lambda x, y, z: np.sqrt((x - offset) ** 2 + y**2 + (z + offset) ** 2) - diameter / 2


def shell(inner: float, wall: float, offset: float) -> Distance:
    hollow = ball(2 * inner + wall, offset)
    return lambda x, y, z: abs(hollow(x, y, z)) - wall / 2


RANDOM = np.random.default_rng(3)
DIRECTIONS = [(0, 0, 1), (1, 1, 0), (1, 2, 3), RANDOM.normal(size=3)]
OFFSETS = RANDOM.uniform(-0.5, 0.5, 4)
TURNED = list(zip(DIRECTIONS, OFFSETS, strict=True))
SHAPES = [
    *((t, plate(t, d, o)) for t in (3, 4, 5.5, 8) for d, o in TURNED),
    *((5.5, plate(5.5, (0, 0, 1), o)) for o in (0.125, 0.25, 0.5)),
    *((d, rod(d, n, o)) for d in (4, 6, 9, 16) for n, o in TURNED),
    *((d, ball(d, 0.3)) for d in (8, 12, 20)),
    *((w, shell(r, w, 0.2)) for w, r in ((4, 8), (7, 6), (10, 5))),
]


BLURRED = SHAPES[1::3]


def inner(values, spacing=CUBE) -> Mask:
    """What lies so far inside that both faces of a plate across the border are in the image."""
    inside = np.zeros(values.shape, bool)
    inside[tuple(slice(n // 5, n - n // 5) for n in values.shape)] = True
    return Mask(inside, volume(values, spacing).grid)


def within(values, truth, spacing=CUBE, blur=None) -> None:
    """Mean within 2 %, and the median voxel too; no voxel of bone without a value."""
    region = inner(values, spacing)
    result = subvoxel_thickness(volume(values, spacing), 0.5, region=region, blur=blur)
    assert result.mean == pytest.approx(truth, rel=WITHIN)
    assert result.map is not None
    found = result.map[region.values & (values > 0.5)]
    assert np.median(abs(found / truth - 1)) < WITHIN
    assert result.map[values > 0.5].min() > 0
    assert not result.map[values <= 0.5].any()


@pytest.mark.parametrize(("truth", "outside"), SHAPES)
def test_shapes_of_partial_volumes_have_their_thickness(truth, outside):
    within(partial_volumes(outside, (32, 32, 32)), truth)


@pytest.mark.parametrize(("truth", "outside"), BLURRED)
def test_shapes_blurred_and_noisy_have_their_thickness(truth, outside):
    values = partial_volumes(outside, (32, 32, 32), blur=0.7)
    within(values + 0.03 * np.random.default_rng(1).normal(size=values.shape), truth)


@pytest.mark.parametrize(("truth", "outside"), BLURRED)
def test_shapes_blurred_by_a_whole_voxel_have_their_thickness(truth, outside):
    within(partial_volumes(outside, (32, 32, 32), blur=1.0), truth)


@pytest.mark.parametrize(("truth", "outside"), SHAPES[2::7])
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 2.0), (0.6, 0.8, 1.0)])
def test_voxels_need_not_be_cubes(truth, outside, spacing):
    # scaled so that the thinnest are at least three of the longest voxels thick
    grown = max(spacing)
    wider = lambda x, y, z: outside(x / grown, y / grown, z / grown) * grown  # noqa: E731
    shape = tuple(int(26 * grown / h) for h in spacing)
    within(partial_volumes(wider, shape, spacing), truth * grown, spacing)


@pytest.mark.parametrize("offset", [0, 0.5])
def test_voxels_a_quarter_full_do_not_move_a_face(offset):
    # both faces cut their voxels alike, so that their errors would add up
    values = partial_volumes(plate(5.5, (0, 0, 1), offset), (24, 24, 24))
    found = subvoxel_thickness(volume(values), 0.5)
    assert found.mean == pytest.approx(5.5, rel=0.007)


def test_noise_does_not_pick_the_largest_balls():
    values = partial_volumes(plate(8, (0, 0, 1), 0.2), (24, 24, 24), blur=0.7)
    noisy = values + 0.05 * np.random.default_rng(1).normal(size=values.shape)
    found = subvoxel_thickness(volume(noisy), 0.5)
    assert found.mean == pytest.approx(8, rel=0.01)


def test_large_things_are_found_more_exactly_than_small_ones_whatever_the_voxels():
    spacing = (0.6, 0.8, 1.0)
    values = partial_volumes(ball(30, 0.3), (56, 42, 34), spacing)
    found = subvoxel_thickness(volume(values, spacing), 0.5)
    assert found.mean == pytest.approx(30, rel=0.006)


def test_a_square_bar_is_as_thick_as_its_side():
    bar = lambda x, y, z: np.maximum(abs(x - 0.2), abs(y + 0.1)) - 4.6 + 0 * z  # noqa: E731
    values = partial_volumes(bar, (24, 24, 16))
    found = subvoxel_thickness(volume(values), 0.5)
    assert found.max == pytest.approx(9.2, rel=0.01)
    assert np.median(found.map[values > 0.5]) == pytest.approx(9.2, rel=0.01)


def test_a_plate_of_two_voxels_is_found_where_the_blur_is_known():
    values = partial_volumes(plate(2, (1, 2, 3), 0.2), (32, 32, 32), blur=0.7)
    within(values, 2, blur=0.7)


def test_the_error_falls_as_things_grow():
    errors = []
    for size in (5, 10, 20):
        sides = (size * 2,) * 3
        off = [
            abs(subvoxel_thickness(volume(partial_volumes(shape, sides)), 0.5).mean / size - 1)
            for offset in (0.1, 0.35)
            for shape in (ball(size, offset), rod(size, (1, 2, 3), offset))
        ]
        errors.append(np.mean(off))
    assert errors[2] < errors[0]
    assert errors[2] < 0.005


def test_marrow_around_bone_is_measured_like_bone_around_marrow():
    values = partial_volumes(shell(5, 6, 0.2), (30, 30, 30))
    bone = subvoxel_thickness(volume(values), 0.5, phase="bone")
    marrow = subvoxel_thickness(volume(1 - values), 0.5, phase="marrow")
    assert marrow.mean == pytest.approx(bone.mean, rel=1e-5)


def test_the_gap_between_two_plates_is_the_separation_of_trabeculae():
    gap = lambda x, y, z: 3.3 - abs(x + 2 * y / 3 - 0.2) / np.hypot(1, 2 / 3)  # noqa: E731
    values = partial_volumes(gap, (40, 40, 16))
    middle = np.zeros(values.shape, bool)
    middle[8:-8, 8:-8] = True
    grey = volume(values)
    found = subvoxel_trabecular(grey, 0.5, region=Mask(middle, grey.grid))
    assert found.named()["Tb.Sp (sub-voxel)"] == pytest.approx(6.6, rel=WITHIN)
    assert set(found.named()) == {n for n in FEATURES if n.endswith("(sub-voxel)")}
    assert all(FEATURES[n].method in METHODS for n in found.named())


def test_thickness_is_measured_in_the_whole_bone_and_averaged_in_the_region():
    values = partial_volumes(plate(6, (0, 0, 1), 0.2), (24, 24, 24))
    grey = volume(values)
    skin = np.zeros(values.shape, bool)
    skin[4:20, 4:20, 9:11] = True
    found = subvoxel_thickness(grey, 0.5, region=Mask(skin, grey.grid))
    assert found.mean == pytest.approx(6, rel=WITHIN)
    assert found.counts.sum() == np.count_nonzero(skin & (values > 0.5))


def test_the_unit_of_grey_values_does_not_matter():
    values = partial_volumes(rod(6, (1, 2, 3), 0.2), (24, 24, 24), blur=0.7)
    plain = subvoxel_thickness(volume(values), 0.5)
    scaled = subvoxel_thickness(volume(values * 1800 - 900), 0.0)
    assert scaled.mean == pytest.approx(plain.mean, rel=1e-3)


def test_storage_order_and_number_type_do_not_matter():
    values = (partial_volumes(rod(6, (1, 2, 3), 0.2), (24, 24, 24)) * 1000).astype(np.int16)
    plain = subvoxel_thickness(volume(values), 500)
    turned = subvoxel_thickness(volume(np.asfortranarray(values).astype(np.float64)), 500)
    assert np.array_equal(plain.map, turned.map)


def test_a_speck_of_one_voxel_has_a_thickness():
    values = np.zeros((9, 9, 9), np.float32)
    values[4, 4, 4] = 1
    assert 0 < subvoxel_thickness(volume(values), 0.5).mean < 2


def test_a_sheet_of_one_voxel_is_about_one_voxel_thick():
    values = np.zeros((16, 16, 16), np.float32)
    values[:, :, 8] = 1
    assert subvoxel_thickness(volume(values), 0.5, blur=0).mean == pytest.approx(1, abs=0.5)


GREY = volume(np.linspace(0, 1, 8**3).reshape(8, 8, 8))


def test_a_threshold_out_of_range_is_told_with_the_range():
    with pytest.raises(BadSetting, match=r"300 lies outside the values, which run from 0 to 1"):
        subvoxel_thickness(GREY, 300.0)


def test_a_volume_of_one_value_has_no_surface():
    with pytest.raises(EmptyRegion, match="all values are 1"):
        subvoxel_thickness(volume(np.ones((4, 4, 4))), 1.0)


def test_a_region_without_bone_is_empty():
    with pytest.raises(EmptyRegion, match="holds no bone"):
        subvoxel_thickness(GREY, 0.5, region=Mask(GREY.values < 0.2, GREY.grid))


def test_a_region_on_another_grid_is_refused():
    other = Grid((8, 8, 8), np.ones(3), np.eye(3), np.ones(3))
    with pytest.raises(GridMismatch, match="the region is on another grid"):
        subvoxel_thickness(GREY, 0.5, region=Mask(GREY.values < 0.2, other))


def test_values_that_are_not_numbers_are_refused():
    values = GREY.values.copy()
    values[0, 0, 0] = np.nan
    with pytest.raises(UnsuitableScan, match="not a finite number"):
        subvoxel_thickness(volume(values), 0.5)


def test_a_blur_below_zero_is_refused():
    with pytest.raises(BadSetting, match="got -1"):
        subvoxel_thickness(GREY, 0.5, blur=-1.0)
