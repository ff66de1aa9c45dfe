"""Teachers and students of a cohort: who is trained on whom, and what is kept."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from knee_cohorts import TINY, cohort_of_patches
from osteon.core import UnusableTable
from osteon.learn.regressors import CT_SCALE, MR_SCALE
from osteon.pipelines.knee.cohort import read_cohort, run_folder
from osteon.pipelines.knee.patches.store import read_patches
from osteon.pipelines.knee.students.left_out import gather
from osteon.pipelines.knee.students.training import (
    STUDY,
    folds_of,
    groups_of,
    kept_file,
    read_group,
    train_cohort,
)


@pytest.fixture
def cohort(tmp_path):
    """Seven patients, two of them external, four patches each."""
    return cohort_of_patches(tmp_path)


def names_of(cohort):
    return [patient.name for patient in cohort.patients]


def test_no_patient_is_trained_on_and_tested(cohort):
    groups = groups_of(cohort, folds_of(cohort, names_of(cohort), 5), names_of(cohort), TINY)
    for group in groups:
        assert not set(group.train) & set(group.test)
        assert not {"sub-05", "sub-06"} & set(group.train)
    main = [group for group in groups if group.name.startswith("fold")]
    assert sorted(name for group in main for name in group.test) == [
        f"sub-{n:02d}" for n in range(5)
    ]
    assert {group.name for group in groups} == {
        "fold0-seed0",
        "fold1-seed0",
        "all-seed0",
    }


def edited(cohort, *changes):
    """The cohort with another table."""
    path = cohort.root / "participants.tsv"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return read_cohort(cohort.root)


def in_pairs(cohort):
    """The cohort without folds, two knees of each person but the last one."""
    lines = (cohort.root / "participants.tsv").read_text(encoding="utf-8").splitlines()
    rows = [
        line.replace("internal\t0", "internal\tn/a").replace("internal\t1", "internal\tn/a")
        for line in lines[1:]
    ]
    people = [f"{row}\tp{number // 2}" for number, row in enumerate(rows)]
    text = "\n".join([f"{lines[0]}\tpatient", *people])
    (cohort.root / "participants.tsv").write_text(text + "\n", encoding="utf-8")
    return read_cohort(cohort.root)


def test_both_knees_of_a_person_are_in_one_fold_and_one_part_of_the_learning_curve(tmp_path):
    cohort = in_pairs(cohort_of_patches(tmp_path, inside=16, outside=2))
    person = {patient.name: patient.person for patient in cohort.patients}
    folds = folds_of(cohort, names_of(cohort), 3)
    assert len({(person[name], fold) for name, fold in folds.items()}) == 8
    wanted = replace(TINY, sizes=(3,))
    for group in groups_of(cohort, folds, names_of(cohort), wanted):
        assert not {person[n] for n in group.train} & {person[n] for n in group.test}
        if group.name.startswith("size3"):
            assert len(group.train) == 6
            assert len({person[name] for name in group.train}) == 3


def test_a_person_on_both_sides_of_a_group_is_refused(tmp_path):
    cohort = in_pairs(cohort_of_patches(tmp_path, inside=4, outside=2))
    folds = {f"sub-{number:02d}": number % 2 for number in range(4)}
    with pytest.raises(UnusableTable, match="'p0' is in 'training' and 'test'"):
        groups_of(cohort, folds, names_of(cohort), TINY)


def test_a_cohort_without_external_patients_is_trained_on(tmp_path):
    cohort = cohort_of_patches(tmp_path, outside=0)
    groups = groups_of(cohort, folds_of(cohort, names_of(cohort), 5), names_of(cohort), TINY)
    assert [group.test for group in groups if group.name == "all-seed0"] == [()]


def test_a_patient_of_another_split_is_not_trained_on(cohort):
    left = edited(cohort, ("sub-04\tinternal\t0", "sub-04\tunlabelled\tn/a"))
    assert sorted(folds_of(left, names_of(left), 5)) == [f"sub-{n:02d}" for n in range(4)]


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("internal\t1", "internal\tn/a", "3 of 5 patients have a fold, sub-01 has none"),
        ("internal\t1", "internal\t0", "all 5 patients are in fold 0"),
    ],
)
def test_folds_that_leave_nobody_out_or_somebody_without_are_one_line(cohort, old, new, told):
    odd = edited(cohort, (old, new))
    with pytest.raises(UnusableTable, match=told):
        folds_of(odd, names_of(odd), 5)


def test_folds_are_drawn_of_few_people_and_where_a_label_is_rare(tmp_path):
    cohort = in_pairs(cohort_of_patches(tmp_path, inside=6, outside=0))
    assert sorted(np.bincount(list(folds_of(cohort, names_of(cohort), 5).values()))) == [2, 2, 2]
    rare = edited(cohort, ("sub-03\tinternal\tn/a\ttrue", "sub-03\tinternal\tn/a\tn/a"))
    assert len(set(folds_of(rare, names_of(rare), 3).values())) == 3


def test_what_was_trained_on_other_patches_is_trained_again(cohort):
    folder = train_cohort(cohort, settings=TINY)
    told, before = read_group(folder, "fold0-seed0")
    path = run_folder(cohort) / "patches" / f"{told['group']['train'][0]}.json"
    path.write_text(path.read_text(encoding="utf-8").replace('"inputs": {}', '"inputs": {"a": 1}'))
    with pytest.raises(UnusableTable, match="cut anew after fold0-seed0 was trained"):
        gather(run_folder(cohort), folder, [["fold0-seed0"]], ("none",))
    again = []

    def stopped(*step):
        again.append(step)
        if len(again) == 2:
            raise KeyboardInterrupt

    # fold 1 tests that patient, the last group is trained on all
    with pytest.raises(KeyboardInterrupt):
        train_cohort(cohort, settings=TINY, progress=stopped)
    assert again[0][1:] == (0, 3)
    assert not (folder / STUDY).is_file()
    train_cohort(cohort, settings=TINY, progress=lambda *step: again.append(step))
    assert again[2][1:] == (1, 3)
    # the same numbers again, as the arrays were not changed
    assert np.array_equal(read_group(folder, "fold0-seed0")[1]["none.mean"], before["none.mean"])


def test_a_training_of_other_settings_does_not_go_on_with_a_checkpoint(cohort, monkeypatch):
    from osteon.pipelines.knee.students import training

    seen = []

    def note(*given, checkpoint, **further):
        seen.append(checkpoint.name)
        raise KeyboardInterrupt

    monkeypatch.setattr(training, "train_regressor", note)
    wide = replace(TINY.student, weight=2.0)
    for student in (TINY.student, TINY.student, wide):
        with pytest.raises(KeyboardInterrupt):
            train_cohort(cohort, settings=replace(TINY, student=student))
    assert seen[0] == seen[1]
    assert seen[0] != seen[2]


def test_a_teacher_sees_the_mr_as_it_is_and_a_student_the_ct_that_is_varied(cohort, monkeypatch):
    from osteon.pipelines.knee.students import training

    asked, judged = [], []

    class Made:
        losses = ()

        def predict(self, patches):
            judged.append(patches.scale)
            return SimpleNamespace(mean=np.zeros((1, 8)), sd=np.ones((1, 8)))

    def note(patches, targets, settings, *, teacher=None, checkpoint):
        asked.append((patches.scale, settings, teacher))
        return Made()

    monkeypatch.setattr(training, "train_regressor", note)
    student = replace(TINY.student, gain=0.1, shift=0.2, noise=0.3)
    wanted = replace(TINY, student=student, seeds=(7,))
    folds = {"sub-00": 0, "sub-01": 1, "sub-02": 1}
    group = groups_of(cohort, folds, ["sub-00", "sub-01", "sub-02"], wanted)[0]
    assert group.test == ("sub-00",)
    (run_folder(cohort) / "models").mkdir()
    training._train_group(run_folder(cohort), group)
    assert [one[0] for one in asked] == judged == [MR_SCALE, CT_SCALE, CT_SCALE]
    assert [one[1].distillation for one in asked] == ["none", "none", "output"]
    assert [(one[1].gain, one[1].shift, one[1].noise) for one in asked] == [
        (0.0, 0.0, 0.0),
        (0.1, 0.2, 0.3),
        (0.1, 0.2, 0.3),
    ]
    assert [one[2] is None for one in asked] == [True, True, False]
    assert {one[1].fit.seed for one in asked} == {7}


def test_external_patients_without_patches_are_not_tested(cohort):
    there = [name for name in names_of(cohort) if name != "sub-05"]
    groups = groups_of(cohort, folds_of(cohort, there, 5), there, TINY)
    assert [group.test for group in groups if group.name == "all-seed0"] == [("sub-06",)]


def test_a_network_that_is_gone_is_trained_again(cohort):
    folder = train_cohort(cohort, settings=TINY)
    kept_file(folder, "all-seed0", "none").unlink()
    train_cohort(cohort, settings=TINY)
    assert kept_file(folder, "all-seed0", "none").is_file()


def test_the_learning_curve_takes_fewer_patients_of_the_same_fold(cohort):
    wanted = replace(TINY, sizes=(2, 64))
    groups = groups_of(cohort, folds_of(cohort, names_of(cohort), 5), names_of(cohort), wanted)
    named = {group.name: group for group in groups}
    few = named["size2-fold1-seed0"]
    assert len(few.train) == 2
    assert set(few.train) < set(named["fold1-seed0"].train)
    assert few.test == named["fold1-seed0"].test
    assert not any(name.startswith("size64") for name in named)


def test_folds_are_drawn_where_the_cohort_has_none(cohort):
    text = (cohort.root / "participants.tsv").read_text(encoding="utf-8")
    text = text.replace("internal\t0", "internal\tn/a").replace("internal\t1", "internal\tn/a")
    (cohort.root / "participants.tsv").write_text(text, encoding="utf-8")
    drawn = folds_of(read_cohort(cohort.root), names_of(cohort), 2)
    assert sorted(drawn) == [f"sub-{n:02d}" for n in range(5)]
    assert sorted(np.bincount(list(drawn.values()))) == [2, 3]


def test_what_each_kind_says_of_unseen_patients_is_kept_and_not_made_twice(cohort):
    told = []
    folder = train_cohort(cohort, settings=TINY, progress=lambda *step: told.append(step))
    group, arrays = read_group(folder, "fold0-seed0")
    test = group["group"]["test"]
    patches = read_patches(run_folder(cohort), test)
    for kind in ("teacher", "none", "output"):
        assert arrays[f"{kind}.mean"].shape == (len(patches.rows), 8)
        assert (arrays[f"{kind}.sd"] > 0).all()
    assert kept_file(folder, "all-seed0", "output").is_file()
    assert not list((folder / "checkpoints").iterdir())
    assert told[-1][1:] == (3, 3)
    first = (folder / "fold0-seed0.npz").stat().st_mtime_ns
    (folder / "fold1-seed0.json").unlink()
    again = []
    train_cohort(cohort, settings=TINY, progress=lambda *step: again.append(step))
    assert again[0][1:] == (2, 3)
    assert (folder / "fold0-seed0.npz").stat().st_mtime_ns == first
    same = read_group(folder, "fold1-seed0")[1]
    assert np.isfinite(same["output.mean"]).all()


def test_a_cohort_without_patches_is_one_line(cohort):
    with pytest.raises(UnusableTable, match="osteon knee reference makes them"):
        folds_of(cohort, [], 5)
