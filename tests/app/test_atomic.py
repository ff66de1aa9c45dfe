"""Results are there whole or not at all, whatever ends a run."""

import os
import signal
import subprocess
import sys
import time

import pytest

from osteon.app.outputs import PARTIAL, STALE_S, results_folder
from osteon.core import BadSetting

from .person import WRITTEN, digests, here, measure

WAITING = """
import sys, time, pathlib
import osteon.report, osteon.app.cli
def write_report(data, scan, one_vertebra, masks, folder):
    (folder / "report.html").write_text("half a page")
    print("writing", flush=True)
    time.sleep(60)
osteon.report.write_report = write_report
sys.exit(osteon.app.cli.main(sys.argv[1:]))
"""
"""Osteon with a report writer that gets only so far."""


def started(*arguments):
    return subprocess.Popen(
        [sys.executable, "-c", WAITING, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


@pytest.fixture
def earlier(tmp_path):
    """Results of an earlier run, and a file of the user's beside them."""
    out = tmp_path / "out"
    out.mkdir()
    for name in (*WRITTEN, "notes.txt"):
        (out / name).write_text(f"earlier {name}")
    return out


@pytest.mark.parametrize(
    ("sent", "with_earlier"),
    [
        (signal.SIGINT, True),
        (signal.SIGTERM, False),
        (signal.SIGKILL, True),
        (signal.SIGKILL, False),
    ],
)
def test_a_run_that_is_stopped_while_writing_leaves_no_result(
    request, tmp_path, ct, one_vertebra, sent, with_earlier
):
    out = request.getfixturevalue("earlier") if with_earlier else tmp_path / "deep" / "out"
    before = digests(tmp_path)
    running = started("measure", ct, "--labels", one_vertebra, "--out", out)
    assert running.stdout.readline() == "writing\n"
    running.send_signal(sent)
    said = running.communicate(timeout=30)[1]
    left = [folder for folder in tmp_path.rglob(f"{PARTIAL}*") if folder.is_dir()]
    if sent == signal.SIGKILL:
        assert running.returncode == -signal.SIGKILL
        assert len(left) == 1  # nobody can clean up then: it is hidden, and readable by its owner
        assert left[0].stat().st_mode & 0o077 == 0
        after = {name: sum_ for name, sum_ in digests(tmp_path).items() if PARTIAL not in name}
    else:
        assert running.returncode == 2
        assert said == "osteon: stopped; nothing was left half-written.\n"
        assert left == []
        assert (tmp_path / "deep").exists() is False
        after = digests(tmp_path)
    assert after == before


@pytest.mark.parametrize(
    "fault",
    [BadSetting("no page today."), OSError(28, "No space left on device"), RuntimeError("a bug")],
    ids=["refusal", "full disk", "bug"],
)
def test_a_report_that_fails_leaves_the_earlier_results_alone(
    tmp_path, ct, one_vertebra, earlier, fault, monkeypatch
):
    def write_report(data, scan, bones, masks, folder):
        (folder / "report.html").write_text("half a page")
        raise fault

    monkeypatch.setattr("osteon.report.write_report", write_report)
    before = digests(tmp_path)
    arguments = ("measure", ct, "--labels", one_vertebra, "--out", earlier)
    if isinstance(fault, RuntimeError):  # a bug is not dressed up as a refusal
        with pytest.raises(RuntimeError, match="a bug"):
            here(*arguments)
    else:
        ran = here(*arguments)
        assert (ran.returncode, ran.stdout) == (2, "")
        assert ran.stderr == f"osteon: {fault}\n"
    assert digests(tmp_path) == before
    assert not list(tmp_path.rglob(f"{PARTIAL}*"))


def test_measuring_again_replaces_the_results_with_the_same_numbers(
    tmp_path, ct, vertebrae, earlier, lumbar
):
    again = measure(earlier, ct, "--labels", vertebrae)
    assert {file.name for file in earlier.iterdir()} == {*WRITTEN, "notes.txt"}
    assert (earlier / "notes.txt").read_text() == "earlier notes.txt"
    assert (earlier / "report.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    first, second = digests(lumbar.folder), digests(earlier)
    for name in ("measurements.csv", "core.nii.gz", "oval.nii.gz", "anterior.nii.gz"):
        assert first[name] == second[name], name
    different = {"created", "manifest"}
    for key, part in lumbar.results.items():
        assert key in different or again.results[key] == part, key


def test_files_move_into_results_that_are_there_from_within_them(earlier):
    # a mounted folder is another file system than its parent, and files cannot move between two
    with results_folder(earlier) as folder:
        assert earlier in folder.parents
        (folder / "report.html").write_text("new")
    assert (earlier / "report.html").read_text() == "new"
    assert not list(earlier.glob(f"{PARTIAL}*"))


@pytest.mark.parametrize("fault", [OSError(5, "Input/output error"), KeyboardInterrupt()])
def test_moving_that_fails_half_way_brings_the_earlier_files_back(earlier, monkeypatch, fault):
    before = digests(earlier)
    moved = []
    replace = os.replace

    def failing(source, target, **options):
        if len(moved) == 3 and fault not in moved:
            moved.append(fault)
            raise fault
        moved.append(target)
        return replace(source, target, **options)

    def put():
        with results_folder(earlier) as folder:
            for name in ("a-new-one.txt", *WRITTEN):
                (folder / name).write_text("new")
            monkeypatch.setattr("pathlib.os.replace", failing)

    with pytest.raises(type(fault)):
        put()
    assert fault in moved
    assert digests(earlier) == before


def test_what_a_killed_run_left_is_removed_an_hour_later(tmp_path):
    for name, age in (("old", STALE_S + 60), ("new", 60)):
        (tmp_path / f"{PARTIAL}{name}").mkdir()
        (tmp_path / f"{PARTIAL}{name}" / "report.html").write_text("a patient")
        when = time.time() - age
        os.utime(tmp_path / f"{PARTIAL}{name}", (when, when))
    with results_folder(tmp_path / "out") as folder:
        (folder / "report.html").write_text("done")
    assert {file.name for file in tmp_path.iterdir()} == {f"{PARTIAL}new", "out"}


def test_two_runs_at_once_into_neighbouring_folders_do_not_meet(tmp_path):
    with results_folder(tmp_path / "one") as one, results_folder(tmp_path / "two") as two:
        (one / "report.html").write_text("one")
        (two / "report.html").write_text("two")
    assert {file.name for file in tmp_path.iterdir()} == {"one", "two"}
    assert (tmp_path / "one" / "report.html").read_text() == "one"


def test_results_are_not_written_over_what_was_read(earlier):
    def put():
        with results_folder(earlier, (None, earlier / "core.nii.gz")) as folder:
            for name in WRITTEN:
                (folder / name).write_text("new")

    before = digests(earlier)
    with pytest.raises(BadSetting, match=r"holds core\.nii\.gz, which was read"):
        put()
    assert digests(earlier) == before
    assert not list(earlier.glob(f"{PARTIAL}*"))


def test_folders_made_for_results_go_again_when_there_are_none(tmp_path):
    def fail():
        with results_folder(tmp_path / "a" / "b" / "out"):
            raise BadSetting("no.")

    with pytest.raises(BadSetting):
        fail()
    assert list(tmp_path.iterdir()) == []


def test_interrupting_before_anything_is_computed_is_one_line_too(tmp_path, ct, one_vertebra):
    code = (
        "import osteon.io as io\ndef read_ct(*a, **k): raise KeyboardInterrupt\nio.read_ct=read_ct"
    )
    code += "\nimport sys, osteon.app.cli as cli; sys.exit(cli.main(sys.argv[1:]))"
    arguments = ("measure", ct, "--labels", one_vertebra, "--out", tmp_path / "out")
    ran = subprocess.run(
        [sys.executable, "-c", code, *map(str, arguments)],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr == "osteon: stopped; nothing was left half-written.\n"
