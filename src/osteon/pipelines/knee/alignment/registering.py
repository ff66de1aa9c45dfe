"""Every patient of a cohort registered, in processes of their own, and the table of it."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from .... import __version__
from ....core import UnsuitableScan, Volume
from ....io import fingerprint, read_ct, read_scan
from ....regions.knee import KneeBones, knee_side
from ...cohorts.tables import write_tsv
from ...processes import shared_out, told
from ..cohort import KneeCohort, Patient, run_folder
from .one_knee import KneeRegistering, register_knee
from .registrations import (
    FOLDER,
    bones_of,
    registration_file,
    stored,
    synthetic_file,
    write_registration,
)

__all__ = ["KneeRegistering", "RegistrationRun", "register_cohort", "register_knee"]

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class RegistrationRun:
    """What registering a cohort made.

    Attributes
    ----------
    table : Path
        ``registration.tsv``: a row a bone, or a row with a reason for a patient who failed.
    made : int
        Patients registered by this run; the others were there.
    failed : mapping of str to str
        Patients who could not be registered at all, with the reason; the next run tries again.
    bones_failed : mapping of str to str
        Bones that must not be used, as ``"sub-001 femur"``, with the reason.
    """

    table: Path
    made: int
    failed: Mapping[str, str]
    bones_failed: Mapping[str, str]


@dataclass(frozen=True)
class _Task:
    """One patient, and how."""

    cohort: KneeCohort
    patient: Patient
    settings: KneeRegistering
    into: str


def register_cohort(
    cohort: KneeCohort,
    *,
    method: str = "direct",
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
    settings: KneeRegistering | None = None,
    into: str = FOLDER,
) -> RegistrationRun:
    """Register every knee of a cohort, or go on with a run that was interrupted.

    A patient whose file was made with the same settings, of the same images, is left alone.
    One who fails ends nothing: the table has a row with the reason.

    Parameters
    ----------
    cohort : KneeCohort
        The cohort; bones go to ``bones``, transforms to ``registration`` of its run folder.
    method : str
        As of `KneeRegistering`; ``"synthetic"`` takes ``synthesis/NAME_synthetic-ct.nii.gz``.
    jobs : int
        Patients at once, a process each. Changes no number.
    progress : function
        Told what is done, the steps done, and how many there are.
    settings : KneeRegistering or None
        All other choices; its method gives way to `method`.
    into : str
        Another folder of the run folder, to keep two methods side by side; the table is called
        alike.

    Returns
    -------
    RegistrationRun
        The table, and who failed.

    Raises
    ------
    BadSetting
        If there is no such method, or the machine ended a process.
    """
    chosen = KneeRegistering(method, *_others(settings or KneeRegistering()))
    everyone = cohort.patients
    todo = [_Task(cohort, one, chosen, into) for one in everyone]
    todo = [task for task in todo if not _is_made(task)]
    done = len(everyone) - len(todo)
    progress("registering knees", done, len(everyone))
    failed: dict[str, str] = {}
    for name, reason in shared_out(_one, todo, jobs):
        done += 1
        if reason is not None:
            failed[name] = reason
        progress(f"{name} {'registered' if reason is None else 'failed'}", done, len(everyone))
    rows = [row for one in everyone for row in _rows(cohort, one.name, method, into, failed)]
    table = run_folder(cohort) / f"{into}.tsv"
    table.parent.mkdir(parents=True, exist_ok=True)
    write_tsv(table, rows)
    lost = {
        f"{row['participant_id']} {row['bone']}": row["reason"]
        for row in rows
        if row["bone"] is not None and row["reason"] is not None
    }
    return RegistrationRun(table, len(todo) - len(failed), failed, lost)


def _others(settings: KneeRegistering) -> tuple[tuple[str, ...], int]:
    return settings.bones, settings.seed


def _told(settings: KneeRegistering) -> dict[str, Any]:
    """Everything that changes a number, as plain data."""
    return {"osteon": __version__, **asdict(settings), "bones": list(settings.bones)}


def _synthetic(task: _Task) -> Path | None:
    """The synthetic CT that a patient's registration needs."""
    if task.settings.method != "synthetic":
        return None
    return synthetic_file(task.cohort, task.patient.name)


def _marks(task: _Task) -> dict[str, str | None]:
    """By what the images of a patient are known again."""
    places = {"ct": task.patient.ct, "mr": task.patient.mr, "synthetic": _synthetic(task)}
    return {
        name: fingerprint(path) if path is not None and path.exists() else None
        for name, path in places.items()
    }


def _is_made(task: _Task) -> bool:
    """True where the file of a patient is what this run would make."""
    there = stored(registration_file(task.cohort, task.patient.name, task.into))
    if there is None or there["settings"] != _told(task.settings):
        return False
    marks = _marks(task)
    # one that does not say of which images it is was put there by hand
    return bool(there.get("images", marks) == marks)


def _one(task: _Task) -> tuple[str, str | None]:
    """Register and store one patient, or say why not."""
    path = registration_file(task.cohort, task.patient.name, task.into)
    # what an earlier run made with other settings must not be taken for this one's
    path.unlink(missing_ok=True)
    try:
        _register(task, path)
    except Exception as error:  # the cohort goes on, and the row says why
        return task.patient.name, told(error)
    return task.patient.name, None


def _register(task: _Task, path: Path) -> None:
    patient = task.patient
    if patient.missing is not None or patient.ct is None or patient.mr is None:
        raise UnsuitableScan(f"{patient.missing}; both are needed to register a knee.")
    ct, mr = read_ct(patient.ct).volume, read_scan(patient.mr).volume
    marks = _marks(task)
    bones = bones_of(task.cohort, patient.name, ct, marks["ct"])
    _must_be_the_knee(patient, bones)
    place = _synthetic(task)
    found = register_knee(ct, mr, bones, synthetic=_read_synthetic(place), settings=task.settings)
    write_registration(path, found, _told(task.settings), marks)


def _read_synthetic(path: Path | None) -> Volume | None:
    if path is None or not path.is_file():
        return None
    return read_scan(path).volume


def _must_be_the_knee(patient: Patient, bones: KneeBones) -> None:
    """Refuse a CT of the other knee than the table says."""
    side = knee_side(bones)
    if side is not None and patient.side is not None and side != patient.side:
        raise UnsuitableScan(
            f"the CT of {patient.name} shows a {side} knee, participants.tsv says "
            f"{patient.side}; correct the table or take the right scan."
        )


def _rows(
    cohort: KneeCohort, name: str, method: str, into: str, failed: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    """Rows of the table for one patient."""
    blank = dict.fromkeys(("similarity", "lead", "spread_mm", "seen", "sharpness"))
    there = stored(registration_file(cohort, name, into))
    if there is None:
        row = {"participant_id": name, "bone": None, "method": method, **blank}
        yield {**row, "status": "failed", "reason": failed[name]}
        return
    for bone, one in there["bones"].items():
        row = {"participant_id": name, "bone": bone, "method": there["method"]}
        told = {key: one.get(key) for key in blank}
        status = "registered" if one["failed"] is None else "failed"
        yield {**row, **told, "status": status, "reason": one["failed"]}
