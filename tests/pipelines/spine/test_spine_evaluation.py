"""Figures of spines that are known on paper; what was seen in training makes none."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.pipelines.spine.cohort import run_folder
from osteon.pipelines.spine.evaluation.evaluating import evaluate_cohort
from osteon.pipelines.spine.evaluation.figures import figures_of
from osteon.pipelines.spine.evaluation.patients import labelled_patients
from osteon.pipelines.spine.evaluation.said import lay_together
from osteon.pipelines.spine.evaluation.sections import device_rows, expert_rows, level_rows
from osteon.pipelines.spine.predictions import VertebraSaid, write_predictions
from osteon.pipelines.spine.readings import standard_bmd
from spine_said import cohort_of, rows, said_by, with_truth

SEEDS = range(5)


def low(patient):
    return -patient.abmd


def laid(cohort, *runs):
    return lay_together(cohort, labelled_patients(cohort), runs)


def evaluated(cohort, *runs, **more):
    for run in runs:
        folder = run_folder(cohort) / "predictions" / f"{run.name}-{run.seed}"
        write_predictions(folder, run)
    return evaluate_cohort(cohort, **more)


def row_of(results, section, **wanted):
    (found,) = [
        row
        for row in results[section]["rows"]
        if all(row.get(key) == value for key, value in wanted.items())
    ]
    return found


def refused(cohort, run):
    with pytest.raises(UnusableTable) as caught:
        laid(cohort, run)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_five_seeds_judge_every_inside_patient_once(tmp_path):
    cohort = cohort_of(tmp_path)
    (one,) = laid(cohort, *(said_by(cohort, "full", seed, low) for seed in SEEDS))
    names = labelled_patients(cohort).names
    assert list(names[one.inside.rows]) == [f"s-{i:02d}" for i in range(40)]
    assert list(names[one.outside.rows]) == [f"s-{i:02d}" for i in range(40, 52)]
    fold_of_2 = [f"s-{i:02d}" for i in range(40) if i % 5 == 2]
    assert list(names[one.by_seed[2][0].rows]) == fold_of_2


def test_a_training_patient_who_is_called_a_test_patient_is_refused(tmp_path):
    cohort = cohort_of(tmp_path)
    run = said_by(cohort, "full", 0, low)
    # s-02 is of fold 2, which seed 0 trains on
    patients = tuple(
        replace(one, part="test") if one.patient == "s-02" else one for one in run.patients
    )
    words = refused(cohort, replace(run, patients=patients))
    assert "s-02 was taken as test, but is train" in words


def test_an_external_patient_may_not_be_trained_on(tmp_path):
    cohort = cohort_of(tmp_path)
    run = said_by(cohort, "full", 0, low)
    patients = tuple(replace(one, part="train") for one in run.patients if one.part == "external")
    assert "s-40 was taken as train, but is external" in refused(
        cohort, replace(run, patients=patients)
    )


def test_a_stranger_a_missing_score_and_a_seed_twice_are_refused(tmp_path):
    cohort = cohort_of(tmp_path)
    run = said_by(cohort, "full", 0, low)
    stranger = replace(run.patients[0], patient="s-99")
    assert "s-99 is not in" in refused(cohort, replace(run, patients=(stranger,)))
    mute = replace(run.patients[0], score=float("nan"))
    assert "s-00 has no score" in refused(cohort, replace(run, patients=(mute,)))
    with pytest.raises(UnusableTable, match="twice with seed 0"):
        laid(cohort, run, run)


def test_the_external_score_is_the_mean_over_seeds(tmp_path):
    cohort = cohort_of(tmp_path)
    (one,) = laid(
        cohort,
        said_by(cohort, "full", 0, low, bmd=lambda p: 1.0),
        said_by(cohort, "full", 1, lambda p: low(p) + 3, bmd=lambda p: 2.0),
    )
    outside = [p for p in cohort.patients if p.split == "external"]
    assert one.outside.score == pytest.approx([low(p) + 1.5 for p in outside])
    assert one.outside.bmd == pytest.approx([1.5] * 12)


def test_the_threshold_comes_from_the_validation_fold_of_each_seed(tmp_path):
    cohort = cohort_of(tmp_path)

    def shifted(seed):
        return lambda patient: -patient.abmd + 10 * seed

    (one,) = laid(cohort, *(said_by(cohort, "full", seed, shifted(seed)) for seed in SEEDS))
    validated = [p for p in cohort.patients if p.fold == 1]
    highest = max(p.abmd for p in validated if p.diagnosis == "osteoporosis")
    # the lowest score of the best: that of the validation case with the highest density
    margin = one.by_seed[0][0].margin
    tested = [p for p in cohort.patients if p.fold == 0]
    assert margin == pytest.approx([highest - p.abmd for p in tested])
    # a threshold of each seed's own scale: all margins are those of one scale
    assert np.abs(one.inside.margin).max() < 1


def test_figures_are_those_on_paper(tmp_path):
    cohort = cohort_of(tmp_path)
    patients = labelled_patients(cohort)
    wrong = {"s-00"}  # the lowest density of all, taken for the highest

    def score(patient):
        return -9.0 if patient.name in wrong else low(patient)

    runs = [
        said_by(cohort, "full", seed, score, bmd=lambda p: standard_bmd(p) + 0.03) for seed in SEEDS
    ]
    (one,) = laid(cohort, *runs)
    found = figures_of(patients, one.inside)
    cases = int(patients.osteoporosis[:40].sum())
    assert (found["patients"], found["cases"]) == (40, cases)
    # one case of all lies below every control
    assert found["auc"]["value"] == pytest.approx(1 - 1 / cases)
    assert found["auc"]["low"] < found["auc"]["value"] < found["auc"]["high"]
    assert found["mae"]["value"] == pytest.approx(0.03)
    assert found["bias"]["value"] == pytest.approx(0.03)
    assert found["r"]["value"] == pytest.approx(1.0)
    called = one.inside.margin >= 0
    truth = patients.osteoporosis[one.inside.rows]
    sensitivity = (called & truth).sum() / cases
    assert found["sensitivity"]["value"] == pytest.approx(sensitivity)
    assert "slope" not in found  # no probability was given


def test_a_calibrated_method_has_slope_one_and_one_too_sure_less(tmp_path):
    cohort = cohort_of(tmp_path, rows(inside=400))
    rng = np.random.default_rng(5)
    odds = {p.name: float(rng.normal(0, 1.5)) for p in cohort.patients}
    sick = {name: bool(rng.random() < 1 / (1 + np.exp(-value))) for name, value in odds.items()}
    made = rows(inside=400)
    for row in made:
        row[-1] = "osteoporosis" if sick[row[0]] else "normal"
    cohort = cohort_of(tmp_path, made)

    def slope(times):
        def chance(patient):
            return 1 / (1 + np.exp(-times * odds[patient.name]))

        runs = [said_by(cohort, "full", s, chance, chance=chance) for s in SEEDS]
        (one,) = laid(cohort, *runs)
        return figures_of(labelled_patients(cohort), one.inside)["slope"]["value"]

    assert slope(1) == pytest.approx(1.0, abs=0.25)
    assert slope(3) == pytest.approx(slope(1) / 3, rel=0.02)


def test_a_share_of_the_ceiling_is_a_share_of_what_the_truth_gives(tmp_path):
    cohort = cohort_of(tmp_path)
    # the error of the densitometer: the truth puts one case among the normal
    with_truth(cohort, lambda p: 3.0 if p.name == "s-00" else p.abmd * 10 - 10.51)
    results = evaluated(cohort, *(said_by(cohort, "full", s, low) for s in SEEDS))
    ceiling = row_of(results, "figures", name="ceiling", where="inside")
    cases = ceiling["cases"]
    assert ceiling["auc"]["value"] == pytest.approx(1 - 1 / cases)
    assert ceiling["sensitivity"]["value"] == pytest.approx(1 - 1 / cases)
    ours = row_of(results, "figures", name="full", where="inside")
    assert ours["of_ceiling"]["auc"] == pytest.approx(1 / (1 - 1 / cases))


def test_the_bias_of_a_device_is_its_own(tmp_path):
    cohort = cohort_of(tmp_path)
    with_truth(cohort, lambda p: 0.0, off=-0.01)
    off = {"hologic": 0.02, "lunar": -0.015, "norland": 0.04}
    wave = {p.name: 0.001 * (-1) ** i for i, p in enumerate(cohort.patients)}
    run = said_by(
        cohort, "full", 0, low, bmd=lambda p: standard_bmd(p) + off[p.device] + wave[p.name]
    )
    (one,) = laid(cohort, run)
    patients = labelled_patients(cohort)
    found = {
        row["device"]: row
        for row in device_rows(
            patients, {"inside": {"full": one.inside}, "external": {"full": one.outside}}
        )
    }
    for device, wanted in off.items():
        assert found[device]["bias"]["value"] == pytest.approx(wanted, abs=0.0015)
        assert found[device]["bias_truth"]["value"] == pytest.approx(wanted + 0.01, abs=0.0015)
    assert found["norland"]["where"] == "external"


def test_levels_and_experts_are_counted_in_test_patients_alone(tmp_path):
    cohort = cohort_of(tmp_path)
    # right in the fold that is tested, wrong in all others
    vertebrae = [VertebraSaid(p.name, "L1", "L1" if p.fold == 0 else "L2") for p in cohort.patients]
    run = said_by(
        cohort,
        "full",
        0,
        low,
        experts=lambda p: (0.1, 0.9) if p.device == "hologic" else (0.3, 0.7),
        vertebrae=vertebrae,
    )
    said = laid(cohort, run)
    patients = labelled_patients(cohort)
    (inside,) = level_rows(patients, said, external=False)
    assert (inside["accuracy"]["value"], inside["vertebrae"]) == (1.0, 8)
    _, outside = level_rows(patients, said, external=True)
    assert outside["accuracy"]["value"] == 0.0
    experts = {row["device"]: row for row in expert_rows(patients, said, external=False)}
    # the most used first, whatever its number
    assert experts["hologic"]["weights"] == pytest.approx([0.9, 0.1])
    assert experts["lunar"]["weights"] == pytest.approx([0.7, 0.3])
    assert "norland" not in experts


def test_a_site_of_one_class_says_so_and_keeps_its_other_figures(tmp_path):
    made = rows()
    for row in made[40:]:
        row[-1] = "osteopenia"
    cohort = cohort_of(tmp_path, made)
    results = evaluated(cohort, *(said_by(cohort, "full", s, low, bmd=standard_bmd) for s in SEEDS))
    outside = row_of(results, "figures", name="full", where="external")
    assert "auc" not in outside
    assert "one class only" in outside["note"]
    assert outside["r"]["value"] == pytest.approx(1.0)


def test_without_predictions_there_is_nothing_to_judge(tmp_path):
    with pytest.raises(BadSetting, match="holds no predictions"):
        evaluate_cohort(cohort_of(tmp_path))


def test_a_training_that_is_not_finished_is_told_and_left_out(tmp_path):
    cohort = cohort_of(tmp_path)
    (run_folder(cohort) / "predictions" / "swin-0").mkdir(parents=True)
    results = evaluated(cohort, said_by(cohort, "full", 0, low))
    assert results["runs"]["unfinished"] == ["swin-0"]
    assert [row["name"] for row in results["runs"]["rows"]] == ["full"]
