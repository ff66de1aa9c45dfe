"""Plates and rods told apart by a skeleton, on shapes that are one or the other."""

import numpy as np
import pytest
from skimage.measure import euler_number

from osteon.core import EmptyRegion, Grid, Mask
from osteon.features.structure.shape.skeleton import PLATE, ROD, plates_and_rods

SLANT = np.array([1.0, 2.0, 3.0]) / np.sqrt(14.0)
ACROSS = np.array([0.0, 3.0, -2.0]) / np.sqrt(13.0)


def mask_of(values, spacing=(1.0, 1.0, 1.0)):
    return Mask(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing)))


def places(side=48):
    along = np.arange(side) - (side - 1) / 2 + 0.2
    return np.stack(np.meshgrid(along, along, along, indexing="ij"), axis=-1)


def plate(half):
    return np.abs(places() @ SLANT) <= half


def beam(half_thick, half_wide):
    """A beam along a slanted line with an elliptic section."""
    where = places()
    thick = where @ np.cross(SLANT, ACROSS)
    return (thick / half_thick) ** 2 + (where @ ACROSS / half_wide) ** 2 <= 1


def euler(values):
    return euler_number(values, connectivity=3)


@pytest.mark.parametrize("half", [1.5, 3.0, 6.0])
def test_a_plate_is_all_plate(half):
    assert plates_and_rods(mask_of(plate(half))).plate_fraction > 0.98


@pytest.mark.parametrize("radius", [1.5, 3.0, 6.0])
def test_a_rod_is_all_rod(radius):
    assert plates_and_rods(mask_of(beam(radius, radius))).plate_fraction == 0.0


@pytest.mark.parametrize("radius", [3, 5])
def test_a_rod_along_an_axis_keeps_its_length(radius):
    disc = (places()[0, :, :, 1:] ** 2).sum(-1) <= radius**2
    found = plates_and_rods(mask_of(np.repeat(disc[None], 48, axis=0)))
    assert found.plate_fraction == 0.0
    assert found.skeleton.voxels > 48 - 4 * radius


def test_a_beam_becomes_a_plate_between_twice_and_four_times_as_wide_as_thick():
    shares = [plates_and_rods(mask_of(beam(4, 4 * wide))).plate_fraction for wide in (1.5, 2, 4)]
    assert shares[:2] == [0.0, 0.0]
    assert shares[2] > 0.85


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_strip_of_two_voxels_keeps_its_length(axis):
    """Its voxels are all removable at first; taken one after the other, all would go."""
    strip = np.zeros((44, 6, 6), bool)
    strip[2:42, 2:4, 2] = True
    for turned in (strip, strip.transpose(0, 2, 1)):
        found = plates_and_rods(mask_of(np.moveaxis(turned, 0, axis).copy()))
        assert 36 <= found.skeleton.voxels <= 42


@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_the_skeleton_of_noise_has_the_euler_number_of_the_noise(rng, share):
    noise = rng.random((32, 29, 35)) < share
    assert euler(plates_and_rods(mask_of(noise)).skeleton.values) == euler(noise)


def test_a_ring_stays_a_ring_and_a_hollow_ball_a_hollow_ball():
    x, y, z = np.moveaxis(places(), -1, 0)
    ring = (np.hypot(x, y) - 14) ** 2 + z**2 <= 25
    far = np.sqrt(x**2 + y**2 + z**2)
    for solid, number in ((ring, 0), ((far < 18) & (far > 10), 2), (far < 18, 1)):
        found = plates_and_rods(mask_of(solid))
        assert euler(found.skeleton.values) == euler(solid) == number
        assert not (found.skeleton.values & ~solid).any()


def test_a_skeleton_is_one_voxel_thin():
    """A plate of 9 voxels, 40 on a side, loses about 9 + 2 voxels of its sides."""
    solid = np.zeros((48, 48, 48), bool)
    solid[20:29, 4:44, 4:44] = True
    skeleton = plates_and_rods(mask_of(solid)).skeleton.values
    assert skeleton.sum(axis=0).max() == 1
    assert skeleton.sum() == pytest.approx(29**2, rel=0.15)


def lollipop():
    """A plate of 5 voxels with a rod of 5 voxels standing on it, 32 voxels long."""
    solid = np.zeros((48, 48, 48), bool)
    solid[4:9, 4:44, 4:44] = True
    solid[9:41, 22:27, 22:27] = True
    return solid


def test_a_rod_on_a_plate_is_told_from_it():
    found = plates_and_rods(mask_of(lollipop()))
    assert (found.classes[4:8][lollipop()[4:8]] == PLATE).all()
    assert (found.classes[14:41, 22:27, 22:27] == ROD).all()
    assert found.plate_fraction == pytest.approx(5 * 1600 / (5 * 1600 + 800), abs=0.02)


def test_volumes_are_counted_in_the_region_of_the_whole_bone():
    box = np.zeros((48, 48, 48), bool)
    box[16:40] = True
    found = plates_and_rods(mask_of(lollipop()), region=mask_of(box))
    assert found.named() == {
        "pBV/TV": 0.0,
        "rBV/TV": pytest.approx(25 / 48**2),
        "plate fraction": 0.0,
    }


def test_plates_and_rods_add_up_to_the_bone(rng):
    solid = rng.random((24, 24, 24)) < 0.4
    found = plates_and_rods(mask_of(solid))
    assert ((found.classes > 0) == solid).all()
    assert found.plates + found.rods == pytest.approx(solid.mean(), rel=1e-12)


def test_way_within_the_bone_counts_millimetres():
    """A bone voxel between a plate and a rod goes with the nearer one, in mm."""
    solid = lollipop()
    long = plates_and_rods(mask_of(solid, (4.0, 1.0, 1.0)))
    assert (long.classes[14:41, 22:27, 22:27] == ROD).all()


def test_storage_order_changes_nothing():
    solid = lollipop()
    turned = plates_and_rods(mask_of(np.asfortranarray(solid)))
    assert (turned.classes == plates_and_rods(mask_of(solid)).classes).all()


def test_without_bone_there_is_no_fraction():
    found = plates_and_rods(mask_of(np.zeros((8, 8, 8), bool)))
    assert found.plate_fraction is None
    assert [flag.code for flag in found.flags] == ["no-bone"]


def test_a_region_without_a_voxel_is_refused():
    with pytest.raises(EmptyRegion, match="no voxel"):
        plates_and_rods(mask_of(lollipop()), region=mask_of(np.zeros((48, 48, 48), bool)))


@pytest.fixture
def rng():
    return np.random.default_rng(7)
