"""What is written, read back by nibabel, which knows nothing of us."""

import gzip
import os
import stat
from pathlib import Path

import nibabel
import numpy as np
import pytest

from osteon.core import HU, BadSetting, Grid, Labels, Mask, Volume
from osteon.io import read_labels, read_scan, write_labels, write_mask, write_volume

TURN = np.linalg.qr(np.random.default_rng(8).normal(size=(3, 3)))[0]
GRIDS = {
    "axial": Grid((3, 4, 5), [10, 20, 30], np.eye(3), [0.7, 0.8, 2.5]),
    "mirrored": Grid((3, 4, 5), [10, 20, 30], np.diag([-1, 1, 1]), [0.7, 0.8, 2.5]),
    "oblique": Grid((3, 4, 5), [-300, 200, 1500], TURN, [0.7, 0.8, 2.5]),
}
VALUES = np.arange(60, dtype=np.int16).reshape(3, 4, 5) * 30 - 1000
SOME = GRIDS["axial"]


@pytest.mark.parametrize("name", GRIDS)
@pytest.mark.parametrize("suffix", [".nii", ".nii.gz"])
def test_nibabel_finds_every_voxel_at_its_place_in_ras(tmp_path, name, suffix):
    grid = GRIDS[name]
    write_volume(tmp_path / f"a{suffix}", Volume(VALUES, grid, HU))
    image = nibabel.load(tmp_path / f"a{suffix}")
    assert (np.asarray(image.dataobj) == VALUES).all()
    for index in [(0, 0, 0), (2, 0, 0), (0, 3, 0), (2, 3, 4)]:
        left, back, up = grid.to_world(index)
        for affine in (image.get_sform(), image.get_qform()):
            place = (affine @ [*index, 1])[:3]
            assert place == pytest.approx([-left, -back, up], abs=1e-3)
    assert (int(image.header["sform_code"]), int(image.header["qform_code"])) == (1, 1)


@pytest.mark.parametrize("name", GRIDS)
def test_a_volume_comes_back_as_it_was(tmp_path, name):
    write_volume(tmp_path / "a.nii.gz", Volume(VALUES, GRIDS[name], HU))
    scan = read_scan(tmp_path / "a.nii.gz")
    assert (scan.volume.values == VALUES).all()
    assert scan.volume.grid.apart(GRIDS[name]) < 1e-3
    assert scan.flags == ()


@pytest.mark.parametrize("unit", [HU, "mg/cm3", "/cm", "1"])
def test_the_unit_comes_back(tmp_path, unit):
    density = np.linspace(0, 400, 60, dtype=np.float32).reshape(3, 4, 5)
    write_volume(tmp_path / "a.nii.gz", Volume(density, SOME, unit))
    found = read_scan(tmp_path / "a.nii.gz").volume
    assert found.unit == unit
    assert (found.values == density).all()


@pytest.mark.parametrize(
    ("top", "kind"), [(50, "uint8"), (300, "int16"), (60000, "uint16"), (100000, "int32")]
)
def test_labels_are_stored_as_the_smallest_integers(tmp_path, top, kind):
    values = np.zeros((3, 4, 5), np.int64)
    values[1, 2, 3] = top
    write_labels(tmp_path / "a.nii.gz", Labels(values, SOME))
    assert nibabel.load(tmp_path / "a.nii.gz").get_data_dtype() == kind
    labels, flags = read_labels(tmp_path / "a.nii.gz", onto=SOME)
    assert (labels.values == values).all()
    assert flags == ()


def test_a_mask_is_stored_as_0_and_1(tmp_path):
    write_mask(tmp_path / "a.nii.gz", Mask(VALUES > 0, SOME))
    image = nibabel.load(tmp_path / "a.nii.gz")
    assert image.get_data_dtype() == np.uint8
    assert (np.asarray(image.dataobj) == (VALUES > 0)).all()


def test_the_same_volume_gives_the_same_bytes_at_any_time_under_any_name(tmp_path, monkeypatch):
    write_volume(tmp_path / "a.nii.gz", Volume(VALUES, SOME, HU))
    monkeypatch.setattr("time.time", lambda: 1e9)
    write_volume(tmp_path / "b.nii.gz", Volume(np.asfortranarray(VALUES), SOME, HU))
    assert (tmp_path / "a.nii.gz").read_bytes() == (tmp_path / "b.nii.gz").read_bytes()
    assert gzip.decompress((tmp_path / "a.nii.gz").read_bytes())[344:348] == b"n+1\0"


def test_a_file_that_is_there_is_replaced_and_nothing_else_is_left(tmp_path):
    (tmp_path / "a.nii.gz").write_text("old")
    write_mask(tmp_path / "a.nii.gz", Mask(VALUES > 0, SOME))
    assert [file.name for file in tmp_path.iterdir()] == ["a.nii.gz"]
    assert nibabel.load(tmp_path / "a.nii.gz").shape == (3, 4, 5)


def test_when_writing_fails_the_old_file_stands_and_no_part_is_left(tmp_path, monkeypatch):
    (tmp_path / "a.nii.gz").write_text("old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(gzip.GzipFile, "write", full)
    with pytest.raises(BadSetting, match=r"a\.nii\.gz cannot be written: No space left on device"):
        write_mask(tmp_path / "a.nii.gz", Mask(VALUES > 0, SOME))
    monkeypatch.undo()
    assert [file.name for file in tmp_path.iterdir()] == ["a.nii.gz"]
    assert (tmp_path / "a.nii.gz").read_text() == "old"


def test_others_may_read_what_is_written(tmp_path):
    before = os.umask(0o022)
    try:
        write_mask(tmp_path / "a.nii", Mask(VALUES > 0, SOME))
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a.nii").stat().st_mode) == 0o644


def test_other_names_and_missing_folders_are_refused(tmp_path: Path):
    mask = Mask(VALUES > 0, SOME)
    with pytest.raises(BadSetting, match=r"must end in \.nii or \.nii\.gz"):
        write_mask(tmp_path / "a.mha", mask)
    with pytest.raises(BadSetting, match="cannot be written: No such file or directory"):
        write_mask(tmp_path / "no" / "a.nii", mask)


def test_a_side_that_nifti_cannot_count_is_refused(tmp_path):
    long = Grid((40000, 1, 2), np.zeros(3), np.eye(3), np.ones(3))
    with pytest.raises(BadSetting, match="at most 32767"):
        write_mask(tmp_path / "a.nii", Mask(np.ones(long.shape, bool), long))
