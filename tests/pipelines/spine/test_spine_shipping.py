"""A trained study as a model folder: it says what its networks say, and knows whom they knew."""

from types import SimpleNamespace

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.learn.fit import FitSettings
from osteon.learn.networks.vertebra import EncoderSettings
from osteon.learn.spine_folder import PatientInput
from osteon.learn.spine_settings import SpineSettings
from osteon.pipelines.spine.cohort import read_cohort, run_folder
from osteon.pipelines.spine.crops.store import write_crops
from osteon.pipelines.spine.facts import FACTS
from osteon.pipelines.spine.prediction.calibrated import calibrate
from osteon.pipelines.spine.prediction.left_out import left_out_of
from osteon.pipelines.spine.prediction.reading import limits
from osteon.pipelines.spine.prediction.shipping import OF_BONE, ship_model
from osteon.pipelines.spine.predictions import read_predictions
from osteon.pipelines.spine.training.arrays import spine_data
from osteon.pipelines.spine.training.making import (
    TrainingSettings,
    labelled_with_crops,
    read_training,
    train_cohort,
)

SHAPE = (24, 24, 12)
LEVELS = ("L1", "L2", "L3", "L4")
COLUMNS = ["participant_id", "split", "fold", "sex", "scanner", "dxa_device", "abmd", "diagnosis"]
STUDY = TrainingSettings(
    network=SpineSettings(
        fit=FitSettings(epochs=2, batch=16), encoder=EncoderSettings(4, 8, 1), width=8
    ),
    names=("scratch",),
    seeds=(0,),
)


def spine(density, rng, levels):
    """Crops whose bodies are as bright as the patient is dense."""
    parts = np.zeros((len(levels), *SHAPE), np.uint8)
    parts[:, 6:18, 14:20, 2:10] = 1
    parts[:, 4:20, 3:14, 1:11] = 2
    hu = rng.normal(40, 10, parts.shape) + np.where(parts == 2, 300 * (density - 0.4), 0)
    return hu.astype(np.int16), parts


def told(name, levels, n):
    return {
        "participant_id": name,
        "settings": {
            "spacing_mm": 1.5,
            "shape": list(SHAPE),
            "behind_mm": 10.0,
            "levels": list(LEVELS),
        },
        "inputs": {"ct": name},
        "kvp": (100.0, 120.0)[n % 2],
        "kernel": ("soft", "detail")[n % 2],
        "slice_mm": 1.0 + n % 3,
        "spacing_mm": [0.7, 0.7, 1.0 + n % 3],
        "rows": [
            {"level": level, "heights_mm": {}, "vessel_hu": 50.0, "fat_hu": -100.0}
            for level in levels
        ],
        "left_out": [],
    }


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """50 patients of two densitometers, ten a fold, and one of an external site."""
    folder = tmp_path_factory.mktemp("spines")
    rng = np.random.default_rng(0)
    lines = ["\t".join(COLUMNS)]
    people = []
    for n in range(51):
        name, outside = f"sub-{n:02d}", n == 50
        abmd = float(np.round(rng.uniform(0.6, 1.2), 3))
        seen = ("normal", "osteoporosis")[abmd < 0.85]
        cells = [name, "external" if outside else "internal", n % 5, "F", f"scanner-{n % 2}"]
        cells += [("hologic", "lunar")[n % 2] if not outside else "norland", abmd, seen]
        lines.append("\t".join(map(str, cells)))
        people.append((name, abmd, n))
    (folder / "participants.tsv").write_text("\n".join(lines) + "\n")
    cohort = read_cohort(folder)
    for name, abmd, n in people:
        levels = LEVELS[1:] if n == 7 else LEVELS
        crops = [
            SimpleNamespace(hu=h, parts=p) for h, p in zip(*spine(abmd, rng, levels), strict=True)
        ]
        write_crops(run_folder(cohort), name, crops, told(name, levels, n))
    train_cohort(cohort, STUDY)
    return cohort


@pytest.fixture(scope="module")
def shipped(study, tmp_path_factory):
    return ship_model(
        study, tmp_path_factory.mktemp("shipped") / "model", name="scratch", seeds=(0,)
    )


@pytest.mark.parametrize("device", ["given", "unknown"])
def test_the_folder_says_what_the_trained_model_says_calibrated(study, shipped, device):
    patients = labelled_with_crops(study)
    data = spine_data(study, patients)
    model = read_training(run_folder(study), "scratch", 0)
    chosen = np.array([3, 7, 8])  # one of them lacks a vertebra
    said = model.say(data.of(chosen), device)
    scale = shipped.card.scale
    assert scale == calibrate(left_out_of(study, [predictions(study)]), linked=True)
    for row, n in enumerate(chosen):
        one = PatientInput(
            data.hu[n], data.parts[n], data.present[n], float(data.factor[n]), data.facts[n]
        )
        maker = patients[n].device if device == "given" else None
        found = shipped.say(one, data.limits[n][None], maker)
        close = {"abs": 2e-4}  # single precision
        assert found.bmd == pytest.approx(scale.density(said.bmd[row]), **close)
        assert found.bmd_sd == pytest.approx(scale.uncertainty(said.bmd_sd[row]), **close)
        words = (said.classes[row], said.bmd[row], said.bmd_sd[row], data.limits[n])
        assert found.classes == pytest.approx(scale.chances(*map(np.asarray, words)), abs=2e-3)
        assert found.attention == pytest.approx(said.attention[row], **close)
        assert found.experts[0] == pytest.approx(said.experts[row], **close)
        wanted = scale.density(said.vertebra_bmd[row])
        assert found.vertebra_bmd == pytest.approx(wanted, nan_ok=True, **close)
        assert found.levels == pytest.approx(said.levels[row], nan_ok=True, abs=2e-3)
        assert np.isnan(found.vertebra_bmd).tolist() == [n == 7, False, False, False]
        assert np.allclose(limits(patients[n].device, "F", ()), data.limits[n])


def predictions(study):
    return read_predictions(run_folder(study) / "predictions" / "scratch-0")


def test_the_card_tells_of_inside_and_of_nobody_outside(study, shipped):
    card = shipped.card
    assert card.devices == ("hologic", "lunar")
    assert card.facts == FACTS
    assert card.seen.scanners == ("scanner-0", "scanner-1")
    assert card.seen.kernels == ("detail", "soft")
    assert card.seen.kvp == (100.0, 120.0)
    assert card.seen.slice_mm == (1.0, 3.0)
    assert card.seen.pixel_mm == (0.7, 0.7)
    assert card.lattice.shape == SHAPE
    assert card.training.patients == 30  # three of five folds
    assert sum(one.size for one in card.conformal.classes) == 10
    assert card.conformal.density.size == 10
    names = [one.name for one in card.metrics]
    assert {"AUC osteoporosis", "r density"} <= set(names)
    assert "share of classes in the 90 % set" in names
    assert sum(card.unknown) == pytest.approx(1)


def test_tube_voltage_and_contrast_make_nobody_unlike_the_training_but_size_does(study, shipped):
    patients = labelled_with_crops(study)
    facts = spine_data(study, patients).facts[:50].mean(axis=1).astype(np.float64)
    measured = shipped.card.measured
    usual = facts[0]
    odd = usual.copy()
    for name in set(FACTS) - set(OF_BONE):
        odd[FACTS.index(name)] *= 5
    assert measured.distance(odd) == pytest.approx(measured.distance(usual))
    odd[FACTS.index("core_hu")] += 600
    assert measured.distance(odd) > measured.limit > 0


def test_what_was_not_trained_cannot_be_shipped(study, tmp_path):
    with pytest.raises(UnusableTable, match="no model of the spine"):
        ship_model(study, tmp_path / "model", name="full", seeds=(0,))
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter.txt").write_text("x")
    with pytest.raises(BadSetting, match="mine is there"):
        ship_model(study, tmp_path / "mine", name="scratch", seeds=(0,))
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["letter.txt"]
