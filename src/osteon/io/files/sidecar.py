"""How a scan was made, from the JSON file that lies beside it (BIDS)."""

import json
from pathlib import Path
from typing import Any

from ...core import Acquisition, Flag

SUFFIXES = (".nii.gz", ".img.gz", ".hdr.gz")
"""Names that end in two suffixes; of others the last one is taken off."""


def read_sidecar(path: Path) -> tuple[Acquisition, tuple[Flag, ...]]:
    """What the JSON file of the same stem says about a scan.

    The keys are those of BIDS 1.10 and dcm2niix: ``Modality``, ``KVP``, ``ConvolutionKernel``,
    ``SliceThickness``, ``Manufacturer``, ``ManufacturersModelName``, ``ContrastBolusAgent``.
    Names of the patient, which some writers leave there, are not read.

    Parameters
    ----------
    path : Path
        The image, such as ``ct.nii.gz``; its sidecar is ``ct.json``.

    Returns
    -------
    Acquisition
        All unknown where there is no sidecar.
    tuple of Flag
        ``sidecar-unreadable`` where there is one that cannot be read.
    """
    stem = next((path.name[: -len(s)] for s in SUFFIXES if path.name.endswith(s)), path.stem)
    sidecar = path.with_name(stem + ".json")
    if not sidecar.is_file():
        return Acquisition(), ()
    try:
        said = json.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        said = None
    if not isinstance(said, dict):
        text = "The JSON file beside the image could not be read; what it says is unknown."
        return Acquisition(), (Flag("sidecar-unreadable", text),)
    agent = _word(said, "ContrastBolusAgent")
    return Acquisition(
        modality=_word(said, "Modality"),
        kvp=_number(said, "KVP"),
        kernel=_word(said, "ConvolutionKernel"),
        slice_thickness=_number(said, "SliceThickness"),
        manufacturer=_word(said, "Manufacturer"),
        model=_word(said, "ManufacturersModelName"),
        contrast=True if agent else None,
    ), ()


def _word(said: dict[str, Any], key: str) -> str | None:
    value = said.get(key)
    if isinstance(value, list):
        value = " ".join(str(part) for part in value)
    return value.strip() or None if isinstance(value, str) else None


def _number(said: dict[str, Any], key: str) -> float | None:
    try:
        value = float(said[key])
    except (KeyError, TypeError, ValueError):
        return None
    return value if 0 < value < float("inf") else None
