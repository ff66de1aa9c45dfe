"""A cohort of knees on disk: who is in it, where the images lie, who trains and who tests."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ... import __version__
from ...core import BadSetting, UnusableTable
from ...io import Table, read_table

PARTICIPANTS = "participants.tsv"
"""The table that says who is in a cohort."""

IMAGES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".zip")
"""How images are named; a folder with none of them is taken for a DICOM series."""

GRADED = 2
"""Kellgren-Lawrence grade from which a knee has osteoarthritis (doi:10.1136/ard.16.4.494)."""

SPLITS = ("internal", "external", "unlabelled")
"""Patients are trained on and tested in turn; tested only; or neither."""

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
        One of `SPLITS`; ``"internal"`` where it is not told.
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
    path = folder / PARTICIPANTS
    if not path.is_file():
        raise BadSetting(
            f"{folder} has no {PARTICIPANTS}; name the folder of a cohort: that table and one "
            "folder a patient."
        )
    table = read_table(path)
    rows = _rows(table)
    patients = tuple(_patient(folder, row) for row in rows)
    _check_sides(patients)
    return KneeCohort(folder, patients)


def _rows(table: Table) -> list[dict[str, str]]:
    """Cells of each row that are there, each row with a name of its own."""
    names = table.text("participant_id")
    seen: set[str] = set()
    for number, name in enumerate(names, start=1):
        if name is None or Path(name).name != name or name.startswith("."):
            raise UnusableTable(
                f"row {number} of {table.name} has participant_id {name!r}; the name of a folder "
                "beside the table is needed."
            )
        if name in seen:
            raise UnusableTable(
                f"{name} stands twice in {table.name}; give each knee a row and a participant_id "
                "of its own (column 'patient' tells which are of one person)."
            )
        seen.add(name)
    return [
        {
            column: text
            for column, cells in table.columns.items()
            if (text := cells[row]) is not None
        }
        for row in range(table.rows)
    ]


def _patient(folder: Path, row: Mapping[str, str]) -> Patient:
    name = row["participant_id"]
    fold = _whole(row, "fold")
    return Patient(
        name,
        _image(folder / name / "ct"),
        _image(folder / name / "mr"),
        row,
        site=row.get("site", ""),
        split=_split(row),
        fold=fold,
        oa=_diseased(row),
        side=_side(row),
    )


def _image(folder: Path) -> Path | None:
    """The one image of a folder; None where there is nothing."""
    if not folder.is_dir():
        return None
    inside = sorted(one for one in folder.iterdir() if not one.name.startswith("."))
    images = [one for one in inside if one.name.lower().endswith(IMAGES)]
    if len(images) > 1:
        raise BadSetting(
            f"{folder.parent.name}/{folder.name} has {len(images)} images, "
            f"{images[0].name} and {images[1].name} among them; leave the one to be used."
        )
    if images:
        return images[0]
    return folder if any(one.suffix.lower() != ".json" for one in inside) else None


def _whole(row: Mapping[str, str], column: str) -> int | None:
    """A cell as a whole number from 0."""
    if column not in row:
        return None
    try:
        value = float(row[column])
    except ValueError:
        value = -1.0
    if not (value >= 0.0 and value.is_integer()):
        raise _odd(row, column, "a whole number from 0")
    return int(value)


def _diseased(row: Mapping[str, str]) -> bool | None:
    """Whether the knee has osteoarthritis."""
    if "oa" not in row:
        grade = _whole(row, "kl_grade")
        return None if grade is None else grade >= GRADED
    told = row["oa"].lower()
    if told not in TRUE | FALSE:
        raise _odd(row, "oa", "true or false")
    return told in TRUE


def _split(row: Mapping[str, str]) -> str:
    split = row.get("split", "internal")
    if split not in SPLITS:
        raise _odd(row, "split", f"one of {', '.join(SPLITS)}")
    return split


def _side(row: Mapping[str, str]) -> str | None:
    if "side" not in row:
        return None
    side = {"l": "left", "r": "right"}.get(row["side"].lower(), row["side"].lower())
    if side not in ("left", "right"):
        raise _odd(row, "side", "left or right")
    return side


def _odd(row: Mapping[str, str], column: str, wanted: str) -> UnusableTable:
    return UnusableTable(
        f"{row['participant_id']} has {column} '{row[column]}' in {PARTICIPANTS}; {wanted} is "
        "needed, or n/a."
    )


def _check_sides(patients: Sequence[Patient]) -> None:
    """Refuse a person who would be trained on and tested on."""
    first: dict[str, Patient] = {}
    for one in patients:
        other = first.setdefault(one.person, one)
        if (other.split, other.fold) != (one.split, one.fold):
            raise UnusableTable(
                f"{one.person} stands on two sides of a split: {other.name} is in split "
                f"{other.split}, fold {other.fold}, {one.name} in split {one.split}, fold "
                f"{one.fold}; put all knees of a person on one side."
            )
