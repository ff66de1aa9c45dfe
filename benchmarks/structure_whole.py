"""`osteon structure` on one large volume, whole and in blocks: seconds, memory, same numbers.

Writes benchmarks/results/structure_whole.json; takes about half an hour.
"""

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nibabel
import numpy as np
from bone_volumes import trabecular
from scipy import ndimage

RESULTS = Path(__file__).parents[1] / "benchmarks" / "results" / "structure_whole.json"
OSTEON = (sys.executable, "-m", "osteon.app.cli", "structure")


def write_image(side: int, path: Path) -> None:
    """Grey values of a trabecular volume in 8 bits, blurred and noisy, voxels of 0.02 mm."""
    bone = trabecular(side)
    values = ndimage.gaussian_filter(bone.astype(np.float32), 1.0)
    values *= 150
    values += 50
    values += np.random.default_rng(1).normal(0, 6, bone.shape).astype(np.float32)
    image = nibabel.Nifti1Image(
        values.clip(0, 255).astype(np.uint8), np.diag([-0.02, -0.02, 0.02, 1.0])
    )
    nibabel.save(image, path)


def run(image: Path, out: Path, *options: str) -> tuple[float, float]:
    """Seconds and peak MiB of the command."""
    command = [*OSTEON, str(image), "--out", str(out), "--map", "Tb.Th", *options]
    began = time.perf_counter()
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode:
        sys.exit(f"osteon structure ended with {child.returncode}")
    return time.perf_counter() - began, used.ru_maxrss / 1024


def rows(folder: Path) -> list[dict[str, str]]:
    """The table of measurements."""
    with (folder / "measurements.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def main() -> int:
    """Measure, compare, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=512, help="voxels along each side")
    parser.add_argument("--block", type=int, default=128, help="slices worked on at once")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="osteon-bench-") as folder:
        place = Path(folder)
        image = place / "bone.nii"
        write_image(given.side, image)
        seconds, mib = run(image, place / "whole")
        print(f"whole: {seconds:.0f} s, {mib / 1024:.2f} GiB", flush=True)
        seconds_blocked, mib_blocked = run(image, place / "blocks", "--block", str(given.block))
        print(f"blocks: {seconds_blocked:.0f} s, {mib_blocked / 1024:.2f} GiB")
        same = rows(place / "whole") == rows(place / "blocks")
        maps = [(place / name / "Tb.Th.nii.gz").read_bytes() for name in ("whole", "blocks")]
    print(f"same numbers: {same}; same map: {maps[0] == maps[1]}")
    made = {
        "command": "python benchmarks/structure_whole.py",
        "side": given.side,
        "seconds": round(seconds, 1),
        "mib": round(mib),
        "block": given.block,
        "seconds_blocked": round(seconds_blocked, 1),
        "mib_blocked": round(mib_blocked),
        "same_numbers": same,
        "same_map": maps[0] == maps[1],
    }
    given.out.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return 0 if same and maps[0] == maps[1] else 1


if __name__ == "__main__":
    sys.exit(main())
