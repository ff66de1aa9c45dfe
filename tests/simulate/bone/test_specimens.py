"""Specimens: real cubes, endless, thinned and thickened."""

import hashlib
import time

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import BadSetting, EmptyRegion, Grid, Mask, UnknownName
from osteon.simulate.bone.cells import STEPS, level_of
from osteon.simulate.bone.distance import signed_distance
from osteon.simulate.bone.specimens import specimen_cube, specimen_tile, specimens, tile_of

DONORS = 11
JOINED = slice(9, 192)
"""Voxels of a cube that the blending of its faces leaves as they are."""


def mask_of(values, spacing):
    return Mask(values, Grid(values.shape, np.zeros(3), np.eye(3), np.broadcast_to(spacing, 3)))


def test_distances_are_those_of_scipy():
    solid = np.random.default_rng(1).random((40, 50, 60)) > 0.97
    inside = ndimage.distance_transform_edt(solid) - 0.5
    outside = ndimage.distance_transform_edt(~solid) - 0.5
    expected = np.where(solid, inside, -outside)
    assert signed_distance(solid) == pytest.approx(expected, abs=1e-5)


@pytest.mark.shared
def test_cubes_that_come_with_the_package_are_those_of_the_collection(shared_data):
    import nibabel as nib

    path = shared_data / "microct" / "bonebox_L1" / "L1_04216_roi004.nii.gz"
    real = np.asarray(nib.load(path).dataobj) > 0
    shipped = hashlib.sha256(specimen_cube("L1-04216").tobytes()).hexdigest()
    assert shipped == hashlib.sha256(real.tobytes()).hexdigest()


def test_there_are_eleven_donors_of_plausible_bone():
    assert len(specimens()) == DONORS
    for name in specimens():
        assert 0.05 < specimen_cube(name).mean() < 0.2


def test_a_tile_at_the_amount_of_its_cube_is_its_cube():
    cube = specimen_cube("L1-07131")
    bone = specimen_tile("L1-07131").values > level_of(cube.mean()) * STEPS
    inner = (JOINED,) * 3
    both = (cube[inner] & bone[inner]).sum()
    assert 2 * both / (cube[inner].sum() + bone[inner].sum()) > 0.95


def test_thickened_bone_holds_the_thin_bone():
    values = specimen_tile("L1-07131").values
    thin, thick = (values > level_of(amount) * STEPS for amount in (0.1, 0.2))
    assert not (thin & ~thick).any()


def test_bone_is_thickened_by_one_depth_everywhere():
    away = ndimage.distance_transform_edt(~specimen_cube("L1-07131"))[(JOINED,) * 3]
    values = specimen_tile("L1-07131").values[(JOINED,) * 3]
    depth = away[values > level_of(0.2) * STEPS]
    assert depth.max() < 4  # voxels of 0.05 mm; it grew about its own trabeculae alone


def test_a_tile_takes_less_than_three_seconds():
    specimen_tile("L1-67816")
    start = time.process_time()
    specimen_tile.__wrapped__("L1-67837")
    assert time.process_time() - start < 3


def test_ones_own_specimen_of_other_voxels_becomes_a_tile_of_the_same_bone():
    cube = specimen_cube("L1-04216")
    own = tile_of(mask_of(cube[::2], (0.1, 0.05, 0.05)), "mine")
    assert own.spacing == pytest.approx(0.05, rel=0.01)
    bone = own.values > level_of(cube.mean()) * STEPS
    known = specimen_tile("L1-04216").values > level_of(cube.mean()) * STEPS
    assert 2 * (bone & known).sum() / (bone.sum() + known.sum()) > 0.8


def test_what_is_no_specimen_is_refused():
    with pytest.raises(UnknownName, match="L1-04216"):
        specimen_tile("L9-00000")
    with pytest.raises(BadSetting, match="64 voxels"):
        tile_of(mask_of(np.ones((80, 80, 60), np.bool_), 0.05), "thin")
    with pytest.raises(EmptyRegion, match="no surface"):
        tile_of(mask_of(np.zeros((80, 80, 80), np.bool_), 0.05), "empty")
