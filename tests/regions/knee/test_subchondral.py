"""Subchondral bone lies beneath the joint, at the depths asked for, and knows inside from out."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Mask
from osteon.regions import KneeBones, find_subchondral, knee_side


def _bones(knee) -> KneeBones:
    return KneeBones(**knee.bones)


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_fibula_tells_the_side_and_lateral_is_where_it_is(make_knee, side: str) -> None:
    bones = _bones(make_knee(side))
    assert knee_side(bones) == side
    found = find_subchondral(bones, side=side)
    fibula = np.argwhere(bones.fibula.values)[:, 0].mean()
    for bone in ("femur", "tibia"):
        lateral, medial = (
            np.argwhere(found.regions[f"{which} {bone}"].values)[:, 0].mean()
            for which in ("lateral", "medial")
        )
        assert abs(lateral - fibula) < abs(medial - fibula)


def test_without_a_fibula_the_side_is_not_known(make_knee) -> None:
    bones = _bones(make_knee())
    assert knee_side(KneeBones(bones.femur, bones.tibia)) is None


def test_regions_lie_in_their_bone_between_the_depths_and_apart(make_knee) -> None:
    bones = _bones(make_knee())
    found = find_subchondral(bones, side="left", plate_mm=3.0, deepest_mm=9.0)
    assert list(found.regions) == ["medial femur", "lateral femur", "medial tibia", "lateral tibia"]
    together = np.sum([mask.values for mask in found.regions.values()], axis=0)
    assert together.max() == 1
    for name, mask in found.regions.items():
        bone = getattr(bones, name.split()[1])
        assert not (mask.values & ~bone.values).any()
        depth = found.depth.values[mask.values]
        assert depth.min() >= 3.0
        assert depth.max() < 9.0


def test_depth_is_counted_from_the_plateau(make_knee) -> None:
    bones = _bones(make_knee())
    depth = find_subchondral(bones, side="left").depth
    # the plateau is flat: beneath its middle depth is height
    i, j, _ = np.round(depth.grid.to_index([19.0, 0.0, 0.0])).astype(int)
    inside = np.flatnonzero(bones.tibia.values[i, j])
    below = (inside.max() - inside + 0.5) * depth.grid.spacing[2]
    near = below < 12
    np.testing.assert_allclose(depth.values[i, j, inside[near]], below[near], atol=0.1)


def test_femoral_regions_stay_out_of_the_front_and_the_shaft(make_knee) -> None:
    bones = _bones(make_knee())
    found = find_subchondral(bones, side="left")
    for side in ("medial", "lateral"):
        region = found.regions[f"{side} femur"]
        place = region.grid.to_world(np.argwhere(region.values))
        assert place[:, 1].min() > -26.0
        assert place[:, 2].max() < 32.0


def test_bones_far_apart_have_no_joint(make_knee) -> None:
    bones = _bones(make_knee())
    high = bones.femur.values.copy()
    high[:, :, :66] = False
    with pytest.raises(EmptyRegion):
        find_subchondral(KneeBones(Mask(high, bones.femur.grid), bones.tibia), side="left")


def test_sides_and_depths_that_make_no_sense_are_refused(make_knee) -> None:
    bones = _bones(make_knee())
    with pytest.raises(BadSetting, match="side"):
        find_subchondral(bones, side="both")
    with pytest.raises(BadSetting, match="depths"):
        find_subchondral(bones, side="left", plate_mm=5.0, deepest_mm=5.0)
