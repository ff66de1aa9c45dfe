"""Scores against hand-made and published numbers; nobody is scored by what was learned of them."""

import numpy as np
import pytest

from osteon.simulate.cohort.ceilings import auc, concordance, interval, score, score_of_others
from osteon.simulate.cohort.tasks import spine_tasks


def test_auc_counts_pairs_and_ties_half():
    scores = np.array([0.9, 0.4, 0.4, 0.2, 0.7])
    label = np.array([True, True, False, False, False])
    # case 0.9 beats three; case 0.4 beats 0.2, ties with 0.4, loses to 0.7: (3 + 1.5) of 6
    assert auc(scores, label) == pytest.approx(4.5 / 6)
    assert auc(scores, np.ones(5, np.bool_)) is None


def test_the_interval_is_that_of_hanley_and_mcneil():
    # their example: 51 abnormal and 58 normal images, area 0.893, standard error 0.032
    low, high = interval(0.893, 51, 58)
    assert (high - low) / (2 * 1.96) == pytest.approx(0.032, abs=0.001)
    assert interval(1.0, 5, 5) == (1.0, 1.0)


def test_concordance_falls_with_bias_as_lin_defined_it():
    first = np.array([1.0, 2.0, 3.0])
    assert concordance(first, first) == pytest.approx(1)
    assert concordance(first, first + 1) == pytest.approx(4 / 7)  # 2·2/3 / (2/3 + 2/3 + 1)
    assert concordance(first, -first + 4) == pytest.approx(-1)


def rows_of(folds, **columns):
    many = len(folds)
    made = [{"fold": int(folds[n])} for n in range(many)]
    for name, cells in columns.items():
        for n in range(many):
            made[n][name] = cells[n]
    return made


def test_a_patient_is_not_scored_by_what_was_learned_of_it():
    # every word occurs once: a fit that saw the patient would know it by its word
    rng = np.random.default_rng(1)
    label = rng.random(60) < 0.5
    rows = rows_of(np.arange(60) % 5, ill=label, word=[f"word {n}" for n in range(60)])
    found = score(rows, ("word",), "ill")
    assert found.auc < 0.65
    assert found.patients == 60


def test_a_column_that_tells_the_label_is_found():
    label = np.arange(60) % 2 == 0
    leak = label + np.random.default_rng(1).normal(0, 0.1, 60)
    found = score(rows_of(np.arange(60) // 12, ill=label, leak=leak), ("leak",), "ill")
    assert found.auc == 1


def test_patients_who_lack_a_number_are_left_out():
    label = np.arange(40) % 2 == 0
    hu = [None if n < 10 else float(label[n]) for n in range(40)]
    assert score(rows_of(np.arange(40) % 5, ill=label, hu=hu), ("hu",), "ill").patients == 30


def test_there_is_no_score_where_a_fold_has_nothing_to_learn_from():
    label = [True, False, False, False]
    found = score(rows_of([0, 1, 2, 3], ill=label, x=[1.0, 2.0, 3.0, 4.0]), ("x",), "ill")
    assert found.auc is found.low is found.high is None
    same = score(rows_of([0] * 4, ill=[True, False] * 2, x=[1.0, 2.0, 3.0, 4.0]), ("x",), "ill")
    assert same.auc is None


def test_weights_of_others_do_not_depend_on_the_labels_scored():
    rng = np.random.default_rng(2)
    x = rng.normal(size=80)
    others = rows_of(np.zeros(80), ill=x > 0, x=x)
    mine = rng.normal(size=20)
    rows = rows_of(np.zeros(20), ill=mine > 0, x=mine)
    turned = rows_of(np.zeros(20), ill=mine <= 0, x=mine)
    assert score_of_others(others, rows, ("x",), "ill").auc == 1
    assert score_of_others(others, turned, ("x",), "ill").auc == 0


def spines(many=60):
    """Spines whose label follows the true T-score alone; HU, age and sex are noise."""
    rng = np.random.default_rng(3)
    rows, truths = [], []
    for n in range(many):
        t = float(rng.normal(-2.5, 1))
        rows.append(
            {
                "participant_id": f"sub-{n}",
                "age": float(rng.uniform(50, 90)),
                "sex": "FM"[n % 2],
                "fold": n % 5 if n < many - 10 else None,
                "osteoporosis": t <= -2.5 if n % 9 else None,
                "diagnosis": "osteoporosis" if t <= -2.5 else "osteopenia",
                "abmd": 1 + t / 10,
            }
        )
        dxa = {"standard_abmd": 1 + t / 10, "true_t_score": t, "second_abmd": 1 + t / 10}
        dxa["second_diagnosis"] = rows[-1]["diagnosis"]
        hu = {name: float(rng.normal(100, 20)) for name in ("L1", "L2", "T12")}
        patient = {"vbmd": float(rng.normal(100, 20))}
        truths.append({"truth": {"dxa": dxa, "mean_hu": hu, "patient": patient}})
    return rows, truths


def test_the_floor_sees_age_sex_and_hu_only_and_no_score_sees_external_patients():
    found = {one["role"]: one for one in spine_tasks(*spines(), seed=1)["ceilings"]}
    assert found["floor"]["columns"] == ("age", "sex", "HU")
    assert found["floor"]["auc"] < 0.7
    assert found["ceiling"]["auc"] > 0.99
    labelled = [n for n in range(60) if n % 9]
    assert found["ceiling"]["patients"] == sum(n < 50 for n in labelled)
