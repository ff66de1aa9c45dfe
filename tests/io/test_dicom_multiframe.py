"""An enhanced multi-frame file gives the volume that its slices give one by one."""

from pathlib import Path

import pytest
from pydicom import Dataset

import dicom_maker as maker
from osteon.core import HU, UnreadableScan, UnsuitableScan
from osteon.io.dicom import list_dicom_series, read_dicom


def test_frames_and_single_slices_give_one_volume(tmp_path: Path):
    slices = maker.stack(maker.along_z(4, 0, 2), spacing=(0.7, 0.4))
    one_by_one = read_dicom(maker.save(slices, tmp_path / "classic")).volume
    folder = maker.save([maker.enhanced(slices)], tmp_path / "enhanced")
    volume = read_dicom(folder / "slice-001.dcm").volume
    assert volume.unit == HU
    assert (volume.values == one_by_one.values).all()
    assert volume.grid.apart(one_by_one.grid) == 0


def test_each_frame_has_its_own_scale(tmp_path: Path):
    slices = maker.stack(maker.along_z(0, 2, 4), truth=lambda at: at[..., 0] * 0 + 1)
    header = maker.enhanced(slices)
    for number, own in enumerate(header.PerFrameFunctionalGroupsSequence):
        own.PixelValueTransformationSequence[0].RescaleSlope = 1 + number
        own.PixelValueTransformationSequence[0].RescaleIntercept = -number
    values = read_dicom(maker.save([header], tmp_path)).volume.values
    assert values[0, 0].tolist() == [10, 19, 28]


def test_how_it_was_made_is_found_in_the_functional_groups(tmp_path: Path):
    header = maker.enhanced(maker.stack(maker.along_z(0, 2, 4)))
    usage = Dataset()
    usage.ContrastBolusAgentAdministered = "NO"
    header.SharedFunctionalGroupsSequence[0].ContrastBolusUsageSequence = [usage]
    made = read_dicom(maker.save([header], tmp_path)).acquisition
    assert (made.kvp, made.kernel, made.slice_thickness) == (120.0, "B60", 1.5)
    assert made.contrast is False


def test_frames_are_counted_in_the_list_of_series(tmp_path: Path):
    folder = maker.save([maker.enhanced(maker.stack(maker.along_z(0, 2, 4)))], tmp_path)
    (info,) = list_dicom_series(folder)
    assert (info.slices, info.spacing, info.kernel) == (3, (0.5, 0.5), "B60")


def test_gaps_between_frames_are_refused_as_between_files(tmp_path: Path):
    folder = maker.save([maker.enhanced(maker.stack(maker.along_z(0, 2, 4, 9)))], tmp_path)
    with pytest.raises(UnsuitableScan, match="1 gap: 5 mm after slice 3, where 2 mm"):
        read_dicom(folder)


def test_several_stacks_are_refused(tmp_path: Path):
    slices = maker.stack(maker.along_z(0, 2, 4, 50, 52, 54))
    ids = [{"StackID": name} for name in "111222"]
    folder = maker.save([maker.enhanced(slices, ids)], tmp_path)
    with pytest.raises(UnsuitableScan, match=r"2 stacks .*StackID \(0020,9056\): 3 slices, 3 sl"):
        read_dicom(folder)


def test_several_times_at_one_position_are_refused_with_what_tells_them_apart(tmp_path: Path):
    early = maker.stack(maker.along_z(0, 2, 4))
    late = maker.stack(maker.along_z(0, 2, 4), truth=lambda at: maker.ramp(at) + 50)
    times = [{"TemporalPositionIndex": time} for time in (1, 1, 1, 2, 2, 2)]
    folder = maker.save([maker.enhanced([*early, *late], times)], tmp_path)
    with pytest.raises(UnsuitableScan, match=r"differ in TemporalPositionIndex \(0020,9128\)"):
        read_dicom(folder)


@pytest.mark.parametrize(
    "keyword", ["PlanePositionSequence", "PlaneOrientationSequence", "PixelMeasuresSequence"]
)
def test_a_missing_group_is_named_with_its_frame(tmp_path: Path, keyword: str):
    header = maker.enhanced(maker.stack(maker.along_z(0, 2, 4)))
    for place in (*header.SharedFunctionalGroupsSequence, *header.PerFrameFunctionalGroupsSequence):
        if keyword in place:
            delattr(place, keyword)
    with pytest.raises(UnreadableScan, match=rf"slice-001\.dcm, frame 1: {keyword} .* is missing"):
        read_dicom(maker.save([header], tmp_path))


def test_what_a_frame_says_of_itself_counts_before_what_all_share(tmp_path: Path):
    slices = maker.stack(maker.along_z(0, 2, 4))
    header = maker.enhanced(slices)
    elsewhere = Dataset()
    elsewhere.ImagePositionPatient = [7, 7, 7]
    header.SharedFunctionalGroupsSequence[0].PlanePositionSequence = [elsewhere]
    grid = read_dicom(maker.save([header], tmp_path)).volume.grid
    assert grid.origin == pytest.approx([-20, -30, 0])


def test_fewer_descriptions_than_frames_are_refused(tmp_path: Path):
    header = maker.enhanced(maker.stack(maker.along_z(0, 2, 4)))
    del header.PerFrameFunctionalGroupsSequence[2]
    with pytest.raises(UnreadableScan, match=r"describes 2 frames, NumberOfFrames .* says 3"):
        read_dicom(maker.save([header], tmp_path))


def test_a_frame_type_that_is_no_attenuation_is_not_in_hu(tmp_path: Path):
    header = maker.enhanced(maker.stack(maker.along_z(0, 2, 4)))
    kind = Dataset()
    kind.FrameType = ["DERIVED", "PRIMARY", "VOLUME", "VMI"]
    header.SharedFunctionalGroupsSequence[0].CTImageFrameTypeSequence = [kind]
    scan = read_dicom(maker.save([header], tmp_path))
    assert scan.volume.unit == "1"
    assert "VMI" in scan.flags[0].text
