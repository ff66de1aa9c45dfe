"""`osteon spine` as a person starts it, stage by stage, and what it says of input it cannot use."""

import json

import pytest

import spine_crops
from osteon.pipelines.spine.cohort import run_folder

from .person import here

STAGES = ("crops", "pool", "pretrain")


def one_line(ran, *words):
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("osteon: ")
    assert ran.stderr.count("\n") == 1, ran.stderr
    for word in words:
        assert word in ran.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_of_no_cohort_is_one_line(stage, tmp_path):
    one_line(here("spine", stage, tmp_path / "gone"), "participants.tsv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", STAGES)
def test_jobs_below_one_are_refused(stage, tmp_path):
    one_line(here("spine", stage, tmp_path, "--jobs", "0"), "--jobs must be at least 1")


def test_every_stage_has_help_with_an_example_and_help_teaches_their_order():
    for number, stage in enumerate(STAGES, start=1):
        told = " ".join(here("spine", stage, "--help").stdout.split())
        assert f"Stage {number}" in told
        assert f"Example: osteon spine {stage} spines" in told
    told = " ".join(here("spine", "--help").stdout.split())
    assert "crops, pool, pretrain, train, evaluate" in told
    assert "virtual cohorts" in told


def test_without_torch_or_arrow_a_stage_says_what_to_install(tmp_path, monkeypatch):
    from osteon.app import spine_stages, stages

    monkeypatch.setattr(stages, "find_spec", lambda name: None)
    monkeypatch.setattr(spine_stages, "find_spec", lambda name: None)
    one_line(here("spine", "pretrain", tmp_path), 'pip install "osteon[learn]"')
    one_line(here("spine", "pool", tmp_path), 'pip install "osteon[texture]"')


def test_a_patient_without_masks_is_told_and_the_status_is_two(tmp_path):
    people = spine_crops.cohort(tmp_path, {"sub-0": "internal"})
    (tmp_path / "sub-0" / "masks" / "image.nii.gz").unlink()
    ran = here("spine", "crops", tmp_path, "--json")
    assert ran.returncode == 2
    reason = json.loads(ran.stdout)["failed"]["sub-0"]
    assert "nothing in sub-0/masks" in reason
    assert ran.stderr.startswith("osteon: 1 could not be done, sub-0: nothing in sub-0/masks")
    assert ran.stderr.count("\n") == 1
    table = (run_folder(people) / "crops" / "crops.tsv").read_text()
    assert "nothing in sub-0/masks" in table


def test_a_pool_is_measured_told_and_kept(tmp_path):
    people = spine_crops.with_crops(tmp_path, patients=2, vertebrae=1)
    run = run_folder(people)
    ran = here("spine", "pool", tmp_path, "--json")
    assert (ran.returncode, ran.stderr) == (0, "")
    told = json.loads(ran.stdout)
    assert (told["made"], told["vertebrae"], told["failed"]) == (2, 2, {})
    assert told["windows"] > 100
    assert told["views"] == 24
    assert told["seconds_a_vertebra"] > 0
    again = here("spine", "pool", tmp_path)
    assert again.stdout == f"Pool: {run / 'pool' / 'pool.tsv'}\n"
    assert json.loads(here("spine", "pool", tmp_path, "--json").stdout)["made"] == 0


def test_an_empty_pool_is_one_line(tmp_path):
    labelled = spine_crops.cohort(tmp_path, {"sub-0": "internal"}).root
    one_line(here("spine", "pool", labelled), "no unlabelled patient")
    one_line(here("spine", "pretrain", labelled), "the pool is empty", "osteon spine pool")


def test_unlabelled_patients_without_crops_are_told_and_nothing_is_learnt_from(tmp_path):
    spine_crops.cohort(tmp_path, {"sub-0": "unlabelled", "sub-1": "unlabelled"})
    ran = here("spine", "pool", tmp_path, "--json")
    assert ran.returncode == 2
    assert json.loads(ran.stdout)["views"] == 0
    assert ran.stderr.startswith("osteon: 2 could not be done, sub-0: sub-0 has no crops")


def test_kinds_and_seeds_are_those_asked_for(tmp_path, monkeypatch):
    from osteon.pipelines.spine import pretraining

    asked = []

    def quick(cohort, settings, *, jobs, progress):
        asked.append((settings.kinds, settings.seeds, jobs))
        told = {"kind": "mae", "seed": 0, "seconds": 1.0, "parameters": 7, "of": "much"}
        return pretraining.PretrainRun(tmp_path, [told], ("mae-0",))

    monkeypatch.setattr(pretraining, "pretrain_cohort", quick)
    spine_crops.cohort(tmp_path, {"sub-0": "unlabelled"})
    ran = here("spine", "pretrain", tmp_path, "--json")
    assert json.loads(ran.stdout)["encoders"] == [
        {"kind": "mae", "seed": 0, "seconds": 1.0, "parameters": 7}
    ]
    more = ("--kind", "mae", "--kind", "swav", "--kind", "mae", "--seeds", "2", "--jobs", "2")
    assert here("spine", "pretrain", tmp_path, *more).returncode == 0
    assert asked == [(pretraining.KINDS, (0, 1, 2), 1), (("mae", "swav"), (0, 1), 2)]
    one_line(here("spine", "pretrain", tmp_path, "--kind", "simclr"), "simclr")
    one_line(here("spine", "pretrain", tmp_path, "--seeds", "0"), "one seed")
