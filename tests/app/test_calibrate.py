"""`osteon calibrate`: each method or the reason why not, and a density map on request."""

import json

import numpy as np
import pytest

from osteon.io import read_scan

from .person import here, nifti, osteon

METHODS = {
    *("phantom-solid", "phantom-liquid"),
    *("internal-attenuation", "internal-michalski", "hu-relation"),
}
LINE = "".join(f"[[rod]]\nhu = {hu}\ndensity = {0.8 * hu + 5}\n" for hu in (0, 100, 250))
"""Rods on a line of 0.8 mg/cm³ per HU through 5 mg/cm³."""


@pytest.fixture
def rods(tmp_path):
    path = tmp_path / "rods.toml"
    path.write_text(LINE)
    return path


def calibrated(out, *arguments, run=here):
    ran = run("calibrate", *arguments, "--out", out)
    assert (ran.returncode, ran.stderr) == (0, "")
    data = json.loads((out / "calibration.json").read_text(encoding="utf-8"))
    return ran, {one["method"]: one for one in data["calibrations"]}, data["manifest"]


def test_without_rods_every_method_is_there_or_says_why_not(tmp_path, ct):
    ran, found, made = calibrated(tmp_path / "out", ct, run=osteon)
    assert ran.stdout == f"Calibration: {tmp_path / 'out' / 'calibration.json'}\n"
    assert {file.name for file in (tmp_path / "out").iterdir()} == {"calibration.json"}
    assert set(found) == METHODS
    assert found["phantom-solid"]["reason"] == "No density phantom was named."
    for one in found.values():
        assert one["available"] is (one["reason"] is None)
        assert one["equivalent"] in ({"HA", "K2HPO4"} if one["available"] else {None})
    assert set(made["input_sha256"]) == {"scan"}


def test_rods_on_a_line_give_that_line_and_its_density_map(tmp_path, ct, rods):
    out = tmp_path / "out"
    ran, found, made = calibrated(out, ct, "--rods", rods, "--method", "phantom-solid")
    assert ran.stdout == f"Calibration: {out / 'density.nii.gz'}\n"
    fitted = found["phantom-solid"]["fitted"]
    assert fitted["slope_mg_cm3_per_HU"] == pytest.approx(0.8)
    assert fitted["intercept_mg_cm3"] == pytest.approx(5.0)
    assert set(made["input_sha256"]) == {"scan", "rods"}
    values, affine = nifti(ct)
    density, where = nifti(out / "density.nii.gz")
    assert density == pytest.approx(0.8 * values.astype(float) + 5.0, abs=1e-3)
    assert np.abs(where - affine).max() < 1e-3
    assert read_scan(out / "density.nii.gz").volume.unit == "mg/cm3"


def test_a_density_map_is_not_taken_for_a_ct(tmp_path, ct, rods, vertebrae):
    out = tmp_path / "out"
    calibrated(out, ct, "--rods", rods, "--method", "phantom-solid")
    again = here("measure", out / "density.nii.gz", "--labels", vertebrae, "--out", tmp_path / "m")
    assert again.returncode == 2
    assert "bone mineral density in mg/cm3, not HU" in again.stderr


def test_water_equivalents_make_a_phantom_liquid(tmp_path, ct):
    # HU = sigma_ref·rho + beta_ref + water, with sigma_ref 1.4 and beta_ref -990
    text = "".join(
        f"[[rod]]\nhu = {1.4 * rho - 990 + water}\ndensity = {rho}\nwater = {water}\n"
        for rho, water in ((-50, 1012), (58, 1057), (157, 1103), (375, 923))
    )
    (tmp_path / "rods.toml").write_text(text)
    _, found, _ = calibrated(tmp_path / "out", ct, "--rods", tmp_path / "rods.toml")
    fitted = found["phantom-liquid"]["fitted"]
    assert fitted["sigma_ct_HU_per_mg_cm3"] == pytest.approx(1.4 - 0.2174)
    assert fitted["beta_ct_HU"] == pytest.approx(999.6 - 990)
    assert found["phantom-liquid"]["equivalent"] == "K2HPO4"


def test_a_phantom_is_known_by_its_key(tmp_path, ct):
    (tmp_path / "rods.toml").write_text('phantom = "qrm-bdc-3"\nhu = [0, 120, 240]\n')
    _, found, _ = calibrated(tmp_path / "out", ct, "--rods", tmp_path / "rods.toml")
    assert found["phantom-solid"]["available"] is True


def test_a_method_that_is_none_or_cannot_be_had_is_refused(tmp_path, ct):
    for method, said in (
        ("by-eye", "no calibration is called 'by-eye'"),
        ("phantom-solid", "cannot be had here: No density phantom was named."),
    ):
        ran = here("calibrate", ct, "--out", tmp_path / "out", "--method", method)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert said in ran.stderr
        assert not (tmp_path / "out").exists()


def test_the_tube_voltage_given_goes_into_the_relation(tmp_path, ct):
    # 120 to 140 kV by the published means of 16 747 scans: 140.9 / 131.3
    _, found, made = calibrated(tmp_path / "out", ct, "--kvp", "140", "--contrast", "no")
    assert found["hu-relation"]["fitted"]["kvp_factor"] == pytest.approx(140.9 / 131.3)
    assert made["settings"] == {"kvp": 140.0, "contrast": False, "allow_gaps": False}


def test_contrast_that_is_stated_flags_the_calibration(tmp_path, ct):
    flags = []
    for word in ("yes", "no"):
        _, found, _ = calibrated(tmp_path / word, ct, "--contrast", word)
        flags.append({flag["code"] for flag in found["hu-relation"]["flags"]})
    assert "contrast" in flags[0]
    assert "contrast" not in flags[1]


def test_organs_allow_a_calibration_by_the_tissues_of_the_patient(tmp_path, samples):
    files = samples / "chest_abdomen_ct"
    organs = ("--organs", files / "organs.nii.gz")
    _, with_organs, made = calibrated(tmp_path / "out", files / "ct.nii.gz", *organs)
    assert set(made["input_sha256"]) == {"scan", "organs"}
    assert "contrast" in {flag["code"] for flag in with_organs["hu-relation"]["flags"]}
