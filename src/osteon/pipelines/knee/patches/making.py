"""Pairs of patches for a cohort: CT and MR on the same ground, with the parameters of the MR."""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from .... import __version__
from ....core import Labels, Mask, OsteonError, UnreadableScan, UnsuitableScan
from ....io import read_ct, read_labels, read_scan
from ....regions.knee import KneeBones, find_subchondral, knee_side
from ....registration import Rigid
from ...cohorts.tables import write_tsv
from ...processes import shared_out
from ..cohort import KneeCohort, Patient, run_folder
from .cut import BONES, Knee, PatchSettings, cut_knee
from .reference import NAMES
from .store import (
    FOLDER,
    PatchSet,
    patients_with_patches,
    read_patches,
    read_told,
    write_patches,
)

__all__ = [
    "PatchRun",
    "PatchSet",
    "PatchSettings",
    "make_patches",
    "patients_with_patches",
    "read_patches",
]

Progress = Callable[[str, int, int], None]

Finder = Callable[[Labels, str | None], tuple[str, Mapping[str, Mask]]]
"""From the label map of the bones, and the side where it is told, to the side and the regions."""


@dataclass(frozen=True)
class PatchRun:
    """Patches on disk.

    Attributes
    ----------
    run : Path
        Folder of the run, for `read_patches`.
    rows : list of dict
        Rows of ``patches/patches.tsv``: a patch, or a patient, bone or patch left out and why.
    made : tuple of str
        Patients cut by this run; the others were there.
    failed : mapping of str to str
        Patients without patches, with the reason; the next run tries again.
    """

    run: Path
    rows: list[dict[str, Any]]
    made: tuple[str, ...]
    failed: Mapping[str, str]


def make_patches(
    cohort: KneeCohort,
    settings: PatchSettings | None = None,
    *,
    find: Finder | None = None,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> PatchRun:
    """Cut patches of every patient whose bones are registered, or go on where a run ended.

    Parameters
    ----------
    cohort : KneeCohort
        Its run folder holds ``bones`` and ``registration``; ``patches`` is written beside them.
    settings : PatchSettings, optional
        What is cut.
    find : function, optional
        Another way to find the regions than by `osteon.regions.knee`.
    jobs : int
        Patients at once, a process each.
    progress : function
        Told what is done, the patients done, and how many there are.

    Returns
    -------
    PatchRun
        Patients who are there with the same settings and inputs were not cut again.
    """
    chosen = settings or PatchSettings()
    run = run_folder(cohort)
    everyone = cohort.patients
    work = partial(_outcome, run, chosen, find or ByDepth(chosen))
    found: dict[str, Outcome] = {}
    progress("patches", 0, len(everyone))
    for done, one in enumerate(shared_out(work, everyone, jobs), start=1):
        found[one.name] = one
        progress(f"patches of {one.name}", done, len(everyone))
    rows: list[dict[str, Any]] = []
    for patient in everyone:
        told, reason = found[patient.name].told, found[patient.name].reason
        if reason is not None:
            rows.append(_row(patient, {}, {"reason": reason}))
        rows += [_row(patient, told, row) for row in (*told["rows"], *told["left_out"])]
    made = tuple(patient.name for patient in everyone if found[patient.name].new)
    failed = {name: one.reason for name, one in found.items() if one.reason is not None}
    (run / FOLDER).mkdir(parents=True, exist_ok=True)
    write_tsv(run / FOLDER / "patches.tsv", rows)
    return PatchRun(run, rows, made, failed)


@dataclass(frozen=True)
class ByDepth:
    """Regions by depth below the joint surface.

    Attributes
    ----------
    settings : PatchSettings
        Where regions begin and end.
    """

    settings: PatchSettings

    def __call__(self, labels: Labels, told: str | None) -> tuple[str, Mapping[str, Mask]]:
        """The side, as told or by the fibula, and the regions."""
        bones = KneeBones.from_labels(labels)
        side = told or knee_side(bones)
        if side is None:
            raise UnsuitableScan(
                "which knee it is cannot be seen without the fibula; give column 'side' in "
                "participants.tsv."
            )
        depths = {"deepest_mm": self.settings.deepest_mm, "plate_mm": self.settings.plate_mm}
        return side, find_subchondral(bones, side=side, **depths).regions


@dataclass(frozen=True)
class Outcome:
    """What became of a patient.

    Attributes
    ----------
    name : str
        Who.
    told : mapping
        What is stored beside the patches.
    new : bool
        Whether they were cut now.
    reason : str or None
        Why there are none.
    """

    name: str
    told: Mapping[str, Any]
    new: bool = False
    reason: str | None = None


def _outcome(run: Path, settings: PatchSettings, find: Finder, patient: Patient) -> Outcome:
    """Cut a patient's patches, or say why not."""
    try:
        told, new = _patient(run, patient, settings, find)
    except OsteonError as fault:
        return Outcome(patient.name, {"rows": [], "left_out": []}, reason=str(fault))
    return Outcome(patient.name, told, new)


def _patient(
    run: Path, patient: Patient, settings: PatchSettings, find: Finder
) -> tuple[dict[str, Any], bool]:
    """What is stored of a patient, and whether it was cut now."""
    bones = run / "bones" / f"{patient.name}_bones.nii.gz"
    registered = run / "registration" / f"{patient.name}.json"
    if not bones.is_file() or not registered.is_file():
        raise UnsuitableScan(
            f"{patient.missing or f'{patient.name} is not registered'}; patches need CT and MR of "
            "a knee, registered."
        )
    wanted = {
        "osteon": __version__,
        "settings": asdict(settings),
        "ct": "HU as at 120 kVp",
        "inputs": {"bones": _digest(bones), "registration": _digest(registered)},
    }
    held = read_told(run, patient.name)
    if held is not None and all(held.get(key) == value for key, value in wanted.items()):
        return held, False
    knee = _read(patient, bones, _transforms(registered), find)
    cut = cut_knee(knee, settings)
    if not cut.rows:
        why = cut.left_out[0]["reason"] if cut.left_out else "no region has a voxel."
        raise UnsuitableScan(f"{patient.name} gives no patch: {why}")
    told = {
        "participant_id": patient.name,
        "side": knee.side,
        "kvp": knee.ct.acquisition.kvp,
        **wanted,
        "rows": cut.rows,
        "left_out": cut.left_out,
    }
    write_patches(run, patient.name, told, cut.arrays())
    return told, True


def _read(
    patient: Patient, bones: Path, transforms: Mapping[str, Rigid | str], find: Finder
) -> Knee:
    """Everything that patches are cut from."""
    if patient.ct is None or patient.mr is None:
        raise UnsuitableScan(f"{patient.missing}; patches need CT and MR of a knee.")
    ct, mr = read_ct(patient.ct), read_scan(patient.mr).volume
    labels, _ = read_labels(bones, onto=ct.volume.grid)
    side, regions = find(labels, patient.side)
    return Knee(patient.name, side, ct, mr, labels, regions, transforms)


def _transforms(path: Path) -> dict[str, Rigid | str]:
    """Transform of each bone from CT to MR, or the reason why there is none."""
    try:
        told = json.loads(path.read_text(encoding="utf-8"))["bones"]
        return {
            bone: told[bone]["failed"] or Rigid(np.array(told[bone]["matrix"]))
            for bone in BONES
            if bone in told
        }
    except (ValueError, KeyError, TypeError):
        raise UnreadableScan(
            f"{path.name} holds no registration of bones; run the registration again."
        ) from None


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _row(patient: Patient, told: Mapping[str, Any], patch: Mapping[str, Any]) -> dict[str, Any]:
    """Row of ``patches.tsv``: whose patch it is, where, from which inputs, and what it has."""
    x, y, z = patch.get("centre_mm", (None,) * 3)
    return {
        "participant_id": patient.name,
        "side": told.get("side", patient.side),
        "site": patient.site or None,
        "split": patient.split,
        "fold": patient.fold,
        "oa": patient.oa,
        "region": patch.get("region"),
        "number": patch.get("number"),
        "x_mm": x,
        "y_mm": y,
        "z_mm": z,
        "voxels": patch.get("voxels"),
        **{name: patch.get("reference", {}).get(name) for name in NAMES},
        "marrow": patch.get("marrow"),
        "flags": ";".join(patch.get("flags", ())) or None,
        "registration_sha256": told.get("inputs", {}).get("registration"),
        "reason": patch.get("reason"),
    }
