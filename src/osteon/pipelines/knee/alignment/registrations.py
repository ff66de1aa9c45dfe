"""Bones and registrations of a cohort on disk: where they lie, written whole, read again."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ....core import BadSetting, Volume
from ....io import read_labels, write_labels
from ....regions.knee import KneeBones, find_knee_bones
from ....registration import BonesRegistered, Registered, Rigid
from ...cohorts.store import write_json
from ..cohort import KneeCohort, run_folder

FOLDER = "registration"
"""Folder of a run in which registrations lie."""


@dataclass(frozen=True)
class StoredRegistration:
    """What is on disk of one patient's registration.

    Attributes
    ----------
    method : str
        ``"direct"``, ``"synthetic"`` or ``"mind"``.
    transforms : dict of str to Rigid
        Of the bones that did not fail: places of the CT to places of the MR.
    failed : dict of str to str
        Why the others failed.
    """

    method: str
    transforms: dict[str, Rigid]
    failed: dict[str, str]


def registration_file(cohort: KneeCohort, patient: str, into: str = FOLDER) -> Path:
    """Where the registration of a patient lies."""
    return run_folder(cohort) / into / f"{patient}.json"


def bones_file(cohort: KneeCohort, patient: str) -> Path:
    """Where the bones of a patient's CT lie."""
    return run_folder(cohort) / "bones" / f"{patient}_bones.nii.gz"


def synthetic_file(cohort: KneeCohort, patient: str) -> Path:
    """Where the synthetic CT of a patient's MR lies."""
    return run_folder(cohort) / "synthesis" / f"{patient}_synthetic-ct.nii.gz"


def write_registration(
    path: Path,
    found: BonesRegistered,
    settings: Mapping[str, Any],
    images: Mapping[str, str | None],
) -> None:
    """Write what was found of a patient, whole or not at all.

    Parameters
    ----------
    path : Path
        File to write; its folder is made.
    found : BonesRegistered
        The registration.
    settings : mapping
        With what settings, with ``method`` among them; see `stored_settings`.
    images : mapping of str to (str or None)
        Fingerprints of ``ct``, ``mr`` and ``synthetic``, the last where one was used.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    bones = {name: _row(one) for name, one in found.bones.items()}
    data = {"method": settings["method"], "joint": _row(found.joint), "bones": bones}
    write_json(path, data | {"settings": dict(settings), "images": dict(images)})


def _row(found: Registered) -> dict[str, Any]:
    quality = found.quality
    return {
        "matrix": found.transform.matrix.tolist(),
        "failed": found.failed,
        "similarity": quality.similarity,
        "lead": quality.lead,
        "spread_mm": quality.spread_mm,
        "seen": quality.seen,
        "sharpness": quality.sharpness,
    }


def stored(path: Path) -> dict[str, Any] | None:
    """Everything in a file of `write_registration`; None where it is not there or is none."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return data if isinstance(data, dict) and "bones" in data and "settings" in data else None


def read_registration(path: Path) -> StoredRegistration:
    """Read what `register_cohort` wrote of a patient.

    Raises
    ------
    BadSetting
        If there is no such file, or it is none of ours.
    """
    if not path.is_file():
        raise BadSetting(f"{path} is not there; register the cohort first.")
    data = stored(path) or {}
    try:
        bones = data["bones"].items()
        return StoredRegistration(
            data["method"],
            {k: Rigid(np.array(one["matrix"])) for k, one in bones if one["failed"] is None},
            {k: one["failed"] for k, one in bones if one["failed"] is not None},
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        raise BadSetting(
            f"{path} is no registration of a knee; delete it and register the cohort again."
        ) from None


def bones_of(cohort: KneeCohort, patient: str, ct: Volume, mark: str | None = None) -> KneeBones:
    """The bones of a patient's CT: those on disk, else found and put there.

    Parameters
    ----------
    cohort : KneeCohort
        The cohort.
    patient : str
        Whose.
    ct : Volume
        In HU.
    mark : str, optional
        Fingerprint of the CT: bones that were found in another one are found anew. Bones put
        there by hand are taken as they are.

    Raises
    ------
    OsteonError
        As `find_knee_bones` and `read_labels`.
    """
    path = bones_file(cohort, patient)
    side = path.with_name(path.name.removesuffix(".nii.gz") + ".json")
    if path.is_file() and _found_in(side) in (None, mark):
        return KneeBones.from_labels(read_labels(path, onto=ct.grid)[0])
    bones = find_knee_bones(ct)
    labels = bones.labels()
    named = {str(number): what for number, what in labels.names.items()}
    flags = [{"code": flag.code, "text": flag.text} for flag in bones.flags]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    write_json(side, {"Labels": named, "flags": flags, "ct_sha256": mark})
    # the image last: where it is, all is there
    write_labels(path, labels)
    return bones


def _found_in(side: Path) -> str | None:
    """Fingerprint of the CT in which bones were found; None where it is not told."""
    try:
        told = json.loads(side.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told.get("ct_sha256") if isinstance(told, dict) else None
