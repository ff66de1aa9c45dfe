"""What makes numbers less trustworthy is told: foci, metal, contrast, coarse slices, sides."""

import re
from dataclasses import replace

import numpy as np
import pytest

import shapes
from osteon.core import HU, EmptyRegion, Grid, Labels, Mask, Volume
from osteon.regions import (
    Margins,
    body_flags,
    contrast_flags,
    find_body,
    measure_shape,
    metal_flags,
    side_flags,
)
from phantom import UP, grid_around, mirrored, see

STRAIGHT = shapes.Vertebra(place=(0.3, 0.4, 0.2))


@pytest.fixture(scope="module")
def straight():
    return see(STRAIGHT)


@pytest.fixture(scope="module")
def body(straight):
    return straight.body()


def codes(flags):
    return [flag.code for flag in flags]


def ball(hu, radius, middle):
    """Change of HU: a ball of some HU around a place in the vertebra's own mm."""

    def change(values, own):
        values[np.linalg.norm(own - np.array(middle), axis=-1) <= radius] = hu
        return values

    return change


def test_a_bone_island_is_left_out_with_its_rim_and_told_with_its_size(straight, body):
    seen = straight.with_hu(ball(700.0, 3.5, (-4, -3, 1)))
    regions, usual = seen.regions(body), straight.regions(body)
    assert codes(regions.flags) == ["dense-focus-left-out"]
    size = float(re.search(r"([\d.]+) cm³", regions.flags[0].text)[1])
    assert size == pytest.approx(4 / 3 * np.pi * 3.5**3 / 1000, rel=0.15)  # voxels of 1 mm
    assert set(seen.values(regions, "core")) == {shapes.CORE}
    lost = usual.volumes["core"] - regions.volumes["core"]
    # the rim of 1.5 mm is reached by voxels whose centres lie no further away, as a ball of
    # offsets of 1 and √2 mm: in effect 1 to 1.5 mm
    assert 4 / 3 * np.pi * 4.5**3 < lost < 4 / 3 * np.pi * 5.0**3


def test_noise_of_a_low_dose_scan_is_no_focus(straight, body):
    noise = np.random.default_rng(2).normal(0, 60, straight.grid.shape)
    regions = straight.with_hu(lambda values, own: values + noise).regions(body)
    assert regions.flags == ()
    assert regions.volumes == straight.regions(body).volumes


def test_a_screw_is_metal_and_its_size_is_told(straight):
    # a rod of 6 mm across through the left pedicle and beyond
    def screw(values, own):
        x, y, z = np.moveaxis(own, -1, 0)
        values[((x - 14) ** 2 + (z - 4) ** 2 <= 9) & (y > 0) & (y < 40)] = 3000
        return values

    (flag,) = metal_flags(straight.with_hu(screw).scan, straight.label)
    assert flag.code == "metal"
    assert float(flag.text.split(" cm³")[0]) == pytest.approx(np.pi * 9 * 40 / 1000, rel=0.15)


def test_metal_8_mm_away_is_seen_and_far_away_is_not(straight):
    near = straight.with_hu(ball(3000.0, 3.0, (0, -16 - 6, 0)))
    far = straight.with_hu(ball(3000.0, 3.0, (0, -16 - 22, 0)))
    assert codes(metal_flags(near.scan, near.label)) == ["metal"]
    assert metal_flags(far.scan, far.label) == ()


def test_cement_in_the_body_is_told_and_dense_cortex_is_not(straight):
    filled = straight.with_hu(ball(1500.0, 6.0, (0, -2, 0)))
    assert codes(metal_flags(filled.scan, filled.label)) == ["cement-or-sclerosis"]
    assert metal_flags(straight.scan, straight.label) == ()


@pytest.mark.parametrize(
    ("blood", "stated", "says"),
    [
        (45.0, None, None),
        (45.0, False, None),
        (180.0, None, "median of 180 HU"),
        (180.0, False, "median of 180 HU"),
        (45.0, True, "The file states contrast agent"),
        (None, True, "The file states contrast agent"),
        (None, None, None),
    ],
)
def test_contrast_is_told_where_the_blood_or_the_file_shows_it(straight, blood, stated, says):
    aorta = None
    scan = straight.scan
    if blood is not None:
        scan = straight.with_hu(ball(blood, 6.0, (0, -28, 0))).scan
        aorta = Mask(scan.values == blood, scan.grid)
    flags = contrast_flags(scan, aorta, stated)
    assert codes(flags) == (["contrast"] if says else [])
    assert not says or says in flags[0].text


def test_slices_of_5_mm_are_too_coarse_and_of_2_mm_are_not():
    for step, coarse in ((5.0, True), (2.0, False)):
        seen = see(STRAIGHT, grid_around(STRAIGHT.place, (1, 1, step)))
        body = seen.body()
        flags = body_flags(body, seen.regions(body), None)
        assert ("slices-too-coarse" in codes(flags)) == coarse, step


def test_thick_slices_are_coarse_however_close_they_lie(straight, body):
    flags = body_flags(body, straight.regions(body), 5.0)
    assert codes(flags) == ["slices-too-coarse"]
    assert "Slices of 5.0 mm" in flags[0].text


def test_front_and_back_exchanged_is_told(straight):
    grid = mirrored(straight.grid, 1)
    body = find_body(Mask(straight.label.values, grid), UP)
    scan = Volume(straight.scan.values, grid, HU)
    regions = replace(straight, scan=scan).regions(body)
    assert codes(body_flags(body, regions, None)) == ["front-back-not-anatomical"]


def test_a_body_without_canal_is_told(straight):
    index = np.moveaxis(np.indices(straight.grid.shape), 0, -1)
    inside = STRAIGHT.in_body(STRAIGHT.own(straight.grid.to_world(index)))
    body = find_body(Mask(inside, straight.grid), UP)
    assert codes(body_flags(body, straight.regions(body), None)) == ["canal-not-seen"]


def test_kidneys_on_the_wrong_sides_are_told():
    grid = Grid((40, 10, 10), [-40, 0, 0], np.eye(3), [2, 2, 2])
    values = np.zeros(grid.shape, np.uint8)
    # TotalSegmentator: 2 is the right kidney, 3 the left one; x grows to the patient's left
    values[5:8], values[32:35] = 2, 3
    assert side_flags(Labels(values, grid)) == ()
    (flag,) = side_flags(Labels(values, mirrored(grid, 0)))
    assert flag.code == "left-right-not-anatomical"
    assert "left kidney" in flag.text


def test_margins_that_leave_nothing_are_told_region_by_region(straight, body):
    regions = straight.regions(body, Margins(shell=14.0, endplate=14.0))
    assert regions.masks == {}
    assert set(regions.missing) == {"core", "oval", "anterior"}
    assert "14 mm of shell" in regions.missing["core"]


def test_too_little_of_a_vertebra_is_refused(straight):
    few = np.zeros(straight.grid.shape, bool)
    few[50:54, 50:54, 30:34] = True
    with pytest.raises(EmptyRegion, match=r"0\.0 cm³ of the body"):
        find_body(Mask(few, straight.grid), UP)


def test_a_given_height_is_that_of_the_oval(straight, body):
    for height in (5.0, 10.0):
        regions = straight.regions(body, Margins(oval_height=height))
        z = straight.own(regions.masks["oval"])[:, 2]
        assert np.ptp(z) + 1 == pytest.approx(height, abs=1.01)


def test_the_size_of_a_body_is_measured_however_it_is_stored(straight, body):
    stored = straight.label.values.transpose(2, 0, 1)[::-1]
    first = straight.grid.to_world([0, 0, straight.grid.shape[2] - 1])
    direction = straight.grid.direction[:, [2, 0, 1]] * [-1, 1, 1]
    grid = Grid(stored.shape, first, direction, straight.grid.spacing[[2, 0, 1]])
    other = measure_shape(find_body(Mask(stored, grid), UP))
    usual = measure_shape(body)
    assert other.heights == pytest.approx(usual.heights, abs=1e-6)
    assert (other.depth, other.width) == pytest.approx((usual.depth, usual.width), abs=1e-6)
