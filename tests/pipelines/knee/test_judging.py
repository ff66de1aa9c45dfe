"""Figures of the knee's regression and diagnosis."""

import json

import numpy as np
import pytest

from osteon.core import UnknownName, UnusableTable
from osteon.evaluate.agreement import icc
from osteon.pipelines.knee.evaluation.judging import (
    compare_regression,
    judge_diagnosis,
    judge_regression,
)


def patches(seed: int = 0, noise: float = 0.3):
    """24 patients, two regions of three patches, two parameters."""
    rng = np.random.default_rng(seed)
    patients = np.repeat([f"sub-{n:03d}" for n in range(24)], 6)
    regions = np.tile(np.repeat(["medial femur", "medial tibia"], 3), 24)
    level = np.repeat(rng.normal(0, 1, (48, 2)), 3, axis=0)
    reference = level + rng.normal(0, 0.2, level.shape)
    return reference, reference + rng.normal(0, noise, level.shape), patients, regions


def test_agreement_is_that_of_patches_and_of_regional_means():
    reference, predicted, patients, regions = patches()
    told = judge_regression(reference, predicted, patients, regions, ["Th", "Sp"])
    assert json.loads(json.dumps(told)) == told
    patch, region = told["Th"]["patches"], told["Th"]["regions"]
    direct = icc(np.stack([reference[:, 0], predicted[:, 0]], axis=1))["ICC(2,1)"].value
    assert patch["ICC(2,1)"]["value"] == pytest.approx(direct)
    assert patch["ICC(2,1)"]["low"] < direct < patch["ICC(2,1)"]["high"]
    assert (patch["rows"], region["rows"], patch["patients"]) == (144, 48, 24)
    assert region["ICC(2,1)"]["value"] > direct
    apart = predicted[:, 0] - reference[:, 0]
    assert patch["bias"]["value"] == pytest.approx(apart.mean())
    means = np.abs(apart.reshape(48, 3).mean(axis=1))
    assert region["MAE"]["value"] == pytest.approx(means.mean())
    assert patch["MAE"]["value"] == pytest.approx(np.abs(apart).mean())
    assert patch["MAE"]["low"] < patch["MAE"]["value"] < patch["MAE"]["high"]


def test_rows_without_a_reference_are_left_out_and_counted():
    reference, predicted, patients, regions = patches()
    holes = reference.copy()
    holes[:7, 1] = np.nan
    told = judge_regression(holes, predicted, patients, regions, ["Th", "Sp"])
    assert (told["Th"]["left_out"], told["Sp"]["left_out"]) == (0, 7)
    assert told["Sp"]["patches"]["rows"] == 137
    compared = compare_regression(holes, predicted, predicted + 0.5, patients, resamples=200)
    assert [row["left_out"] for row in compared] == [0, 7]
    predicted[3, 0] = np.nan
    with pytest.raises(UnusableTable, match="1 of 144 patches have no prediction"):
        judge_regression(holes, predicted, patients, regions, ["Th", "Sp"])


def test_the_better_of_two_methods_is_told_with_an_interval_above_nought():
    reference, good, patients, _ = patches(noise=0.2)
    worse = patches(noise=0.9)[1]
    for row in compare_regression(reference, good, worse, patients, resamples=300):
        assert row["difference"] == pytest.approx(row["a"] - row["b"])
        assert 0 < row["low"] < row["difference"] < row["high"]
        assert row["p"] < 0.01
        assert row["patients"] == 24
    (first, _) = compare_regression(reference, worse, good, patients, resamples=300)
    assert first["high"] < 0
    # errors of the same method twice are shared: the paired interval has no width
    same = compare_regression(reference, good, good, patients, resamples=300)[0]
    assert (same["low"], same["difference"], same["high"], same["p"]) == (0, 0, 0, 1)


def test_diagnosis_is_told_beside_its_ceiling():
    rng = np.random.default_rng(0)
    labels = np.arange(60) % 2
    truth = 1 / (1 + np.exp(-(2.0 * labels - 1 + rng.normal(0, 1, 60))))
    dull = np.clip(truth[:, None] + rng.normal(0, 0.4, (60, 3)), 0, 1)
    told = judge_diagnosis(
        labels,
        {"truth": truth, "student": dull},
        ceiling="truth",
        comparisons=[("truth", "student")],
    )
    assert json.loads(json.dumps(told)) == told
    top, model = told["models"]["truth"], told["models"]["student"]
    assert len(model["by_seed"]) == 3
    assert model["auc"]["low"] < model["auc"]["value"] < top["auc"]["value"]
    assert model["of_ceiling"] == pytest.approx(model["auc"]["value"] / top["auc"]["value"])
    assert top["of_ceiling_gain"] == 1
    assert model["of_ceiling_gain"] < model["of_ceiling"] < 1
    (test,) = told["comparisons"]
    assert test["difference"]["value"] == pytest.approx(top["auc"]["value"] - model["auc"]["value"])
    with pytest.raises(UnknownName, match="no classifier is called 'oracle'"):
        judge_diagnosis(labels, {"a": truth}, ceiling="oracle")
    with pytest.raises(UnusableTable, match="probabilities from 0 to 1"):
        judge_diagnosis(labels, {"a": 2 * truth})


def test_tables_of_another_size_are_refused():
    reference, predicted, patients, regions = patches()
    with pytest.raises(UnusableTable, match="tables of one size"):
        judge_regression(reference, predicted[:-1], patients, regions, ["Th", "Sp"])
    with pytest.raises(UnusableTable, match="as many patients"):
        judge_regression(reference, predicted, patients, regions, ["Th"])
    with pytest.raises(UnusableTable, match="no patch has a reference of Th"):
        judge_regression(reference * [np.nan, 1], predicted, patients, regions, ["Th", "Sp"])
    with pytest.raises(UnusableTable, match="need a patient each"):
        compare_regression(reference, predicted, predicted, patients[:5])
