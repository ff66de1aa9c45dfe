"""`osteon texture` as a person starts it."""

import csv
import json
from pathlib import Path

import jsonschema
import nibabel
import numpy as np
import pytest

from osteon.io.parquet import read_parquet

from .person import contents, here, osteon, save

ROOT = Path(__file__).parents[2]
SCHEMA = ROOT / "docs" / "texture.schema.json"
REFERENCE = ROOT / "tests" / "features" / "texture" / "ibsi_1_digital_phantom.csv"
MM = np.diag([-1.0, -1.0, 1.0, 1.0])
"""Voxels of 1 mm whose array axes run along LPS."""

SHAPE = (14, 13, 12)
QUICK = ("--families", "statistics", "glcm")


def rows(folder):
    with (folder / "measurements.csv").open(newline="", encoding="utf-8") as file:
        return {row["name"]: row for row in csv.DictReader(file)}


def results(folder):
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def phantom(samples):
    folder = samples / "ibsi_digital_phantom"
    return folder / "image.nii.gz", folder / "mask.nii.gz"


@pytest.fixture(scope="module")
def measured(tmp_path_factory, phantom):
    """The digital phantom of the IBSI, in a process of its own."""
    out = tmp_path_factory.mktemp("texture") / "out"
    ran = osteon("texture", *phantom, "--preset", "ibsi-1-digital", "--out", out, "--subject", "p")
    assert ran.returncode == 0, ran.stderr
    return ran, out


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Noise around 100, and a box in it."""
    place = tmp_path_factory.mktemp("pair")
    values = np.random.default_rng(1).normal(100, 20, SHAPE).astype(np.float32)
    inside = np.zeros(SHAPE, np.uint8)
    inside[2:12, 2:11, 2:10] = 1
    return save(place / "image.nii.gz", values, MM), save(place / "mask.nii.gz", inside, MM)


def test_it_ends_with_one_line_that_says_where_the_report_is(measured):
    ran, out = measured
    assert ran.stdout == f"Report: {out / 'report.html'}\n"
    assert {file.name for file in out.iterdir()} == {
        *("report.html", "results.json", "measurements.csv", "manifest.json", "settings.toml"),
    }


def test_the_digital_phantom_has_every_value_that_the_initiative_agreed_on(measured):
    with REFERENCE.open(encoding="utf-8") as file:
        agreed = {row["tag"]: row for row in csv.DictReader(file) if row["value"]}
    found = rows(measured[1])
    assert len(agreed) > 480
    for tag, row in agreed.items():
        value, tolerance = float(row["value"]), float(row["tolerance"])
        # what is printed with three figures may be half a unit of the third away
        rounded = 0.5 * 10 ** (np.floor(np.log10(abs(value) or 1.0)) - 2)
        assert abs(float(found[tag]["value"]) - value) <= tolerance + rounded, tag


def test_each_number_carries_its_ibsi_name_code_and_unit(measured):
    told = {one["tag"]: one for one in results(measured[1])["features"]}
    contrast = told["cm_contrast_3D_comb"]
    assert (contrast["name"], contrast["code"]) == ("Contrast", "ACUI")
    assert (contrast["aggregation"], contrast["aggregation_code"]) == ("3D, merged", "IAZD")
    assert told["morph_volume"]["unit"] == "mm3"
    assert told["morph_moran_i"]["method"] == "ibsi-autocorrelation"
    assert told["stat_var"]["unit"] == "1"


def test_the_results_follow_the_published_schema(measured):
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    told = results(measured[1])
    jsonschema.Draft202012Validator(schema).validate(told)
    assert told["subject"] == "p"
    assert {one["tag"] for one in told["features"]} == set(rows(measured[1]))


def test_the_settings_it_writes_give_the_same_numbers_again(pair, tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    asked = ("--preset", "ibsi-1-b", "--families", "statistics", "ngtdm")
    assert here("texture", *pair, "--out", first, *asked).returncode == 0
    again = ("--settings", first / "settings.toml")
    assert here("texture", *pair, "--out", second, *again).returncode == 0
    assert rows(first) == rows(second)
    assert len(rows(first)) == 18 + 2 * 5


def test_the_families_asked_for_come_and_no_other(pair, tmp_path):
    ran = here("texture", *pair, "--out", tmp_path / "out", "--families", "glrlm", "variogram")
    assert ran.returncode == 0, ran.stderr
    found = set(rows(tmp_path / "out"))
    assert {name.partition("_")[0] for name in found} == {"rlm", "variogram"}
    assert {name.partition("3D")[2] for name in found if name.startswith("rlm")} == {
        *("_avg", "_comb")
    }


def test_texture_beside_ibsi_has_names_and_units_too(pair, tmp_path):
    beside = ("minkowski", "fractal", "lacunarity", "variogram")
    ran = here("texture", *pair, "--out", tmp_path / "out", "--families", *beside)
    assert ran.returncode == 0, ran.stderr
    found = rows(tmp_path / "out")
    assert found["minkowski_3d_surface_5"]["unit"] == "/mm"
    assert found["minkowski_w0_20_trace"]["unit"] == "mm5"
    # at the fifth decile half of the region lies above
    assert float(found["minkowski_3d_volume_5"]["value"]) == pytest.approx(0.5, abs=0.01)
    # noise has no slope: neighbours differ as much as voxels far apart
    assert float(found["variogram_slope"]["value"]) == pytest.approx(0, abs=0.1)
    assert all(row["value"] or row["flags"] == "not-available" for row in found.values())


def test_a_part_that_cannot_be_had_has_a_reason_and_ends_no_other(pair, tmp_path):
    """Four voxels are too few for a kernel and for boxes of three sides."""
    few = np.zeros(SHAPE, np.uint8)
    few[4:6, 4:6, 4] = 1
    mask = save(tmp_path / "few.nii.gz", few, MM)
    families = ("--families", "statistics", "minkowski", "fractal")
    ran = here("texture", pair[0], mask, "--out", tmp_path / "out", *families)
    assert ran.returncode == 0, ran.stderr
    found = rows(tmp_path / "out")
    assert found["stat_mean"]["value"]
    assert found["fractal_box_dimension"]["value"] == ""
    told = {one["tag"]: one for one in results(tmp_path / "out")["features"]}
    assert "Not available: " in told["fractal_box_dimension"]["flags"][0]["text"]


def test_a_map_holds_in_each_voxel_the_value_of_its_window(pair, tmp_path):
    run = ("texture", *pair, "--out", tmp_path / "out", *QUICK)
    ran = here(*run, "--maps", "stat_mean", "cm_contrast", "--window", "3", "--step", "2")
    assert ran.returncode == 0, ran.stderr
    told = results(tmp_path / "out")["maps"]
    assert set(told) == {"stat_mean", "cm_contrast_3D_comb"}
    image = nibabel.load(tmp_path / "out" / "maps" / "stat_mean.nii.gz")
    assert image.header.get_zooms() == pytest.approx((2, 2, 2))
    values = np.asarray(nibabel.load(pair[0]).dataobj)
    inside = np.asarray(nibabel.load(pair[1]).dataobj) > 0
    at = np.linalg.inv(MM) @ image.affine @ [1, 1, 1, 1]
    i, j, k = np.rint(at[:3]).astype(int)
    box = (slice(i - 1, i + 2), slice(j - 1, j + 2), slice(k - 1, k + 2))
    assert np.asarray(image.dataobj)[1, 1, 1] == pytest.approx(values[box][inside[box]].mean())


def test_a_pool_holds_every_feature_of_every_window(pair, tmp_path):
    pytest.importorskip("pyarrow")
    out = tmp_path / "out"
    ran = here("texture", *pair, "--out", out, *QUICK, "--pool", "--window", "5", "--step", "3")
    assert ran.returncode == 0, ran.stderr
    pool, told = read_parquet(out / "pool.parquet"), results(out)["pool"]
    assert len(pool.columns["stat_mean"]) == told["windows"] > 8
    assert pool.units["stat_mean"] == "1"
    assert pool.notes["processing"]["discretisation"]["bins"] == 32
    values = np.asarray(nibabel.load(pair[0]).dataobj)
    inside = np.asarray(nibabel.load(pair[1]).dataobj) > 0
    # array axes run along LPS here, so that the middle in mm is the middle voxel
    i, j, k = (round(float(pool.columns[f"centre_{axis}_mm"][0])) for axis in "xyz")
    box = tuple(slice(max(n - 2, 0), n + 3) for n in (i, j, k))
    expected = values[box][inside[box]].mean()
    assert float(pool.columns["stat_mean"][0]) == pytest.approx(expected, rel=1e-5)


def test_a_pool_without_what_writes_it_is_refused_before_anything_is_measured(
    pair, tmp_path, monkeypatch
):
    monkeypatch.setattr("osteon.app.texture.find_spec", lambda name: None)
    ran = here("texture", *pair, "--out", tmp_path / "out", "--pool", "--window", "5")
    assert ran.returncode == 2
    assert "pip install" in ran.stderr
    assert not (tmp_path / "out").exists()


def test_the_response_of_a_filter_is_described_and_written(pair, tmp_path):
    settings = tmp_path / "mean.toml"
    settings.write_text('[filter]\nkind = "mean"\nsupport = 3\n')
    ran = here("texture", *pair, "--out", tmp_path / "out", "--settings", settings)
    assert ran.returncode == 0, ran.stderr
    written = np.asarray(nibabel.load(tmp_path / "out" / "response.nii.gz").dataobj)
    values = np.asarray(nibabel.load(pair[0]).dataobj, np.float64)
    assert written[5, 5, 5] == pytest.approx(values[4:7, 4:7, 4:7].mean(), rel=1e-6)
    found = rows(tmp_path / "out")
    assert len(found) == 18
    # how stable features of filtered images are was not studied
    assert {one["stability"] for one in results(tmp_path / "out")["features"]} == {None}
    assert "Least ICC" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    inside = np.asarray(nibabel.load(pair[1]).dataobj) > 0
    assert float(found["stat_mean"]["value"]) == pytest.approx(written[inside].mean(), rel=1e-5)


def test_limits_of_grey_values_are_not_laid_on_the_response_again(pair, tmp_path):
    settings = tmp_path / "log.toml"
    limits = "[resegmentation]\nlow = 80.0\n"
    settings.write_text(f'{limits}[filter]\nkind = "laplacian-of-gaussian"\nsigma = 0.8\n')
    run = ("texture", *pair, "--out", tmp_path / "out", "--settings", settings)
    ran = here(*run, "--maps", "stat_mean", "--window", "3", "--step", "3")
    assert ran.returncode == 0, ran.stderr
    # responses lie around 0, far below the limit
    made = np.asarray(nibabel.load(tmp_path / "out" / "maps" / "stat_mean.nii.gz").dataobj)
    assert made.min() < 0 < made.max() < 80


def test_only_stable_features_are_kept_where_that_is_asked_for(pair, tmp_path):
    run = ("texture", *pair, "--preset", "bone-ct", "--families", "glcm", "glrlm", "lacunarity")
    assert here(*run, "--out", tmp_path / "all").returncode == 0
    ran = here(*run, "--out", tmp_path / "kept", "--stable", "0.9")
    assert ran.returncode == 0, ran.stderr
    assert "Only features whose ICC stayed at 0.9" in ran.stderr
    kept, all_ = rows(tmp_path / "kept"), rows(tmp_path / "all")
    told = results(tmp_path / "all")["features"]
    known = {one["tag"]: one["stability"] for one in told}
    assert 0 < len(kept) < len(all_)
    assert set(kept) == {tag for tag, icc in known.items() if icc and icc["least"] >= 0.9}
    assert {tag: all_[tag] for tag in kept} == kept
    assert results(tmp_path / "kept")["left_out"] == len(all_) - len(kept)


def test_what_an_earlier_run_left_does_not_stay_beside_new_numbers(pair, tmp_path):
    out = tmp_path / "a b" / "out ü"
    run = ("texture", *pair, "--out", out, *QUICK)
    assert here(*run, "--maps", "stat_mean", "--window", "3", "--step", "3").returncode == 0
    (out / "maps" / "mine.nii.gz").write_text("mine")
    assert here(*run).returncode == 0
    assert {file.name for file in (out / "maps").iterdir()} == {"mine.nii.gz"}


def test_one_label_of_a_mask_is_measured(pair, tmp_path):
    parts = np.ones(SHAPE, np.uint8)
    parts[7:] = 4
    mask = save(tmp_path / "parts.nii.gz", parts, MM)
    run = ("texture", pair[0], mask, "--out", tmp_path / "out", *QUICK)
    assert here(*run, "--label", "4").returncode == 0
    assert results(tmp_path / "out")["region"]["drawn_voxels"] == 7 * 13 * 12
    ran = here(*run)
    assert "The mask has 2 labels, from 1 to 4; all of them were measured" in ran.stderr


def test_json_goes_to_stdout(pair, tmp_path):
    ran = here("texture", *pair, "--out", tmp_path / "out", *QUICK, "--json")
    assert json.loads(ran.stdout)["schema"] == "osteon-texture-1"


def test_the_manifest_holds_digests_and_no_names(pair, tmp_path):
    out = tmp_path / "out"
    assert here("texture", *pair, "--out", out, *QUICK).returncode == 0
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert set(manifest["input_sha256"]) == {"image", "mask"}
    assert manifest["settings"]["discretisation"]["bins"] == 32
    assert not [
        name for name, held in contents(out).items() if str(pair[0].parent).encode() in held
    ]


def test_cite_names_what_was_used(measured):
    ran = here("cite", measured[1])
    assert "Zwanenburg A" in ran.stdout
    assert "Matheron" not in ran.stdout
