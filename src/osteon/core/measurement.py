"""A number about a patient, and everything needed to use it."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True)
class Flag:
    """Something that a reader must know before using a number.

    Attributes
    ----------
    code : str
        Short name for tables, such as ``"cut-by-field-of-view"``.
    text : str
        The same in words for a report, one sentence with the figures.
    """

    code: str
    text: str


@dataclass(frozen=True)
class Method:
    """How a number was obtained, and where that is written down.

    Attributes
    ----------
    key : str
        Short name that measurements carry, such as ``"hu-statistics"``.
    does : str
        One sentence saying what it does.
    doi : str
        Source as ``"doi:10…"``, or ``""`` where the definition is our own.
    citation : str
        Authors, title, journal, year.
    """

    key: str
    does: str
    doi: str = ""
    citation: str = ""


@dataclass(frozen=True)
class Measurement:
    """One number of one region of one level.

    Attributes
    ----------
    level : str
        Vertebral level or bone, such as ``"L1"``; ``""`` for the whole scan.
    region : str
        Region measured, such as ``"core"``; ``""`` for none.
    name : str
        What was measured, in the field's standard term, such as ``"HU median"``.
    value : float or None
        The number; None where it is not available, and then `flags` says why.
    unit : str
        UCUM unit.
    method : str
        Key of the `Method` used.
    uncertainty : float or None
        Standard uncertainty (1 SD) in `unit`, or None where it is not known.
    flags : sequence of Flag
        What a reader must know before using the number.
    """

    level: str
    region: str
    name: str
    value: float | None
    unit: str
    method: str
    uncertainty: float | None = None
    flags: Sequence[Flag] = ()

    def row(self, subject: str) -> dict[str, Any]:
        """Row of ``measurements.csv``: one cell a column, flags as codes joined by ``;``."""
        cells = {"subject": subject, **asdict(self)}
        cells["flags"] = ";".join(dict.fromkeys(flag.code for flag in self.flags))
        return cells


COLUMNS = (
    "subject",
    "level",
    "region",
    "name",
    "value",
    "unit",
    "method",
    "uncertainty",
    "flags",
)
"""Columns of ``measurements.csv``, in order; every command that measures writes the same table."""
