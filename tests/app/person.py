"""Osteon as a person starts it, and what its words and files say."""

import csv
import gzip
import hashlib
import io
import json
import os
import subprocess
import sys
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import nibabel
import numpy as np

from osteon.app.cli import main

COMMAND = (sys.executable, "-m", "osteon.app.cli")
WRITTEN = {
    *("report.html", "results.json", "measurements.csv", "manifest.json"),
    *("core.nii.gz", "oval.nii.gz", "anterior.nii.gz"),
}


def osteon(*arguments, cwd=None, env: Mapping[str, str] | None = None):
    """Exit status, stdout and stderr of a command in a process of its own."""
    return subprocess.run(
        [*COMMAND, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


def here(*arguments):
    """The same in this process, which is faster and turns warnings into errors."""
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err):
        status = main([str(argument) for argument in arguments])
    return subprocess.CompletedProcess(arguments, status, out.getvalue(), err.getvalue())


@dataclass
class Measured:
    """A folder of results."""

    ran: Any
    folder: Path

    @property
    def rows(self) -> list[dict[str, str]]:
        with (self.folder / "measurements.csv").open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    @property
    def results(self) -> dict[str, Any]:
        return json.loads((self.folder / "results.json").read_text(encoding="utf-8"))

    def value(self, level, region, name) -> float:
        cells = [
            row["value"]
            for row in self.rows
            if (row["level"], row["region"], row["name"]) == (level, region, name)
        ]
        assert len(cells) == 1, (level, region, name, cells)
        return float(cells[0])

    def medians(self) -> dict[str, float]:
        return {
            f"{row['level']} {row['region']}": float(row["value"])
            for row in self.rows
            if row["name"] == "HU median" and row["value"]
        }


def measure(out: Path, scan, *arguments, run=here) -> Measured:
    """Run `osteon measure` into a folder and insist that it works."""
    ran = run("measure", scan, "--out", out, *arguments)
    assert ran.returncode == 0, ran.stderr
    return Measured(ran, out)


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a folder."""
    return {
        file.relative_to(folder).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in sorted(folder.rglob("*"))
        if file.is_file()
    }


def contents(folder: Path) -> dict[str, bytes]:
    """Bytes of every file in a folder; of a packed file also what is inside."""
    found = {}
    for file in sorted(folder.rglob("*")):
        if file.is_file():
            found[file.name] = file.read_bytes()
            if file.suffix == ".gz":
                found[f"{file.name}, unpacked"] = gzip.decompress(found[file.name])
    return found


def nifti(path: Path):
    """Values and affine of a NIfTI file, read by nibabel."""
    image = nibabel.load(path)
    return np.asarray(image.dataobj), image.affine


def save(path: Path, values, affine) -> Path:
    """Write a NIfTI file by nibabel."""
    nibabel.save(nibabel.Nifti1Image(values, affine), path)
    return path


def results_of(folder: Path) -> dict[str, Any]:
    """Features of `osteon texture` by tag."""
    told = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    return {one["tag"]: one for one in told["features"]}
