"""Crops on disk: the arrays of a patient, and the words that make them count."""

import json
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....core import BadSetting
from ...cohorts.store import PART, write_json
from .cut import Crop

FOLDER = "crops"
"""Folder of the crops in a run."""


def crops_file(run: Path, name: str) -> Path:
    """Where the arrays of a patient lie; the words lie beside them as JSON."""
    return run / FOLDER / f"{name}.npz"


def write_crops(run: Path, name: str, crops: Sequence[Crop], told: Mapping[str, Any]) -> None:
    """Write the crops of a patient; the words, which make them count, last.

    Parameters
    ----------
    run : Path
        Folder of the run.
    name : str
        Patient.
    crops : sequence of Crop
        At least one.
    told : mapping
        What stands beside them, ready for JSON.
    """
    path = crops_file(run, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".json").unlink(missing_ok=True)
    part = path.with_name(f"{PART}{path.name}")
    hu, parts = (np.stack([getattr(one, what) for one in crops]) for what in ("hu", "parts"))
    with part.open("wb") as file:
        np.savez_compressed(file, hu=hu, parts=parts)
    part.replace(path)
    write_json(path.with_suffix(".json"), told)


def read_told(run: Path, name: str) -> dict[str, Any] | None:
    """What stands beside the crops of a patient; None where they are not there whole."""
    path = crops_file(run, name)
    if not (path.is_file() and path.with_suffix(".json").is_file()):
        return None
    try:
        told = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    except ValueError:
        return None
    return told if isinstance(told, dict) and "rows" in told else None


def read_crops(run: Path, name: str) -> dict[str, Any]:
    """``hu`` (n, i, j, k) int16, ``parts`` (n, i, j, k) uint8 and ``rows`` of a patient.

    Raises
    ------
    BadSetting
        If there are none, or they are damaged.
    """
    told = read_told(run, name)
    if told is None:
        raise BadSetting(
            f"{name} has no crops in {run / FOLDER}; crops.tsv there gives the reason, or make "
            "them with osteon spine crops."
        )
    try:
        with crops_file(run, name).open("rb") as file, np.load(file) as held:
            hu, parts = held["hu"], held["parts"]
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, zlib.error) as fault:
        raise BadSetting(
            f"the crops of {name} are damaged ({type(fault).__name__}); remove "
            f"{FOLDER}/{name}.json and make them again with osteon spine crops."
        ) from None
    return {"hu": hu, "parts": parts, "rows": told["rows"], "told": told}
