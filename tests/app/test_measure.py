"""`osteon measure` on the samples: what it says, what it writes, and that the files agree."""

import json
import os
import stat
from collections import Counter
from functools import partial
from pathlib import Path

import jsonschema
import nibabel as nib
import numpy as np
import pytest
from scipy import ndimage

from .person import WRITTEN, digests, measure, nifti, osteon, save

HU = "[hnsf'U]"
COLUMNS = "subject,level,region,name,value,unit,method,uncertainty,flags"
STATISTICS = {
    "HU mean": np.mean,
    "HU median": np.median,
    "HU SD": np.std,
    **{f"HU P{p}": lambda values, p=p: np.percentile(values, p) for p in (10, 25, 75, 90)},
}
SCHEMA = Path(__file__).parents[2] / "docs" / "results.schema.json"


def test_stdout_is_one_line_that_says_where_the_report_is(lumbar):
    assert lumbar.ran.stdout == f"Report: {lumbar.folder / 'report.html'}\n"
    assert lumbar.ran.stderr == ""


def test_the_folder_holds_the_results_and_nothing_else(lumbar):
    assert {file.name for file in lumbar.folder.iterdir()} == WRITTEN
    assert {file.name for file in lumbar.folder.parent.iterdir()} == {"results"}


def test_others_may_read_the_results_as_far_as_the_umask_lets_them(lumbar):
    beside = lumbar.folder.parent.parent / "made-by-hand"
    beside.mkdir()
    assert stat.S_IMODE(lumbar.folder.stat().st_mode) == stat.S_IMODE(beside.stat().st_mode)


def test_the_table_has_the_columns_that_every_command_writes(lumbar):
    lines = (lumbar.folder / "measurements.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == COLUMNS
    assert all(len(row) == 9 and None not in row.values() for row in lumbar.rows)


@pytest.mark.parametrize("region", ["core", "oval", "anterior"])
def test_every_level_has_a_median_in_hu_or_the_reason_why_not(lumbar, region):
    rows = [r for r in lumbar.rows if (r["region"], r["name"]) == (region, "HU median")]
    assert [row["level"] for row in rows] == ["L2", "L3", "L4"]
    for row in rows:
        assert row["unit"] == HU
        assert row["value"] or "not-available" in row["flags"].split(";")
    assert any(row["value"] for row in rows)


def test_no_row_stands_in_the_table_twice(lumbar):
    keys = Counter((r["level"], r["region"], r["name"], r["method"]) for r in lumbar.rows)
    assert set(keys.values()) == {1}


@pytest.mark.parametrize("which", ["lumbar", "chest"])
def test_the_results_follow_the_published_schema(which, request):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    checker = jsonschema.Draft202012Validator.FORMAT_CHECKER
    validator = jsonschema.Draft202012Validator(schema, format_checker=checker)
    results = request.getfixturevalue(which).results
    if which == "chest":  # whose many numbers of one kind take long to check
        results["measurements"] = results["measurements"][::7]
    assert [fault.message for fault in validator.iter_errors(results)] == []


def test_the_table_and_the_results_say_the_same(chest):
    held = chest.results["measurements"]
    assert len(held) == len(chest.rows)
    for number, row in zip(held, chest.rows, strict=True):
        for column in ("level", "region", "name", "unit", "method"):
            assert row[column] == number[column]
        for column in ("value", "uncertainty"):
            if number[column] is None:
                assert row[column] == ""
            else:
                assert float(row[column]) == pytest.approx(number[column], rel=1e-5, abs=1e-9)
        codes = dict.fromkeys(flag["code"] for flag in number["flags"])
        assert row["flags"] == ";".join(codes)
        assert row["subject"] == "demo"


@pytest.mark.parametrize("which", ["lumbar", "chest"])
@pytest.mark.parametrize("region", ["core", "oval", "anterior"])
def test_numpy_finds_every_number_of_the_table_in_mask_and_ct(which, region, request, samples):
    measured = request.getfixturevalue(which)
    folder = samples / {"lumbar": "lumbar_ct", "chest": "chest_abdomen_ct"}[which]
    values, affine = nifti(folder / "ct.nii.gz")
    mask, where = nifti(measured.folder / f"{region}.nii.gz")
    assert mask.shape == values.shape
    assert np.abs(where - affine).max() < 1e-3
    found = 0
    for level in measured.results["levels"]:
        inside = values[mask == level["label"]].astype(float)
        held = level["regions"].get(region)
        assert inside.size == (held["voxels"] if held else 0)
        if not held:
            continue
        found += 1
        assert measured.value(level["level"], region, "voxels") == inside.size
        for name, compute in STATISTICS.items():
            value = measured.value(level["level"], region, name)
            assert value == pytest.approx(compute(inside), rel=1e-5, abs=1e-3)
    assert found > 0


@pytest.mark.parametrize("which", ["lumbar", "chest"])
def test_regions_lie_in_their_own_vertebra_and_in_the_core(which, request, samples):
    measured = request.getfixturevalue(which)
    folder = samples / {"lumbar": "lumbar_ct", "chest": "chest_abdomen_ct"}[which]
    vertebrae, _ = nifti(folder / "vertebrae.nii.gz")
    for region in ("core", "oval", "anterior"):
        mask, _ = nifti(measured.folder / f"{region}.nii.gz")
        inside = mask > 0
        assert (vertebrae[inside] == mask[inside]).mean() > 0.999


def test_the_voxels_of_a_region_add_up_to_its_volume(chest, samples):
    _, affine = nifti(samples / "chest_abdomen_ct" / "ct.nii.gz")
    voxel = abs(np.linalg.det(affine[:3, :3]))
    for level in chest.results["levels"]:
        for region in level["regions"].values():
            # voxels count whole, the volume counts the part inside: large regions agree best
            if region["voxels"] > 2000:
                assert region["voxels"] * voxel == pytest.approx(region["volume_mm3"], rel=0.05)


def test_the_core_has_the_median_of_a_plain_erosion_by_the_same_distance(chest, samples):
    # 5 mm off the whole vertebra leaves hardly anything of the arch; 12 HU is what the margin
    # may matter: the same erosion by 4 and 6 mm differs by about as much
    values, affine = nifti(samples / "chest_abdomen_ct" / "ct.nii.gz")
    labels, _ = nifti(samples / "chest_abdomen_ct" / "vertebrae.nii.gz")
    side = np.linalg.norm(affine[:3, :3], axis=0)
    for level, label in {"T12": 32, "L1": 31, "L2": 30, "L3": 29}.items():
        box = ndimage.find_objects((labels == label).astype(np.uint8))[0]
        inside = np.pad(labels[box] == label, 1)
        depth = ndimage.distance_transform_edt(inside, sampling=side)[1:-1, 1:-1, 1:-1]
        eroded = float(np.median(values[box][depth > 5.0]))
        assert chest.value(level, "core", "HU median") == pytest.approx(eroded, abs=12.0), level


def test_levels_stand_from_head_to_tail_and_further_down_in_the_body(chest):
    names = chest.results["labels"]["levels_found"]
    order = [
        f"{part}{n}" for part, last in (("C", 7), ("T", 12), ("L", 5)) for n in range(1, last + 1)
    ]
    assert names == [name for name in order if name in names]
    heights = [level["centre_mm"][2] for level in chest.results["levels"] if level["centre_mm"]]
    assert heights == sorted(heights, reverse=True)


def test_a_vertebra_that_cannot_be_measured_is_a_row_and_a_note(chest):
    lost = [level for level in chest.results["levels"] if not level["measured"]]
    assert lost
    for level in lost:
        rows = [row for row in chest.rows if row["level"] == level["level"]]
        assert [row["value"] for row in rows] == [""]
        assert "not-available" in rows[0]["flags"].split(";")
        note = f"osteon: note: {level['level']} was not measured: {level['reason']}"
        assert note in chest.ran.stderr.splitlines()


def test_contrast_in_the_aorta_is_told_on_stderr_and_on_every_number(chest):
    assert "Contrast agent: the aorta has a median of" in chest.ran.stderr
    assert chest.results["scan"]["contrast"] is True
    measured = [row for row in chest.rows if row["level"] and row["value"]]
    assert all("contrast" in row["flags"].split(";") for row in measured)


def test_every_line_on_stderr_says_who_speaks(chest):
    assert chest.ran.stderr
    assert all(line.startswith("osteon: note: ") for line in chest.ran.stderr.splitlines())


def test_the_manifest_names_inputs_by_digest_and_no_file(lumbar, ct, vertebrae, samples):
    made = json.loads((lumbar.folder / "manifest.json").read_text(encoding="utf-8"))
    sums = digests(samples / "lumbar_ct")
    assert made["input_sha256"] == {"scan": sums[ct.name], "labels": sums[vertebrae.name]}
    assert made["settings"]["shell_mm"] == 4.0
    assert made == lumbar.results["manifest"]
    text = json.dumps(made)
    assert "nii.gz" not in text
    assert str(samples.parent) not in text


def test_the_subject_is_a_code_of_the_bytes_and_not_the_file_name(lumbar, ct, samples):
    assert {row["subject"] for row in lumbar.rows} == {
        f"sub-{digests(samples / 'lumbar_ct')[ct.name][:8]}"
    }


def test_json_is_the_only_thing_on_stdout_and_equals_the_file(tmp_path, ct, vertebrae):
    found = measure(tmp_path / "out", ct, "--labels", vertebrae, "--json")
    assert found.ran.stdout.isascii()  # so that it arrives through any terminal
    assert json.loads(found.ran.stdout) == found.results
    assert found.ran.stdout.count("\n") == 1


def test_the_scan_may_be_named_from_the_folder_it_lies_in(tmp_path, ct, vertebrae, lumbar):
    (tmp_path / "scan.nii.gz").write_bytes(ct.read_bytes())
    found = measure(
        Path(),
        Path("scan.nii.gz"),
        "--labels",
        os.path.relpath(vertebrae, tmp_path),
        run=partial(osteon, cwd=tmp_path),
    )
    assert found.ran.stdout == "Report: report.html\n"
    assert {file.name for file in tmp_path.iterdir()} == {"scan.nii.gz", *WRITTEN}
    assert (tmp_path / "measurements.csv").read_bytes() == (
        lumbar.folder / "measurements.csv"
    ).read_bytes()


def test_labels_stored_the_other_way_round_give_the_same_table(tmp_path, ct, vertebrae, lumbar):
    values, affine = nifti(vertebrae)
    turned, step = values.transpose(2, 0, 1)[:, ::-1], affine[:, [2, 0, 1, 3]].copy()
    step[:, 3] += step[:, 1] * (turned.shape[1] - 1)
    step[:, 1] *= -1
    path = save(tmp_path / "turned.nii.gz", np.ascontiguousarray(turned), step)
    found = measure(tmp_path / "out", ct, "--labels", path)
    assert (found.folder / "measurements.csv").read_bytes() == (
        lumbar.folder / "measurements.csv"
    ).read_bytes()


def test_label_numbers_beyond_a_byte_work_with_a_level_map(tmp_path, ct, vertebrae, lumbar):
    values, affine = nifti(vertebrae)
    path = save(
        tmp_path / "l.nii.gz", np.where(values > 0, values.astype(np.int16) + 300, 0), affine
    )
    (tmp_path / "map.json").write_text('{"321": "L2", "322": "L3", "323": "L4"}')
    beside = ("--labels", path, "--level-map", tmp_path / "map.json")
    found = measure(tmp_path / "out", ct, *beside)
    assert found.medians() == lumbar.medians()
    mask, _ = nifti(found.folder / "core.nii.gz")
    assert set(np.unique(mask)) == {0, 321, 322, 323}
    assert set(found.results["manifest"]["input_sha256"]) == {"scan", "labels", "level_map"}


def test_a_single_label_is_measured_once_it_has_a_level(tmp_path, ct, vertebrae, lumbar):
    values, affine = nifti(vertebrae)
    path = save(tmp_path / "l.nii.gz", (values == 22).astype(np.uint8), affine)
    (tmp_path / "map.json").write_text('{"1": "L3"}')
    found = measure(tmp_path / "out", ct, "--labels", path, "--level-map", tmp_path / "map.json")
    assert found.results["labels"]["levels_found"] == ["L3"]
    # its axis is then known from its own shape only, so that the margins turn a little
    assert found.value("L3", "core", "HU median") == pytest.approx(
        lumbar.value("L3", "core", "HU median"), abs=12.0
    )


def test_rods_beside_the_scan_give_a_density_on_the_line_through_them(tmp_path, ct, vertebrae):
    (tmp_path / "rods.toml").write_text(
        "".join(f"[[rod]]\nhu = {hu}\ndensity = {0.8 * hu + 5}\n" for hu in (0, 100, 250))
    )
    beside = ("--labels", vertebrae, "--rods", tmp_path / "rods.toml")
    found = measure(tmp_path / "out", ct, *beside)
    rows = [row for row in found.rows if row["method"] == "phantom-solid"]
    assert [row["level"] for row in rows] == ["L2", "L3", "L4"]
    for row in rows:
        expected = 0.8 * found.value(row["level"], "core", "HU mean") + 5
        assert float(row["value"]) == pytest.approx(expected, abs=0.01)
        assert row["unit"] == "mg/cm3"


def test_settings_are_printed_and_change_the_region(tmp_path, ct, vertebrae, lumbar):
    margins = ("--shell-mm", "6", "--endplate-mm", "7")
    found = measure(tmp_path / "out", ct, "--labels", vertebrae, *margins)
    assert found.results["settings"]["shell_mm"] == 6.0
    assert found.value("L3", "core", "volume") < 0.8 * lumbar.value("L3", "core", "volume")


def test_voxels_without_a_number_are_told_on_stderr_and_on_every_number(tmp_path, ct, vertebrae):
    values, affine = nifti(ct)
    spoilt = values.astype(np.float32)
    spoilt[0, 0, :3] = np.nan
    path = save(tmp_path / "nan.nii.gz", spoilt, affine)
    found = measure(tmp_path / "out", path, "--labels", vertebrae)
    assert "osteon: note: 3 voxels" in found.ran.stderr
    assert "NaN" in found.ran.stderr
    measured = [row for row in found.rows if row["level"]]
    assert all("not-finite-values" in row["flags"].split(";") for row in measured)


def test_a_folder_of_masks_gives_the_numbers_of_the_label_file(tmp_path, ct, vertebrae, lumbar):
    image = nib.load(vertebrae)
    values = np.asarray(image.dataobj)
    folder = tmp_path / "masks"
    folder.mkdir()
    for level, number in {"L2": 21, "L3": 22, "L4": 23}.items():
        mask = nib.Nifti1Image((values == number).astype(np.uint8), image.affine)
        nib.save(mask, folder / f"vertebrae_{level}.nii.gz")
    found = measure(
        tmp_path / "out", ct, "--labels", folder, "--subject", lumbar.rows[0]["subject"]
    )
    assert found.rows == lumbar.rows
    assert found.results["labels"]["numbering"] == "by name"


def test_organs_in_a_folder_are_refused(tmp_path, ct, vertebrae):
    ran = osteon(
        "measure", ct, "--labels", vertebrae, "--organs", tmp_path, "--out", tmp_path / "out"
    )
    assert ran.returncode == 2
    assert "is a folder; give one file with all labels" in ran.stderr
