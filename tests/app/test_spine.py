"""`osteon spine` as a person starts it, stage by stage, and what it says of input it cannot use."""

import json

import pytest

import spine_crops
from osteon.pipelines.spine.cohort import run_folder

from .person import here

STAGES = ("crops", "pool", "pretrain", "train", "evaluate")


def options(stage, folder):
    """What a stage must be told besides the cohort."""
    return ("--out", folder / "out") if stage == "evaluate" else ()


def one_line(ran, *words):
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("osteon: ")
    assert ran.stderr.count("\n") == 1, ran.stderr
    for word in words:
        assert word in ran.stderr


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_of_no_cohort_is_one_line(stage, tmp_path):
    ran = here("spine", stage, tmp_path / "gone", *options(stage, tmp_path))
    one_line(ran, "participants.tsv")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("stage", STAGES[:-1])
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
    for stage in ("pretrain", "train", "evaluate"):
        ran = here("spine", stage, tmp_path, *options(stage, tmp_path))
        one_line(ran, 'pip install "osteon[learn]"')
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


@pytest.fixture
def trained(monkeypatch, tmp_path):
    """Training without the hours; what was asked for, by stage."""
    from osteon.pipelines.spine.baselines import making as baselines
    from osteon.pipelines.spine.prediction import shipping
    from osteon.pipelines.spine.training import making as training

    asked = {}

    def train(cohort, settings, *, jobs, progress):
        asked["train"] = (settings.names, settings.seeds, jobs)
        return training.TrainingRun(tmp_path / "train", [], ("full-0",))

    def beside(cohort, *, seeds, jobs, progress):
        asked["baselines"] = (tuple(seeds), jobs)
        return baselines.BaselineRun((tmp_path / "l1-hu-0",), asked.get("failed", {}))

    def ship(cohort, out, *, name, seeds):
        asked["ship"] = (out.name, name, tuple(seeds))

    monkeypatch.setattr(training, "train_cohort", train)
    monkeypatch.setattr(baselines, "make_baselines", beside)
    monkeypatch.setattr(shipping, "ship_model", ship)
    spine_crops.cohort(tmp_path, {"sub-0": "internal"})
    return asked


def test_the_whole_system_is_trained_beside_the_baselines(tmp_path, trained):
    ran = here("spine", "train", tmp_path)
    assert (ran.returncode, ran.stdout) == (0, f"Trainings: {tmp_path / 'train'}\n")
    assert trained == {"train": (("full",), (0, 1, 2), 1), "baselines": ((0, 1, 2), 1)}


def test_trainings_are_those_asked_for_and_the_first_is_shipped(tmp_path, trained):
    more = ("--training", "scratch", "--training", "full", "--training", "scratch")
    rest = ("--seeds", "2", "--jobs", "2", "--ship", tmp_path / "model", "--json")
    ran = here("spine", "train", tmp_path, *more, *rest)
    told = json.loads(ran.stdout)
    assert (told["made"], told["baselines"]) == (["full-0"], ["l1-hu-0"])
    assert told["model"] == str(tmp_path / "model")
    assert trained["train"] == (("scratch", "full"), (0, 1), 2)
    assert trained["ship"] == ("model", "scratch", (0, 1))
    here("spine", "train", tmp_path, "--training", "all")
    names = trained["train"][0]
    assert names[0] == "full"
    assert len(names) > 10
    one_line(here("spine", "train", tmp_path, "--training", "best"), "best", "scratch")


def test_a_baseline_that_cannot_be_trained_is_told(tmp_path, trained):
    trained["failed"] = {"radiomics-0": "one class only."}
    ran = here("spine", "train", tmp_path)
    assert ran.returncode == 2
    assert "radiomics-0: one class only." in ran.stderr


def test_training_without_crops_or_encoders_is_one_line(tmp_path):
    spine_crops.cohort(tmp_path, {"sub-0": "internal"})
    one_line(here("spine", "train", tmp_path), "crops")


@pytest.mark.parametrize("external", [True, False])
def test_evaluating_writes_a_page_and_figures_with_their_command(tmp_path, monkeypatch, external):
    from osteon import report
    from osteon.pipelines.spine.evaluation import evaluating

    asked = []

    def quick(cohort, *, external, progress):
        asked.append(external)
        return {"figures": {"rows": []}}

    def page(data, folder):
        (folder / "report.html").write_text(data["command"])

    monkeypatch.setattr(evaluating, "evaluate_cohort", quick)
    monkeypatch.setattr(report, "write_spine_results", page, raising=False)
    place = tmp_path / "spines"
    place.mkdir()
    spine_crops.cohort(place, {"sub-0": "internal"})
    shut = () if external else ("--no-external",)
    ran = here("spine", "evaluate", place, "--out", tmp_path / "out", *shut)
    assert (ran.returncode, asked) == (0, [external])
    assert ran.stdout == f"Report: {tmp_path / 'out' / 'report.html'}\n"
    data = json.loads((tmp_path / "out" / "results.json").read_text())
    assert data["schema"] == "osteon-osteoporosis-1"
    assert data["command"] == " ".join(("osteon spine evaluate spines --out out", *shut))
    assert (tmp_path / "out" / "report.html").read_text() == data["command"]
    one_line(here("spine", "evaluate", place, "--out", place), "the folder that is read")


def test_evaluating_what_was_not_trained_is_one_line_and_leaves_nothing(tmp_path, monkeypatch):
    from osteon import report

    monkeypatch.setattr(report, "write_spine_results", lambda data, folder: None, raising=False)
    spine_crops.cohort(tmp_path, {"sub-0": "internal"})
    one_line(here("spine", "evaluate", tmp_path, "--out", tmp_path / "out"))
    assert not (tmp_path / "out").exists()
