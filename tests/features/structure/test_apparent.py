"""Apparent parameters of stripes and discs, worked out on paper."""

import nibabel
import numpy as np
import pytest
from scipy import ndimage

from osteon.core import BadSetting, EmptyRegion, Grid, Mask, UnsuitableScan, Volume
from osteon.features import FEATURES
from osteon.features.structure.coarse.apparent import apparent_parameters

FINE = (np.arange(8) + 0.5) / 8 - 0.5


def grid(shape, spacing=(1.0, 1.0, 1.0)):
    return Grid(shape, np.zeros(3), np.eye(3), np.array(spacing))


def share(solid, shape, spacing):
    """Share of each pixel of a slice that is solid, by 64 points."""
    i, j = np.meshgrid(*(np.arange(n) for n in shape), indexing="ij")
    found = np.zeros(shape)
    for a in FINE:
        for b in FINE:
            found += solid((i + a) * spacing[0], (j + b) * spacing[1])
    return found / 64


def stripes(turn, *, width, period, spacing=(1.0, 1.0)):
    """Stripes whose normal is turned by an angle in degrees from the first axis."""
    across = np.cos(np.radians(turn)), np.sin(np.radians(turn))
    shape = tuple(int(96 / s) for s in spacing)
    values = share(
        lambda x, y: (x * across[0] + y * across[1] + 6.3) % period < width, shape, spacing
    )
    return Volume(values[:, :, None].astype(np.float32), grid((*shape, 1), (*spacing, 3.0)), "1")


@pytest.mark.parametrize("turn", [0, 20, 45, 70])
def test_stripes_are_met_as_often_as_on_paper_whatever_their_turn(turn):
    """A line at an angle to the normal meets 2·|cos|/period borders; the mean of |cos| is 2/π."""
    found = apparent_parameters(stripes(turn, width=4.0, period=12.0))
    assert found.fraction == pytest.approx(4 / 12, rel=0.02)
    assert found.number == pytest.approx(2 / np.pi / 12, rel=0.03)
    assert found.thickness == pytest.approx(np.pi * 4 / 2, rel=0.04)
    assert found.separation == pytest.approx(np.pi * (12 - 4) / 2, rel=0.04)


def test_stripes_thinner_than_a_pixel_are_still_met():
    """No pixel is more than half bone; a level of one half would meet nothing."""
    thin = stripes(0, width=0.75, period=12.0, spacing=(2.0, 2.0))
    assert thin.values.max() < 0.5
    found = apparent_parameters(thin)
    assert found.fraction == pytest.approx(0.75 / 12)
    assert found.number == pytest.approx(2 / np.pi / 12, rel=0.05)


def test_pixels_may_be_longer_than_wide():
    found = apparent_parameters(stripes(30, width=4.0, period=12.0, spacing=(1.0, 2.0)))
    assert found.number == pytest.approx(2 / np.pi / 12, rel=0.04)


def test_a_disc_has_the_crossings_of_its_outline():
    """Crofton: P_L = 2·outline / (π·area of the slice)."""
    values = share(lambda x, y: np.hypot(x - 40, y - 40) < 25, (80, 80), (1.0, 1.0))
    disc = Volume(values[:, :, None], grid((80, 80, 1), (1.0, 1.0, 5.0)), "1")
    found = apparent_parameters(disc)
    assert 2 * found.number == pytest.approx(2 * (2 * np.pi * 25) / (np.pi * 80**2), rel=0.03)


def test_a_plain_mask_has_some_more_crossings_than_its_outline():
    i, j = np.meshgrid(np.arange(80), np.arange(80), indexing="ij")
    disc = (np.hypot(i - 40.2, j - 39.7) < 25)[:, :, None]
    found = apparent_parameters(Mask(disc, grid((80, 80, 1), (1.0, 1.0, 5.0))))
    ratio = 2 * found.number / (2 * (2 * np.pi * 25) / (np.pi * 80**2))
    assert 1.0 < ratio < 1.09


def test_slices_run_across_the_longest_side_of_the_voxels():
    flat = stripes(0, width=4.0, period=12.0)
    turned = Volume(np.moveaxis(flat.values, 2, 0).copy(), grid((1, 96, 96), (3.0, 1.0, 1.0)), "1")
    assert apparent_parameters(turned).axis == 0
    assert apparent_parameters(turned).named() == apparent_parameters(flat).named()
    assert apparent_parameters(Volume(flat.values, grid((96, 96, 1)), "1")).axis == 2


def test_what_lies_outside_the_region_changes_nothing(rng):
    values = rng.random((32, 32, 3))
    where = np.zeros(values.shape, bool)
    where[4:20, 6:30, 1:] = True
    around = ndimage.binary_dilation(where, np.ones((3, 3, 1)))  # points between two pixels
    changed = np.where(around, values, 0.0)
    place = grid(values.shape, (1, 1, 2))
    results = [
        apparent_parameters(Volume(v, place, "1"), region=Mask(where, place))
        for v in (values, changed)
    ]
    assert results[0].named() == results[1].named()
    assert results[0].fraction == pytest.approx(values[where].mean())


def test_a_region_that_cuts_stripes_adds_no_border():
    flat = stripes(0, width=4.0, period=12.0)
    where = np.zeros(flat.values.shape, bool)
    where[12:84, 12:84] = True
    found = apparent_parameters(flat, region=Mask(where, flat.grid))
    assert found.number == pytest.approx(2 / np.pi / 12, rel=0.04)


def test_all_bone_has_no_thickness():
    full = Mask(np.ones((8, 8, 8), bool), grid((8, 8, 8)))
    found = apparent_parameters(full)
    assert found.fraction == 1.0
    assert found.thickness is None
    assert [flag.code for flag in found.flags] == ["no-crossing"]


def test_a_region_without_a_voxel_is_refused():
    full = Mask(np.ones((8, 8, 8), bool), grid((8, 8, 8)))
    with pytest.raises(EmptyRegion, match="no voxel"):
        apparent_parameters(full, region=Mask(~full.values, full.grid))


@pytest.fixture
def rng():
    return np.random.default_rng(7)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -300.0, 1200.0])
def test_grey_values_are_no_share_of_bone(wrong):
    image = stripes(0, width=4.0, period=12.0)
    image.values[3, 3, 0] = wrong
    with pytest.raises(UnsuitableScan, match="0 to 1"):
        apparent_parameters(image)


def test_slices_lie_across_an_axis_of_the_volume():
    with pytest.raises(BadSetting, match="got 3"):
        apparent_parameters(stripes(0, width=4.0, period=12.0), axis=3)


def test_real_vertebral_bone_lies_in_the_ranges_told(samples):
    scan = nibabel.load(samples / "micro_ct_L1" / "L1_04216_roi001.nii.gz")
    values = np.asarray(scan.dataobj)[50:150, 50:150, 50:150] > 0
    bone = Mask(values, grid(values.shape, scan.header.get_zooms()))
    for name, value in apparent_parameters(bone).named().items():
        low, high = (float(end) for end in FEATURES[name].range.split(" to "))
        assert low <= value <= high, name
