"""Keep what the small preset of the spine's reproduction took, and time predictions by its model.

Run as ``python tools/osteoporosis_cost.py SMALL`` on an idle machine. SMALL is the folder of
``osteon reproduce osteoporosis --preset small`` made from nothing. Writes
``results/osteoporosis_cost.json``: minutes and peak memory of each stage with their sum, and the
seconds of ``osteon spine predict`` as a user runs it, loading and report included, for the first
patients. Nothing that the preset found of its patients is kept or shown.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

RESULT = Path(__file__).parents[1] / "results" / "osteoporosis_cost.json"
COMMAND = "osteon reproduce osteoporosis --preset small --out small"
PATIENTS = 5


def main(small: Path) -> None:
    """Read, time, write."""
    made = json.loads((small / "osteoporosis.json").read_text(encoding="utf-8"))
    chosen = sorted((small / "cohort").glob("sub-*"))[:PATIENTS]
    seconds = [predict_seconds(patient, small / "model") for patient in chosen]
    rows = [*made["cost"]["rows"], whole(made), predicting(seconds)]
    result = {
        "command": f"{COMMAND} && python tools/osteoporosis_cost.py small",
        "cores": os.cpu_count(),
        "rows": rows,
        "predict_seconds": [round(one, 2) for one in seconds],
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(rows[-2:]))


def whole(made: dict[str, Any]) -> dict[str, Any]:
    """All stages together."""
    rows = made["cost"]["rows"]
    settings = made["settings"]
    return {
        "name": "all",
        "minutes": round(sum(row["minutes"] for row in rows), 1),
        "peak_gib": max(row["peak_gib"] for row in rows),
        "note": f"the small preset from nothing, {settings['subjects']} patients with labels and "
        f"{settings['unlabelled']} without",
    }


def predicting(seconds: list[float]) -> dict[str, Any]:
    """A row for the command that predicts one patient."""
    return {
        "name": "predict a patient",
        "seconds": round(median(seconds), 1),
        "note": f"median of {len(seconds)} patients, at most {max(seconds):.1f} s; with loading "
        "and report",
    }


def predict_seconds(patient: Path, model: Path) -> float:
    """Seconds of the command for one patient of the cohort."""
    (scan,) = (patient / "ct").glob("*.nii.gz")
    (labels,) = (patient / "masks").glob("*.nii.gz")
    command = Path(sys.executable).with_name("osteon")
    asked = (command, "spine", "predict", scan, "--labels", labels, "--model", model, "--out")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        subprocess.run((*asked, Path(folder) / "out"), check=True, capture_output=True)
        return time.perf_counter() - began


if __name__ == "__main__":
    main(Path(sys.argv[1]))
