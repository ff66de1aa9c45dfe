"""A synthetic CT for every knee of a cohort, by a synthesis that has never seen that knee."""

import hashlib
import json
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from ....core import HU, OsteonError, UnusableTable, Volume
from ....io import read_ct, read_scan, write_volume
from ....learn.synthesis import Synthesizer, device, load_synthesizer, train_synthesis
from ....learn.synthesis_settings import SynthesisSettings
from ....learn.synthesis_slices import KneeSlices, ct_slices, from_hu, mr_slices, sagittal_grid
from ...cohorts.store import write_json
from ...processes import shared_out
from ..alignment.laid import bones_of, bones_on_mr, ct_on_mr, transforms_of
from ..cohort import KneeCohort, Patient, run_folder

Progress = Callable[[str, int, int], None]


def silent(what: str, done: int, steps: int) -> None:
    """Tell nobody."""


@dataclass(frozen=True)
class Half:
    """A synthesis of its own.

    Attributes
    ----------
    name : str
        ``"A"`` or ``"B"``.
    trained : tuple of Patient
        Who it may learn from.
    applied : tuple of Patient
        Whose CT it makes: nobody it learns from.
    """

    name: str
    trained: tuple[Patient, ...]
    applied: tuple[Patient, ...]


@dataclass(frozen=True)
class SynthesisRun:
    """What a synthesis of a cohort came to.

    Attributes
    ----------
    folder : Path
        Holds ``sub-001_synthetic-ct.nii.gz`` and so on, and a folder of models a variant.
    made : tuple of str
        Patients whose synthetic CT is there.
    failed : mapping of str to str
        The others, with the reason.
    left_out : mapping of str to str
        Patients who could have been learnt from, with the reason why they were not.
    """

    folder: Path
    made: tuple[str, ...]
    failed: Mapping[str, str] = field(default_factory=dict)
    left_out: Mapping[str, str] = field(default_factory=dict)


def halves_of(patients: Sequence[Patient]) -> tuple[Half, Half]:
    """Two syntheses, so that everyone has one that was trained without them.

    A learns from the lower folds ({0, 1} of five) and is applied to everyone else; B learns from
    the upper ones ({3, 4}) and is applied to those that A learns from. Without folds, people take
    turns in the order of their names. Both knees of one person stay together.
    """
    inside = [one for one in patients if one.split == "internal"] or list(patients)
    folds = sorted({one.fold for one in inside if one.fold is not None})
    if len(folds) > 1:
        part = len(folds) // 2
        low = [one for one in inside if one.fold in folds[:part]]
        high = [one for one in inside if one.fold in folds[-part:]]
    else:
        people = sorted({one.person for one in inside})
        low = [one for one in inside if one.person in people[::2]]
        high = [one for one in inside if one.person in people[1::2]]
    seen = {one.person for one in low}
    others = tuple(one for one in patients if one.person not in seen)
    own = tuple(one for one in patients if one.person in seen)
    return Half("A", tuple(low), others), Half("B", tuple(high), own)


def synthesize_cohort(
    cohort: KneeCohort,
    *,
    settings: SynthesisSettings,
    only: Sequence[str] | None = None,
    jobs: int | None = None,
    progress: Progress = silent,
) -> SynthesisRun:
    """Train two syntheses and make a synthetic CT of everyone by the one that never saw them.

    Writes ``synthesis/`` in the run folder: ``A.pt`` and ``B.pt`` in a folder of the settings'
    name, with what is known of them as JSON, and ``sub-001_synthetic-ct.nii.gz`` in HU on the grid
    of the MR. What is there and was made with the same settings from the same images is kept; an
    interrupted training goes on.

    Parameters
    ----------
    cohort : KneeCohort
        Whose registration lies in the run folder, where `settings.paired`.
    settings : SynthesisSettings
        Of both.
    only : sequence of str, optional
        Make those of these patients; of everyone if None. Changes nothing in the training.
    jobs : int, optional
        Syntheses trained at once, a process each: both where there are two cores and no GPU.
        Changes no byte.
    progress : function
        Told what is done, the steps done, and how many there are; of more processes than one only
        when one is through.

    Returns
    -------
    SynthesisRun
        Also where patients failed: look at its `failed`.

    Raises
    ------
    UnusableTable
        If there is nobody to learn from.
    """
    halves = [_of(half, only) for half in halves_of(cohort.patients)]
    halves = [half for half in halves if half.applied]
    at_once = min(len(halves), jobs or (1 if device() == "cuda" else os.cpu_count() or 1))
    tasks = [(cohort, half, settings) for half in halves]
    # a function that tells of progress cannot go to another process
    work = partial(_through, progress=progress) if at_once == 1 else _through
    run = SynthesisRun(run_folder(cohort) / "synthesis", ())
    for done, (made, failed, left_out) in enumerate(shared_out(work, tasks, at_once), start=1):
        run = SynthesisRun(
            run.folder, (*run.made, *made), {**run.failed, **failed}, {**run.left_out, **left_out}
        )
        progress("synthesis", done, len(tasks))
    order = [patient.name for patient in cohort.patients]
    return replace(run, made=tuple(sorted(run.made, key=order.index)))


def _of(half: Half, only: Sequence[str] | None) -> Half:
    """A half that is applied to some alone."""
    if only is None:
        return half
    return replace(half, applied=tuple(one for one in half.applied if one.name in only))


def _through(
    task: tuple[KneeCohort, Half, SynthesisSettings], *, progress: Progress = silent
) -> tuple[list[str], dict[str, str], dict[str, str]]:
    """Train a half and apply it: who was made, who failed, who was not learnt from."""
    cohort, half, settings = task
    made: list[str] = []
    failed: dict[str, str] = {}
    synthesizer, left_out = _trained(cohort, half, settings, progress)
    for done, patient in enumerate(half.applied, start=1):
        try:
            _make(patient, synthesizer, run_folder(cohort) / "synthesis", half)
            made.append(patient.name)
        except OsteonError as fault:
            failed[patient.name] = str(fault)
        progress(f"making synthetic CT by {half.name}", done, len(half.applied))
    return made, failed, left_out


def synthetic_ct_path(cohort: KneeCohort, name: str) -> Path:
    """Where the synthetic CT of a patient lies."""
    return run_folder(cohort) / "synthesis" / f"{name}_synthetic-ct.nii.gz"


def _trained(
    cohort: KneeCohort, half: Half, settings: SynthesisSettings, progress: Progress
) -> tuple[Synthesizer, dict[str, str]]:
    """The synthesis of a half, trained or as it was, and who was left out of it."""
    chosen, left_out = _learnt_from(cohort, half, settings)
    folder = run_folder(cohort) / "synthesis" / settings.name
    path, going = folder / f"{half.name}.pt", folder / f"{half.name}.training.pt"
    ground = _ground(cohort, chosen, settings)
    there = load_synthesizer(path)
    if there is not None and (there.settings, there.about["ground"]) == (settings, ground):
        return there, left_out
    knees = []
    for number, patient in enumerate(chosen, start=1):
        try:
            knees.append(_slices(cohort, patient, settings))
        except OsteonError as fault:
            left_out[patient.name] = str(fault)
        progress(f"reading for synthesis {half.name}", number, len(chosen))
    if not knees:
        raise UnusableTable(f"synthesis {half.name} has nobody to learn from: {_first(left_out)}.")
    made = train_synthesis(knees, settings, ground=ground, checkpoint=going, progress=progress)
    made.save(path)
    about = {"settings": asdict(settings), "trained_on": [one.name for one in chosen]}
    write_json(folder / f"{half.name}.json", about | dict(made.about) | {"left_out": left_out})
    going.unlink(missing_ok=True)
    return made, left_out


def _first(left_out: Mapping[str, str]) -> str:
    return next(
        (f"{name}: {why.rstrip('.')}" for name, why in left_out.items()), "the half is empty"
    )


def _learnt_from(
    cohort: KneeCohort, half: Half, settings: SynthesisSettings
) -> tuple[list[Patient], dict[str, str]]:
    """Up to `settings.knees` patients of a half, evenly from it, and why others cannot be used."""
    usable, left_out = [], {}
    for one in half.trained:
        if one.missing is not None:
            left_out[one.name] = one.missing
            continue
        if settings.paired:
            try:
                if len(transforms_of(cohort, one.name)) == 0:
                    raise UnusableTable("the registration of every bone failed.")
            except OsteonError as fault:
                left_out[one.name] = str(fault)
                continue
        usable.append(one)
    at = np.linspace(0, len(usable) - 1, min(len(usable), settings.knees)).round().astype(int)
    return [usable[n] for n in at], left_out


def _ground(cohort: KneeCohort, chosen: Sequence[Patient], settings: SynthesisSettings) -> str:
    """What a training stands on: who, and how they were laid over each other."""
    told: list[Any] = [one.name for one in chosen]
    if settings.paired:
        for one in chosen:
            found = transforms_of(cohort, one.name)
            told.append({bone: found[bone].matrix.tolist() for bone in sorted(found)})
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:16]


def _slices(cohort: KneeCohort, patient: Patient, settings: SynthesisSettings) -> KneeSlices:
    """Slices of a patient: each image on its own, or the CT on the places of the MR."""
    mr, ct = _images(patient)
    lattice = sagittal_grid(mr.grid, settings.pixel_mm)
    seen = mr_slices(mr, lattice).astype(np.float16)
    if not settings.paired:
        own = sagittal_grid(ct.grid, settings.pixel_mm)
        return KneeSlices(seen, ct_slices(ct, own).astype(np.float16))
    bones = bones_of(cohort, patient.name, ct.grid)
    transforms = transforms_of(cohort, patient.name)
    there = bones_on_mr(transforms, bones, onto=lattice)
    laid = ct_on_mr(ct, transforms, there, onto=lattice)
    return KneeSlices(seen, from_hu(laid.values).astype(np.float16))


def _images(patient: Patient) -> tuple[Volume, Volume]:
    """MR and CT."""
    if patient.mr is None or patient.ct is None:
        raise UnusableTable(f"{patient.missing}; give both images.")
    return read_scan(patient.mr).volume, read_ct(patient.ct).volume


def _make(patient: Patient, synthesizer: Synthesizer, folder: Path, half: Half) -> None:
    """Write the synthetic CT of a patient, unless it is there."""
    if patient.mr is None:
        raise UnusableTable(f"{patient.name} has no MR; a synthetic CT is made of one.")
    path = folder / f"{patient.name}_synthetic-ct.nii.gz"
    beside = folder / f"{patient.name}_synthetic-ct.json"
    about = {
        "Synthesis": half.name,
        "Settings": asdict(synthesizer.settings),
        "Ground": synthesizer.about["ground"],
        "Unit": HU,
    }
    if path.is_file() and beside.is_file():
        if json.loads(beside.read_text(encoding="utf-8")) == about:
            return
        beside.unlink()
    made = synthesizer(read_scan(patient.mr).volume)
    write_volume(path, made)
    write_json(beside, about)
