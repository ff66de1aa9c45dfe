"""Texture pools of every patient without labels, each patient kept and not measured again."""

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .... import __version__
from ....core import OsteonError, UnsuitableScan
from ...cohorts.tables import write_tsv
from ...processes import shared_out
from ...voltage import to_120_kvp
from ..cohort import SpineCohort, SpinePatient, must_have, run_folder
from ..crops.store import read_crops
from .measuring import CropPool, PoolSettings, measure_crop
from .store import FOLDER, digest_of_crops, read_told, write_pool

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class PoolRun:
    """Pools on disk.

    Attributes
    ----------
    run : Path
        Folder of the run, for `read_pool`.
    rows : list of dict
        Rows of ``pool/pool.tsv``: a vertebra and its windows, or why there are none.
    names : tuple of str
        Patients with a pool.
    made : tuple of str
        Patients measured by this run; the others were there.
    failed : mapping of str to str
        Patients without a pool, with the reason; the next run tries again.
    """

    run: Path
    rows: list[dict[str, Any]]
    names: tuple[str, ...]
    made: tuple[str, ...]
    failed: Mapping[str, str]


@dataclass(frozen=True)
class _Outcome:
    """What became of a patient."""

    name: str
    told: Mapping[str, Any]
    new: bool = False
    reason: str | None = None


def make_pool(
    cohort: SpineCohort,
    settings: PoolSettings | None = None,
    *,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> PoolRun:
    """Measure the texture of every window of every vertebra without labels, or go on.

    Parameters
    ----------
    cohort : SpineCohort
        With crops, and patients whose split is ``"unlabelled"``.
    settings : PoolSettings, optional
        Windows and features.
    jobs : int
        Patients at once, a process each. Changes no number.
    progress : function
        Told what is done, the patients done, and how many there are.

    Returns
    -------
    PoolRun
        Patients who are there with the same settings and crops were not measured again.

    Raises
    ------
    BadSetting
        If no patient is unlabelled.
    """
    run = run_folder(cohort)
    people = must_have(cohort, "unlabelled")
    work = partial(_outcome, run, settings or PoolSettings())
    found: dict[str, _Outcome] = {}
    progress("texture", 0, len(people))
    for done, one in enumerate(shared_out(work, people, jobs), start=1):
        found[one.name] = one
        progress(f"texture of {one.name}", done, len(people))
    rows: list[dict[str, Any]] = []
    for patient in people:
        one = found[patient.name]
        if one.reason is not None:
            rows.append(_row(patient, {"reason": one.reason}))
        rows += [_row(patient, row) for row in (*one.told["rows"], *one.told["left_out"])]
    (run / FOLDER).mkdir(parents=True, exist_ok=True)
    write_tsv(run / FOLDER / "pool.tsv", rows)
    failed = {name: one.reason for name, one in found.items() if one.reason is not None}
    names = [patient.name for patient in people if patient.name not in failed]
    made = tuple(name for name in names if found[name].new)
    return PoolRun(run, rows, tuple(names), made, failed)


def patients_with_pool(cohort: SpineCohort) -> list[str]:
    """Names of the unlabelled patients who have a pool.

    A patient who got a label since, and a pool of an earlier run, is not among them.
    """
    run = run_folder(cohort)
    unlabelled = [patient.name for patient in cohort.patients if patient.split == "unlabelled"]
    return [name for name in unlabelled if read_told(run, name) is not None]


def seconds_a_vertebra(rows: Sequence[Mapping[str, Any]]) -> float | None:
    """Median seconds of one core that a vertebra took, of rows of a `PoolRun`; None of none.

    Not the mean: the first vertebra of a process may wait for loops to be compiled.
    """
    each = [float(row["seconds"]) for row in rows if row.get("seconds") is not None]
    return statistics.median(each) if each else None


def _outcome(run: Path, settings: PoolSettings, patient: SpinePatient) -> _Outcome:
    """Measure a patient's vertebrae, or say why not."""
    try:
        told, new = _patient(run, patient, settings)
    except OsteonError as fault:
        return _Outcome(patient.name, {"rows": [], "left_out": []}, reason=str(fault))
    return _Outcome(patient.name, told, new)


def _patient(
    run: Path, patient: SpinePatient, settings: PoolSettings
) -> tuple[Mapping[str, Any], bool]:
    """What is stored of a patient, and whether it was measured now."""
    crops = read_crops(run, patient.name)
    wanted = {
        "osteon": __version__,
        "settings": asdict(settings),
        "hu": "as at 120 kVp",
        "crops": digest_of_crops(run, patient.name),
    }
    held = read_told(run, patient.name)
    if held is not None and all(held.get(key) == value for key, value in wanted.items()):
        return held, False
    pools, rows, left_out = _measured(crops, settings)
    if not pools:
        raise UnsuitableScan(
            f"{patient.name} gives no window of texture; {left_out[0]['level']}: "
            f"{left_out[0]['reason']}"
        )
    told = {
        "participant_id": patient.name,
        "kvp": crops["told"]["kvp"],
        **wanted,
        "rows": rows,
        "left_out": left_out,
    }
    write_pool(run, patient.name, pools, settings.names(), told)
    return told, True


def _measured(
    crops: Mapping[str, Any], settings: PoolSettings
) -> tuple[dict[int, CropPool], list[dict[str, Any]], list[dict[str, Any]]]:
    """Pools by the number of the crop, what is told of them, and crops without one."""
    spacing = float(crops["told"]["settings"]["spacing_mm"])
    factor = to_120_kvp(crops["told"]["kvp"])
    pools: dict[int, CropPool] = {}
    rows, left_out = [], []
    for at, crop in enumerate(crops["rows"]):
        began = time.process_time()
        try:
            one = measure_crop(crops["hu"][at], crops["parts"][at], spacing, factor, settings)
        except OsteonError as fault:
            left_out.append({"level": crop["level"], "reason": str(fault)})
            continue
        pools[at] = one
        told = {"level": crop["level"], "vertebra": at, "windows": len(one.share)}
        rows.append(told | {"seconds": round(time.process_time() - began, 4)})
    return pools, rows, left_out


def _row(patient: SpinePatient, one: Mapping[str, Any]) -> dict[str, Any]:
    """Row of ``pool.tsv``."""
    return {
        "participant_id": patient.name,
        "site": patient.site or None,
        "level": one.get("level"),
        "windows": one.get("windows"),
        "seconds": one.get("seconds"),
        "reason": one.get("reason"),
    }
