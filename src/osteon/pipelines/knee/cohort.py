"""A cohort of knees on disk: who is in it, where the images lie, who trains and who tests."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ... import __version__
from ..cohorts.participants import (
    check_sides,
    image_in,
    odd,
    read_participants,
    split_of,
    whole_number,
)

GRADED = 2
"""Kellgren-Lawrence grade from which a knee has osteoarthritis (doi:10.1136/ard.16.4.494)."""

APART = (
    "give each knee a row and a participant_id of its own (column 'patient' tells which are of one "
    "person)."
)
"""What to do about a name that stands twice."""

TRUE, FALSE = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})


@dataclass(frozen=True)
class Patient:
    """One row of a cohort: a knee.

    Attributes
    ----------
    name : str
        ``participant_id``, also the name of the folder.
    ct, mr : Path or None
        Image as `osteon.io.read_scan` takes it; None where it is missing.
    row : mapping of str to str
        All cells of the row; missing ones are left out.
    site : str
        Where the knee was scanned; ``""`` where it is not told.
    split : str
        ``"internal"``, ``"external"`` or ``"unlabelled"``; ``"internal"`` where it is not told.
    fold : int or None
        Fold of the cross-validation, from 0.
    oa : bool or None
        Whether the knee has osteoarthritis: column ``oa``, else ``kl_grade`` 2 or more.
    side : str or None
        ``"left"`` or ``"right"``.
    """

    name: str
    ct: Path | None
    mr: Path | None
    row: Mapping[str, str]
    site: str = ""
    split: str = "internal"
    fold: int | None = None
    oa: bool | None = None
    side: str | None = None

    @property
    def person(self) -> str:
        """Who it is: column ``patient`` where both knees of one are in, else the name."""
        return self.row.get("patient", self.name)

    @property
    def missing(self) -> str | None:
        """Which image is missing, as a reason; None where both are there."""
        lacks = [what for what, path in (("ct", self.ct), ("mr", self.mr)) if path is None]
        return f"no image in {self.name}/{' and '.join(lacks)}" if lacks else None


@dataclass(frozen=True)
class KneeCohort:
    """A cohort folder.

    Attributes
    ----------
    root : Path
        The folder.
    patients : tuple of Patient
        In the order of the table.
    """

    root: Path
    patients: tuple[Patient, ...]


def run_folder(cohort: KneeCohort) -> Path:
    """Where everything goes that is made of a cohort, ``derivatives/osteon-VERSION/knee``."""
    return cohort.root / "derivatives" / f"osteon-{__version__}" / "knee"


def read_cohort(folder: Path) -> KneeCohort:
    """Read a cohort folder, of `osteon simulate knee` or of a hospital.

    Parameters
    ----------
    folder : Path
        Holds ``participants.tsv`` and, for each ``participant_id`` in it, a folder of that name
        with folders ``ct`` and ``mr``, each with one image: a file such as ``sub-001_ct.nii.gz``,
        or the files of a DICOM series. Columns ``site``, ``split``, ``fold``, ``oa``,
        ``kl_grade``, ``side`` and ``patient`` (who it is, where both knees are in) are optional.

    Returns
    -------
    KneeCohort
        With None for the images that are not there.

    Raises
    ------
    BadSetting
        If the folder has no table, or more than one image where one is needed.
    UnusableTable
        If a name is missing, twice or no name of a folder, a cell cannot be understood, or one
        person stands on two sides of a split.
    """
    rows = read_participants(folder, apart=APART)
    patients = tuple(_patient(folder, row) for row in rows)
    check_sides(patients, "knees")
    return KneeCohort(folder, patients)


def _patient(folder: Path, row: Mapping[str, str]) -> Patient:
    name = row["participant_id"]
    fold = whole_number(row, "fold")
    return Patient(
        name,
        image_in(folder / name / "ct"),
        image_in(folder / name / "mr"),
        row,
        site=row.get("site", ""),
        split=split_of(row),
        fold=fold,
        oa=_diseased(row),
        side=_side(row),
    )


def _diseased(row: Mapping[str, str]) -> bool | None:
    """Whether the knee has osteoarthritis."""
    if "oa" not in row:
        grade = whole_number(row, "kl_grade")
        return None if grade is None else grade >= GRADED
    told = row["oa"].lower()
    if told not in TRUE | FALSE:
        raise odd(row, "oa", "true or false")
    return told in TRUE


def _side(row: Mapping[str, str]) -> str | None:
    if "side" not in row:
        return None
    side = {"l": "left", "r": "right"}.get(row["side"].lower(), row["side"].lower())
    if side not in ("left", "right"):
        raise odd(row, "side", "left or right")
    return side
