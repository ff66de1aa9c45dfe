"""ICC against the published example, its definition, and the F distribution."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from osteon.core import UnknownName, UnusableTable
from osteon.evaluate.agreement import FORMS, icc, icc_many, known_key

REFERENCE = Path(__file__).parents[1] / "reference"
CASES = tomllib.loads((REFERENCE / "agreement_icc.toml").read_text(encoding="utf-8"))
KEYS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")


def ratings(n=40, k=3, seed=0, rater=0.5):
    rng = np.random.default_rng(seed)
    subjects = rng.normal(0, 1, (n, 1))
    return subjects + rater * rng.normal(0, 1, (1, k)) + rng.normal(0, 0.7, (n, k))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_icc_as_published(case):
    found = icc(case["ratings"])
    for key, value in case["values"].items():
        assert found[key].value == pytest.approx(value, abs=case["tolerance"]), case["source"]


def by_hand(table):
    """Mean squares from the sums of squares as a textbook writes them, term by term."""
    n, k = len(table), len(table[0])
    grand = sum(map(sum, table)) / (n * k)
    rows = [sum(row) / k for row in table]
    columns = [sum(row[j] for row in table) / n for j in range(k)]
    ms_r = k * sum((m - grand) ** 2 for m in rows) / (n - 1)
    ms_c = n * sum((m - grand) ** 2 for m in columns) / (k - 1)
    ms_w = sum((table[i][j] - rows[i]) ** 2 for i in range(n) for j in range(k)) / (n * (k - 1))
    rest = [table[i][j] - rows[i] - columns[j] + grand for i in range(n) for j in range(k)]
    ms_e = sum(e * e for e in rest) / ((n - 1) * (k - 1))
    return n, k, ms_r, ms_c, ms_e, ms_w


@pytest.mark.parametrize("n", [3, 20])
@pytest.mark.parametrize("k", [2, 3, 4, 5])
def test_the_six_forms_follow_from_the_mean_squares(n, k):
    table = ratings(n, k, seed=n * k)
    n, k, r, c, e, w = by_hand(table.tolist())
    expected = {
        "ICC(1,1)": (r - w) / (r + (k - 1) * w),
        "ICC(2,1)": (r - e) / (r + (k - 1) * e + k * (c - e) / n),
        "ICC(3,1)": (r - e) / (r + (k - 1) * e),
        "ICC(1,k)": (r - w) / r,
        "ICC(2,k)": (r - e) / (r + (c - e) / n),
        "ICC(3,k)": (r - e) / r,
    }
    found = icc(table)
    assert {key: one.value for key, one in found.items()} == pytest.approx(expected, rel=1e-12)
    for one in found.values():
        assert one.value < one.high <= 1
        assert "no bound" in one.note if one.low is None else one.low < one.value


@pytest.mark.parametrize(("key", "degrees"), [("ICC(1,1)", 20 * 3), ("ICC(3,1)", 19 * 3)])
def test_an_end_is_the_icc_that_the_f_test_rejects_at_half_of_five_percent(key, degrees):
    table = ratings(20, 4, seed=3)
    n, k, r, _, e, w = by_hand(table.tolist())
    ratio = r / (w if key == "ICC(1,1)" else e)
    found = icc(table)[key]
    for end, tail in ((found.low, 0.025), (found.high, 0.975)):
        under = ratio * (1 - end) / (1 + (k - 1) * end)
        assert stats.f.sf(under, n - 1, degrees) == pytest.approx(tail, rel=1e-9)


def test_mean_of_raters_follows_spearman_and_brown_at_both_ends():
    found = icc(ratings(k=4))
    for model in "123":
        one, mean = found[f"ICC({model},1)"], found[f"ICC({model},k)"]
        for single, average in zip(
            (one.value, one.low, one.high), (mean.value, mean.low, mean.high), strict=True
        ):
            assert average == pytest.approx(4 * single / (1 + 3 * single), rel=1e-10)


def test_a_rater_who_adds_a_constant_changes_agreement_but_not_consistency():
    table = ratings(rater=0)
    moved = table + np.array([0, 0, 2])
    before, after = icc(table), icc(moved)
    assert after["ICC(3,1)"].value == pytest.approx(before["ICC(3,1)"].value, rel=1e-12)
    assert after["ICC(2,1)"].value < before["ICC(2,1)"].value - 0.1


@pytest.mark.parametrize("change", [lambda t: 3 * t + 100, lambda t: t[:, ::-1], lambda t: t[::-1]])
def test_units_and_order_change_nothing(change):
    table = ratings()
    before, after = icc(table), icc(change(table))
    for key in KEYS:
        assert after[key].value == pytest.approx(before[key].value, rel=1e-9)
        assert after[key].low == pytest.approx(before[key].low, rel=1e-9)


def test_perfect_agreement_is_one_without_width_and_says_so():
    subjects = np.array([0.1, 0.7, 1.3, 2.9])
    for found in icc(np.column_stack([subjects] * 3)).values():
        assert (found.value, found.low, found.high) == (1, 1, 1)
        assert "perfect" in found.note


def test_a_constant_shift_alone_leaves_consistency_perfect():
    subjects = np.arange(10.0)
    found = icc(np.column_stack([subjects, subjects + 3]))
    assert found["ICC(3,1)"].low == 1
    assert found["ICC(2,1)"].low < found["ICC(2,1)"].value < 1


def test_noise_alone_has_an_interval_that_holds_zero():
    found = icc(np.random.default_rng(1).normal(size=(30, 3)))["ICC(2,1)"]
    assert found.low < 0 < found.high


def test_raters_who_contradict_each_other_give_the_least_possible_icc():
    table = np.array([[1, 2], [2, 1.0001], [3, 0], [0, 3]])
    assert icc_many(table[None], form="ICC(3,1)")[0, 0] == pytest.approx(-1, abs=1e-6)
    with pytest.raises(UnusableTable, match=r"ICC\(2,k\) does not exist"):
        icc(table)


def test_a_wider_confidence_gives_a_wider_interval():
    table = ratings()
    narrow, wide = icc(table, level=0.9), icc(table, level=0.99)
    for key in KEYS:
        assert wide[key].low < narrow[key].low < narrow[key].high < wide[key].high


def test_many_features_at_once_are_the_same_as_each_alone():
    stack = np.stack([ratings(seed=seed) for seed in range(5)])
    for key in KEYS:
        found = icc_many(stack, form=key)
        for row, table in zip(found, stack, strict=True):
            one = icc(table)[key]
            assert row == pytest.approx([one.value, one.low, one.high], rel=1e-12)


def test_a_feature_that_does_not_vary_has_no_icc_and_spoils_no_other():
    stack = np.stack([ratings(), np.ones((40, 3))])
    found = icc_many(stack)
    assert np.isfinite(found[0]).all()
    assert np.isnan(found[1]).all()


def test_there_are_ten_forms_and_each_names_a_formula():
    assert len(set(FORMS)) == 10
    for form in FORMS:
        assert known_key(form.name) == form.key
        single, absolute = form.measure == "single", form.definition == "absolute agreement"
        model = {"one-way random": "1"}.get(form.model, "2" if absolute else "3")
        assert form.key == f"ICC({model},{'1' if single else 'k'})"


def test_an_unknown_form_is_told_with_those_there_are():
    with pytest.raises(UnknownName, match=r"no ICC is called 'ICC\(4,1\)'.*ICC\(A,1\)"):
        known_key("ICC(4,1)")


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ([[1, 2]], "at least 2 subjects"),
        ([[1], [2]], "2 raters"),
        ([1, 2, 3], "subjects × raters"),
        ([[1, 2], [np.nan, 4], [3, 3]], "row 2, column 1"),
        ([[1, 5], [2, 5], [3, 5]], "rater 2 gives 5 to all 3 subjects"),
        ([[1, 3], [3, 1], [2, 2]], "same mean"),
        ([["a", "b"], ["c", "d"]], "must be numbers"),
    ],
)
def test_a_table_that_has_no_icc_is_refused_in_one_line(table, told):
    with pytest.raises(UnusableTable, match=told) as caught:
        icc(table)
    assert "\n" not in str(caught.value)
