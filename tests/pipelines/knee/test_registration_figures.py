"""Errors of registration on a cohort: where starts lie, what counts as success, what is kept."""

import json

import numpy as np
import pytest

from osteon.core import UnusableTable
from osteon.pipelines.knee.alignment import figures
from osteon.pipelines.knee.alignment.figures import (
    FARTHEST,
    RegistrationStudy,
    registration_section,
)
from osteon.pipelines.knee.alignment.registrations import synthetic_file
from osteon.pipelines.knee.cohort import read_cohort
from osteon.registration import Rigid

NIFTI = b"\x5c\x01\0\0" + bytes(340) + b"n+1\0"
"""Head of a file of which only the bytes are looked at."""


def test_far_starts_are_20_mm_and_15_degrees_off_and_others_nearer():
    true = Rigid.about(np.zeros(3), turn_deg=(5, 0, 0), shift_mm=(3, 4, 0))
    centre = np.array([10.0, 20.0, 30.0])
    rng = np.random.default_rng(0)
    for far in (True, False):
        for _ in range(10):
            away = true.inverse() @ figures._start(true, centre, far, rng)
            shift, turn = np.linalg.norm(away.shift_at(centre)), away.angle_deg
            if far:
                assert (shift, turn) == pytest.approx(FARTHEST)
            else:
                assert shift < FARTHEST[0]
                assert turn < FARTHEST[1]


def row(median, p95, told=None, bone="femur", method="direct", patient="a"):
    return {
        "patient": patient,
        "method": method,
        "bone": bone,
        "median_mm": median,
        "p95_mm": p95,
        "told": told,
    }


def test_success_needs_the_median_and_the_far_end_and_wrong_ones_must_be_told():
    rows = figures._rows(
        [
            row(0.2, 0.6),
            row(0.6, 1.2, patient="b"),
            row(0.3, 1.8, patient="c"),
            row(6.0, 9.0, told="far off", patient="d"),
            row(0.1, 0.2, bone="tibia"),
        ]
    )
    femur, tibia = rows
    assert (femur["bone"], femur["registrations"], femur["success"]) == ("femur", 4, 0.25)
    assert femur["median_mm"]["value"] == pytest.approx(0.45)
    assert femur["largest_p95_mm"] == 9.0
    assert femur["note"] == "1 beyond 1.5 mm and not told, 1 told failed"
    assert tibia["success"] == 1.0


@pytest.fixture
def cohort(tmp_path):
    (tmp_path / "truth").mkdir()
    lines = ["participant_id"]
    for name in ("sub-1", "sub-2", "sub-3"):
        for modality in ("ct", "mr"):
            folder = tmp_path / name / modality
            folder.mkdir(parents=True)
            (folder / f"{name}_{modality}.nii.gz").write_bytes(NIFTI)
        lines.append(name)
    (tmp_path / "participants.tsv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return read_cohort(tmp_path)


def test_a_patient_is_kept_and_one_that_fails_is_told(cohort, monkeypatch):
    asked = []

    def registered(cohort, study, patient):
        asked.append(patient.name)
        if patient.name == "sub-2":
            raise UnusableTable("no bone in view.")
        return [row(0.2, 0.4, patient=patient.name)]

    monkeypatch.setattr(figures, "_registered", registered)
    study = RegistrationStudy(methods=("direct",))
    first = registration_section(cohort, study)
    assert first["failed"] == {"sub-2": "no bone in view."}
    assert first["rows"][0]["patients"] == 2
    assert registration_section(cohort, study)["rows"] == first["rows"]
    assert asked == ["sub-1", "sub-2", "sub-3", "sub-2"]
    # other starts are other figures; another number of knees is not
    registration_section(cohort, RegistrationStudy(methods=("direct",), knees=2))
    assert len(asked) == 4
    registration_section(cohort, RegistrationStudy(methods=("direct",), seed=1))
    assert len(asked) == 7
    assert json.dumps(first, allow_nan=False)


def test_errors_are_of_the_images_that_there_are_now(cohort, monkeypatch):
    asked = []

    def registered(cohort, study, patient):
        asked.append(patient.name)
        return [row(0.2, 0.4, patient=patient.name)]

    monkeypatch.setattr(figures, "_registered", registered)
    study = RegistrationStudy()
    synthetic = synthetic_file(cohort, "sub-2")
    synthetic.parent.mkdir(parents=True)
    synthetic.write_bytes(NIFTI + b"made with some settings")
    registration_section(cohort, study)
    synthetic.write_bytes(NIFTI + b"made with others")
    registration_section(cohort, study)
    assert asked == ["sub-1", "sub-2", "sub-3", "sub-2"]


def test_without_truth_there_is_nothing_to_measure_against(cohort):
    (cohort.root / "truth").rmdir()
    with pytest.raises(UnusableTable, match="poses are known"):
        registration_section(cohort, RegistrationStudy())
