"""What cannot be measured is refused in one line, and leaves nothing behind."""

import json
import os
import re
import zipfile

import numpy as np
import pytest

from dicom_maker import along_z, as_mr, stack
from dicom_maker import save as save_dicom

from .person import digests, here, nifti, osteon, save

LABELS = {
    "zero": (lambda v: 0 * v, "labels no voxel: all values are 0"),
    "odd": (lambda v: np.where(v > 0, v + 190, 0), r"fit no numbering known .*--level-map"),
    "single": (lambda v: (v == 22) * 1, r"single label 1, .*--level-map"),
    "twofold": (lambda v: np.where(v > 0, 26 + v % 3, 0), "two numberings .*--numbering"),
    "fractions": (lambda v: v / 2, "fractions such as 1[01].5"),
}
"""Labels made from those of the sample, and what is said of them."""

SETTINGS = {
    "--shell-mm 0": "--shell-mm is 0; it must be from 1 to 10",
    "--shell-mm nan": "--shell-mm is nan",
    "--shell-mm thick": '--shell-mm: unable to convert "thick" into float',
    "--endplate-mm 3": "--endplate-mm is 3; it must be from 4 to 12",
    "--oval-height-mm 80": "--oval-height-mm is 80",
    "--kvp 20": "--kvp is 20; it must be from 60 to 150",
    "--contrast perhaps": 'Choose from: "yes", "no"',
    "--numbering Roman": "no numbering is called 'Roman'; there are ['TotalSegmentator', 'VerSe']",
    "--numbering TotalSegmentator": None,
    "--nonsense": "Unknown option: --nonsense",
    "too much": "Unused Tokens",
}
"""Options, and what is said of them; None for what is fine as such but finds no vertebra."""

LEVEL_MAPS = {
    "22 = L3": "is no level map",
    '["L3"]': "is no level map",
    '{"L3": 22}': "is no level map",
    '{"22": "L9"}': r"no vertebral level is called \['L9'\]",
    '{"21": "L3", "22": "L3"}': "one level to two label numbers",
    '{"0": "L3"}': r"none of the labels \[21, 22, 23\] is a vertebra",
}

RODS = {
    "rod = 3": "is no table of rods",
    "[rod]\nhu = 3\ndensity = 4": "is no table of rods",
    "[[rod]]\nhu = 3": "is no table of rods",
    "[[rod]]\nhu = 'three'\ndensity = 4": "is no table of rods",
    "hu density": "is no table of rods",
    "phantom = 'mine'\nhu = [1, 2]": "no phantom is called 'mine'",
    "phantom = 'qrm-bdc-3'\nhu = [1, 2]": "has 3 rods, 2 mean HU were given",
}


@pytest.fixture
def refused(tmp_path):
    """Run a command that must fail in one line and leave inputs and folder as they were."""

    def run(*arguments, out=tmp_path / "out", command="measure", run=here):
        before = digests(tmp_path)
        ran = run(command, *arguments, "--out", out)
        assert ran.returncode == 2, ran
        assert ran.stdout == ""
        assert ran.stderr.startswith("osteon: "), ran.stderr
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert "Traceback" not in ran.stderr
        assert digests(tmp_path) == before
        assert not (tmp_path / "out").exists()
        assert not list(tmp_path.rglob(".osteon*"))
        return ran.stderr

    return run


def matches(said, expected):
    assert re.search(expected, said), said


def test_without_labels_it_says_what_is_needed(refused, ct):
    matches(refused(ct, run=osteon), "needs --labels FILE .* TotalSegmentator")


@pytest.mark.parametrize("role", ["scan", "labels"])
def test_a_file_that_is_not_there_is_named(refused, tmp_path, ct, vertebrae, role):
    files = {"scan": ct, "labels": vertebrae, role: tmp_path / "nowhere.nii.gz"}
    matches(refused(files["scan"], "--labels", files["labels"]), "nowhere.nii.gz is not there")


@pytest.mark.parametrize("kind", LABELS)
def test_labels_that_name_no_vertebra_are_refused(refused, tmp_path, ct, vertebrae, kind):
    values, affine = nifti(vertebrae)
    change, said = LABELS[kind]
    changed = change(values.astype(np.int16))
    path = save(tmp_path / "labels.nii.gz", changed.astype(np.float32), affine)
    matches(refused(ct, "--labels", path), said)


def test_labels_of_another_scan_are_refused_with_the_distance(refused, tmp_path, ct, vertebrae):
    values, affine = nifti(vertebrae)
    affine = affine.copy()
    affine[2, 3] += 500.0
    path = save(tmp_path / "labels.nii.gz", values, affine)
    matches(refused(ct, "--labels", path), "labels.nii.gz lie outside the scan: .* (49|50).{1,2}mm")


def test_the_scan_itself_is_no_label_file(refused, ct):
    matches(refused(ct, "--labels", ct), "Is this the scan itself")


def test_an_mr_is_no_ct(refused, samples, vertebrae):
    mr = samples / "knee_pair" / "mr_t1.nii.gz"
    matches(refused(mr, "--labels", vertebrae), "not a CT in HU")


def test_labels_of_a_spine_do_not_fit_a_knee(refused, samples, vertebrae):
    knee = samples / "knee_pair" / "ct.nii.gz"
    matches(refused(knee, "--labels", vertebrae), "outside the scan")


def test_a_knee_without_vertebra_labels_is_refused(refused, samples, tmp_path):
    knee = samples / "knee_pair" / "ct.nii.gz"
    values, affine = nifti(knee)
    path = save(tmp_path / "knee.nii.gz", (values > 300).astype(np.uint8) * 75, affine)
    matches(refused(knee, "--labels", path), "fit no numbering|is a vertebra")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "is a PNG picture, not a scan"),
        (b"patient said it hurts\n", "is a text file, not a scan"),
        (b"", r"is empty \(0 bytes\)"),
    ],
    ids=["picture", "text", "nothing"],
)
def test_a_renamed_file_is_known_for_what_it_is(refused, tmp_path, ct, vertebrae, content, said):
    path = tmp_path / "ct.nii.gz"
    path.write_bytes(content)
    matches(refused(path, "--labels", vertebrae), said)
    matches(refused(ct, "--labels", path), said)


@pytest.mark.parametrize("share", [0.001, 0.5, 0.999])
def test_a_truncated_scan_is_refused(refused, tmp_path, ct, vertebrae, share):
    whole = ct.read_bytes()
    path = tmp_path / "cut.nii.gz"
    path.write_bytes(whole[: int(share * len(whole))])
    matches(
        refused(path, "--labels", vertebrae, run=osteon),
        "cut.nii.gz .*(damaged|truncated|ends|cut)",
    )


def test_values_with_an_offset_are_no_hu(refused, tmp_path, ct, vertebrae):
    values, affine = nifti(ct)
    path = save(tmp_path / "ct.nii.gz", np.clip(values, -1024, None) + 1024, affine)
    matches(refused(path, "--labels", vertebrae), "all values are ≥ 0 .*offset of 1024")


def test_a_scan_without_one_number_is_refused(refused, tmp_path, ct, vertebrae):
    values, affine = nifti(ct)
    path = save(tmp_path / "ct.nii.gz", np.full(values.shape, np.nan, np.float32), affine)
    matches(refused(path, "--labels", vertebrae), "no voxel .* holds a number")


def test_an_empty_folder_is_refused(refused, tmp_path, vertebrae):
    (tmp_path / "series").mkdir()
    matches(refused(tmp_path / "series", "--labels", vertebrae), "series is an empty folder")


def test_a_zip_that_reaches_out_of_itself_is_refused(refused, tmp_path, vertebrae):
    with zipfile.ZipFile(tmp_path / "ct.zip", "w") as archive:
        archive.writestr("../../evil.dcm", b"x")
    matches(refused(tmp_path / "ct.zip", "--labels", vertebrae), r"ct.zip.*\.\.")


def zipped(folder, path):
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, file.name)
    return path


def test_a_zip_of_an_mr_is_refused(refused, tmp_path, vertebrae):
    folder = save_dicom(as_mr(stack(along_z(0, 2, 4, 6, 8))), tmp_path / "mr")
    path = zipped(folder, tmp_path / "mr.zip")
    matches(
        refused(path, "--labels", vertebrae, run=osteon),
        "mr.zip will not do: this is an MR, not a CT",
    )


def test_a_dicom_ct_that_is_not_in_hu_is_refused_with_the_reason(refused, tmp_path, vertebrae):
    fine = {"RescaleSlope": 1, "RescaleIntercept": -1024}
    slices = stack(along_z(0, 2, 4, 6, 8), elements={**fine, "RescaleType": "US"})
    folder = save_dicom(slices, tmp_path / "ct")
    matches(refused(folder, "--labels", vertebrae), "Values are not HU: RescaleType .* is US")


@pytest.mark.parametrize("options", SETTINGS)
def test_a_setting_out_of_its_range_is_told_with_the_range(refused, ct, vertebrae, options):
    said = SETTINGS[options] or "none of the labels [21, 22, 23] is a vertebra"
    assert said in refused(ct, "--labels", vertebrae, *options.split())


@pytest.mark.parametrize("text", LEVEL_MAPS)
def test_a_level_map_that_is_none_is_refused(refused, tmp_path, ct, vertebrae, text):
    path = tmp_path / "map.json"
    path.write_text(text)
    matches(refused(ct, "--labels", vertebrae, "--level-map", path), LEVEL_MAPS[text])


@pytest.mark.parametrize("text", RODS)
def test_a_table_of_rods_that_is_none_is_refused(refused, tmp_path, ct, text):
    path = tmp_path / "rods.toml"
    path.write_text(text)
    matches(refused(ct, "--rods", path, command="calibrate"), RODS[text])


@pytest.mark.parametrize("option", ["--level-map", "--rods"])
def test_an_image_is_no_table(refused, ct, vertebrae, option):
    said = refused(ct, "--labels", vertebrae, option, ct)
    matches(said, "ct.nii.gz is no (level map|table of rods)")


@pytest.mark.parametrize("command", ["measure", "calibrate"])
def test_results_do_not_go_where_a_file_is(refused, tmp_path, ct, vertebrae, command):
    (tmp_path / "file").write_text("mine")
    labels = ("--labels", vertebrae) if command == "measure" else ()
    said = refused(ct, *labels, out=tmp_path / "file", command=command)
    assert "--out file is a file; name a folder" in said
    said = refused(ct, *labels, out=tmp_path / "file" / "below" / "it", command=command)
    assert "--out it cannot be made: file is a file" in said


@pytest.mark.skipif(os.geteuid() == 0, reason="the superuser may write anywhere")
def test_results_do_not_go_where_one_may_not_write(refused, tmp_path, ct, vertebrae):
    locked = tmp_path / "locked"
    locked.mkdir(mode=0o500)
    said = refused(ct, "--labels", vertebrae, out=locked / "results")
    assert "no right to write" in said


def test_results_do_not_go_into_the_series_that_is_read(refused, tmp_path, vertebrae):
    folder = save_dicom(stack(along_z(0, 2, 4, 6, 8)), tmp_path / "ct")
    assert "is the folder that is read" in refused(folder, "--labels", vertebrae, out=folder)


@pytest.mark.parametrize("value", ["-4", "nan", "20"])
def test_calibrating_refuses_a_voltage_that_no_tube_has(refused, ct, value):
    assert "--kvp is" in refused(ct, f"--kvp={value}", command="calibrate")


def test_the_reason_of_a_level_map_is_not_hidden_by_its_encoding(refused, tmp_path, ct, vertebrae):
    path = tmp_path / "map.json"
    path.write_text(json.dumps({"22": "L3"}), encoding="utf-16")
    matches(refused(ct, "--labels", vertebrae, "--level-map", path), "is no level map")
