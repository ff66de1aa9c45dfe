"""How fast Osteon is and how much memory it takes, as ratios against named peers of the same run.

Prints a table and writes it to benchmarks/results/measure.json. ``--setup`` also times a fresh
base install, which needs a package index.
"""

import argparse
import json
import os
import platform
import resource
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from pydicom import FileDataset, dcmwrite
from pydicom.dataset import FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "measure.json"
SAMPLE = ROOT / "samples" / "chest_abdomen_ct"
OSTEON = (sys.executable, "-m", "osteon.app.cli")
SHAPE = (160, 512, 512)
"""Slices, rows and columns of the synthetic DICOM series."""

READERS = {
    "DICOM, Osteon": ("from osteon.io import read_scan as r", "r(path).volume.values.sum()"),
    "DICOM, SimpleITK": (
        "import SimpleITK as s; r = s.ImageSeriesReader()",
        "r.SetFileNames(r.GetGDCMSeriesFileNames(path)); image = r.Execute();"
        "s.GetArrayViewFromImage(image).sum()",
    ),
    "NIfTI, Osteon": ("from osteon.io import read_scan as r", "r(path).volume.values.sum()"),
    "NIfTI, nibabel": ("import nibabel", "nibabel.load(path).get_fdata().sum()"),
}
"""What each reader imports, and code that reads `path` and touches every voxel."""


@dataclass(frozen=True)
class Line:
    """One measured thing.

    Attributes
    ----------
    what : str
        What was run.
    seconds : float
        Wall time, the best of `runs`.
    mib : float
        Peak memory of the process in MiB.
    runs : int
        How often it was run.
    peer : str
        What it is compared with; empty for none.
    ratio : float or None
        Seconds of `what` divided by those of the peer.
    limit : str
        What the project promises, where it does.
    """

    what: str
    seconds: float
    mib: float
    runs: int = 1
    peer: str = ""
    ratio: float | None = None
    limit: str = ""


def run(command: list[str], runs: int = 1, *, told: bool = False) -> tuple[float, float]:
    """Least seconds and most MiB of a command; `told`: it prints the seconds that count."""
    seconds, mib = [], []
    for _ in range(runs):
        began = time.perf_counter()
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        said = child.stderr.read() if child.stderr else b""
        _, status, used = os.wait4(child.pid, 0)
        took = time.perf_counter() - began
        child.returncode = os.waitstatus_to_exitcode(status)
        if child.returncode != 0:
            sys.exit(f"{shlex.join(command)} failed: {said.decode(errors='replace')}")
        seconds.append(float(said.split()[-1]) if told else took)
        mib.append(_mib(used))
    return min(seconds), max(mib)


def _mib(used: resource.struct_rusage) -> float:
    """Peak memory, which Linux counts in KiB and macOS in bytes."""
    return used.ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def reader(name: str, path: Path, runs: int) -> tuple[float, float]:
    """Seconds and MiB of reading a scan; start of the process and imports take no time here."""
    imports, code = READERS[name]
    whole = (
        f"import sys, time; path = sys.argv[1]; {imports}; began = time.perf_counter(); {code};"
        "print(time.perf_counter() - began, file=sys.stderr)"
    )
    return run([sys.executable, "-W", "ignore", "-c", whole, str(path)], runs, told=True)


def write_series(folder: Path) -> Path:
    """A CT series of noise about 40 HU, 0.7 mm pixels every 1 mm, uncompressed."""
    folder.mkdir()
    plane = np.random.default_rng(1).normal(1064, 30, SHAPE[1:]).astype(np.int16)
    study, series, frame = generate_uid(), generate_uid(), generate_uid()
    for number in range(SHAPE[0]):
        meta = FileMetaDataset()
        meta.TransferSyntaxUID = ExplicitVRLittleEndian
        meta.MediaStorageSOPClassUID = CTImageStorage
        meta.MediaStorageSOPInstanceUID = generate_uid()
        header = FileDataset("", {}, file_meta=meta, preamble=b"\0" * 128)
        header.SOPClassUID, header.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        header.StudyInstanceUID, header.SeriesInstanceUID = study, series
        header.FrameOfReferenceUID = frame
        header.Modality, header.SeriesNumber, header.InstanceNumber = "CT", 1, number + 1
        header.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
        header.ImagePositionPatient = [-179.2, -179.2, float(number)]
        header.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
        header.PixelSpacing, header.SliceThickness = [0.7, 0.7], 1
        header.Rows, header.Columns = SHAPE[1:]
        header.SamplesPerPixel, header.PhotometricInterpretation = 1, "MONOCHROME2"
        header.BitsAllocated, header.BitsStored, header.HighBit = 16, 12, 11
        header.PixelRepresentation, header.RescaleSlope, header.RescaleIntercept = 0, 1, -1024
        header.PixelData = np.roll(plane, number).tobytes()
        dcmwrite(folder / f"{number:03d}.dcm", header, enforce_file_format=True)
    return folder


def commands(place: Path) -> list[Line]:
    """The main job on the sample, and help."""
    files = ("ct.nii.gz", "--labels", "vertebrae.nii.gz", "--organs", "organs.nii.gz")
    paths = [part if part.startswith("--") else str(SAMPLE / part) for part in files]
    measure = [*OSTEON, "measure", *paths, "--out", str(place / "out")]
    return [
        Line("osteon measure, sample CT", *run(measure), limit="30 s, 4096 MiB"),
        Line("osteon --help", *run([*OSTEON, "--help"], 5), runs=5, limit="0.5 s"),
    ]


def readers(place: Path) -> list[Line]:
    """Our readers against their peers, one after the other on the same files."""
    paths = {"DICOM": write_series(place / "series"), "NIfTI": SAMPLE / "ct.nii.gz"}
    lines = []
    for ours, peer in (
        ("DICOM, Osteon", "DICOM, SimpleITK"),
        ("NIfTI, Osteon", "NIfTI, nibabel"),
    ):
        path = paths[ours.split(",")[0]]
        theirs = reader(peer, path, 2)
        own = reader(ours, path, 2)
        ratio = own[0] / theirs[0]
        lines.append(Line(f"read {ours}", *own, runs=2, peer=peer, ratio=ratio))
        lines.append(Line(f"read {peer}", *theirs, runs=2))
    return lines


def setup(place: Path) -> list[Line]:
    """A fresh base install; its size in MB stands where memory does for others."""
    venv = place / "venv"
    began = time.perf_counter()
    subprocess.run([sys.executable, "-m", "venv", str(venv)], check=True)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    subprocess.run([*pip, "-c", str(ROOT / "constraints.txt"), str(ROOT)], check=True)
    seconds = time.perf_counter() - began
    size = sum(f.stat().st_size for f in venv.rglob("*") if f.is_file() and not f.is_symlink())
    return [
        Line(
            "set-up of the base install (size on disk)",
            seconds,
            size / 2**20,
            limit="180 s, 1024 MiB",
        )
    ]


def table(lines: list[Line]) -> str:
    """The lines for a terminal."""
    rows = [f"{'what':44}{'s':>8}{'MiB':>8}  {'ratio':18}promised"]
    for line in lines:
        ratio = "" if line.ratio is None else f"{line.ratio:.2f} × {line.peer.split(', ')[1]}"
        rows.append(f"{line.what:44}{line.seconds:8.2f}{line.mib:8.0f}  {ratio:18}{line.limit}")
    return "\n".join(rows)


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--setup", action="store_true", help="time a fresh base install too")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args()
    place = Path(tempfile.mkdtemp(prefix="osteon-bench-"))
    try:
        lines = [*commands(place), *readers(place), *(setup(place) if given.setup else [])]
    finally:
        shutil.rmtree(place, ignore_errors=True)
    print(table(lines))
    made = {
        "command": "python benchmarks/measure.py" + (" --setup" if given.setup else ""),
        "machine": {
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "load_of_15_min": round(os.getloadavg()[2], 1),
        },
        "lines": [asdict(line) for line in lines],
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
