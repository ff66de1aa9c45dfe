"""What a baseline learns from and what it says, and density turned into classes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from .measured import Measured

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Known:
    """What densitometers told of n patients.

    Attributes
    ----------
    bmd : (n,) float64 array
        Standardised areal density in g/cm²; NaN where it cannot be had.
    diagnosis : (n,) int64 array
        0 normal, 1 osteopenia, 2 osteoporosis.
    limits : (n, 2) float64 array
        Standardised density where osteopenia and osteoporosis begin, in g/cm².
    """

    bmd: Numbers
    diagnosis: NDArray[np.int64]
    limits: Numbers

    def of(self, rows: NDArray[np.bool_]) -> "Known":
        """Some of the patients."""
        return Known(self.bmd[rows], self.diagnosis[rows], self.limits[rows])


@dataclass(frozen=True, eq=False)
class Told:
    """What a baseline says of n patients.

    Attributes
    ----------
    score : (n,) float64 array
        The higher, the more likely osteoporosis.
    bmd : (n,) float64 array
        Standardised areal density in g/cm².
    sd : float
        Its standard uncertainty in g/cm².
    classes : (n, 3) float64 array
        Probability of each class.
    """

    score: Numbers
    bmd: Numbers
    sd: float
    classes: Numbers


class Fitted(Protocol):
    """A trained baseline."""

    def say(self, table: Numbers, limits: Numbers) -> Told:
        """What it says of patients.

        Parameters
        ----------
        table : (n, columns) float64 array
            From `Baseline.table`; NaN where a number is missing.
        limits : (n, 2) float64 array
            As in `Known`.
        """


class Baseline(Protocol):
    """A method that a user would take in place of the network."""

    @property
    def name(self) -> str:
        """As in predictions."""

    def table(self, patients: Mapping[str, Measured]) -> Numbers:
        """What it looks at, (n, columns); NaN where a number is missing."""

    def fit(self, table: Numbers, known: Known, seed: int) -> Fitted:
        """Train on patients.

        Raises
        ------
        UnusableTable
            If there are too few.
        """


def by_limits(bmd: Numbers, sd: float, limits: Numbers) -> Told:
    """Classes from density and its uncertainty, taken as normally distributed.

    Parameters
    ----------
    bmd : (n,) float64 array
        Standardised areal density in g/cm².
    sd : float
        Its standard uncertainty in g/cm², above 0.
    limits : (n, 2) float64 array
        As in `Known`.

    Returns
    -------
    Told
        The score is how far the density lies below the limit of osteoporosis, in uncertainties.
    """
    below = (limits - bmd[:, None]) / sd
    osteopenia, osteoporosis = stats.norm.cdf(below).T
    classes = np.stack([1 - osteopenia, osteopenia - osteoporosis, osteoporosis], axis=1)
    return Told(below[:, 1], bmd, sd, np.clip(classes, 0.0, 1.0))


def mean_of_levels(patient: Measured, key: str) -> float:
    """Mean of a number over the sound vertebrae that have it; NaN where none has."""
    values = [one for level in patient.whole() if (one := patient.levels[level][key]) is not None]
    return float(np.mean(values)) if values else float("nan")
