"""Plates and rods at a known distance are counted as such, upright and tilted."""

import numpy as np
import pytest

from osteon.core import EmptyRegion, Grid, Mask
from osteon.features.structure.thickness.mid_axes import mid_axes, mid_axis_distance

SIZE = 72


def mask(values, spacing=(1.0, 1.0, 1.0)):
    return Mask(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing, float)))


def plates(thick, period, normal, spacing=(1.0, 1.0, 1.0)):
    """Plates across `normal`; lengths in mm, the space in between is the rest of the period."""
    unit = np.array(normal) / np.linalg.norm(normal)
    i, j, k = ((np.arange(SIZE) - SIZE / 2) * s for s in spacing)
    along = unit[0] * i[:, None, None] + unit[1] * j[None, :, None] + unit[2] * k[None, None, :]
    return mask((along + 0.3) % period < thick, spacing)


def middle(bone):
    """Away from the border of the image, beyond which no plate is seen."""
    inside = np.zeros(bone.grid.shape, bool)
    inside[(slice(SIZE // 4, -SIZE // 4),) * 3] = True
    return mask(inside, bone.grid.spacing)


TILTS = [(0, 1, 2), (1, 2, 3), (1, 1, 1), (0, 0.1, 1)]


@pytest.mark.parametrize("normal", [*TILTS, (0, 0, 1), (1, 0, 0)])
@pytest.mark.parametrize(("thick", "period"), [(2, 12), (3, 10), (4, 16)])
def test_plates_are_their_period_apart(thick, period, normal):
    bone = plates(thick, period, normal)
    found = mid_axis_distance(bone, region=middle(bone))
    few = 0.06 if thick == 2 else 0.04
    assert 1 / found.mean == pytest.approx(1 / period, rel=few)


@pytest.mark.parametrize("normal", TILTS)
@pytest.mark.parametrize(("thick", "period"), [(4, 11), (5, 15)])
def test_plates_of_an_odd_period_are_less_than_a_voxel_off(thick, period, normal):
    bone = plates(thick, period, normal)
    found = mid_axis_distance(bone, region=middle(bone))
    assert abs(found.mean - period) < 0.9


def test_plates_upright_at_an_odd_period_come_out_one_voxel_short():
    bone = plates(5, 15, (1, 0, 0))
    assert mid_axis_distance(bone, region=middle(bone)).mean == pytest.approx(14)


def test_plates_of_long_voxels_are_their_period_apart():
    spacing = (0.2, 0.1, 0.1)
    for normal in ((1, 0, 0), (0, 0, 1), (1, 2, 3)):
        bone = plates(0.4, 1.6, normal, spacing)
        found = mid_axis_distance(bone, region=middle(bone))
        assert found.mean == pytest.approx(1.6, rel=0.05)


def test_the_mid_axis_of_a_plate_is_one_voxel_thick():
    for thick in (1, 2, 3, 6, 7):
        plate = np.zeros((20, 30, 30), bool)
        plate[5 : 5 + thick] = True
        found = mid_axes(mask(plate)).values
        assert (found[:, 4:-4, 4:-4].sum(axis=0) == 1).all()
        assert not (found & ~plate).any()


def test_the_mid_axis_of_a_rod_is_a_line():
    i, j, k = np.indices((30, 41, 41)) - 20
    rod = np.broadcast_to(j * j + k * k <= 8.3**2, i.shape).copy()
    at = np.argwhere(mid_axes(mask(rod)).values[4:-4])
    assert np.hypot(at[:, 1] - 20, at[:, 2] - 20).max() <= 1
    assert set(at[:, 0]) == set(range(22))


def test_spikes_of_the_surface_are_no_mid_axes_and_tear_no_holes():
    plate = np.zeros((60, 60, 60), bool)
    plate[15:24] = plate[39:48] = True
    spikes = np.random.default_rng(2).random((60, 60)) < 0.02
    plate[13:50, spikes] |= ~plate[13:50, spikes] & (np.abs(np.arange(13, 50) - 31)[:, None] > 5)
    found = mid_axes(mask(plate)).values
    assert found[19].any()
    assert not found[:15].any()
    between = np.zeros_like(plate)
    between[20:43, 12:48, 12:48] = True
    assert mid_axis_distance(mask(plate), region=mask(between)).mean == pytest.approx(24, rel=0.03)


def test_no_bone_and_nothing_but_bone_have_no_mid_axes():
    for bone in (np.zeros((4, 4, 4), bool), np.ones((4, 4, 4), bool)):
        with pytest.raises(EmptyRegion, match=r"^(every one of 64|no) voxel"):
            mid_axes(mask(bone))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_an_image_of_one_slice_has_mid_axes(axis):
    """Two bars of three pixels, 12 apart: what lies between their middles is 12 wide."""
    slice_of_bars = np.zeros((40, 40), bool)
    slice_of_bars[10:13] = slice_of_bars[22:25] = True
    bone = mask(np.expand_dims(slice_of_bars, axis))
    middles = np.zeros_like(slice_of_bars)
    middles[[11, 23]] = True
    # the end of a line may be thinned away
    assert (mid_axes(bone).values.squeeze(axis)[:, :-1] == middles[:, :-1]).all()
    between = np.zeros_like(slice_of_bars)
    between[12:23, :30] = True
    found = mid_axis_distance(bone, region=mask(np.expand_dims(between, axis)))
    assert found.mean == pytest.approx(12)
