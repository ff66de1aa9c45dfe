"""Help, version, and how commands behave among other commands."""

import os
import subprocess
import sys
import time

import pytest

import osteon as package

from .person import COMMAND, here, osteon

SLOW = ("numpy", "scipy", "matplotlib", "SimpleITK", "pydicom", "nibabel")
"""What takes long to import, and help has no need of."""


def test_the_version_is_that_of_the_package():
    ran = osteon("--version")
    assert (ran.returncode, ran.stdout.strip(), ran.stderr) == (0, package.__version__, "")


@pytest.mark.parametrize("arguments", ["--help", "--version", "measure --help", "calibrate --help"])
def test_help_needs_nothing_that_takes_long_to_import(arguments):
    code = (
        "import sys; from osteon.app.cli import main; status = main(sys.argv[1:]);"
        f"slow = set({SLOW}) & sys.modules.keys(); print(sorted(slow), file=sys.stderr);"
        "sys.exit(status)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code, *arguments.split()],
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
    assert (ran.returncode, ran.stderr) == (0, "[]\n")
    assert ran.stdout


def test_help_comes_within_half_a_second():
    took = []
    for _ in range(5):
        began = time.perf_counter()
        assert osteon("--help").returncode == 0
        took.append(time.perf_counter() - began)
        if took[-1] < 0.5:
            return
    pytest.fail(f"the fastest of five took {min(took):.2f} s")


def test_help_names_every_command_and_a_first_line_to_type():
    ran = osteon("--help", env={"COLUMNS": "200"})
    assert all(name in ran.stdout for name in ("measure", "calibrate", "cite"))
    assert "osteon measure samples/chest_abdomen_ct/ct.nii.gz" in ran.stdout
    assert "not a diagnosis" in ran.stdout
    assert osteon(env={"COLUMNS": "200"}).stdout == ran.stdout


@pytest.mark.parametrize("command", ["measure", "calibrate", "cite"])
def test_help_of_a_command_teaches_with_an_example(command):
    ran = osteon(command, "--help", env={"COLUMNS": "200"})
    assert f"Example: osteon {command} " in ran.stdout
    assert ran.returncode == 0


def test_options_that_commands_share_are_explained_in_the_same_words():
    said = [osteon(c, "--help", env={"COLUMNS": "200"}).stdout for c in ("measure", "calibrate")]
    for option in ("--series", "--allow-gaps", "--kvp", "--contrast"):
        lines = [line.split() for text in said for line in text.splitlines() if option in line]
        assert len(lines) == 2
        assert lines[0] == lines[1]


@pytest.mark.parametrize("arguments", ["mesure", "measure", "measure --out x", "--nonsense"])
def test_a_command_that_makes_no_sense_is_one_line_and_status_2(arguments):
    ran = here(*arguments.split())
    assert (ran.returncode, ran.stdout) == (2, "")
    assert ran.stderr.startswith("osteon: ")
    assert ran.stderr.endswith("See osteon --help.\n")
    assert ran.stderr.count("\n") == 1


def test_whoever_reads_the_output_may_stop_reading():
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "wb") as nobody:
        ran = subprocess.run(
            [*COMMAND, "cite"], stdout=nobody, stderr=subprocess.PIPE, check=False, timeout=60
        )
    assert (ran.returncode, ran.stderr) == (0, b"")
