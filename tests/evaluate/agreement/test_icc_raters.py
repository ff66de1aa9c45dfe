"""Absolute agreement of given raters and of few drawn ones: brute force and closed forms."""

import numpy as np
import pytest
from scipy import stats

from osteon.core import BadSetting, UnknownName
from osteon.evaluate.agreement import icc

OTHERS = ("ICC(1,1)", "ICC(3,1)", "ICC(1,k)", "ICC(3,k)")


def ratings(n=40, k=3, seed=0, rater=0.5, noise=0.7):
    rng = np.random.default_rng(seed)
    subjects = rng.normal(0, 1, (n, 1))
    return subjects + rater * rng.normal(0, 1, (1, k)) + rng.normal(0, noise, (n, k))


def ends(one):
    return one.low, one.high


@pytest.mark.parametrize("k", [2, 3, 5])
def test_fixed_raters_have_the_jackknife_of_z_left_out_subject_by_subject(k):
    table = ratings(25, k)

    def f(rows):
        value = icc(rows)["ICC(2,1)"].value
        return np.log((1 + (k - 1) * value) / (1 - value))

    without = np.array([f(np.delete(table, i, axis=0)) for i in range(25)])
    pseudo = 25 * f(table) - 24 * without
    width = stats.t.ppf(0.95, 24) * pseudo.std(ddof=1) / 5
    expected = [(np.exp(e) - 1) / (np.exp(e) + k - 1) for e in (f(table) - width, f(table) + width)]
    found = icc(table, raters="fixed", level=0.9)["ICC(2,1)"]
    assert ends(found) == pytest.approx(tuple(expected), rel=1e-9)
    assert "fixed" in found.method


@pytest.mark.parametrize("setting", [{"raters": "fixed"}, {"interval": "generalized"}])
def test_values_and_the_other_forms_are_the_same_whatever_the_raters_are(setting):
    table = ratings()
    before, after = icc(table), icc(table, **setting)
    assert {key: one.value for key, one in after.items()} == {
        key: one.value for key, one in before.items()
    }
    assert all(after[key] == before[key] for key in OTHERS)
    assert after["ICC(2,1)"].method == after["ICC(2,k)"].method != before["ICC(2,1)"].method
    assert after["ICC(2,1)"].low != before["ICC(2,1)"].low


@pytest.mark.parametrize("setting", [{"raters": "fixed"}, {"interval": "generalized"}])
def test_the_mean_of_all_raters_follows_spearman_and_brown(setting):
    found = icc(ratings(k=4), **setting)
    for single, mean in zip(ends(found["ICC(2,1)"]), ends(found["ICC(2,k)"]), strict=True):
        assert mean == pytest.approx(4 * single / (1 + 3 * single), rel=1e-10)


def test_a_bias_of_a_given_method_does_not_widen_its_interval_as_that_of_a_drawn_one():
    table = ratings(80, 2, rater=0, noise=0.5)
    moved = table + np.array([0, 0.8])
    widths = {
        raters: [np.diff(ends(icc(t, raters=raters)["ICC(2,1)"]))[0] for t in (table, moved)]
        for raters in ("random", "fixed")
    }
    assert widths["fixed"][0] == pytest.approx(widths["random"][0], rel=0.3)
    assert widths["fixed"][1] < 1.8 * widths["fixed"][0] < 0.5 * widths["random"][1]


@pytest.mark.parametrize(("n", "k"), [(80, 2), (80, 5), (6, 3)])
def test_the_generalized_interval_holds_the_middle_of_its_pivotal_quantity(n, k):
    table = ratings(n, k, seed=k)
    of_subjects, of_raters = table.mean(axis=1), table.mean(axis=0)
    rest = table - of_subjects[:, None] - of_raters + table.mean()
    squares = (
        k * ((of_subjects - table.mean()) ** 2).sum(),
        n * ((of_raters - table.mean()) ** 2).sum(),
        (rest**2).sum(),
    )
    rng = np.random.default_rng(0)
    degrees = (n - 1, k - 1, (n - 1) * (k - 1))
    s, r, e = (
        square / rng.chisquare(d, 400_000) for square, d in zip(squares, degrees, strict=True)
    )
    components = (s - e) / k, (r - e) / n, e
    drawn = components[0] / sum(components)
    found = icc(table, interval="generalized")["ICC(2,1)"]
    assert (drawn < found.low).mean() == pytest.approx(0.025, abs=0.0012)  # 5 standard errors
    assert (drawn > found.high).mean() == pytest.approx(0.025, abs=0.0012)


@pytest.mark.parametrize("shifts", [(0, 1), (0, 0.1, 0.5), (0, 1, 2, 3, 4)])
def test_without_error_the_generalized_interval_is_that_of_a_ratio_of_two_variances(shifts):
    table = np.random.default_rng(2).normal(size=(30, 1)) + np.array(shifts)
    n, k = table.shape
    ratio = table.mean(axis=0).var(ddof=1) / table[:, 0].var(ddof=1)
    expected = 1 / (1 + ratio * stats.f.ppf([0.975, 0.025], n - 1, k - 1))
    found = icc(table, interval="generalized")["ICC(2,1)"]
    assert ends(found) == pytest.approx(tuple(expected), abs=2e-5)


def test_few_raters_who_differ_much_leave_a_wide_interval_and_many_a_narrow_one():
    few, many = (icc(ratings(80, k), interval="generalized")["ICC(2,1)"] for k in (2, 40))
    assert few.high - few.low > 0.5
    classic = icc(ratings(80, 40))["ICC(2,1)"]
    assert ends(many) == pytest.approx(ends(classic), abs=0.02)


@pytest.mark.parametrize("setting", [{"raters": "fixed"}, {"interval": "generalized"}])
def test_perfect_agreement_has_no_width(setting):
    table = np.arange(8.0)[:, None] + np.zeros(3)
    for found in icc(table, **setting).values():
        assert (found.value, *ends(found)) == (1, 1, 1)


@pytest.mark.parametrize("setting", [{"raters": "fixed"}, {"interval": "generalized"}])
def test_noise_alone_has_an_interval_that_holds_zero(setting):
    found = icc(np.random.default_rng(1).normal(size=(30, 3)), **setting)["ICC(2,1)"]
    assert -0.5 <= found.low < 0 < found.high


def all_agree_on_but_one(n=6):
    table = np.arange(float(n))[:, None] + np.zeros(2)
    table[0, 1] += 1
    return table


@pytest.mark.parametrize(
    "table", [ratings(4), all_agree_on_but_one()], ids=["four subjects", "one who differs"]
)
def test_fixed_raters_of_too_few_subjects_have_no_interval_and_are_told(table):
    found = icc(table, raters="fixed")
    for key in ("ICC(2,1)", "ICC(2,k)"):
        assert ends(found[key]) == (None, None)
        assert "fewer than five" in found[key].note
    assert found["ICC(1,1)"].low is not None


@pytest.mark.parametrize(
    ("setting", "error", "told"),
    [
        ({"raters": "given"}, UnknownName, "'random' or 'fixed'; got 'given'"),
        ({"interval": "wald"}, UnknownName, "'satterthwaite' or 'generalized'"),
        ({"raters": "fixed", "interval": "generalized"}, BadSetting, "for random raters"),
    ],
)
def test_settings_that_are_not_there_are_refused(setting, error, told):
    with pytest.raises(error, match=told):
        icc(ratings(), **setting)
