"""From a table to the figures of a report: what is used, refused, counted and corrected."""

import json

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from osteon.core import BadSetting, UnknownName, UnusableTable
from osteon.pipelines.evaluation import (
    AgreementSettings,
    CompareSettings,
    DiscriminationSettings,
    Intervals,
    evaluate_agreement,
    evaluate_discrimination,
    evaluate_models,
)

from .tables import found, table, vertebrae

FEW = Intervals(resamples=100)
ROWS = vertebrae()
RNG = np.random.default_rng(3)


def agreement(rows, *columns, **settings):
    return evaluate_agreement(table(**rows), AgreementSettings(columns, intervals=FEW, **settings))


def discrimination(rows, *scores, label="osteoporosis", **settings):
    asked = DiscriminationSettings(label, scores, **({"intervals": FEW} | settings))
    return evaluate_discrimination(table(**rows), asked)


def models(tables, **settings):
    asked = {
        "reference": "hu",
        "truth": "osteoporosis",
        "prediction": "p",
        "row": "row",
        "intervals": FEW,
    }
    return evaluate_models(tables, CompareSettings(**(asked | settings)))


@pytest.fixture
def three():
    """Predictions of three models, each in an order of its own."""
    made = {}
    for name in ("full", "hu", "texture"):
        order = RNG.permutation(len(ROWS["row"]))
        kept = ("row", "patient", "osteoporosis", "bmd", "ct", "mr")
        columns = {key: [ROWS[key][n] for n in order] for key in kept}
        made[name] = table(f"{name}.csv", **columns, p=[ROWS[name][n] for n in order])
    return made


def test_bias_and_limits_are_those_of_the_differences_from_the_first_column():
    rows = {key: ROWS[key][::3] for key in ("bmd", "ct")}
    told = agreement(rows, "bmd", "ct", unit="mg/cm3")
    apart = np.subtract(rows["ct"], rows["bmd"])
    cells = {row["what"]: row for row in found(told, "agreement-1-ct")}
    assert cells["bias, ct − bmd"]["estimate"]["value"] == pytest.approx(apart.mean())
    upper = apart.mean() + 1.959964 * apart.std(ddof=1)
    assert cells["upper limit of agreement"]["estimate"]["value"] == pytest.approx(upper, rel=1e-6)
    assert cells["bias, ct − bmd"]["unit"] == "mg/cm3"


def test_rows_of_one_patient_widen_the_interval():
    alone = agreement(ROWS, "bmd", "mr")
    repeated = {key: np.repeat(ROWS[key], 4).tolist() for key in ("bmd", "mr", "row")}
    nested = agreement(repeated, "bmd", "mr", patient="row")
    copied = agreement({key: repeated[key] for key in ("bmd", "mr")}, "bmd", "mr")

    def width(told, what):
        for one in told["tables"]:
            for row in one["rows"]:
                if row["what"] == what:
                    return row["estimate"]["high"] - row["estimate"]["low"]
        raise AssertionError(what)

    assert width(copied, "CCC") < 0.6 * width(alone, "CCC")
    assert width(nested, "CCC") == pytest.approx(width(alone, "CCC"), rel=0.3)


def test_three_methods_are_tested_against_each_other():
    told = agreement({key: ROWS[key] for key in ("bmd", "ct", "mr")}, "bmd", "ct", "mr")
    (test,) = found(told, "icc-tests")
    assert "ct − mr" in test["what"]
    assert test["difference"]["value"] > 0
    assert test["p"] < 0.01


def test_an_interval_about_these_very_methods_is_narrower_where_one_reads_high():
    rows = {key: ROWS[key] for key in ("bmd", "ct")}

    def width(raters):
        one = agreement(rows, "bmd", "ct", raters=raters)["findings"][0]
        assert one["name"] == "ICC(2,1)"
        return one["high"] - one["low"]

    assert width("fixed") < 0.7 * width("random")


def test_grades_are_ranked_in_the_order_given():
    rows = {"a": ["none", "mild", "severe", "mild"], "b": ["none", "severe", "severe", "mild"]}
    told = agreement(rows, "a", "b", categories=("none", "mild", "severe"))
    cells = {row["what"]: row["estimate"]["value"] for row in found(told, "kappa-1-b")}
    # by hand: observed disagreement 1/4 of one step; expected (0·… from the margins) 1.375
    seen, chance = 0.25, np.mean([(x - y) ** 2 for x in (0, 1, 2, 1) for y in (0, 2, 2, 1)])
    assert cells["kappa, quadratic weights"] == pytest.approx(1 - seen / chance)


def test_precision_is_told_of_repeated_scans():
    rng = np.random.default_rng(1)
    true = rng.normal(100, 20, 60)
    scans = {name: (true + rng.normal(0, 2, 60)).tolist() for name in ("first", "second")}
    told = agreement(scans, "first", "second", repeats=True, unit="mg/cm3")
    cells = {row["what"]: row["estimate"]["value"] for row in found(told, "precision")}
    apart = np.subtract(scans["first"], scans["second"])
    assert cells["RMS SD"] == pytest.approx(np.sqrt((apart**2 / 2).mean()))
    assert cells["least significant change"] == pytest.approx(2.77 * cells["RMS SD"], rel=0.01)


def test_a_score_that_falls_with_disease_is_turned_when_asked_and_told_when_not():
    rows = {"osteoporosis": ROWS["osteoporosis"][::3], "bmd": ROWS["bmd"][::3]}
    as_it_is = discrimination(rows, "bmd")
    turned = discrimination(rows, "bmd", lower=("bmd",))
    area = roc_auc_score(rows["osteoporosis"], np.negative(rows["bmd"]))
    assert turned["findings"][0]["value"] == pytest.approx(area)
    assert as_it_is["findings"][0]["value"] == pytest.approx(1 - area)
    assert "--lower bmd" in as_it_is["warning"]
    assert turned["warning"] == ""


def test_a_threshold_is_chosen_on_training_rows_only():
    rows = {key: list(ROWS[key]) for key in ("patient", "osteoporosis", "bmd")}
    rows["split"] = ["train" if name < "sub-020" else "test" for name in rows["patient"]]
    asked = {"patient": "patient", "split": "split", "lower": ("bmd",)}
    before = discrimination(rows, "bmd", **asked)
    note = next(one["note"] for one in before["tables"] if one["key"] == "operating-1")
    swapped = [
        1 - ill if side == "test" else ill
        for ill, side in zip(rows["osteoporosis"], rows["split"], strict=True)
    ]
    moved = rows | {
        "osteoporosis": swapped,
        "bmd": [v + 1000 * (s == "test") for v, s in zip(rows["bmd"], rows["split"], strict=True)],
    }
    after = discrimination(moved, "bmd", **asked)
    assert next(one["note"] for one in after["tables"] if one["key"] == "operating-1") == note
    assert "up to" in note
    called = next(one for one in before["figures"] if one["kind"] == "confusion")["data"]
    (well, false), (missed, hit) = called["counts"]
    cells = {row["what"]: row["estimate"]["value"] for row in found(before, "operating-1")}
    assert well + false + missed + hit == 60
    assert cells["sensitivity"] == pytest.approx(hit / (hit + missed))
    (curve,) = before["figures"][0]["data"]["curves"]
    assert curve["points"][0]["true_positive"] == pytest.approx(hit / (hit + missed))
    assert curve["points"][0]["false_positive"] == pytest.approx(false / (well + false))
    assert [fold["patients"] for fold in before["split"]["folds"]] == [20, 20]
    cells = {row["what"]: row["estimate"] for row in found(after, "operating-1")}
    assert cells["sensitivity"]["value"] == 0  # whoever was moved away lies above the threshold


def test_figures_of_sites_are_pooled_and_a_site_without_a_figure_is_a_row():
    rows = {key: list(ROWS[key]) for key in ("osteoporosis", "hu", "site")}
    rows["site"][:2], rows["osteoporosis"][:2] = ["D", "D"], [1, 1]
    told = discrimination(rows, "hu", site="site")
    cells = {row["site"]: row for row in found(told, "sites")}
    assert cells["D"]["auc"] is None
    assert "one class" in cells["D"]["note"]
    assert {"A", "B", "C", "all, random effects"} < set(cells)
    assert told["transport"]["pooled"]["name"] == "AUC"


def test_probabilities_are_told_by_calibration_and_use():
    told = discrimination(ROWS, "hu", "full", probabilities=True, patient="patient")
    kinds = {figure["kind"] for figure in told["figures"]}
    assert {"roc", "precision-recall", "calibration", "decision"} == kinds
    score = np.mean(np.subtract(ROWS["full"], ROWS["osteoporosis"]) ** 2)
    cells = {row["what"]: row["estimate"] for row in found(told, "calibration-2-full")}
    assert cells["Brier score"]["value"] == pytest.approx(score)


def test_three_classes_are_told_one_by_one_and_together():
    rng = np.random.default_rng(2)
    classes = ("normal", "osteopenia", "osteoporosis")
    truth = rng.integers(0, 3, 90)
    weights = np.eye(3)[truth] * 2 + rng.random((90, 3))
    chances = weights / weights.sum(axis=1, keepdims=True)
    rows = {"label": [classes[n] for n in truth]}
    rows |= {f"p{n}": chances[:, n].tolist() for n in range(3)}
    told = discrimination(rows, "p0", "p1", "p2", label="label", classes=classes)
    expected = roc_auc_score(truth, chances, multi_class="ovo", average="macro")
    assert told["findings"][0]["value"] == pytest.approx(expected)
    counts = next(one for one in told["figures"] if one["kind"] == "confusion")["data"]["counts"]
    assert np.sum(counts) == 90


def test_models_are_matched_by_row_and_tested_against_the_reference(three):
    told = models(three, patient="patient")
    cells = {row["model"]: row for row in found(told, "models")}
    assert list(cells) == ["hu", "full", "texture"]
    for name in cells:
        area = roc_auc_score(ROWS["osteoporosis"], ROWS[name])
        assert cells[name]["auc"]["value"] == pytest.approx(area)
    tests = {row["what"]: row for row in found(told, "tests")}
    raw = sorted(row["p"] for what, row in tests.items() if what.startswith("AUC"))
    adjusted = sorted(row["adjusted"] for what, row in tests.items() if what.startswith("AUC"))
    assert adjusted[0] == pytest.approx(2 * raw[0])
    assert cells["hu"]["auc-p"] is None


def test_models_of_a_quantity_are_compared_by_their_errors(three):
    tables = {
        name: table(f"{name}.csv", **{key: ROWS[key] for key in ("row", "patient", "bmd", name)})
        for name in ("ct", "mr")
    }
    tables = {
        name: type(one)(one.name, {**one.columns, "hat": one.columns[name]})
        for name, one in tables.items()
    }
    told = models(
        tables, reference="mr", truth="bmd", prediction="hat", kind="quantity", unit="mg/cm3"
    )
    cells = {row["model"]: row for row in found(told, "models")}
    for name in tables:
        error = np.abs(np.subtract(ROWS[name], ROWS["bmd"])).mean()
        assert cells[name]["mae"]["value"] == pytest.approx(error)
    test = next(row for row in found(told, "tests") if row["what"].startswith("MAE"))
    apart = np.abs(np.subtract(ROWS["ct"], ROWS["bmd"])) - np.abs(
        np.subtract(ROWS["mr"], ROWS["bmd"])
    )
    assert test["p"] == pytest.approx(stats.ttest_1samp(apart, 0).pvalue, rel=1e-6)


def test_the_same_seed_gives_the_same_numbers_and_another_one_others():
    asked = {"patient": "patient", "probabilities": True}
    one, same = (discrimination(ROWS, "hu", **asked) for _ in range(2))
    other = discrimination(ROWS, "hu", intervals=Intervals(resamples=100, seed=2), **asked)
    assert json.dumps(one) == json.dumps(same)
    assert json.dumps(one) != json.dumps(other)


def test_rows_that_lack_a_value_are_left_out_and_counted_when_asked():
    rows = {key: list(ROWS[key]) for key in ("bmd", "ct")}
    rows["ct"][4] = None
    with pytest.raises(
        UnusableTable, match=r"'ct' .* empty in 1 of 120 rows \(the first is row 5\)"
    ):
        agreement(rows, "bmd", "ct")
    told = evaluate_agreement(
        table(**rows), AgreementSettings(("bmd", "ct"), intervals=Intervals(missing="drop"))
    )
    assert "1 of 120 rows" in told["methods"][0]
    assert told["summary"].startswith("119 rows")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"osteoporosis": [1] * 120}, "one class only: all 120 rows are 1"),
        ({"hu": [0.5] * 120}, "'hu' is 0.5 in all 120 rows"),
        ({"hu": [1.5, *ROWS["hu"][1:]]}, "from 0 to 1; row 1 of 120 has 1.5"),
        ({"hu": [None, *ROWS["hu"][1:]]}, "'hu' of table.csv is empty in 1 of 120 rows"),
        ({"patient": ["sub-001"] * 120}, "'patient' names 1 only"),
        ({"osteoporosis": ["ill"] * 120}, "must be 1 or 0; row 1 has 'ill'"),
    ],
)
def test_a_table_that_gives_no_figure_is_told_in_one_line(change, says):
    with pytest.raises(UnusableTable) as told:
        discrimination(ROWS | change, "hu", patient="patient", probabilities=True)
    assert says in str(told.value)
    assert "\n" not in str(told.value)


def test_a_patient_on_two_sides_of_a_split_is_refused():
    rows = {key: list(ROWS[key]) for key in ("patient", "osteoporosis", "hu")}
    rows["split"] = ["train" if n % 2 else "test" for n in range(len(rows["hu"]))]
    with pytest.raises(UnusableTable, match=r"40 of 40 .*\(leakage\).*sub-000"):
        discrimination(rows, "hu", patient="patient", split="split")
    named = {"row": ROWS["row"], **rows, "p": rows["hu"]}
    both = {name: table(f"{name}.csv", **named) for name in ("hu", "full")}
    with pytest.raises(UnusableTable, match=r"\(leakage\)"):
        models(both, patient="patient", split="split")


@pytest.mark.parametrize(
    ("change", "fault", "says"),
    [
        (lambda t: {"hu": t["hu"]}, UnusableTable, "1 models"),
        (lambda t: {n: t[n] for n in ("full", "texture")}, UnknownName, "no model is named 'hu'"),
        (
            lambda t: t | {"full": t["full"].only(np.arange(120) > 0)},
            UnusableTable,
            "lacks 1 of the 120 rows",
        ),
        (
            lambda t: (
                t
                | {
                    "full": type(t["full"])(
                        "full.csv",
                        {
                            **t["full"].columns,
                            "osteoporosis": t["full"].columns["osteoporosis"][::-1],
                        },
                    )
                }
            ),
            UnusableTable,
            "given different truths",
        ),
        (
            lambda t: (
                t
                | {"full": type(t["full"])("full.csv", {**t["full"].columns, "row": ("v0",) * 120})}
            ),
            UnusableTable,
            "names 'v0' twice",
        ),
    ],
)
def test_models_that_cannot_be_compared_are_told(three, change, fault, says):
    with pytest.raises(fault) as told:
        models(change(three))
    assert says in str(told.value)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Intervals(level=0.2), "--level"),
        (lambda: Intervals(resamples=10), "--resamples"),
        (lambda: Intervals(seed=-1), "--seed"),
        (lambda: Intervals(missing="guess"), "--missing is refuse or drop"),
        (lambda: AgreementSettings(("a",)), "2 to 20 columns; got 1"),
        (lambda: AgreementSettings(("a", "a")), "stands twice"),
        (lambda: AgreementSettings(("a", "b"), repeated=True), "needs --patient"),
        (lambda: DiscriminationSettings("y", ()), "names no column"),
        (lambda: DiscriminationSettings("y", ("a",), lower=("b",)), "none of --scores"),
        (
            lambda: DiscriminationSettings("y", ("a",), lower=("a",), probabilities=True),
            "--lower is for scores",
        ),
        (lambda: DiscriminationSettings("y", ("a", "b"), classes=("x", "y", "z")), "2 columns"),
        (lambda: CompareSettings("a", "t", "p", "r", kind="guess"), "diagnosis or quantity"),
    ],
)
def test_settings_out_of_range_are_refused(make, says):
    with pytest.raises((BadSetting, UnknownName), match=says):
        make()


def test_what_is_told_is_plain_data_without_a_number_that_is_none():
    for told in (
        agreement({key: ROWS[key] for key in ("bmd", "ct")}, "bmd", "ct"),
        discrimination(ROWS, "hu", "full", probabilities=True, site="site"),
    ):
        json.dumps(told, allow_nan=False)


@pytest.mark.parametrize(
    "work",
    [
        lambda: agreement({"bmd": ROWS["bmd"], "same": ROWS["bmd"]}, "bmd", "same"),
        lambda: discrimination(
            {
                "osteoporosis": ROWS["osteoporosis"],
                "score": np.add(ROWS["osteoporosis"], RNG.random(120) / 9).tolist(),
            },
            "score",
        ),
    ],
    ids=["two equal columns", "a score that never errs"],
)
def test_perfection_is_a_figure_and_no_fault(work):
    told = work()
    json.dumps(told, allow_nan=False)
    assert told["findings"][0]["value"] == pytest.approx(1)


def test_a_model_that_parts_the_classes_leaves_a_cell_empty_and_ends_nothing(three):
    perfect = three["full"]
    certain = tuple(perfect.columns["osteoporosis"])
    three["full"] = type(perfect)("full.csv", {**perfect.columns, "p": certain})
    cells = {row["model"]: row for row in found(models(three, probabilities=True), "models")}
    assert cells["full"]["auc"]["value"] == 1
    assert cells["full"]["calibration-slope"] is None
    assert cells["hu"]["calibration-slope"]["value"] > 0
    alone = discrimination(
        {"osteoporosis": ROWS["osteoporosis"], "sure": ROWS["osteoporosis"]}, "sure",
        probabilities=True,
    )  # fmt: skip
    (table_of,) = (one for one in alone["tables"] if one["key"].startswith("calibration"))
    assert "Calibration: " in table_of["note"]


def test_bias_of_nested_rows_is_told_once_and_as_the_other_less_the_reference():
    told = agreement(ROWS, "bmd", "ct", patient="patient", unit="mg/cm3")
    apart = np.subtract(ROWS["ct"], ROWS["bmd"])
    biases = [row for row in found(told, "agreement-1-ct") if "bias" in row["what"]]
    assert [row["what"] for row in biases] == ["bias, ct − bmd"]
    assert biases[0]["estimate"]["value"] == pytest.approx(apart.mean(), rel=0.05)
    limits = [row for row in found(told, "agreement-1-ct") if "limit" in row["what"]]
    assert [row["unit"] for row in limits] == ["mg/cm3", "mg/cm3"]
