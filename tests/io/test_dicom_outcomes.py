"""Every odd DICOM file and radiograph of the collection has one outcome, told in one line."""

import importlib.util
from pathlib import Path

import nibabel
import numpy as np
import pytest

from osteon.core import HU, OsteonError, UnreadableScan, UnsuitableScan
from osteon.io import read_ct, read_scan
from osteon.io.dicom import read_dicom

pytestmark = pytest.mark.shared

ROOT = Path(__file__).parents[2]

REFUSED = {
    # what the collection's own description says is wrong with each
    "dicom/ct_head_tilt_variable_spacing.zip": "6.999 mm after slices 15 to 27, .*tilted by 18.5°",
    "dicom/d2n_notavolume_001.zip": "slices that are no volume: 4 .* at one position",
    "dicom/d2n_slicecount_001.zip": "too few slices for a volume, 2",
    "dicom/d2n_sliceincrement_001.zip": "1 gap: 10 mm after slice 3, where 5 mm are usual",
    "dicom/eCT_Supplemental.dcm": "not HU: ImageType .*PERFUSION RCBF",
    "dicom/emri_small.dcm": r"PerFrameFunctionalGroupsSequence \(5200,9230\) is missing",
    "dicom/emri_small_jpeg_2k_lossless.dcm": r"PerFrameFunctionalGroupsSequence \(5200,9230\)",
    "dicom/explicit_VR-UN.dcm": "too few slices for a volume, 1",
    "dicom/liver.dcm": r"Segmentation Storage with Modality \(0008,0060\) SEG",
    "xray/RG3_J2KR.dcm": r"Computed Radiography .* Modality \(0008,0060\) CR",
    "xray/nih_chest_00000001_000.png": "PNG",
    "dicom/d2n_compressed_j2k.zip": "not a CT",
    "dicom/d2n_compressed_jpeg.zip": "not a CT",
    "dicom/d2n_compressed_rle.zip": "not a CT",
    "dicom/d2n_philips_enhanced_001.zip": "not a CT",
}


@pytest.mark.parametrize(("name", "said"), REFUSED.items(), ids=REFUSED)
def test_what_is_no_ct_is_refused_in_one_line_that_names_it(shared_data: Path, name: str, said):
    with pytest.raises((UnreadableScan, UnsuitableScan), match=said) as refused:
        read_ct(shared_data / name)
    message = str(refused.value)
    assert Path(name).name in message
    assert "\n" not in message


def test_every_file_has_its_outcome_here(shared_data: Path):
    there = {
        file.relative_to(shared_data).as_posix()
        for folder in ("dicom", "xray")
        for file in (shared_data / folder).iterdir()
    }
    assert there == {*REFUSED, "dicom/d2n_gantrytilting_001.zip"}


def test_the_same_scan_as_dicom_and_as_nifti_is_one_volume(shared_data: Path):
    scan = read_ct(shared_data / "paired_ct_mr" / "STS_010_ct_dicom.zip")
    image = nibabel.load(shared_data / "paired_ct_mr" / "STS_010_ct.nii.gz")
    affine = np.diag([-1.0, -1.0, 1.0, 1.0]) @ image.affine  # RAS to LPS
    corners = np.array([[i, j, k, 1] for i in (0, 184) for j in (0, 163) for k in (0, 58)])
    world = (corners @ affine.T)[:, :3]
    at = scan.volume.grid.to_index(world)
    assert scan.volume.grid.to_world(np.round(at)) == pytest.approx(world, abs=0.01)
    order = np.abs(np.round(at[-1] - at[0])).astype(int) + 1
    assert scan.volume.grid.shape == tuple(order)
    values = np.asarray(image.dataobj)
    for axis in range(3):
        if np.round(at[-1] - at[0])[axis] < 0:
            values = np.flip(values, axis)
    assert (scan.volume.values == values).all()
    assert scan.volume.values.dtype == np.int16
    assert scan.acquisition.kvp == 140
    assert scan.flags == ()


def test_a_tilted_gantry_is_straightened_and_flagged(shared_data: Path):
    scan = read_ct(shared_data / "dicom" / "d2n_gantrytilting_001.zip")
    assert scan.volume.unit == HU
    (flag,) = scan.flags
    assert flag.code == "gantry-tilt"
    assert "14.0°" in flag.text  # the third cosine is -sin 14°
    assert scan.volume.grid.spacing[2] == pytest.approx(5 * np.cos(np.radians(14)), abs=1e-4)


def test_unequal_distances_are_evened_out_only_when_asked(shared_data: Path):
    path = shared_data / "dicom" / "ct_head_tilt_variable_spacing.zip"
    scan = read_ct(path, allow_gaps=True)
    assert [flag.code for flag in scan.flags] == ["gantry-tilt", "slice-gaps-filled"]
    assert "1.081 mm after slice 14" in scan.flags[1].text  # 1.14 mm along the table
    assert scan.volume.grid.spacing[2] == pytest.approx(4.22 * np.cos(np.radians(18.5)), abs=1e-3)


@pytest.mark.parametrize(
    ("name", "shape", "spacing"),
    [
        ("d2n_compressed_j2k.zip", (256, 256, 4), (1, 1, 1)),
        ("d2n_compressed_jpeg.zip", (256, 256, 4), (1, 1, 1)),
        ("d2n_compressed_rle.zip", (256, 256, 4), (1, 1, 1)),
        ("d2n_philips_enhanced_001.zip", (256, 256, 8), (1, 1, 1.2)),
    ],
)
def test_an_mr_is_read_as_an_mr(shared_data: Path, name: str, shape, spacing):
    scan = read_scan(shared_data / "dicom" / name)
    assert (scan.acquisition.modality, scan.volume.unit) == ("MR", "1")
    assert scan.volume.grid.shape == shape
    assert scan.volume.grid.spacing == pytest.approx(spacing, abs=1e-4)


def test_three_compressions_of_one_series_are_one_volume(shared_data: Path):
    first, *others = (
        read_dicom(shared_data / "dicom" / f"d2n_compressed_{kind}.zip").volume
        for kind in ("rle", "j2k", "jpeg")
    )
    for other in others:
        assert other.grid.apart(first.grid) < 0.01
        assert other.values.shape == first.values.shape
        assert other.values.dtype == np.int16


def test_no_message_names_a_patient(shared_data: Path):
    for name in REFUSED:
        with pytest.raises(OsteonError) as refused:
            read_ct(shared_data / name)
        for secret in ("Perfusion", "Smith", "Nowhere", "1950", "^"):
            assert secret not in str(refused.value)


def test_the_page_of_the_docs_is_what_the_readers_do(shared_data: Path):
    spec = importlib.util.spec_from_file_location("outcomes", ROOT / "tools" / "dicom_outcomes.py")
    assert spec is not None
    assert spec.loader is not None
    outcomes = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(outcomes)
    committed = (ROOT / "docs" / "dicom-outcomes.md").read_text(encoding="utf-8")
    assert outcomes.page(shared_data) == committed, "run tools/dicom_outcomes.py again"
