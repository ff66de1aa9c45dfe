"""TIFF stacks, written by SimpleITK or changed byte by byte."""

import struct

import numpy as np
import pytest
import SimpleITK

from images import RAMP, saved, tiff
from osteon.core import BadSetting, UnreadableScan, UnsuitableScan
from osteon.io import read_scan

SPACING = (0.02, 0.03, 0.04)


def write(path, values, *, packed=False):
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values.T), str(path), packed)
    return path


def changed(content: bytes, tag: int, value: int) -> bytes:
    """The file with another value of a short tag in its first directory."""
    data = bytearray(content)
    (place,) = struct.unpack_from("<I", data, 4)
    for entry in range(struct.unpack_from("<H", data, place)[0]):
        if struct.unpack_from("<H", data, place + 2 + 12 * entry)[0] == tag:
            struct.pack_into("<H", data, place + 2 + 12 * entry + 8, value)
            return bytes(data)
    raise AssertionError(tag)


@pytest.mark.parametrize("kind", ["uint8", "int16", "uint16", "float32"])
@pytest.mark.parametrize("packed", [False, True])
def test_pages_of_one_file_become_slices(tmp_path, kind, packed):
    values = (abs(RAMP) // 10).astype(kind)
    scan = read_scan(write(tmp_path / "s.tif", values, packed=packed), spacing=SPACING)
    assert (scan.volume.values == values).all()
    assert scan.volume.grid.to_world([1, 2, 3]) == pytest.approx([0.02, 0.06, 0.12])
    assert (scan.format, scan.volume.unit) == ("TIFF", "1")
    assert [flag.code for flag in scan.flags] == ["scanner-frame"]


@pytest.mark.parametrize("kind", ["uint8", "uint16", "float64"])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("big", [False, True])
def test_byte_order_and_bigtiff_are_no_matter(tmp_path, kind, order, big):
    values = (abs(RAMP) // 10).astype(kind)
    content = tiff(values, order=order, big=big)
    assert (read_scan(saved(tmp_path, content), spacing=SPACING).volume.values == values).all()


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("predictor", [1, 2])
def test_deflate_with_and_without_differences_is_unpacked(tmp_path, order, predictor):
    content = tiff(order=order, packing=8, predictor=predictor)
    assert (read_scan(saved(tmp_path, content), spacing=SPACING).volume.values == RAMP).all()


def test_damage_inside_a_packed_page_is_refused(tmp_path):
    content = tiff(packing=8)
    damaged = content[:12] + b"\xff\xff\xff" + content[15:]
    with pytest.raises(UnreadableScan, match="truncated or damaged"):
        read_scan(saved(tmp_path, damaged), spacing=SPACING)


def test_a_page_cannot_ask_for_more_memory_than_the_file_can_fill(tmp_path):
    wide = tiff(np.zeros((2, 2, 2), np.int16))
    huge = wide.replace(struct.pack("<HHII", 256, 4, 1, 2), struct.pack("<HHII", 256, 4, 1, 9**9))
    with pytest.raises(UnreadableScan, match="the sizes in it need 3,099,363,912 bytes"):
        read_scan(saved(tmp_path, huge), spacing=SPACING)


def test_pages_whose_values_lie_beyond_the_end_are_refused(tmp_path):
    content = tiff()
    # the values of the first page begin at byte 8, after the head of the file
    beyond = content.replace(struct.pack("<I", 8), struct.pack("<I", len(content)), 1)
    with pytest.raises(UnreadableScan, match="damaged"):
        read_scan(saved(tmp_path, beyond), spacing=SPACING)


def test_files_of_a_folder_are_taken_by_number_and_not_by_alphabet(tmp_path):
    values = np.arange(3 * 4 * 12, dtype=np.int16).reshape(3, 4, 12)
    for k in range(12):
        write(tmp_path / f"page_{k + 1}.tif", values[:, :, k])
    assert (read_scan(tmp_path, spacing=SPACING).volume.values == values).all()


def test_a_folder_that_lacks_a_page_is_refused_by_name(tmp_path):
    for number in (1, 2, 4):
        write(tmp_path / f"page_{number:03d}.tif", RAMP[:, :, 0])
    with pytest.raises(UnsuitableScan, match=r"page_002\.tif is followed by page_004\.tif"):
        read_scan(tmp_path, spacing=SPACING)


def test_pages_of_other_sizes_are_refused(tmp_path):
    write(tmp_path / "a1.tif", RAMP[:, :, 0])
    write(tmp_path / "a2.tif", RAMP[:, :2, 0])
    with pytest.raises(
        UnsuitableScan, match=r"a2\.tif differs at page 2 of 2: 2×2 pixels of int16, .* 2×3"
    ):
        read_scan(tmp_path, spacing=SPACING)


def test_pages_of_other_types_are_refused(tmp_path):
    write(tmp_path / "a1.tif", RAMP[:, :, 0])
    write(tmp_path / "a2.tif", RAMP[:, :, 0].astype(np.uint16))
    with pytest.raises(UnsuitableScan, match="alike"):
        read_scan(tmp_path, spacing=SPACING)


def test_files_of_several_pages_in_one_folder_are_refused(tmp_path):
    for name in "ab":
        write(tmp_path / f"{name}.tif", RAMP)
    with pytest.raises(UnsuitableScan, match="several pages"):
        read_scan(tmp_path, spacing=SPACING)


def test_a_single_page_is_no_volume(tmp_path):
    with pytest.raises(UnsuitableScan, match="single slice"):
        read_scan(write(tmp_path / "s.tif", RAMP[:, :, 0]), spacing=SPACING)


def test_a_stack_without_spacing_is_refused(tmp_path):
    with pytest.raises(UnsuitableScan, match="give the spacing along i, j, k in mm"):
        read_scan(write(tmp_path / "s.tif", RAMP))


@pytest.mark.parametrize("spacing", [(1, 1), (1, 1, 0), (1, 1, float("nan")), (1, -1, 1)])
def test_a_spacing_that_is_none_is_refused(tmp_path, spacing):
    with pytest.raises(BadSetting, match="three numbers above 0 mm"):
        read_scan(write(tmp_path / "s.tif", RAMP), spacing=spacing)


def test_colour_is_refused(tmp_path):
    grey = SimpleITK.GetImageFromArray(RAMP.T.astype(np.uint8))
    SimpleITK.WriteImage(SimpleITK.Compose([grey] * 3), str(tmp_path / "s.tif"))
    with pytest.raises(UnsuitableScan, match="one grey number a pixel"):
        read_scan(tmp_path / "s.tif", spacing=SPACING)


@pytest.mark.parametrize(("tag", "value"), [(262, 0), (274, 3), (259, 5), (277, 3)])
def test_pages_that_are_inverted_turned_or_packed_by_lzw_are_refused(tmp_path, tag, value):
    content = changed(write(tmp_path / "s.tif", RAMP).read_bytes(), tag, value)
    with pytest.raises(UnsuitableScan, match="one grey number a pixel"):
        read_scan(saved(tmp_path, content, "s.tif"), spacing=SPACING)


@pytest.mark.parametrize("part", [0.005, 0.05, 0.3, 0.7])
def test_a_truncated_file_is_refused_by_name_in_one_line(tmp_path, part):
    whole = write(tmp_path / "s.tif", RAMP).read_bytes()
    content = whole[: int(part * len(whole))]
    with pytest.raises(UnreadableScan, match=r"s\.tif") as told:
        read_scan(saved(tmp_path, content, "s.tif"), spacing=SPACING)
    assert "\n" not in str(told.value)
