"""NIfTI files written byte by byte, with places and values known on paper."""

import gzip
import json
import struct

import numpy as np
import pytest

from images import RAMP, nifti1, saved
from osteon.core import HU, UnreadableScan, UnsuitableScan
from osteon.io import read_scan

COS30, SIN30 = np.cos(np.pi / 6), 0.5


def test_a_marked_voxel_lies_where_the_sform_puts_it(tmp_path):
    sform = ((-0.7, 0, 0, 10), (0, -0.8, 0, 20), (0, 0, 2.5, -30))
    grid = read_scan(saved(tmp_path, nifti1(sform=sform))).volume.grid
    # RAS of voxel (1, 2, 3): (10 - 0.7, 20 - 1.6, -30 + 7.5); LPS turns the first two signs
    assert grid.to_world([1, 2, 3]) == pytest.approx([-9.3, -18.4, -22.5], abs=1e-5)
    assert grid.orientation == "LPS"


def test_values_keep_their_voxel(tmp_path):
    marked = np.full((3, 4, 5), -1000, np.int16)
    marked[2, 1, 3] = 700
    values = read_scan(saved(tmp_path, nifti1(marked))).volume.values
    assert values.dtype == np.int16
    assert np.argwhere(values == 700).tolist() == [[2, 1, 3]]


def test_storage_from_right_to_left_is_kept_and_said(tmp_path):
    sform = ((1, 0, 0, 5), (0, -1, 0, 0), (0, 0, 1, 0))
    grid = read_scan(saved(tmp_path, nifti1(sform=sform))).volume.grid
    assert grid.orientation == "RPS"
    assert grid.to_world([1, 0, 0]) == pytest.approx([-6, 0, 0])


def test_an_oblique_grid_is_turned_the_right_way(tmp_path):
    # i runs 30 degrees from right towards front: LPS (-cos, -sin)
    sform = ((COS30, -SIN30, 0, 0), (SIN30, COS30, 0, 0), (0, 0, 2, 0))
    grid = read_scan(saved(tmp_path, nifti1(sform=sform))).volume.grid
    assert grid.to_world([1, 0, 0]) == pytest.approx([-COS30, -SIN30, 0], abs=1e-6)
    assert grid.to_world([0, 1, 0]) == pytest.approx([SIN30, -COS30, 0], abs=1e-6)
    assert grid.spacing == pytest.approx([1, 1, 2])


def test_the_qform_is_used_where_there_is_no_sform(tmp_path):
    # quaternion (0, 0, 1) turns half around z; qfac -1 reverses k
    turned = [(252, "h", 1), (76, "4f", -1, 2, 3, 4), (256, "6f", 0, 0, 1, 7, 8, 9)]
    grid = read_scan(saved(tmp_path, nifti1(sform=None, changes=turned))).volume.grid
    # RAS of voxel (1, 1, 1): (7 - 2, 8 - 3, 9 - 4)
    assert grid.to_world([1, 1, 1]) == pytest.approx([-5, -5, 5], abs=1e-5)


def test_the_sform_wins_over_a_qform_that_disagrees_and_says_by_how_much(tmp_path):
    # qform: identity in RAS, the sform has x and y reversed; the far corner (1, 2, 3) differs most
    apart = 2 * np.hypot(1, 2)
    scan = read_scan(saved(tmp_path, nifti1(changes=[(252, "h", 1)])))
    assert [flag.code for flag in scan.flags] == ["sform-qform-disagree"]
    assert f"{apart:.3g} mm" in scan.flags[0].text
    assert scan.volume.grid.orientation == "LPS"


def test_sform_and_qform_of_one_place_are_no_matter(tmp_path):
    same = [(252, "h", 1), (256, "3f", 0, 0, 1)]
    assert read_scan(saved(tmp_path, nifti1(changes=same))).flags == ()


@pytest.mark.parametrize(("code", "mm"), [(0, 1.0), (1, 1000.0), (2, 1.0), (3, 0.001)])
def test_lengths_become_millimetres(tmp_path, code, mm):
    seconds = 8
    scan = read_scan(saved(tmp_path, nifti1(changes=[(123, "B", code | seconds)])))
    assert scan.volume.grid.spacing == pytest.approx([mm] * 3)


@pytest.mark.parametrize("order", "<>")
def test_byte_order_is_no_matter(tmp_path, order):
    scan = read_scan(saved(tmp_path, nifti1(order=order)))
    assert (scan.volume.values == RAMP).all()
    assert scan.volume.values.dtype.isnative


def test_whole_scaling_keeps_whole_numbers(tmp_path):
    scaled = [(112, "ff", 2.0, -1024.0)]
    values = read_scan(saved(tmp_path, nifti1(RAMP + 1000, changes=scaled))).volume.values
    assert values.dtype == np.int16
    assert (values == 2 * (RAMP + 1000) - 1024).all()


def test_a_scale_far_out_of_range_does_not_wrap_around(tmp_path):
    scaled = [(112, "ff", 3e6, 0.0)]
    values = read_scan(saved(tmp_path, nifti1(RAMP, changes=scaled))).volume.values
    assert values == pytest.approx(RAMP * 3e6)


def test_broken_scaling_makes_floats(tmp_path):
    values = read_scan(saved(tmp_path, nifti1(changes=[(112, "ff", 0.25, 0.125)]))).volume.values
    assert values.dtype == np.float32
    assert values == pytest.approx(RAMP * 0.25 + 0.125, abs=1e-4)


@pytest.mark.parametrize("slope", [0.0, float("nan"), float("inf")])
def test_no_slope_means_values_as_stored(tmp_path, slope):
    scan = read_scan(saved(tmp_path, nifti1(changes=[(112, "ff", slope, 5.0)])))
    assert (scan.volume.values == RAMP).all()


@pytest.mark.parametrize("kind", ["uint8", "uint16", "int32", "float32", "float64"])
def test_whole_numbers_of_any_type_become_int16(tmp_path, kind):
    values = read_scan(saved(tmp_path, nifti1(abs(RAMP // 10).astype(kind)))).volume.values
    assert values.dtype == np.int16
    assert (values == abs(RAMP // 10)).all()


def test_numbers_beyond_int16_become_float32(tmp_path):
    values = read_scan(saved(tmp_path, nifti1(RAMP.astype(np.int32) + 40000))).volume.values
    assert values.dtype == np.float32
    assert (values == RAMP.astype(np.int32) + 40000).all()


@pytest.mark.parametrize("name", ["scan", "scan.dat", "scan.nii.gz", "1.2.3"])
def test_the_name_of_a_file_is_no_matter(tmp_path, name):
    for content in (nifti1(), gzip.compress(nifti1())):
        assert (read_scan(saved(tmp_path, content, name)).volume.values == RAMP).all()


@pytest.mark.parametrize("given", ["pair.hdr", "pair.img"])
def test_a_pair_is_read_by_either_file(tmp_path, given):
    pair = nifti1(changes=[(108, "f", 0.0), (344, "4s", b"ni1\0")])
    saved(tmp_path, pair[:348], "pair.hdr")
    saved(tmp_path, pair[352:], "pair.img")
    assert (read_scan(tmp_path / given).volume.values == RAMP).all()


def test_a_pair_without_values_is_refused(tmp_path):
    pair = nifti1(changes=[(108, "f", 0.0), (344, "4s", b"ni1\0")])
    with pytest.raises(UnreadableScan, match=r"pair\.img cannot be read: No such file"):
        read_scan(saved(tmp_path, pair[:348], "pair.hdr"))


def test_nifti_2_is_read(tmp_path):
    head = bytearray(544)
    struct.pack_into("<i8s", head, 0, 540, b"n+2\0\r\n\032\n")
    struct.pack_into("<hh8q", head, 12, 4, 16, 3, 2, 3, 4, 1, 1, 1, 1)
    struct.pack_into("<8d", head, 104, *[1.0] * 8)
    struct.pack_into("<q", head, 168, 544)
    struct.pack_into("<ii", head, 344, 0, 1)
    struct.pack_into("<12d", head, 400, -1, 0, 0, 4, 0, -1, 0, 5, 0, 0, 3, 6)
    struct.pack_into("<i", head, 500, 2)
    scan = read_scan(saved(tmp_path, bytes(head) + RAMP.tobytes(order="F")))
    assert (scan.volume.values == RAMP).all()
    assert scan.volume.grid.to_world([0, 0, 1]) == pytest.approx([-4, -5, 9])


def test_a_last_side_of_one_is_taken_off(tmp_path):
    scan = read_scan(saved(tmp_path, nifti1(RAMP[..., None])))
    assert scan.volume.values.shape == (2, 3, 4)


UNSUITABLE = {
    "several volumes": (nifti1(np.zeros((2, 2, 2, 3), np.int16)), "several volumes"),
    "one slice": (nifti1(np.zeros((4, 5), np.int16)), "single slice"),
    "one slice of three sides": (nifti1(np.zeros((4, 5, 1), np.int16)), "single slice"),
    "colour": (nifti1(changes=[(70, "hh", 128, 24)], data=bytes(72)), "colour"),
    "complex": (nifti1(changes=[(70, "hh", 32, 64)], data=bytes(192)), "complex"),
    "no place": (nifti1(sform=None), "does not say where it lies"),
    "shear": (
        nifti1(sform=((1, 0.2, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))),
        "not at right angles",
    ),
    "no length": (nifti1(sform=((0, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0))), "has no length"),
    "nothing finite": (nifti1(np.full((2, 2, 2), np.nan, np.float32)), "NaN"),
}


@pytest.mark.parametrize("case", UNSUITABLE)
def test_what_is_no_volume_in_a_known_place_is_refused(tmp_path, case):
    content, why = UNSUITABLE[case]
    with pytest.raises(UnsuitableScan, match=why) as told:
        read_scan(saved(tmp_path, content))
    assert "\n" not in str(told.value)


DAMAGED = {
    "truncated": nifti1()[:-7],
    "truncated gzip": gzip.compress(nifti1())[:-20],
    "truncated in the header": gzip.compress(nifti1())[:40],
    "a whole gzip of too few values": gzip.compress(nifti1()[:-7]),
    "changed within": bytes(gzip.compress(nifti1(), mtime=0)[:-6]) + bytes(6),
    "two slices more than said": nifti1(data=RAMP.tobytes() + bytes(24)),
    "far too large": nifti1(changes=[(42, "3h", 30000, 30000, 30000)]),
    "far too large, packed": gzip.compress(nifti1(changes=[(42, "3h", 30000, 30000, 30000)])),
    "a side of -1": nifti1(changes=[(42, "h", -1)]),
    "values inside the header": nifti1(changes=[(108, "f", 4.0)]),
    "values at no number": nifti1(changes=[(108, "f", float("nan"))]),
    "infinite intercept": nifti1(changes=[(112, "ff", 1.0, float("inf"))]),
    "a place that is no number": nifti1(changes=[(280, "f", float("nan"))]),
    "a quaternion that is none": nifti1(
        sform=None, changes=[(252, "h", 1), (256, "3f", 9.0, 9.0, 9.0)]
    ),
    "unknown type": nifti1(changes=[(70, "h", 77)]),
    "unknown unit": nifti1(changes=[(123, "B", 5)]),
    "no magic": nifti1(changes=[(344, "4s", b"xxx\0")]),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_by_name_in_one_line(tmp_path, case):
    with pytest.raises(UnreadableScan, match=r"scan\.nii") as told:
        read_scan(saved(tmp_path, DAMAGED[case]))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_header_cannot_ask_for_more_memory_than_the_file_can_fill(tmp_path, pack):
    content = pack(nifti1(changes=[(42, "3h", 300, 300, 300)]))
    with pytest.raises(UnreadableScan, match=r"need 54,000,352 bytes of values, the file holds"):
        read_scan(saved(tmp_path, content))


def test_voxels_without_a_number_become_air_in_a_ct_and_are_counted(tmp_path):
    values = RAMP.astype(np.float32)
    values[0, 0, 1], values[1, 2, 3] = np.nan, np.inf
    scan = read_scan(saved(tmp_path, nifti1(values)))
    assert scan.volume.unit == HU
    assert scan.volume.values[0, 0, 1] == scan.volume.values[1, 2, 3] == -1024
    assert [flag.code for flag in scan.flags] == ["not-finite-values"]
    assert scan.flags[0].text.startswith("2 voxels")


def test_voxels_without_a_number_become_0_in_anything_else(tmp_path):
    values = np.full((2, 3, 4), 7.5, np.float32)
    values[1, 1, 1] = np.nan
    scan = read_scan(saved(tmp_path, nifti1(values)))
    assert scan.volume.values[1, 1, 1] == 0


def test_the_sidecar_says_how_the_scan_was_made(tmp_path):
    said = {
        "Modality": "CT",
        "KVP": 120,
        "ConvolutionKernel": ["B30f", "3"],
        "SliceThickness": 2.5,
        "Manufacturer": "SIEMENS",
        "ManufacturersModelName": "Sensation 64",
        "ContrastBolusAgent": "iodine",
        "PatientName": "Doe^Jane",
    }
    saved(tmp_path, json.dumps(said).encode(), "scan.json")
    scan = read_scan(saved(tmp_path, gzip.compress(nifti1()), "scan.nii.gz"))
    made = scan.acquisition
    assert (made.modality, made.kvp, made.kernel) == ("CT", 120.0, "B30f 3")
    assert (made.slice_thickness, made.contrast) == (2.5, True)
    assert (made.manufacturer, made.model) == ("SIEMENS", "Sensation 64")
    assert "Doe" not in repr(scan) + repr(scan.identifiers)


@pytest.mark.parametrize("content", [b"{", b"[1]", b"\xff\xfe"])
def test_a_sidecar_that_cannot_be_read_is_flagged(tmp_path, content):
    saved(tmp_path, content, "scan.json")
    scan = read_scan(saved(tmp_path, nifti1()))
    assert [flag.code for flag in scan.flags] == ["sidecar-unreadable"]


def test_odd_entries_of_a_sidecar_are_unknown(tmp_path):
    said = {"KVP": "high", "SliceThickness": -1, "Modality": 3, "Manufacturer": " "}
    saved(tmp_path, json.dumps(said).encode(), "scan.json")
    made = read_scan(saved(tmp_path, nifti1())).acquisition
    assert {made.kvp, made.slice_thickness, made.modality, made.manufacturer} == {None}


def test_the_liver_of_the_sample_lies_right_of_its_spleen(samples):
    # TotalSegmentator v2: 5 is the liver, 1 the spleen; in LPS, x grows to the left
    organs = read_scan(samples / "chest_abdomen_ct" / "organs.nii.gz").volume
    liver, spleen = (
        organs.grid.to_world(np.argwhere(organs.values == label)).mean(axis=0) for label in (5, 1)
    )
    assert liver[0] < spleen[0] - 50
