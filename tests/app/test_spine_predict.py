"""`osteon spine predict` as a person starts it, and what it says of input that it cannot use."""

import csv
import json
import shutil

import numpy as np
import pytest

import shapes
from osteon.learn.knee_model import Embeddings
from osteon.pipelines.spine.crops.cut import CropSettings, cut_vertebrae
from osteon.pipelines.spine.facts import FACTS
from osteon.pipelines.spine.prediction import patient
from spine_models import LATTICE, model_folder

from ..pipelines.people import GRID, person
from .person import here, nifti, save

AFFINE = np.diag([-1.0, -1.0, 1.0, 1.0]) @ np.block(
    [[np.diag(GRID.spacing), GRID.origin[:, None]], [np.zeros((1, 3)), np.ones((1, 1))]]
)
"""RAS; the lattice of the person in LPS."""

KNOWN = {"facts": FACTS, "measured": Embeddings(np.zeros(len(FACTS)), np.eye(len(FACTS)), 1e6)}
SAID = {"Modality": "CT", "KVP": 120, "ConvolutionKernel": "soft", "SliceThickness": 2.0}
WRITTEN = {"report.html", "results.json", "measurements.csv", "manifest.json"}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return model_folder(tmp_path_factory.mktemp("model"), **KNOWN)


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """The person as files, with what the scanner said beside it."""
    place = tmp_path_factory.mktemp("scan")
    scan, labels = person()
    values = np.rint(scan.volume.values).astype(np.int16)
    values[:3] = -1000  # air, by which HU are known
    ct = save(place / "ct.nii.gz", values, AFFINE)
    ct.with_name("ct.json").write_text(json.dumps(SAID))
    return ct, save(place / "vertebrae.nii.gz", labels.values.astype(np.uint8), AFFINE)


@pytest.fixture(scope="module")
def cut():
    return cut_vertebrae(*person(), CropSettings(LATTICE.spacing_mm, LATTICE.shape))


@pytest.fixture
def crops(cut, monkeypatch):
    """The vertebrae cut once for all tests in which nothing about them changes."""
    monkeypatch.setattr(patient, "cut_vertebrae", lambda *given: cut)


@pytest.fixture(scope="module")
def predicted(model, files, cut, tmp_path_factory):
    out = tmp_path_factory.mktemp("predicted") / "out"
    told = ("--device", "Hologic", "--sex", "F", "--subject", "s1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patient, "cut_vertebrae", lambda *given: cut)
        return predict(files, model, out, *told), out


def predict(files, model, out, *arguments):
    ct, labels = files
    return here(
        "spine", "predict", ct, "--labels", labels, "--model", model, "--out", out, *arguments
    )


def rows(folder):
    with (folder / "measurements.csv").open(newline="", encoding="utf-8") as file:
        return {(row["level"], row["name"]): row for row in csv.DictReader(file)}


def test_it_writes_a_report_and_numbers(predicted):
    ran, out = predicted
    assert (ran.returncode, ran.stdout) == (0, f"Report: {out / 'report.html'}\n")
    assert ran.stderr == "osteon: note: L4 was left out: L4 is not among the labels.\n"
    assert {file.name for file in out.iterdir()} == WRITTEN
    data = json.loads((out / "results.json").read_text(encoding="utf-8"))
    told = data["patient"]
    hologic = (told["bmd_g_cm2"] - 1.0436) / 1.0550 + 0.972
    assert told["device"]["abmd"] == pytest.approx(hologic)
    table = rows(out)
    row = table["", "aBMD as read by hologic"]
    assert float(row["value"]) == pytest.approx(hologic, rel=1e-5)
    assert (row["subject"], row["unit"], row["method"]) == ("s1", "g/cm2", "dxa-hui-1997")
    assert float(table["", "T-score"]["value"]) == pytest.approx((hologic - 1.047) / 0.11, rel=1e-4)
    assert table["L4", "aBMD standardised"]["value"] == ""
    made = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    assert set(made["input_sha256"]) == {"scan", "labels", "model"}
    assert {len(one) for one in made["input_sha256"].values()} == {64}


def test_the_page_says_what_it_is_and_needs_no_network(predicted):
    page = (predicted[1] / "report.html").read_text(encoding="utf-8")
    assert "Research only" in page
    assert "T-score" in page
    assert "left out: L4 is not among the labels." in page
    assert page.count("data:image/png;base64,") == 9  # three slices of three vertebrae
    assert "<script" not in page
    assert 'src="http' not in page
    assert "/home" not in page


@pytest.mark.usefixtures("crops")
def test_json_is_what_results_json_holds_and_flags_go_to_stderr(model, files, tmp_path):
    ran = predict(files, model, tmp_path / "out", "--json", "--kvp", "70", "--contrast", "yes")
    assert ran.returncode == 0
    data = json.loads((tmp_path / "out" / "results.json").read_text(encoding="utf-8"))
    assert json.loads(ran.stdout) == data
    assert "osteon: note: Tube voltage 70 kV" in ran.stderr
    assert "osteon: note: The file states contrast agent" in ran.stderr
    assert "osteon: note: No densitometer is named" in ran.stderr
    assert data["scan"]["contrast"] is True
    assert data["patient"]["t_score"] is None


@pytest.mark.usefixtures("crops")
def test_a_page_without_sex_shows_the_density_and_no_t_score(model, files, tmp_path):
    ran = predict(files, model, tmp_path / "out", "--device", "norland")
    assert "osteon: note: The model has not learned from norland" in ran.stderr
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "Standardised density, L1, L2, L3" in page
    assert "As Norland would read it" in page


def test_labels_of_any_numbers_are_read_by_a_map(model, files, tmp_path, cut, monkeypatch):
    seen = []

    def look(scan, labels, settings):
        seen.append(dict(labels.names))
        return cut

    monkeypatch.setattr(patient, "cut_vertebrae", look)
    values, affine = nifti(files[1])
    odd = np.zeros_like(values)
    for new, old in enumerate(sorted(set(np.unique(values)) - {0}, reverse=True), start=1):
        odd[values == old] = new
    labels = save(tmp_path / "odd.nii.gz", odd, affine)
    table = tmp_path / "map.json"
    table.write_text('{"1": "L1", "2": "L2", "3": "L3"}')
    ran = predict((files[0], labels), model, tmp_path / "out", "--level-map", table)
    assert ran.returncode == 0, ran.stderr
    assert seen == [{1: "L1", 2: "L2", 3: "L3"}]


def changed(files, place, change, levels=("L1", "L2", "L3"), **said):
    """The scan with other values or another header, and labels of some vertebrae."""
    values, affine = nifti(files[0])
    values = np.array(values)
    change(values)
    ct = save(place / "other.nii.gz", values, affine)
    ct.with_name("other.json").write_text(json.dumps({**SAID, **said}))
    numbers = [shapes.TOTALSEGMENTATOR[level] for level in levels]
    labels, _ = nifti(files[1])
    kept = np.where(np.isin(labels, numbers), labels, 0).astype(np.uint8)
    return ct, save(place / "some.nii.gz", kept, affine)


def screw(level):
    """Put metal into the middle of a body."""

    def put(values):
        spine = shapes.labels(shapes.spine(["L1", "L2", "L3"]), GRID)
        found = np.argwhere(spine == shapes.TOTALSEGMENTATOR[level])
        low, high = found.min(axis=0), found.max(axis=0)
        i, _, k = (low + high) // 2
        j = low[1] + 8  # the body lies in front
        values[i - 2 : i + 3, j - 2 : j + 3, k - 1 : k + 2] = 3000

    return put


def test_hardware_in_one_vertebra_is_a_flag_and_a_note(model, files, tmp_path):
    odd = changed(files, tmp_path, screw("L2"), ("L2", "L3"))
    ran = predict(odd, model, tmp_path / "out")
    assert ran.returncode == 0
    assert "osteon: note: L2 was left out: metal in or beside it" in ran.stderr
    assert "metal" in rows(tmp_path / "out")["L2", "aBMD standardised"]["flags"]
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "metal, whose streaks falsify HU nearby" in page


def test_slices_outside_the_training_are_a_flag(model, files, tmp_path, crops):
    odd = changed(files, tmp_path, lambda v: None, SliceThickness=5.0)
    ran = predict(odd, model, tmp_path / "out")
    assert (
        "osteon: note: Slices of 5.00 mm; those of the training were 0.60 to 3.00 mm." in ran.stderr
    )
    flags = rows(tmp_path / "out")["", "aBMD standardised"]["flags"]
    assert "slices-not-seen" in flags


def test_a_vertebra_cut_by_the_field_of_view_is_a_flag(model, files, tmp_path):
    place = tmp_path / "cut"
    place.mkdir()
    pair = []
    for file in changed(files, tmp_path, lambda v: None, ("L1", "L2")):
        values, affine = nifti(file)
        moved = affine.copy()
        moved[:3, 3] = affine[:3, :3] @ [0, 0, 26] + affine[:3, 3]
        pair.append(save(place / file.name, np.array(values[:, :, 26:]), moved))
    pair[0].with_name("other.json").write_text(json.dumps(SAID))
    ran = predict(pair, model, tmp_path / "out")
    assert ran.returncode == 0
    assert "the field of view cuts it" in ran.stderr
    assert "densitometry makes no diagnosis of one vertebra" in ran.stderr


@pytest.fixture
def fault(tmp_path, model, files):
    """What is said in one line, having checked that nothing was written."""

    def told(*arguments, pair=files, with_model=model, out=None):
        before = {*tmp_path.rglob("*")}
        ran = predict(pair, with_model, out or tmp_path / "out", *arguments)
        assert ran.returncode == 2, ran.stdout
        assert ran.stdout == ""
        assert ran.stderr.startswith("osteon: ")
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert {*tmp_path.rglob("*")} == before
        return ran.stderr

    return told


def test_hardware_everywhere_is_one_line(fault, files, tmp_path):
    said = fault(pair=changed(files, tmp_path, screw("L2"), ("L2",)))
    assert "no vertebra can be read: L2: metal in or beside it. Use another scan." in said


def test_a_densitometer_that_nobody_knows_is_one_line(fault):
    said = fault("--device", "acme")
    assert "'acme' is no densitometer that we know; known are hologic, lunar, norland" in said


def test_options_out_of_range_are_one_line(fault):
    assert "--help" in fault("--sex", "X")
    assert "coverage" in fault("--coverage", "1.5")
    assert "needs 999 patients" in fault("--coverage", "0.999")


def test_files_that_are_not_there_are_one_line(fault, files, tmp_path):
    gone = tmp_path / "gone.nii.gz"
    assert "gone.nii.gz" in fault(pair=(gone, files[1]))
    assert "gone.nii.gz" in fault(pair=(files[0], gone))
    assert "gone.json" in fault("--level-map", tmp_path / "gone.json")


BROKEN = {
    "missing": (lambda m: (m / "patient-1.onnx").unlink(), "patient-1.onnx"),
    "changed": (lambda m: (m / "vertebra-1.onnx").write_bytes(b"other"), "was changed"),
    "no model": (shutil.rmtree, "no model folder: it has no model.json"),
}


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_model_is_one_line(fault, model, tmp_path, change, words):
    own = shutil.copytree(model, tmp_path / "model")
    change(own)
    assert words in fault(with_model=own)


def test_labels_of_another_grid_or_without_lumbar_vertebrae_are_one_line(fault, files, tmp_path):
    values, affine = nifti(files[1])
    moved = affine.copy()
    moved[0, 3] += 500
    assert "outside the scan" in fault(
        pair=(files[0], save(tmp_path / "far.nii.gz", values, moved))
    )
    blank = save(tmp_path / "blank.nii.gz", np.zeros_like(values), affine)
    assert "labels no voxel" in fault(pair=(files[0], blank))
    said = fault("--level-map", _map(tmp_path, {31: "T10", 30: "T11", 29: "T12"}))
    assert "none of L1, L2, L3, L4 can be cut out of the scan" in said


def _map(place, table):
    path = place / "chest.json"
    path.write_text(json.dumps(table))
    return path


def test_results_are_not_written_over_what_is_read(fault, model, tmp_path):
    assert "the folder that is read" in fault(out=model)
    (tmp_path / "file").write_text("x")
    assert "is a file" in fault(out=tmp_path / "file")


def test_an_mr_is_refused(fault, files, tmp_path):
    values = np.random.default_rng(0).integers(0, 900, GRID.shape).astype(np.int16)
    fault(pair=(save(tmp_path / "mr.nii.gz", values, AFFINE), files[1]))


def test_help_has_an_example_and_says_what_it_is_for():
    told = " ".join(here("spine", "predict", "--help").stdout.split())
    assert "Example: osteon spine predict ct.nii.gz --labels" in told
    assert "--device" in told
    overview = " ".join(here("spine", "--help").stdout.split())
    assert "predict" in overview
