"""What names a patient gets into no output, unless it is asked for."""

import json
import re

import pytest

from dicom_maker import save

from .person import contents, measure, nifti, osteon
from .person import save as save_nifti
from .series import slices_of

PATIENT = {
    "PatientName": "SECRET^MARIA",
    "OtherPatientNames": "SECRET^MARY",
    "PatientID": "MRN5551234",
    "OtherPatientIDs": "MRN5559876",
    "PatientBirthDate": "19450607",
    "PatientAddress": "1 SECRET STREET",
    "AccessionNumber": "ACC778899",
    "InstitutionName": "SECRET HOSPITAL",
    "InstitutionAddress": "SECRET TOWN",
    "StationName": "SECRETCT1",
    "ReferringPhysicianName": "SECRET^DOCTOR",
    "OperatorsName": "SECRET^OPERATOR",
    "StudyDate": "20190317",
    "StudyTime": "131415.926",
    "StudyDescription": "SECRET study",
    "SeriesDescription": "SECRET series",
    "ImageComments": "SECRET comment",
    "DeviceSerialNumber": "SN4711000",
    "StudyInstanceUID": "1.2.826.0.1.3680043.8.498.7777001",
    "SeriesInstanceUID": "1.2.826.0.1.3680043.8.498.7777002",
    "FrameOfReferenceUID": "1.2.826.0.1.3680043.8.498.7777003",
}
TELLING = re.compile(
    rb"secret|mrn555|1945-?06-?07|2019-?03-?17|acc778899|131415|sn4711|498\.7777|498\.111",
    re.IGNORECASE,
)
"""What none of the outputs may hold: any word above, and the instance UIDs."""


@pytest.fixture(scope="module")
def inputs(ct, one_vertebra, tmp_path_factory):
    """A series, labels, a level map and rods, all named after the patient."""
    place = tmp_path_factory.mktemp("in") / "SECRET_MARIA_MRN5551234"
    slices = slices_of(ct, PATIENT, tilt=5.0)
    slices.append(slices[3])  # stored twice, so that a flag speaks of it
    folder = save(slices, place / "SECRET_series", name="SECRET_slice")
    (folder / "SECRET_letter.txt").write_text("Dear SECRET")
    labels, affine = nifti(one_vertebra)
    save_nifti(place / "SECRET_labels.nii.gz", labels, affine)
    (place / "SECRET_map.json").write_text('{"22": "L3"}')
    rods = "".join(f"[[rod]]\nhu = {hu}\ndensity = {0.8 * hu}\n" for hu in (0, 100, 300))
    (place / "SECRET_rods.toml").write_text(rods)
    return place


def arguments(place):
    return (
        *("--labels", place / "SECRET_labels.nii.gz", "--level-map", place / "SECRET_map.json"),
        *("--rods", place / "SECRET_rods.toml", "--series", PATIENT["SeriesInstanceUID"]),
    )


@pytest.fixture(scope="module")
def anonymous(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("anonymous") / "out"
    return measure(out, inputs / "SECRET_series", *arguments(inputs), run=osteon)


@pytest.fixture(scope="module")
def named(inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("named") / "out"
    keep = ("--keep-identifiers", "--json")
    return measure(out, inputs / "SECRET_series", *arguments(inputs), *keep)


def test_no_file_of_the_results_names_the_patient(anonymous):
    for name, content in contents(anonymous.folder).items():
        assert TELLING.findall(content) == [], name


def test_nothing_that_is_printed_names_the_patient(anonymous):
    assert "Gantry tilt" in anonymous.ran.stderr
    assert TELLING.findall(anonymous.ran.stdout.encode()) == []
    assert TELLING.findall(anonymous.ran.stderr.encode()) == []


def test_the_subject_does_not_come_from_the_patient(anonymous):
    assert re.fullmatch(r"sub-[0-9a-f]{8}", anonymous.results["subject"])
    assert anonymous.results["identifiers"] == {}


def test_identifiers_that_are_asked_for_stand_in_the_results_and_nowhere_else(named):
    held = named.results["identifiers"]
    for keyword in ("PatientName", "PatientID", "PatientBirthDate", "AccessionNumber"):
        assert held[keyword] == PATIENT[keyword]
    assert json.loads(named.ran.stdout)["identifiers"] == held
    for name, content in contents(named.folder).items():
        if name != "results.json":
            assert TELLING.findall(content) == [], name
    without = {key: part for key, part in named.results.items() if key != "identifiers"}
    assert TELLING.findall(json.dumps(without).encode()) == []


def test_calibrating_names_no_patient_either(inputs, tmp_path):
    rods = ("--rods", inputs / "SECRET_rods.toml", "--method", "phantom-solid")
    uid = ("--series", PATIENT["SeriesInstanceUID"])
    ran = osteon("calibrate", inputs / "SECRET_series", *rods, *uid, "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert TELLING.findall((ran.stdout + ran.stderr).encode()) == []
    for name, content in contents(tmp_path / "out").items():
        assert TELLING.findall(content) == [], name


def test_the_name_of_a_damaged_sidecar_is_not_written_out(tmp_path, ct, one_vertebra):
    place = tmp_path / "in"
    place.mkdir()
    (place / "SECRET.nii.gz").write_bytes(ct.read_bytes())
    (place / "SECRET.json").write_text("{")
    found = measure(tmp_path / "out", place / "SECRET.nii.gz", "--labels", one_vertebra)
    assert "sidecar-unreadable" in {flag["code"] for flag in found.results["scan"]["flags"]}
    for name, content in contents(found.folder).items():
        assert TELLING.findall(content) == [], name


def test_other_headers_of_the_inputs_are_not_handed_on(tmp_path, ct, one_vertebra):
    import nibabel

    place = tmp_path / "in"
    place.mkdir()
    image = nibabel.load(ct)
    image.header["descrip"] = b"SECRET^MARIA"
    image.header["aux_file"] = b"SECRET.txt"
    image.header["db_name"] = b"SECRET"
    comment = nibabel.nifti1.Nifti1Extension("comment", b"SECRET^MARIA 19450607")
    image.header.extensions.append(comment)
    nibabel.save(image, place / "ct.nii.gz")
    found = measure(tmp_path / "out", place / "ct.nii.gz", "--labels", one_vertebra)
    for name, content in contents(found.folder).items():
        assert TELLING.findall(content) == [], name
