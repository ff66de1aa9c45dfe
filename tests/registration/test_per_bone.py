"""Two bones that move apart, each found for itself, and the image brought over with them."""

from dataclasses import replace

import numpy as np
import pytest

from bones_of_registration import bone, both, ct, grid, mr, off_by
from osteon.core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask, UnknownName, Volume
from osteon.registration import (
    BonesSettings,
    Rigid,
    RigidSettings,
    merged,
    register_bones,
    registration_error,
    resample_by,
)

TRUE = {
    "femur": Rigid.about((0, 0, 0), turn_deg=(3, -4, 5), shift_mm=(4, -3, 5)),
    "tibia": Rigid.about((0, 0, 0), turn_deg=(3, -4, 5), shift_mm=(4, -3, 5))
    @ Rigid.about((0, 0, 5), turn_deg=(7, 1, -1), shift_mm=(0.3, 0.5, 0)),
}
QUICK = BonesSettings(
    joint=RigidSettings(levels_mm=(5.0, 3.5), poses=32, descents=2, steps=25),
    bone=RigidSettings(
        levels_mm=(3.0, 0.0), reach_mm=8, reach_deg=10, poses=32, descents=2, steps=25
    ),
    least_sharpness=1.1,
)
BONES = {"femur": bone("femur"), "tibia": bone("tibia")}


@pytest.fixture(scope="module")
def moving():
    return mr(grid((3.0, 3.0, 3.0), half=(55, 55, 55)), TRUE)


@pytest.fixture(scope="module")
def found(moving):
    start = TRUE["femur"] @ off_by(6, 5, 4)
    return register_bones(ct(), moving, BONES, start=start, settings=QUICK)


@pytest.mark.parametrize("name", BONES)
def test_each_bone_of_a_bent_joint_is_found(found, name):
    own = registration_error(found.transforms[name], TRUE[name], BONES[name])
    # a third of a voxel
    assert own.percentile_95 < 0.8
    # the joint as one body cannot suit both
    assert registration_error(found.joint.transform, TRUE[name], BONES[name]).median > own.median


def test_nothing_failed(found):
    assert found.failed == {}
    assert found.joint.failed is None
    assert min(one.quality.sharpness for one in found.bones.values()) > 1.1


def test_a_bone_that_fits_about_but_in_no_detail_has_failed(moving):
    blunt = replace(
        QUICK,
        joint=replace(QUICK.joint, poses=0, descents=1),
        bone=replace(QUICK.bone, levels_mm=(3.0,), poses=0, descents=1),
        least_sharpness=50.0,
    )
    lost = register_bones(
        ct(), moving, {"femur": BONES["femur"]}, start=TRUE["femur"], settings=blunt
    )
    assert "most likely they show bones of different people" in lost.failed["femur"]
    assert lost.bones["femur"].quality.sharpness > 1


def test_a_joint_that_is_not_found_leaves_no_bone_to_use(moving):
    start = Rigid.about((0, 0, 0), shift_mm=(0, 0, 300))
    lost = register_bones(ct(), moving, BONES, start=start, settings=QUICK)
    assert lost.transforms == {}
    assert set(lost.failed) == set(BONES)


def test_a_bone_far_from_where_the_joint_puts_it_has_failed(moving):
    narrow = BonesSettings(
        joint=replace(QUICK.joint, poses=0),
        bone=replace(QUICK.bone, reach_mm=0.2, reach_deg=0.2, poses=0),
    )
    lost = register_bones(ct(), moving, BONES, start=TRUE["femur"], settings=narrow)
    assert "as a whole puts it, at most 0.2 mm" in lost.failed["tibia"]


def test_what_is_merged_looks_as_if_nothing_had_moved(moving):
    still = mr(noise=0)
    together = merged(moving, TRUE, BONES, onto=grid())
    for name, mask in BONES.items():
        inside = mask.values
        shared = resample_by(moving, TRUE["femur"], onto=grid()).values
        apart = np.abs(together.values - still.values)[inside].mean()
        # noise of 0.03 and one interpolation over edges
        assert apart < 0.06
        if name == "tibia":
            assert np.abs(shared - still.values)[inside].mean() > 2 * apart


def test_in_a_bone_stands_that_bones_image_alone(moving):
    together = merged(moving, TRUE, BONES, onto=grid(), method="bspline")
    for name, mask in BONES.items():
        alone = resample_by(moving, TRUE[name], onto=grid(), method="bspline")
        np.testing.assert_array_equal(together.values[mask.values], alone.values[mask.values])


def line_of(length=11):
    """A row of voxels 1 mm apart whose values are their places, and a bone at each end."""
    on = Grid((length, 1, 1), (0, 0, 0), np.eye(3), (1, 1, 1))
    ends = {}
    for name, place in (("left", 0), ("right", length - 1)):
        inside = np.zeros(on.shape, bool)
        inside[place] = True
        ends[name] = Mask(inside, on)
    return on, ends


def test_between_bones_the_nearer_one_counts_by_the_fourth_power():
    on, ends = line_of()
    source = Grid((41, 1, 1), (-20, 0, 0), np.eye(3), (1, 1, 1))
    places = Volume(
        source.to_world(np.moveaxis(np.indices(source.shape), 0, -1))[..., 0], source, "1"
    )
    moves = {
        "left": Rigid.about((0, 0, 0), shift_mm=(-1, 0, 0)),
        "right": Rigid.about((0, 0, 0), shift_mm=(1, 0, 0)),
    }
    found = merged(places, moves, ends, onto=on).values[:, 0, 0]
    x = np.arange(11.0)
    share = (10 - x) ** 4 / (x**4 + (10 - x) ** 4)
    np.testing.assert_allclose(found, x - share + (1 - share), rtol=1e-5)


def test_what_the_nearest_bone_does_not_show_is_outside():
    on, ends = line_of()
    image = Volume(np.ones(on.shape, np.float32), on, "1")
    moves = {"left": Rigid.about((0, 0, 0), shift_mm=(-3, 0, 0)), "right": Rigid.identity()}
    found = merged(image, moves, ends, onto=on, outside=-5.0).values[:, 0, 0]
    np.testing.assert_array_equal(found, [-5] * 3 + [1] * 8)


def test_a_finer_grid_may_be_asked_for(moving):
    fine = grid((1.0, 1.0, 1.0), half=(10, 10, 10), middle=(2, -6, 30))
    together = merged(moving, TRUE, BONES, onto=fine)
    alone = resample_by(moving, TRUE["femur"], onto=fine)
    deep = bone("femur", fine, -3).values
    assert deep.any()
    np.testing.assert_array_equal(together.values[deep], alone.values[deep])


def test_what_cannot_be_merged_is_told(moving):
    on = grid()
    with pytest.raises(UnknownName, match="no mask is called 'tibia'"):
        merged(moving, TRUE, {"femur": BONES["femur"]}, onto=on)
    with pytest.raises(EmptyRegion, match="none on it"):
        merged(moving, {}, BONES, onto=on)
    with pytest.raises(EmptyRegion, match="none on it"):
        merged(moving, TRUE, BONES, onto=grid(half=(5, 5, 5), middle=(300, 0, 0)))


def test_bones_that_cannot_be_registered_are_told(moving):
    with pytest.raises(EmptyRegion, match="at least one"):
        register_bones(ct(), moving, {})
    with pytest.raises(EmptyRegion, match="the mask of 'hip' has no voxel"):
        register_bones(ct(), moving, {"hip": Mask(np.zeros(grid().shape, bool), grid())})
    with pytest.raises(GridMismatch, match="hip is on another grid"):
        register_bones(ct(), moving, {"hip": both(grid((4.0, 4.0, 4.0)))})
    with pytest.raises(BadSetting, match="around_mm"):
        BonesSettings(around_mm=-1)
