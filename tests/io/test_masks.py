"""Regions that lie on an image, and regions that do not."""

import numpy as np
import pytest

from images import nifti1, saved
from osteon.core import Grid, GridMismatch, UnknownName
from osteon.io import read_mask

AXIAL = ((-1, 0, 0, 0), (0, -1, 0, 0), (0, 0, 1, 0))
ON_AXIAL = Grid((4, 4, 4), np.zeros(3), np.eye(3), np.ones(3))


def marked():
    values = np.zeros((4, 4, 4), np.uint8)
    values[1, 2, 3] = 31
    values[0, 0, 0] = 7
    return values


def test_every_label_is_the_region_unless_one_is_named(tmp_path):
    path = saved(tmp_path, nifti1(marked(), sform=AXIAL))
    every, flags = read_mask(path, onto=ON_AXIAL)
    one, _ = read_mask(path, onto=ON_AXIAL, label=31)
    assert (every.values == (marked() > 0)).all()
    assert [flag.code for flag in flags] == ["labels-joined"]
    assert np.argwhere(one.values).tolist() == [[1, 2, 3]]


def test_a_region_stored_the_other_way_round_is_put_right(tmp_path):
    sform = ((1, 0, 0, -3), (0, -1, 0, 0), (0, 0, 1, 0))
    path = saved(tmp_path, nifti1(marked()[::-1], sform=sform))
    assert (read_mask(path, onto=ON_AXIAL)[0].values == (marked() > 0)).all()


def test_a_label_that_no_voxel_carries_is_told_with_those_that_are_there(tmp_path):
    path = saved(tmp_path, nifti1(marked(), sform=AXIAL))
    with pytest.raises(UnknownName, match="no label 5; it has 7, 31"):
        read_mask(path, onto=ON_AXIAL, label=5)


@pytest.mark.parametrize(
    ("sform", "shape", "fault"),
    [
        (((-1, 0, 0, -0.5), (0, -1, 0, 0), (0, 0, 1, 0)), (4, 4, 4), "0.5 mm away"),
        (((-2, 0, 0, 0), (0, -1, 0, 0), (0, 0, 1, 0)), (4, 4, 4), "2×1×1 mm"),
        (AXIAL, (4, 4, 5), "4×4×5 voxels"),
    ],
)
def test_a_region_on_other_voxels_is_refused_with_the_difference(tmp_path, sform, shape, fault):
    path = saved(tmp_path, nifti1(np.ones(shape, np.uint8), sform=sform))
    with pytest.raises(GridMismatch, match=fault) as told:
        read_mask(path, onto=ON_AXIAL)
    assert "\n" not in str(told.value)
