"""Stored numbers become the values that they mean, and only those of a CT become HU."""

import zipfile
from pathlib import Path

import gdcm
import numpy as np
import pytest
from pydicom import Dataset
from pydicom.uid import ExplicitVRBigEndian, ImplicitVRLittleEndian, JPEGLSLossless, RLELossless

import dicom_maker as maker
from osteon.core import HU, UnreadableScan, UnsuitableScan
from osteon.io.dicom import decode_apart, pixels, read_dicom


@pytest.fixture
def stored(rng_seed: int = 5) -> np.ndarray:
    return np.random.default_rng(rng_seed).integers(0, 4000, (3, 16, 12)).astype(np.int16)


def hu(stored: np.ndarray) -> np.ndarray:
    """What (k, j, i) stored numbers are in HU, as (i, j, k)."""
    return stored.astype(int).transpose(2, 1, 0) - 1024


@pytest.mark.parametrize("kind", [np.int16, np.uint16])
@pytest.mark.parametrize("syntax", [None, RLELossless, JPEGLSLossless])
def test_lossless_compression_changes_no_value(tmp_path: Path, stored, syntax, kind):
    slices = maker.whole_hu(stored.astype(kind))
    for header in slices:
        if syntax:
            header.compress(syntax, generate_instance_uid=False)
    volume = read_dicom(maker.save(slices, tmp_path)).volume
    assert volume.values.dtype == np.int16
    assert volume.unit == HU
    assert (volume.values == hu(stored)).all()


@pytest.mark.parametrize("kind", [np.int16, np.uint16])
@pytest.mark.parametrize("syntax", ["JPEGLosslessProcess14_1", "JPEG2000Lossless"])
def test_jpeg_lossless_and_jpeg_2000_change_no_value(tmp_path: Path, stored, syntax: str, kind):
    folder = maker.save(maker.whole_hu(stored.astype(kind)), tmp_path)
    for file in folder.iterdir():
        reader, change, writer = (
            gdcm.ImageReader(),
            gdcm.ImageChangeTransferSyntax(),
            gdcm.ImageWriter(),
        )
        reader.SetFileName(str(file))
        assert reader.Read()
        change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
        change.SetInput(reader.GetImage())
        assert change.Change()
        writer.SetFileName(str(file))
        writer.SetFile(reader.GetFile())
        writer.SetImage(change.GetOutput())
        assert writer.Write()
    assert (read_dicom(folder).volume.values == hu(stored)).all()


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRBigEndian])
def test_byte_order_and_implicit_types_change_no_value(tmp_path: Path, stored, syntax):
    slices = maker.whole_hu(stored)
    for header in slices:
        header.file_meta.TransferSyntaxUID = syntax
        if syntax == ExplicitVRBigEndian:
            plane = np.frombuffer(header.PixelData, "<i2")
            header.PixelData = plane.astype(">i2").tobytes()
            header["PixelData"].VR = "OW"
    assert (read_dicom(maker.save(slices, tmp_path)).volume.values == hu(stored)).all()


def test_each_slice_has_its_own_slope_and_intercept(tmp_path: Path):
    slices = maker.whole_hu(np.full((3, 4, 4), 100, np.int16))
    for number, header in enumerate(slices):
        header.RescaleSlope, header.RescaleIntercept = 1 + number, -10 * number
    values = read_dicom(maker.save(slices, tmp_path)).volume.values
    assert values[0, 0].tolist() == [100, 190, 280]


def test_a_fractional_slope_gives_float32(tmp_path: Path):
    slices = maker.whole_hu(np.full((3, 4, 4), 7, np.int16))
    slices[1].RescaleSlope = 0.25
    volume = read_dicom(maker.save(slices, tmp_path)).volume
    assert volume.values.dtype == np.float32
    assert volume.values[0, 0].tolist() == [-1017, 1.75 - 1024, -1017]


def test_values_beyond_16_bits_are_kept_as_float32(tmp_path: Path):
    slices = maker.whole_hu(np.full((3, 4, 4), 65000, np.uint16))
    values = read_dicom(maker.save(slices, tmp_path)).volume.values
    assert values.dtype == np.float32
    assert values[0, 0, 0] == 65000 - 1024


@pytest.mark.parametrize(
    ("kind", "written", "padded"),
    [
        (np.int16, {"PixelPaddingValue": -2000}, -2000),
        (np.uint16, {"PixelPaddingValue": 63536}, 63536),
        (np.uint16, {"PixelPaddingValue": 0}, 0),
        (np.int16, {"PixelPaddingValue": -3000, "PixelPaddingRangeLimit": -2000}, -2500),
        (np.int16, {"PixelPaddingValue": -2000, "PixelPaddingRangeLimit": -3000}, -2500),
    ],
)
def test_padding_is_air_and_not_tissue(tmp_path: Path, kind, written, padded):
    planes = np.full((3, 4, 4), 1100, kind)
    planes[:, 0, 0] = padded
    scan = read_dicom(maker.save(maker.whole_hu(planes, written), tmp_path))
    assert scan.volume.values[0, 0].tolist() == [-1024] * 3
    assert (scan.volume.values[1:] == 76).all()
    assert scan.flags == ()


def test_padding_written_with_the_wrong_sign_is_recognised(tmp_path: Path):
    planes = np.full((3, 4, 4), 1100, np.int16)
    planes[:, 0, 0] = -2000
    folder = maker.save(maker.whole_hu(planes, {"PixelPaddingValue": -2000}), tmp_path)
    for file in folder.iterdir():
        raw = file.read_bytes()
        assert raw.count(b"\x28\0\x20\x01SS") == 1
        file.write_bytes(raw.replace(b"\x28\0\x20\x01SS", b"\x28\0\x20\x01US"))
    assert read_dicom(folder).volume.values[0, 0].tolist() == [-1024] * 3


def test_padding_beyond_the_stored_bits_does_not_turn_into_tissue(tmp_path: Path):
    planes = np.full((3, 4, 4), 1100, np.uint16)
    planes[:, 0, 0] = 63536
    elements = {"PixelPaddingValue": 63536, "BitsStored": 12, "HighBit": 11}
    values = read_dicom(maker.save(maker.whole_hu(planes, elements), tmp_path)).volume.values
    assert values[0, 0].tolist() == [-1024] * 3
    assert (values[1:] == 76).all()


def test_unused_bits_do_not_count(tmp_path: Path):
    planes = np.full((3, 4, 4), 1100, np.uint16)
    planes[:, 1, 1] |= 0x1000  # an overlay in the first unused bit, as old scanners drew it
    slices = maker.whole_hu(planes, {"BitsStored": 12, "HighBit": 11})
    assert (read_dicom(maker.save(slices, tmp_path)).volume.values == 76).all()


def test_twelve_signed_bits_keep_their_sign(tmp_path: Path):
    planes = np.full((3, 4, 4), -1000 & 0xFFF, np.int16)
    slices = maker.whole_hu(planes, {"BitsStored": 12, "HighBit": 11})
    for header in slices:
        header.RescaleIntercept = 0
    assert (read_dicom(maker.save(slices, tmp_path)).volume.values == -1000).all()


def test_padding_that_looks_like_tissue_is_told(tmp_path: Path):
    planes = np.full((3, 4, 4), 1100, np.int16)
    planes[:, 0, 0] = 1024
    scan = read_dicom(maker.save(maker.whole_hu(planes, {"PixelPaddingValue": 1024}), tmp_path))
    assert [flag.code for flag in scan.flags] == ["padding-looks-like-tissue"]
    assert scan.flags[0].text.startswith("3 voxels")


def test_padding_of_an_mr_is_left_as_it_is(tmp_path: Path):
    planes = np.full((3, 4, 4), 1100, np.int16)
    slices = maker.as_mr(maker.whole_hu(planes, {"PixelPaddingValue": 1100}))
    assert (read_dicom(maker.save(slices, tmp_path)).volume.values == 76).all()


def mapped(unit: str) -> list[Dataset]:
    code, mapping = Dataset(), Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = unit, "UCUM", unit
    mapping.MeasurementUnitsCodeSequence = [code]
    return [mapping]


@pytest.mark.parametrize(
    ("elements", "reason"),
    [
        ({"ImageType": ["DERIVED", "PRIMARY", "PERFUSION", "RCBF"]}, "PERFUSION RCBF"),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "MAT_SPECIFIC"]}, "MAT_SPECIFIC"),
        ({"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "EFF_ATOMIC_NUM"]}, "EFF_ATOMIC_NUM"),
        ({"ImageType": ["DERIVED", "SECONDARY", "PROJECTION IMAGE"]}, "PROJECTION"),
        ({"RescaleType": "MGML"}, "RescaleType (0028,1054) is MGML"),
        ({"RescaleType": "US"}, "RescaleType (0028,1054) is US"),
        ({"RealWorldValueMappingSequence": mapped("mL/min")}, "gives the unit mL/min"),
        ({"PixelPresentation": "COLOR"}, "PixelPresentation (0008,9205) is COLOR"),
    ],
)
def test_a_ct_that_is_not_in_hu_is_not_called_so(tmp_path: Path, stored, elements, reason: str):
    scan = read_dicom(maker.save(maker.whole_hu(stored, elements), tmp_path))
    assert scan.volume.unit == "1"
    assert scan.flags[0].code == "not-hu"
    assert reason in scan.flags[0].text


def test_a_ct_without_rescale_is_not_in_hu(tmp_path: Path, stored):
    slices = maker.whole_hu(stored)
    del slices[2].RescaleIntercept
    scan = read_dicom(maker.save(slices, tmp_path))
    assert scan.volume.unit == "1"
    assert "RescaleIntercept (0028,1052) is missing" in scan.flags[0].text


@pytest.mark.parametrize(
    "elements",
    [
        {"RescaleType": "HU"},
        {"ImageType": ["DERIVED", "SECONDARY", "AXIAL", "CT_SOM5 MPR"]},
        {"ImageType": ["ORIGINAL", "PRIMARY", "AXIAL", "CT_SOM5 SPI"]},
        {"RealWorldValueMappingSequence": mapped("[hnsf'U]")},
    ],
)
def test_an_ordinary_ct_is_in_hu(tmp_path: Path, stored, elements):
    scan = read_dicom(maker.save(maker.whole_hu(stored, elements), tmp_path))
    assert scan.volume.unit == HU
    assert scan.flags == ()


def test_why_a_refused_map_is_no_ct_is_told_too(tmp_path: Path, stored):
    elements = {"ImageType": ["DERIVED", "PRIMARY", "PERFUSION", "RCBF"]}
    slices = maker.whole_hu(stored, elements)[:2]
    with pytest.raises(UnsuitableScan, match=r"not HU: ImageType .* RCBF\..*too few slices"):
        read_dicom(maker.save(slices, tmp_path))


def test_an_mr_has_no_unit_and_needs_no_rescale(tmp_path: Path, stored):
    slices = maker.as_mr(maker.whole_hu(stored))
    for header in slices:
        del header.RescaleSlope, header.RescaleIntercept
    scan = read_dicom(maker.save(slices, tmp_path))
    assert (scan.volume.unit, scan.flags) == ("1", ())
    assert scan.acquisition.modality == "MR"
    assert (scan.volume.values == hu(stored) + 1024).all()


def test_lossy_compression_is_flagged(tmp_path: Path, stored):
    slices = maker.whole_hu(stored, {"LossyImageCompression": "01"})
    scan = read_dicom(maker.save(slices, tmp_path))
    assert [flag.code for flag in scan.flags] == ["lossy-compression"]


@pytest.mark.parametrize(
    ("elements", "said"),
    [
        ({"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB"}, "colour picture"),
        ({"PhotometricInterpretation": "PALETTE COLOR"}, "colour picture"),
        ({"BitsStored": 17}, r"BitsStored \(0028,0101\) 17"),
        ({"HighBit": 3}, r"HighBit \(0028,0102\) 3"),
        ({"RescaleSlope": 0}, r"RescaleSlope \(0028,1053\) is 0"),
        ({"Rows": 0}, r"Rows \(0028,0010\) is 0"),
        ({"PixelSpacing": [0, 1]}, r"PixelSpacing \(0028,0030\) is"),
        ({"PixelData": b"\0" * 30}, r"PixelData \(7FE0,0010\) holds 30 of 384 bytes"),
    ],
)
def test_pixels_that_cannot_be_right_are_refused(tmp_path: Path, stored, elements, said: str):
    slices = maker.whole_hu(stored, elements)
    with pytest.raises((UnreadableScan, UnsuitableScan), match=rf"slice-\d+\.dcm.*{said}"):
        read_dicom(maker.save(slices, tmp_path))


def test_a_damaged_stream_is_refused_by_file_and_element(tmp_path: Path, stored):
    slices = maker.whole_hu(stored)
    for header in slices:
        header.compress(RLELossless, generate_instance_uid=False)
    folder = maker.save(slices, tmp_path)
    file = folder / "slice-002.dcm"
    raw = file.read_bytes()
    file.write_bytes(raw[:-200] + b"\0" * 192 + raw[-8:])
    with pytest.raises(UnreadableScan, match=r"slice-002\.dcm: PixelData \(7FE0,0010\) cannot"):
        read_dicom(folder)


def test_a_decoder_that_crashes_takes_nothing_with_it(tmp_path: Path, stored, monkeypatch):
    crash = tmp_path / "crash.py"
    crash.write_text("import os\nos.abort()\n")
    monkeypatch.setattr(decode_apart, "__file__", str(crash))
    slices = maker.whole_hu(stored)
    for header in slices:
        header.compress(JPEGLSLossless, generate_instance_uid=False)
    with pytest.raises(UnreadableScan, match=r"slice-001\.dcm: PixelData .* decoder crashed"):
        read_dicom(maker.save(slices, tmp_path / "in"))


@pytest.mark.shared
def test_streams_of_noise_are_refused_and_leave_nothing_on_the_terminal(
    shared_data: Path, tmp_path: Path, capfd
):
    rng = np.random.default_rng(2)
    with zipfile.ZipFile(shared_data / "dicom" / "d2n_compressed_j2k.zip") as pack:
        pack.extractall(tmp_path)
    file = next(tmp_path.rglob("*0002*.dcm"))
    raw = bytearray(file.read_bytes())
    start = raw.index(b"\xff\x4f\xff\x51")
    raw[start + 4 : start + 300] = rng.bytes(296)
    file.write_bytes(raw)
    with pytest.raises(UnreadableScan, match=r"0002-0001\.dcm: PixelData .*JPEG 2000"):
        read_dicom(tmp_path)
    assert capfd.readouterr() == ("", "")


def test_an_unknown_transfer_syntax_is_named(tmp_path: Path, stored):
    slices = maker.whole_hu(stored)
    for header in slices:
        header.compress(RLELossless, generate_instance_uid=False)
        header.file_meta.TransferSyntaxUID = "1.2.840.10008.1.2.4.102"
    with pytest.raises(UnreadableScan, match=r"MPEG-4 .* no decoder"):
        read_dicom(maker.save(slices, tmp_path))


def test_sizes_are_checked_before_anything_is_decoded(
    tmp_path: Path, stored, monkeypatch: pytest.MonkeyPatch
):
    folder = maker.save(maker.whole_hu(stored), tmp_path)
    monkeypatch.setattr(pixels, "MAX_VOXELS", 500)
    monkeypatch.setattr(pixels, "Decoding", lambda: pytest.fail("was decoded"))
    with pytest.raises(UnreadableScan, match=r"Rows \(0028,0010\).* announce 576 voxels"):
        read_dicom(folder)
