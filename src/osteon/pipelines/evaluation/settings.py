"""Settings that all evaluations share."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from ...core import BadSetting, UnknownName, UnusableTable
from ...evaluate import checked
from ...io import Table

LARGEST = 1e50
"""Size up to which the fourth power of a number, summed over rows, is a number."""

Missing = Literal["refuse", "drop"]


@dataclass(frozen=True)
class Intervals:
    """How intervals are made, and what becomes of rows that lack a value.

    Attributes
    ----------
    level : float
        Confidence, 0.5 to below 1.
    resamples : int
        Draws of the bootstrap and of permutations, at least 100.
    seed : int
        Seed of these draws, from 0.
    missing : {"refuse", "drop"}
        Whether a missing value is an error, or its row is left out and counted.

    Raises
    ------
    BadSetting
        If a number is out of range.
    UnknownName
        If `missing` is neither.
    """

    level: float = 0.95
    resamples: int = 2000
    seed: int = 1
    missing: str = "refuse"

    def __post_init__(self) -> None:
        """Refuse what no interval can be made with."""
        if not 0.5 <= self.level < 1:
            raise BadSetting(f"--level is 0.5 to below 1; got {self.level:g}.")
        if not 100 <= self.resamples <= 1_000_000:
            raise BadSetting(f"--resamples is 100 to 1000000; got {self.resamples}.")
        if self.seed < 0:
            raise BadSetting(f"--seed must be at least 0; got {self.seed}.")
        if self.missing not in ("refuse", "drop"):
            raise UnknownName(f"--missing is refuse or drop; got '{self.missing}'.")

    def generator(self) -> np.random.Generator:
        """A new source of chance, the same each time."""
        return np.random.default_rng(self.seed)


def measured(table: Table, column: str, *, least: int = 2, model: str = "") -> checked.Numbers:
    """Numbers of a column whose squares and those of their differences can be worked with.

    Raises
    ------
    UnusableTable
        If values are no finite numbers, too few, all equal, or of a size beyond measurement.
    """
    name = f"{model}, {column}" if model else column
    values = checked.varying(table.numbers(column), name, least=least)
    size = float(np.abs(values).max())
    if size > LARGEST or float(np.ptp(values)) < 1 / LARGEST:
        raise UnusableTable(
            f"'{name}' has values up to {size:g}, which cannot be squared and told apart; give "
            "them in another unit."
        )
    return values


def usable(table: Table, columns: list[str], missing: str) -> tuple[Table, str]:
    """The rows that lack nothing in these columns, and a sentence on those left out.

    Raises
    ------
    UnknownName
        If there is no such column.
    UnusableTable
        If a value is missing and rows may not be left out, or none would be left.
    """
    for column in columns:
        lacking = [row for row, cell in enumerate(table.text(column)) if cell is None]
        if lacking and missing == "refuse":
            raise UnusableTable(
                f"column '{column}' of {table.name} is empty in {len(lacking)} of {table.rows} "
                f"rows (the first is row {lacking[0] + 1}); --missing drop leaves them out."
            )
    present = table.present(columns)
    left = int((~present).sum())
    if left == table.rows:
        raise UnusableTable(f"every row of {table.name} lacks a value in {', '.join(columns)}.")
    if not left:
        return table, ""
    return table.only(present), (
        f"{left} of {table.rows} rows lack a value in {', '.join(columns)} and were left out; "
        "figures hold for the others only if values are missing by chance."
    )
