"""Networks are trained on the folds that are theirs, kept, and say what they say of everybody."""

import csv
from dataclasses import replace

import numpy as np
import pytest

import spine_crops
from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.learn.fit import FitSettings
from osteon.learn.networks.vertebra import EncoderSettings
from osteon.learn.spine_settings import SpineSettings
from osteon.pipelines.spine.cohort import read_cohort, run_folder
from osteon.pipelines.spine.predictions import read_predictions
from osteon.pipelines.spine.readings import part_of
from osteon.pipelines.spine.training.arrays import spine_data
from osteon.pipelines.spine.training.configurations import CONFIGURATIONS, FULL
from osteon.pipelines.spine.training.making import (
    TrainingSettings,
    labelled_with_crops,
    read_training,
    train_cohort,
)
from osteon.simulate.dxa.devices import device

NETWORK = SpineSettings(
    fit=FitSettings(epochs=1, batch=4), encoder=EncoderSettings(stem=2, width=4, blocks=1), width=4
)
SMALL = TrainingSettings(network=NETWORK, names=("scratch",), seeds=(0,))
PATIENTS = 30


def written(folder, *, patients=PATIENTS, vertebrae=2):
    """Labelled patients of two makers, one in five external, with crops as dense as they read."""
    rows = []
    for n in range(patients):
        maker = ("hologic", "lunar")[n % 2]
        standard = 0.7 + 0.02 * n
        rows.append(
            {
                "participant_id": f"sub-{n:02d}",
                "site": "D" if n % 5 == 4 else "AB"[n % 2],
                "split": "external" if n % 5 == 4 else "internal",
                "fold": "n/a" if n % 5 == 4 else str(n % 5),
                "sex": "F",
                "dxa_device": maker,
                "abmd": f"{device(maker).reads(standard):.4f}",
                "diagnosis": "osteoporosis" if n < 6 else "normal",
            }
        )
    names = {row["participant_id"]: row["split"] for row in rows}
    spine_crops.cohort(folder, names)
    with (folder / "participants.tsv").open("w", newline="") as file:
        table = csv.DictWriter(file, list(rows[0]), delimiter="\t", lineterminator="\n")
        table.writeheader()
        table.writerows(rows)
    people = read_cohort(folder)
    for n, name in enumerate(names):
        each = [spine_crops.crop(10 * n + m, density=60.0 + 10 * n) for m in range(vertebrae)]
        spine_crops.store(run_folder(people), name, each, kvp=(100.0, 120.0)[n % 2])
    return people


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    return written(tmp_path_factory.mktemp("spines"))


@pytest.fixture(scope="module")
def trained(cohort):
    return train_cohort(cohort, SMALL)


def test_arrays_hold_crops_facts_and_readings_of_the_same_patient(cohort):
    people = labelled_with_crops(cohort)
    data = spine_data(cohort, people)
    assert len(data) == PATIENTS
    assert data.present.tolist() == [[True, True, False, False]] * PATIENTS
    hu, parts = spine_crops.crop(71, density=130.0)
    assert np.array_equal(data.hu[7, 1], hu)
    assert np.array_equal(data.parts[7, 1], parts)
    # what was printed by each maker, on one scale
    assert data.bmd == pytest.approx(0.7 + 0.02 * np.arange(PATIENTS), abs=1e-4)
    assert [data.devices[n] for n in data.device[:2]] == ["hologic", "lunar"]
    assert data.factor[:2] == pytest.approx([140.9 / 148.1, 1.0], rel=1e-5)
    assert (data.limits[:, 0] > data.limits[:, 1]).all()


def test_a_vertebra_that_is_not_read_has_no_place_and_who_has_no_other_is_left_out(tmp_path):
    people = written(tmp_path, patients=2, vertebrae=2)
    run = run_folder(people)
    crops = [spine_crops.crop(1), spine_crops.crop(2)]
    spine_crops.store(run, "sub-00", crops, flags=("metal",))
    spine_crops.store(run, "sub-01", crops[:1], flags=("cut-by-field-of-view",))
    kept = labelled_with_crops(people)
    assert [one.name for one in kept] == ["sub-00"]
    data = spine_data(people, kept)
    assert data.present.tolist() == [[False, True, False, False]]
    assert not data.facts[0, 0].any()


def test_arrays_of_other_crops_are_made_anew(tmp_path):
    people = written(tmp_path, patients=2, vertebrae=1)
    first = np.array(spine_data(people, people.patients).hu[1, 0])
    again, parts = spine_crops.crop(99, density=400.0)
    spine_crops.store(run_folder(people), "sub-01", [(again, parts)])
    second = np.array(spine_data(people, people.patients).hu[1, 0])
    assert not np.array_equal(first, second)
    assert np.array_equal(second, again)


def test_what_is_said_names_the_side_on_which_each_patient_stood(cohort, trained):
    said = read_predictions(run_folder(cohort) / "predictions" / "scratch-0")
    sides = {one.patient: one.part for one in said.patients}
    assert sides == {one.name: part_of(one, 0) for one in cohort.patients}
    assert {"train", "validation", "test", "external"} == set(sides.values())
    assert said.notes["trained_on"] == sum(side == "train" for side in sides.values())
    for one in said.patients:
        total = one.normal + one.osteopenia + one.osteoporosis
        assert total == pytest.approx(1, abs=1e-6)
        assert sum(one.experts) == pytest.approx(1, abs=1e-6)
    levels = [one.level for one in said.vertebrae if one.patient == "sub-03"]
    assert levels == ["L1", "L2"]


def test_a_training_that_is_there_is_kept_until_something_changes(cohort, trained):
    assert trained.made == ("scratch-0",)
    assert train_cohort(cohort, SMALL).made == ()
    other = replace(SMALL, network=replace(NETWORK, width=5))
    assert train_cohort(cohort, other).made == ("scratch-0",)
    assert train_cohort(cohort, SMALL).made == ("scratch-0",)


def test_the_model_that_is_kept_says_the_same_again(cohort, trained):
    people = labelled_with_crops(cohort)
    said = read_training(run_folder(cohort), "scratch", 0).say(spine_data(cohort, people))
    kept = read_predictions(run_folder(cohort) / "predictions" / "scratch-0")
    assert [one.bmd for one in kept.patients] == pytest.approx(said.bmd.tolist(), abs=1e-12)


def test_a_share_of_the_labels_is_taken_from_each_site_and_nobody_else_is_learnt_from(cohort):
    train_cohort(cohort, replace(SMALL, names=("scratch-50",)))
    half = read_predictions(run_folder(cohort) / "predictions" / "scratch-50-0")
    learnt = [one.patient for one in half.patients if one.part == "train"]
    of = {one.name: one for one in cohort.patients}
    whole = [one for one in cohort.patients if part_of(one, 0) == "train"]
    for site in ("A", "B"):
        wanted = round(0.5 * sum(one.site == site for one in whole))
        assert sum(of[name].site == site for name in learnt) == wanted
    assert half.notes["trained_on"] == len(learnt)


def test_a_missing_encoder_is_told_before_anything_is_trained(cohort):
    with pytest.raises(BadSetting, match=r"pretrain .* --kind tp-swav"):
        train_cohort(cohort, replace(SMALL, names=("scratch", FULL), seeds=(1,)))
    assert not (run_folder(cohort) / "train" / "scratch-1").exists()


def test_a_training_that_there_is_not_is_told():
    with pytest.raises(UnknownName, match="'fulll'"):
        TrainingSettings(names=("fulll",))


def test_a_cohort_without_crops_is_told(tmp_path):
    with pytest.raises(UnusableTable, match="make crops first"):
        train_cohort(spine_crops.cohort(tmp_path, {"sub-1": "internal"}), SMALL)


def test_every_configuration_changes_one_thing():
    whole = SpineSettings()
    for name, one in CONFIGURATIONS.items():
        changed = [
            one.change(whole) != whole,
            one.pretraining != CONFIGURATIONS[FULL].pretraining,
            one.share != 1.0,
        ]
        own_network = name in ("resnet", "swin") or name.startswith("scratch-")
        assert sum(changed) == (0 if name == FULL else 2 if own_network else 1), name


def test_what_others_read_changes_nothing_that_is_said(cohort, trained):
    train_cohort(cohort, SMALL)
    place = run_folder(cohort) / "predictions" / "scratch-0"
    before = read_predictions(place).patients
    others = tuple(
        one
        if part_of(one, 0) == "train"
        else replace(one, abmd=0.4, diagnosis="osteopenia", device="lunar")
        for one in cohort.patients
    )
    # other readings are another training, and of these it learns nothing
    assert train_cohort(replace(cohort, patients=others), SMALL).made == ("scratch-0",)
    after = read_predictions(place).patients
    lunar = {one.name for one in cohort.patients if one.device == "lunar"}
    assert [one for one in after if one.patient in lunar] == [
        one for one in before if one.patient in lunar
    ]
