"""Where patches of a knee lie."""

import numpy as np
import pytest

from osteon.core import Acquisition, BadSetting, Grid, Mask, Scan
from osteon.pipelines.knee.patches.places import (
    PatchPlace,
    cut_ct,
    cut_mr,
    lattice,
    patch_places,
    reach,
)
from osteon.registration import Rigid

from .blocks import CT_GRID, HALF, MR_GRID, PERIOD, PLACE, POSE, ct, cube, mr, places_of


def slab():
    """A region of 24 by 24 by 8 mm."""
    return Mask(cube(12.0).values & (np.abs(places_of(CT_GRID)[..., 2]) <= 4.0), CT_GRID)


def test_places_are_spread_and_not_closer_than_asked():
    found = patch_places({"medial femur": slab()}, spacing_mm=6.0, most=6)
    assert [one.number for one in found] == list(range(6))
    centres = np.array([one.centre_mm for one in found])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1)[np.triu_indices(6, 1)]
    assert apart.min() >= 6.0
    assert np.linalg.norm(centres[0]) < 1.0
    assert np.ptp(centres[:, 0]) > 14.0


def test_places_are_no_more_than_the_distance_allows():
    found = patch_places({"medial femur": slab()}, spacing_mm=6.0, most=99)
    centres = np.array([one.centre_mm for one in found])
    apart = np.linalg.norm(centres[:, None] - centres[None], axis=-1)
    assert 6 < len(found) < 30
    assert apart[np.triu_indices(len(found), 1)].min() >= 6.0


def test_places_lie_deep_in_their_region_where_it_has_a_depth():
    for one in patch_places({"medial femur": slab()}):
        assert np.abs(one.centre_mm[:2]).max() <= 9.5
        assert abs(one.centre_mm[2]) <= 1.5


def test_a_thin_region_has_places_too():
    thin = Mask(cube(12.0).values & (np.abs(places_of(CT_GRID)[..., 2]) <= 1.0), CT_GRID)
    assert len(patch_places({"medial femur": thin})) > 1


def test_a_region_smaller_than_the_spacing_has_one_place_and_an_empty_one_none():
    empty = Mask(np.zeros(CT_GRID.shape, bool), CT_GRID)
    found = patch_places({"medial femur": cube(2.0), "lateral femur": empty})
    assert [(one.region, one.bone) for one in found] == [("medial femur", "femur")]


@pytest.mark.parametrize("asked", [{"spacing_mm": 0.0}, {"most": 0}])
def test_places_without_a_distance_or_a_number_are_refused(asked):
    with pytest.raises(BadSetting):
        patch_places({}, **asked)


@pytest.mark.parametrize(("side", "lateral"), [("left", 1.0), ("right", -1.0)])
def test_the_first_axis_runs_to_lateral(side, lateral):
    grid = lattice(PLACE, side=side)
    assert np.diag(grid.direction).tolist() == [lateral, 1.0, 1.0]
    assert np.allclose(grid.corners().mean(axis=0), 0.0)
    assert np.allclose(grid.spacing * grid.shape, 12.8)


def test_a_patch_has_a_side_and_a_size():
    with pytest.raises(BadSetting, match="left or right; got 'up'"):
        lattice(PLACE, side="up")
    with pytest.raises(BadSetting, match="size"):
        lattice(PLACE, side="left", voxels=0)


def test_a_patch_shows_the_ct_in_its_place():
    image, region = ct(), {"medial femur": cube(4.0)}
    grey, mask = cut_ct(Scan(image), region, PLACE, side="left")
    assert grey.shape == mask.shape == (32, 32, 32)
    # along y plates of 1200 HU come and go
    profile = grey.mean(axis=(0, 2))
    assert abs(profile.mean() - 0.4 * 1200) < 60
    assert profile.max() > 1000
    assert profile.min() < 200
    assert abs(mask.mean() - (8.0 / 12.8) ** 3) < 0.04


def test_bone_is_as_bright_at_any_tube_voltage():
    """By the published means of 16 747 scans: 148.1, 140.9 and 131.3 HU at 100, 120, 140 kVp."""
    region = {"medial femur": cube(4.0)}

    def cut(kvp):
        return cut_ct(Scan(ct(), acquisition=Acquisition(kvp=kvp)), region, PLACE, side="left")[0]

    standard = cut(120.0)
    assert np.array_equal(standard, cut(None))
    assert np.allclose(cut(100.0), standard * 140.9 / 148.1, atol=1e-2)
    assert np.allclose(cut(140.0), standard * 140.9 / 131.3, atol=1e-2)
    # beyond what was published nothing is made up
    assert np.array_equal(cut(80.0), cut(100.0))


def test_a_right_knee_is_the_mirror_image_of_a_left_one():
    image = ct()
    values = image.values + (10 * places_of(CT_GRID)[..., 0]).astype(np.int16)
    tilted = type(image)(values, CT_GRID, image.unit)
    region = {"medial femur": cube(4.0)}
    left, right = (cut_ct(Scan(tilted), region, PLACE, side=side)[0] for side in ("left", "right"))
    assert np.allclose(left, right[::-1], atol=1e-2)
    assert np.abs(left - right).max() > 50


def test_ct_and_mr_show_the_same_ground():
    grey, _ = cut_ct(Scan(ct()), {"medial femur": cube(4.0)}, PLACE, side="left")
    other = cut_mr(mr(), POSE, PLACE, side="left")
    assert np.corrcoef(grey.ravel(), other.ravel())[0, 1] < -0.9
    unmoved = cut_mr(mr(), Rigid.identity(), PLACE, side="left")
    assert np.corrcoef(grey.ravel(), unmoved.ravel())[0, 1] > -0.5
    assert cut_mr(mr(), POSE, PLACE, side="left", voxels=64).shape == (64, 64, 64)


def test_beyond_the_scan_there_is_air():
    away = PatchPlace("medial femur", 0, np.array([HALF, 300.0, 0.0]))
    grey, mask = cut_ct(Scan(ct()), {"medial femur": cube(4.0)}, away, side="left")
    assert (grey == -1000.0).all()
    assert not mask.any()


def test_the_part_that_is_read_holds_the_patch_and_little_more():
    i, j, k = reach(MR_GRID, lattice(PLACE, side="left"), POSE)
    assert all(cut.stop - cut.start < 60 for cut in (i, j, k))
    far = Grid((2, 2, 2), (500.0, 0, 0), np.eye(3), (PERIOD,) * 3)
    assert min(MR_GRID.part(reach(MR_GRID, far)).shape) >= 1
