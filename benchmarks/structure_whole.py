"""`osteon structure` on a large volume: seconds and memory; and in blocks: the same numbers.

Writes benchmarks/results/structure_whole.json; takes about a quarter of an hour.
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


def large(side: int, place: Path) -> dict[str, object]:
    """Seconds and memory of the whole command on a large volume."""
    write_image(side, place / "large.nii")
    seconds, mib = run(place / "large.nii", place / "large")
    print(f"{side}³: {seconds:.0f} s, {mib / 1024:.2f} GiB", flush=True)
    return {"side": side, "seconds": round(seconds, 1), "mib": round(mib)}


def blocks(side: int, block: int, place: Path) -> dict[str, object]:
    """Whether a volume gives the same whole and in blocks."""
    write_image(side, place / "bone.nii")
    run(place / "bone.nii", place / "whole")
    run(place / "bone.nii", place / "blocks", "--block", str(block))
    same = rows(place / "whole") == rows(place / "blocks")
    maps = [(place / name / "Tb.Th.nii.gz").read_bytes() for name in ("whole", "blocks")]
    print(f"{side}³ in blocks of {block}: same numbers {same}, same map {maps[0] == maps[1]}")
    return {
        "blocked_side": side,
        "block": block,
        "same_numbers": same,
        "same_map": maps[0] == maps[1],
    }


def main() -> int:
    """Measure, compare, write; what was measured before is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=512, help="of the large volume; 0 for none")
    parser.add_argument("--blocked-side", type=int, default=200, help="of the compared volume")
    parser.add_argument("--block", type=int, default=48, help="slices worked on at once")
    given = parser.parse_args()
    made = json.loads(RESULTS.read_text(encoding="utf-8")) if RESULTS.exists() else {}
    made["command"] = "python benchmarks/structure_whole.py"
    with tempfile.TemporaryDirectory(prefix="osteon-bench-") as folder:
        made |= blocks(given.blocked_side, given.block, Path(folder))
        if given.side:
            made |= large(given.side, Path(folder))
    RESULTS.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
    return 0 if made["same_numbers"] and made["same_map"] else 1


if __name__ == "__main__":
    sys.exit(main())
