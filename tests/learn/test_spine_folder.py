"""Model folders of the spine: what is written is read, checked, and says what paper says."""

import hashlib
import json
import shutil

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.learn.spine_card import Conformal, CropLattice, SaidScale, quantile_of
from osteon.learn.spine_folder import PatientInput, read_spine_model, write_spine_model
from spine_models import (
    BY_DEVICE,
    PATIENT_SD,
    VERTEBRA_SD,
    card,
    model_folder,
    patient_network,
    vertebra_network,
)

LIMITS = np.array([[0.95, 0.83]])
SINGLE = 1e-5  # networks run in single precision


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Two networks that are 0.1 g/cm² above and below what the grey values say."""
    return model_folder(tmp_path_factory.mktemp("model"), add=(0.1, -0.1))


@pytest.fixture(scope="module")
def model(folder):
    return read_spine_model(folder)


@pytest.fixture
def own(folder, tmp_path):
    """A copy that a test may break."""
    return shutil.copytree(folder, tmp_path / "model")


def patient(*greys, present=(True, True, True, True), factor=1.0):
    """Crops of one grey value each, in HU."""
    hu = np.stack([np.full((32, 36, 16), grey, np.int16) for grey in greys])
    return PatientInput(
        hu, np.zeros(hu.shape, np.uint8), np.array(present), factor, np.zeros((4, 2))
    )


def said(grey):
    """Density of a vertebra of that grey value, of which (HU - 150) / 250 is seen."""
    return 1.0 + 0.2 * (grey - 150) / 250


def test_a_patient_is_the_mean_of_the_vertebrae_that_are_there(model):
    found = model.say(patient(150, 400, 9999, 650, present=(1, 1, 0, 1)), LIMITS, "hologic")
    each = [said(150), said(400), np.nan, said(650)]
    assert found.vertebra_bmd == pytest.approx(each, abs=SINGLE, nan_ok=True)
    assert found.bmd == pytest.approx(np.nanmean(each), abs=SINGLE)
    assert found.attention == pytest.approx([1 / 3, 1 / 3, 0, 1 / 3], abs=SINGLE)
    assert np.isnan(found.levels[2]).all()
    assert found.levels[3, 3] == pytest.approx(0.94, abs=SINGLE)


def test_the_uncertainty_holds_that_of_each_network_and_how_they_differ(model):
    found = model.say(patient(150, 150, 150, 150), LIMITS, "hologic")
    assert found.bmd_sd == pytest.approx(np.hypot(PATIENT_SD, 0.1), abs=SINGLE)
    assert found.vertebra_sd == pytest.approx([np.hypot(VERTEBRA_SD, 0.1)] * 4, abs=SINGLE)


def test_a_tube_voltage_is_corrected_before_the_network_sees_it(model):
    found = model.say(patient(150, 150, 150, 150, factor=1.1), LIMITS, "hologic")
    assert found.bmd == pytest.approx(said(165), abs=SINGLE)


def test_each_densitometer_has_its_own_words_and_an_unknown_one_the_mean_of_all(model):
    one = patient(150, 150, 150, 150)
    by = {name: model.say(one, LIMITS, name) for name in ("hologic", "lunar", None, "norland")}
    assert by["lunar"].bmd - by["hologic"].bmd == pytest.approx(BY_DEVICE, abs=SINGLE)
    assert by[None].bmd == pytest.approx(1.0 + BY_DEVICE / 2, abs=SINGLE)
    assert by["norland"].bmd == by[None].bmd
    between = BY_DEVICE / 2
    assert by[None].bmd_sd == pytest.approx(
        np.sqrt(PATIENT_SD**2 + 0.1**2 + between**2), abs=SINGLE
    )


def test_a_model_that_learned_unknown_densitometers_is_asked_for_none(folder, tmp_path):
    place = model_folder(tmp_path, unknown=(0.0, 0.0, 1.0))
    found = read_spine_model(place).say(patient(150, 150, 150, 150), LIMITS, None)
    assert found.bmd == pytest.approx(1.0 - BY_DEVICE, abs=SINGLE)  # its number is -1


def test_two_rows_of_limits_give_the_mean_of_both_answers(model):
    one = patient(10, 10, 10, 10)
    women, men = np.array([[0.95, 0.83]]), np.array([[1.0, 0.88]])
    apart = [model.say(one, rows, "hologic").classes for rows in (women, men)]
    together = model.say(one, np.concatenate([women, men]), "hologic")
    assert together.bmd == pytest.approx(said(10), abs=SINGLE)
    assert together.experts == pytest.approx(np.tile([0.75, 0.25], (2, 1)), abs=SINGLE)
    both = together.classes
    assert both == pytest.approx(np.mean(apart, axis=0), abs=SINGLE)
    assert apart[1][2] > apart[0][2] + 0.03


def test_words_are_calibrated(tmp_path):
    scale = SaidScale(slope=0.5, intercept=0.4, spread=2.0, vertebra_spread=3.0, temperature=2.0)
    plain = read_spine_model(model_folder(tmp_path))
    (tmp_path / "b").mkdir()
    other = read_spine_model(model_folder(tmp_path / "b", scale=scale))
    one = patient(10, 10, 10, 10)
    before, after = (m.say(one, LIMITS, "hologic") for m in (plain, other))
    assert after.bmd == pytest.approx(0.4 + 0.5 * before.bmd, abs=SINGLE)
    assert after.bmd_sd == pytest.approx(0.5 * 2 * before.bmd_sd, abs=SINGLE)
    assert after.vertebra_sd == pytest.approx(0.5 * 3 * before.vertebra_sd, abs=SINGLE)
    roots = np.sqrt(before.classes)
    assert after.classes == pytest.approx(roots / roots.sum(), abs=1e-3)


def test_the_card_comes_back_as_it_was(model):
    made = card()
    found = model.card
    assert (found.levels, found.devices, found.lattice) == (made.levels, made.devices, made.lattice)
    assert (found.scale, found.seen, found.training) == (made.scale, made.seen, made.training)
    assert found.metrics == made.metrics
    assert (found.conformal.classes[2] == made.conformal.classes[2]).all()
    assert "virtual cohorts" in found.notice


def summed(folder):
    """Make the digests those of the files again."""
    files = sorted(path for path in folder.iterdir() if path.name != "SHA256SUMS")
    lines = [f"{hashlib.sha256(p.read_bytes()).hexdigest()}  {p.name}\n" for p in files]
    (folder / "SHA256SUMS").write_text("".join(lines))


BROKEN = {
    "a model of the knee": (lambda d: d.update(format="osteon-knee-model-1"), "osteon-knee-model"),
    "a part less": (lambda d: d.pop("scale"), "has no 'scale'"),
    "a part more": (lambda d: d.update(more=1), "an unknown 'more'"),
    "a temperature of 0": (lambda d: d["scale"].update(temperature=0.0), "above 0"),
    "a score below 0": (lambda d: d["conformal"].update(density=[-1.0]), "not negative"),
    "another lattice": (lambda d: d["lattice"].update(shape=[32, 36, 18]), "asks for"),
    "a fact more": (lambda d: d["facts"].append("third"), "'measured'"),
    "another densitometer": (lambda d: d["devices"].append("norland"), "'unknown'"),
    "half a network": (lambda d: d["networks"].pop(), "same files"),
    "no levels": (lambda d: d.update(levels=[]), "needs levels"),
}


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_model_is_one_line(own, change, words):
    data = json.loads((own / "model.json").read_text())
    change(data)
    (own / "model.json").write_text(json.dumps(data))
    summed(own)
    with pytest.raises(BadSetting, match=words) as told:
        read_spine_model(own)
    assert "\n" not in str(told.value)


def test_a_changed_byte_is_noticed(own):
    with (own / "patient-2.onnx").open("ab") as file:
        file.write(b"\0")
    with pytest.raises(BadSetting, match=r"patient-2\.onnx of model was changed"):
        read_spine_model(own)


def test_networks_of_other_facts_are_refused(tmp_path):
    pair = vertebra_network(tmp_path / "v.onnx", facts=3), patient_network(tmp_path / "p.onnx")
    with pytest.raises(BadSetting, match=r"vertebra-1\.onnx has 'facts' of \(3,\)"):
        write_spine_model(tmp_path / "model", card(), [pair])
    assert not (tmp_path / "model").exists()


def test_a_patient_on_another_lattice_or_without_vertebrae_is_refused(model):
    other = patient(1, 1, 1, 1)
    with pytest.raises(BadSetting, match="crops of"):
        model.say(
            PatientInput(other.hu[:, 1:], other.parts, other.present, 1.0, other.facts),
            LIMITS,
            None,
        )
    with pytest.raises(BadSetting, match="one vertebra"):
        model.say(patient(1, 1, 1, 1, present=(False,) * 4), LIMITS, None)


def test_a_quantile_is_the_order_statistic_of_one_more_patient():
    scores = np.arange(1.0, 21.0)  # 20 patients: ⌈21 · 0.9⌉ = 19
    assert quantile_of(scores, 0.9) == 19.0
    assert quantile_of(scores[:9], 0.9) == 9.0
    with pytest.raises(UnusableTable, match="needs 9"):
        quantile_of(scores[:8], 0.9)
    with pytest.raises(BadSetting, match="coverage"):
        quantile_of(scores, 1.0)


def test_a_set_is_held_to_the_scores_of_each_class_and_has_no_gap():
    many = np.full(20, 0.2)
    scores = Conformal(np.ones(20), (many, np.full(20, 0.5), np.full(20, 0.95)))
    held = {
        (0.85, 0.10, 0.05): (True, True, True),  # severe is held from 0.05 on, so mild as well
        (0.70, 0.29, 0.01): (True, False, False),  # never empty: the likeliest stays
        (0.10, 0.60, 0.30): (False, True, True),
        (0.01, 0.02, 0.97): (False, False, True),
    }
    for chances, wanted in held.items():
        assert tuple(scores.holds(np.array(chances), 0.9)) == wanted, chances


def test_a_class_of_too_few_is_held_to_the_scores_of_all():
    few = Conformal(np.ones(20), (np.full(20, 0.1), np.full(20, 0.3), np.full(3, 0.9)))
    # 43 patients: the ⌈44 · 0.9⌉ = 40th score is 0.3
    assert tuple(few.holds(np.array([0.1, 0.2, 0.7]), 0.9)) == (False, False, True)
    assert tuple(few.holds(np.array([0.2, 0.7, 0.1]), 0.9)) == (False, True, False)


def test_temperature_leaves_the_order_and_the_sum():
    chances = np.array([[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]])
    cool, warm = (SaidScale(temperature=t).probabilities(chances) for t in (0.5, 3.0))
    assert cool.sum(axis=1) == pytest.approx([1, 1])
    assert cool[0, 0] > 0.7 > warm[0, 0] > warm[0, 1] > warm[0, 2]
    assert np.isfinite(warm).all()


@pytest.mark.parametrize("shape", [(32, 36), (32, 36, 4), (1000, 1000, 1000), (3.5, 36, 16)])
def test_a_lattice_that_is_none_is_refused(shape):
    with pytest.raises(BadSetting, match="sides"):
        CropLattice(2.0, shape, 20.0)
