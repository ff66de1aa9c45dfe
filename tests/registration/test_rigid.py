"""Rigid registration of bones given by formulas, where the true transform is known."""

from dataclasses import replace

import numpy as np
import pytest
import SimpleITK

from bones_of_registration import STILL, both, ct, grid, mr, off_by
from osteon.core import BadSetting, EmptyRegion, GridMismatch, Mask, UnsuitableScan, Volume
from osteon.registration import Rigid, RigidSettings, register_rigid, registration_error

QUICK = RigidSettings(levels_mm=(5.0, 3.0), poses=96, descents=3, steps=20)
NEAR = replace(QUICK, levels_mm=(3.0,), reach_mm=3.0, reach_deg=3.0, poses=0, descents=1)
TRUE = Rigid.about((0, 0, 0), turn_deg=(4, -6, 9), shift_mm=(5, -4, 7))
MOVED = dict.fromkeys(STILL, TRUE)

ACCURATE_MM = 1.0
"""A third of the voxels of these images, which are 3 mm wide."""


@pytest.fixture(scope="module")
def moving():
    return mr(grid((3.0, 3.0, 3.0), half=(55, 55, 55)), MOVED)


@pytest.fixture(scope="module")
def near(moving):
    start = TRUE @ off_by(2, 2, 0)
    return register_rigid(ct(), moving, fixed_mask=both(), start=start, settings=NEAR)


def error(found, region=None):
    return registration_error(found.transform, TRUE, region or both(around=0))


def test_mr_is_laid_over_ct_from_a_start_20_mm_and_15_degrees_off(moving):
    start = TRUE @ off_by(20, 15, 1)
    assert registration_error(start, TRUE, both(around=0)).median > 15
    found = register_rigid(ct(), moving, fixed_mask=both(), start=start, settings=QUICK)
    assert found.failed is None
    assert error(found).percentile_95 < ACCURATE_MM
    assert found.quality.spread_mm < 0.5
    assert [step.spacing for step in found.trace] == [5.0, 3.0]
    assert found.trace[0].moved_mm > 15 > found.trace[1].moved_mm


def test_ct_is_laid_over_ct_by_correlation():
    other = ct(grid((3.0, 3.0, 3.0), half=(55, 55, 55)), MOVED, seed=9)
    found = register_rigid(
        ct(),
        other,
        fixed_mask=both(),
        start=TRUE @ off_by(10, 8, 1),
        settings=replace(QUICK, metric="correlation"),
    )
    assert found.failed is None
    assert found.quality.similarity > 0.9
    assert error(found).percentile_95 < ACCURATE_MM


def test_without_a_start_the_middles_of_the_masks_are_laid_over_each_other(moving):
    # 60 mm away: far beyond reach of the images as they lie
    far = Rigid.about((0, 0, 0), shift_mm=(40, 30, -33))
    away = Volume(moving.values, replace(moving.grid, origin=far(moving.grid.origin)), "1")
    there = (far @ TRUE).inverse()(away.grid.to_world(np.argwhere(np.ones(away.grid.shape))))
    inside = np.abs(there).max(axis=1).reshape(away.grid.shape) < 45
    found = register_rigid(
        ct(), away, fixed_mask=both(), moving_mask=Mask(inside, away.grid), settings=QUICK
    )
    assert found.failed is None
    # half a voxel: a mask of the moving image cuts off what lies beyond
    assert registration_error(found.transform, far @ TRUE, both(around=0)).median < 1.25


def test_on_its_own_voxels_an_image_is_laid_just_as_well(moving):
    own = replace(NEAR, levels_mm=(3.0, 0.0))
    found = register_rigid(
        ct(), moving, fixed_mask=both(), start=TRUE @ off_by(2, 2, 3), settings=own
    )
    assert found.trace[-1].spacing == 0
    assert error(found).percentile_95 < ACCURATE_MM


def test_a_start_is_kept_that_is_about_as_good_as_the_answer(moving):
    beside = TRUE @ off_by(0.2, 0.1, 0)
    keeping = replace(NEAR, least_gain=0.05)
    kept = register_rigid(ct(), moving, fixed_mask=both(), start=beside, settings=keeping)
    assert (kept.transform.matrix == beside.matrix).all()
    assert 0 <= kept.gain < 0.05
    far = TRUE @ off_by(3, 3, 0)
    moved = register_rigid(ct(), moving, fixed_mask=both(), start=far, settings=keeping)
    assert moved.gain > 0.1
    assert error(moved).percentile_95 < ACCURATE_MM


def test_how_the_voxels_are_stored_changes_nothing(moving):
    turned = Rigid.about((0, 0, 0), turn_deg=(0, 12, 31))
    on = grid((1.6, 2.5, 2.0), (46, 44, 50), turn=turned)
    found = register_rigid(
        ct(on), moving, fixed_mask=both(on), start=TRUE @ off_by(3, 3, 2), settings=NEAR
    )
    assert error(found).percentile_95 < ACCURATE_MM
    flipped = Volume(
        moving.values[::-1].transpose(2, 0, 1),
        replace(
            moving.grid,
            shape=tuple(np.array(moving.grid.shape)[[2, 0, 1]]),
            origin=moving.grid.to_world((moving.grid.shape[0] - 1, 0, 0)),
            direction=(moving.grid.direction * (-1, 1, 1))[:, [2, 0, 1]],
            spacing=moving.grid.spacing[[2, 0, 1]],
        ),
        "1",
    )
    again = register_rigid(
        ct(on), flipped, fixed_mask=both(on), start=TRUE @ off_by(3, 3, 2), settings=NEAR
    )
    # the descent ends where its steps are small; rounding decides on which side of the summit
    assert registration_error(again.transform, found.transform, both(around=0)).maximum < 0.1


def test_the_same_numbers_come_out_on_any_number_of_threads(moving, near):
    fixed = ct()
    before = fixed.values.copy(), moving.values.copy()
    usual = SimpleITK.ProcessObject.GetGlobalDefaultNumberOfThreads()
    try:
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(1 if usual > 1 else 3)
        found = register_rigid(
            fixed, moving, fixed_mask=both(), start=TRUE @ off_by(2, 2, 0), settings=NEAR
        )
    finally:
        SimpleITK.ProcessObject.SetGlobalDefaultNumberOfThreads(usual)
    np.testing.assert_array_equal(found.transform.matrix, near.transform.matrix)
    assert found.quality == near.quality
    # and the images are left as they were
    np.testing.assert_array_equal(fixed.values, before[0])
    np.testing.assert_array_equal(moving.values, before[1])


def test_noise_is_told_to_be_no_match(moving):
    grain = np.random.default_rng(5).normal(size=moving.grid.shape).astype(np.float32)
    noise = Volume(grain, moving.grid, "1")
    found = register_rigid(ct(), noise, fixed_mask=both(), start=TRUE, settings=NEAR)
    assert found.failed is not None


def test_the_other_side_of_the_body_is_told_to_be_no_match(moving, near):
    # mirrored left to right: no turn and no shift lays it over
    other = Volume(moving.values[::-1, ::-1, ::-1], moving.grid, "1")
    found = register_rigid(ct(), other, fixed_mask=both(), start=TRUE, settings=NEAR)
    assert found.failed is not None or found.quality.similarity < 0.8 * near.quality.similarity


def test_an_image_of_elsewhere_is_told_not_to_show_the_region(moving):
    start = Rigid.about((0, 0, 0), shift_mm=(0, 0, 400))
    found = register_rigid(ct(), moving, fixed_mask=both(), start=start, settings=NEAR)
    assert found.failed is not None
    assert found.failed.startswith("the moving image shows 0% of the region, at least 30%")


def test_a_flat_image_is_told_to_be_no_match(moving):
    flat = Volume(np.ones(moving.grid.shape, np.float32), moving.grid, "1")
    found = register_rigid(ct(), flat, fixed_mask=both(), start=TRUE, settings=NEAR)
    assert found.failed is not None


def test_masks_must_suit_their_image(moving):
    fixed, on = ct(), grid()
    with pytest.raises(GridMismatch, match="the fixed mask is on another grid"):
        register_rigid(fixed, moving, fixed_mask=both(grid((4.0, 2.0, 2.0))))
    with pytest.raises(EmptyRegion, match="the fixed mask has no voxel"):
        register_rigid(fixed, moving, fixed_mask=Mask(np.zeros(on.shape, bool), on))
    few = np.zeros(on.shape, bool)
    few[20:22, 20:22, 20:22] = True
    with pytest.raises(EmptyRegion, match="at least 50"):
        register_rigid(fixed, moving, fixed_mask=Mask(few, on))


def test_voxels_that_are_no_numbers_are_refused(moving):
    fixed = ct()
    fixed.values[3, 4, 5] = np.nan
    with pytest.raises(UnsuitableScan, match="the fixed image has 1 voxels"):
        register_rigid(fixed, moving)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"metric": "ssd"}, "no similarity is called 'ssd'"),
        ({"levels_mm": ()}, "levels_mm"),
        ({"levels_mm": (1.0, 2.0)}, "levels_mm"),
        ({"levels_mm": (2.0, -1.0)}, "levels_mm"),
        ({"reach_mm": -1.0}, "reach_mm"),
        ({"reach_deg": 181.0}, "reach_deg"),
        ({"poses": -1}, "poses"),
        ({"descents": 0}, "descents"),
        ({"steps": 0}, "steps"),
        ({"least_gain": -0.1}, "least_gain"),
    ],
)
def test_settings_outside_their_range_are_refused(wrong, told):
    with pytest.raises(BadSetting, match=told):
        RigidSettings(**wrong)
