"""Cohorts on disk: the same bytes however they are made, whole patients only, failures told."""

import csv
import json

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, Labels, Volume
from osteon.pipelines.cohorts import workers
from osteon.pipelines.cohorts.card import card_of, gallery_of
from osteon.pipelines.cohorts.degrade import degrade_specimen
from osteon.pipelines.cohorts.folder import COHORT
from osteon.pipelines.cohorts.run import simulate_cohort
from osteon.simulate.cohort.plan import CohortSettings
from osteon.simulate.cohort.sites import default_sites
from osteon.simulate.cohort.subject import Image, Subject

TIMED = {"manifest.json"}
"""Files that tell how long the run took."""


def blocks(**more):
    asked = {"side": 2.0, "voxel": 0.1, "bvtv": 0.2, "tb_sp": 0.7}
    return CohortSettings("bone", default_sites("bone"), requested=asked, **more)


def bytes_in(folder):
    return {
        file.relative_to(folder).as_posix(): file.read_bytes()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name not in TIMED
    }


def table(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


@pytest.fixture(scope="session")
def cohort(tmp_path_factory):
    """Four blocks, made one after the other."""
    out = tmp_path_factory.mktemp("cohort") / "new" / "blocks"
    return simulate_cohort(out, blocks(subjects=4), jobs=1)


@pytest.fixture
def quick(monkeypatch):
    """Patients made in no time; those in `bad` fail."""
    bad = {}

    def make(settings, place):
        if place.subject in bad:
            raise bad[place.subject]
        grid = Grid((3, 3, 3), np.zeros(3), np.eye(3), np.ones(3))
        values = place.rng(settings.seed, "x").integers(0, 2, (3, 3, 3), np.uint8)
        row = {"participant_id": place.subject, "split": place.split, "fold": place.fold}
        labels = Labels(values, grid, {1: "bone"})
        return Subject(
            {**row, "source": "field", "voxel": 1.0},
            [Image("microct", "", Volume(values, grid, "1"), {"Modality": "micro-CT"})],
            truth_labels={"microct": labels},
            regions=[{"region": "block", "BV/TV": float(values.mean())}],
        )

    monkeypatch.setattr(workers, "make_subject", make)
    return bad


@pytest.mark.slow
def test_two_processes_make_the_same_bytes_as_one(cohort, tmp_path):
    simulate_cohort(tmp_path / "other", blocks(subjects=4), jobs=2)
    assert bytes_in(tmp_path / "other") == bytes_in(cohort.out)


def test_another_seed_makes_other_blocks(cohort, tmp_path):
    simulate_cohort(tmp_path, blocks(subjects=1, seed=2), jobs=1)
    first, other = (
        (folder / "sub-001/microct/sub-001_microct.nii.gz").read_bytes()
        for folder in (cohort.out, tmp_path)
    )
    assert first != other


def test_a_run_goes_on_where_another_was_ended(cohort, tmp_path):
    simulate_cohort(tmp_path, blocks(subjects=4), jobs=1)
    whole = bytes_in(tmp_path)
    for half in ("sub-002", "truth/sub-003", "truth/sub-004/subject.json"):
        path = tmp_path / half
        path.rename(tmp_path.parent / path.name)
    left = tmp_path / ".part-sub-004-77" / "seen"
    left.mkdir(parents=True)
    (tmp_path / ".part-participants.tsv").write_text("half a table")
    assert simulate_cohort(tmp_path, blocks(subjects=4), jobs=1).made == 3
    assert bytes_in(tmp_path) == whole == bytes_in(cohort.out)
    assert not list(tmp_path.glob(".*"))


def test_a_whole_cohort_is_not_made_again(tmp_path, quick):
    simulate_cohort(tmp_path, blocks(subjects=3), jobs=1)
    quick.update(dict.fromkeys(("sub-001", "sub-002", "sub-003"), EmptyRegion("not again")))
    again = simulate_cohort(tmp_path, blocks(subjects=3), jobs=1)
    assert (again.made, again.failed, len(again.participants)) == (0, {}, 3)


def test_a_failed_patient_is_a_row_with_its_reason_and_is_tried_again(tmp_path, quick):
    quick.update({"sub-001": EmptyRegion("no bone in it."), "sub-003": KeyError("odd\nkey")})
    run = simulate_cohort(tmp_path / "a", blocks(subjects=4), jobs=1)
    rows = table(tmp_path / "a" / "participants.tsv")
    assert [row["status"] for row in rows] == ["failed", "made", "failed", "made"]
    assert rows[0]["reason"] == "no bone in it."
    assert "KeyError" in rows[2]["reason"]
    assert "test_cohorts.py" in rows[2]["reason"]
    assert (rows[1]["reason"], rows[0]["source"], rows[0]["split"]) == ("n/a", "n/a", "internal")
    assert not (tmp_path / "a" / "sub-001").exists()
    assert {row["participant_id"] for row in table(tmp_path / "a/truth/regions.tsv")} == {
        "sub-002",
        "sub-004",
    }
    assert run.failed.keys() == {"sub-001", "sub-003"}
    assert {shot.subject for shot in gallery_of(run)} == {"sub-002", "sub-004"}
    assert {"status", "reason"} <= card_of(run, blocks(subjects=4), "x")["columns"].keys()
    quick.clear()
    mended = simulate_cohort(tmp_path / "a", blocks(subjects=4), jobs=1)
    assert (mended.made, mended.failed) == (2, {})
    simulate_cohort(tmp_path / "b", blocks(subjects=4), jobs=1)
    assert bytes_in(tmp_path / "a") == bytes_in(tmp_path / "b")


def test_a_cohort_of_which_all_failed_is_told_too(tmp_path, quick):
    quick.update({"sub-001": EmptyRegion("no bone."), "sub-002": EmptyRegion("no bone.")})
    run = simulate_cohort(tmp_path, blocks(subjects=2), jobs=1)
    assert len(run.failed) == len(table(tmp_path / "participants.tsv")) == 2
    assert gallery_of(run) == []


@pytest.mark.parametrize("held", ["", "[]", "{", '{"osteon": 1}', '{"settings": 3}'])
def test_a_folder_that_does_not_say_what_it_holds_is_refused(tmp_path, held, quick):
    (tmp_path / COHORT).write_text(held)
    with pytest.raises(BadSetting, match="does not say what cohort"):
        simulate_cohort(tmp_path, blocks(), jobs=1)
    assert (tmp_path / COHORT).read_text() == held


def test_a_folder_whose_first_file_was_cut_off_is_gone_on_with(tmp_path, quick):
    (tmp_path / f".part-{COHORT}").write_text("{")
    assert simulate_cohort(tmp_path, blocks(subjects=1), jobs=1).made == 1
    assert not list(tmp_path.glob(".*"))


def test_another_cohort_in_the_folder_is_named(tmp_path, quick):
    simulate_cohort(tmp_path, blocks(subjects=2), jobs=1)
    before = bytes_in(tmp_path)
    with pytest.raises(BadSetting, match=r"its seed is 1, asked was 2\. Name another"):
        simulate_cohort(tmp_path, blocks(subjects=2, seed=2), jobs=1)
    with pytest.raises(BadSetting, match="its subjects is 2, asked was 3"):
        simulate_cohort(tmp_path, blocks(subjects=3), jobs=1)
    assert bytes_in(tmp_path) == before


def test_a_second_run_in_the_same_folder_is_refused_while_the_first_goes_on(tmp_path, quick):
    def second(what, done, steps):
        with pytest.raises(BadSetting, match="another run is making the cohort"):
            simulate_cohort(tmp_path, blocks(subjects=1), jobs=1)

    simulate_cohort(tmp_path, blocks(subjects=1), jobs=1, progress=second)


def test_every_column_and_every_label_is_explained(cohort, tmp_path, quick):
    rows = table(cohort.out / "participants.tsv")
    told = json.loads((cohort.out / "participants.json").read_text())
    assert list(rows[0]) == list(told)
    assert all(entry["Description"] for entry in told.values())
    out = tmp_path / "quick"
    simulate_cohort(out, blocks(subjects=1), jobs=1)
    named = json.loads((out / "truth/sub-001/sub-001_microct_labels.json").read_text())
    assert named == {"Labels": {"1": "bone"}}


def test_the_true_bvtv_of_a_block_is_that_of_its_image(cohort):
    import nibabel

    rows = table(cohort.out / "truth" / "regions.tsv")
    for row in rows:
        name = row["participant_id"]
        image = nibabel.load(cohort.out / name / "microct" / f"{name}_microct.nii.gz")
        assert np.asarray(image.dataobj).mean() == pytest.approx(float(row["BV/TV"]), abs=1e-5)
        assert float(row["BV/TV"]) == pytest.approx(0.2, abs=0.005)


def test_a_specimen_of_values_that_are_no_numbers_is_refused():
    values = np.full((8, 8, 8), np.nan, np.float32)
    specimen = Volume(values, Grid((8, 8, 8), np.zeros(3), np.eye(3), np.full(3, 0.05)), "1")
    with pytest.raises(BadSetting, match="no numbers"):
        degrade_specimen(specimen, scanners=("spine-a",))


def test_the_card_of_blocks_says_what_was_asked_for_and_what_was_measured(cohort):
    card = card_of(cohort, blocks(subjects=4), "osteon simulate bone OUT")
    shown = {row["parameter"]: row for row in card["regions"]}
    assert {"BV/TV", "Tb.Sp asked for"} <= shown.keys()
    assert "Tb.Sp" not in shown
    assert shown["Tb.Sp asked for"]["unit"] == "mm"
    assert {shot.title for shot in gallery_of(cohort)} == {"sagittal", "coronal"}
