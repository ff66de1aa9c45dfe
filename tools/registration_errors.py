"""Measure the registration of bones on a cohort of knees whose poses are known.

``osteon simulate knee COHORT …`` first; then ``python tools/registration_errors.py COHORT --knees
sub-001 sub-002`` lays the MR of these over their CT, from random starts up to 20 mm and 15 degrees
off, by one method or more, and writes docs/data/registration.json. Bones are those that a product
run finds in the CT (``--bones found``), and the true ones beside them. Errors are those of all
voxels of the true bone. The file is written after every start; the same command goes on there.
"""

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osteon.core import Mask, Volume
from osteon.io import read_labels, read_scan
from osteon.pipelines.knee.alignment.registering import KneeRegistering, register_knee
from osteon.regions.knee import KneeBones, find_knee_bones
from osteon.registration import Rigid, registration_error

ROOT = Path(__file__).parents[1]
RESULT = ROOT / "docs" / "data" / "registration.json"

BONES = ("femur", "tibia")

FARTHEST = (20.0, 15.0)
"""Shift in mm and turn in degrees of the farthest starts; the first half of them are just that."""

MEDIAN_MM, WITHIN_MM = 0.5, 1.5
"""A registration has succeeded with at most this median error and 95 % of the bone within that."""

Row = dict[str, Any]


@dataclass(frozen=True)
class Knee:
    """Images of a knee, its bones as told in each way, and where they truly went."""

    name: str
    ct: Volume
    mr: Volume
    synthetic: Volume | None
    told: dict[str, KneeBones]
    bones: dict[str, Mask]
    true: dict[str, Rigid]


def knee(cohort: Path, name: str, synthetic: Path | None, told: list[str]) -> Knee:
    """Read a knee and its truth."""
    ct = read_scan(next((cohort / name / "ct").glob("*_ct.nii.gz"))).volume
    mr = read_scan(next((cohort / name / "mr").glob("*_mr.nii.gz"))).volume
    truth = cohort / "truth" / name
    stored = truth / f"{name}_ct_labels.nii.gz"
    labels, _ = read_labels(stored, onto=ct.grid)
    names = json.loads((truth / f"{name}_ct_labels.json").read_text())["Labels"]
    numbers = {text: int(number) for number, text in names.items()}
    poses = json.loads((truth / "subject.json").read_text())["truth"]["mr_pose"]
    bones = {bone: labels.mask(numbers[bone]) for bone in BONES}
    ways = {"true": lambda: KneeBones(bones["femur"], bones["tibia"])}
    ways["found"] = lambda: find_knee_bones(ct)
    made = synthetic / f"{name}_synthetic-ct.nii.gz" if synthetic is not None else None
    return Knee(
        name,
        ct,
        mr,
        read_scan(made).volume if made is not None and made.is_file() else None,
        {way: ways[way]() for way in told},
        bones,
        {bone: Rigid(np.array(poses[bone])) for bone in BONES},
    )


def start(true: Rigid, centre: NDArray[np.float64], far: bool, rng: np.random.Generator) -> Rigid:
    """A start in a random direction, as far as can be or anything up to that."""
    ways = rng.normal(size=(2, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    share = np.ones(2) if far else rng.uniform(0, 1, 2)
    shift, turn = ways * (share * FARTHEST)[:, None]
    return true @ Rigid.about(centre, turn_deg=turn, shift_mm=shift)


def starts_of(one: Knee, many: int) -> list[Rigid]:
    """The starts of a knee, the same for every method."""
    every = np.any([mask.values for mask in one.bones.values()], axis=0)
    centre = one.ct.grid.to_world(np.argwhere(every).mean(axis=0))
    rng = np.random.default_rng(int("".join(filter(str.isdigit, one.name))))
    return [start(one.true["femur"], centre, number < many / 2, rng) for number in range(many)]


def registered(one: Knee, first: Rigid, method: str, told: str) -> Iterator[Row]:
    """Errors of every bone from one start by one method."""
    began = time.process_time()
    found = register_knee(
        one.ct,
        one.mr,
        one.told[told],
        synthetic=one.synthetic,
        settings=KneeRegistering(method),
        start=first,
    )
    seconds = time.process_time() - began
    for bone in BONES:
        own, true, mask = found.bones[bone], one.true[bone], one.bones[bone]
        error = registration_error(own.transform, true, mask)
        whole = registration_error(found.joint.transform, true, mask)
        yield {
            "bone": bone,
            "off_mm": registration_error(first, true, mask).median,
            "median_mm": error.median,
            "percentile_95_mm": error.percentile_95,
            "maximum_mm": error.maximum,
            "joint_median_mm": whole.median,
            "similarity": own.quality.similarity,
            "lead": own.quality.lead,
            "spread_mm": own.quality.spread_mm,
            "sharpness": own.quality.sharpness,
            "failed": own.failed,
            "seconds": seconds,
        }


def summary(rows: list[Row]) -> list[Row]:
    """Errors by method, way of telling bones, and bone, over knees and starts."""
    made = []
    for method, told, bone in dict.fromkeys((r["method"], r["bones"], r["bone"]) for r in rows):
        own = [r for r in rows if (r["method"], r["bones"], r["bone"]) == (method, told, bone)]
        median, far = (np.array([r[key] for r in own]) for key in KEYS)
        good = (median <= MEDIAN_MM) & (far <= WITHIN_MM)
        usable = np.array([r["failed"] is None for r in own])
        made.append(
            {
                "method": method,
                "bones": told,
                "bone": bone,
                "registrations": len(own),
                "median_mm": float(np.median(median)),
                "largest_median_mm": float(median.max()),
                "percentile_95_mm": float(np.median(far)),
                "largest_percentile_95_mm": float(far.max()),
                "succeeded": float(good.mean()),
                "wrong_and_not_told": int(np.count_nonzero(~good & usable)),
                "right_and_told_failed": int(np.count_nonzero(good & ~usable)),
                "joint_median_mm": float(np.median([r["joint_median_mm"] for r in own])),
                "cpu_seconds": float(np.median([r["seconds"] for r in own])),
            }
        )
    return made


KEYS = ("median_mm", "percentile_95_mm")


def _write(out: Path, rows: list[Row]) -> None:
    part = out.with_suffix(".part")
    part.write_text(json.dumps({"bones": summary(rows), "registrations": rows}, indent=1) + "\n")
    part.replace(out)


def measure(chosen: argparse.Namespace) -> None:
    """Measure what is not yet in the file, and write it down."""
    rows: list[Row] = []
    if chosen.out.is_file():
        rows = json.loads(chosen.out.read_text())["registrations"]
    done = {(r["knee"], r["start"], r["method"], r["bones"]) for r in rows}
    for name in chosen.knees:
        wanted = [
            (number, method, told)
            for number in range(chosen.starts)
            for method in chosen.method
            for told in chosen.bones
            if (name, number, method, told) not in done
        ]
        if not wanted:
            continue
        one = knee(chosen.cohort, name, chosen.synthetic, chosen.bones)
        firsts = starts_of(one, chosen.starts)
        for number, method, told in wanted:
            head = {"knee": name, "start": number, "method": method, "bones": told}
            made = [head | row for row in registered(one, firsts[number], method, told)]
            rows += made
            _write(chosen.out, rows)
            for row in made:
                end = "failed" if row["failed"] else "found"
                error = f"{row['median_mm']:.2f} {row['percentile_95_mm']:.2f}"
                print(name, number, method, told, row["bone"], error, end, flush=True)


def main() -> None:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cohort", type=Path)
    parser.add_argument("--knees", nargs="+", default=["sub-001", "sub-002"])
    parser.add_argument("--starts", type=int, default=10)
    parser.add_argument("--method", nargs="+", default=["direct"])
    parser.add_argument("--bones", nargs="+", choices=("found", "true"), default=["found", "true"])
    parser.add_argument("--synthetic", type=Path, help="folder of NAME_synthetic-ct.nii.gz")
    parser.add_argument("--out", type=Path, default=RESULT)
    measure(parser.parse_args())


if __name__ == "__main__":
    main()
