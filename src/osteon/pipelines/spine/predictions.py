"""What a model or a baseline says of patients and vertebrae, in one format for all of them."""

import csv
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, get_args

from ...core import UnusableTable
from ..cohorts.store import write_json
from ..cohorts.tables import write_tsv
from .cohort import CLASSES

Part = Literal["train", "validation", "test", "external"]
PARTS: tuple[str, ...] = get_args(Part)

PATIENTS, VERTEBRAE, RUN = "patients.tsv", "vertebrae.tsv", "run.json"


@dataclass(frozen=True)
class PatientSaid:
    """What is said of one patient.

    Attributes
    ----------
    patient : str
        Name in the cohort.
    part : str
        One of `PARTS`: what the patient was to this model.
    score : float
        The higher, the more likely osteoporosis; any scale.
    bmd, bmd_sd : float
        Standardised areal density of L1–L4 in g/cm², and its standard uncertainty; NaN where the
        method gives none.
    normal, osteopenia, osteoporosis : float
        Probabilities; NaN where the method gives none.
    experts : tuple of float
        Weight of each expert, adding up to 1; empty where there are none.
    """

    patient: str
    part: str
    score: float
    bmd: float = math.nan
    bmd_sd: float = math.nan
    normal: float = math.nan
    osteopenia: float = math.nan
    osteoporosis: float = math.nan
    experts: tuple[float, ...] = ()


@dataclass(frozen=True)
class VertebraSaid:
    """What is said of one vertebra.

    Attributes
    ----------
    patient, level : str
        Which.
    said : str
        Level that the model takes it for; ``""`` where it does not tell.
    bmd, bmd_sd : float
        Standardised areal density in g/cm², and its standard uncertainty; NaN where not given.
    weight : float
        Its share in what is said of the patient, 0 to 1; NaN where not given.
    """

    patient: str
    level: str
    said: str = ""
    bmd: float = math.nan
    bmd_sd: float = math.nan
    weight: float = math.nan


@dataclass(frozen=True)
class Predictions:
    """Everything that one method, trained once, says of a cohort.

    Attributes
    ----------
    name : str
        Method, such as ``"full"`` or ``"l1-hu"``.
    seed : int
        Which training of it; also tells the folds (tested: seed modulo 5).
    patients : tuple of PatientSaid
        Training patients may stand in it; no figure is ever made of them.
    vertebrae : tuple of VertebraSaid
        May be empty.
    notes : dict
        Parameters, seconds, settings and so on, ready for JSON.
    """

    name: str
    seed: int
    patients: tuple[PatientSaid, ...]
    vertebrae: tuple[VertebraSaid, ...] = ()
    notes: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a patient who stands twice, or a part that is none."""
        names = [one.patient for one in self.patients]
        if len(set(names)) != len(names):
            raise UnusableTable(f"{self.name}, seed {self.seed}: a patient stands in it twice.")
        if odd := [one.part for one in self.patients if one.part not in PARTS]:
            raise UnusableTable(f"'{odd[0]}' is no part of a study; there are {', '.join(PARTS)}.")


def write_predictions(folder: Path, said: Predictions) -> None:
    """Write predictions as two tables and notes; the notes, which make them count, last."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / RUN).unlink(missing_ok=True)
    write_tsv(folder / PATIENTS, [_row(one) for one in said.patients])
    write_tsv(folder / VERTEBRAE, [_row(one) for one in said.vertebrae])
    write_json(folder / RUN, {"name": said.name, "seed": said.seed, "notes": said.notes})


def read_predictions(folder: Path) -> Predictions:
    """Read what `write_predictions` wrote.

    Raises
    ------
    UnusableTable
        If there is nothing whole in the folder.
    """
    try:
        told = json.loads((folder / RUN).read_text(encoding="utf-8"))
        patients = tuple(_read(PatientSaid, row) for row in _rows(folder / PATIENTS))
        vertebrae = tuple(_read(VertebraSaid, row) for row in _rows(folder / VERTEBRAE))
        name, seed, notes = str(told["name"]), int(told["seed"]), dict(told["notes"])
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise UnusableTable(
            f"{folder.name} holds no whole predictions ({type(fault).__name__}); remove the "
            "folder and train again."
        ) from None
    return Predictions(name, seed, patients, vertebrae, notes)


def _row(one: Any) -> dict[str, Any]:
    return {entry.name: _cell(getattr(one, entry.name)) for entry in fields(one)}


def _cell(value: Any) -> Any:
    if isinstance(value, tuple):
        return " ".join(repr(float(part)) for part in value) or None
    if isinstance(value, float):
        return None if math.isnan(value) else repr(float(value))
    return value or None


def _rows(path: Path) -> Sequence[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t"))


def _read(kind: Any, row: dict[str, str]) -> Any:
    values: dict[str, Any] = {}
    for entry in fields(kind):
        text = row[entry.name]
        empty = text in ("n/a", "")
        if entry.type is float:
            values[entry.name] = math.nan if empty else float(text)
        elif entry.type is str:
            values[entry.name] = "" if empty else text
        else:
            values[entry.name] = () if empty else tuple(float(part) for part in text.split(" "))
    return kind(**values)


def class_number(diagnosis: str) -> int:
    """Number of a class, 0 for normal; as networks count them."""
    return CLASSES.index(diagnosis)
