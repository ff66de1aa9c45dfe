"""Errors and correlations of predictions against hand counts, scipy and simulation."""

import csv

import numpy as np
import pytest
from scipy import stats

from osteon.core import BadSetting, UnusableTable
from osteon.evaluate.bootstrap import bca_interval, drawn_counts
from osteon.evaluate.regression import regression


def rng(seed=1):
    return np.random.default_rng(seed)


def pairs(n=60, seed=1):
    draw = rng(seed)
    truth = draw.normal(120, 30, n)
    return truth, truth + draw.normal(5, 12, n)


def figures(truth, guess, **options):
    return regression(truth, guess, unit="mg/cm3", rng=rng(), **options)


def test_five_rows_by_hand():
    found = figures([1, 2, 3, 4, 5], [2, 2, 3, 3, 8])  # off by 1 0 0 −1 3
    assert found["bias"].value == pytest.approx(3 / 5)
    assert found["MAE"].value == pytest.approx(5 / 5)
    assert found["RMSE"].value == pytest.approx(np.sqrt(11 / 5))
    assert found["R2"].value == pytest.approx(1 - 11 / 10)
    assert found["Pearson r"].value == pytest.approx(13 / np.sqrt(10 * 25.2))


def test_explained_variance_is_not_the_square_of_the_correlation():
    truth, _ = pairs()
    found = figures(truth, 2 * truth)  # perfectly correlated, and useless
    assert found["Pearson r"].value == pytest.approx(1)
    assert found["R2"].value < -10


def test_correlations_and_bias_have_the_intervals_of_scipy():
    truth, guess = pairs()
    found = figures(truth, guess)
    r = stats.pearsonr(truth, guess)
    ends = r.confidence_interval(0.95)
    ours = found["Pearson r"]
    assert (ours.value, ours.low, ours.high) == pytest.approx((r.statistic, *ends), rel=1e-10)
    t = stats.ttest_rel(guess, truth).confidence_interval(0.95)
    assert (found["bias"].low, found["bias"].high) == pytest.approx((t.low, t.high), rel=1e-10)


def test_spearman_has_the_standard_error_of_bonett_and_wright():
    # se.spear(.40, 55) of the R package vcmeta prints 0.1210569 on the scale of rho
    draw = rng()
    truth, guess = np.round(draw.normal(0, 2, (2, 55)))
    guess += truth
    found = figures(truth, guess)["Spearman rho"]
    rho = stats.spearmanr(truth, guess).statistic
    assert found.value == pytest.approx(rho, rel=1e-12)
    wide = 0.5 * (np.arctanh(found.high) - np.arctanh(found.low)) / stats.norm.ppf(0.975)
    assert wide == pytest.approx(np.sqrt((1 + rho**2 / 2) / 52), rel=1e-10)
    assert (1 - 0.4**2) * np.sqrt((1 + 0.4**2 / 2) / 52) == pytest.approx(0.1210569, abs=1e-7)


def test_resampled_intervals_have_the_width_of_the_delta_method():
    truth, guess = pairs(3000)
    off = guess - truth
    found = figures(truth, guess)
    mae = np.abs(off).std() / np.sqrt(3000)
    rmse = (off**2).std() / np.sqrt(3000) / (2 * np.sqrt((off**2).mean()))
    for name, error in (("MAE", mae), ("RMSE", rmse)):
        width = found[name].high - found[name].low
        assert width == pytest.approx(2 * 1.96 * error, rel=0.06)  # 2,000 draws
        assert found[name].low < found[name].value < found[name].high


def test_patches_of_a_patient_bring_no_certainty():
    truth, guess = pairs(40)

    def said(times):
        columns = [np.repeat(column, times) for column in (truth, guess, np.arange(40))]
        return figures(*columns[:2], clusters=columns[2], resamples=500)

    twice, often = said(2), said(25)
    for name, one in often.items():
        ends = (twice[name].value, twice[name].low, twice[name].high)
        assert (one.value, one.low, one.high) == pytest.approx(ends, rel=1e-9), name
        assert (one.rows, one.clusters) == (1000, 40)
        assert "clusters" in one.method


def test_patients_of_one_row_each_are_independent_rows():
    assert figures(*pairs(), clusters=np.arange(60)) == figures(*pairs())


def test_the_spearman_of_patients_is_that_of_ranks_drawn_row_by_row():
    truth, guess = (np.round(c / 10) for c in pairs(50))  # many ties
    patients = np.arange(50) // 2
    found = figures(truth, guess, clusters=patients, resamples=1000)["Spearman rho"]
    assert found.value == pytest.approx(stats.spearmanr(truth, guess).statistic)
    draw, drawn = rng(7), []
    for _ in range(1000):
        rows = np.concatenate([np.flatnonzero(patients == p) for p in draw.integers(0, 25, 25)])
        drawn.append(stats.spearmanr(truth[rows], guess[rows]).statistic)
    # a percentile interval of other draws, against a corrected one
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.05)


def by_definition(truth, guess):
    off = guess - truth
    return {
        "MAE": np.abs(off).mean(),
        "RMSE": np.sqrt((off**2).mean()),
        "R2": 1 - (off**2).sum() / ((truth - truth.mean()) ** 2).sum(),
        "Pearson r": np.corrcoef(truth, guess)[0, 1],
    }


@pytest.mark.parametrize("per", [2, 3])
def test_every_draw_is_worked_out_as_if_its_rows_were_a_table(per):
    truth, guess = pairs(12 * per)
    patients = np.repeat(np.arange(12), per)
    found = figures(truth, guess, clusters=patients, resamples=100)
    drawn = [
        by_definition(*(np.repeat(c, count[patients]) for c in (truth, guess)))
        for count in drawn_counts(12, 100, rng())
    ]
    left = [by_definition(truth[patients != p], guess[patients != p]) for p in range(12)]
    for name, value in by_definition(truth, guess).items():
        ends = bca_interval(
            *(np.array([d[name] for d in drawn]), value, np.array([f[name] for f in left])), 0.95
        )
        assert (found[name].low, found[name].high) == pytest.approx(ends, rel=1e-9), name


@pytest.mark.parametrize("factor", [1e-9, 1e-3, 1e6])
def test_another_unit_changes_no_share_and_scales_every_error(factor):
    truth, guess = pairs()
    found, scaled = figures(truth, guess), figures(factor * truth, factor * guess)
    for name, one in found.items():
        by = factor if name in ("bias", "MAE", "RMSE") else 1
        ends = (by * one.value, by * one.low, by * one.high)
        assert (scaled[name].value, scaled[name].low, scaled[name].high) == pytest.approx(
            ends, rel=1e-9
        )


def test_units_are_told_where_there_are_any():
    found = figures(*pairs())
    assert {name for name, one in found.items() if one.unit == "mg/cm3"} == {"bias", "MAE", "RMSE"}
    assert found["R2"].unit == "1"


def test_a_perfect_prediction_has_its_limits():
    truth, _ = pairs()
    found = figures(truth, truth)
    ends = {name: (one.low, one.value, one.high) for name, one in found.items()}
    for name in ("bias", "MAE", "RMSE"):
        assert ends[name] == (0, 0, 0)
    for name in ("R2", "Pearson r", "Spearman rho"):
        assert ends[name] == pytest.approx((1, 1, 1))
    assert "no width" in found["Pearson r"].note


def test_the_same_seed_gives_the_same_numbers_and_leaves_its_input_alone():
    truth, guess = pairs()
    before = truth.copy(), guess.copy()
    assert figures(truth, guess) == figures(truth, guess)
    other = regression(truth, guess, unit="mg/cm3", rng=rng(2))
    assert other["MAE"].low != figures(truth, guess)["MAE"].low
    assert (truth == before[0]).all()
    assert (guess == before[1]).all()


@pytest.mark.parametrize(
    ("truth", "guess", "options", "told"),
    [
        ([1, 1, 1, 1], [1, 2, 3, 4], {}, "'reference' is 1 in all"),
        ([1, 2, 3, 4], [2, 2, 2, 2], {}, "constant column"),
        ([1, 2, np.nan, 4], [1, 2, 3, 4], {}, "lacks a finite value in 1 of 4"),
        ([1, 2, 3], [1, 2, 4], {}, "at least 4"),
        ([1, 2, 3, 4], [1, 2, 3, 4, 5], {}, "same number of rows"),
        (["a", 2, 3, 4], [1, 2, 3, 4], {}, "must be numbers"),
        ([1, 2, 3, 4], [1, 2, 3, 5], {"clusters": ["p"] * 4}, "names 1 only"),
        ([1, 2, 3, 4], [1, 2, 3, 5], {"clusters": ["p", "", "q", "q"]}, "empty in row 2"),
        ([1, 1, 1, 4], [1, 2, 3, 5], {"clusters": ["p", "p", "p", "q"]}, "too few patients"),
    ],
)
def test_what_gives_no_figure_is_told_in_one_line(truth, guess, options, told):
    with pytest.raises(UnusableTable, match=told) as error:
        figures(truth, guess, **options)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("options", [{"resamples": 20}, {"level": 95}])
def test_settings_out_of_range_are_refused(options):
    with pytest.raises(BadSetting):
        figures(*pairs(), **options)


@pytest.mark.shared
def test_cartilage_thickness_of_two_programs(shared_data):
    columns = []
    for name in ("thickness_OAI2_BL_IM.csv", "thickness_OAI2_BL.csv"):
        with (shared_data / "tabular" / name).open(encoding="utf-8") as file:
            columns.append([float(row["averageThickness"]) for row in csv.DictReader(file)])
    truth, guess = np.array(columns)
    found = regression(truth, guess, unit="mm", rng=rng())
    assert found["bias"].value == pytest.approx((guess - truth).mean())
    assert found["RMSE"].value == pytest.approx(np.sqrt(((guess - truth) ** 2).mean()))
    assert found["Pearson r"].value == pytest.approx(np.corrcoef(truth, guess)[0, 1])
