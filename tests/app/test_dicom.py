"""A scan gives the same numbers as DICOM and as NIfTI."""

import numpy as np
import pytest

from dicom_maker import save

from .person import here, measure, nifti
from .series import slices_of


@pytest.fixture(scope="module")
def folder(ct, tmp_path_factory):
    return save(slices_of(ct), tmp_path_factory.mktemp("dicom") / "series")


@pytest.fixture(scope="module")
def from_dicom(folder, vertebrae, tmp_path_factory):
    return measure(tmp_path_factory.mktemp("measured") / "out", folder, "--labels", vertebrae)


def test_medians_and_volumes_are_those_of_the_nifti_file(from_dicom, lumbar):
    assert from_dicom.results["scan"]["format"] == "DICOM"
    medians = from_dicom.medians()
    assert medians.keys() == lumbar.medians().keys()
    for place, median in lumbar.medians().items():
        assert medians[place] == pytest.approx(median, abs=1.0)  # HU
        volume = lumbar.value(*place.split(), "volume")
        assert from_dicom.value(*place.split(), "volume") == pytest.approx(volume, rel=0.005)


def test_masks_lie_where_those_of_the_nifti_file_lie(from_dicom, lumbar):
    places = []
    for found in (from_dicom, lumbar):
        mask, affine = nifti(found.folder / "core.nii.gz")
        places.append((affine @ [*np.argwhere(mask == 22).mean(axis=0), 1])[:3])
    assert places[0] == pytest.approx(places[1], abs=0.05)  # mm


def test_what_the_header_says_of_the_scan_is_in_the_results(from_dicom):
    scan = from_dicom.results["scan"]
    assert (scan["modality"], scan["kvp"], scan["slice_thickness_mm"]) == ("CT", 120.0, 1.5)
    flags = {flag["code"] for one in from_dicom.results["calibrations"] for flag in one["flags"]}
    assert "kvp-unknown" not in flags


def test_a_tilted_gantry_is_straightened_and_told_with_its_angle(ct, vertebrae, lumbar, tmp_path):
    tilted = save(slices_of(ct, tilt=8.0), tmp_path / "series")
    found = measure(tmp_path / "out", tilted, "--labels", vertebrae)
    assert "Gantry tilt of 8.0°" in found.ran.stderr
    assert "Gantry tilt of 8.0°" in (found.folder / "report.html").read_text(encoding="utf-8")
    measured = [row for row in found.rows if row["level"]]
    assert all("gantry-tilt" in row["flags"].split(";") for row in measured)
    # tilted and straightened again by linear interpolation: noise falls, the middle stays
    middle = lumbar.value("L3", "core", "HU median")
    assert found.value("L3", "core", "HU median") == pytest.approx(middle, abs=6.0)


def test_a_series_with_a_gap_is_refused_and_measured_when_allowed(ct, vertebrae, tmp_path):
    slices = slices_of(ct)
    del slices[20:22]
    folder = save(slices, tmp_path / "series")
    ran = here("measure", folder, "--labels", vertebrae, "--out", tmp_path / "out")
    assert ran.returncode == 2
    assert "4.5 mm" in ran.stderr
    assert not (tmp_path / "out").exists()
    found = measure(tmp_path / "out", folder, "--labels", vertebrae, "--allow-gaps")
    measured = [row for row in found.rows if row["level"]]
    assert all("slice-gaps-filled" in row["flags"].split(";") for row in measured)
    assert found.results["manifest"]["settings"]["allow_gaps"] is True
