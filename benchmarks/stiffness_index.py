"""Agreement of the finite-element stiffness of L1 cubes with the one their publishers computed.

The cubes and their stiffness index come from BoneBox (Qian Cao, BSD-3-Clause). Its index is
nodes / −Σδz / 1e9: with a force of 1, one over the mean displacement of the nodes, so a force over
a displacement. The settings of its finite elements are not recorded; its code of that year presses
along the last axis of the array between glued plates that replace the outer ten voxels.

Prints Pearson's r of the index with each way of loading, over the cubes that lie wholly inside
trabecular bone, and writes benchmarks/results/stiffness_index.json and .svg. Takes up where it was
stopped; ``--again`` starts from nothing.
"""

import argparse
import csv
import json
import os
import resource
import time
from pathlib import Path

import matplotlib as mpl
import numpy as np

from osteon.core import Mask
from osteon.features.structure.strength.stiffness import Load, stiffness
from osteon.io import read_scan

mpl.use("svg")
import matplotlib.pyplot as plt

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "stiffness_index.json"
CUBES = ROOT.parent / "shared" / "data" / "microct"
COARSEN = 2
"""Voxels of 0.05 mm to a brick of 0.1 mm."""

TOLERANCE = 1e-4
"""Unbalanced force; moduli are then right to about one part in ten thousand."""

BORDER = 1
"""Voxels on every side that hold no bone in any cube."""

PLATE = 10
"""Voxels at either end, the border included, that BoneBox replaces by a plate."""

UPSTREAM = "between glued plates along k, outer 10 voxels plate"
"""The way of loading that follows the publishers' code."""


def cubes() -> list[dict[str, str]]:
    """Rows of the publishers' table whose cube is interior and at hand."""
    with (CUBES / "bonebox_L1_reference.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return [r for r in rows if r["interior_trabecular"] == "1" and r["file"]]


def measure(row: dict[str, str]) -> dict[str, object]:
    """Apparent moduli of one cube, in GPa, for each way of loading."""
    volume = read_scan(CUBES / "bonebox_L1" / row["file"]).volume
    inside = slice(BORDER, -BORDER)
    bone = Mask(volume.values > 0, volume.grid).part((inside, inside, inside))
    began, busy = time.perf_counter(), time.process_time()
    load = Load(tensor=False, axes="k")
    free = stiffness(bone, load=load, coarsen=COARSEN, tolerance=TOLERANCE)
    seconds, cpu = time.perf_counter() - began, time.process_time() - busy
    between = bone.part((slice(None), slice(None), slice(PLATE - BORDER, BORDER - PLATE)))
    e = free.named()
    return {
        "specimen": row["specimen"],
        "roi": int(row["roi"]),
        "BV/TV": float(row["bvtv_upstream"]),
        "index": float(row["fe_stiffness_index"]),
        "E.z": e["E.z"],
        UPSTREAM: glued(between, COARSEN),
        "bricks": free.elements,
        "iterations for E.z": free.iterations,
        "seconds for E.z": round(seconds, 1),
        "CPU seconds for E.z": round(cpu, 1),
    }


def glued(bone: Mask, coarsen: int) -> float | None:
    """Apparent modulus along k between plates that hold the bone sideways too, in GPa."""
    load = Load(plates="fixed", tensor=False, axes="k")
    return stiffness(bone, load=load, coarsen=coarsen, tolerance=TOLERANCE).named()["E.z"]


def summary(rows: list[dict[str, object]]) -> dict[str, float]:
    """Pearson's r of the publishers' index with each quantity."""
    index = np.array([row["index"] for row in rows], float)
    names = ("BV/TV", "E.z", UPSTREAM)
    return {
        name: round(float(np.corrcoef(index, [float(str(row[name])) for row in rows])[0, 1]), 4)
        for name in names
    }


def scatter(rows: list[dict[str, object]], r: float) -> None:
    """Our stiffness against theirs."""
    figure, axes = plt.subplots(figsize=(4.2, 4.0), layout="constrained")
    for specimen in sorted({str(row["specimen"]) for row in rows}):
        own = [row for row in rows if row["specimen"] == specimen]
        axes.plot([o[UPSTREAM] for o in own], [o["index"] for o in own], "o", ms=5, label=specimen)
    axes.set_xlabel("apparent modulus along k, GPa (Osteon, 0.1 mm)")
    axes.set_ylabel("stiffness index (publishers)")
    axes.set_title(f"{len(rows)} interior L1 cubes, r = {r:.3f}", fontsize=10)
    axes.set_xlim(left=0)
    axes.set_ylim(bottom=0)
    axes.legend(fontsize=6, frameon=False, title="specimen", title_fontsize=7)
    figure.savefig(RESULTS.with_suffix(".svg"), metadata={"Date": None})


def main() -> None:
    """Measure the cubes that are not measured yet, then compare."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--again", action="store_true", help="forget what was measured before")
    again = parser.parse_args().again
    old = json.loads(RESULTS.read_text())["cubes"] if RESULTS.exists() and not again else []
    done = {row["roi"]: row for row in old}
    rows = []
    for row in cubes():
        found = done.get(int(row["roi"])) or measure(row)
        rows.append(found)
        ours = ", ".join(f"{key} {found[key]:.3f}" for key in ("index", "E.z"))
        print(f"{row['file']}: {ours}, upstream's way {found[UPSTREAM]:.3f}", flush=True)
        write(rows)
    print(json.dumps(write(rows), indent=1))
    scatter(rows, summary(rows)[UPSTREAM])


def write(rows: list[dict[str, object]]) -> dict[str, object]:
    """Write the table as far as it goes, and return what is said of the whole."""
    whole: dict[str, object] = {
        "brick": "0.1 mm, modulus 17 GPa times the squared share of bone, Poisson's ratio 0.3",
        "cubes": len(rows),
        "peak MiB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "threads": int(os.environ.get("NUMBA_NUM_THREADS", os.cpu_count() or 1)),
        "loading that follows the publishers' code": UPSTREAM,
    }
    if len(rows) > 2:
        whole["r with the publishers' index"] = summary(rows)
    RESULTS.write_text(json.dumps({"summary": whole, "cubes": rows}, indent=1) + "\n")
    return whole


if __name__ == "__main__":
    main()
