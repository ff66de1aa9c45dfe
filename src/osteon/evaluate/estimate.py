"""A figure with its interval, and a comparison with its p value."""

from dataclasses import asdict, dataclass
from typing import Any

LEVEL = 0.95
"""Confidence of intervals unless another is asked for."""


@dataclass(frozen=True)
class Estimate:
    """One figure, its interval and how both were worked out.

    Attributes
    ----------
    name : str
        What it is, in the field's words: ``"AUC"``, ``"ICC(2,1)"``.
    value : float
        The figure; always finite.
    low, high : float or None
        Ends of the interval; None where there is none, for the reason in `note`.
    level : float
        Confidence of the interval, 0–1.
    unit : str
        UCUM unit; ``"1"`` for a pure number.
    method : str
        How the interval was made, as a paper would say it.
    doi : str
        Where the method is published.
    rows, clusters : int
        Rows used, and the independent units (patients) they come from.
    note : str
        What a reader must know of this figure; empty if nothing.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    level: float = LEVEL
    unit: str = "1"
    method: str = ""
    doi: str = ""
    rows: int = 0
    clusters: int = 0
    note: str = ""

    def row(self) -> dict[str, Any]:
        """The estimate as plain data, ready for a table or JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Comparison:
    """A test of one hypothesis.

    Attributes
    ----------
    name : str
        What was compared: ``"AUC, a − b"``.
    statistic : float
        Value of the test statistic, named in `method`.
    p : float
        Two-sided p value, 0–1.
    difference : Estimate or None
        What the test is about, with its interval.
    degrees : float or None
        Degrees of freedom, where the statistic has any.
    adjusted : float or None
        p after correction for the other tests of its family; None if there was no correction.
    method, doi, note : str
        As in `Estimate`.
    """

    name: str
    statistic: float
    p: float
    difference: Estimate | None = None
    degrees: float | None = None
    adjusted: float | None = None
    method: str = ""
    doi: str = ""
    note: str = ""

    def row(self) -> dict[str, Any]:
        """The comparison as plain data, ready for a table or JSON."""
        return asdict(self)
