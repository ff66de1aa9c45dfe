"""A cohort of spines on disk: who is in it, where images and masks lie, what densitometers read."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ... import __version__
from ...core import BadSetting, UnusableTable
from ..cohorts.participants import (
    check_sides,
    image_in,
    odd,
    read_participants,
    split_of,
    whole_number,
)
from ..cohorts.store import MASKS

DXA = "dxa"
"""Folder of a patient with what the densitometer printed."""

CLASSES = ("normal", "osteopenia", "osteoporosis")
"""Classes of the WHO by the T-score, from -1 and from -2.5 down (doi:10.1007/s00198-007-0543-5)."""

APART = (
    "give each scan a row and a participant_id of its own (column 'patient' tells which are of one "
    "person)."
)
"""What to do about a name that stands twice."""


@dataclass(frozen=True)
class SpinePatient:
    """One row of a cohort: a scan.

    Attributes
    ----------
    name : str
        ``participant_id``, also the name of the folder.
    ct : Path or None
        Image as `osteon.io.read_scan` takes it; None where it is missing.
    masks : Path or None
        Mask of the vertebrae as `osteon.io.read_labels` takes it; None where it is missing.
    row : mapping of str to str
        All cells of the row; missing ones are left out.
    site : str
        Where it was scanned; ``""`` where it is not told.
    split : str
        ``"internal"``, ``"external"`` or ``"unlabelled"``; ``"internal"`` where it is not told.
    fold : int or None
        Fold of the cross-validation, from 0.
    device : str or None
        Densitometer, column ``dxa_device``.
    abmd : float or None
        Areal density of the spine as printed, in g/cm².
    t_score : float or None
        As printed.
    diagnosis : str or None
        One of `CLASSES`, as printed.
    vertebrae : mapping of str to float
        Areal density by level in g/cm², of those that were read.
    """

    name: str
    ct: Path | None
    masks: Path | None
    row: Mapping[str, str]
    site: str = ""
    split: str = "internal"
    fold: int | None = None
    device: str | None = None
    abmd: float | None = None
    t_score: float | None = None
    diagnosis: str | None = None
    vertebrae: Mapping[str, float] = field(default_factory=dict)

    @property
    def person(self) -> str:
        """Who it is: column ``patient`` where several scans of one are in, else the name."""
        return self.row.get("patient", self.name)

    @property
    def labelled(self) -> bool:
        """Whether a densitometer's reading is there."""
        return self.device is not None and self.abmd is not None and self.diagnosis is not None

    @property
    def missing(self) -> str | None:
        """What is missing, as a reason; None where image and mask are there."""
        lacks = [what for what, path in (("ct", self.ct), (MASKS, self.masks)) if path is None]
        return f"nothing in {self.name}/{' and '.join(lacks)}" if lacks else None


@dataclass(frozen=True)
class SpineCohort:
    """A cohort folder.

    Attributes
    ----------
    root : Path
        The folder.
    patients : tuple of SpinePatient
        In the order of the table.
    """

    root: Path
    patients: tuple[SpinePatient, ...]


def run_folder(cohort: SpineCohort) -> Path:
    """Where everything goes that is made of a cohort, ``derivatives/osteon-VERSION/spine``."""
    return cohort.root / "derivatives" / f"osteon-{__version__}" / "spine"


def read_cohort(folder: Path) -> SpineCohort:
    """Read a cohort folder, of `osteon simulate spine` or of a hospital.

    Parameters
    ----------
    folder : Path
        Holds ``participants.tsv`` and, for each ``participant_id`` in it, a folder of that name
        with ``ct`` (one image), ``masks`` (one mask of the vertebrae) and, where there is one,
        ``dxa/NAME_dxa.json`` with readings by vertebra. Columns ``site``, ``split``, ``fold``,
        ``dxa_device``, ``abmd``, ``t_score``, ``diagnosis`` and ``patient`` (who it is, where
        several scans are in) are optional.

    Returns
    -------
    SpineCohort
        With None for what is not there.

    Raises
    ------
    BadSetting
        If the folder has no table, or more than one image where one is needed.
    UnusableTable
        If a name is missing, twice or no name of a folder, a cell or a reading cannot be
        understood, or one person stands on two sides of a split.
    """
    rows = read_participants(folder, apart=APART)
    patients = tuple(_patient(folder, row) for row in rows)
    check_sides(patients, "scans")
    return SpineCohort(folder, patients)


def _patient(folder: Path, row: Mapping[str, str]) -> SpinePatient:
    name = row["participant_id"]
    diagnosis = row.get("diagnosis")
    if diagnosis is not None and diagnosis not in CLASSES:
        raise odd(row, "diagnosis", f"one of {', '.join(CLASSES)}")
    device = row.get("dxa_device")
    return SpinePatient(
        name,
        image_in(folder / name / "ct"),
        image_in(folder / name / MASKS),
        row,
        site=row.get("site", ""),
        split=split_of(row),
        fold=whole_number(row, "fold"),
        device=None if device is None else device.casefold(),
        abmd=_density(row),
        t_score=_number(row, "t_score"),
        diagnosis=diagnosis,
        vertebrae=_readings(folder / name / DXA / f"{name}_dxa.json"),
    )


def _number(row: Mapping[str, str], column: str) -> float | None:
    if column not in row:
        return None
    try:
        value = float(row[column])
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise odd(row, column, "a number")
    return value


HIGHEST_ABMD = 3.0
"""Areal densities above this, in g/cm², are in another unit: the densest spines have 2."""


def _density(row: Mapping[str, str]) -> float | None:
    """Areal density in g/cm²; that of another unit is refused."""
    value = _number(row, "abmd")
    if value is not None and not 0 < value < HIGHEST_ABMD:
        raise odd(row, "abmd", f"a density in g/cm² above 0 and below {HIGHEST_ABMD:g}")
    return value


def _readings(path: Path) -> dict[str, float]:
    """Areal density by level; nothing where there is no file."""
    if not path.is_file():
        return {}
    try:
        data: Any = json.loads(path.read_text(encoding="utf-8"))
        found = {str(k): float(v["abmd_g_cm2"]) for k, v in data.get("vertebrae", {}).items()}
        left = {str(level) for level in data.get("excluded", ())}
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as fault:
        raise UnusableTable(
            f"{path.name} holds no readings by vertebra ({type(fault).__name__}); it needs "
            '"vertebrae": {"L1": {"abmd_g_cm2": 0.9}, …}.'
        ) from None
    if unlikely := [name for name, v in found.items() if not 0 < v < HIGHEST_ABMD]:
        raise UnusableTable(
            f"{path.name} has {found[unlikely[0]]:g} for {unlikely[0]}; a density in g/cm² above "
            f"0 and below {HIGHEST_ABMD:g} is needed."
        )
    return {name: value for name, value in found.items() if name not in left}


def must_have(cohort: SpineCohort, split: str) -> tuple[SpinePatient, ...]:
    """Patients of a split that have image and mask.

    Raises
    ------
    BadSetting
        If there is none.
    """
    found = tuple(p for p in cohort.patients if p.split == split and p.missing is None)
    if not found:
        raise BadSetting(
            f"{cohort.root.name} has no {split} patient with image and mask; see {MASKS}/ and ct/ "
            "of its patients and the column split of participants.tsv."
        )
    return found
