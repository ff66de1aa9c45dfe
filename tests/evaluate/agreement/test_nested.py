"""Agreement of rows nested in patients, and dependent ICCs, against brute force and symmetry."""

import numpy as np
import pytest
from scipy import stats

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.evaluate.agreement import (
    bland_altman,
    clustered_agreement,
    compare_icc,
    concordance,
    icc,
    mixed_icc,
)


def nested(patients=30, sites=4, seed=0, shift=0.2, interaction=0.0):
    rng = np.random.default_rng(seed)
    patient = np.repeat(np.arange(patients), sites)
    rows = patient.size
    base = rng.normal(0, 1, patients)[patient] + rng.normal(0, 0.7, rows)
    own = interaction * rng.normal(size=(2, patients))[:, patient]
    x, y = base + own + rng.normal(0, 0.4, (2, rows))
    return x + shift, y, patient


def test_values_are_those_of_all_rows():
    x, y, patient = nested()
    found = clustered_agreement(x + 50, y + 50, patient, rng=np.random.default_rng(1))
    expected = icc(np.column_stack([x, y]))
    limits = bland_altman(x, y)
    assert found["ICC(2,1)"].value == pytest.approx(expected["ICC(2,1)"].value, rel=1e-10)
    assert found["ICC(3,1)"].value == pytest.approx(expected["ICC(3,1)"].value, rel=1e-10)
    assert found["CCC"].value == pytest.approx(concordance(x, y).value, rel=1e-10)
    assert found["Pearson r"].value == pytest.approx(np.corrcoef(x, y)[0, 1], rel=1e-10)
    for name in ("bias", "lower", "upper"):
        key = name if name == "bias" else f"{name} limit of agreement"
        assert found[key].value == pytest.approx(getattr(limits, name).value, rel=1e-10)
    assert all(one.low < one.value < one.high and one.clusters == 30 for one in found.values())


def test_the_same_seed_gives_the_same_interval():
    x, y, patient = nested()
    one, other = (
        clustered_agreement(x, y, patient, resamples=200, rng=np.random.default_rng(3))
        for _ in range(2)
    )
    assert one == other


def test_rows_that_are_copies_add_nothing():
    x, y, patient = nested(sites=1)
    once = clustered_agreement(x, y, patient, rng=np.random.default_rng(3))
    copies = clustered_agreement(
        np.repeat(x, 50), np.repeat(y, 50), np.repeat(patient, 50), rng=np.random.default_rng(3)
    )
    for name in ("bias", "Pearson r", "CCC"):
        assert copies[name].low == pytest.approx(once[name].low, rel=1e-9)
        assert copies[name].high == pytest.approx(once[name].high, rel=1e-9)


def test_the_interval_of_the_bias_is_as_wide_as_that_of_patient_means():
    x, y, patient = nested(patients=60, interaction=0.8)
    means = (x - y).reshape(60, 4).mean(axis=1)
    expected = 2 * 1.96 * means.std(ddof=1) / np.sqrt(60)
    found = clustered_agreement(x, y, patient, rng=np.random.default_rng(3))["bias"]
    assert found.high - found.low == pytest.approx(expected, rel=0.08)
    ignored = bland_altman(x, y).bias
    assert found.high - found.low > 1.4 * (ignored.high - ignored.low)


def test_equal_columns_agree_in_every_resample():
    x, _, patient = nested()
    found = clustered_agreement(x, x, patient, resamples=100, rng=np.random.default_rng(0))
    one = found["ICC(2,1)"]
    assert one.low == one.high == one.value == pytest.approx(1)
    assert found["bias"].high == 0


def mean_squares(values):
    between = values.shape[1] * values.mean(axis=1).var(ddof=1)
    return between, values.var(axis=1, ddof=1).mean()


def test_components_of_a_balanced_table_are_those_of_analysis_of_variance():
    # balanced and all positive: REML is the solution of the expected mean squares
    x, y, patient = nested(interaction=0.5)
    total, apart = ((f * np.sqrt(0.5)).reshape(30, 4) for f in (x + y, x - y))
    (b1, w1), (b2, w2) = mean_squares(total), mean_squares(apart)
    found = {name: one.value for name, one in mixed_icc(x, y, patient).items()}
    assert found["variance of residual"] == pytest.approx(w2, rel=1e-6)
    assert found["variance of patient × method"] == pytest.approx((b2 - w2) / 4, rel=1e-5)
    assert found["variance of site"] == pytest.approx((w1 - w2) / 2, rel=1e-6)
    assert found["variance of patient"] == pytest.approx((b1 - w1 - b2 + w2) / 8, rel=1e-5)
    # the mean of a difference has the variance 2 b2 / rows
    method = ((x - y).mean() ** 2 - 2 * b2 / x.size) / 2
    assert found["variance of method"] == pytest.approx(max(method, 0), abs=1e-7)
    site, rest = found["variance of site"], found["variance of residual"]
    assert found["ICC within patients"] == pytest.approx(site / (site + rest), rel=1e-9)


def test_a_bias_lowers_agreement_over_patients_but_not_within():
    x, y, patient = nested(shift=0)
    before, after = mixed_icc(x, y, patient), mixed_icc(x + 3, y, patient)
    within, over = "ICC within patients", "ICC over patients"
    assert after[within].value == pytest.approx(before[within].value, rel=1e-6)
    assert after[over].value < 0.5 * before[over].value
    assert before[over].low < before[over].value < before[over].high


def test_large_values_do_not_spoil_the_components():
    x, y, patient = nested()
    near, far = mixed_icc(x, y, patient), mixed_icc(x + 1e5, y + 1e5, patient)
    for name, one in near.items():
        assert far[name].value == pytest.approx(one.value, abs=1e-6)


def test_equal_methods_have_icc_one():
    x, _, patient = nested()
    found = mixed_icc(x, x, patient)
    assert found["ICC within patients"].value == pytest.approx(1)
    assert found["ICC over patients"].value == pytest.approx(1)
    assert found["variance of residual"].value == pytest.approx(0, abs=1e-12)


def test_one_row_a_patient_cannot_be_split():
    x, y, _ = nested(sites=1)
    with pytest.raises(UnusableTable, match="one row only"):
        mixed_icc(x, y, range(30))


def three(n=40, seed=0):
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1, n)
    return truth + rng.normal(0, [[0.3], [0.4], [0.8]], (3, n))


@pytest.mark.parametrize("form", ["ICC(2,1)", "ICC(C,1)"])
def test_the_test_is_the_jackknife_of_z_left_out_row_by_row(form):
    reference, a, b = three()
    key = {"ICC(C,1)": "ICC(3,1)"}.get(form, form)

    def apart(rows):
        values = [icc(np.column_stack([reference, m])[rows])[key].value for m in (a, b)]
        return np.subtract(*np.arctanh(values))

    everyone = np.arange(40)
    without = np.array([apart(np.delete(everyone, i)) for i in everyone])
    error = np.sqrt(39 / 40 * ((without - without.mean()) ** 2).sum())
    found = compare_icc(reference, a, b, form=form)
    assert found.statistic == pytest.approx(apart(everyone) / error, rel=1e-8)
    assert found.p == pytest.approx(2 * stats.t.sf(abs(found.statistic), 39), rel=1e-8)
    assert found.degrees == 39


def test_the_better_method_has_the_higher_icc_and_swapping_turns_the_sign():
    reference, a, b = three()
    one, other = compare_icc(reference, a, b), compare_icc(reference, b, a)
    assert one.difference.value > 0
    assert one.p == pytest.approx(other.p, rel=1e-12)
    assert other.difference.low == pytest.approx(-one.difference.high, rel=1e-10)
    first, second = (icc(np.column_stack([reference, m]))["ICC(2,1)"].value for m in (a, b))
    assert one.difference.value == pytest.approx(first - second, rel=1e-10)


@pytest.mark.parametrize("seed", range(8))
def test_the_interval_holds_zero_just_where_the_test_does_not_reject(seed):
    reference, a, b = three(15, seed)
    found = compare_icc(reference, a, b)
    holds = found.difference.low <= 0 <= found.difference.high
    assert holds == (found.p >= 0.05)


def test_a_method_compared_with_itself_has_p_one():
    reference, a, _ = three()
    found = compare_icc(reference, a, a)
    assert (found.p, found.statistic, found.difference.low) == (1, 0, 0)


def test_a_method_that_is_the_reference_wins_without_a_warning():
    reference, _, b = three()
    found = compare_icc(reference, reference, b)
    alone = icc(np.stack([reference, b], axis=1), raters="fixed")["ICC(2,1)"]
    assert found.p < 0.001
    assert found.difference.value == pytest.approx(1 - alone.value)
    # as uncertain as the ICC of b alone, and no surer
    assert found.difference.high - found.difference.low > 0.7 * (alone.high - alone.low)
    assert "agrees perfectly" in found.note


def test_mean_of_two_has_the_p_of_the_single_rating():
    reference, a, b = three()
    single, mean = compare_icc(reference, a, b), compare_icc(reference, a, b, form="ICC(2,k)")
    assert mean.p == single.p
    assert mean.difference.value != pytest.approx(single.difference.value)


def test_copied_rows_leave_the_test_as_it_is_when_patients_are_named():
    reference, a, b = three()
    once = compare_icc(reference, a, b, form="ICC(1,1)")
    copied = [np.repeat(column, 200) for column in (reference, a, b)]
    named = compare_icc(*copied, form="ICC(1,1)", clusters=np.repeat(np.arange(40), 200))
    assert named.degrees == 39
    assert named.statistic == pytest.approx(once.statistic, rel=0.05)  # n and n − 1 differ
    assert compare_icc(*copied).p < 1e-8


def test_equal_iccs_are_rejected_in_about_five_of_a_hundred_draws():
    rng = np.random.default_rng(8)
    truth = rng.normal(0, 1, (300, 80))
    reference, a, b = truth + rng.normal(0, 0.5, (3, 300, 80))
    hits = sum(compare_icc(*draw).p < 0.05 for draw in zip(reference, a, b, strict=True))
    assert 5 <= hits <= 27  # 15 expected, sd 3.8


@pytest.mark.parametrize(
    ("change", "error", "told"),
    [
        ({"clusters": [1] * 40}, UnusableTable, "at least 5"),
        ({"form": "ICC"}, UnknownName, "no ICC is called"),
        ({"level": 2}, BadSetting, "confidence"),
        ({"clusters": [1, 2, 3, 4, 5]}, UnusableTable, "same number"),
    ],
)
def test_bad_comparisons_are_told(change, error, told):
    with pytest.raises(error, match=told):
        compare_icc(*three(), **change)


def test_bad_nested_tables_are_told():
    x, y, patient = nested()
    rng = np.random.default_rng(0)
    with pytest.raises(BadSetting, match="100 resamples"):
        clustered_agreement(x, y, patient, resamples=10, rng=rng)
    with pytest.raises(UnusableTable, match="names 1 only"):
        clustered_agreement(x, y, patient * 0, rng=rng)
    with pytest.raises(UnusableTable, match="constant"):
        clustered_agreement(x * 0, y, patient, rng=rng)


@pytest.mark.parametrize(
    ("name", "side"),
    [("bias", 0), ("lower limit of agreement", -1), ("upper limit of agreement", 1)],
)
def test_the_interval_of_a_limit_is_that_of_patients_drawn_each_with_its_own_error(name, side):
    x, y, patient = nested(patients=12, interaction=0.4)
    x, y, patient = (np.delete(column, [0, 1, 7]) for column in (x, y, patient))
    members = [np.flatnonzero(patient == p) for p in range(12)]

    def with_error(patients):
        blocks = [(x - y)[members[p]] for p in patients]
        d = np.concatenate(blocks)
        limit = d.mean() + side * stats.norm.ppf(0.975) * d.std(ddof=1)
        # influence of a row on mean and standard deviation, added up over a patient
        of_rows = [
            (b - d.mean())
            + side * stats.norm.ppf(0.975) * ((b - d.mean()) ** 2 - d.var()) / (2 * d.std())
            for b in blocks
        ]
        pulls = np.array([rows.sum() for rows in of_rows]) / d.size
        return limit, np.sqrt(12 / 11 * (pulls**2).sum())

    rng = np.random.default_rng(5)
    draws = np.array([with_error(rng.integers(0, 12, 12)) for _ in range(400)])
    value, error = with_error(range(12))
    high, low = np.quantile((draws[:, 0] - value) / draws[:, 1], [0.025, 0.975])
    found = clustered_agreement(x, y, patient, resamples=400, rng=np.random.default_rng(5))[name]
    assert found.value == pytest.approx(value, rel=1e-9)
    expected = (value - low * error, value - high * error)
    assert (found.low, found.high) == pytest.approx(expected, rel=1e-8)


def test_a_constant_shift_is_a_bias_without_width():
    x, _, patient = nested()
    found = clustered_agreement(x + 0.3, x, patient, resamples=100, rng=np.random.default_rng(0))
    for name in ("bias", "lower limit of agreement"):
        assert (found[name].low, found[name].high) == pytest.approx((0.3, 0.3))
    assert found["ICC(3,1)"].low == pytest.approx(1)
    assert found["ICC(2,1)"].low < found["ICC(2,1)"].value < found["ICC(2,1)"].high < 1


def test_bias_and_limits_move_with_a_shift_and_keep_their_width():
    x, y, patient = nested()
    near, far = (
        clustered_agreement(x + shift, y, patient, resamples=100, rng=np.random.default_rng(0))
        for shift in (0, 1e6)
    )
    for name in ("bias", "upper limit of agreement"):
        assert far[name].low - 1e6 == pytest.approx(near[name].low, abs=1e-6)


@pytest.mark.parametrize(
    ("name", "figure"),
    [
        ("Pearson r", lambda x, y: np.corrcoef(x, y)[0, 1]),
        ("CCC", lambda x, y: concordance(x, y).value),
        ("ICC(2,1)", lambda x, y: icc(np.column_stack([x, y]))["ICC(2,1)"].value),
        ("ICC(3,1)", lambda x, y: icc(np.column_stack([x, y]))["ICC(3,1)"].value),
    ],
)
def test_the_interval_of_a_share_is_the_jackknife_left_out_patient_by_patient(name, figure):
    x, y, patient = nested(patients=12, interaction=0.4)
    x, y, patient = (np.delete(column, [0, 1, 7]) for column in (x, y, patient))
    without = np.arctanh([figure(x[patient != p], y[patient != p]) for p in range(12)])
    error = np.sqrt(11 / 12 * ((without - without.mean()) ** 2).sum())
    middle = np.arctanh(figure(x, y))
    expected = np.tanh(middle + stats.t.ppf([0.05, 0.95], 11) * error)
    rng = np.random.default_rng(0)
    found = clustered_agreement(x, y, patient, resamples=100, level=0.9, rng=rng)[name]
    assert (found.low, found.high) == pytest.approx(tuple(expected), rel=1e-9)
    assert "jackknife" in found.method


def test_the_interval_of_a_mixed_icc_is_the_jackknife_left_out_patient_by_patient():
    x, y, patient = nested(patients=12, interaction=0.5)
    name = "ICC over patients"
    found = mixed_icc(x, y, patient)[name]
    without = np.arctanh(
        [mixed_icc(*(c[patient != p] for c in (x, y, patient)))[name].value for p in range(12)]
    )
    error = np.sqrt(11 / 12 * ((without - without.mean()) ** 2).sum())
    width = stats.t.ppf(0.975, 11) * error
    assert np.arctanh(found.high) == pytest.approx(np.arctanh(found.value) + width, rel=1e-5)
    assert np.arctanh(found.low) == pytest.approx(np.arctanh(found.value) - width, rel=1e-5)
