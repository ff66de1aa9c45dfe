"""`osteon structure` as a person starts it."""

import csv
import json
from pathlib import Path

import jsonschema
import nibabel
import numpy as np
import pytest

from images import isq, saved
from osteon.features import FEATURES

from .person import contents, here, osteon, save

SCHEMA = Path(__file__).parents[2] / "docs" / "structure.schema.json"
MM = np.diag([-0.05, -0.05, 0.05, 1.0])
"""Voxels of 0.05 mm whose array axes run along LPS."""


def plates(side=48, thick=4, period=16):
    """Plates across k, each 4 voxels (0.2 mm) thick, one every 16 (0.8 mm)."""
    bone = np.zeros((side, side, side), np.uint8)
    for k in range(6, side, period):
        bone[:, :, k : k + thick] = 1
    return bone


def rows(folder):
    with (folder / "measurements.csv").open(newline="", encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def value(folder, name):
    return float(rows(folder)[name]["value"])


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    """Plates as a mask, with the map of thickness, in a process of its own."""
    place = tmp_path_factory.mktemp("structure")
    image = save(place / "plates.nii.gz", plates(), MM)
    ran = osteon("structure", image, "--out", place / "out", "--map", "Tb.Th", "--subject", "p1")
    assert ran.returncode == 0, ran.stderr
    return ran, place / "out"


@pytest.fixture(scope="module")
def grey(tmp_path_factory):
    """The same plates as grey values: marrow 100, bone 900 and a little noise."""
    place = tmp_path_factory.mktemp("grey")
    noise = np.random.default_rng(1).normal(0, 20, (48, 48, 48))
    return save(place / "grey.nii.gz", (100 + 800.0 * plates() + noise).astype(np.float32), MM)


def test_it_ends_with_one_line_that_says_where_the_report_is(measured):
    ran, out = measured
    assert ran.stdout == f"Report: {out / 'report.html'}\n"
    assert {file.name for file in out.iterdir()} == {
        *("report.html", "results.json", "measurements.csv", "manifest.json"),
        *("bone.nii.gz", "Tb.Th.nii.gz"),
    }


def test_plates_get_the_numbers_that_they_have_on_paper(measured):
    _, out = measured
    assert value(out, "BV/TV") == pytest.approx(0.25)
    assert value(out, "Tb.Th") == pytest.approx(0.2)
    assert value(out, "Tb.Sp") == pytest.approx(0.6, rel=0.02)
    assert value(out, "Tb.N") == pytest.approx(1 / 0.8, rel=0.02)
    assert value(out, "BS/BV") == pytest.approx(2 / 0.2, rel=0.01)
    assert value(out, "Tb.Th (plate)") == pytest.approx(0.2, rel=0.01)
    assert value(out, "SMI") == pytest.approx(0, abs=0.05)
    assert value(out, "plate fraction") == pytest.approx(1, abs=0.01)


def test_the_map_holds_the_thickness_of_every_bone_voxel_in_mm(measured):
    _, out = measured
    found = np.asarray(nibabel.load(out / "Tb.Th.nii.gz").dataobj)
    assert found[plates() > 0] == pytest.approx(0.2)
    assert (found[plates() == 0] == 0).all()


def test_the_results_follow_the_published_schema(measured):
    _, out = measured
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    results = json.loads((out / "results.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator(schema).validate(results)
    assert results["subject"] == "p1"
    assert {one["name"] for one in results["measurements"]} == set(results["features"])


def test_the_manifest_says_what_is_needed_to_repeat_the_run(measured):
    manifest = json.loads((measured[1] / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["seed"] == 0
    assert manifest["threads"] >= 1
    assert {"numba", "numpy", "scikit-image"} <= set(manifest["packages"])
    assert manifest["settings"]["map"] == ["Tb.Th"]
    assert len(manifest["input_sha256"]["image"]) == 64


def test_every_row_is_a_feature_in_its_unit(measured):
    for name, row in rows(measured[1]).items():
        assert row["unit"] == FEATURES[name].unit
        assert row["value"] or row["flags"], name


def test_a_plate_between_two_slices_of_plates_has_no_end_of_mean_intercepts(measured):
    """Along plates nothing is ever crossed, so that DA has no value but a reason."""
    row = rows(measured[1])["DA"]
    assert row["value"] == ""
    assert row["flags"]


def test_grey_values_give_the_same_bone_and_thickness_between_voxels(grey, tmp_path):
    ran = here("structure", grey, "--out", tmp_path / "out", "--threshold", "500")
    assert ran.returncode == 0, ran.stderr
    assert value(tmp_path / "out", "BV/TV") == pytest.approx(0.25)
    assert value(tmp_path / "out", "Tb.Th (sub-voxel)") == pytest.approx(0.2, rel=0.02)
    assert value(tmp_path / "out", "BV/TV (grey)") == pytest.approx(0.25, rel=0.01)


def test_a_region_is_measured_at_its_border(tmp_path):
    image = save(tmp_path / "plates.nii.gz", plates(), MM)
    inside = np.zeros((48, 48, 48), np.uint8)
    inside[8:40, 8:40, 8:40] = 3
    mask = save(tmp_path / "mask.nii.gz", inside, MM)
    ran = here("structure", image, "--out", tmp_path / "out", "--mask", mask, "--label", "3")
    assert ran.returncode == 0, ran.stderr
    assert value(tmp_path / "out", "TV") == pytest.approx((32 * 0.05) ** 3)
    # plates at k = 6…10, 22…26, 38…42: two slices of the first, four, two of the last
    assert value(tmp_path / "out", "BV/TV") == pytest.approx(8 / 32)
    assert value(tmp_path / "out", "Tb.Th") == pytest.approx(0.2)
    assert rows(tmp_path / "out")["Tb.Th"]["flags"] == "thin-region"


def test_bone_that_reaches_no_border_may_have_cut_faces_and_a_word_about_it(tmp_path):
    padded = save(tmp_path / "padded.nii.gz", np.pad(plates(24), 1), MM)
    for image, told in ((padded, True), (save(tmp_path / "cut.nii.gz", plates(24), MM), False)):
        ran = here("structure", image, "--out", tmp_path / "out")
        assert ran.returncode == 0, ran.stderr
        assert ("No bone reaches the border" in ran.stderr) == told


def test_large_voxels_get_apparent_parameters_and_a_word_about_it(tmp_path):
    rng = np.random.default_rng(2)
    values = (200 + 400 * (rng.random((24, 24, 12)) > 0.6)).astype(np.float32)
    values += rng.normal(0, 10, values.shape).astype(np.float32)
    image = save(tmp_path / "ct.nii.gz", values, np.diag([-0.3, -0.3, 0.6, 1.0]))
    ran = here("structure", image, "--out", tmp_path / "out")
    assert ran.returncode == 0, ran.stderr
    assert "do not resolve trabeculae" in ran.stderr
    assert "The whole image was measured, with all that lies around" in ran.stderr
    found = rows(tmp_path / "out")
    assert "app.Tb.Th" in found
    assert "TBS" in found
    assert "Tb.Th" not in found


def test_blocks_change_no_number(tmp_path):
    rng = np.random.default_rng(3)
    image = save(tmp_path / "noise.nii.gz", (rng.random((40, 24, 24)) < 0.4).astype(np.uint8), MM)
    for name, extra in (("whole", ()), ("blocks", ("--block", "7"))):
        assert here("structure", image, "--out", tmp_path / name, *extra).returncode == 0
    whole, blocks = (rows(tmp_path / name) for name in ("whole", "blocks"))
    assert whole == blocks


def test_the_same_image_gives_the_same_numbers_twice(grey, tmp_path):
    for name in ("one", "two"):
        assert here("structure", grey, "--out", tmp_path / name).returncode == 0
    assert rows(tmp_path / "one") == rows(tmp_path / "two")


def test_json_goes_to_stdout(grey, tmp_path):
    ran = here("structure", grey, "--out", tmp_path / "out", "--json", "--mode", "apparent")
    assert json.loads(ran.stdout)["mode"] == "apparent"


def test_the_stiffness_of_a_solid_part_is_that_of_bone(tmp_path):
    bone = np.zeros((8, 8, 10), np.uint8)
    bone[:, :4, :] = 1
    image = save(tmp_path / "half.nii.gz", bone, MM)
    ran = here(
        *("structure", image, "--out", tmp_path / "out", "--strength"),
        *("--element-mm", "0.05", "--mode", "cortical", "--modulus-gpa", "10"),
    )
    assert ran.returncode == 0, ran.stderr
    assert value(tmp_path / "out", "E.z") == pytest.approx(5, rel=1e-3)
    assert value(tmp_path / "out", "E.y") == 0


@pytest.fixture
def half(tmp_path):
    """A small image of which one half is bone."""
    bone = np.zeros((12, 12, 12), np.uint8)
    bone[:, :6, :] = 1
    return save(tmp_path / "half ü.nii.gz", bone, MM)


def test_maps_of_an_earlier_run_do_not_stay_beside_new_numbers(half, tmp_path):
    out = tmp_path / "a b" / "out"
    run = ("structure", half, "--mode", "cortical", "--out", out)
    assert here(*run, "--map", "Ct.Th").returncode == 0
    (out / "notes.txt").write_text("mine")
    assert here(*run).returncode == 0
    assert not (out / "Ct.Th.nii.gz").exists()
    assert (out / "notes.txt").read_text() == "mine"


def test_what_was_asked_for_but_not_used_is_told(half, tmp_path):
    parts = np.ones((12, 12, 12), np.uint8)
    parts[6:] = 4
    mask = save(tmp_path / "parts.nii.gz", parts, MM)
    ran = here(
        *("structure", half, "--mode", "cortical", "--out", tmp_path / "out"),
        *("--mask", mask, "--threshold", "-100 HU"),
    )
    assert ran.returncode == 0, ran.stderr
    assert "--threshold -100 HU was not used: the image has two values only" in ran.stderr
    assert "The mask has 2 labels, from 1 to 4; all of them were measured" in ran.stderr


def test_the_name_on_a_sample_is_in_no_file_unless_asked_for(tmp_path):
    values = np.full((12, 12, 12), 1000, np.int16)
    values[:, :6] = 9000
    image = saved(tmp_path, isq(values, name=b"SECRET MARIA"), "c1.isq")
    for option, told in ((), set()), (("--keep-identifiers",), {"results.json"}):
        out = tmp_path / f"out{len(told)}"
        ran = here("structure", image, "--mode", "cortical", "--out", out, *option)
        assert ran.returncode == 0, ran.stderr
        assert "SECRET" not in ran.stdout + ran.stderr
        held = {name for name, content in contents(out).items() if b"SECRET" in content}
        assert held == told


def test_cite_names_what_was_used(measured):
    ran = here("cite", measured[1])
    assert "Hildebrand T, Rüegsegger P" in ran.stdout
    assert "Majumdar" not in ran.stdout
