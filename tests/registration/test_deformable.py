"""Soft tissue displaced by a known amount: what is found of it, and what stays where it is."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.core import (
    HU,
    BadSetting,
    EmptyRegion,
    Grid,
    GridMismatch,
    Mask,
    UnknownName,
    UnsuitableScan,
    Volume,
)
from osteon.registration import DeformableSettings, Deformed, Rigid, register_deformable, warp
from osteon.registration.carrying import Carried
from osteon.registration.descent import descend
from osteon.registration.displaced import volumes
from osteon.registration.free_form import Controls
from osteon.registration.information import Information
from osteon.registration.levels import Moving
from osteon.registration.soft_tissue import Pair

ON = Grid((22, 22, 20), (-42, -42, -38), np.eye(3), (4, 4, 4))
MOVE = Rigid.about((0, 0, 0), turn_deg=(3, -4, 5), shift_mm=(4, -3, 5))
QUICK = DeformableSettings(controls_mm=(32.0, 16.0), places=4000, steps=25)
RNG = np.random.default_rng(3)
WAVES, PHASES = RNG.normal(0, 0.12, (24, 3)), RNG.uniform(0, 2 * np.pi, 24)


def places(on):
    return on.to_world(np.moveaxis(np.indices(on.shape), 0, -1))


def depth(p):
    """Distance from the surface of a shaft along z; below 0 inside."""
    return np.hypot(p[..., 0], p[..., 1]) - 12


def fat(p):
    """Part of fat, 0 to 1: lobes of a few cm."""
    return 1 / (1 + np.exp(-3 * np.cos(p @ WAVES.T + PHASES).sum(axis=-1) / np.sqrt(12)))


def true_shift(p):
    """Up to 6 mm, smooth, and none at the bone."""
    free = 1 - np.exp(-((np.clip(depth(p) - 4, 0, None) / 10) ** 2))
    here = np.exp(-(((p - (25, 10, 0)) / 31) ** 2).sum(axis=-1))
    there = 0.8 * np.exp(-(((p - (-25, -15, 10)) / 28) ** 2).sum(axis=-1))
    return 6 * (free * (here + there))[..., None] * np.array([0.5, -0.6, 0.62])


def image(p, levels, noise, seed):
    low, high, shell = levels
    values = np.where(depth(p) < 0, shell, low + (high - low) * fat(p))
    return (values + np.random.default_rng(seed).normal(0, noise, values.shape)).astype(np.float32)


def ct(p):
    return Volume(image(p, (60, -100, 800), 15, 1), ON, HU)


def mr(on, move=MOVE):
    return Volume(image(move.inverse()(places(on)), (0.3, 0.9, 0.2), 0.03, 2), on, "1")


BONES = {"femur": Mask(depth(places(ON)) <= 0, ON)}
ALL = Mask(np.ones(ON.shape, bool), ON)
WIDE = Grid((30, 30, 28), (-58, -58, -54), np.eye(3), (4, 4, 4))
IMAGES = {"fixed": ct(places(ON) + true_shift(places(ON))), "moving": mr(WIDE)}


@pytest.fixture(scope="module")
def found():
    return register_deformable(**IMAGES, region=ALL, start=MOVE, rigid=BONES, settings=QUICK)


def test_soft_tissue_is_found_to_less_than_half_of_what_it_moved(found):
    assert found.failed is None
    outside = places(ON)[~BONES["femur"].values]
    moved = true_shift(outside)
    error = np.linalg.norm(found.shift(outside) - moved, axis=1).mean()
    assert error < 0.5 * np.linalg.norm(moved, axis=1).mean()
    # and so where it moved most
    far = np.linalg.norm(moved, axis=1) > 3
    assert np.linalg.norm((found.shift(outside) - moved)[far], axis=1).mean() < 1.2
    assert found.after > found.before + 0.1


def test_bone_is_displaced_nowhere(found):
    fine = places(Grid((81, 81, 20), (-12, -12, -38), np.eye(3), (0.3, 0.3, 4))).reshape(-1, 3)
    inside = fine[depth(fine) <= 0]
    assert np.abs(found.shift(inside)).max() < 0.1
    np.testing.assert_allclose(found(inside), MOVE(inside), atol=0.1)
    assert np.abs(found.displacement).max() > 2


def test_no_tissue_is_folded(found):
    low, high = found.jacobian
    assert 0.3 < low < 1 < high < 2


def test_tissue_that_slides_past_a_bone_is_not_folded_there():
    # all of it by 9 mm, the bone not at all: no smooth displacement does that within 8 mm
    p = places(ON)
    slid = np.where(depth(p) < 0, 800, 60 - 160 * fat(p + np.array([0, 6, 7])))
    fixed = Volume(slid.astype(np.float32), ON, HU)
    found = register_deformable(
        fixed, IMAGES["moving"], region=ALL, start=MOVE, rigid=BONES, settings=QUICK
    )
    assert found.jacobian[0] > 0.2
    assert np.linalg.norm(found.displacement, axis=-1).max() > 6


def test_warped_mr_looks_like_mr_of_the_displaced_knee(found):
    truth = image(places(ON) + true_shift(places(ON)), (0.3, 0.9, 0.2), 0, 0)
    nothing = replace(found, displacement=np.zeros_like(found.displacement))
    off = [
        np.abs(warp(IMAGES["moving"], one, onto=ON).values - truth)[~BONES["femur"].values].mean()
        for one in (found, nothing)
    ]
    assert off[0] < 0.75 * off[1]


def test_the_same_numbers_come_out_again(found):
    again = register_deformable(**IMAGES, region=ALL, start=MOVE, rigid=BONES, settings=QUICK)
    np.testing.assert_array_equal(again.displacement, found.displacement)


def test_noise_is_told_to_be_nothing_to_displace_by():
    grain = np.random.default_rng(5).normal(size=WIDE.shape).astype(np.float32)
    lost = register_deformable(
        IMAGES["fixed"], Volume(grain, WIDE, "1"), region=ALL, start=MOVE, settings=QUICK
    )
    assert "it was fitted to noise" in lost.failed


def test_folded_tissue_is_told_and_not_warped():
    loose = DeformableSettings(controls_mm=(8.0,), stiffness=0.0, places=800, steps=25)
    folded = register_deformable(**IMAGES, region=ALL, start=MOVE, settings=loose)
    assert folded.jacobian[0] <= 0
    assert folded.failed.startswith("the displacement folds tissue over itself (Jacobian down to -")
    with pytest.raises(BadSetting, match="this displacement failed: the displacement folds"):
        warp(IMAGES["moving"], folded, onto=ON)


def test_an_image_of_elsewhere_is_told():
    away = Rigid.about((0, 0, 0), shift_mm=(0, 0, 400))
    lost = register_deformable(**IMAGES, region=ALL, start=away, rigid=BONES, settings=QUICK)
    assert lost.failed.startswith("the moving image shows 0% of the region")
    assert not lost.displacement.any()


def by_hand(displacement, start=MOVE, bones=BONES):
    carried = Carried.by(start, bones, ON)
    return Deformed(displacement.astype(np.float32), ON, carried, (1.0, 1.0), 0.0, 1.0, None)


@pytest.mark.parametrize("method", ["linear", "bspline"])
def test_a_warp_is_the_start_and_the_displacement_in_one_interpolation(method):
    # x + 10 y + 100 z: linear interpolation gives it back without error
    steep = np.array([1.0, 10.0, 100.0])
    ramp = Volume(places(WIDE) @ steep, WIDE, "1")
    moved = by_hand(0.05 * places(ON))
    onto = Grid((5, 6, 7), (-9, -8, -11), Rigid.from_euler((9, 8, 7)).matrix[:3, :3], (3, 2, 3))
    expected = MOVE(1.05 * places(onto)) @ steep
    taken = warp(ramp, moved, onto=onto, method=method).values
    # a cubic spline bends a little near the border
    np.testing.assert_allclose(taken, expected, atol=0.02 if method == "linear" else 3)
    nearest = warp(ramp, moved, onto=onto, method="nearest").values
    assert set(nearest.ravel()) <= set(ramp.values.astype(np.float32).ravel())


def test_what_the_image_does_not_reach_is_outside():
    image = Volume(np.ones(ON.shape, np.float32), ON, "1")
    beyond = by_hand(np.zeros((*ON.shape, 3)), Rigid.about((0, 0, 0), shift_mm=(0, 0, 8)))
    taken = warp(image, beyond, onto=ON, outside=-5.0).values
    assert (taken[..., -2:] == -5).all()
    assert (taken[..., :-2] == 1).all()


def test_every_bone_goes_with_its_own_transform_and_tissue_between_them_with_both():
    x = places(ON)[..., 0]
    ends = {"left": Mask(x > 30, ON), "right": Mask(x < -30, ON)}
    shifts = {n: Rigid.about((0, 0, 0), shift_mm=(0, 0, z)) for n, z in (("left", 6), ("right", 2))}
    both = by_hand(np.zeros((*ON.shape, 3)), shifts, ends)
    at = np.array([[34.0, 2, 2], [-34, 2, 2], [0, 2, 2]])
    np.testing.assert_allclose(both(at) - at, [[0, 0, 6], [0, 0, 2], [0, 0, 4]], atol=0.3)
    np.testing.assert_array_equal((both(at) - at)[:2, 2], (6, 2))


def test_volumes_change_by_what_is_pressed_together():
    shape = np.ones((*ON.shape, 3))
    assert volumes(7 * shape.astype(np.float32), ON) == pytest.approx((1, 1))
    pressed = (places(ON) * (-0.5, 0.2, 0)).astype(np.float32)
    assert volumes(pressed, ON) == pytest.approx((0.6, 0.6), rel=1e-5)
    assert volumes((places(ON) * (-1.5, 0, 0)).astype(np.float32), ON)[0] == pytest.approx(-0.5)


def test_a_spline_between_equal_control_points_is_as_they_are_and_ends_two_beyond():
    controls = Controls.over(ON, 16.0)
    ones = np.ones((int(np.prod(controls.grid.shape)), 3))
    np.testing.assert_allclose(controls.on(ON, ones), 1)
    far = controls.grid.to_world([(-2.01, 2, 2), (2, 2, controls.grid.shape[2] + 1.01)])
    np.testing.assert_array_equal((controls.basis(far) @ ones), 0)
    drawn = np.random.default_rng(1).normal(size=ones.shape)
    at_places = controls.basis(places(ON).reshape(-1, 3)) @ drawn
    np.testing.assert_allclose(controls.on(ON, drawn).reshape(-1, 3), at_places, atol=1e-12)


def test_only_what_bends_costs():
    controls = Controls(Grid((9, 9, 9), (0, 0, 0), np.eye(3), (10, 10, 10)))
    middle = np.zeros(controls.grid.shape, bool)
    middle[2:-2, 2:-2, 2:-2] = True
    x = places(controls.grid)[..., 0]
    bending = controls.bending()
    assert np.abs((bending @ (3 * x + 5).ravel())[middle.ravel()]).max() < 1e-12
    bump = np.zeros(controls.grid.shape)
    bump[4, 4, 4] = 1
    # 1, -2, 1 along three axes; 1, -1, -1, 1 along three pairs, which count twice
    expected = (3 * 6 + 3 * 2 * 4) / (9**3 * 100)
    assert bump.ravel() @ (bending @ bump.ravel()) == pytest.approx(expected)


def test_information_knows_which_way_it_rises():
    rng = np.random.default_rng(7)
    here = rng.uniform(size=400)
    there = np.clip(1 - here + rng.normal(0, 0.1, 400), 0.01, 0.99)
    compared = Information(here)
    value, slope = compared.at(there)
    way = rng.normal(size=400)
    ahead, behind = (compared.at(there + s * 1e-6 * way)[0] for s in (1, -1))
    assert slope @ way == pytest.approx((ahead - behind) / 2e-6, rel=1e-4)
    assert value > 2 * compared.at(rng.permutation(there))[0]


def test_tissue_is_pulled_the_way_that_makes_it_more_alike():
    turn = Rigid.about((0, 0, 0), turn_deg=(20, 50, -30))
    images = Moving(IMAGES["fixed"], None), Moving(mr(WIDE, turn), None)
    points = np.random.default_rng(2).uniform(-30, 30, (300, 3))
    pair = Pair.of(images, 3.0, Carried.by(turn, {}, ON), points)
    at, way = np.random.default_rng(3).normal(size=(2, 300, 3))
    ahead, behind = (pair.value(at + s * 1e-5 * way) for s in (1, -1))
    assert (pair.compared(at)[1] * way).sum() == pytest.approx((ahead - behind) / 2e-5, rel=1e-3)


def test_a_descent_ends_at_the_bottom():
    widths = np.array([1.0, 30.0, 900.0])
    goal = np.array([3.0, -2.0, 1.0])
    end = descend(lambda x: (float(widths @ (x - goal) ** 2), 2 * widths * (x - goal)), 3, 0.5, 60)
    np.testing.assert_allclose(end, goal, atol=1e-3)


def test_what_cannot_be_deformed_is_told():
    few = np.zeros(ON.shape, bool)
    few[:5, :5, :5] = True
    with pytest.raises(EmptyRegion, match="the region has 125 voxels 4 mm and more from bone"):
        register_deformable(**IMAGES, region=Mask(few, ON))
    with pytest.raises(GridMismatch, match="the region is on another grid"):
        register_deformable(**IMAGES, region=Mask(np.ones(WIDE.shape, bool), WIDE))
    with pytest.raises(GridMismatch, match="hip is on another grid"):
        register_deformable(
            **IMAGES, region=ALL, rigid={"hip": Mask(np.ones(WIDE.shape, bool), WIDE)}
        )
    with pytest.raises(EmptyRegion, match="the mask of 'hip' has no voxel"):
        register_deformable(**IMAGES, region=ALL, rigid={"hip": Mask(few & ~few, ON)})
    with pytest.raises(UnknownName, match="no mask is called 'tibia'"):
        register_deformable(**IMAGES, region=ALL, start={"tibia": MOVE}, rigid=BONES)
    holes = IMAGES["fixed"].values.copy()
    holes[3, 4, 5] = np.nan
    with pytest.raises(UnsuitableScan, match="the fixed image has 1 voxels"):
        register_deformable(Volume(holes, ON, HU), IMAGES["moving"], region=ALL)
    with pytest.raises(BadSetting, match="no interpolation is called 'cubic'"):
        warp(IMAGES["moving"], by_hand(np.zeros((*ON.shape, 3))), onto=ON, method="cubic")


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"controls_mm": ()}, "controls_mm must fall"),
        ({"controls_mm": (12.0, 24.0)}, "controls_mm must fall"),
        ({"controls_mm": (3.0,)}, "controls_mm must fall"),
        ({"still_mm": 3.0}, "still_mm must be at least 3.5"),
        ({"free_mm": 4.0}, "still_mm must be at least 3.5"),
        ({"stiffness": -0.1}, "stiffness"),
        ({"steps": 0}, "stiffness"),
        ({"places": 10}, "stiffness"),
    ],
)
def test_settings_outside_their_range_are_refused(wrong, told):
    with pytest.raises(BadSetting, match=told):
        DeformableSettings(**wrong)
