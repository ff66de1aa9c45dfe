"""Which series is read: the one meant, or none with a list of what there is."""

from pathlib import Path

import pytest
from pydicom import config

import dicom_maker as maker
from osteon.core import UnreadableScan, UnsuitableScan
from osteon.io.dicom import list_dicom_series, read_dicom

FIRST, SECOND = "1.2.3.4.5.6.7.11111", "1.2.3.4.5.6.7.22222"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    soft = maker.stack(maker.along_z(0, 2, 4), elements={"ConvolutionKernel": "B30f"})
    sharp = maker.stack(maker.along_z(0, 1, 2, 3), elements={"ConvolutionKernel": "B70f"})
    maker.save(maker.as_series(soft, 2, FIRST), tmp_path, "a")
    return maker.save(maker.as_series(sharp, 7, SECOND), tmp_path, "b")


def test_several_series_are_listed_not_guessed(two: Path):
    with pytest.raises(UnsuitableScan) as refused:
        read_dicom(two)
    message = str(refused.value)
    assert "holds 2 series" in message
    assert "2: CT 3 slices of 10×12 0.5×0.5 mm kernel B30f" in message
    assert "7: CT 4 slices of 10×12 0.5×0.5 mm kernel B70f" in message
    assert "--series" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("wanted", "slices"), [(2, 3), ("2", 3), (7, 4), (SECOND, 4), ("22222", 4), ("7.11111", 3)]
)
def test_a_series_is_chosen_by_number_or_the_end_of_its_uid(two: Path, wanted, slices: int):
    assert read_dicom(two, series=wanted).volume.grid.shape[2] == slices


@pytest.mark.parametrize("wanted", [3, "3", "2222", "1111", "1.2.3", "x"])
def test_a_series_that_is_not_there_is_answered_with_what_there_is(two: Path, wanted):
    with pytest.raises(UnsuitableScan, match=r"holds no series .*; there is 2: CT .*; 7: CT"):
        read_dicom(two, series=wanted)


def test_series_of_one_number_are_told_apart_by_their_uid(tmp_path: Path):
    for uid, name in ((FIRST, "a"), (SECOND, "b")):
        slices = maker.stack(maker.along_z(0, 2, 4))
        maker.save(maker.as_series(slices, 5, uid), tmp_path, name)
    with pytest.raises(UnsuitableScan, match=r"UID …11111.*UID …22222.*the end of its UID"):
        read_dicom(tmp_path, series=5)
    assert read_dicom(tmp_path, series="11111").volume.grid.shape[2] == 3


def test_series_are_listed_in_the_order_of_their_numbers(two: Path):
    listed = list_dicom_series(two)
    assert [(info.number, info.slices, info.kernel) for info in listed] == [
        (2, 3, "B30f"),
        (7, 4, "B70f"),
    ]


def test_what_is_no_image_does_not_count(tmp_path: Path):
    folder = maker.save(maker.stack(maker.along_z(0, 2, 4)), tmp_path)
    maker.save([maker.structure_set()], tmp_path, "rs")
    assert read_dicom(folder).volume.grid.shape[2] == 3


def test_a_structure_set_alone_is_refused_by_its_name(tmp_path: Path):
    folder = maker.save([maker.structure_set()], tmp_path, "rs")
    with pytest.raises(UnsuitableScan, match=r"RT Structure Set Storage .* RTSTRUCT"):
        read_dicom(folder)


@pytest.mark.parametrize(
    ("sop_class", "modality"),
    [
        ("1.2.840.10008.5.1.4.1.1.128", "PT"),
        ("1.2.840.10008.5.1.4.1.1.7", "CT"),  # secondary capture of a CT screen
        ("1.2.840.10008.5.1.4.1.1.6.1", "US"),
        ("1.2.840.10008.5.1.4.1.1.481.2", "RTDOSE"),
    ],
)
def test_other_images_are_refused_by_their_name(tmp_path: Path, sop_class: str, modality: str):
    elements = {"SOPClassUID": sop_class, "Modality": modality}
    folder = maker.save(maker.stack(maker.along_z(0, 2, 4), elements=elements), tmp_path)
    with pytest.raises(
        UnsuitableScan, match=rf"Storage with Modality \(0008,0060\) {modality}.*001"
    ):
        read_dicom(folder)


def test_localizers_among_the_slices_are_left_out_and_flagged(tmp_path: Path):
    slices = maker.stack(maker.along_z(0, 2, 4))
    plan = maker.one_slice(
        (0, 0, 0),
        cosines=maker.SAGITTAL,
        elements={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]},
    )
    scan = read_dicom(maker.save([plan, *slices], tmp_path))
    assert scan.volume.grid.shape == (10, 12, 3)
    assert [flag.code for flag in scan.flags] == ["localizer-dropped"]


def test_a_series_of_localizers_does_not_count(tmp_path: Path):
    plans = maker.stack(
        maker.along_z(0, 9, 20), elements={"ImageType": ["ORIGINAL", "PRIMARY", "LOCALIZER"]}
    )
    maker.save(maker.as_series(plans, 1, FIRST), tmp_path, "plan")
    with pytest.raises(UnsuitableScan, match="localizers"):
        read_dicom(tmp_path)
    maker.save(maker.stack(maker.along_z(0, 2, 4)), tmp_path)
    assert read_dicom(tmp_path).volume.grid.spacing[2] == 2


def test_the_patient_is_in_the_identifiers_and_nowhere_else(two: Path):
    scan = read_dicom(two, series=2)
    assert scan.identifiers["PatientName"] == "Doe^Jane"
    assert scan.identifiers["PatientID"] == "SECRET-77"
    assert scan.identifiers["SeriesInstanceUID"] == FIRST
    told = repr(scan) + repr(scan.flags) + repr(scan.acquisition)
    with pytest.raises(UnsuitableScan) as refused:
        read_dicom(two)
    for secret in ("Doe", "SECRET", "1945", FIRST, maker.SERIES):
        assert secret not in told + str(refused.value)


def test_how_the_scan_was_made_is_kept(tmp_path: Path):
    elements = {
        "KVP": "120",
        "ConvolutionKernel": ["I30f", "3"],
        "SliceThickness": "1.25",
        "Manufacturer": "SIEMENS",
        "ManufacturerModelName": "Sensation 64",
        "ContrastBolusAgent": "Iohexol",
    }
    slices = maker.stack(maker.along_z(0, 2, 4), elements=elements)
    made = read_dicom(maker.save(slices, tmp_path)).acquisition
    assert (made.modality, made.kvp, made.kernel) == ("CT", 120.0, "I30f 3")
    assert (made.slice_thickness, made.manufacturer) == (1.25, "SIEMENS")
    assert (made.model, made.contrast) == ("Sensation 64", True)


@pytest.mark.parametrize(("agent", "given"), [("", None), ("NONE", False), ("ULTRAVIST", True)])
def test_contrast_is_unknown_where_the_file_is_silent(tmp_path: Path, agent: str, given):
    elements = {"ContrastBolusAgent": agent}
    slices = maker.stack(maker.along_z(0, 2, 4), elements=elements)
    assert read_dicom(maker.save(slices, tmp_path)).acquisition.contrast is given


@pytest.mark.parametrize(
    "keyword",
    [
        "ImagePositionPatient",
        "ImageOrientationPatient",
        "PixelSpacing",
        "Rows",
        "Columns",
        "BitsAllocated",
        "PixelRepresentation",
        "PixelData",
        "SeriesInstanceUID",
    ],
)
def test_a_missing_element_is_named_with_its_file(tmp_path: Path, keyword: str):
    slices = maker.stack(maker.along_z(0, 2, 4))
    delattr(slices[1], keyword)
    with pytest.raises(
        UnreadableScan, match=rf"slice-002\.dcm: {keyword} \([0-9A-F,]+\) is missing"
    ):
        read_dicom(maker.save(slices, tmp_path))


def test_values_that_break_the_letter_of_the_standard_raise_no_warning(tmp_path: Path, capfd):
    with config.disable_value_validation():
        elements = {"AccessionNumber": "eighteen characters"}  # at most 16 are allowed
        folder = maker.save(maker.stack(maker.along_z(0, 2, 4), elements=elements), tmp_path)
    assert read_dicom(folder).identifiers["AccessionNumber"] == "eighteen characters"
    assert capfd.readouterr() == ("", "")


def test_a_number_that_is_none_is_told(tmp_path: Path):
    folder = maker.save(maker.stack(maker.along_z(0, 2, 4)), tmp_path)
    file = folder / "slice-003.dcm"
    raw = file.read_bytes()
    file.write_bytes(raw.replace(b"-20.0\\-30.0\\4.0", b"-20.0\\-3x.0\\4.0"))
    with pytest.raises(UnreadableScan, match=r"slice-003\.dcm: ImagePositionPatient \(0020,0032\)"):
        read_dicom(folder)
