"""Who is in a cohort folder: the rows of its table, the images, the sides of a split."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

from ...core import BadSetting, UnusableTable
from ...io import Table, read_table

PARTICIPANTS = "participants.tsv"
"""The table that says who is in a cohort."""

IMAGES = (".nii.gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".zip")
"""How images are named; a folder with none of them is taken for a DICOM series."""

SPLITS = ("internal", "external", "unlabelled")
"""Patients are trained on and tested in turn; tested only; or neither."""

Row = Mapping[str, str]
"""Cells of a row that are there, by column."""


class Sided(Protocol):
    """Whatever may stand on one side of a split only."""

    @property
    def name(self) -> str:
        """Of the row."""

    @property
    def person(self) -> str:
        """Who it is."""

    @property
    def split(self) -> str:
        """One of `SPLITS`."""

    @property
    def fold(self) -> int | None:
        """Of the cross-validation."""


def read_participants(folder: Path, *, apart: str) -> list[Row]:
    """Rows of a cohort's table, each with a name of its own.

    Parameters
    ----------
    folder : Path
        Of the cohort.
    apart : str
        What to do about a name that stands twice.

    Raises
    ------
    BadSetting
        If there is no table.
    UnusableTable
        If a name is missing, twice or no name of a folder.
    """
    path = folder / PARTICIPANTS
    if not path.is_file():
        raise BadSetting(
            f"{folder} has no {PARTICIPANTS}; name the folder of a cohort: that table and one "
            "folder a patient."
        )
    table = read_table(path)
    _check_names(table, apart)
    return [
        {
            column: text
            for column, cells in table.columns.items()
            if (text := cells[row]) is not None
        }
        for row in range(table.rows)
    ]


def _check_names(table: Table, apart: str) -> None:
    seen: set[str] = set()
    for number, name in enumerate(table.text("participant_id"), start=1):
        if name is None or Path(name).name != name or name.startswith("."):
            raise UnusableTable(
                f"row {number} of {table.name} has participant_id {name!r}; the name of a folder "
                "beside the table is needed."
            )
        if name in seen:
            raise UnusableTable(f"{name} stands twice in {table.name}; {apart}")
        seen.add(name)


def image_in(folder: Path) -> Path | None:
    """The one image of a folder; None where there is nothing.

    Raises
    ------
    BadSetting
        If there is more than one.
    """
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


def split_of(row: Row) -> str:
    """Which split a row is in; ``"internal"`` where it is not told."""
    split = row.get("split", SPLITS[0])
    if split not in SPLITS:
        raise odd(row, "split", f"one of {', '.join(SPLITS)}")
    return split


def whole_number(row: Row, column: str) -> int | None:
    """A cell as a whole number from 0."""
    if column not in row:
        return None
    try:
        value = float(row[column])
    except ValueError:
        value = -1.0
    if not (value >= 0.0 and value.is_integer()):
        raise odd(row, column, "a whole number from 0")
    return int(value)


def odd(row: Row, column: str, wanted: str) -> UnusableTable:
    """The refusal of a cell."""
    return UnusableTable(
        f"{row['participant_id']} has {column} '{row[column]}' in {PARTICIPANTS}; {wanted} is "
        "needed, or n/a."
    )


def check_sides(people: Sequence[Sided], what: str) -> None:
    """Refuse a person who would be trained on and tested on.

    Parameters
    ----------
    people : sequence of Sided
        Rows of a cohort.
    what : str
        What of a person stands in a row, such as ``"knees"``.

    Raises
    ------
    UnusableTable
        If one stands on two sides.
    """
    first: dict[str, Sided] = {}
    for one in people:
        other = first.setdefault(one.person, one)
        if (other.split, other.fold) != (one.split, one.fold):
            raise UnusableTable(
                f"{one.person} stands on two sides of a split: {other.name} is in split "
                f"{other.split}, fold {other.fold}, {one.name} in split {one.split}, fold "
                f"{one.fold}; put all {what} of a person on one side."
            )
