"""How far synthetic CTs are from the CTs of the same knees, and how far intensity matching is."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ....core import HU, Mask, OsteonError, UnusableTable, Volume
from ....evaluate.images import fidelity
from ....io import read_ct, read_labels, read_scan
from ....registration import Rigid
from ...cohorts.store import DONE, TRUTH, read_truth
from ...processes import shared_out
from ..alignment.laid import bones_of, bones_on_mr, ct_on_mr, transforms_of
from ..cohort import KneeCohort, Patient
from .synthesizing import halves_of, synthetic_ct_path

Progress = Callable[[str, int, int], None]

SKIN_HU = -300.0
"""Between air and fat."""

STEPS = 256
"""Quantiles by which intensities are matched."""

RANGE = (-1024.0, 3071.0)
"""HU that a CT can have."""

BONES = ("femur", "tibia", "patella", "fibula")
"""Bones by whose true poses an MR is laid over a CT."""

Values = NDArray[np.float32]


@dataclass(frozen=True)
class _Pair:
    """A knee on the grid of its MR."""

    mr: Volume
    ct: Volume
    body: Mask
    bone: Mask
    laid_by: str


def synthesis_errors(
    cohort: KneeCohort,
    *,
    only: Sequence[str] | None = None,
    detailed: bool = False,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> list[dict[str, Any]]:
    """Errors of the synthetic CTs in the run folder, a row a patient.

    They are compared on the grid of the MR, onto which the CT is brought bone by bone: by the true
    poses of a virtual cohort, else by the registration. The body is what is denser than fat's
    edge to air. Bone is what they are laid over each other by: femur and tibia, in a virtual cohort
    patella and fibula as well. Soft tissue is the rest of the body.

    Parameters
    ----------
    cohort : KneeCohort
        After `synthesize_cohort`.
    only : sequence of str, optional
        These patients; all if None. One takes about 12 s.
    detailed : bool
        Add RMSE, PSNR, SSIM and MS-SSIM in the body (`osteon.evaluate.images.fidelity`).
    jobs : int
        Patients at once, a process each.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    list of dict
        ``participant_id``, ``laid_by`` (``"truth"`` or ``"registration"``); ``MAE body``, ``MAE
        bone``, ``MAE soft`` and ``ME body`` in HU of the synthetic CT; ``matched MAE …`` of
        histogram matching, the better of the MR and its negative, to CTs of the patients that the
        synthesis of this one learnt from; ``factor``, matched over synthetic in the body;
        ``jitter`` and ``CT jitter``, the step in HU between neighbouring sagittal slices (median
        over soft tissue, mean over slices). A patient who cannot be compared has ``reason``.
    """
    levels = {half.name: _levels(half.trained) for half in halves_of(cohort.patients)}
    of = {p.name: half.name for half in halves_of(cohort.patients) for p in half.applied}
    chosen = [p for p in cohort.patients if synthetic_ct_path(cohort, p.name).is_file()]
    if only is not None:
        chosen = [patient for patient in chosen if patient.name in only]
    tasks = [(patient, levels[of[patient.name]]) for patient in chosen]
    rows: dict[str, dict[str, Any]] = {}
    for number, row in enumerate(shared_out(partial(_row, cohort, detailed), tasks, jobs), start=1):
        rows[row["participant_id"]] = row
        progress("comparing synthetic CT", number, len(chosen))
    return [rows[patient.name] for patient in chosen]


def _row(cohort: KneeCohort, detailed: bool, task: tuple[Patient, Values]) -> dict[str, Any]:
    """Errors of one patient, or why there are none."""
    patient, levels = task
    row: dict[str, Any] = {"participant_id": patient.name}
    try:
        pair = _pair(cohort, patient)
        made = read_scan(synthetic_ct_path(cohort, patient.name)).volume
        row |= _compared(pair, made, levels)
        if detailed:
            row |= _detailed(pair, made)
    except OsteonError as fault:
        row["reason"] = str(fault)
    return row


def slice_jitter(values: Values, inside: NDArray[np.bool_], axis: int) -> float:
    """Step between neighbouring slices: median over a region, mean of its size over slices."""
    values, inside = np.moveaxis(values, axis, 0), np.moveaxis(inside, axis, 0)
    both = inside[1:] & inside[:-1]
    steps = [
        abs(float(np.median((after - before)[here])))
        for before, after, here in zip(values[:-1], values[1:], both, strict=True)
        if here.any()
    ]
    return float(np.mean(steps)) if steps else 0.0


def matched(mr: Values, levels: Values) -> tuple[Values, Values]:
    """Values of an MR taken to the HU of the same rank, and of the opposite rank."""
    ranks = np.linspace(0, 100, STEPS)
    own = np.percentile(mr, ranks)
    straight = np.interp(mr, own, levels).astype(np.float32)
    return straight, np.interp(mr, own, levels[::-1]).astype(np.float32)


def _levels(trained: Sequence[Patient]) -> Values:
    """Quantiles of HU in the bodies of up to eight CTs."""
    paths = [one.ct for one in trained if one.ct is not None]
    paths = paths[:: max(1, len(paths) // 8)][:8]
    values = [np.zeros(1, np.float32)]
    for path in paths:
        ct = read_ct(path).volume.values
        values.append(ct[_body(ct)][::7].astype(np.float32))
    return np.percentile(np.concatenate(values), np.linspace(0, 100, STEPS)).astype(np.float32)


def _body(hu: NDArray[Any]) -> NDArray[np.bool_]:
    """What is denser than air, and what that encloses in a slice."""
    dense = hu > SKIN_HU
    return np.stack([ndimage.binary_fill_holes(plane) for plane in dense])


def _pair(cohort: KneeCohort, patient: Patient) -> _Pair:
    if patient.mr is None or patient.ct is None:
        raise UnusableTable(f"{patient.missing}; two images are compared.")
    mr, ct = read_scan(patient.mr).volume, read_ct(patient.ct).volume
    if (cohort.root / TRUTH / patient.name / DONE).is_file():
        poses: Mapping[str, Any] = read_truth(cohort.root, patient.name)["truth"]["mr_pose"]
        transforms = {bone: Rigid(np.array(poses[bone])) for bone in BONES}
        bones, laid_by = _true_bones(cohort, patient, ct), TRUTH
    else:
        transforms = transforms_of(cohort, patient.name)
        bones, laid_by = bones_of(cohort, patient.name, ct.grid), "registration"
    there = bones_on_mr(transforms, bones, onto=mr.grid)
    laid = ct_on_mr(ct, transforms, there, onto=mr.grid)
    known = np.isfinite(laid.values)
    filled = Volume(np.where(known, laid.values, -1000).astype(np.float32), mr.grid, HU)
    body = Mask(known & _body(filled.values), mr.grid)
    bone = np.any([mask.values for mask in there.values()], axis=0) & body.values
    return _Pair(mr, filled, body, Mask(bone, mr.grid), laid_by)


def _true_bones(cohort: KneeCohort, patient: Patient, ct: Volume) -> dict[str, Mask]:
    path = cohort.root / TRUTH / patient.name / f"{patient.name}_ct_labels.nii.gz"
    beside = path.with_name(f"{patient.name}_ct_labels.json")
    named = json.loads(beside.read_text(encoding="utf-8"))["Labels"]
    labels, _ = read_labels(path, onto=ct.grid)
    return {name: labels.mask(int(number)) for number, name in named.items() if name in BONES}


def _compared(pair: _Pair, made: Volume, levels: Values) -> dict[str, Any]:
    body, bone = pair.body.values, pair.bone.values
    synthetic = made.in_unit(HU).on(pair.mr.grid, name="the synthetic CT").values
    off = synthetic.astype(np.float32) - pair.ct.values
    regions = {"body": body, "bone": bone, "soft": body & ~bone}
    regions = {name: inside for name, inside in regions.items() if inside.any()}
    row: dict[str, Any] = {"laid_by": pair.laid_by}
    row |= {f"MAE {name}": float(np.abs(off[inside]).mean()) for name, inside in regions.items()}
    row["ME body"] = float(off[body].mean())
    best: Values | None = None
    for values in matched(pair.mr.values[body].astype(np.float32), levels):
        error = np.abs(values - pair.ct.values[body])
        if best is None or error.mean() < best.mean():
            best = error
    if best is not None:
        row |= {
            f"matched MAE {name}": float(best[inside[body]].mean())
            for name, inside in regions.items()
        }
        row["factor"] = row["matched MAE body"] / row["MAE body"]
    axis = int(np.abs(pair.mr.grid.direction[0]).argmax())
    soft = body & ~bone
    row["jitter"] = slice_jitter(synthetic.astype(np.float32), soft, axis)
    row["CT jitter"] = slice_jitter(pair.ct.values, soft, axis)
    return row


def _detailed(pair: _Pair, made: Volume) -> dict[str, float]:
    clipped = [
        Volume(np.clip(one.values, *RANGE).astype(np.float32), one.grid, HU)
        for one in (pair.ct, made)
    ]
    found = fidelity(clipped[0], clipped[1], pair.body, data_range=RANGE)
    return {name: found[name] for name in ("RMSE", "PSNR", "SSIM", "MS-SSIM")}
