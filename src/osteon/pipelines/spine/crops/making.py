"""Vertebrae of every patient of a cohort cut out, each patient kept and not cut again."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from .... import __version__
from ....core import OsteonError, UnsuitableScan
from ....io import fingerprint, read_ct, read_labels
from ...cohorts.tables import write_tsv
from ...processes import shared_out
from ...results import flag_dicts
from ..cohort import SpineCohort, SpinePatient, run_folder
from .cut import Crop, CropSettings, cut_vertebrae
from .store import FOLDER, read_told, write_crops

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class CropRun:
    """Crops on disk.

    Attributes
    ----------
    run : Path
        Folder of the run, for `read_crops`.
    rows : list of dict
        Rows of ``crops/crops.tsv``: a vertebra, or a patient or vertebra left out and why.
    made : tuple of str
        Patients cut by this run; the others were there.
    failed : mapping of str to str
        Patients without crops, with the reason; the next run tries again.
    """

    run: Path
    rows: list[dict[str, Any]]
    made: tuple[str, ...]
    failed: Mapping[str, str]


@dataclass(frozen=True)
class _Outcome:
    """What became of a patient."""

    name: str
    told: Mapping[str, Any]
    new: bool = False
    reason: str | None = None


def make_crops(
    cohort: SpineCohort,
    settings: CropSettings | None = None,
    *,
    jobs: int = 1,
    progress: Progress = lambda what, done, steps: None,
) -> CropRun:
    """Cut the vertebrae of every patient, or go on where a run ended.

    Parameters
    ----------
    cohort : SpineCohort
        With masks of the vertebrae.
    settings : CropSettings, optional
        What is cut.
    jobs : int
        Patients at once, a process each. Changes no number.
    progress : function
        Told what is done, the patients done, and how many there are.

    Returns
    -------
    CropRun
        Patients who are there with the same settings and images were not cut again.
    """
    run = run_folder(cohort)
    work = partial(_outcome, run, settings or CropSettings())
    found: dict[str, _Outcome] = {}
    progress("vertebrae", 0, len(cohort.patients))
    for done, one in enumerate(shared_out(work, cohort.patients, jobs), start=1):
        found[one.name] = one
        progress(f"vertebrae of {one.name}", done, len(cohort.patients))
    rows: list[dict[str, Any]] = []
    for patient in cohort.patients:
        one = found[patient.name]
        if one.reason is not None:
            rows.append(_row(patient, {"reason": one.reason}))
        rows += [_row(patient, row) for row in (*one.told["rows"], *one.told["left_out"])]
    (run / FOLDER).mkdir(parents=True, exist_ok=True)
    write_tsv(run / FOLDER / "crops.tsv", rows)
    made = tuple(patient.name for patient in cohort.patients if found[patient.name].new)
    failed = {name: one.reason for name, one in found.items() if one.reason is not None}
    return CropRun(run, rows, made, failed)


def _outcome(run: Path, settings: CropSettings, patient: SpinePatient) -> _Outcome:
    """Cut a patient's vertebrae, or say why not."""
    try:
        told, new = _patient(run, patient, settings)
    except OsteonError as fault:
        return _Outcome(patient.name, {"rows": [], "left_out": []}, reason=str(fault))
    return _Outcome(patient.name, told, new)


def _patient(
    run: Path, patient: SpinePatient, settings: CropSettings
) -> tuple[dict[str, Any], bool]:
    """What is stored of a patient, and whether it was cut now."""
    if patient.ct is None or patient.masks is None:
        raise UnsuitableScan(f"{patient.missing}; both are needed to cut vertebrae.")
    wanted = {
        "osteon": __version__,
        "settings": {name: _plain(value) for name, value in asdict(settings).items()},
        "inputs": {"ct": fingerprint(patient.ct), "masks": fingerprint(patient.masks)},
    }
    held = read_told(run, patient.name)
    if held is not None and all(held.get(key) == value for key, value in wanted.items()):
        return held, False
    scan = read_ct(patient.ct)
    labels, _ = read_labels(patient.masks, onto=scan.volume.grid)
    crops, left_out = cut_vertebrae(scan, labels, settings)
    if not crops:
        level, why = next(iter(left_out.items()))
        raise UnsuitableScan(f"{patient.name} gives no vertebra; {level}: {why}")
    told = {
        "participant_id": patient.name,
        **wanted,
        "kvp": scan.acquisition.kvp,
        "kernel": scan.acquisition.kernel,
        "slice_mm": scan.acquisition.slice_thickness,
        "spacing_mm": [round(float(side), 4) for side in scan.volume.grid.spacing],
        "rows": [_words(one) for one in crops],
        "left_out": [{"level": level, "reason": why} for level, why in left_out.items()],
    }
    write_crops(run, patient.name, crops, told)
    return told, True


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _words(crop: Crop) -> dict[str, Any]:
    return {
        "level": crop.level,
        "origin_mm": [round(float(x), 4) for x in crop.grid.origin],
        "direction": [[round(float(x), 6) for x in row] for row in crop.grid.direction],
        "heights_mm": {name: round(mm, 3) for name, mm in crop.shape.heights.items()},
        "depth_mm": round(crop.shape.depth, 3),
        "width_mm": round(crop.shape.width, 3),
        "vessel_hu": _rounded(crop.beside.vessel_hu),
        "fat_hu": _rounded(crop.beside.fat_hu),
        "flags": flag_dicts(crop.flags),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 2)


def _row(patient: SpinePatient, crop: Mapping[str, Any]) -> dict[str, Any]:
    """Row of ``crops.tsv``."""
    heights = crop.get("heights_mm", {})
    return {
        "participant_id": patient.name,
        "site": patient.site or None,
        "split": patient.split,
        "fold": patient.fold,
        "level": crop.get("level"),
        **{f"{name}_mm": heights.get(name) for name in ("anterior", "middle", "posterior")},
        "depth_mm": crop.get("depth_mm"),
        "width_mm": crop.get("width_mm"),
        "vessel_hu": crop.get("vessel_hu"),
        "fat_hu": crop.get("fat_hu"),
        "flags": ";".join(flag["code"] for flag in crop.get("flags", ())) or None,
        "reason": crop.get("reason"),
    }
