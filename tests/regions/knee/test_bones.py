"""Bones come out whole, apart from each other, or with a line that says why not."""

from collections.abc import Callable

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import EmptyRegion, Grid, Labels, UnitMismatch, UnsuitableScan, Volume
from osteon.evaluate.images import dice
from osteon.regions import KneeBones, find_knee_bones

Make = Callable[..., "object"]


def test_bones_are_solid_and_shafts_open_at_the_border_are_filled(make_knee) -> None:
    knee = make_knee()
    found = find_knee_bones(knee.ct)
    for name, true in knee.bones.items():
        assert dice(getattr(found, name), true) > 0.95, name
    shaft = knee.bones["femur"].values[:, :, -1]
    assert found.femur.values[:, :, -1][ndimage.binary_erosion(shaft, iterations=2)].all()
    assert not any(flag.code == "short-view" for flag in found.flags)


def test_bones_that_touch_are_parted_at_the_joint(make_knee) -> None:
    knee = make_knee(gap=-1.0)
    both = knee.bones["femur"].values | knee.bones["tibia"].values
    assert ndimage.label(both)[1] == 1
    found = find_knee_bones(knee.ct)
    assert dice(found.femur, knee.bones["femur"]) > 0.95
    assert dice(found.tibia, knee.bones["tibia"]) > 0.95
    swapped = found.femur.values & knee.bones["tibia"].values & ~knee.bones["femur"].values
    assert np.count_nonzero(swapped) < 0.01 * knee.bones["tibia"].voxels


def test_patella_and_fibula_may_be_out_of_view(make_knee) -> None:
    found = find_knee_bones(make_knee(missing=("patella", "fibula")).ct)
    assert found.patella is None
    assert found.fibula is None


def test_no_bone_in_view_is_an_error_of_one_line(make_knee) -> None:
    knee = make_knee()
    with pytest.raises(EmptyRegion, match="no knee in view") as told:
        find_knee_bones(knee.with_values(np.full(knee.ct.grid.shape, 40, np.float32)))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize(("missing", "here"), [("femur", "tibia"), ("tibia", "femur")])
def test_one_bone_alone_is_named_and_the_other_is_said_to_be_missing(
    make_knee, missing: str, here: str
) -> None:
    knee = make_knee(missing=(missing, "fibula", "patella"))
    with pytest.raises(EmptyRegion, match=f"no {missing}"):
        find_knee_bones(knee.ct)
    alone = find_knee_bones(knee.ct, both=False)
    assert dice(getattr(alone, here), knee.bones[here]) > 0.95
    assert getattr(alone, missing).voxels == 0


def test_metal_is_refused(make_knee) -> None:
    knee = make_knee()
    values = knee.ct.values.copy()
    values[40:44, 40:44, 60:64] = 5000.0
    with pytest.raises(UnsuitableScan, match="metal"):
        find_knee_bones(knee.with_values(values))
    values = knee.ct.values.copy()
    values[40, 40:43, 60] = 5000.0  # 12 mm³ is a speck of calcium
    find_knee_bones(knee.with_values(values))


def test_values_must_be_hu(make_knee) -> None:
    ct = make_knee().ct
    with pytest.raises(UnitMismatch):
        find_knee_bones(Volume(ct.values, ct.grid, "1"))


def test_coarse_voxels_and_a_bone_cut_near_the_joint_are_flagged(make_knee) -> None:
    ct = make_knee().ct
    coarse = Volume(
        ct.values, Grid(ct.grid.shape, ct.grid.origin, np.eye(3), 3 * ct.grid.spacing), ct.unit
    )
    assert "coarse-voxels" in {flag.code for flag in find_knee_bones(coarse).flags}
    low = ct.part((slice(None), slice(None), slice(26, None)))
    assert "short-view" in {flag.code for flag in find_knee_bones(low).flags}
    narrow = ct.part((slice(14, None), slice(None), slice(None)))
    assert "cut-by-field-of-view" in {flag.code for flag in find_knee_bones(narrow).flags}


def test_labels_and_back_are_the_same_bones(make_knee) -> None:
    masks = make_knee().bones
    bones = KneeBones(masks["femur"], masks["tibia"], None, masks["fibula"])
    again = KneeBones.from_labels(bones.labels())
    assert (again.femur.values == bones.femur.values).all()
    assert (again.fibula.values == bones.fibula.values).all()
    assert again.patella is None
    other = Labels(np.where(masks["tibia"].values, 38, 0), masks["tibia"].grid, {38: "tibia"})
    assert KneeBones.from_labels(other).tibia.voxels == masks["tibia"].voxels
    with pytest.raises(EmptyRegion, match="neither femur nor tibia"):
        KneeBones.from_labels(
            Labels(np.zeros((2, 2, 2), int), masks["tibia"].grid.crop([0] * 3, [2] * 3))
        )
