"""Which reader takes what, whether it is a CT, and which inputs are the same."""

import gzip
import hashlib
import os
import zipfile

import numpy as np
import pytest

from dicom_maker import along_z, save, stack
from images import RAMP, isq, nifti1, nrrd, saved
from osteon.core import (
    HU,
    Acquisition,
    BadSetting,
    Grid,
    Scan,
    UnreadableScan,
    UnsuitableScan,
    Volume,
)
from osteon.io import fingerprint, list_series, read_ct, read_scan, require_ct

SOMEWHERE = Grid((2, 3, 4), np.zeros(3), np.eye(3), np.ones(3))

NO_SCANS = {
    "a PNG picture": b"\x89PNG\r\n\x1a\n" + bytes(200),
    "a JPEG picture": b"\xff\xd8\xff\xe0" + bytes(200),
    "a GIF picture": b"GIF89a" + bytes(200),
    "a PDF document": b"%PDF-1.7" + bytes(200),
    "a Scanco AIM image": b"AIMDATA_V030   \0" + bytes(200),
    "an HDF5 file": b"\x89HDF\r\n\x1a\n" + bytes(200),
    "a text file": b"patient,age\n1,70\n",
    "an Analyze 7.5 header": nifti1(changes=[(344, "4s", bytes(4))]),
    "no image that Osteon knows": bytes(range(256)) * 3,
    r"empty \(0 bytes\)": b"",
    "gzip-compressed, but what is inside has no NIfTI header": gzip.compress(b"text"),
    "a damaged gzip file": b"\x1f\x8b" + bytes(30),
}


@pytest.mark.parametrize("what", NO_SCANS)
def test_what_is_no_scan_is_told_by_what_it_is(tmp_path, what):
    with pytest.raises(UnreadableScan, match=f"scan .*{what}") as told:
        read_scan(saved(tmp_path, NO_SCANS[what], "scan"))
    assert "\n" not in str(told.value)


def test_a_damaged_nifti_is_told_by_its_name(tmp_path):
    with pytest.raises(UnreadableScan, match="has no NIfTI header"):
        read_scan(saved(tmp_path, bytes([9, 0, 7]) * 300, "scan.nii"))


def test_what_is_not_there_is_told(tmp_path):
    with pytest.raises(UnreadableScan, match=r"scan\.nii is not there"):
        read_scan(tmp_path / "scan.nii")
    (tmp_path / "link.nii").symlink_to(tmp_path / "gone.nii")
    with pytest.raises(UnreadableScan, match=r"is a link to .*gone\.nii, which is not there"):
        read_scan(tmp_path / "link.nii")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    with pytest.raises(UnreadableScan, match="cannot be read"):
        read_scan(tmp_path / "a")


def test_a_link_to_a_scan_is_read(tmp_path):
    (tmp_path / "link").symlink_to(saved(tmp_path, nifti1()))
    assert (read_scan(tmp_path / "link").volume.values == RAMP).all()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_what_may_not_be_read_is_told(tmp_path):
    path = saved(tmp_path, nifti1())
    path.chmod(0)
    with pytest.raises(UnreadableScan, match="cannot be read: Permission denied"):
        read_scan(path)


def test_a_pipe_is_refused_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(UnreadableScan, match="neither a file nor a folder"):
        read_scan(tmp_path / "pipe")


def test_an_empty_folder_is_refused(tmp_path):
    (tmp_path / ".DS_Store").write_bytes(b"x")
    with pytest.raises(UnreadableScan, match="empty folder"):
        read_scan(tmp_path)


def test_a_folder_of_nifti_files_is_refused_naming_one(tmp_path):
    saved(tmp_path, nifti1(), "ct.nii")
    with pytest.raises(UnreadableScan, match=r"give one of its files, such as ct\.nii"):
        read_scan(tmp_path)


def test_settings_of_other_formats_are_refused(tmp_path):
    path = saved(tmp_path, nifti1())
    with pytest.raises(BadSetting, match="states its own spacing"):
        read_scan(path, spacing=(1, 1, 1))
    with pytest.raises(BadSetting, match="has no series"):
        read_scan(path, series="3")
    with pytest.raises(UnsuitableScan, match="has no series"):
        list_series(path)


def test_an_image_like_a_ct_is_taken_for_one(tmp_path):
    assert read_ct(saved(tmp_path, nifti1())).volume.unit == HU


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (RAMP + 1024, "all values are ≥ 0 .*offset of 1024, or an MR"),
        (RAMP / 1000, "are not those of a CT in HU"),
        (RAMP // 2 - 600, "are not those of a CT in HU"),
        (RAMP // 20, "are not those of a CT in HU"),
        (RAMP * 1000.0, "are not those of a CT in HU"),
    ],
)
def test_an_image_unlike_a_ct_is_refused_with_its_values(tmp_path, values, why):
    path = saved(tmp_path, nifti1(values.astype(np.float32)))
    with pytest.raises(UnsuitableScan, match=rf"scan\.nii will not do: .*{why}"):
        read_ct(path)


def scan_of(values, unit, modality=None):
    return Scan(Volume(values, SOMEWHERE, unit), Acquisition(modality=modality))


@pytest.mark.parametrize(
    ("unit", "modality", "why"),
    [
        ("1", "MR", "this is an MR, not a CT"),
        (HU, "PT", "of modality PT"),
        ("/cm", "CT", "linear attenuation in /cm"),
        ("mg/cm3", None, "bone mineral density"),
        ("[arb'U]", None, r"values are in '\[arb'U\]'"),
    ],
)
def test_what_is_no_ct_in_hu_is_refused_by_what_it_is(unit, modality, why):
    with pytest.raises(UnsuitableScan, match=why):
        require_ct(scan_of(RAMP, unit, modality))


def test_a_ct_in_hu_passes():
    scan = scan_of(RAMP, HU, "CT")
    assert require_ct(scan) is scan


@pytest.mark.parametrize(
    ("low", "modality", "unit"),
    [(-1000, "CT", HU), (-60, "CT", HU), (0, "CT", "1"), (-1000, "MR", "1"), (-60, None, "1")],
)
def test_a_sidecar_decides_where_values_leave_it_open(tmp_path, low, modality, unit):
    if modality:
        saved(tmp_path, b'{"Modality": "%s"}' % modality.encode(), "scan.json")
    values = np.linspace(low, 900, 24).astype(np.int16).reshape(2, 3, 4)
    assert read_scan(saved(tmp_path, nifti1(values))).volume.unit == unit


def test_an_isq_is_no_ct_in_hu(tmp_path):
    with pytest.raises(UnsuitableScan, match="linear attenuation in /cm"):
        read_ct(saved(tmp_path, isq()))


def test_the_fingerprint_of_a_file_is_its_sha256(tmp_path):
    path = saved(tmp_path, nifti1())
    assert fingerprint(path) == hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_folder_has_the_fingerprint_of_its_zip_whatever_the_names(tmp_path):
    # beginnings of DICOM files; what follows is no matter here
    slices = [bytes(128) + b"DICM" + bytes([n]) * 50 for n in range(4)]
    folder = tmp_path / "series"
    (folder / "inner").mkdir(parents=True)
    with zipfile.ZipFile(tmp_path / "series.zip", "w") as archive:
        for n, content in enumerate(slices):
            saved(folder / "inner" if n % 2 else folder, content, f"IM{n}")
            archive.writestr(f"{9 - n}.dcm", content)
    found = fingerprint(folder)
    assert fingerprint(tmp_path / "series.zip") == found
    saved(folder, slices[0] + b"x", "IM0")
    assert fingerprint(folder) != found


def test_the_fingerprint_of_an_image_in_two_files_covers_both(tmp_path):
    place = "space: LPS\nspace directions: (1,0,0) (0,1,0) (0,0,1)\ndata file: values.raw\n"
    path = saved(tmp_path, nrrd(place, RAMP).split(b"\n\n")[0] + b"\n\n", "scan.nhdr")
    saved(tmp_path, RAMP.tobytes(order="F"), "values.raw")
    assert (read_scan(path).volume.values == RAMP).all()
    before = fingerprint(path)
    saved(tmp_path, (RAMP + 1).tobytes(order="F"), "values.raw")
    assert fingerprint(path) != before


def test_the_fingerprint_of_a_damaged_zip_is_refused(tmp_path):
    with zipfile.ZipFile(tmp_path / "series.zip", "w") as archive:
        archive.writestr("a.dcm", b"1234567890" * 20)
    damaged = (tmp_path / "series.zip").read_bytes().replace(b"12345", b"54321")
    with pytest.raises(UnreadableScan, match="cannot be read to its end"):
        fingerprint(saved(tmp_path, damaged, "series.zip"))


@pytest.mark.shared
def test_a_dicom_series_and_its_nifti_are_one_volume(shared_data):
    dicom = read_ct(shared_data / "paired_ct_mr" / "STS_010_ct_dicom.zip").volume
    nifti = read_ct(shared_data / "paired_ct_mr" / "STS_010_ct.nii.gz").volume
    assert dicom.grid.apart(nifti.grid) < 0.01
    assert np.array_equal(dicom.values, nifti.values)


def test_the_reason_why_a_ct_is_not_in_hu_is_told(tmp_path):
    slices = stack(along_z(0, 1, 2, 3))
    for one in slices:
        one.ImageType = ["DERIVED", "SECONDARY", "PERFUSION", "RCBF"]
    folder = save(slices, tmp_path / "map")
    with pytest.raises(UnsuitableScan, match=r"Values are not HU: .*PERFUSION"):
        read_ct(folder)


def test_the_fingerprint_of_a_folder_of_masks_changes_with_the_names_of_the_levels(tmp_path):
    for name, values in (("vertebrae_L1.nii", RAMP), ("vertebrae_L2.nii", RAMP + 1)):
        saved(tmp_path, nifti1(values), name)
    before = fingerprint(tmp_path)
    (tmp_path / "vertebrae_L1.nii").rename(tmp_path / "vertebrae_T12.nii")
    assert fingerprint(tmp_path) != before
