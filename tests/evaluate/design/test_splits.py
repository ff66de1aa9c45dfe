"""Folds of patients: no leak, even folds, whatever the table looks like."""

import json

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.evaluate.design import check_leakage, nested_splits, patient_splits, site_splits


def table(patients=60, *, positive=0.3, seed=0):
    """Patients with one to five rows each, and a label of each patient."""
    rng = np.random.default_rng(seed)
    rows = rng.integers(1, 6, patients)
    names = np.repeat([f"sub-{n:03d}" for n in range(patients)], rows)
    labels = np.repeat(rng.random(patients) < positive, rows)
    return names, labels


@pytest.mark.parametrize("seed", range(20))
def test_no_patient_is_ever_on_two_sides(seed):
    names, labels = table(seed=seed)
    found = patient_splits(names, labels=labels, seed=seed)
    for fold in range(5):
        assert not set(names[found.train(fold)]) & set(names[found.test(fold)])
        assert found.train(fold).sum() + found.test(fold).sum() == names.size


@pytest.mark.parametrize("folds", [2, 3, 5, 10])
@pytest.mark.parametrize("seed", range(5))
def test_folds_differ_by_at_most_one_patient_overall_and_in_each_class(folds, seed):
    names, labels = table(67, seed=seed)
    found = patient_splits(names, folds=folds, labels=labels, seed=seed)
    for kept in (labels, ~labels, np.ones(labels.size, bool)):
        people = [len(set(names[found.test(n) & kept])) for n in range(folds)]
        assert max(people) - min(people) <= 1


@pytest.mark.parametrize("seed", range(10))
def test_many_classes_are_each_spread_evenly(seed):
    rng = np.random.default_rng(seed)
    grades = rng.choice(5, 93, p=[0.3, 0.25, 0.2, 0.15, 0.1])
    found = patient_splits(np.arange(93), folds=4, labels=grades, seed=seed)
    for counts in [*found.classes.values(), np.bincount(found.fold)]:
        assert max(counts) - min(counts) <= 1


def test_rows_are_spread_more_evenly_than_by_chance():
    names, _ = table(200, seed=3)
    people, rows = np.unique(names, return_counts=True)
    spread = []
    for seed in range(10):
        found = patient_splits(names, seed=seed)
        chance = np.random.default_rng(seed).permutation(np.arange(people.size) % 5)
        spread.append(
            (
                np.ptp(np.bincount(found.fold)),
                np.ptp(np.bincount(chance, weights=rows)),
            )
        )
    ours, drawn = np.mean(spread, axis=0)
    assert ours < drawn / 3


def test_duplicate_rows_stay_together():
    names, labels = table()
    twice, both = np.concatenate((names, names)), np.concatenate((labels, labels))
    found = patient_splits(twice, labels=both, seed=4)
    assert (found.fold[: names.size] == found.fold[names.size :]).all()


def test_a_patient_spelled_in_several_ways_is_one():
    names = ["sub-001", " SUB-001", "sub-001  ", "sub-002", "sub-003", "ｓｕｂ-003"]
    found = patient_splits(names, folds=2, seed=0)
    assert len(set(found.fold[:3])) == 1
    assert found.fold[4] == found.fold[5]
    assert len(found.patients) == 3
    assert "spelled in more than one way" in found.note


@pytest.mark.parametrize(
    ("text", "numbers"), [(["001", "002", "010"], [1, 2, 10]), (["1", "2", "3.0"], [1.0, 2.0, 3.0])]
)
def test_a_patient_read_as_text_and_as_number_is_one(text, numbers):
    with pytest.raises(UnusableTable, match="3 of 3 patients are on two sides"):
        check_leakage({"train": text, "test": numbers})


def test_the_order_of_the_rows_does_not_matter():
    names, labels = table()
    order = np.random.default_rng(1).permutation(names.size)
    found = patient_splits(names, labels=labels, seed=7)
    again = patient_splits(names[order], labels=labels[order], seed=7)
    assert (found.fold[order] == again.fold).all()


def test_a_seed_gives_the_same_folds_and_another_gives_others():
    names, labels = table()
    one, same, other = (patient_splits(names, labels=labels, seed=n).fold for n in (1, 1, 2))
    assert (one == same).all()
    assert (one != other).any()


def test_patients_with_rows_of_both_classes_are_kept_whole():
    names = np.repeat([f"p{n}" for n in range(20)], 2)
    labels = np.tile([0, 1], 20)
    found = patient_splits(names, labels=labels, seed=0)
    assert found.classes == {"0": (4,) * 5, "1": (4,) * 5}
    assert (found.fold[::2] == found.fold[1::2]).all()


def test_fewer_patients_than_folds_are_refused():
    with pytest.raises(UnusableTable, match="4 patients cannot make 5 folds"):
        patient_splits(["a", "b", "c", "d", "d", "d"], seed=0)


def test_a_fold_without_a_class_is_refused():
    names = [f"p{n}" for n in range(30)]
    with pytest.raises(UnusableTable, match="no row of class '1', which 3 patients have"):
        patient_splits(names, labels=[1] * 3 + [0] * 27, seed=0)


@pytest.mark.parametrize("missing", ["", "  ", None, float("nan")])
def test_a_row_without_a_patient_is_refused(missing):
    names = np.array(["a", missing, "b"], dtype=object)
    with pytest.raises(UnusableTable, match=r"'patients' is empty in 1 of 3 rows .* row 2"):
        patient_splits(names, folds=2, seed=0)


@pytest.mark.parametrize(("folds", "seed"), [(1, 0), (0, 0), (5, -1)])
def test_impossible_settings_are_refused(folds, seed):
    with pytest.raises(BadSetting):
        patient_splits(["a", "b", "c"], folds=folds, seed=seed)


def test_columns_of_different_length_are_refused():
    with pytest.raises(UnusableTable, match="same number of rows"):
        patient_splits(["a", "b", "c"], folds=2, labels=[0, 1], seed=0)
    with pytest.raises(UnusableTable, match="same number of rows"):
        site_splits(["a", "b", "c"], ["x", "y"])
    with pytest.raises(UnusableTable, match="same number of rows"):
        check_leakage(["a", "b", "c"], ["train", "test"])


def test_leaving_a_site_out_leaves_out_all_of_it_however_it_is_spelled():
    sites = ["Kiel", "kiel ", "KIEL", "Seoul", "Seoul", "Lyon"]
    found = site_splits(list("abcdef"), sites)
    assert found.names == ("Kiel", "Lyon", "Seoul")
    assert found.test(0).tolist() == [True] * 3 + [False] * 3
    assert "'Kiel' and 'kiel'" in found.note


def test_a_patient_of_two_sites_is_refused():
    with pytest.raises(UnusableTable, match=r"1 of 3 patients .* 'b' \(Kiel, Seoul\)"):
        site_splits(["a", "b", "B ", "c"], ["Kiel", "Kiel", "Seoul", "Seoul"])


def test_a_patient_of_one_site_in_two_spellings_is_not_refused():
    found = site_splits(["a", "a", "b"], ["Kiel", "kiel", "Seoul"])
    assert found.fold.tolist() == [0, 0, 1]


def test_one_site_cannot_be_left_out():
    with pytest.raises(UnusableTable, match="'Kiel' only"):
        site_splits(["a", "b"], ["Kiel", "KIEL"])


def test_inner_folds_never_see_the_patients_tested_outside():
    names, labels = table(80)
    found = nested_splits(names, 4, 3, labels, seed=5)
    for fold in range(4):
        assert ((found.inner[fold] == -1) == found.outer.test(fold)).all()
        kept = found.outer.train(fold)
        assert set(found.inner[fold][kept]) == {0, 1, 2}
        check_leakage(names[kept], found.inner[fold][kept])


def test_too_few_patients_for_inner_folds_are_told_with_the_fold():
    with pytest.raises(UnusableTable, match="inner folds of outer fold 1: 2 patients"):
        nested_splits(["a", "b", "c", "d"], 2, 3, seed=0)


def test_splits_are_plain_data():
    names, labels = table()
    told = json.loads(json.dumps(patient_splits(names, labels=labels, seed=1).row()))
    assert sum(fold["patients"] for fold in told["folds"]) == 60
    assert sum(fold["rows"] for fold in told["folds"]) == names.size
    assert sum(fold["classes"]["True"] for fold in told["folds"]) == labels.sum()
    json.dumps(nested_splits(names, 3, 2, labels, seed=1).row())
    json.dumps(site_splits(names, names).row())


def test_there_is_no_sixth_fold():
    names, _ = table()
    with pytest.raises(BadSetting, match="folds 0 to 4"):
        patient_splits(names, seed=1).test(5)
    with pytest.raises(BadSetting, match="folds 0 to 4"):
        patient_splits(names, seed=1).train(-1)
