"""Teachers and students of a cohort: who is trained on whom, and what is kept."""

from dataclasses import replace

import numpy as np
import pytest

from knee_cohorts import TINY, cohort_of_patches
from osteon.core import UnusableTable
from osteon.pipelines.knee.cohort import read_cohort, run_folder
from osteon.pipelines.knee.patch_store import read_patches
from osteon.pipelines.knee.training import (
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
