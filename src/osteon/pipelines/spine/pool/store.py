"""The pool on disk: a table of windows a patient, and the words that make it count."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import HU, BadSetting
from ....features.texture import entry, unit_in
from ....io import read_parquet, write_parquet
from ...cohorts.store import write_json
from ..crops.store import crops_file
from .measuring import CropPool

FOLDER = "pool"
"""Folder of the pool in a run."""

PLACE = ("vertebra", "i", "j", "k", "share")
"""Columns beside the features: number of the crop among the patient's, middle voxel in it, and
part of the window that lies in the body."""


@dataclass(frozen=True, eq=False)
class PatientPool:
    """Windows of all vertebrae of a patient.

    Attributes
    ----------
    vertebra : (n,) int64 array
        Number of the crop among the patient's.
    middles : (n, 3) int64 array
        Middle voxels of the windows in their crops.
    share : (n,) float32 array
        Part of each window that lies in the body.
    values : (n, f) float32 array
        Features; NaN where the standard has no value.
    names : tuple of str
        What they are.
    """

    vertebra: NDArray[np.int64]
    middles: NDArray[np.int64]
    share: NDArray[np.float32]
    values: NDArray[np.float32]
    names: tuple[str, ...]


def pool_file(run: Path, name: str) -> Path:
    """Where the windows of a patient lie; the words lie beside them as JSON."""
    return run / FOLDER / f"{name}.parquet"


def write_pool(
    run: Path,
    name: str,
    pools: Mapping[int, CropPool],
    names: Sequence[str],
    told: Mapping[str, Any],
) -> None:
    """Write the windows of a patient; the words, which make them count, last.

    Parameters
    ----------
    run : Path
        Folder of the run.
    name : str
        Patient.
    pools : mapping of int to CropPool
        By the number of the crop; at least one.
    names : sequence of str
        Features.
    told : mapping
        What stands beside them, ready for JSON.

    Raises
    ------
    BadSetting
        If Apache Arrow is not installed, or the folder cannot be written to.
    """
    path = pool_file(run, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    crop = np.repeat(list(pools), [len(one.share) for one in pools.values()])
    middles, share, values = (
        np.concatenate([getattr(one, what) for one in pools.values()])
        for what in ("middles", "share", "values")
    )
    held = (crop.astype(np.int16), *middles.T.astype(np.int16), share)
    columns = dict(zip(PLACE, held, strict=True))
    columns |= {tag: values[:, at] for at, tag in enumerate(names)}
    units = dict.fromkeys(PLACE, "1") | {tag: unit_in(entry(tag).unit, HU) for tag in names}
    write_parquet(path, columns, units, {"settings": told["settings"], "kvp": told["kvp"]})
    write_json(path.with_suffix(".json"), told)


def read_told(run: Path, name: str) -> dict[str, Any] | None:
    """What stands beside the windows of a patient; None where they are not there whole."""
    path = pool_file(run, name)
    if not (path.is_file() and path.with_suffix(".json").is_file()):
        return None
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    except ValueError:
        return None
    return told if isinstance(told, dict) and "rows" in told else None


def read_pool(run: Path, name: str) -> PatientPool:
    """Windows of a patient.

    Raises
    ------
    BadSetting
        If there are none.
    """
    if read_told(run, name) is None:
        raise BadSetting(
            f"{name} has no pool in {run / FOLDER}; pool.tsv there gives the reason, or make it "
            "with osteon spine pool."
        )
    held = read_parquet(pool_file(run, name)).columns
    names = tuple(tag for tag in held if tag not in PLACE)
    return PatientPool(
        held["vertebra"].astype(np.int64),
        np.stack([held[axis] for axis in "ijk"], axis=1).astype(np.int64),
        held["share"],
        np.stack([held[tag] for tag in names], axis=1),
        names,
    )


def digest_of(run: Path, names: Sequence[str]) -> str:
    """SHA-256 of the words beside the windows of some patients, in their order.

    It changes when windows are measured anew, of other crops or by other settings.

    Raises
    ------
    BadSetting
        If a patient has no windows.
    """
    found = hashlib.sha256()
    for name in names:
        told = read_told(run, name)
        if told is None:
            raise BadSetting(f"{name} has no pool; make it with osteon spine pool.")
        rows = [{key: row[key] for key in row if key != "seconds"} for row in told["rows"]]
        found.update(json.dumps(told | {"rows": rows}, sort_keys=True).encode())
    return found.hexdigest()


def digest_of_crops(run: Path, name: str) -> str:
    """SHA-256 of the words beside the crops of a patient, which change when they are cut anew."""
    return hashlib.sha256(crops_file(run, name).with_suffix(".json").read_bytes()).hexdigest()
