"""`osteon reproduce osteoporosis`: what is asked for is done, told again, or refused in a line."""

import json

import pytest

from .person import here


@pytest.fixture
def reproduced(monkeypatch):
    """Reproducing without the hours: results of which nothing was run."""
    from osteon.pipelines.reproduce import osteoporosis

    def quick(out, settings, *, jobs, progress):
        out.mkdir()
        asked = {"subjects": settings.subjects, "pool": settings.unlabelled, "jobs": jobs}
        return {"schema": "osteon-osteoporosis-1", "osteon": "0", "settings": asked}

    monkeypatch.setattr(osteoporosis, "reproduce_osteoporosis", quick)


@pytest.mark.parametrize(
    ("options", "subjects", "pool", "told"),
    [
        ((), 80, 180, ""),
        (("--seeds", "2"), 240, 360, " --subjects 240 --seeds 2"),
        (("--subjects", "50"), 50, 75, " --subjects 50 --seeds 3"),
    ],
)
def test_reproducing_writes_the_page_and_results_with_their_command(
    options, subjects, pool, told, tmp_path, reproduced
):
    out = tmp_path / "bone"
    ran = here("reproduce", "osteoporosis", *options, "--out", out)
    assert (ran.returncode, ran.stdout) == (0, f"Report: {out / 'report.html'}\n")
    data = json.loads((out / "osteoporosis.json").read_text(encoding="utf-8"))
    assert data["settings"] == {"subjects": subjects, "pool": pool, "jobs": 2}
    assert data["command"] == f"osteon reproduce osteoporosis --preset small{told} --out bone"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--jobs", "0"), "--jobs must be at least 1"),
        (("--preset", "full", "--seeds", "2"), "--preset small"),
        (("--subjects", "9"), "32 patients or more"),
    ],
)
def test_reproducing_what_cannot_be_is_one_line(options, words, tmp_path, reproduced):
    ran = here("reproduce", "osteoporosis", *options, "--out", tmp_path / "out")
    assert ran.returncode == 2
    assert words in ran.stderr
    assert ran.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())
