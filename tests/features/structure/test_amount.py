"""Volumes are those of counting, surfaces those of solids on paper."""

import csv

import nibabel
import numpy as np
import pytest

from osteon.core import EmptyRegion, Grid, GridMismatch, Mask
from osteon.features import FEATURES, METHODS
from osteon.features.structure.amounts.amount import amount
from osteon.features.structure.amounts.configurations import configurations

UPSTREAM = {"000": "0.16148127", "001": "0.12493891"}
"""BV/TV of cubes of the samples as printed by their authors (qiancao/BoneBox)."""


def mask(values, spacing=(0.1, 0.1, 0.1)):
    return Mask(np.asarray(values, bool), Grid(np.shape(values), [0, 0, 0], np.eye(3), spacing))


def cube_of_bone(path):
    image = nibabel.load(path)
    return mask(np.asarray(image.dataobj) > 0, image.header.get_zooms())


def ball(size, radius, spacing):
    x, y, z = np.meshgrid(*((np.arange(size) - size / 2 + 0.5) * s for s in spacing), indexing="ij")
    return x**2 + y**2 + z**2 <= radius**2


@pytest.mark.parametrize("spacing", [(0.1, 0.1, 0.1), (0.1, 0.2, 0.3)])
def test_a_block_of_bone_has_its_volume(spacing):
    bone = np.zeros((10, 10, 10), bool)
    bone[2:6, 3:8, 1:9] = True
    found = amount(mask(bone, spacing)).named()
    voxel = np.prod(spacing)
    assert found["BV"] == pytest.approx(160 * voxel)
    assert found["TV"] == pytest.approx(1000 * voxel)
    assert found["BV/TV"] == pytest.approx(0.16)


@pytest.mark.parametrize("spacing", [(0.05, 0.05, 0.05), (0.04, 0.05, 0.06)])
def test_a_ball_has_the_volume_and_surface_of_a_ball(spacing):
    radius = 0.6
    found = amount(mask(ball(36, radius, spacing), spacing)).named()
    assert found["BV"] == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)
    assert found["BV (mesh)"] == pytest.approx(4 / 3 * np.pi * radius**3, rel=0.01)
    assert found["BS"] == pytest.approx(4 * np.pi * radius**2, rel=0.02)
    assert found["BS/BV"] == pytest.approx(3 / radius, rel=0.02)
    assert found["BS (raw)"] == pytest.approx(1.085 * 4 * np.pi * radius**2, rel=0.02)


def test_ratios_are_those_of_the_numbers_beside_them():
    found = amount(mask(np.random.default_rng(0).random((12, 12, 12)) < 0.5)).named()
    assert found["BV/TV"] == pytest.approx(found["BV"] / found["TV"])
    assert found["BV/TV (mesh)"] == pytest.approx(found["BV (mesh)"] / found["TV"])
    assert found["BS/BV"] == pytest.approx(found["BS"] / found["BV"])
    assert found["BS/TV"] == pytest.approx(found["BS"] / found["TV"])


def test_lengths_twice_as_long_scale_every_number_by_its_dimension():
    bone = np.random.default_rng(1).random((12, 12, 12)) < 0.5
    power = {"mm3": 3, "mm2": 2, "1": 0, "/mm": -1}
    once = amount(mask(bone, (0.1, 0.1, 0.2))).named()
    twice = amount(mask(bone, (0.2, 0.2, 0.4))).named()
    for name, value in once.items():
        assert twice[name] == pytest.approx(value * 2.0 ** power[FEATURES[name].unit]), name


def test_a_region_gives_what_it_holds():
    bone, region = np.zeros((16, 16, 16), bool), np.zeros((16, 16, 16), bool)
    bone[:, :, 4:10] = True
    region[4:12, 4:12, :] = True
    found = amount(mask(bone), region=mask(region)).named()
    assert found["BV/TV"] == pytest.approx(6 / 16)
    assert found["BV/TV (mesh)"] == pytest.approx(6 / 16)
    # two sides of 0.8 mm; where the region cuts the plate there is no surface
    assert found["BS"] == pytest.approx(2 * 0.64)
    assert found["BS (raw)"] == pytest.approx(2 * 0.64)


@pytest.mark.parametrize("block", [1, 5, 100])
def test_blocks_change_not_a_bit(block):
    bone = mask(np.random.default_rng(2).random((19, 11, 12)) < 0.5)
    assert amount(bone, block=block).named() == amount(bone).named()


def test_patterns_that_are_counted_already_give_the_same():
    bone = mask(np.random.default_rng(3).random((9, 11, 12)) < 0.5)
    assert amount(bone, counted=configurations(bone)).named() == amount(bone).named()


def test_without_bone_there_is_no_bs_bv_and_the_flag_says_so():
    found = amount(mask(np.zeros((6, 6, 6))))
    assert found.named()["BV/TV"] == found.named()["BS"] == 0
    assert found.named()["BS/BV"] is None
    assert [flag.code for flag in found.flags] == ["no-bone"]


def test_all_bone_has_no_surface():
    found = amount(mask(np.ones((6, 6, 6)))).named()
    assert found["BV/TV"] == 1
    assert found["BV/TV (mesh)"] == pytest.approx(1)
    assert found["BS"] == found["BS (raw)"] == 0


def test_a_region_elsewhere_or_of_nothing_is_refused():
    bone = mask(np.ones((6, 6, 6)))
    with pytest.raises(GridMismatch, match="another grid"):
        amount(bone, region=mask(np.ones((6, 6, 7))))
    with pytest.raises(EmptyRegion, match="no voxel"):
        amount(bone, region=mask(np.zeros((6, 6, 6))))


def test_each_number_is_in_the_list_with_its_method():
    for name in amount(mask(np.ones((6, 6, 6)))).named():
        assert METHODS[FEATURES[name].method].doi == FEATURES[name].source


@pytest.mark.parametrize("roi", UPSTREAM)
def test_bv_tv_of_the_samples_is_as_their_authors_printed_it(samples, roi):
    counted = configurations(cube_of_bone(samples / f"micro_ct_L1/L1_04216_roi{roi}.nii.gz"))
    assert f"{counted.bone_voxels / counted.voxels:.8f}" == UPSTREAM[roi]


@pytest.mark.shared
def test_bv_tv_of_every_l1_cube_is_as_their_authors_printed_it(shared_data):
    folder = shared_data / "microct"
    with (folder / "bonebox_L1_reference.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["file"]]
    assert len(rows) == 44
    for row in rows:
        counted = configurations(cube_of_bone(folder / "bonebox_L1" / row["file"]))
        assert f"{counted.bone_voxels / counted.voxels:.8f}" == row["bvtv_upstream"], row["file"]
