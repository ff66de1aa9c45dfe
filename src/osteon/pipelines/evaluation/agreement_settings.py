"""What is compared with what, where agreement is asked for."""

from dataclasses import dataclass, field

from ...core import BadSetting
from .settings import Intervals

FEWEST_COLUMNS, MOST_COLUMNS = 2, 20
"""Methods, readers or scans in one table."""

LEAST_ROWS, LEAST_TO_COMPARE = 3, 5
"""Rows that agreement, and a test of two agreements, need."""


@dataclass(frozen=True)
class AgreementSettings:
    """What is compared with what.

    Attributes
    ----------
    columns : tuple of str
        Two or more columns; the first is the reference.
    patient : str or None
        Column that says whose row it is, where a patient has several.
    repeated : bool
        The rows of a patient are repeated measurements of one thing, and not of several places.
    repeats : bool
        The columns are repeated scans by one method: precision error is told.
    categories : tuple of str
        Categories in ascending order, where the columns hold grades and not numbers.
    raters : {"random", "fixed"}
        Whether the interval of the ICC is about readers at large, of whom these are a sample, or
        about these very methods.
    interval : {"satterthwaite", "generalized"}
        Interval of the ICC for readers at large: as other packages give it, or one that holds for
        few readers too.
    unit : str
        UCUM unit of the numbers.
    intervals : Intervals
        How intervals are made.
    """

    columns: tuple[str, ...]
    patient: str | None = None
    repeated: bool = False
    repeats: bool = False
    categories: tuple[str, ...] = ()
    raters: str = "random"
    interval: str = "satterthwaite"
    unit: str = "1"
    intervals: Intervals = field(default_factory=Intervals)

    def __post_init__(self) -> None:
        """Refuse what cannot be compared."""
        if not FEWEST_COLUMNS <= len(self.columns) <= MOST_COLUMNS:
            raise BadSetting(
                f"agreement is between 2 to {MOST_COLUMNS} columns; got {len(self.columns)}."
            )
        if len(set(self.columns)) < len(self.columns):
            raise BadSetting(f"a column stands twice among {', '.join(self.columns)}.")
        if self.repeated and self.patient is None:
            raise BadSetting("--repeated needs --patient COLUMN, which says whose row it is.")
        if self.categories and self.repeats:
            raise BadSetting("--categories holds grades, --repeats numbers; give one of them.")
        if self.categories and (self.repeated or self.unit != "1"):
            raise BadSetting("--repeated and --unit are for numbers; leave them out for grades.")
        if len(set(self.categories)) < len(self.categories):
            raise BadSetting(f"a category stands twice among {', '.join(self.categories)}.")
        if self.categories:
            self.check_interval()

    def check_interval(self) -> None:
        """Refuse a choice of interval where no ICC of independent rows is told."""
        if (self.raters, self.interval) != ("random", "satterthwaite"):
            raise BadSetting(
                "--raters and --interval are for the ICC of numbers, one row a patient; leave "
                "them out."
            )
