"""Figures of a study come from patients left out, and a shipped model gives the same numbers."""

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import numpy as np
import pytest

from knee_cohorts import TINY, cohort_of_patches, with_ct
from osteon.core import BadSetting, UnusableTable
from osteon.learn.knee_model import Lattice
from osteon.learn.regressors import load_trained
from osteon.pipelines.knee.cohort import run_folder
from osteon.pipelines.knee.evaluation.diagnosis import diagnosis_section
from osteon.pipelines.knee.evaluation.evaluating import _covered, evaluate_cohort
from osteon.pipelines.knee.patches.cut import PatchSettings
from osteon.pipelines.knee.patches.store import read_patches
from osteon.pipelines.knee.prediction.shipping import SHIPPED, _calibrated, _lattice, ship_model
from osteon.pipelines.knee.students.baselines import BASELINES
from osteon.pipelines.knee.students.left_out import Said, gather
from osteon.pipelines.knee.students.training import (
    FOLDER,
    groups_like,
    kept_file,
    read_study,
    train_cohort,
)

STUDY = replace(
    TINY, seeds=(0, 1), sizes=(6,), curve=("none", "output"), varied=replace(TINY.student, gain=0.1)
)


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    made = cohort_of_patches(tmp_path_factory.mktemp("knees"), inside=18, outside=6, folds=3)
    train_cohort(made, settings=STUDY)
    return made


@pytest.fixture(scope="module")
def results(cohort):
    return evaluate_cohort(cohort, seeds=(0,))


def test_every_patch_is_judged_once_by_networks_that_never_saw_the_patient(cohort):
    run = run_folder(cohort)
    study = read_study(run / FOLDER)
    there = gather(run, run / FOLDER, groups_like(study, "fold"), ("none",))
    assert there.said["none"].mean.shape == (2, 72, 8)
    assert sorted(set(there.patients)) == [f"sub-{n:02d}" for n in range(18)]
    for name in groups_like(study, "fold")[0]:
        told = json.loads((run / FOLDER / f"{name}.json").read_text(encoding="utf-8"))["group"]
        assert not set(told["train"]) & set(told["test"])
    # rows and predictions belong together: what was said goes with the brightness of the patch
    bright = there.patches.ct.mean(axis=(1, 2, 3), dtype=np.float64)
    for name in set(there.patients):
        own = np.array([one == name for one in there.patients])
        read = read_patches(run, [name])
        assert np.array_equal(read.ct.mean(axis=(1, 2, 3), dtype=np.float64), bright[own])


def test_what_seeds_disagree_on_makes_them_less_sure():
    said = Said(np.array([[[1.0]], [[3.0]]]), np.array([[[1.0]], [[2.0]]]))
    assert said.together == [[2.0]]
    assert said.spread == pytest.approx(np.sqrt((1 + 4) / 2 + 1))


def test_patches_are_covered_within_the_spread_of_a_normal_error():
    targets = np.array([[0.0], [1.9], [2.1], [np.nan]])
    patches = SimpleNamespace(targets=targets)
    assert _covered(patches, Said(np.zeros((1, 4, 1)), np.ones((1, 4, 1))), 0) == 2 / 3


def test_a_diagnosis_leaves_out_the_folds_that_the_students_left_out(cohort, monkeypatch):
    from osteon.pipelines.knee.evaluation import diagnosis as diagnosis_figures

    run = run_folder(cohort)
    study = read_study(run / FOLDER)
    inside = gather(run, run / FOLDER, groups_like(study, "fold"), ("teacher", "none"))
    given = []

    def note(bags, labels, folds, **further):
        given.append({bag.patient: int(fold) for bag, fold in zip(bags, folds, strict=True)})
        assert labels.tolist() == [int(bag.patient[-2:]) % 4 > 0 for bag in bags]
        return np.linspace(0, 1, len(bags))[:, None]

    monkeypatch.setattr(diagnosis_figures, "cross_validated", note)
    baselines = {"radiomics": inside.patches.targets[:, :4]}
    diagnosis_section(cohort, inside, baselines, ("none",), seeds=(0,))
    assert all(one == study["folds"] for one in given)
    assert len(given) == 3 + 4


def test_the_same_group_twice_is_refused(cohort):
    run = run_folder(cohort)
    with pytest.raises(UnusableTable, match="tested twice"):
        gather(run, run / FOLDER, [["fold0-seed0", "fold0-seed0"]], ("none",))


def test_results_have_a_row_for_each_method_and_parameter(results):
    rows = results["regression"]["rows"]
    names = {row["name"] for row in rows}
    assert {"teacher", "none", "output", *BASELINES} == names
    for row in rows:
        assert row["icc"]["low"] <= row["icc"]["value"] <= row["icc"]["high"]
    trees = {row["parameter"]: row["icc"]["value"] for row in rows if row["name"] == "mean HU"}
    assert trees["app.BV/TV"] > 0.8
    learnt = {row["patients"] for row in results["regression"]["curve"]}
    assert learnt == {6, 12}
    assert json.loads(json.dumps(results, allow_nan=False)) == results


def test_distillation_is_told_as_a_difference_with_an_interval(results):
    rows = [r for r in results["regression"]["difference"] if r["name"] == "output minus none"]
    assert {row["learned_from"] for row in rows} == {6, 12}
    by = {row["name"]: {} for row in results["regression"]["rows"]}
    for row in results["regression"]["rows"]:
        by[row["name"]][row["parameter"]] = row["icc"]["value"]
    for row in rows:
        if row["learned_from"] == 12:
            name = row["parameter"]
            apart = by["output"][name] - by["none"][name]
            assert row["difference"]["value"] == pytest.approx(apart, abs=1e-9)
        assert row["difference"]["low"] <= row["difference"]["high"]


def test_external_patients_are_told_apart(results):
    section = results["generalisation"]
    assert "6 external patients" in section["text"]
    assert {"none, varied input", "output, varied input"} < {row["name"] for row in section["rows"]}
    for row in section["rows"]:
        loss = row["inside"]["value"] - row["outside"]["value"]
        assert row["loss"]["value"] == pytest.approx(loss)


def test_diagnosis_is_of_patients(results):
    section = results["diagnosis"]
    assert len(section["labels"]) == 18
    rows = {row["name"]: row for row in section["rows"]}
    assert {"none, logistic", "output, transformer", "reference (MR), logistic"} < set(rows)
    assert rows["output, cnn"]["p"] is not None
    assert "p" not in rows["none, cnn"]
    # diseased knees were made brighter
    assert rows["mean HU, logistic"]["auc"]["value"] > 0.7


def test_a_shipped_model_says_what_its_networks_said(cohort, tmp_path):
    named = with_ct(cohort)
    model = ship_model(named, tmp_path / "m", kind="output", student=STUDY.student)
    run = run_folder(cohort)
    patches = read_patches(run, ["sub-20", "sub-21"])
    said = model.measure(patches.ct, patches.mask)
    told = gather(run, run / FOLDER, groups_like(read_study(run / FOLDER), "all-seed"), ("output",))
    rows = [at for at, one in enumerate(told.patients) if one in ("sub-20", "sub-21")]
    # a line takes what the networks say to the value, the same line for every patch
    for at, parameter in enumerate(model.card.parameters):
        raw = told.said["output"].together[rows, at]
        slope, level = np.polyfit(raw, said.values[:, at], 1)
        assert level + slope * raw == pytest.approx(said.values[:, at], abs=1e-4)
        assert parameter.name == list(SHIPPED)[at]
    assert model.card.seen.kvp == (100.0, 120.0)
    assert model.card.seen.kernels == ("bone",)
    assert model.card.seen.spacing_mm == pytest.approx((0.5, 0.8))
    assert model.card.training.patients == 18
    assert model.card.diagnosis.weights.shape == (200, 4, 4)
    assert {one.name for one in model.card.metrics} == {f"ICC(2,1) {name}" for name in SHIPPED}


def test_a_model_knows_how_its_patches_were_cut(tmp_path):
    run = run_folder(cohort_of_patches(tmp_path))
    network = SimpleNamespace(network=SimpleNamespace(voxels=8))
    assert _lattice(run, ["sub-00"], network) == Lattice(voxels=8)
    path = run / "patches" / "sub-00.json"
    told = json.loads(path.read_text(encoding="utf-8"))
    cut = PatchSettings(spacing_mm=4.0, most=9, deepest_mm=9.0, plate_mm=1.0)
    path.write_text(json.dumps(told | {"settings": asdict(cut)}), encoding="utf-8")
    wanted = Lattice(voxels=8, apart_mm=4.0, most=9, deepest_mm=9.0, plate_mm=1.0)
    assert _lattice(run, ["sub-00"], network) == wanted


def test_calibrated_values_are_right_on_average_and_as_sure_as_they_are_wrong(cohort, tmp_path):
    run = run_folder(cohort)
    inside = gather(run, run / FOLDER, groups_like(read_study(run / FOLDER), "fold"), ("output",))
    trained = load_trained(kept_file(run / FOLDER, "all-seed0", "output"), STUDY.student.trunk)
    parameters, values = _calibrated(inside, "output", trained, range(4))
    away = inside.patches.targets[:, :4] - values
    assert np.abs(away.mean(axis=0)).max() < 1e-9
    spread = inside.said["output"].spread[:, :4]
    for at, one in enumerate(parameters):
        slope = one.slope / trained.spread[at]
        covers = one.uncertainty_scale * abs(slope) * spread[:, at]
        assert np.sqrt(np.mean((away[:, at] / covers) ** 2)) == pytest.approx(1.0)
        # what a network gives is standardised; the card takes it to the same value
        said = inside.said["output"].together[:, at]
        given = (said - trained.middle[at]) / trained.spread[at]
        assert one.intercept + one.slope * given == pytest.approx(values[:, at])


def test_what_cannot_be_shipped_is_one_line(cohort, tmp_path):
    with pytest.raises(UnusableTable, match="no student by 'features'"):
        ship_model(cohort, tmp_path / "m", kind="features", student=STUDY.student)
    with pytest.raises(UnusableTable, match="tube voltage"):
        ship_model(cohort, tmp_path / "m", kind="output", student=STUDY.student)
    assert not (tmp_path / "m").exists()


def test_a_cohort_that_was_not_trained_is_one_line(tmp_path):
    with pytest.raises(UnusableTable, match="osteon knee train"):
        evaluate_cohort(cohort_of_patches(tmp_path))


def test_what_a_cohort_cannot_give_says_why_and_the_rest_is_not_lost(cohort, monkeypatch):
    from osteon.pipelines.knee.evaluation import evaluating

    # agreement of teachers and students is measured above; here is what stands beside it
    monkeypatch.setattr(evaluating, "BASELINES", ("mean HU",))
    monkeypatch.setattr(evaluating, "regression_section", lambda *given: {"difference": []})
    monkeypatch.setattr(evaluating, "generalisation_section", _refused)
    nobody = replace(cohort, patients=tuple(replace(p, oa=None) for p in cohort.patients))
    found = evaluate_cohort(nobody, seeds=(0,))
    assert found["regression"]["curve"]
    assert found["generalisation"] == {"not_run": "three patients only."}
    assert "0 patients have a label" in found["diagnosis"]["not_run"]


def _refused(*given):
    raise UnusableTable("three patients only.")


def test_an_input_that_a_patient_has_nothing_of_is_left_out(cohort, monkeypatch):
    from osteon.pipelines.knee.evaluation import diagnosis as diagnosis_figures

    run = run_folder(cohort)
    groups = groups_like(read_study(run / FOLDER), "fold")
    inside = gather(run, run / FOLDER, groups, ("teacher", "none"))
    inside.patches.targets[[one == "sub-03" for one in inside.patients], 2] = np.nan
    monkeypatch.setattr(diagnosis_figures, "KINDS", ("logistic",))
    baselines = {"radiomics": inside.patches.targets[:, :1].repeat(4, axis=1)}
    rows = diagnosis_section(cohort, inside, baselines, ("none",), seeds=(0,))["rows"]
    assert {"none, logistic", "teacher (MR), logistic"} < {row["name"] for row in rows}
    assert "reference (MR), logistic" not in {row["name"] for row in rows}


def test_a_learning_curve_of_students_that_are_not_trained_is_refused():
    with pytest.raises(BadSetting, match="has 'features', which is none of the kinds"):
        replace(TINY, curve=("none", "features"))
