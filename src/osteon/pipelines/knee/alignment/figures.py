"""How far off registration is on knees of known pose, from starts that are far off."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import Labels, Mask, OsteonError, UnusableTable
from ....io import fingerprint, read_ct, read_labels, read_scan
from ....regions.knee import KneeBones
from ....registration import Rigid, registration_error
from ...cohorts.store import TRUTH, write_json
from ...processes import shared_out
from ..cohort import KneeCohort, Patient, run_folder
from ..truth import has_truth, true_poses
from .one_knee import KneeRegistering, register_knee
from .registrations import bones_file, synthetic_file

Progress = Callable[[str, int, int], None]

FOLDER = "registration-study"
"""Folder of a run with a file a patient."""

FARTHEST = (20.0, 15.0)
"""Shift in mm and turn in degrees of the farthest starts."""

MEDIAN_MM, MOST_MM = 0.5, 1.5
"""A registration has succeeded where half of the bone and 95 % of it lie within these."""

EVERY = 7
"""One voxel in so many of a bone is looked at; there are a hundred thousand."""


@dataclass(frozen=True)
class RegistrationStudy:
    """What is registered.

    Attributes
    ----------
    methods : tuple of str
        As of `KneeRegistering`, on the same starts.
    knees : int or None
        So many patients, spread over the cohort; all if None.
    starts : int
        Starts a knee: every second one as far off as `FARTHEST`, the others anything up to it.
    seed : int
        Of the starts.
    """

    methods: tuple[str, ...] = ("synthetic", "direct")
    knees: int | None = None
    starts: int = 1
    seed: int = 0


def registration_section(
    cohort: KneeCohort,
    study: RegistrationStudy,
    *,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> dict[str, Any]:
    """Errors inside the bones of a virtual cohort, a row a method and bone.

    Bones are those that were found in the CT; errors are over the voxels of the true bone. Every
    patient is kept as soon as it is done, and not done again.

    Parameters
    ----------
    cohort : KneeCohort
        Virtual, with bones, and synthetic CTs where a method needs them.
    study : RegistrationStudy
        What is registered.
    jobs : int
        Patients at once, a process each.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    dict
        ``rows`` for the results page, and ``failed``: what could not be registered at all.

    Raises
    ------
    UnusableTable
        If the cohort has no truth to measure against.
    """
    if not has_truth(cohort):
        raise UnusableTable("errors of registration need a cohort whose poses are known.")
    chosen = _chosen(cohort, study.knees)
    folder = run_folder(cohort) / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    progress("errors of registration", 0, len(chosen))
    found: list[dict[str, Any]] = []
    failed: dict[str, str] = {}
    work = partial(_patient, cohort, study)
    for done, (name, rows, reason) in enumerate(shared_out(work, chosen, jobs), start=1):
        found += rows
        if reason is not None:
            failed[name] = reason
        progress(f"errors of registration, {name}", done, len(chosen))
    return {"text": _words(study, len(chosen)), "rows": _rows(found), "failed": failed}


def _words(study: RegistrationStudy, knees: int) -> str:
    return (
        f"{knees} knees, {study.starts} start(s) each, up to {FARTHEST[0]:g} mm and "
        f"{FARTHEST[1]:g} degrees off, bent otherwise than in the CT; the same starts for every "
        "method. Bones as found in the CT, errors over the true bone. Success: median at most "
        f"{MEDIAN_MM} mm and 95 % of the bone within {MOST_MM} mm."
    )


def _chosen(cohort: KneeCohort, knees: int | None) -> list[Patient]:
    both = [patient for patient in cohort.patients if patient.ct and patient.mr]
    if knees is None or knees >= len(both):
        return both
    return [both[int(at)] for at in np.linspace(0, len(both) - 1, knees).round()]


def _patient(
    cohort: KneeCohort, study: RegistrationStudy, patient: Patient
) -> tuple[str, list[dict[str, Any]], str | None]:
    """Rows of a patient, kept or made, or why there are none."""
    path = run_folder(cohort) / FOLDER / f"{patient.name}.json"
    plain = json.loads(json.dumps(asdict(study)))
    plain.pop("knees")
    wanted = {"study": plain, "images": _marks(cohort, study, patient)}
    if path.is_file():
        kept = json.loads(path.read_text(encoding="utf-8"))
        if {key: kept.get(key) for key in wanted} == wanted:
            return patient.name, kept["rows"], None
    try:
        rows = _registered(cohort, study, patient)
    except OsteonError as fault:
        return patient.name, [], str(fault)
    write_json(path, wanted | {"rows": rows})
    return patient.name, rows, None


def _marks(cohort: KneeCohort, study: RegistrationStudy, patient: Patient) -> dict[str, str | None]:
    """By what everything is known again that the errors are of."""
    places = {"ct": patient.ct, "mr": patient.mr, "bones": bones_file(cohort, patient.name)}
    if "synthetic" in study.methods:
        places["synthetic"] = synthetic_file(cohort, patient.name)
    return {
        name: fingerprint(path) if path is not None and path.exists() else None
        for name, path in places.items()
    }


def _registered(
    cohort: KneeCohort, study: RegistrationStudy, patient: Patient
) -> list[dict[str, Any]]:
    """Every method from every start."""
    if patient.ct is None or patient.mr is None:
        raise UnusableTable(f"{patient.name} lacks an image.")
    ct, mr = read_ct(patient.ct).volume, read_scan(patient.mr).volume
    labels, _ = read_labels(bones_file(cohort, patient.name), onto=ct.grid)
    bones = KneeBones.from_labels(labels)
    true = _true_bones(cohort, patient.name, labels)
    poses = true_poses(cohort, patient.name)
    synthetic = None
    if "synthetic" in study.methods:
        synthetic = read_scan(synthetic_file(cohort, patient.name)).volume
    centre = np.concatenate(list(true.values())).mean(axis=0)
    number = [one.name for one in cohort.patients].index(patient.name)
    rng = np.random.default_rng([study.seed, number])
    rows = []
    for at in range(study.starts):
        start = _start(poses["femur"], centre, at % 2 == number % 2, rng)
        for method in study.methods:
            found = register_knee(
                ct,
                mr,
                bones,
                synthetic=synthetic if method == "synthetic" else None,
                settings=KneeRegistering(method),
                start=start,
            )
            for bone, one in found.bones.items():
                error = registration_error(one.transform, poses[bone], true[bone])
                rows.append(
                    {
                        "patient": patient.name,
                        "method": method,
                        "bone": bone,
                        "median_mm": error.median,
                        "p95_mm": error.percentile_95,
                        "told": one.failed,
                    }
                )
    return rows


def _true_bones(cohort: KneeCohort, name: str, like: Labels) -> dict[str, NDArray[np.float64]]:
    """Places of the true femur and tibia in mm, thinned out."""
    folder = cohort.root / TRUTH / name
    names = json.loads((folder / f"{name}_ct_labels.json").read_text(encoding="utf-8"))["Labels"]
    labels, _ = read_labels(folder / f"{name}_ct_labels.nii.gz", onto=like.grid)
    numbers = {text: int(number) for number, text in names.items()}
    return {bone: _places(labels.mask(numbers[bone])) for bone in ("femur", "tibia")}


def _places(mask: Mask) -> NDArray[np.float64]:
    return mask.grid.to_world(np.argwhere(mask.values)[::EVERY])


def _start(true: Rigid, centre: NDArray[np.float64], far: bool, rng: np.random.Generator) -> Rigid:
    """A start in a random direction, as far as can be or anything up to that."""
    ways = rng.normal(size=(2, 3))
    ways /= np.linalg.norm(ways, axis=1, keepdims=True)
    share = np.ones(2) if far else rng.uniform(0, 1, 2)
    shift, turn = ways * (share * FARTHEST)[:, None]
    return true @ Rigid.about(centre, turn_deg=turn, shift_mm=shift)


def _rows(found: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """A row a method and bone; medians over registrations."""
    rows = []
    for method in dict.fromkeys(row["method"] for row in found):
        for bone in dict.fromkeys(row["bone"] for row in found):
            own = [row for row in found if (row["method"], row["bone"]) == (method, bone)]
            median, far = (np.array([row[key] for row in own]) for key in ("median_mm", "p95_mm"))
            good = (median <= MEDIAN_MM) & (far <= MOST_MM)
            told = np.array([row["told"] is not None for row in own])
            wrong = int((~good & ~told & (far > MOST_MM)).sum())
            rows.append(
                {
                    "name": method,
                    "bone": bone,
                    "patients": len({row["patient"] for row in own}),
                    "registrations": len(own),
                    "median_mm": {"value": float(np.median(median))},
                    "p95_mm": {"value": float(np.median(far))},
                    "largest_median_mm": float(median.max()),
                    "largest_p95_mm": float(far.max()),
                    "success": float(good.mean()),
                    "told_failed": int(told.sum()),
                    "note": f"{wrong} beyond {MOST_MM} mm and not told, {told.sum()} told failed",
                }
            )
    return rows
