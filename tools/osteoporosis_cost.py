"""Keep what the small preset of the spine's reproduction took, and time predictions by its model.

Run as ``python tools/osteoporosis_cost.py SMALL STUDY`` on an idle machine. SMALL is the folder of
``osteon reproduce osteoporosis --preset small`` made from nothing, STUDY that of the whole study,
whose model has a network for each seed. Writes ``results/osteoporosis_cost.json``: minutes and
peak memory of each stage of SMALL with their sum, and the seconds of ``osteon spine predict`` as a
user runs it, loading and report included, for patients from all over either cohort. Nothing that
was found of the patients is kept or shown.
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
SMALL = "osteon reproduce osteoporosis --preset small --out small"
STUDY = "osteon reproduce osteoporosis --preset small --subjects 240 --seeds 3 --out study --jobs 2"
PATIENTS = 10


def main(small: Path, study: Path) -> None:
    """Read, time, write."""
    made = json.loads((small / "osteoporosis.json").read_text(encoding="utf-8"))
    seconds = {"small": all_seconds(small), "study": all_seconds(study)}
    rows = [
        *made["cost"]["rows"],
        whole(made),
        predicting("predict a patient by the model of the preset", seconds["small"]),
        predicting("predict a patient by the model of the study", seconds["study"]),
    ]
    result = {
        "command": f"{SMALL} && {STUDY} && python tools/osteoporosis_cost.py small study",
        "cores": os.cpu_count(),
        "rows": rows,
        "predict_seconds": seconds,
    }
    RESULT.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
    print(json.dumps(rows[-3:]))


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


def predicting(name: str, seconds: list[float]) -> dict[str, Any]:
    """A row for the command that predicts one patient."""
    return {
        "name": name,
        "seconds": round(median(seconds), 1),
        "note": f"median of {len(seconds)} patients, at most {max(seconds):.1f} s; with loading "
        "and report",
    }


def all_seconds(made: Path) -> list[float]:
    """Seconds for patients of a reproduction by its model, after one that is not counted.

    The first start of a version compiles its loops.
    """
    patients = sorted((made / "cohort").glob("sub-*"))
    chosen = patients[:: len(patients) // PATIENTS][:PATIENTS]
    predict_seconds(chosen[0], made / "model")
    return [round(predict_seconds(patient, made / "model"), 2) for patient in chosen]


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
    main(Path(sys.argv[1]), Path(sys.argv[2]))
