"""Speed and memory of trabecular structure, as ratios against named peers of the same run.

Each tool runs in a process of its own, one after the other, with two threads; peers from
``benchmarks/peers.txt`` in an environment of their own (``--peers``, made by ``make bench``).
Prints a table and writes it to benchmarks/results/structure.json.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
from bone_volumes import anisotropic, real_cube, trabecular

from osteon.core.compiled import parallel, prange

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "structure.json"
CASE = ROOT / "benchmarks" / "one_case.py"
THREADS = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
PATIENCE_S = 1200.0

JOBS: tuple[tuple[str, tuple[str, ...], str, float, tuple[str, ...]], ...] = (
    (
        "osteon, thickness",
        ("L1 cube", "random field 300"),
        "mask read, three passes over squared distances of 4 bytes, map written",
        1 + 3 * 8 + 4,
        (
            "ormir-xct, thickness",
            "localthickness at 0.5, thickness",
            "porespy, thickness",
            "porespy (25 radii), thickness",
            "bone-microarchitecture, thickness",
        ),
    ),
    (
        "osteon, intercepts",
        ("anisotropic field 200",),
        "mask read, bits of it and of a shifted copy read in each of 49 directions",
        1 + 49 * 2 / 8,
        ("fabrictensor, intercepts",),
    ),
    (
        "osteon, Euler number",
        ("L1 cube", "random field 300"),
        "mask read",
        1,
        ("scikit-image, Euler number",),
    ),
    (
        "osteon, purify",
        ("L1 cube", "random field 300"),
        "mask read, labels written and read, mask written",
        1 + 4 + 4 + 1,
        ("scipy, purify",),
    ),
    (
        "osteon, distance",
        ("L1 cube", "random field 300"),
        "mask read, three passes over squared distances of 4 bytes",
        1 + 3 * 8 - 4,
        ("scipy, distance",),
    ),
    (
        "osteon (cc3d), components",
        ("L1 cube", "random field 300"),
        "mask read, labels written",
        1 + 4,
        ("scipy, components",),
    ),
)
"""Of each job: ours, volumes, what must move through memory, in how many bytes a voxel, peers."""

ELSEWHERE = ("ormir-xct", "localthickness", "porespy", "bone-microarchitecture", "fabrictensor")
"""Tools of the peers' environment."""

SCALING = (100, 150, 200, 300, 400)
"""Sides of the volumes on which the growth of time is measured."""


@parallel
def _triad(a: np.ndarray, b: np.ndarray, c: np.ndarray) -> None:
    for i in prange(a.size):
        a[i] = b[i] + np.float32(3) * c[i]


def bandwidth() -> float:
    """Bytes per second that this machine moves: a = b + 3 c over 768 MB, the best of seven."""
    a, b, c = (np.ones(64_000_000, np.float32) for _ in range(3))
    took = []
    for _ in range(7):
        began = time.perf_counter()
        _triad(a, b, c)
        took.append(time.perf_counter() - began)
    return 3 * a.nbytes / min(took)


def case(name: str, volume: Path, runs: int, peers: Path) -> dict[str, Any]:
    """What `one_case.py` says, or why it said nothing."""
    python = str(peers) if name.startswith(ELSEWHERE) else sys.executable
    command = [python, "-W", "ignore", str(CASE), name, str(volume), str(runs)]
    try:
        ran = subprocess.run(
            command,
            env={**os.environ, **THREADS},
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"took more than {PATIENCE_S:.0f} s"}
    if ran.returncode:
        return {"failed": ran.stderr.strip().splitlines()[-1]}
    told: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return told


def compare(
    volumes: dict[str, Path],
    truths: dict[str, float],
    per_second: float,
    peers: Path,
    only: str | None,
) -> list[dict[str, Any]]:
    """One line a tool, job and volume."""
    lines = []
    for ours, names, moves, bytes_a_voxel, others in JOBS:
        if only not in (None, ours.split(", ")[1]):
            continue
        for name in names:
            own = case(ours, volumes[name], 5, peers)
            floor = bytes_a_voxel * np.load(volumes[name], mmap_mode="r").size / per_second
            line = {"job": ours.split(", ")[1], "volume": name, "tool": ours, **own}
            line |= {"moves": moves, "floor_s": floor, "times_floor": own["seconds"] / floor}
            found = [line]
            for other in others:
                theirs = case(other, volumes[name], 3 if "300" not in name else 1, peers)
                line = {"job": ours.split(", ")[1], "volume": name, "tool": other, **theirs}
                if "seconds" in theirs:
                    line["ratio"] = theirs["seconds"] / own["seconds"]
                    line["memory_ratio"] = own["mib"] / max(theirs["mib"], 1e-3)
                found.append(line)
            for line in found:
                if name in truths and "value" in line:
                    line["truth"] = truths[name]
                print(say(line), flush=True)
            lines += found
    return lines


def say(line: dict[str, Any]) -> str:
    """A line for a terminal."""
    if "seconds" not in line:
        return f"{line['volume']:22}{line['tool']:38}{line['failed']}"
    text = f"{line['volume']:22}{line['tool']:38}{line['seconds']:9.4f} s{line['mib']:7.0f} MiB"
    if "ratio" in line:
        text += f"  takes {line['ratio']:.1f} × ours"
    if "times_floor" in line:
        text += f"  {line['times_floor']:.1f} × its floor of {1e3 * line['floor_s']:.1f} ms"
    for key in ("mean", "value", "truth"):
        if key in line:
            text += f"  {key} {line[key]:.4g}"
    return text


def scaling(place: Path, peers: Path) -> list[dict[str, float]]:
    """Seconds of the thickness map of ever larger pieces of one kind of bone."""
    lines = []
    for side in SCALING:
        path = place / f"scale_{side}.npy"
        np.save(path, trabecular(side))
        told = case("osteon, thickness", path, 3, peers)
        lines.append({"side": side, "voxels": side**3, "seconds": told["seconds"]})
        lines[-1]["ns_a_voxel"] = 1e9 * told["seconds"] / side**3
        print(f"{side}³: {told['seconds']:.3f} s, {lines[-1]['ns_a_voxel']:.1f} ns a voxel")
    return lines


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="Python of the peers")
    parser.add_argument("--only", help="measure this job alone again, and keep the others")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="osteon-bench-") as folder:
        place = Path(folder)
        field, ratio = anisotropic(200)
        bones = {"L1 cube": real_cube(), "random field 300": trabecular(300)}
        volumes = {}
        for name, bone in {**bones, "anisotropic field 200": field}.items():
            volumes[name] = place / f"{name.replace(' ', '_')}.npy"
            np.save(volumes[name], np.ascontiguousarray(bone))
        per_second = bandwidth()
        print(f"memory moves {per_second / 1e9:.1f} GB/s")
        truths = {"anisotropic field 200": ratio}
        lines = compare(volumes, truths, per_second, given.peers, given.only)
        grown = scaling(place, given.peers)
    if given.only:
        earlier = json.loads(given.out.read_text(encoding="utf-8"))["lines"]
        lines += [line for line in earlier if line["job"] != given.only]
    made = {
        "command": "python benchmarks/structure.py --peers build/peers/bin/python",
        "machine": {
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "load_of_15_min": round(os.getloadavg()[2], 1),
            "bytes_per_second": round(per_second),
        },
        "peers": (ROOT / "benchmarks" / "peers.txt").read_text().splitlines()[3:],
        "lines": lines,
        "scaling": grown,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
