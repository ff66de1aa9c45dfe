"""Measure the registration of bones on a cohort of knees whose poses are known.

``osteon simulate knee COHORT …`` first; then ``python tools/registration_errors.py COHORT`` lays
the MR of the first patients over their CT, from random starts up to 20 mm and 15 degrees off, and
writes docs/data/registration.json. Half a minute of one core a start. Bones are told by their true
masks, grown by the settings of `register_bones`: what masks of a segmentation cost is not in it.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteon.core import Mask, Volume
from osteon.io import read_labels, read_scan
from osteon.registration import Rigid, register_bones, registration_error

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "docs" / "data" / "registration.json"

BONES = ("femur", "tibia", "patella")

FARTHEST = (20.0, 15.0)
"""Shift in mm and turn in degrees of the farthest starts; the first half of them are just that."""

WITHIN_MM = 1.5
"""A registration has succeeded where 95 % of the bone lies within this."""

Row = dict[str, Any]


def knee(cohort: Path, name: str) -> tuple[Volume, Volume, dict[str, Mask], dict[str, Rigid]]:
    """CT, MR, bones in the CT, and where each went until the MR."""
    ct = read_scan(cohort / name / "ct" / f"{name}_ct.nii.gz").volume
    mr = read_scan(next((cohort / name / "mr").glob("*_mr.nii.gz"))).volume
    truth = cohort / "truth" / name
    stored = truth / f"{name}_ct_labels.nii.gz"
    labels, _ = read_labels(stored, onto=ct.grid)
    names = json.loads((truth / f"{name}_ct_labels.json").read_text())["Labels"]
    numbers = {text: int(number) for number, text in names.items()}
    poses = json.loads((truth / "subject.json").read_text())["truth"]["mr_pose"]
    bones = {bone: labels.mask(numbers[bone]) for bone in BONES}
    return ct, mr, bones, {bone: Rigid(np.array(poses[bone])) for bone in BONES}


def start(true: Rigid, centre: NDArray[np.float64], far: bool, rng: np.random.Generator) -> Rigid:
    """A start in a random direction, as far as can be or anything up to that."""
    ways = rng.normal(size=(2, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    share = np.ones(2) if far else rng.uniform(0, 1, 2)
    shift, turn = ways * (share * FARTHEST)[:, None]
    return true @ Rigid.about(centre, turn_deg=turn, shift_mm=shift)


def one_knee(cohort: Path, name: str, starts: int) -> list[Row]:
    """Errors of every bone from every start."""
    ct, mr, bones, true = knee(cohort, name)
    every = Mask(np.any([mask.values for mask in bones.values()], axis=0), ct.grid)
    centre = ct.grid.to_world(np.argwhere(every.values).mean(axis=0))
    rng = np.random.default_rng(int(name.split("-")[1]))
    rows = []
    for number in range(starts):
        first = start(true["femur"], centre, number < starts / 2, rng)
        began = time.perf_counter()
        found = register_bones(ct, mr, bones, start=first)
        seconds = time.perf_counter() - began
        for bone in BONES:
            own = found.bones[bone]
            error = registration_error(own.transform, true[bone], bones[bone])
            whole = registration_error(found.joint.transform, true[bone], bones[bone])
            rows.append(
                {
                    "knee": name,
                    "start": number,
                    "off_mm": registration_error(first, true[bone], bones[bone]).median,
                    "bone": bone,
                    "median_mm": error.median,
                    "percentile_95_mm": error.percentile_95,
                    "maximum_mm": error.maximum,
                    "joint_median_mm": whole.median,
                    "similarity": own.quality.similarity,
                    "lead": own.quality.lead,
                    "spread_mm": own.quality.spread_mm,
                    "failed": own.failed,
                    "seconds": seconds,
                }
            )
            told = "failed" if own.failed else "found"
            print(f"{name} {number} {bone}: {error.median:.2f} {error.percentile_95:.2f} {told}")
    return rows


def summary(rows: list[Row]) -> list[Row]:
    """Errors by bone, over knees and starts."""
    made = []
    for bone in BONES:
        own = [row for row in rows if row["bone"] == bone]
        median, far = (np.array([row[key] for row in own]) for key in KEYS)
        good = far <= WITHIN_MM
        told = np.array([row["failed"] is None for row in own])
        made.append(
            {
                "bone": bone,
                "registrations": len(own),
                "median_mm": float(np.median(median)),
                "largest_median_mm": float(median.max()),
                "percentile_95_mm": float(np.median(far)),
                "largest_percentile_95_mm": float(far.max()),
                "succeeded": float(good.mean()),
                "wrong_and_not_told": int(np.count_nonzero(~good & told)),
                "right_and_told_failed": int(np.count_nonzero(good & ~told)),
                "joint_median_mm": float(np.median([row["joint_median_mm"] for row in own])),
            }
        )
    return made


KEYS = ("median_mm", "percentile_95_mm")


def main() -> None:
    """Measure, and write down."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--knees", nargs="+", default=["sub-001", "sub-002"])
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--out", type=Path, default=RESULT)
    chosen = parser.parse_args()
    rows = [row for name in chosen.knees for row in one_knee(chosen.cohort, name, chosen.starts)]
    text = json.dumps({"bones": summary(rows), "registrations": rows}, indent=1)
    chosen.out.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
