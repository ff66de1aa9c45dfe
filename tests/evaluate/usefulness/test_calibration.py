"""Calibration against closed forms, statsmodels and the data of a textbook."""

import csv

import numpy as np
import pytest
from scipy import special, stats

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate.usefulness import (
    calibration,
    calibration_bins,
    expected_calibration_error,
)


def predictions(n=80, *, slope=1.0, intercept=0.0, seed=1):
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 1.2, n)
    labels = rng.random(n) < special.expit(intercept + slope * odds)
    return labels, special.expit(odds)


def test_one_yes_no_predictor_gives_the_odds_ratio_of_its_table():
    # 30 of 80 ill without, 50 of 70 ill with: the slope on log odds 0 and 1 is the log odds ratio
    labels = np.repeat([1, 0, 1, 0], [30, 50, 50, 20])
    predicted = special.expit(np.repeat([0.0, 0.0, 1.0, 1.0], [30, 50, 50, 20]))
    found = calibration(labels, predicted)
    assert found.slope.value == pytest.approx(np.log(50 / 20) - np.log(30 / 50), rel=1e-10)
    assert found.intercept.value == pytest.approx(np.log(30 / 50), rel=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_intercept_and_slope_are_those_of_statsmodels(seed):
    sm = pytest.importorskip("statsmodels.api")
    labels, predicted = predictions(seed=seed, slope=0.7, intercept=0.4)
    odds = special.logit(predicted)
    line = sm.GLM(labels, sm.add_constant(odds), family=sm.families.Binomial()).fit(tol=1e-12)
    flat = sm.GLM(labels, np.ones(80), family=sm.families.Binomial(), offset=odds).fit(tol=1e-12)
    found = calibration(labels, predicted)
    assert [found.intercept.value, found.slope.value] == pytest.approx(line.params, abs=1e-8)
    assert found.in_the_large.value == pytest.approx(flat.params[0], abs=1e-8)
    theirs = [*line.conf_int(), *flat.conf_int()]
    for one, ends in zip((found.intercept, found.slope, found.in_the_large), theirs, strict=True):
        assert (one.low, one.high) == pytest.approx(tuple(ends), abs=1e-7)


def test_in_the_large_makes_the_mean_prediction_right():
    labels, predicted = predictions(intercept=0.8)
    found = calibration(labels, predicted).in_the_large
    moved = special.expit(special.logit(predicted) + found.value)
    assert moved.mean() == pytest.approx(labels.mean(), abs=1e-10)
    assert found.low < found.value < found.high


def test_predictions_twice_too_extreme_have_half_the_slope():
    labels, predicted = predictions()
    extreme = special.expit(2 * special.logit(predicted))
    once, twice = (calibration(labels, p).slope for p in (predicted, extreme))
    assert (twice.value, twice.low, twice.high) == pytest.approx(
        (once.value / 2, once.low / 2, once.high / 2), rel=1e-7
    )


def test_rows_said_again_of_each_patient_bring_no_certainty():
    labels, predicted = predictions()
    patients = np.arange(80)

    def said(times):
        columns = [np.tile(column, times) for column in (labels, predicted, patients)]
        return calibration(columns[0], columns[1], clusters=columns[2]).slope

    twice, often = said(2), said(9)
    assert (often.low, often.high) == pytest.approx((twice.low, twice.high), rel=1e-9)
    assert often.clusters == 80
    assert calibration(np.tile(labels, 9), np.tile(predicted, 9)).slope.low > often.low


def test_patients_of_one_row_each_are_independent_rows():
    labels, predicted = predictions()
    alone = calibration(labels, predicted, clusters=[f"p{n}" for n in range(80)])
    assert alone.slope == calibration(labels, predicted).slope


def test_the_cluster_interval_is_that_of_statsmodels_with_t():
    sm = pytest.importorskip("statsmodels.api")
    labels, predicted = predictions(120)
    patients = np.repeat(np.arange(40), 3)
    design = sm.add_constant(special.logit(predicted))
    fit = sm.GLM(labels, design, family=sm.families.Binomial()).fit(
        tol=1e-12, cov_type="cluster", cov_kwds={"groups": patients, "df_correction": True}
    )
    # statsmodels also multiplies by (n - 1) / (n - k), for 120 rows and 2 coefficients
    error = fit.bse[1] / np.sqrt(119 / 118)
    found = calibration(labels, predicted, clusters=patients).slope
    assert found.high - found.value == pytest.approx(error * stats.t.ppf(0.975, 39), rel=1e-7)


def test_the_curve_of_calibrated_predictions_is_the_diagonal():
    rng = np.random.default_rng(5)
    predicted = rng.uniform(0.02, 0.98, 10_000)
    curve = calibration(rng.random(predicted.size) < predicted, predicted).smooth
    assert curve.y == pytest.approx(curve.x, abs=0.04)
    assert (curve.low < curve.y).all()
    assert (curve.y < curve.high).all()


def test_the_curve_bends_where_the_truth_does():
    rng = np.random.default_rng(6)
    predicted = rng.uniform(0.02, 0.98, 10_000)
    odds = special.logit(predicted)
    truth = special.expit(np.where(odds > 0, 2 * odds, 0.3 * odds))
    found = calibration(rng.random(predicted.size) < truth, predicted)
    at = special.logit(found.smooth.x)
    bent = special.expit(np.where(at > 0, 2 * at, 0.3 * at))
    straight = special.expit(found.intercept.value + found.slope.value * at)
    assert found.smooth.y == pytest.approx(bent, abs=0.08)  # a spline rounds off the kink
    assert np.abs(straight - bent).max() > 0.12


def test_two_risks_only_give_the_straight_line_for_a_curve():
    labels = np.repeat([1, 0, 1, 0], [30, 50, 50, 20])
    curve = calibration(labels, np.repeat([0.2, 0.2, 0.7, 0.7], [30, 50, 50, 20])).smooth
    assert curve.method == "logistic recalibration line"
    assert (curve.y[0], curve.y[-1]) == pytest.approx((30 / 80, 50 / 70), abs=1e-9)


def test_bins_hold_equal_counts_and_wilson_intervals():
    labels, predicted = predictions()
    bins = calibration_bins(labels, predicted, bins=8)
    assert [found.count for found in bins] == [10] * 8
    order = np.argsort(predicted)
    assert bins[3].predicted == pytest.approx(predicted[order[30:40]].mean())
    share, n, z = labels[order[30:40]].mean(), 10, stats.norm.ppf(0.975)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    wide = z / (1 + z * z / n) * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    assert bins[3].observed == pytest.approx(share)
    assert (bins[3].low, bins[3].high) == pytest.approx((middle - wide, middle + wide), abs=1e-12)


def test_equal_probabilities_stay_in_one_bin():
    bins = calibration_bins([0, 1, 0, 1, 1, 1], [0.3, 0.3, 0.3, 0.3, 0.3, 0.9], bins=3)
    assert [(found.count, found.observed) for found in bins] == [(5, 0.6), (1, 1.0)]


def test_bins_of_equal_width_take_in_0_and_1():
    bins = calibration_bins([0, 1, 1], [0.0, 0.95, 1.0], spacing="width")
    assert [(found.count, found.predicted) for found in bins] == [(1, 0.0), (2, 0.975)]


def test_calibration_error_is_the_mean_distance_over_bins():
    # lower bin: 0.2 said, 1 of 4 seen; upper: 0.6 said, 1 of 4 seen
    labels, predicted = [0, 0, 0, 1, 0, 0, 0, 1], [0.2] * 4 + [0.6] * 4
    found = expected_calibration_error(labels, predicted, bins=2)
    assert found.value == pytest.approx(0.5 * 0.05 + 0.5 * 0.35)
    assert found.low is None


def test_the_note_tells_what_chance_alone_would_show():
    rng = np.random.default_rng(2)
    predicted = rng.uniform(0.1, 0.9, 200)
    drawn = [
        expected_calibration_error(rng.random(200) < predicted, predicted).value for _ in range(400)
    ]
    note = expected_calibration_error(rng.random(200) < predicted, predicted).note
    told = float(note.split("about ")[1].split()[0])
    assert told == pytest.approx(np.mean(drawn), rel=0.05)  # bins of 20 are nearly normal


@pytest.mark.parametrize(
    ("labels", "predicted", "told"),
    [
        ([1, 1, 1, 1], [0.1, 0.2, 0.3, 0.4], "one class only"),
        ([0, 1, 0, 1], [0.3, 0.3, 0.3, 0.3], "constant"),
        ([0, 1, 0, 1], [0.3, np.nan, 0.3, 0.4], "lacks a finite value"),
        ([0, 1, 0, 1], [0.3, 1.2, 0.3, 0.4], "from 0 to 1"),
        ([0, 1, 0, 1], [30, 12, 30, 40], "not scores or percent"),
        ([0, 1, 0, 1], [0.3, 0.2, 0.0, 1.0], "exactly 0 or 1"),
        ([0, 0, 1, 1], [0.1, 0.2, 0.2, 0.4], "separate the classes perfectly"),
        ([1, 1, 0, 0], [0.1, 0.2, 0.3, 0.4], "below"),
        ([0, 1, 0], [0.1, 0.2, 0.3, 0.4], "same number of rows"),
    ],
)
def test_what_cannot_be_calibrated_is_told_in_one_line(labels, predicted, told):
    with pytest.raises(UnusableTable, match=told) as error:
        calibration(labels, predicted)
    assert "\n" not in str(error.value)


def test_rows_of_one_patient_only_are_refused():
    labels, predicted = predictions()
    with pytest.raises(UnusableTable, match="names 1 only"):
        calibration(labels, predicted, clusters=["a"] * 80)


def test_certain_probabilities_can_be_moved_inwards_and_that_is_said():
    labels, predicted = predictions()
    predicted[:3] = 0, 1, 0.0001
    found = calibration(labels, predicted, clip=0.001)
    assert found.slope.note == "3 probabilities moved to 0.001 or 0.999"
    inside = np.clip(predicted, 0.001, 0.999)
    assert found.slope.value == calibration(labels, inside).slope.value
    assert found.bins[0].predicted == pytest.approx(np.sort(predicted)[:8].mean())


@pytest.mark.parametrize("setting", [{"bins": 1}, {"clip": 0.5}, {"clip": -0.1}, {"level": 95}])
def test_settings_outside_their_range_are_refused(setting):
    with pytest.raises(BadSetting):
        calibration(*predictions(), **setting)


def test_an_unknown_spacing_is_refused():
    with pytest.raises(UnknownName, match="count, width"):
        calibration_bins(*predictions(), spacing="log")


@pytest.mark.parametrize("seed", range(20))
def test_near_separation_still_has_a_finite_interval(seed):
    rng = np.random.default_rng(seed)
    odds = rng.normal(0, 8, 60)
    labels = odds > 0
    order = np.argsort(odds)
    border = labels.size - labels.sum()
    labels[order[border - 1 - seed % 3]] = True  # one each of the nearest lies on the wrong side
    labels[order[border + seed % 2]] = False
    found = calibration(labels, special.expit(odds))
    for one in (found.intercept, found.slope, found.in_the_large):
        assert -np.inf < one.low < one.value < one.high < np.inf


@pytest.mark.shared
def test_prior_fracture_in_glow_has_the_slope_of_its_two_by_two_table(shared_data):
    with (shared_data / "tabular" / "glow500.tsv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file, delimiter="\t"))
    broke, before = (np.array([int(row[key]) for row in rows]) for key in ("FRACTURE", "PRIORFRAC"))
    cells = [np.sum((broke == b) & (before == p)) for p in (0, 1) for b in (0, 1)]
    found = calibration(broke, special.expit(before.astype(float)))
    expected = np.log(cells[0] * cells[3] / (cells[1] * cells[2]))
    assert found.slope.value == pytest.approx(expected, rel=1e-9)
    assert found.slope.low > 0  # a prior fracture does raise the risk
