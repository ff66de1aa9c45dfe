"""Patches on disk, arrays and words of each patient, and read together for training."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting
from ...cohorts.store import PART, write_json
from .reference import NAMES

FOLDER = "patches"
"""Folder of the patches in a run."""

ARRAYS = ("ct", "mr", "mask")
"""Names of the arrays of a patient, first axis the patch."""


@dataclass(frozen=True, eq=False)
class PatchSet:
    """Patches of several patients, one after the other.

    Attributes
    ----------
    ct : (n, 32, 32, 32) float16 array
        HU as at 120 kVp; the first axis to lateral, then to the back and to the head.
    mr : (n, V, V, V) float16 array
        On the same ground, marrow at 1000.
    mask : (n, 32, 32, 32) bool array
        True in the region.
    rows : list of dict
        ``participant_id``, ``region``, ``number``, ``centre_mm``, ``voxels``, ``marrow``,
        ``reference`` and ``flags`` of each.
    targets : (n, 8) float64 array
        Parameters of the MR; NaN where there is none.
    names : tuple of str
        What they are.
    """

    ct: NDArray[np.float16]
    mr: NDArray[np.float16]
    mask: NDArray[np.bool_]
    rows: list[dict[str, Any]]
    targets: NDArray[np.float64]
    names: tuple[str, ...] = NAMES


def read_patches(run: Path, names: Sequence[str]) -> PatchSet:
    """Patches of patients, read into one block of memory for each kind of array.

    Parameters
    ----------
    run : Path
        Folder of the run, as of `osteon.pipelines.knee.cohort.run_folder`.
    names : sequence of str
        Patients, in the order wanted; those of `patients_with_patches` have some.

    Returns
    -------
    PatchSet

    Raises
    ------
    BadSetting
        If a patient has no patches, or they were cut by other settings than another's.
    """
    told = [_told(run, name) for name in names]
    if not told:
        raise BadSetting("no patient was named whose patches are to be read.")
    for name, one in zip(names, told, strict=True):
        if one["settings"] != told[0]["settings"]:
            raise BadSetting(
                f"patches of {name} and {names[0]} were cut by different settings; make all "
                "patches again."
            )
    rows = [row for one in told for row in one["rows"]]
    targets = [[_number(row["reference"][name]) for name in NAMES] for row in rows]
    ct, mr, mask = _arrays(run, names, len(rows))
    return PatchSet(ct, mr, mask, rows, np.array(targets).reshape(-1, len(NAMES)))


def patients_with_patches(run: Path) -> list[str]:
    """Names of the patients who have patches, in order of their names."""
    return sorted(path.stem for path in (run / FOLDER).glob("*.npz") if _place(path).is_file())


def write_patches(
    run: Path, name: str, told: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write the patches of a patient; the words, which make them count, last.

    Parameters
    ----------
    run : Path
        Folder of the run.
    name : str
        Patient.
    told : mapping
        ``settings``, ``inputs``, ``rows``, ready for JSON.
    arrays : mapping
        By the names of `ARRAYS`.
    """
    folder = run / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.npz"
    _place(path).unlink(missing_ok=True)
    part = folder / f"{PART}{path.name}"
    with part.open("wb") as file:
        np.savez(file, ct=arrays["ct"], mr=arrays["mr"], mask=arrays["mask"])
    part.replace(path)
    write_json(_place(path), told)


def read_told(run: Path, name: str) -> dict[str, Any] | None:
    """What is stored beside a patient's patches; None where they are not there whole."""
    path = run / FOLDER / f"{name}.npz"
    if not (path.is_file() and _place(path).is_file()):
        return None
    try:
        told = json.loads(_place(path).read_text(encoding="utf-8"))
    except ValueError:
        return None
    return told if isinstance(told, dict) and "rows" in told else None


def digest_of_patches(run: Path, names: Sequence[str]) -> str:
    """SHA-256 of what is stored beside the patches of some patients, in their order.

    It changes when patches are cut anew from other images or by other settings.

    Raises
    ------
    BadSetting
        If a patient has no patches.
    """
    found = hashlib.sha256()
    for name in names:
        _told(run, name)
        found.update(_place(run / FOLDER / f"{name}.npz").read_bytes())
    return found.hexdigest()


def _told(run: Path, name: str) -> dict[str, Any]:
    told = read_told(run, name)
    if told is None:
        raise BadSetting(
            f"{name} has no patches in {run / FOLDER}; patches.tsv there gives the reason, or make "
            "them first."
        )
    return told


def _place(path: Path) -> Path:
    """Where the words of a file of patches are."""
    return path.with_suffix(".json")


def _number(value: float | None) -> float:
    return np.nan if value is None else value


def _arrays(run: Path, names: Sequence[str], count: int) -> list[NDArray[Any]]:
    """The arrays of all patients, one patient in memory beside them."""
    found: list[NDArray[Any]] = []
    for key in ARRAYS:
        whole: NDArray[Any] | None = None
        begin = 0
        for name in names:
            with np.load(run / FOLDER / f"{name}.npz") as held:
                part = held[key]
            if whole is None:
                whole = np.empty((count, *part.shape[1:]), part.dtype)
            whole[begin : begin + len(part)] = part
            begin += len(part)
        if whole is not None:
            found.append(whole)
    return found
