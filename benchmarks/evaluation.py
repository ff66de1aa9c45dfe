"""Speed of statistics on 100,000 rows, as ratios against named peers of the same run.

Each tool runs in a process of its own, one after the other, with two threads; peers from
``benchmarks/peers.txt`` in an environment of their own (``--peers``, made by ``make bench``),
scikit-learn in that of the tests. Prints a table and writes benchmarks/results/evaluation.json.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results" / "evaluation.json"
CASE = ROOT / "benchmarks" / "evaluation_case.py"
THREADS = dict.fromkeys(("NUMBA_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "2")
LIMIT_S = 5.0
"""Seconds that DeLong's test and 2,000 resamples of 100,000 rows may take."""

JOBS = (
    ("DeLong's test of two scores, 100,000 rows", "osteon, DeLong", ("MLstatkit, DeLong",)),
    (
        "AUC, 2,000 resamples of 20,000 patients, 100,000 rows",
        "osteon, bootstrap of patients",
        ("scikit-learn, bootstrap of patients",),
    ),
    ("AUC, 2,000 resamples of 100,000 rows", "osteon, bootstrap of rows", ()),
    (
        "agreement, 2,000 resamples of 20,000 patients, 100,000 rows",
        "osteon, agreement of patients",
        (),
    ),
    (
        "ICC with interval of 1,000 features, 60 subjects, 3 readers",
        "osteon, ICC of features",
        ("pingouin, ICC of features",),
    ),
)
"""Of each job: what it is, ours, peers."""


def case(name: str, peers: Path) -> dict[str, Any]:
    """What `evaluation_case.py` says."""
    elsewhere = name.startswith(("MLstatkit", "pingouin"))
    python = str(peers) if elsewhere else sys.executable
    ran = subprocess.run(
        [python, "-W", "ignore", str(CASE), name, "5"],
        env={**os.environ, **THREADS},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode:
        return {"failed": ran.stderr.strip().splitlines()[-1]}
    told: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
    return told


def main() -> int:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True, help="Python of the peers")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args()
    lines = []
    for job, ours, others in JOBS:
        own = case(ours, given.peers)
        lines.append({"job": job, "tool": ours, **own})
        for other in others:
            theirs = case(other, given.peers)
            ratio = {"ratio": theirs["seconds"] / own["seconds"]} if "seconds" in theirs else {}
            lines.append({"job": job, "tool": other, **theirs, **ratio})
    for line in lines:
        told = line.get("failed") or f"{line['seconds']:9.4f} s"
        ratio = f"  takes {line['ratio']:.1f} × ours" if "ratio" in line else ""
        print(f"{line['job']:62}{line['tool']:38}{told}{ratio}")
    made = {
        "command": "python benchmarks/evaluation.py --peers build/peers/bin/python",
        "limit_s": LIMIT_S,
        "machine": {
            "cores": os.cpu_count(),
            "system": f"{platform.system()} {platform.machine()}",
            "python": platform.python_version(),
            "load_of_15_min": round(os.getloadavg()[2], 1),
        },
        "lines": lines,
    }
    given.out.write_text(json.dumps(made, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
