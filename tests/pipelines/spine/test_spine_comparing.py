"""Methods against each other, the learning curve, and the record of looks at the external site."""

import json

import numpy as np
import pytest

from osteon.core import UnusableTable
from osteon.evaluate.discrimination import compare_auc
from osteon.pipelines.spine.cohort import run_folder
from osteon.pipelines.spine.evaluation.comparing import Pair, compare, f1, pairs_among, sized
from osteon.pipelines.spine.evaluation.evaluating import evaluate_cohort
from osteon.pipelines.spine.evaluation.ledger import LEDGER, digest_of, open_external
from osteon.pipelines.spine.evaluation.patients import labelled_patients
from osteon.pipelines.spine.evaluation.said import lay_together
from osteon.pipelines.spine.evaluation.sections import learning_rows, threshold_rows
from osteon.pipelines.spine.evaluation.verdicts import verdict_rows
from osteon.pipelines.spine.predictions import write_predictions
from osteon.pipelines.spine.readings import standard_bmd
from spine_said import cohort_of, said_by

SEEDS = range(5)


def low(patient):
    return -patient.abmd


def noisy(spread, seed=0):
    """A score that errs by so much, always alike for a patient."""

    def score(patient):
        at = int(patient.name.split("-")[1])
        return low(patient) + spread * float(np.random.default_rng([seed, at]).normal())

    return score


def runs_of(cohort, name, score, seeds=SEEDS, **more):
    return [said_by(cohort, name, seed, score, **more) for seed in seeds]


def stored(cohort, *runs):
    for run in runs:
        folder = run_folder(cohort) / "predictions" / f"{run.name}-{run.seed}"
        write_predictions(folder, run)
    return cohort


def test_what_is_there_decides_what_is_compared():
    pairs = pairs_among(["full", "scratch", "l1-hu", "gate-image", "full-25", "scratch-25", "odd"])
    told = {(pair.family, pair.a, pair.b) for pair in pairs}
    assert told == {
        ("baselines", "full", "l1-hu"),
        ("baselines", "full", "scratch"),
        ("self-supervision", "full", "scratch"),
        ("experts", "full", "gate-image"),
        ("labels", "full", "scratch"),
        ("labels", "full-25", "scratch-25"),
        ("others", "full", "odd"),
    }
    assert pairs_among(["scratch", "l1-hu"]) == []
    assert sized("full-25") == ("full", 25)
    assert sized("full-device-unknown") == ("full-device-unknown", 100)


def test_every_p_value_is_corrected_for_all_of_its_family(tmp_path):
    cohort = cohort_of(tmp_path)
    patients = labelled_patients(cohort)
    runs = [
        *runs_of(cohort, "full", low),
        *runs_of(cohort, "hu-kvp", noisy(0.3, 1)),
        *runs_of(cohort, "l1-hu", noisy(0.3, 2)),
        *runs_of(cohort, "radiomics", noisy(0.3, 3)),
    ]
    said = {one.name: one.inside for one in lay_together(cohort, patients, runs)}
    pairs = pairs_among(list(said))
    rows = compare(patients, {"inside": said}, pairs)
    truth = patients.osteoporosis[:40]
    alone = [compare_auc(truth, said["full"].score, said[row["b"]].score).p for row in rows]
    assert [row["auc_p"] for row in rows] == pytest.approx(alone)
    smallest = int(np.argmin(alone))
    assert rows[smallest]["auc_holm"] == pytest.approx(min(1.0, 3 * alone[smallest]))
    assert all(row["auc_holm"] >= row["auc_p"] for row in rows)
    assert all(row["auc"]["value"] > 0 for row in rows)
    # a pair of a family of its own is not corrected
    (single,) = compare(patients, {"inside": said}, [Pair("own", "full", "l1-hu")])
    assert single["auc_holm"] == single["auc_p"]


def test_only_patients_whom_both_judged_are_compared(tmp_path):
    cohort = cohort_of(tmp_path)
    patients = labelled_patients(cohort)
    runs = [*runs_of(cohort, "full", low), *runs_of(cohort, "l1-hu", noisy(0.3), seeds=(0, 1))]
    said = {one.name: one.inside for one in lay_together(cohort, patients, runs)}
    (row,) = compare(patients, {"inside": said}, [Pair("own", "full", "l1-hu")])
    assert row["patients"] == 16


def test_a_method_without_density_is_compared_by_the_rest(tmp_path):
    cohort = cohort_of(tmp_path)
    patients = labelled_patients(cohort)
    runs = [
        *runs_of(cohort, "full", low, bmd=standard_bmd),
        *runs_of(cohort, "no-bmd", noisy(0.3)),
    ]
    said = {one.name: one.inside for one in lay_together(cohort, patients, runs)}
    (row,) = compare(patients, {"inside": said}, [Pair("heads", "full", "no-bmd")])
    assert "auc_p" in row
    assert "f1_p" in row
    assert "mae_p" not in row


def test_a_nearer_density_has_a_difference_below_nought(tmp_path):
    cohort = cohort_of(tmp_path)
    patients = labelled_patients(cohort)
    runs = [
        *runs_of(cohort, "full", low, bmd=lambda p: standard_bmd(p) + 0.01 * noisy(1)(p)),
        *runs_of(cohort, "scratch", low, bmd=lambda p: standard_bmd(p) + 0.1 * noisy(1, 1)(p)),
    ]
    said = {one.name: one.inside for one in lay_together(cohort, patients, runs)}
    (row,) = compare(patients, {"inside": said}, [Pair("own", "full", "scratch")])
    assert row["mae"]["high"] < 0
    # the same order of patients: nothing to test
    assert row["auc_p"] == 1.0


def test_f1_is_two_right_calls_over_all_calls_and_cases():
    truth = np.array([True, True, True, False, False])
    calls = np.array([1.0, 1.0, 0.0, 1.0, 0.0])
    assert f1(truth, calls) == pytest.approx(4 / 6)
    assert f1(np.zeros(2, bool), np.zeros(2)) == 0.0


def test_a_learning_curve_has_every_share_of_the_labels(tmp_path):
    cohort = cohort_of(tmp_path)
    patients = labelled_patients(cohort)
    runs = [
        run
        for name in ("full", "full-25", "scratch", "scratch-25", "swin")
        for run in runs_of(cohort, name, low, trained_on=6 if name.endswith("25") else 24)
    ]
    said = lay_together(cohort, patients, runs)
    figures = [{"name": one.name, "where": "inside", "auc": {"value": 0.9}} for one in said]
    rows = learning_rows(said, figures)
    assert [(row["name"], row["percent"], row["learned_from"]) for row in rows] == [
        ("full", 25, 6.0),
        ("full", 100, 24.0),
        ("scratch", 25, 6.0),
        ("scratch", 100, 24.0),
    ]


def test_thresholds_of_others_are_laid_on_hu(tmp_path):
    cohort = cohort_of(tmp_path)
    patients = labelled_patients(cohort)
    # HU such that 110 HU part the diseased from the others without fault
    runs = runs_of(cohort, "l1-hu", lambda p: -(110.0 + 100 * (p.abmd - 0.805)))
    (one,) = lay_together(cohort, patients, runs)
    rows = threshold_rows(patients, {"inside": {"l1-hu": one.inside}})
    found = {row["hu"]: row for row in rows}
    assert found[110.0]["sensitivity"]["value"] == 1.0
    assert found[110.0]["specificity"]["value"] == 1.0
    assert found[160.0]["specificity"]["value"] == 0.0


def test_the_external_site_is_opened_once_however_often_it_is_judged(tmp_path):
    cohort = cohort_of(tmp_path)
    stored(cohort, *runs_of(cohort, "full", low, bmd=standard_bmd))
    first = evaluate_cohort(cohort)
    again = evaluate_cohort(cohort)
    assert first["ledger"]["times"] == again["ledger"]["times"] == 1
    assert "opened once" in again["ledger"]["text"]
    assert first == again


def test_other_predictions_open_the_external_site_again(tmp_path):
    cohort = cohort_of(tmp_path)
    runs = runs_of(cohort, "full", low)
    open_external(tmp_path, runs)
    runs[0] = said_by(cohort, "full", 0, noisy(0.1))
    opened = open_external(tmp_path, [*runs, said_by(cohort, "swin", 0, low)])
    assert opened["times"] == 2
    assert opened["openings"][1]["changed"] == ["full-0"]
    assert opened["openings"][1]["new"] == ["swin-0"]
    assert "opened 2 times" in opened["text"]
    # what was seen before and nothing else is no new look
    assert open_external(tmp_path, runs)["times"] == 2


def test_what_is_said_inside_is_no_look_outside(tmp_path):
    cohort = cohort_of(tmp_path)

    def inside_only(patient):
        return low(patient) + (patient.split == "internal")

    assert digest_of(said_by(cohort, "full", 0, low)) == digest_of(
        said_by(cohort, "full", 0, inside_only)
    )
    stored(cohort, *runs_of(cohort, "full", low))
    results = evaluate_cohort(cohort, external=False)
    assert not (run_folder(cohort) / "evaluation" / LEDGER).exists()
    assert results["ledger"]["times"] == 0
    everything = json.dumps(results)
    assert '"where": "external"' not in everything


def test_a_ledger_that_cannot_be_read_is_not_begun_anew(tmp_path):
    (tmp_path / LEDGER).write_text("{")
    with pytest.raises(UnusableTable, match="cannot be read"):
        open_external(tmp_path, [])


def estimate(value):
    return {"value": value, "low": value - 0.1, "high": value + 0.1}


def test_what_was_asked_for_is_held_against_what_came():
    figures = [
        {
            "name": "full",
            "where": "external",
            "auc": estimate(0.93),
            "r": estimate(0.89),
            "slope": estimate(1.3),
        }
    ]
    comparisons = [
        {"family": "baselines", "where": "external", "b": b, "auc": estimate(d), "auc_holm": p}
        for b, d, p in (("l1-hu", 0.2, 0.001), ("swin", 0.02, 0.2), ("odd", -0.2, 0.001))
    ]
    devices = [
        {"name": "full", "where": "inside", "device": "lunar", "bias": estimate(-0.011)},
        {"name": "full", "where": "external", "device": "norland", "bias": estimate(-0.019)},
    ]
    levels = [{"name": "full", "where": "inside", "accuracy": estimate(0.95)}]
    rows = verdict_rows(figures, comparisons, devices, levels)
    assert [row["met"] for row in rows] == [
        True, False, False, True, False, False, False, True, True,
    ]  # fmt: skip
