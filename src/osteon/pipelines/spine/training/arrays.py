"""Patients of a cohort as arrays that several trainings read from the disk at once."""

import hashlib
import json
import math
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....core import UnusableTable
from ....learn.spine_data import UNKNOWN, SpineData
from ....simulate.dxa.devices import device_names
from ...cohorts.store import PART, write_json
from ...voltage import to_120_kvp
from ..cohort import SpineCohort, SpinePatient, run_folder
from ..crops.cut import CropSettings
from ..crops.store import read_crops, read_told
from ..crops.usable import left_out
from ..energy import mineral_factor
from ..facts import FACTS, RECIPE, facts_of
from ..predictions import class_number
from ..readings import known_device, limits_of, standard_bmd, standard_vertebrae

FOLDER = "arrays"
"""Folder of a run with the arrays of its labelled patients."""

WORDS = "arrays.json"
KEPT = ("hu", "parts", "present", "factor", "facts")
"""Arrays that come from images."""

LEVELS = CropSettings().levels
"""Levels of the places, L1 first."""


def with_crops(cohort: SpineCohort, patients: Sequence[SpinePatient]) -> list[SpinePatient]:
    """Those of the patients that have a crop which may be read.

    Raises
    ------
    UnusableTable
        If there is none.
    """
    run = run_folder(cohort)
    found = [one for one in patients if _read(read_told(run, one.name))]
    if not found:
        raise UnusableTable(
            f"no patient of {cohort.root.name} has both a reading and crops; make crops first."
        )
    return found


def spine_data(cohort: SpineCohort, patients: Sequence[SpinePatient]) -> SpineData:
    """Crops, facts and readings of patients, the crops left on the disk.

    Parameters
    ----------
    cohort : SpineCohort
        With crops made.
    patients : sequence of SpinePatient
        With crops, in the order in which they will stand in the arrays.

    Returns
    -------
    SpineData
        Arrays of the images are kept in the run's folder and used again while the crops are the
        same.

    Raises
    ------
    UnusableTable
        If there is no patient, or a crop has another size than the others.
    """
    folder = run_folder(cohort) / FOLDER
    wanted = {"patients": [one.name for one in patients], "crops": _digest(cohort, patients)}
    if _told(folder) != wanted:
        _write(folder, cohort, patients, wanted)
    held = {name: np.load(folder / f"{name}.npy", mmap_mode="r") for name in KEPT}
    devices = tuple(sorted({one.device for one in patients if one.device} | set(device_names())))
    return SpineData(
        hu=held["hu"],
        parts=held["parts"],
        present=np.array(held["present"]),
        factor=np.array(held["factor"]),
        facts=np.array(held["facts"]),
        device=np.array([_number(one, devices) for one in patients], np.int64),
        devices=devices,
        bmd=np.array([standard_bmd(one) for one in patients]),
        vertebra_bmd=np.array([_vertebrae(one) for one in patients]),
        diagnosis=np.array([_class(one) for one in patients], np.int64),
        limits=np.array([limits_of(one) for one in patients]),
    )


def _read(told: Mapping[str, Any] | None) -> frozenset[str]:
    """Levels that are read, of what stands beside a patient's crops."""
    rows = () if told is None else told["rows"]
    flags = {row["level"]: [flag["code"] for flag in row.get("flags", ())] for row in rows}
    return frozenset(flags) - left_out(flags).keys()


def _number(patient: SpinePatient, devices: tuple[str, ...]) -> int:
    known = known_device(patient) is not None and patient.device in devices
    return devices.index(str(patient.device)) if known else UNKNOWN


def _vertebrae(patient: SpinePatient) -> list[float]:
    read = standard_vertebrae(patient)
    return [read.get(level, math.nan) for level in LEVELS]


def _class(patient: SpinePatient) -> int:
    return -1 if patient.diagnosis is None else class_number(patient.diagnosis)


def _digest(cohort: SpineCohort, patients: Sequence[SpinePatient]) -> str:
    """Digest of what stands beside the crops, and of what the facts are called."""
    run = run_folder(cohort)
    told = [read_told(run, one.name) for one in patients]
    return hashlib.sha256(json.dumps([told, FACTS, RECIPE], sort_keys=True).encode()).hexdigest()


def _told(folder: Path) -> dict[str, Any] | None:
    try:
        told: dict[str, Any] = json.loads((folder / WORDS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return told


def _write(
    folder: Path, cohort: SpineCohort, patients: Sequence[SpinePatient], wanted: dict[str, Any]
) -> None:
    """Lay all crops into arrays on the disk; the words, which make them count, last."""
    part = folder.with_name(f"{PART}{folder.name}")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    run = run_folder(cohort)
    size = read_crops(run, patients[0].name)["hu"].shape[1:]
    many = (len(patients), len(LEVELS))
    hu = np.lib.format.open_memmap(part / "hu.npy", "w+", np.int16, (*many, *size))
    parts = np.lib.format.open_memmap(part / "parts.npy", "w+", np.uint8, (*many, *size))
    present, factor = np.zeros(many, np.bool_), np.ones(len(patients), np.float32)
    facts = np.zeros((*many, len(FACTS)), np.float32)
    for n, one in enumerate(patients):
        held = read_crops(run, one.name)
        if held["hu"].shape[1:] != size:
            raise UnusableTable(
                f"crops of {one.name} have {held['hu'].shape[1:]} voxels, others {size}; make "
                "crops of all with one setting."
            )
        factor[n] = to_120_kvp(held["told"]["kvp"])
        spacing = float(held["told"]["settings"]["spacing_mm"])
        read = _read(held["told"])
        pairs = list(zip(held["hu"], held["parts"], strict=True))
        mineral = mineral_factor(pairs, held["rows"], held["told"]["kvp"])
        for row, grey, part_of in zip(held["rows"], held["hu"], held["parts"], strict=True):
            if row["level"] not in read:
                continue
            place = n, LEVELS.index(row["level"])
            hu[place], parts[place], present[place] = grey, part_of, True
            facts[place] = facts_of(grey, part_of, row, spacing, mineral)
    hu.flush()
    parts.flush()
    for name, values in (("present", present), ("factor", factor), ("facts", facts)):
        np.save(part / f"{name}.npy", values)
    write_json(part / WORDS, wanted)
    shutil.rmtree(folder, ignore_errors=True)
    part.replace(folder)
