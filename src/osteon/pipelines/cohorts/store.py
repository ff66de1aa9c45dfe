"""One virtual patient on disk: the images as a cohort has them, the truth in a folder apart."""

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ...core import BadSetting
from ...io import write_labels, write_volume
from ...simulate.cohort.subject import Subject

PART = ".part-"
"""How the names of files and folders begin that are being put together."""

TRUTH = "truth"
"""Folder that training never reads."""

MASKS = "masks"
"""Folder of a patient with what a program drew in the images."""

DONE = "subject.json"
"""File of a patient's truth that is written last."""


def is_stored(out: Path, subject: str) -> bool:
    """True where a patient lies in the cohort, whole."""
    return (out / subject).is_dir() and (out / TRUTH / subject / DONE).is_file()


def store(out: Path, name: str, subject: Subject, regions: Sequence[Mapping[str, Any]]) -> None:
    """Write a patient; images and truth appear whole or not at all.

    Parameters
    ----------
    out : Path
        Folder of the cohort.
    name : str
        Name of the patient, such as ``"sub-001"``.
    subject : Subject
        What there is of the patient.
    regions : sequence of mapping
        Rows of true regions.

    Raises
    ------
    BadSetting
        If the folder cannot be written to.
    """
    part = out / f"{PART}{name}-{os.getpid()}"
    try:
        try:
            shutil.rmtree(part, ignore_errors=True)
            _images(part / "seen", name, subject)
            _truth(part / TRUTH, name, subject, regions)
            (out / TRUTH).mkdir(exist_ok=True)
            for place in (out / TRUTH / name, out / name):
                shutil.rmtree(place, ignore_errors=True)
            (part / "seen").rename(out / name)
            (part / TRUTH).rename(out / TRUTH / name)
        finally:
            shutil.rmtree(part, ignore_errors=True)
    except OSError as fault:
        raise BadSetting(f"{out} cannot be written: {fault.strerror}.") from None


def _images(folder: Path, name: str, subject: Subject) -> None:
    """Images with their sidecars, masks drawn in them, and documents."""
    folder.mkdir(parents=True)
    for image in subject.images:
        entity = f"_{image.entity}" if image.entity else ""
        stem = folder / image.modality / f"{name}{entity}_{image.modality}"
        stem.parent.mkdir(exist_ok=True)
        write_volume(stem.with_name(stem.name + ".nii.gz"), image.volume)
        write_json(stem.with_name(stem.name + ".json"), image.sidecar)
    for what, labels in subject.masks.items():
        (folder / MASKS).mkdir(exist_ok=True)
        write_labels(folder / MASKS / f"{name}_{what}.nii.gz", labels)
    for path, document in subject.documents.items():
        place = folder / path
        place.parent.mkdir(exist_ok=True)
        write_json(place.with_name(f"{name}_{place.name}"), document)


def _truth(folder: Path, name: str, subject: Subject, regions: Sequence[Mapping[str, Any]]) -> None:
    """True labels, and everything else in one file, last."""
    folder.mkdir(parents=True)
    for entity, labels in subject.truth_labels.items():
        write_labels(folder / f"{name}_{entity}_labels.nii.gz", labels)
        named = {str(number): what for number, what in labels.names.items()}
        write_json(folder / f"{name}_{entity}_labels.json", {"Labels": named})
    data = {"row": subject.row, "regions": list(regions), "truth": subject.truth}
    write_json(folder / DONE, data)


def write_json(path: Path, data: Mapping[str, Any]) -> None:
    """Write JSON that a person can read, whole or not at all; all values must be finite."""
    text = json.dumps(data, indent=1, ensure_ascii=False, allow_nan=False)
    part = path.with_name(f"{PART}{path.name}")
    part.write_text(text + "\n", encoding="utf-8")
    part.replace(path)


def remove_parts(out: Path) -> None:
    """Remove what a run that was ended left half-written in the folder of a cohort."""
    for left in (*out.glob(f"{PART}*"), *(out / TRUTH).glob(f"{PART}*")):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def read_truth(out: Path, subject: str) -> dict[str, Any]:
    """What is stored of a patient's truth: ``row``, ``regions`` and ``truth``."""
    data: dict[str, Any] = json.loads((out / TRUTH / subject / DONE).read_text(encoding="utf-8"))
    return data
