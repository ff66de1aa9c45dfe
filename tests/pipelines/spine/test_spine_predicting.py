"""A spine from CT: bodies of known HU, networks whose answer is worked out on paper."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from osteon.core import (
    BadSetting,
    EmptyRegion,
    Flag,
    Labels,
    UnitMismatch,
    UnknownName,
    Volume,
)
from osteon.learn.knee_model import Embeddings
from osteon.learn.spine_folder import read_spine_model
from osteon.pipelines.spine.crops.beside import Beside
from osteon.pipelines.spine.crops.cut import CropSettings, cut_vertebrae
from osteon.pipelines.spine.facts import FACTS
from osteon.pipelines.spine.prediction import patient
from osteon.pipelines.spine.prediction.predicted import spine_dict
from osteon.pipelines.spine.prediction.predicting import Asked, predict_spine
from osteon.pipelines.spine.prediction.unlike import contrast, level_flags
from spine_models import LATTICE, card, model_folder

from ..people import GRID, alone, made_by, person, with_values

KNOWN = {"facts": FACTS, "measured": Embeddings(np.zeros(len(FACTS)), np.eye(len(FACTS)), 1e6)}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return read_spine_model(model_folder(tmp_path_factory.mktemp("model"), **KNOWN))


@pytest.fixture(scope="module")
def spine():
    scan, labels = person()
    return made_by(scan, kernel="soft", slice_thickness=2.0), labels


@pytest.fixture(scope="module")
def cut(spine):
    """The vertebrae cut once; nothing about them changes in tests that take `crops`."""
    return cut_vertebrae(*spine, CropSettings(LATTICE.spacing_mm, LATTICE.shape))


@pytest.fixture
def crops(cut, monkeypatch):
    monkeypatch.setattr(patient, "cut_vertebrae", lambda scan, labels, settings: cut)
    return cut


@pytest.fixture(scope="module")
def found(spine, cut, model):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(patient, "cut_vertebrae", lambda scan, labels, settings: cut)
        return predict_spine(*spine, model, Asked("hologic", "F"))


def other(model, **changes):
    """The same networks with another card."""
    return replace(model, card=replace(model.card, **changes))


def codes(found):
    return {flag.code for flag in found.flags}


def text(found, code):
    (one,) = (flag.text for flag in found.flags if flag.code == code)
    return one


def used(found):
    return [one.level for one in found.vertebrae if not one.reason]


def reasons(found):
    return {one.level: one.reason for one in found.vertebrae if one.reason}


def test_each_vertebra_is_read_and_the_patient_is_their_mean(cut, found):
    crops, _ = cut
    wanted = [
        1 + 0.2 * np.mean((np.clip(c.hu.astype(float), -200, 1500) - 150) / 250) for c in crops
    ]
    assert used(found) == ["L1", "L2", "L3"]
    assert [one.bmd for one in found.vertebrae[:3]] == pytest.approx(wanted, abs=1e-4)
    assert found.bmd == pytest.approx(np.mean(wanted), abs=1e-4)
    assert reasons(found) == {"L4": "L4 is not among the labels."}


def test_density_is_told_in_the_words_of_the_densitometer_and_as_a_t_score(found):
    # Hui 1997 and the young women of the maker, on paper
    hologic = (found.bmd - 1.0436) / 1.0550 + 0.972
    assert found.reading.abmd == pytest.approx(hologic)
    assert found.reading.abmd_sd == pytest.approx(found.bmd_sd / 1.0550)
    assert found.t_score.value == pytest.approx((hologic - 1.047) / 0.110)
    # 39 scores up to 1.9: ⌈40 · 0.9⌉ = 36th
    half = 1.9 * 35 / 38 * found.bmd_sd
    assert (found.low, found.high) == pytest.approx((found.bmd - half, found.bmd + half))
    wide = found.t_score.high - found.t_score.low
    assert wide == pytest.approx(2 * half / 1.0550 / 0.110)


def test_nobody_named_gives_no_units_no_t_score_and_two_flags(spine, model, crops):
    found = predict_spine(*spine, model)
    assert (found.reading, found.t_score) == (None, None)
    assert {"device-not-given", "sex-not-given"} <= codes(found)


def test_a_densitometer_that_the_model_has_not_seen_is_as_an_unknown_one(spine, model, crops):
    found = predict_spine(*spine, model, Asked("Norland", "M"))
    blind = predict_spine(*spine, model, Asked(None, "M"))
    assert found.bmd == blind.bmd
    assert found.reading.abmd == pytest.approx((found.bmd - 1.0436) / 0.9743 + 0.969)
    assert "only from hologic, lunar" in text(found, "device-not-seen")


def test_what_nobody_knows_is_refused(spine, model):
    with pytest.raises(UnknownName, match="'acme' is no densitometer"):
        predict_spine(*spine, model, Asked("acme"))
    with pytest.raises(BadSetting, match="F and M"):
        predict_spine(*spine, model, Asked(sex="X"))
    with pytest.raises(BadSetting, match="coverage"):
        predict_spine(*spine, model, Asked(coverage=2.0))


def test_a_wanted_coverage_changes_interval_and_set(spine, model, crops, found):
    less = predict_spine(*spine, model, Asked("hologic", "F", 0.6))
    assert less.high - less.low < 0.8 * (found.high - found.low)
    assert set(less.held) <= set(found.held)


def centre(cut, level):
    """Middle of a body in mm."""
    (one,) = (c for c in cut[0] if c.level == level)
    grid = one.grid
    middle = grid.to_world((np.array(grid.shape) - 1) / 2)
    return middle - LATTICE.behind_mm * grid.direction[:, 1]


def with_metal(spine, cut, level):
    """The scan with a screw's worth of metal in the middle of a body."""
    scan, labels = spine
    values = scan.volume.values.copy()
    i, j, k = np.round(scan.volume.grid.to_index(centre(cut, level))).astype(int)
    values[i - 2 : i + 3, j - 2 : j + 3, k - 1 : k + 2] = 3000
    return with_values(scan, values), labels


def test_a_vertebra_with_metal_is_left_out_and_the_others_are_read(spine, cut, model):
    found = predict_spine(*with_metal(spine, cut, "L1"), model, Asked("hologic", "F"))
    assert used(found) == ["L2", "L3"]
    assert reasons(found)["L1"] == "metal in or beside it"
    assert found.vertebrae[0].bmd is None
    assert any(flag.code == "metal" for flag in found.vertebrae[0].flags)
    row = next(one for one in found.measurements if one.level == "L1")
    assert row.value is None
    assert "metal" in {flag.code for flag in row.flags}


def test_contrast_is_seen_in_the_vessels_or_stated_by_the_file(spine, cut, model, found):
    scan, labels = spine
    assert found.contrast is False
    (_, (stated,)) = contrast(made_by(scan, contrast=True), cut[0])
    assert "The file states" in stated.text
    blind = [replace(one, beside=Beside(None, None)) for one in cut[0]]
    given, (unknown,) = contrast(scan, blind)
    assert (given, unknown.code) == (None, "contrast-unknown")
    assert contrast(made_by(scan, contrast=False), blind) == (False, ())
    values = scan.volume.values.copy()
    middle = centre(cut, "L2")
    world = scan.volume.grid.to_world(np.argwhere(np.ones(GRID.shape)))
    vessel = (np.abs(world[:, 0] - middle[0]) < 11) & (world[:, 1] < middle[1] - 20)
    values[vessel.reshape(GRID.shape)] = 300
    bright = predict_spine(with_values(scan, values), alone(labels), model)
    assert bright.contrast is True
    assert "in front of the spine has 300 HU" in text(bright, "contrast")


ODD = {
    "slices-not-seen": ({"slice_thickness": 5.0}, "Slices of 5.00 mm"),
    "kvp-not-seen": ({"kvp": 140.0}, "140 kV"),
    "kvp-unknown": ({"kvp": None}, "not known"),
    "kernel-not-seen": ({"kernel": "bone-9"}, "bone-9"),
    "kernel-unknown": ({"kernel": None}, "not known"),
}


@pytest.mark.usefixtures("crops")
@pytest.mark.parametrize("code", ODD)
def test_a_scanner_unlike_the_training_is_flagged(spine, model, found, code):
    scan, labels = spine
    change, words = ODD[code]
    assert code not in codes(found)
    odd = predict_spine(made_by(scan, **change), labels, model, Asked("hologic", "F"))
    assert words in text(odd, code)


def test_a_tube_voltage_changes_what_is_said(spine, model, crops, found):
    scan, labels = spine
    low = predict_spine(made_by(scan, kvp=100.0), labels, model, Asked("hologic", "F"))
    assert low.bmd < found.bmd  # bone is brighter at 100 kV


def test_a_patient_far_from_the_training_is_flagged_and_so_is_every_number(spine, model, crops):
    far = other(model, embeddings=Embeddings(np.array([9.0, 9.0]), np.eye(2), 3.0))
    found = predict_spine(*spine, far, Asked("hologic", "F"))
    assert "as the network sees it" in text(found, "unlike-training")
    assert all("unlike-training" in {f.code for f in n.flags} for n in found.measurements)
    measured = other(model, measured=Embeddings(np.zeros(len(FACTS)), np.eye(len(FACTS)), 1.0))
    assert "by size and HU" in text(predict_spine(*spine, measured), "unlike-training")
    sparse = other(model, seen=replace(model.card.seen, bmd=(2.0, 3.0)))
    assert "2.000 to 3.000" in text(predict_spine(*spine, sparse), "density-outside-training")


def test_a_level_that_networks_take_for_another_is_flagged():
    told = card()
    assert level_flags("L2", np.array([0.02, 0.94, 0.02, 0.02]), told) == ()
    assert level_flags("L2", np.array([0.5, 0.4, 0.1, 0.0]), told) == ()
    (flag,) = level_flags("L2", np.array([0.95, 0.03, 0.01, 0.01]), told)
    assert "Labelled L2, but the networks take it for L1 (95 %)" in flag.text


def test_a_vertebra_shaped_like_a_fracture_is_left_out_where_two_are_sound(
    spine, cut, model, monkeypatch
):
    wedge = Flag("wedge-deformity-suspected", "The front is low.")

    def suspected(*levels):
        seen = [replace(one, flags=(wedge,) if one.level in levels else ()) for one in cut[0]]
        monkeypatch.setattr(patient, "cut_vertebrae", lambda *given: (seen, cut[1]))
        return predict_spine(*spine, model)

    found = suspected("L2")
    assert (used(found), reasons(found)["L2"]) == (["L1", "L3"], "its shape is that of a fracture")
    # with one sound vertebra, those that may be fractured are read and flagged
    found = suspected("L1", "L2")
    assert used(found) == ["L1", "L2", "L3"]
    assert wedge in found.vertebrae[0].flags


def test_a_scan_without_lumbar_vertebrae_is_one_line(spine, model):
    scan, labels = spine
    chest = Labels(
        labels.values, labels.grid, {27: "T8", 28: "T9", 29: "T10", 30: "T11", 31: "T12"}
    )
    with pytest.raises(EmptyRegion, match="none of L1, L2, L3, L4") as told:
        predict_spine(scan, chest, model)
    assert "\n" not in str(told.value)


def test_a_model_of_other_facts_and_values_that_are_no_hu_are_refused(
    spine, model, crops, tmp_path
):
    scan, labels = spine
    with pytest.raises(BadSetting, match="Use a model of this version"):
        predict_spine(scan, labels, read_spine_model(model_folder(tmp_path)))
    odd = Volume(scan.volume.values, scan.volume.grid, "mg/cm3")
    with pytest.raises(UnitMismatch):
        predict_spine(replace(scan, volume=odd), labels, model)


def test_plain_data_holds_everything_and_no_identifier_unless_asked(spine, model, crops):
    scan, labels = spine
    named = replace(scan, identifiers={"PatientName": "DOE"})
    found = predict_spine(named, labels, model, Asked("lunar", "M"))
    data = spine_dict(found, subject="s", manifest={})
    assert "DOE" not in str(data)
    assert spine_dict(found, subject="s", manifest={}, keep_identifiers=True)["identifiers"]
    told = data["patient"]
    assert told["vertebrae_used"] == ["L1", "L2", "L3"]
    assert told["device"]["device"] == "lunar"
    assert sum(told["classes"].values()) == pytest.approx(1)
    assert told["class_set"] == list(found.held)
    assert [one["used"] for one in data["vertebrae"]] == [True, True, True, False]
    assert {one["key"] for one in data["methods"]} == {
        *("spine-network", "conformal", "dxa-hui-1997", "t-score")
    }
    assert "Research only" in data["notice"]


def test_predicting_loads_nothing_of_virtual_cohorts_and_no_torch():
    # each costs every prediction a second or more
    code = (
        "import sys, osteon.pipelines.spine.prediction.predicting;"
        "print({'torch', 'osteon.simulate.cohort.make'} & sys.modules.keys() or 'neither')"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout == "neither\n"
