"""`osteon knee` as a person starts it, and what it says of input that it cannot use."""

import csv
import json
import shutil

import numpy as np
import pytest

from knee_blocks import BOXES, GREYS, ct, stand_in
from knee_models import REGIONS, model_folder

from .person import here, nifti, save

AFFINE = np.diag([-1.0, -1.0, 1.0, 1.0])
AFFINE[:3, 3] = (36.0, 24.0, 10.0)
"""RAS; the lattice of the blocks in LPS."""


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return model_folder(tmp_path_factory.mktemp("model"))


@pytest.fixture(scope="module")
def scan(tmp_path_factory):
    """The blocks as a file, with what the scanner said beside it."""
    place = tmp_path_factory.mktemp("scan")
    path = save(place / "ct.nii.gz", ct().volume.values, AFFINE)
    said = {"Modality": "CT", "KVP": 120, "ConvolutionKernel": "bone"}
    path.with_name("ct.json").write_text(json.dumps(said))
    with_air = ct().volume.values.copy()
    with_air[0] = -1000
    save(path, with_air, AFFINE)
    return path


@pytest.fixture
def blocks(monkeypatch):
    stand_in(monkeypatch)


def rows(folder):
    with (folder / "measurements.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


@pytest.fixture(scope="module")
def predicted(model, scan, tmp_path_factory):
    """The blocks predicted once."""
    out = tmp_path_factory.mktemp("predicted") / "out"
    with pytest.MonkeyPatch.context() as patch:
        stand_in(patch)
        return here("knee", "predict", scan, "--model", model, "--out", out, "--subject", "k1"), out


def test_it_writes_a_report_numbers_maps_and_masks(predicted):
    ran, out = predicted
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, f"Report: {out / 'report.html'}\n", "")
    maps = [f"map-app.{name}.nii.gz" for name in ("BV-TV", "Tb.Th", "Tb.Sp", "Tb.N")]
    assert {file.name for file in out.iterdir()} == {
        *("report.html", "results.json", "measurements.csv", "manifest.json"),
        *("regions.nii.gz", "bones.nii.gz", *maps),
    }
    values, affine = nifti(out / "map-app.Tb.N.nii.gz")
    assert affine == pytest.approx(AFFINE)
    assert values[BOXES["medial tibia"]] == pytest.approx(0.7, abs=5e-3)
    regions, _ = nifti(out / "regions.nii.gz")
    data = json.loads((out / "results.json").read_text(encoding="utf-8"))
    for one in data["compartments"]:
        assert (regions[BOXES[one["region"]]] == one["label"]).all()
    told = {(row["region"] + " " + row["level"], row["name"]): row for row in rows(out)}
    for region in REGIONS:
        row = told[region, "app.Tb.N"]
        assert float(row["value"]) == pytest.approx(GREYS[region] / 1000, abs=2e-3)
        assert (row["subject"], row["unit"], row["method"]) == ("k1", "/mm", "knee-student")
    sources = {one["key"]: one["doi"] for one in data["methods"]}
    assert sources["knee-student"].startswith("doi:10.")
    made = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert made["packages"]["onnxruntime"]
    assert {len(one) for one in made["input_sha256"].values()} == {64}
    assert set(made["input_sha256"]) == {"scan", "model"}
    page = (out / "report.html").read_text(encoding="utf-8")
    assert "weights trained on virtual cohorts" in page


def test_json_is_what_results_json_holds_and_flags_go_to_stderr(model, scan, tmp_path, monkeypatch):
    stand_in(monkeypatch, "lateral femur")
    out = tmp_path / "out"
    ran = here("knee", "predict", scan, "--model", model, "--out", out, "--json", "--kvp", "70")
    assert ran.returncode == 0
    assert json.loads(ran.stdout) == json.loads((out / "results.json").read_text(encoding="utf-8"))
    assert "osteon: note: The lateral femur could not be measured" in ran.stderr
    assert "osteon: note: Tube voltage 70 kV" in ran.stderr


def test_maps_of_an_earlier_run_do_not_stay(model, scan, predicted, tmp_path, blocks):
    out = shutil.copytree(predicted[1], tmp_path / "out")
    (out / "map-app.Conn.nii.gz").write_bytes(b"of another model")
    (out / "mine.txt").write_text("kept")
    assert here("knee", "predict", scan, "--model", model, "--out", out).returncode == 0
    assert not (out / "map-app.Conn.nii.gz").exists()
    assert (out / "mine.txt").exists()


@pytest.fixture
def fault(tmp_path, model):
    """What is said in one line, having checked that nothing was written."""

    def told(image, *arguments, with_model=model, out=None):
        before = {*tmp_path.rglob("*")}
        where = out or tmp_path / "out"
        ran = here("knee", "predict", image, "--model", with_model, "--out", where, *arguments)
        assert ran.returncode == 2, ran.stdout
        assert ran.stdout == ""
        assert ran.stderr.startswith("osteon: ")
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert {*tmp_path.rglob("*")} == before
        return ran.stderr

    return told


def test_a_ct_that_is_not_there_is_one_line(fault, tmp_path):
    assert "gone.nii.gz" in fault(tmp_path / "gone.nii.gz")


def test_a_model_that_is_not_there_is_one_line(fault, scan, tmp_path):
    assert "no model folder" in fault(scan, with_model=tmp_path / "gone")


BROKEN = {
    "missing": (lambda m: (m / "student-1.onnx").unlink(), "student-1.onnx"),
    "changed": (
        lambda m: (m / "student-2.onnx").write_bytes((m / "student-2.onnx").read_bytes() + b"\0"),
        "was changed",
    ),
    "format": (
        lambda m: (m / "SHA256SUMS").write_text("osteon-model-2\n"),
        "SHA256SUMS",
    ),
}


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_model_is_one_line(fault, scan, model, tmp_path, change, words):
    own = shutil.copytree(model, tmp_path / "model")
    change(own)
    assert words in fault(scan, with_model=own)


def test_a_folder_that_cannot_be_written_is_one_line(fault, scan, tmp_path):
    (tmp_path / "file").write_text("x")
    assert "is a file" in fault(scan, out=tmp_path / "file")
    assert "is a file" in fault(scan, out=tmp_path / "file" / "out")


def test_the_model_is_not_written_over(fault, scan, model):
    assert "the folder that is read" in fault(scan, out=model)


def test_a_side_that_does_not_fit_is_one_line(fault, scan, blocks):
    assert "--side right does not fit" in fault(scan, "--side", "right")
    assert "--help" in fault(scan, "--side", "up")


def test_a_scan_without_bone_is_one_line(fault, tmp_path):
    values = np.full((40, 40, 40), 40, np.int16)
    values[:4] = -1000
    values[20, 20, 20] = 200
    assert "bone" in fault(save(tmp_path / "water.nii.gz", values, AFFINE))


def test_metal_is_one_line(fault, scan, tmp_path):
    values, affine = nifti(scan)
    values = values.copy()
    values[30:40, 20:30, 30:34] = 3071
    assert "metal" in fault(save(tmp_path / "screw.nii.gz", values, affine))


def test_an_mr_is_refused(fault, tmp_path):
    values = np.random.default_rng(0).integers(0, 900, (40, 40, 40)).astype(np.int16)
    fault(save(tmp_path / "mr.nii.gz", values, AFFINE))


STAGES = ("register", "synthesize", "reference", "train", "evaluate")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_of_no_cohort_is_one_line(stage, tmp_path):
    out = ("--out", tmp_path / "out") if stage == "evaluate" else ()
    ran = here("knee", stage, tmp_path / "gone", *out)
    assert ran.returncode == 2
    assert ran.stderr.count("\n") == 1
    assert "participants.tsv" in ran.stderr
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", ["synthesize", "train", "evaluate"])
def test_without_torch_a_stage_says_what_to_install(stage, tmp_path, monkeypatch):
    from osteon.app import stages

    monkeypatch.setattr(stages, "find_spec", lambda name: None)
    out = ("--out", tmp_path / "out") if stage == "evaluate" else ()
    ran = here("knee", stage, tmp_path, *out)
    assert ran.returncode == 2
    assert ran.stderr == 'osteon: training needs PyTorch: pip install "osteon[learn]".\n'


def test_jobs_below_one_are_refused(tmp_path):
    assert "--jobs must be at least 1" in here("knee", "register", tmp_path, "--jobs", "0").stderr


@pytest.fixture
def reproduced(monkeypatch):
    """Reproducing without the hours: results of which nothing was run."""
    from osteon.pipelines.reproduce import srrd

    def quick(out, settings, *, jobs, progress):
        out.mkdir()
        asked = {"subjects": settings.subjects, "jobs": jobs}
        return {"schema": "osteon-srrd-1", "osteon": "0", "settings": asked}

    monkeypatch.setattr(srrd, "reproduce_srrd", quick)


def test_reproducing_writes_the_page_and_the_results_with_their_command(tmp_path, reproduced):
    out = tmp_path / "srrd"
    ran = here("reproduce", "srrd", "--subjects", "40", "--out", out)
    assert (ran.returncode, ran.stdout) == (0, f"Report: {out / 'report.html'}\n")
    data = json.loads((out / "srrd.json").read_text(encoding="utf-8"))
    assert data["settings"] == {"subjects": 40, "jobs": 2}
    command = "osteon reproduce srrd --preset small --subjects 40 --seeds 3 --out srrd"
    assert data["command"] == command


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--jobs", "0"), "--jobs must be at least 1"),
        (("--preset", "full", "--seeds", "2"), "--preset small"),
        (("--subjects", "9"), "16 patients or more"),
        (("--preset", "huge"), "huge"),
    ],
)
def test_reproducing_what_cannot_be_is_one_line(options, words, tmp_path, reproduced):
    ran = here("reproduce", "srrd", *options, "--out", tmp_path / "out")
    assert ran.returncode == 2
    assert words in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_every_stage_has_help_with_an_example():
    for number, stage in enumerate(STAGES, start=1):
        told = " ".join(here("knee", stage, "--help").stdout.split())
        assert f"Stage {number}" in told
        assert f"Example: osteon knee {stage} knees" in told


def test_patients_that_failed_are_told_and_the_status_is_two(tmp_path, monkeypatch):
    from osteon.pipelines.knee import cohort
    from osteon.pipelines.knee.patches import making as patches

    run = patches.PatchRun(tmp_path, [], ("sub-001",), {"sub-002": "no image in sub-002/mr."})
    monkeypatch.setattr(cohort, "read_cohort", lambda folder: folder)
    monkeypatch.setattr(patches, "make_patches", lambda people, *, jobs, progress: run)
    ran = here("knee", "reference", tmp_path, "--json")
    assert ran.returncode == 2
    assert json.loads(ran.stdout)["failed"] == {"sub-002": "no image in sub-002/mr."}
    assert ran.stderr.startswith("osteon: 1 could not be done, sub-002: no image in sub-002/mr.")


def test_help_teaches_the_order_of_the_stages():
    ran = here("knee", "--help")
    assert ran.returncode == 0
    assert "register, reference, train, evaluate; synthesize" in " ".join(ran.stdout.split())
    assert "virtual cohorts" in " ".join(ran.stdout.split())
