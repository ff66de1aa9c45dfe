"""`osteon simulate` as a person meets it: what it says, refuses, and leaves behind."""

import json
import os
import signal
import subprocess
import time

import numpy as np
import pytest

from osteon.core import EmptyRegion
from osteon.pipelines.cohorts import workers

from .person import COMMAND, here, save

SMALL = ("--side", 2, "--voxel", 0.1, "--bvtv", 0.2, "--tb-sp", 0.7)
"""Blocks that take no time."""
FINE = np.diag([-0.05, -0.05, 0.05, 1.0])
"""Voxels of 0.05 mm whose array axes run along LPS."""


@pytest.fixture
def fault(tmp_path):
    """What a command says that fails without leaving a file."""

    def told(*arguments):
        before = {*tmp_path.rglob("*")}
        ran = here("simulate", *arguments)
        assert ran.returncode == 2
        assert ran.stdout == ""
        assert ran.stderr.startswith("osteon: ")
        assert ran.stderr.count("\n") == 1, ran.stderr
        assert {*tmp_path.rglob("*")} == before
        return ran.stderr

    return told


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ("bone --subjects 0", "--subjects must be 1 to 100000; got 0"),
        ("bone --subjects -1", "got -1"),
        ("bone --subjects 2.5", "'2.5' is no whole number"),
        ("bone --missing 2", "share of the patients, 0–1; got 2"),
        ("bone --missing nan", "got nan"),
        ("bone --missing 0.5", "nothing can be missing from a cohort of bone"),
        ("bone --seed -1", "--seed must be at least 0; got -1"),
        ("bone --jobs 0", "--jobs must be at least 1; got 0"),
        ("bone --preset huge", "preset 'huge' is unknown; there are small, full"),
        ("bone --bvtv 0", "BV/TV must be above 0"),
        ("bone --bvtv 1.5", "below 0.9; got 1.5"),
        ("bone --bvtv nan", "got nan"),
        ("bone --tb-sp 0.01", "Tb.Sp must be above two voxels (0.12 mm)"),
        ("bone --stretch 0", "stretch must be 1 (isotropic) to 4; got 0"),
        ("bone --character 4", "character must be 0 (plates) to 1 (rods); got 4"),
        ("bone --voxel 0", "a voxel is 0.02 to 0.2 mm wide"),
        ("bone --side 1000", "Take larger voxels"),
        ("bone --side nan", "at least a voxel wide"),
        ("bone --source nobody", "got nobody"),
        ("bone --source specimen --stretch 2", "specimens have their own"),
        ("bone --source specimen --tb-sp 5", "would magnify it by"),
        ("knee --bvtv 0.2", "Unknown option"),
        ("knee --sites nowhere.toml", "--sites nowhere.toml cannot be read: No such file"),
        ("knee --unlabelled -1", "--unlabelled must be 0 to 100000; got -1"),
        ("hip", "hip"),
    ],
)
def test_what_cannot_be_made_is_told_in_one_line(arguments, says, tmp_path, fault):
    kind, *options = arguments.split()
    assert says in fault(kind, tmp_path / "out", *options)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"nonsense", "sites.toml is no TOML"),
        (b"\xff\xfe", "sites.toml is no TOML"),
        (b'[sites.A]\nscanner = "nix"\nsequence = "bffe"', "no scanner 'nix'"),
        (b'[sites.A]\nscanner = "knee-a"\nsequence = "nix"', "no sequence 'nix'"),
        (
            b'[sites.A]\nscanner = "knee-a"\nsequence = "bffe"\nscanner_changes = { dose = -3 }',
            "dose of scanner 'knee-a' must be 0.01 to 1000; got -3",
        ),
    ],
)
def test_a_file_of_sites_that_will_not_do_is_told(text, says, tmp_path, fault):
    (tmp_path / "sites.toml").write_bytes(text)
    assert says in fault("knee", tmp_path / "out", "--sites", tmp_path / "sites.toml")


def test_a_folder_that_is_taken_is_told(tmp_path, fault):
    (tmp_path / "file").write_text("mine")
    assert "file is a file; name a folder" in fault("bone", tmp_path / "file")
    assert "cannot be written: Not a directory" in fault("bone", tmp_path / "file" / "out")
    assert "holds other files and no cohort" in fault("bone", tmp_path)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told(tmp_path, fault):
    (tmp_path / "shut").mkdir(mode=0o500)
    assert "cannot be written: Permission denied" in fault("bone", tmp_path / "shut" / "out")


def test_one_line_on_stdout_names_the_card(tmp_path):
    ran = here("simulate", "bone", tmp_path / "out", "--subjects", 2, "--jobs", 1, *SMALL)
    assert (ran.returncode, ran.stderr) == (0, "")
    assert ran.stdout == f"Data card: {tmp_path / 'out' / 'card.html'}\n"
    again = here("simulate", "bone", tmp_path / "out", "--subjects", 2, *SMALL, "--json")
    told = json.loads(again.stdout)
    assert (told["patients"], told["made"], told["failed"]) == (2, 0, {})
    card = (tmp_path / "out" / "card.html").read_text(encoding="utf-8")
    assert str(tmp_path) not in card


def test_a_failed_block_is_told_at_the_end_and_the_status_is_2(tmp_path, monkeypatch):
    make = workers.make_subject

    def failing(settings, place):
        if place.number == 1:
            raise EmptyRegion("this one holds nothing.")
        return make(settings, place)

    asked = ("simulate", "bone", tmp_path / "out", "--subjects", 2, "--jobs", 1, *SMALL)
    with monkeypatch.context() as patch:
        patch.setattr(workers, "make_subject", failing)
        ran = here(*asked)
    assert ran.returncode == 2
    assert ran.stdout.startswith("Data card: ")
    assert ran.stderr.count("\n") == 1
    assert "1 of 2 could not be made, sub-002: this one holds nothing." in ran.stderr
    mended = here(*asked)
    assert (mended.returncode, mended.stderr) == (0, "")


@pytest.mark.parametrize("command", ["knee", "spine", "bone", "degrade"])
def test_help_shows_an_example_and_every_option_has_words(command):
    ran = here("simulate", command, "--help")
    assert ran.returncode == 0
    assert f"osteon simulate {command}" in ran.stdout.split("Example:")[1]
    assert "--seed" in ran.stdout


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed") / "out"
    assert here("simulate", "bone", out, "--subjects", 4, "--jobs", 1, *SMALL).returncode == 0
    return out


def nobody_left_of(session):
    """Whether all processes of a session end within seconds."""
    for _ in range(100):
        try:
            os.killpg(session, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.1)
    return False


@pytest.mark.slow
@pytest.mark.parametrize(
    ("sent", "jobs"), [(signal.SIGINT, 2), (signal.SIGTERM, 1), (signal.SIGKILL, 2)]
)
def test_a_run_that_is_stopped_leaves_whole_blocks_and_is_gone_on_with(
    sent, jobs, tmp_path, undisturbed
):
    out = tmp_path / "out"
    asked = ("simulate", "bone", out, "--subjects", 4, *SMALL)
    run = subprocess.Popen(
        [*COMMAND, *map(str, asked), "--jobs", str(jobs)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        start_new_session=True,
    )
    while run.poll() is None and not list(out.glob("sub-*")):
        time.sleep(0.01)
    os.killpg(run.pid, sent) if sent == signal.SIGINT else run.send_signal(sent)
    told = run.communicate(timeout=60)[1]
    assert run.returncode == (-signal.SIGKILL if sent == signal.SIGKILL else 2)
    if sent != signal.SIGKILL:
        assert told == "osteon: stopped; nothing was left half-written.\n"
        assert not list(out.glob(".part-*"))
    assert not (out / "participants.tsv").exists()
    assert nobody_left_of(run.pid)
    assert here(*asked, "--jobs", 1).returncode == 0
    for file in undisturbed.rglob("*"):
        if file.is_file() and file.suffix in {".gz", ".tsv"}:
            assert (out / file.relative_to(undisturbed)).read_bytes() == file.read_bytes(), file
    assert {path.name for path in out.iterdir()} == {path.name for path in undisturbed.iterdir()}


@pytest.fixture(scope="module")
def specimens(tmp_path_factory):
    """Plates 0.2 mm thick, one every 0.8 mm, and images that are no specimen."""
    place = tmp_path_factory.mktemp("specimens")
    bone = np.zeros((40, 40, 40), np.uint8)
    for k in range(6, 40, 16):
        bone[:, :, k : k + 4] = 1
    images = {
        "plates": bone,
        "grey": (100 + 800 * bone.astype(np.int16)),
        "empty": 0 * bone,
        "full": 0 * bone + 1,
        "flat": bone[:, :, 6:7],
        "long": np.resize(bone, (700, 20, 20)),
    }
    made = {name: save(place / f"{name}.nii.gz", values, FINE) for name, values in images.items()}
    return made | {"coarse": save(place / "coarse.nii.gz", bone, np.diag([-1.0, -1.0, 1.0, 1.0]))}


@pytest.mark.parametrize(
    ("image", "options", "says"),
    [
        ("plates", "--scanner nix", "no scanner 'nix'; known are"),
        ("plates", "--sequence nix", "no sequence 'nix'; there are"),
        ("plates", "--empty-scanner --empty-sequence", "at least one --scanner or --sequence"),
        ("plates", "--seed -1", "--seed must be at least 0"),
        ("plates", "--spacing 0 1 1", "states its own spacing"),
        ("plates", "--threshold nan", "--threshold must be a number; got nan"),
        ("grey", "--threshold 5000", "no voxel is above the threshold"),
        ("empty", "", "the one value 0: it is all bone or no bone"),
        ("full", "", "the one value 1: it is all bone or no bone"),
        ("flat", "", "is a single slice"),
        ("long", "", "at most 640 voxels a side"),
        ("coarse", "", "voxels of 1 mm show no single trabeculae"),
    ],
)
def test_a_specimen_that_cannot_be_scanned_is_told(
    image, options, says, specimens, fault, tmp_path
):
    out = ("--out", tmp_path / "out")
    assert says in fault("degrade", specimens[image], *out, *options.split())


def test_a_missing_specimen_is_told(tmp_path, fault):
    assert "is not there" in fault("degrade", tmp_path / "no.nii.gz", "--out", tmp_path / "out")
