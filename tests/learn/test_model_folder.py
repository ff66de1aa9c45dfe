"""Model folders: what is written is read, every byte is held to its digest, no code runs."""

import hashlib
import json
import shutil
import sys
import warnings

import numpy as np
import onnx
import pytest

from knee_models import NORMAL, PARAMETERS, REGIONS, card, diagnosis, model_folder, network
from osteon.core import BadSetting
from osteon.learn.knee_model import Embeddings, Lattice
from osteon.learn.model_folder import read_model, write_model
from osteon.learn.onnx import export


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two networks that give the mean HU in thousands plus 0.1 and minus 0.1."""
    return model_folder(tmp_path_factory.mktemp("model"), add=(0.1, -0.1))


@pytest.fixture
def own(folder, tmp_path):
    """A copy that a test may break."""
    return shutil.copytree(folder, tmp_path / "model")


def summed(folder):
    """Make the digests those of the files again."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


def edited(folder, change):
    """Change model.json, and its digest with it."""
    data = json.loads((folder / "model.json").read_text())
    data = change(data) or data
    (folder / "model.json").write_text(json.dumps(data))
    summed(folder)


def patches(*greys):
    """A patch of each grey value in HU, all region."""
    ct = np.stack([np.full((32, 32, 32), grey, np.float32) for grey in greys])
    return ct, np.ones(ct.shape, bool)


def test_values_are_the_calibrated_mean_of_the_networks(folder):
    found = read_model(folder).measure(*patches(400, 800))
    single = 1e-4  # networks run in single precision
    assert found.values[0] == pytest.approx([0.3, 0.6, 1.1, 0.4], abs=single)
    assert found.values[1] == pytest.approx([0.5, 1.0, 0.7, 0.8], abs=single)


def test_the_uncertainty_holds_that_of_each_network_and_how_they_differ(folder):
    found = read_model(folder).measure(*patches(400))
    both = np.sqrt(0.01 + 0.1**2)
    assert found.uncertainties[0] == pytest.approx([2 * 0.5 * both, both, both, both], rel=1e-5)


def test_what_is_darker_or_brighter_than_training_is_cut(folder):
    model = read_model(folder)
    air, fat = model.measure(*patches(-1000, -200)).values
    assert (air == fat).all()


def test_the_card_comes_back_as_it_was(folder):
    found, made = read_model(folder).card, card()
    assert found.parameters == PARAMETERS
    assert (found.normalisation, found.seen, found.training) == (NORMAL, made.seen, made.training)
    assert found.metrics == made.metrics
    assert (found.diagnosis.weights == made.diagnosis.weights).all()
    assert (found.embeddings.inverse_covariance == np.eye(2)).all()
    assert "virtual cohorts" in found.notice


def test_more_patches_than_go_at_once_are_the_same_numbers(folder):
    model = read_model(folder)
    greys = np.linspace(0, 1000, 11)
    together = model.measure(*patches(*greys)).values
    assert together[:, 3] == pytest.approx(greys / 1000, abs=1e-4)


def test_patches_of_another_lattice_are_refused(folder):
    with pytest.raises(BadSetting, match="32×32×32"):
        read_model(folder).measure(np.zeros((1, 16, 16, 16)), np.zeros((1, 16, 16, 16), bool))


@pytest.mark.parametrize("name", ["model.json", "student-1.onnx", "student-2.onnx", "SHA256SUMS"])
def test_a_missing_file_is_one_line(own, name):
    (own / name).unlink()
    with pytest.raises(BadSetting, match=name) as told:
        read_model(own)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("name", ["model.json", "student-1.onnx", "student-2.onnx"])
def test_a_single_changed_byte_is_noticed(own, name):
    data = bytearray((own / name).read_bytes())
    data[len(data) // 2] ^= 1
    (own / name).write_bytes(data)
    with pytest.raises(BadSetting, match=f"{name} of model was changed"):
        read_model(own)


BROKEN = {
    "another format": (lambda d: d.update(format="osteon-knee-model-9"), "osteon-knee-model-9"),
    "no table": (lambda d: [1], "no table"),
    "a part less": (lambda d: d.pop("seen") and None, "has no 'seen'"),
    "a part more": (lambda d: d.update(more=1), "an unknown 'more'"),
    "a path outside": (lambda d: d.update(networks=["../x.onnx"]), "'networks'"),
    "a network more": (lambda d: d["networks"].append("x.onnx"), "x.onnx"),
    "text for a number": (lambda d: d["parameters"][0].update(slope="a"), "'slope'"),
    "NaN": (lambda d: d["parameters"][0].update(slope=float("nan")), "NaN"),
    "scale 0": (lambda d: d["normalisation"].update(scale=0), "scale above 0"),
    "a parameter twice": (lambda d: d["parameters"].append(d["parameters"][0]), "each once"),
    "ragged weights": (lambda d: d["diagnosis"].update(weights=[[1], [1, 2]]), "weights"),
    "no list": (lambda d: d.update(metrics=3), "must be a list"),
    "another lattice": (lambda d: d["lattice"].update(voxels=16), r"\(2, 16, 16, 16\)"),
    "range reversed": (lambda d: d["seen"].update(kvp=[140, 80]), "seen.kvp"),
}


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_model_is_one_line(own, change, words):
    edited(own, change)
    with pytest.raises(BadSetting, match=words) as told:
        read_model(own)
    assert "\n" not in str(told.value)


def test_a_network_of_other_outputs_is_refused(own, tmp_path):
    network(own / "student-2.onnx", parameters=3)
    summed(own)
    with pytest.raises(BadSetting, match=r"student-2\.onnx has 'mean' of"):
        read_model(own)
    network(own / "student-2.onnx", name="mr")
    summed(own)
    with pytest.raises(BadSetting, match="lacks 'ct'"):
        read_model(own)


def test_a_file_that_is_no_network_is_refused(own):
    (own / "student-1.onnx").write_bytes(b"import os; os.system('true')")
    summed(own)
    with pytest.raises(BadSetting, match="cannot be read as ONNX") as told:
        read_model(own)
    assert "\n" not in str(told.value)


def test_a_network_that_would_read_another_file_is_refused(own, tmp_path):
    outside = onnx.load(own / "student-1.onnx")
    outside.graph.initializer[0].external_data.add(key="location", value="/etc/passwd")
    (own / "student-1.onnx").write_bytes(outside.SerializeToString())
    summed(own)
    with pytest.raises(BadSetting, match="another file"):
        read_model(own)


def test_a_model_larger_than_it_may_be_is_not_read(own):
    with (own / "student-1.onnx").open("ab") as file:
        file.truncate(21_000_000)
    with pytest.raises(BadSetting, match="20 MB"):
        read_model(own)


def test_without_onnx_runtime_it_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(BadSetting, match=r'pip install "osteon\[models\]"'):
        read_model(folder)


def test_a_folder_of_something_else_is_not_replaced(tmp_path):
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.jpg").write_bytes(b"cat")
    with pytest.raises(BadSetting, match="photos is there"):
        write_model(tmp_path / "photos", card(), [network(tmp_path / "a.onnx")])
    assert (tmp_path / "photos" / "cat.jpg").read_bytes() == b"cat"


def test_a_model_that_cannot_be_read_is_not_written(tmp_path, own):
    before = {p.name: p.read_bytes() for p in own.iterdir()}
    with pytest.raises(BadSetting, match="asks for"):
        write_model(own, card(), [network(tmp_path / "a.onnx", parameters=2)])
    assert {p.name: p.read_bytes() for p in own.iterdir()} == before
    assert {p.name for p in tmp_path.iterdir()} == {"model", "a.onnx"}


def test_a_model_is_replaced_by_its_next_version(tmp_path, own):
    write_model(own, card(name="next"), [network(tmp_path / "a.onnx")])
    assert read_model(own).card.name == "next"
    assert {p.name for p in own.iterdir()} == {"model.json", "SHA256SUMS", "student.onnx"}


def test_the_probability_is_that_of_the_first_coefficients_and_regions_drive_it():
    values = np.full((4, 4), 0.35)
    assert diagnosis().opinion(values).probability == pytest.approx(0.5)
    values[2, 0] = 0.45
    values[0, 0] = 0.9
    found = diagnosis().opinion(values)
    known = 1 / (1 + np.exp(-2))
    assert found.probability == pytest.approx(known)
    assert found.drivers == pytest.approx(dict(zip(REGIONS, (0, 0, known - 0.5, 0), strict=True)))
    assert 1 / (1 + np.exp(-1)) <= found.low < known < found.high <= 1 / (1 + np.exp(-3))


def test_a_region_that_was_not_measured_counts_as_average():
    values = np.full((4, 4), 0.35)
    values[2] = np.nan
    assert diagnosis().opinion(values).probability == pytest.approx(0.5)


def test_distance_is_in_standard_deviations_of_the_training():
    rng = np.random.default_rng(1)
    found = Embeddings.of(rng.normal(3, 2, (400, 3)), ridge=0.0)
    assert found.distance(np.array([3.0, 3.0, 3.0])) == pytest.approx(0, abs=0.2)
    assert found.distance(np.array([3.0, 13.0, 3.0])) == pytest.approx(5, rel=0.1)
    assert found.limit == pytest.approx(np.sqrt(11.34), rel=0.12)  # 99 % of chi² of 3 degrees


def test_fewer_scans_than_directions_still_have_a_limit():
    rng = np.random.default_rng(2)
    scans = rng.normal(size=(8, 20))
    found = Embeddings.of(scans)
    assert np.isfinite(found.limit)
    assert found.distance(scans.mean(axis=0) + 100) > found.limit


def test_a_torch_network_gives_the_same_as_onnx_and_tells_nothing_of_the_machine(tmp_path):
    import torch

    torch.manual_seed(0)
    torch.set_num_threads(1)

    class Tiny(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.first = torch.nn.Conv3d(2, 3, 3, padding=1, stride=2)
            self.norm = torch.nn.BatchNorm3d(3)
            self.last = torch.nn.Linear(3, 8)

        def forward(self, ct):
            embedding = torch.relu(self.norm(self.first(ct))).mean((2, 3, 4))
            mean, log_variance = self.last(embedding).chunk(2, dim=1)
            return mean, log_variance, embedding

    tiny = Tiny()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        off = export(tiny, torch.randn(2, 2, 32, 32, 32), tmp_path / "tiny.onnx")
    assert off <= 1e-4
    assert tiny.training
    data = (tmp_path / "tiny.onnx").read_bytes()
    assert b".py" not in data
    made = card(embeddings=Embeddings(np.zeros(3), np.eye(3), 3.0))
    model = write_model(tmp_path / "model", made, [tmp_path / "tiny.onnx"])
    ct = np.random.default_rng(0).normal(300, 300, (5, 32, 32, 32)).astype(np.float32)
    mask = np.ones(ct.shape, bool)
    images = torch.from_numpy(np.stack([NORMAL.apply(ct), mask.astype(np.float32)], 1))
    with torch.no_grad():
        wanted = tiny.eval()(images)[0].numpy()
    found = model.measure(ct, mask).values
    slopes = np.array([one.slope for one in PARAMETERS])
    intercepts = np.array([one.intercept for one in PARAMETERS])
    assert found == pytest.approx(intercepts + slopes * wanted, abs=1e-4)


@pytest.mark.parametrize(
    "odd",
    [{"apart_mm": 0.0}, {"most": 0}, {"plate_mm": 12.0}, {"plate_mm": -1.0}, {"side_mm": 0.0}],
)
def test_patches_that_lie_nowhere_are_no_lattice(odd):
    with pytest.raises(BadSetting, match=r"a patch has|patches lie"):
        Lattice(**odd)
