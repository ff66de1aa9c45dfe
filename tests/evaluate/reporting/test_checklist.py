"""A checklist says what the run shows, and never more."""

import copy
import json

import pytest

from osteon.core import BadSetting, OsteonError, UnknownName, UnusableTable
from osteon.evaluate import Estimate
from osteon.evaluate.design import (
    auc_sample_size,
    icc_sample_size,
    patient_splits,
    site_splits,
    transport,
)
from osteon.evaluate.reporting import CHECKLISTS, checklist
from osteon.evaluate.reporting.facts import FACTS, Run
from osteon.pipelines import manifest

MANIFEST = manifest({"threshold": "otsu", "kind": "x"}, {"image": "ab" * 32}, 3.0)

EVALUATION = {
    "schema": "osteon-evaluation-1",
    "kind": "discrimination",
    "title": "fracture by score",
    "summary": "113 rows, 41 with fracture.",
    "warning": "",
    "findings": [
        {"name": "AUC, score", "value": 0.82, "low": 0.75, "high": 0.89, "level": 0.95, "unit": "1"}
    ],
    "tables": [],
    "figures": [{"key": "roc", "kind": "roc", "title": "ROC", "caption": "", "data": {}}],
    "methods": ["AUC: DeLong interval."],
    "references": [],
}

CONFUSION = {
    "kind": "confusion",
    "data": {
        "classes": ["no", "yes"],
        "counts": [[5, 1], [2, 7]],
        "truth": "fracture",
        "called": "score",
    },
}


def state(name, number, made=MANIFEST, evaluation=None, **more):
    """The item of a number."""
    found = {item.number: item for item in checklist(name, made, evaluation, **more).items}
    return found[number]


def changed(**parts):
    """The evaluation with other parts."""
    return {**copy.deepcopy(EVALUATION), **parts}


# --- the lists themselves


@pytest.mark.parametrize(
    ("name", "numbered", "parts"),
    [("claim-2024", 44, 44), ("tripod+ai", 27, 52), ("stard-ai", 40, 48)],
)
def test_a_list_has_as_many_items_as_published(name, numbered, parts):
    numbers = [item.number for item in checklist(name, MANIFEST).items]
    assert len(numbers) == len(set(numbers)) == parts
    whole = list(dict.fromkeys(int(number.rstrip("abcdefg")) for number in numbers))
    assert whole == list(range(1, numbered + 1))


def test_parts_are_lettered_as_published():
    # TRIPOD+AI table 2; STARD-AI table 2
    expected = {
        "tripod+ai": {3: 3, 5: 2, 6: 3, 8: 3, 9: 3, 12: 7, 18: 6, 20: 3, 23: 2, 27: 3},
        "stard-ai": {15: 4, 16: 3, 17: 2, 26: 2, 40: 2},
        "claim-2024": {},
    }
    for name, parts in expected.items():
        met = {}
        for item in checklist(name, MANIFEST).items:
            if item.number[-1].isalpha():
                met.setdefault(int(item.number[:-1]), []).append(item.number[-1])
        assert {number: "".join(letters) for number, letters in met.items()} == {
            number: "abcdefg"[:count] for number, count in parts.items()
        }


@pytest.mark.parametrize("name", CHECKLISTS)
def test_every_item_says_where_it_stands_and_what_it_asks(name):
    found = checklist(name, MANIFEST)
    assert found.doi.startswith("10.")
    assert found.source
    assert found.note
    for item in found.items:
        assert item.section
        assert item.asks.endswith(".")


def test_every_fact_is_used_by_a_list_and_every_list_uses_known_facts():
    from osteon.evaluate.reporting.checklist import _read

    items = [item for name in CHECKLISTS for item in _read(name)["items"]]
    assert {fact for item in items for fact in item.get("facts", ())} == set(FACTS)
    for item in items:
        allowed = {"number", "section", "asks", "facts", "enough", "lacks", "applies"}
        assert set(item) <= allowed
        # a draft says what the author must add; a whole answer does not need it
        assert ("lacks" in item) == bool(item.get("facts") and not item.get("enough"))
        assert item.get("applies") in (None, "development", "evaluation")


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("CLAIM", "claim-2024"),
        ("CLAIM 2024", "claim-2024"),
        ("tripod-ai", "tripod+ai"),
        ("STARD_AI", "stard-ai"),
    ],
)
def test_a_list_is_found_however_it_is_written(written, name):
    assert checklist(written, MANIFEST).name == name


@pytest.mark.parametrize("name", ["", "stard", "tripod", "claim-2020", "ai"])
def test_an_unknown_list_is_told(name):
    with pytest.raises(UnknownName, match=r"claim-2024, tripod\+ai, stard-ai"):
        checklist(name, MANIFEST)


# --- a manifest alone


@pytest.mark.parametrize("name", CHECKLISTS)
def test_a_manifest_alone_fills_nothing(name):
    found = checklist(name, MANIFEST)
    assert found.counts() == {"filled": 0, "author": len(found.items), "not applicable": 0}


def test_what_the_manifest_knows_is_a_draft_with_what_is_missing():
    item = state("claim-2024", "23")
    assert item.state == "author"
    assert f"Osteon {MANIFEST['osteon']}" in item.answer
    assert f"numpy {MANIFEST['packages']['numpy']}" in item.answer
    assert "To be told by the author" in item.answer
    assert "ab" * 32 in state("claim-2024", "7").answer
    assert "threshold otsu" in state("claim-2024", "9").answer


def test_packages_that_are_not_here_are_not_claimed():
    made = {**MANIFEST, "packages": {"numpy": "2.4.0", "SimpleITK": None}}
    assert "SimpleITK" not in state("claim-2024", "23", made).answer


def test_an_image_run_with_a_kind_is_no_virtual_cohort():
    assert "virtual" not in state("claim-2024", "7").answer


def test_a_virtual_cohort_says_so():
    site = {"name": "north", "scanner": "standard", "sequence": None}
    settings = {"kind": "knee", "subjects": 20, "unlabelled": 5, "sites": [site]}
    made = {**MANIFEST, "settings": settings, "seed": 7, "patients_made_in_this_run": 25}
    told = state("claim-2024", "7", made)
    assert "20 labelled and 5 unlabelled virtual patients (knee) at the sites north" in told.answer
    assert told.state == "author"
    assert "Simulated: north: standard." in state("claim-2024", "13", made).answer


def test_the_settings_of_an_evaluation_are_no_preprocessing():
    made = {**MANIFEST, "settings": {"label": "fracture", "intervals": {"level": 0.95}}}
    for name, number in [("claim-2024", "9"), ("tripod+ai", "7"), ("tripod+ai", "12g")]:
        assert state(name, number, made).answer == ""
    for number in ("13", "14", "15a"):
        assert state("stard-ai", number, made).answer == ""


def test_the_settings_of_a_virtual_cohort_are_no_preprocessing():
    made = {**MANIFEST, "input_sha256": {}, "patients_made_in_this_run": 25}
    assert state("claim-2024", "9", made).answer == ""


# --- an evaluation


def test_an_auc_with_its_interval_and_method_fills_what_asks_for_it():
    assert state("claim-2024", "38", evaluation=EVALUATION).state == "filled"
    assert state("claim-2024", "29", evaluation=EVALUATION).answer == "AUC: DeLong interval."
    assert state("stard-ai", "18", evaluation=EVALUATION).state == "filled"
    item = state("stard-ai", "31", evaluation=EVALUATION)
    assert item.state == "filled"
    assert item.answer == "AUC, score 0.82 (95 % interval 0.75 to 0.89)."


def test_nothing_else_is_filled_by_it():
    filled = {
        name: [
            item.number
            for item in checklist(name, MANIFEST, EVALUATION).items
            if item.state == "filled"
        ]
        for name in CHECKLISTS
    }
    assert filled == {"claim-2024": ["29", "38"], "tripod+ai": [], "stard-ai": ["18", "31"]}


@pytest.mark.parametrize(
    "odd",
    [
        {"low": None},
        {"high": None},
        {"level": None},
        {"low": 0.9},
        {"low": float("nan")},
        {"value": float("nan")},
        {"value": None},
        {"value": True},
        {"value": "0.82"},
        {"name": ""},
        {"name": "ICC(2,1)"},
        {"name": "AUC, a − b"},
        {"name": "AUC difference"},
        {"name": "AUC, change after recalibration"},
        {"name": "MAE, auc_net"},
        {"name": "MAE, auc"},
        {"name": "bias of accuracy"},
        {"name": "calibration slope"},
        {"name": "paucity"},
        {"name": "aucs"},
    ],
)
def test_no_accuracy_is_claimed_from_what_is_none(odd):
    given = changed(findings=[EVALUATION["findings"][0] | odd])
    for name, number in [("claim-2024", "38"), ("stard-ai", "31"), ("stard-ai", "18")]:
        assert state(name, number, evaluation=given).state == "author"


def test_one_figure_without_an_interval_leaves_the_item_to_the_author():
    bare = {"name": "sensitivity", "value": 0.9, "low": None, "high": None, "level": 0.95}
    given = changed(findings=[*EVALUATION["findings"], bare])
    item = state("stard-ai", "31", evaluation=given)
    assert item.state == "author"
    assert "sensitivity 0.9 (no interval)" in item.answer
    assert state("claim-2024", "29", evaluation=given).state == "author"


@pytest.mark.parametrize("kind", ["agreement", "checklist", "", None])
def test_agreement_is_no_diagnostic_accuracy(kind):
    for number in ("18", "31"):
        assert state("stard-ai", number, evaluation=changed(kind=kind)).answer == ""


@pytest.mark.parametrize("methods", [[], None, "", [""], ["3 rows were left out."], [None, 3]])
def test_intervals_without_their_method_are_left_to_the_author(methods):
    assert state("claim-2024", "29", evaluation=changed(methods=methods)).state == "author"
    assert state("stard-ai", "18", evaluation=changed(methods=methods)).state == "author"


def test_the_seed_of_the_run_is_not_told_as_that_of_the_evaluation():
    made = {**MANIFEST, "seed": 41}
    assert "41" not in state("claim-2024", "29", made, EVALUATION).answer
    given = changed(manifest={"seed": 43})
    assert "Seed of random draws: 43." in state("claim-2024", "29", made, given).answer


def test_what_an_evaluation_says_of_its_patients_is_a_draft():
    item = state("tripod+ai", "21", evaluation=EVALUATION)
    assert item.state == "author"
    assert "This evaluation: 113 rows" in item.answer
    assert state("tripod+ai", "21", evaluation=changed(findings=[])).answer == ""


def test_a_warning_goes_with_the_figures():
    given = changed(warning="These are virtual patients.")
    assert "These are virtual patients." in state("stard-ai", "31", evaluation=given).answer


def test_a_cross_tabulation_is_one_of_calls_by_truth():
    item = state("stard-ai", "30", evaluation=changed(figures=[CONFUSION]))
    assert item.state == "filled"
    assert "no called no: 5, no called yes: 1, yes called no: 2, yes called yes: 7" in item.answer


@pytest.mark.parametrize(
    "odd",
    [
        {"counts": [[0, 0], [0, 0]]},
        {"counts": [[5, 1]]},
        {"counts": [[5, 1], [2]]},
        {"counts": [[5, 1], [2, -1]]},
        {"counts": [[0.5, 0.1], [0.2, 0.2]]},
        {"counts": None},
        {"classes": ["yes"], "counts": [[3]]},
        {"truth": ""},
        {"called": None},
    ],
)
def test_no_cross_tabulation_is_claimed_from_what_is_none(odd):
    figure = {"kind": "confusion", "data": CONFUSION["data"] | odd}
    assert state("stard-ai", "30", evaluation=changed(figures=[figure])).answer == ""


def test_a_table_of_two_readers_is_no_cross_tabulation_with_the_reference():
    given = changed(kind="agreement", figures=[CONFUSION])
    assert state("stard-ai", "30", evaluation=given).answer == ""


# --- splits, sample size, sites


def test_splits_by_patient_answer_the_level_but_not_the_reason():
    split = patient_splits([f"p{n}" for n in range(10)], folds=2, seed=3).row()
    item = state("claim-2024", "20", {**MANIFEST, "split": split})
    assert item.state == "filled"
    assert "level of patient." in item.answer
    drafted = state("claim-2024", "19", evaluation=changed(split=split))
    assert drafted.state == "author"
    assert "seed 3 (1: 5 patients, 5 rows; 2: 5 patients, 5 rows)" in drafted.answer


def test_splits_by_site_are_disjoint_by_site():
    split = site_splits(["a", "b", "c"], ["x", "y", "y"]).row()
    assert "level of site" in state("claim-2024", "20", {**MANIFEST, "split": split}).answer


@pytest.mark.parametrize(
    "split",
    [
        None,
        "patient",
        {},
        {"unit": "patient"},
        {"schema": "osteon-splits-1", "unit": "image", "folds": [{"name": "1"}] * 2, "method": "x"},
        {"schema": "osteon-splits-1", "unit": "patient", "folds": [{"name": "1"}], "method": "x"},
        {"schema": "osteon-splits-1", "unit": "patient", "folds": ["1", "2"], "method": "x"},
        {"schema": "other", "unit": "patient", "folds": [{"name": "1"}] * 2, "method": "x"},
    ],
)
def test_no_disjointness_is_claimed_from_what_is_no_split(split):
    assert state("claim-2024", "20", {**MANIFEST, "split": split}).answer == ""


def test_settings_that_name_a_split_column_show_no_disjointness():
    made = {**MANIFEST, "settings": {"split": "fold", "patient": "participant_id"}}
    assert state("claim-2024", "20", made).answer == ""


def test_a_plan_for_an_auc_answers_the_size_of_an_accuracy_study():
    made = {**MANIFEST, "sample_size": auc_sample_size(0.8, null=0.7).row()}
    for name, number in [("claim-2024", "21"), ("stard-ai", "22")]:
        item = state(name, number, made)
        assert item.state == "filled"
        assert "cases and" in item.answer
        assert "power 0.8" in item.answer
    assert state("tripod+ai", "10", made).state == "author"


def test_a_plan_for_agreement_does_not_answer_the_size_of_an_accuracy_study():
    made = {**MANIFEST, "sample_size": icc_sample_size(0.8, width=0.2).row()}
    assert state("stard-ai", "22", made).answer == ""
    assert "subjects, 2 ratings each" in state("claim-2024", "21", made).answer


@pytest.mark.parametrize(
    "plan", [80, {"cases": 80}, {"kind": "auc", "cases": 80, "controls": 80}, "80"]
)
def test_a_bare_number_of_patients_is_no_plan(plan):
    assert state("claim-2024", "21", {**MANIFEST, "sample_size": plan}).answer == ""


def over(name):
    """A figure of two sites, as plain data."""
    return transport(
        {"north": Estimate(name, 0.9, 0.85, 0.95), "south": Estimate(name, 0.8, 0.7, 0.9)}
    ).row()


def test_accuracy_by_site_answers_heterogeneity_of_performance():
    item = state("tripod+ai", "23b", evaluation=changed(transport=over("AUC")))
    assert item.state == "filled"
    assert "north 0.9 (0.85 to 0.95), south 0.8 (0.7 to 0.9)" in item.answer
    assert "2 sites only" in item.answer
    assert state("tripod+ai", "12d", evaluation=changed(transport=over("AUC"))).state == "author"


def test_agreement_by_site_is_no_heterogeneity_of_performance():
    assert state("tripod+ai", "23b", evaluation=changed(transport=over("ICC(2,1)"))).answer == ""


@pytest.mark.parametrize("lost", ["i2", "rows", "pooled"])
def test_half_a_table_of_sites_answers_nothing(lost):
    table = over("AUC")
    del table[lost]
    assert state("tripod+ai", "23b", evaluation=changed(transport=table)).answer == ""


# --- kinds of study, and odd input


def test_items_for_the_other_kind_of_study_are_not_applicable():
    assert state("tripod+ai", "9a").state == "author"
    assert state("tripod+ai", "9a", study="both").state == "author"
    assert state("tripod+ai", "9a", study="evaluation").state == "not applicable"
    assert state("tripod+ai", "12f", study="development").state == "not applicable"
    assert state("tripod+ai", "12f", study="evaluation").state == "author"
    # D and E marks of the statement's table
    found = checklist("tripod+ai", MANIFEST, study="evaluation")
    assert [item.number for item in found.items if item.state == "not applicable"] == (
        ["9a", "12a", "12b", "12c", "15", "22", "27a", "27b"]
    )
    found = checklist("tripod+ai", MANIFEST, study="development")
    assert [item.number for item in found.items if item.state == "not applicable"] == (
        ["12f", "12g", "20c", "24"]
    )


def test_an_unknown_kind_of_study_is_told():
    with pytest.raises(UnknownName, match="development, evaluation, both"):
        checklist("tripod+ai", MANIFEST, study="validation")


@pytest.mark.parametrize("made", [{}, {"settings": {}}, {"osteon": None}, {"osteon": 3}])
def test_a_manifest_of_something_else_is_told(made):
    with pytest.raises(UnusableTable, match="none of a run of Osteon"):
        checklist("claim-2024", made)


@pytest.mark.parametrize("made", [None, [], "manifest.json", 3])
def test_a_manifest_that_is_no_mapping_is_told(made):
    with pytest.raises(BadSetting, match="mappings"):
        checklist("claim-2024", made)
    if made:
        with pytest.raises(BadSetting, match="mappings"):
            checklist("claim-2024", MANIFEST, made)


ODD = (None, True, 0, -1.5, float("nan"), "", "x", [], [None], ["x"], {}, {"x": None}, [[1]])


@pytest.mark.parametrize("name", CHECKLISTS)
@pytest.mark.parametrize("odd", ODD, ids=repr)
def test_whatever_stands_in_a_manifest_or_an_evaluation_fills_nothing_and_breaks_nothing(name, odd):
    keys = ("settings", "packages", "input_sha256", "seed", "split", "sample_size", "platform")
    parts = ("kind", "findings", "figures", "methods", "transport", "warning", "manifest", "split")
    made = {"osteon": "1", "patients_made_in_this_run": odd} | dict.fromkeys(keys, odd)
    try:
        found = checklist(name, made, dict.fromkeys(parts, odd))
    except OsteonError:
        pytest.fail("odd parts are no error")
    assert found.counts()["filled"] == 0


def test_a_checklist_is_plain_data():
    found = checklist("claim-2024", MANIFEST, EVALUATION)
    told = json.loads(json.dumps(found.rows()))
    assert set(told[0]) == {"number", "section", "asks", "state", "answer"}
    assert sum(found.counts().values()) == len(told)


def test_facts_leave_their_input_alone():
    made, given = copy.deepcopy(MANIFEST), copy.deepcopy(EVALUATION)
    for fact in FACTS.values():
        fact(Run(made, given))
    assert made == MANIFEST
    assert given == EVALUATION
