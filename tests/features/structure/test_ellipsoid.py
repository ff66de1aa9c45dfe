"""The ellipsoid factor against shapes whose axes are known."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, Mask
from osteon.features.structure.shape.ellipsoid import REACH, ellipsoid_factor

SLANT = np.array([1.0, 2.0, 3.0]) / np.sqrt(14.0)


def mask_of(values, spacing=(1.0, 1.0, 1.0)):
    return Mask(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing)))


def places(shape=(48, 48, 48), spacing=(1.0, 1.0, 1.0)):
    ends = [((np.arange(n) - (n - 1) / 2) + 0.2) * s for n, s in zip(shape, spacing, strict=True)]
    return np.stack(np.meshgrid(*ends, indexing="ij"), axis=-1)


def ellipsoid(axes, *, shape=(48, 48, 48), spacing=(1.0, 1.0, 1.0)):
    return mask_of(((places(shape, spacing) / axes) ** 2).sum(-1) <= 1, spacing)


def plate(half):
    return mask_of(np.abs(places() @ SLANT) <= half)


def rod(radius):
    where = places()
    return mask_of((where**2).sum(-1) - (where @ SLANT) ** 2 <= radius**2)


def factor(bone, **settings):
    return ellipsoid_factor(bone, samples=1000, **settings)


@pytest.mark.parametrize("radius", [4, 9, 18])
def test_a_sphere_has_factor_zero_and_its_radius(radius):
    found = factor(ellipsoid([radius] * 3))
    assert found.mean == pytest.approx(0.0, abs=0.05)
    assert np.median(found.axes) == pytest.approx(radius, abs=0.3)


@pytest.mark.parametrize("radius", [2, 3, 5])
def test_a_rod_comes_near_plus_one_and_has_its_radius(radius):
    found = factor(rod(radius))
    assert found.mean > 0.65
    assert np.median(found.axes[:, 0]) == pytest.approx(radius, abs=0.3)


@pytest.mark.parametrize("half", [2, 3, 4])
def test_a_plate_comes_near_minus_one_and_has_its_half_thickness(half):
    found = factor(plate(half))
    assert found.mean < -0.65
    assert np.median(found.axes[:, 0]) == pytest.approx(half, abs=0.3)


@pytest.mark.parametrize("axes", [(4, 8, 16), (4, 4, 16), (4, 6, 20), (5, 10, 10)])
def test_an_ellipsoid_has_the_factor_of_its_axes(axes):
    """At the middle; near its ends an ellipsoid is rounder."""
    a, b, c = axes
    found = factor(ellipsoid(axes))
    central = (np.abs(found.voxels - 23.3) / axes).max(axis=1) < 0.4
    assert np.median(found.factors[central]) == pytest.approx(a / b - b / c, abs=0.08)


def test_a_sphere_of_long_voxels_is_a_sphere():
    found = factor(ellipsoid([9] * 3, shape=(40, 40, 16), spacing=(1, 1, 2.5)))
    assert found.mean == pytest.approx(0.0, abs=0.05)


def test_scaling_everything_scales_the_axes_alone():
    small = factor(ellipsoid([0.4, 0.6, 1.2], spacing=(0.1, 0.1, 0.1)))
    large = factor(ellipsoid([4, 6, 12]))
    assert small.factors == pytest.approx(large.factors, abs=1e-6)
    assert small.axes * 10 == pytest.approx(large.axes, rel=1e-6)


@pytest.mark.parametrize("axes", [(1, 0, 2), (2, 1, 0)])
def test_turning_the_bone_changes_little(axes):
    bone = ellipsoid([4, 6, 16])
    turned = mask_of(np.asfortranarray(bone.values.transpose(axes)))
    assert factor(turned).mean == pytest.approx(factor(bone).mean, abs=0.04)


def test_bone_cut_by_the_image_goes_on_as_on_its_other_side():
    """Half a rod is left when the image is cut along it; its middle half still reads as a rod."""
    bone = rod(4).values[:24]
    assert factor(mask_of(bone)).mean > 0.6


def test_bone_filling_the_image_has_the_axes_of_the_image():
    found = factor(mask_of(np.ones((20, 20, 20), bool)))
    assert found.axes.max() <= REACH * 20
    assert np.isfinite(found.factors).all()


def test_a_region_picks_the_voxels_and_leaves_the_chords_alone():
    bone = mask_of(np.zeros((48, 48, 48), bool))
    bone.values[4:9, 4:44, 4:44] = True
    bone.values[9:41, 22:27, 22:27] = True
    upper, lower = np.zeros((2, 48, 48, 48), bool)
    upper[14:36] = True
    lower[:8] = True
    assert factor(bone, region=mask_of(upper)).mean > 0.5
    assert factor(bone, region=mask_of(lower)).mean < -0.4


def test_the_same_bone_gives_the_same_bits(rng):
    bone = mask_of(rng.random((24, 24, 24)) < 0.5)
    first, second = factor(bone), factor(bone)
    assert first.mean == second.mean
    assert (first.axes == second.axes).all()


def test_every_voxel_is_sampled_where_there_are_few():
    bone = np.zeros((9, 9, 9), bool)
    bone[3:6, 3:6, 3:6] = True
    found = factor(mask_of(bone))
    assert (found.voxels == np.argwhere(bone)).all()
    assert [flag.code for flag in found.flags] == ["few-samples"]


def test_samples_are_spread_evenly_over_the_bone():
    found = factor(mask_of(np.ones((40, 40, 40), bool)))
    octants = np.bincount((found.voxels >= 20) @ [4, 2, 1], minlength=8)
    assert octants.min() > 100


def test_without_bone_there_is_no_factor():
    found = factor(mask_of(np.zeros((8, 8, 8), bool)))
    assert found.named() == {"EF": None, "EF.SD": None}
    assert [flag.code for flag in found.flags] == ["no-bone"]


def test_nothing_to_sample_is_refused():
    with pytest.raises(EmptyRegion, match="no voxel"):
        factor(rod(3), region=mask_of(np.zeros((48, 48, 48), bool)))
    with pytest.raises(BadSetting, match="got 0"):
        ellipsoid_factor(rod(3), samples=0)


@pytest.fixture
def rng():
    return np.random.default_rng(7)
