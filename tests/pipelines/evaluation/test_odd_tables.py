"""Tables as they come from hospitals: what is odd in them is told, or makes no difference."""

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.io import read_table
from osteon.pipelines.evaluation import (
    AgreementSettings,
    CompareSettings,
    DiscriminationSettings,
    Intervals,
    evaluate_agreement,
    evaluate_checklist,
    evaluate_discrimination,
    evaluate_models,
)

from .tables import found, table, vertebrae

FEW = Intervals(resamples=100)


def models(**changed):
    """Two models for the same rows; columns of the second may be changed."""
    rows = vertebrae()
    kept = {name: rows[name] for name in ("row", "patient", "osteoporosis", "bmd")}
    return {
        "hu": table("hu.csv", **kept, p=rows["hu"], hat=rows["ct"]),
        "full": table("full.csv", **{**kept, "p": rows["full"], "hat": rows["mr"], **changed}),
    }


def compared(tables, **more):
    asked = {"truth": "osteoporosis", "prediction": "p", "row": "row", "intervals": FEW} | more
    return evaluate_models(tables, CompareSettings(reference="hu", **asked))


def agreed(columns, more=("a", "b"), **asked):
    return evaluate_agreement(table(**columns), AgreementSettings(more, intervals=FEW, **asked))


def test_truths_written_in_other_words_are_the_same_truth():
    ill = vertebrae()["osteoporosis"]
    words = [{0: "False", 1: "yes"}[one] for one in ill]
    plain = compared(models())
    assert compared(models(osteoporosis=words))["tables"] == plain["tables"]
    assert compared(models(osteoporosis=[f"{one}.0" for one in ill]))["tables"] == plain["tables"]


def test_quantities_written_with_other_digits_are_the_same_truth():
    asked = {"truth": "bmd", "prediction": "hat", "kind": "quantity"}
    longer = [f"{one!r}000" for one in vertebrae()["bmd"]]
    assert compared(models(bmd=longer), **asked)["tables"] == compared(models(), **asked)["tables"]


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("osteoporosis", "column 'osteoporosis' of full.csv and hu.csv differ for 'v0'"),
        ("patient", "column 'patient' of full.csv and hu.csv differ for 'v0'"),
    ],
)
def test_another_truth_or_patient_is_refused(column, says):
    other = vertebrae()[column]
    other[0] = other[3]
    with pytest.raises(UnusableTable, match=says):
        compared(models(**{column: other}), patient="patient")


def test_a_row_without_a_name_is_no_row_named_none():
    names = [None, *vertebrae()["row"][1:]]
    both = {"hu": models(row=names)["full"], "full": models(row=names)["full"]}
    with pytest.raises(UnusableTable, match=r"column 'row' of full\.csv is empty in 1 of 120 rows"):
        compared(both)
    dropped = compared(both, intervals=Intervals(resamples=100, missing="drop"))
    assert dropped["summary"].startswith("119 rows")


def test_two_models_are_said_to_be_uncorrected():
    told = str(compared(models()))
    assert "Holm" not in told
    assert "corrected for 1" not in told


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"scores": ("hu", "osteoporosis")}, "'osteoporosis' is the label"),
        ({"target": 0.9, "rule": "sensitivity"}, "--split"),
        ({"rule": "prevalence"}, "--split"),
        ({"train": "fit"}, "--split"),
        ({"clip": 0.01}, "--clip is for --probabilities"),
        ({"classes": ("a", "b", "a"), "scores": ("hu", "ct", "mr")}, "stands twice"),
        ({"classes": ("a", "b", "c"), "scores": ("hu", "ct", "mr"), "site": "site"}, "--site"),
        (
            {"classes": ("a", "b", "c"), "scores": ("hu", "ct", "mr"), "positive": "a"},
            "--positive",
        ),
        (
            {"classes": ("a", "b", "c"), "scores": ("hu", "ct", "mr"), "probabilities": True},
            "--probabilities",
        ),
    ],
)
def test_a_setting_that_would_do_nothing_is_refused(asked, says):
    with pytest.raises(BadSetting, match=says):
        DiscriminationSettings(**{"label": "osteoporosis", "scores": ("hu",)} | asked)


def test_a_prediction_is_not_held_against_itself():
    with pytest.raises(BadSetting, match="--truth and --prediction"):
        compared(models(), truth="p")


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"repeated": True, "patient": "p"}, "--repeated"),
        ({"categories": ("no", "yes", "no")}, "stands twice"),
        ({"unit": "mm"}, "--unit"),
    ],
)
def test_grades_take_no_setting_of_numbers(asked, says):
    with pytest.raises(BadSetting, match=says):
        AgreementSettings(("a", "b"), **{"categories": ("no", "yes")} | asked)


def test_a_line_that_cannot_be_drawn_leaves_the_other_figures():
    rng = np.random.default_rng(1)
    a, b = rng.integers(0, 2, (2, 60)).tolist()
    told = agreed({"a": a, "b": b})
    rows = [row["what"] for row in found(told, "agreement-1-b")]
    assert "Deming, slope" in rows
    assert "Passing–Bablok, slope" not in rows
    assert "Passing–Bablok" in next(
        one["note"] for one in told["tables"] if one["key"] == "agreement-1-b"
    )


def test_more_rows_than_passing_and_bablok_take_are_evaluated():
    a = np.random.default_rng(1).normal(0, 1, 5001)
    told = agreed({"a": a, "b": a + np.random.default_rng(2).normal(0, 0.1, 5001)})
    assert told["findings"][0]["value"] == pytest.approx(0.995, abs=0.001)


def test_grades_of_one_patient_are_not_taken_for_independent_in_silence():
    rng = np.random.default_rng(1)
    a, b = rng.choice(["no", "yes"], (2, 60)).tolist()
    asked = {"categories": ("no", "yes"), "patient": "p"}
    several = agreed({"a": a, "b": b, "p": [n // 3 for n in range(60)]}, **asked)
    assert "independent" in several["warning"]
    single = agreed({"a": a, "b": b, "p": list(range(60))}, **asked)
    assert single["warning"] == ""


def test_repeated_scans_of_one_patient_are_not_taken_for_independent_in_silence():
    a = np.random.default_rng(1).normal(100, 10, 60)
    b = a + np.random.default_rng(2).normal(0, 2, 60)
    columns = {"a": a, "b": b, "p": [n // 3 for n in range(60)]}
    assert "independent" in agreed(columns, patient="p", repeats=True)["warning"]
    assert agreed(columns, patient="p")["warning"] == ""


def test_classes_of_one_patient_are_not_taken_for_independent_in_silence():
    rng = np.random.default_rng(1)
    chances = rng.dirichlet([1, 1, 1], 60)
    rows = {f"p{n}": column for n, column in enumerate(chances.T)}
    label = [("a", "b", "c")[n % 3] for n in range(60)]
    given = table(**rows, label=label, patient=[n // 3 for n in range(60)])
    asked = DiscriminationSettings(
        "label", ("p0", "p1", "p2"), classes=("a", "b", "c"), patient="patient", intervals=FEW
    )
    assert "independent" in evaluate_discrimination(given, asked)["warning"]


def test_intervals_from_few_patients_are_not_trusted_in_silence():
    rows = vertebrae(patients=40)
    for name, several in (("patient", False), ("half", True)):
        rows["half"] = [f"{n % 4}" for n in range(120)]
        asked = DiscriminationSettings("osteoporosis", ("hu",), patient=name, intervals=FEW)
        warning = evaluate_discrimination(table(**rows), asked)["warning"]
        assert ("4 patients" in warning) is several
        told = compared(models(half=rows["half"]) | {
            "hu": table("hu.csv", **{key: rows[key] for key in ("row", "osteoporosis", name)},
                        p=rows["hu"])
        }, patient=name)  # fmt: skip
        assert ("4 patients" in told["warning"]) is several


@pytest.mark.parametrize("results", [{}, {"schema": "osteon-results-1"}])
def test_a_checklist_is_not_filled_from_what_is_no_evaluation(results):
    with pytest.raises(UnusableTable, match="results of `osteon evaluate`"):
        evaluate_checklist("claim-2024", {"osteon": "1"}, results)


@pytest.mark.parametrize("size", [1e150, 1e300, 1e-160, 1e-300])
def test_numbers_beyond_what_can_be_squared_are_told(size):
    a = np.random.default_rng(1).normal(100, 10, 30)
    b = a + np.random.default_rng(2).normal(0, 2, 30)
    with pytest.raises(UnusableTable, match=r"'a' .* another unit"):
        agreed({"a": a * size, "b": b * size})


def test_a_model_that_always_says_the_same_is_named():
    asked = {"truth": "bmd", "prediction": "hat", "kind": "quantity"}
    with pytest.raises(UnusableTable, match="'full, hat' is 5 in all 120 rows"):
        compared(models(hat=[5] * 120), **asked)


def test_too_few_rows_are_told_with_the_name_of_the_column():
    columns = {"a": [1, 2, 3, 5], "b": [2, 2.5, 5, 6], "c": [3, 4, 5, 9]}
    with pytest.raises(UnusableTable, match="'a' has 4 rows; at least 5"):
        agreed(columns, ("a", "b", "c"))
    with pytest.raises(UnusableTable, match="'a' has 2 rows; at least 3"):
        agreed({name: values[:2] for name, values in columns.items()})
    for rows in (3, 4):
        told = agreed({name: values[:rows] for name, values in columns.items()})
        assert told["findings"][0]["value"] > 0.5


def read(folder, text):
    (folder / "t.csv").write_bytes(text.encode())
    return read_table(folder / "t.csv").columns


PLAIN = {"a": ("1", "2"), "b": ("3", None)}


@pytest.mark.parametrize(
    "text",
    [
        "a,b,\n1,3,\n2,,\n",
        "a,b,,\n1,3,,\n2,,,\n",
        "a;b;;\r\n1;3;;\r\n2;;;\r\n",
        "a,b\n1,3\n2,\n,\n , \n\n",
        "a,b\n1,3\n2,#N/A\n",
        "a,b\n1,3\n2,NULL\n",
        "a,b\n1,3\n2,<NA>\n",
    ],
)
def test_what_a_spreadsheet_leaves_around_a_table_is_no_part_of_it(text, tmp_path):
    assert read(tmp_path, text) == PLAIN


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('"bmd; hip; left",b\n1,2\n', ["bmd; hip; left", "b"]),
        ('"a\tb",c\n1,2\n', ["a\tb", "c"]),
        ('"a\nb";"c, d, e"\n1;2\n', ["a\nb", "c, d, e"]),
        ('"a ""x;;"" b",c\n1,2\n', ['a "x;;" b', "c"]),
    ],
)
def test_what_stands_in_quotes_does_not_part_the_names(text, names, tmp_path):
    assert list(read(tmp_path, text)) == names


def test_numbers_of_rows_without_a_name_do_no_harm(tmp_path):
    assert read(tmp_path, ",a,b\n0,1,3\n1,2,\n")["b"] == PLAIN["b"]
    with pytest.raises(UnusableTable, match=r"two columns of t\.csv have values and no name"):
        read(tmp_path, ",a,\n1,2,3\n")


def test_digits_parted_by_a_low_line_are_no_number():
    with pytest.raises(UnusableTable, match="must be numbers; row 1 has '1_000'"):
        agreed({"a": ["1_000", 2, 3], "b": [2, 3, 4]})


def methods_of(evaluation):
    cells = [row.get("method", "") for one in evaluation["tables"] for row in one["rows"]]
    return " ".join([*evaluation["methods"], *cells])


def test_the_number_of_resamples_that_was_asked_for_is_the_one_that_is_told():
    asked = DiscriminationSettings("osteoporosis", ("hu",), probabilities=True, intervals=FEW)
    told = methods_of(evaluate_discrimination(table(**vertebrae()), asked))
    assert "100 resamples" in told
    assert "2000 resamples" not in told
    told = methods_of(compared(models(), probabilities=True))
    assert "2000 resamples" not in told


def test_rows_that_are_patients_of_their_own_are_not_called_clusters():
    plain = DiscriminationSettings("osteoporosis", ("hu",), intervals=FEW)
    told = methods_of(evaluate_discrimination(table(**vertebrae()), plain))
    assert "resamples of rows" in told
    assert "clusters" not in told
    nested = DiscriminationSettings("osteoporosis", ("hu",), patient="patient", intervals=FEW)
    assert "resamples of clusters" in methods_of(
        evaluate_discrimination(table(**vertebrae()), nested)
    )


def test_every_weighting_of_kappa_is_told_among_the_methods():
    a, b = np.random.default_rng(1).choice(["no", "so", "yes"], (2, 60)).tolist()
    told = " ".join(agreed({"a": a, "b": b}, categories=("no", "so", "yes"))["methods"])
    for weights in ("quadratic", "linear"):
        assert weights in told


def test_the_methods_say_how_p_values_were_corrected():
    three = models() | {"third": models()["full"]}
    told = compared(three)
    assert any("Holm" in sentence for sentence in told["methods"])
    assert any("Holm" in one["note"] for one in told["tables"] if one["key"] == "tests")
    scores = DiscriminationSettings("osteoporosis", ("hu", "texture", "full"), intervals=FEW)
    assert "Holm" in " ".join(evaluate_discrimination(table(**vertebrae()), scores)["methods"])
    two = DiscriminationSettings("osteoporosis", ("hu", "full"), intervals=FEW)
    assert "Holm" not in " ".join(evaluate_discrimination(table(**vertebrae()), two)["methods"])


def test_the_sides_that_were_evaluated_together_are_named():
    rows = vertebrae()
    rows["side"] = [("train", "tune", "test")[int(name[-3:]) // 2 % 3] for name in rows["patient"]]
    asked = DiscriminationSettings("osteoporosis", ("hu",), split="side", intervals=FEW)
    told = evaluate_discrimination(table(**rows), asked)["methods"][0]
    assert "('test', 'tune') were evaluated" in told


@pytest.mark.parametrize("asked", [{"raters": "fixed"}, {"interval": "generalized"}])
def test_an_interval_of_the_icc_is_not_chosen_in_vain(asked):
    with pytest.raises(BadSetting, match="--raters and --interval"):
        AgreementSettings(("a", "b"), categories=("no", "yes"), **asked)
    a = np.random.default_rng(1).normal(100, 10, 60)
    columns = {"a": a, "b": a[::-1] / 2 + a, "p": [n // 3 for n in range(60)]}
    with pytest.raises(BadSetting, match="--raters and --interval"):
        agreed(columns, patient="p", **asked)
