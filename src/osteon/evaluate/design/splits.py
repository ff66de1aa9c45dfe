"""A split of patients into folds, as plain data that can be stored."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting
from ..checked import Codes

SCHEMA = "osteon-splits-1"
"""How `Splits.row` is written."""


@dataclass(frozen=True, eq=False)
class Splits:
    """Folds of a table; each fold is tested once, on a model of the others.

    Attributes
    ----------
    fold : ndarray of int, shape (rows,)
        Fold that each row is tested in, from 0.
    names : tuple of str
        Name of each fold: ``"1"``, ``"2"``, … or the site that is left out.
    unit : {"patient", "site"}
        What is never on two sides; a site's patients are never on two sides either.
    patients : dict of str to int
        Fold of each patient.
    classes : dict of str to tuple of int
        Rows of each class in each fold; empty without labels.
    seed : int or None
        Seed of the folds; None where nothing was drawn.
    method, note : str
        How the folds were made, as a paper would say it; what must be known of them.
    """

    fold: Codes
    names: tuple[str, ...]
    unit: str
    patients: dict[str, int]
    classes: dict[str, tuple[int, ...]]
    seed: int | None
    method: str
    note: str = ""

    def test(self, fold: int) -> NDArray[np.bool_]:
        """Rows that are tested in a fold.

        Raises
        ------
        BadSetting
            If there is no such fold.
        """
        if not 0 <= fold < len(self.names):
            raise BadSetting(f"there are folds 0 to {len(self.names) - 1}; got {fold}.")
        return np.asarray(self.fold == fold)

    def train(self, fold: int) -> NDArray[np.bool_]:
        """Rows that a fold's model is trained on: all that are not tested in it.

        Raises
        ------
        BadSetting
            If there is no such fold.
        """
        return ~self.test(fold)

    def row(self) -> dict[str, Any]:
        """The folds as plain data, ready for JSON; a checklist reads them under ``"split"``."""
        people = np.bincount(list(self.patients.values()), minlength=len(self.names))
        rows = np.bincount(self.fold, minlength=len(self.names))
        return {
            "schema": SCHEMA,
            "unit": self.unit,
            "folds": [
                {
                    "name": name,
                    "patients": int(people[n]),
                    "rows": int(rows[n]),
                    "classes": {label: counts[n] for label, counts in self.classes.items()},
                }
                for n, name in enumerate(self.names)
            ],
            "patients": dict(self.patients),
            "seed": self.seed,
            "method": self.method,
            "note": self.note,
        }


@dataclass(frozen=True, eq=False)
class NestedSplits:
    """Folds for testing, and in each of them folds for choosing settings.

    Attributes
    ----------
    outer : Splits
        Folds for testing.
    inner : ndarray of int, shape (outer folds, rows)
        For each outer fold, the inner fold of each row it is trained on; −1 for its test rows.
    folds : int
        Inner folds.
    """

    outer: Splits
    inner: Codes
    folds: int

    def row(self) -> dict[str, Any]:
        """The folds as plain data, ready for JSON."""
        return {**self.outer.row(), "inner_folds": self.folds, "inner": self.inner.tolist()}
