"""ISQ files written byte by byte after the published header."""

import numpy as np
import pytest

from images import RAMP, isq, saved
from osteon.core import UnreadableScan, UnsuitableScan
from osteon.io import read_scan


@pytest.mark.parametrize("name", ["C0001234.ISQ", "C0001234.ISQ;1", "sample"])
def test_voxels_are_attenuation_in_1_per_cm(tmp_path, name):
    scan = read_scan(saved(tmp_path, isq(), name))
    assert scan.format == "ISQ"
    assert scan.volume.unit == "/cm"
    # a stored value of 8192 with mu_scaling 8192 is 1 per cm; RAMP begins with -1000
    assert scan.volume.values[0, 0, 0] == pytest.approx(-1000 / 8192)
    assert scan.volume.values == pytest.approx(RAMP / 8192)


def test_the_size_in_the_header_is_that_of_the_whole_image(tmp_path):
    # 122 µm over 2 voxels, 183 µm over 3, 244 µm over 4: 61 µm each
    grid = read_scan(saved(tmp_path, isq())).volume.grid
    assert grid.spacing == pytest.approx([0.061] * 3)


@pytest.mark.parametrize("blocks", [0, 1, 4])
def test_values_begin_after_the_blocks_that_the_header_counts(tmp_path, blocks):
    scan = read_scan(saved(tmp_path, isq(blocks=blocks)))
    assert scan.volume.values * 8192 == pytest.approx(RAMP)


def test_what_the_scanner_says_is_kept_and_the_name_set_apart(tmp_path):
    scan = read_scan(saved(tmp_path, isq()))
    assert scan.acquisition.kvp == pytest.approx(59.4)
    assert scan.acquisition.slice_thickness == pytest.approx(0.061)
    assert dict(scan.identifiers) == {"PatientName": "SAMPLE 12"}
    assert "SAMPLE" not in repr(scan)
    assert [flag.code for flag in scan.flags] == ["scanner-frame"]


def test_a_nameless_sample_has_no_identifiers(tmp_path):
    assert dict(read_scan(saved(tmp_path, isq(name=b""))).identifiers) == {}


DAMAGED = {
    "truncated": isq()[:-1],
    "truncated in the header": isq()[:300],
    "far too large": isq(changes=[(11, 30000), (12, 30000), (13, 30000)]),
    "no width": isq(changes=[(11, 0)]),
    "a negative size": isq(changes=[(14, -122)]),
    "no scale": isq(changes=[(22, 0)]),
    "values before the beginning": isq(changes=[(127, -2)]),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_file_is_refused_by_name_in_one_line(tmp_path, case):
    with pytest.raises(UnreadableScan, match=r"C1\.ISQ") as told:
        read_scan(saved(tmp_path, DAMAGED[case], "C1.ISQ"))
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("change", [(4, 9), (16, 0)])
def test_a_scout_view_is_no_volume(tmp_path, change):
    with pytest.raises(UnsuitableScan, match="scout"):
        read_scan(saved(tmp_path, isq(changes=[change])))


def test_a_single_slice_is_no_volume(tmp_path):
    with pytest.raises(UnsuitableScan, match="single slice"):
        read_scan(saved(tmp_path, isq(np.ones((4, 5, 1), np.int16))))
