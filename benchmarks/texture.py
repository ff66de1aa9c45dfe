"""Speed and memory of texture, as ratios against named peers of the same run.

Each tool runs in a process of its own, one after the other, with two threads; peers from
``benchmarks/peers.txt`` in an environment of their own (``--peers``, made by ``make bench``).
Prints a table and writes it to benchmarks/results/texture.json.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from texture_case import STEP_MM, WINDOW_MM
from texture_volumes import ellipsoid, vertebra

from osteon.core import Grid, Mask
from osteon.features.texture.maps.settings import MapSettings
from osteon.features.texture.maps.window import Window, places_in

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "texture.json"
CASE = ROOT / "benchmarks" / "texture_case.py"
THREADS = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
PATIENCE_S = 1200.0

SOME_WINDOWS = 16
"""Windows that a peer measures; the time of all is that of these, times how many more there are."""

LEAST_SHARE = MapSettings().least_share
"""Part of a window of a pool that lies in the region at least."""

FINE, COARSE = (0.4, 0.4, 0.4), (0.5, 0.5, 1.0)
"""Voxels of the vertebra in mm."""


@dataclass(frozen=True)
class Job:
    """What is compared.

    Attributes
    ----------
    name, ours : str
        What is done, and our case.
    volume : str
        What it is done to.
    peers : dict of str to (str, float)
        Their cases; volume of each, and the ratio that the project promises.
    """

    name: str
    ours: str
    volume: str
    peers: dict[str, tuple[str, float]]


JOBS = (
    Job(
        "features of the peers",
        "osteon, features of both peers",
        "ellipsoid 64",
        {
            "pyradiomics, all its features": ("ellipsoid 64", 5.0),
            "flash-radiomics, all its features": ("ellipsoid 64", 2.0),
        },
    ),
    Job(
        "all features of IBSI 1",
        "osteon, all features of IBSI 1",
        "ellipsoid 64",
        {"mirp, all features of IBSI 1": ("ellipsoid 64", 25.0)},
    ),
    Job(
        "maps of co-occurrence",
        "osteon, maps of co-occurrence",
        "ellipsoid 64",
        {
            "itk-texturefeatures, maps of co-occurrence": ("ellipsoid 64", 3.0),
            "pyradiomics, maps of co-occurrence": ("ellipsoid 16", 1000.0),
        },
    ),
    *(
        Job(
            f"texture pool of a vertebra of {voxels}",
            "osteon, texture pool",
            f"vertebra of {voxels}",
            {"pyradiomics, texture pool": (f"vertebra of {voxels}", 10.0)},
        )
        for voxels in ("0.4 mm", "0.5 x 0.5 x 1 mm")
    ),
)
"""The table of the project's promise."""


def write_volumes(place: Path) -> dict[str, Path]:
    """Every volume that a job needs, by name."""
    paths = {}
    for side in (64, 16):
        values, inside = ellipsoid(side)
        paths[f"ellipsoid {side}"] = place / f"ellipsoid_{side}.npz"
        np.savez(paths[f"ellipsoid {side}"], values=values, mask=inside, spacing=np.ones(3))
    for name, spacing in (("0.4 mm", FINE), ("0.5 x 0.5 x 1 mm", COARSE)):
        values, inside = vertebra(spacing)
        low, high = windows(inside, np.array(spacing))
        chosen = np.linspace(0, len(low) - 1, SOME_WINDOWS).astype(int)
        path = place / f"vertebra_{len(paths)}.npz"
        cuts = {"low": low[chosen], "high": high[chosen]}
        np.savez(path, values=values, mask=inside, spacing=np.array(spacing), **cuts)
        paths[f"vertebra of {name}"] = path
    return paths


def windows(inside: np.ndarray, spacing: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """First voxel of each window of the pool and the one after its last, (windows, 3) each."""
    grid = Grid(inside.shape, np.zeros(3), np.eye(3), spacing)
    places = places_in(Mask(inside, grid), Window(WINDOW_MM, STEP_MM))
    middle = places.first + np.argwhere(np.ones(places.grid.shape, np.bool_)) * places.step
    middle = middle[inside[tuple(middle.T)]]
    low = np.maximum(middle - places.radii, 0)
    high = np.minimum(middle + places.radii + 1, inside.shape)
    held = [
        np.count_nonzero(inside[tuple(slice(*ends) for ends in zip(a, b, strict=True))])
        for a, b in zip(low, high, strict=True)
    ]
    kept = np.array(held) >= LEAST_SHARE * np.prod(2 * places.radii + 1)
    return low[kept], high[kept]


def case(name: str, volume: Path, runs: int, peers: Path) -> dict[str, Any]:
    """What `texture_case.py` says, or why it said nothing."""
    python = sys.executable if name.startswith("osteon") else str(peers)
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
        return {"failed": (ran.stderr.strip().splitlines() or ["no message"])[-1]}
    told: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return told


def compare(job: Job, volumes: dict[str, Path], peers: Path) -> list[dict[str, Any]]:
    """One line a tool."""
    own = {"tool": job.ours, "volume": job.volume, **case(job.ours, volumes[job.volume], 9, peers)}
    lines = [{"job": job.name, **_a_piece(own, volumes[job.volume])}]
    print(say(lines[0]), flush=True)
    for tool, (name, must) in job.peers.items():
        heavy = "maps of" in tool or "pool" in tool or "mirp" in tool
        told = case(tool, volumes[name], 3 if heavy else 9, peers)
        line = {"job": job.name, **_a_piece({"tool": tool, "volume": name, **told}, volumes[name])}
        if "seconds" in line and "seconds" in lines[0]:
            line |= {"ratio": line["per_piece_s"] / lines[0]["per_piece_s"], "must": must}
        lines.append(line)
        print(say(line), flush=True)
    return lines


def _a_piece(line: dict[str, Any], volume: Path) -> dict[str, Any]:
    """The line with its time a region, a voxel of a map or a window of a pool."""
    if "seconds" not in line:
        return line
    pieces = float(line.get("windows", 1))
    if "maps of" in line["tool"]:
        with np.load(volume) as held:
            pieces = float(np.count_nonzero(held["mask"]))
    line |= {"pieces": pieces, "per_piece_s": line["seconds"] / pieces}
    if "output_mib" in line:
        line["memory_to_output"] = line["mib"] / line["output_mib"]
    return line


def say(line: dict[str, Any]) -> str:
    """A line for a terminal."""
    if "seconds" not in line:
        return f"{line['tool']:44}{line['failed']}"
    text = (
        f"{line['tool']:44}{line['volume']:28}{line['seconds']:9.4f} s, {line['mib']:5.0f} MiB, "
        f"{line['features']:.0f} features, {1e6 * line['per_piece_s']:.2f} µs a piece"
    )
    if "memory_to_output" in line:
        text += f", memory {line['memory_to_output']:.1f} × the maps"
    if "ratio" in line:
        text += f", {line['ratio']:.1f} × ours (must {line['must']:g})"
    return text


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="Python of the peers")
    parser.add_argument("--only", help="measure jobs with this in their name, keep the others")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args()
    lines: list[dict[str, Any]] = []
    with tempfile.TemporaryDirectory(prefix="osteon-bench-") as folder:
        volumes = write_volumes(Path(folder))
        for job in JOBS:
            if given.only is None or given.only in job.name:
                lines += compare(job, volumes, given.peers)
    if given.only and given.out.exists():
        earlier = json.loads(given.out.read_text(encoding="utf-8"))["lines"]
        lines += [line for line in earlier if given.only not in line["job"]]
        lines.sort(key=lambda line: [job.name for job in JOBS].index(line["job"]))
    made = {
        "command": "python benchmarks/texture.py --peers build/peers/bin/python",
        "machine": {
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "load_of_15_min": round(os.getloadavg()[2], 1),
        },
        "peers": (ROOT / "benchmarks" / "peers.txt").read_text().splitlines()[3:],
        "lines": lines,
    }
    given.out.parent.mkdir(parents=True, exist_ok=True)
    given.out.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
