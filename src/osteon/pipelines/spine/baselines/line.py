"""A line from measured numbers to standardised density, its strength chosen without other data."""

from dataclasses import dataclass

import numpy as np

from ....core import UnusableTable
from .told import Known, Numbers, Told, by_limits

STRENGTHS = tuple(float(10.0**power) for power in np.arange(-3, 3.5, 0.5))
"""Ridge penalties tried, per patient and standardised column."""

FEWEST = 10
"""Patients from which a line is worth fitting."""


@dataclass(frozen=True, eq=False)
class Line:
    """A fitted line.

    Attributes
    ----------
    means, spreads, weights : (columns,) float64 array
        Of the standardised columns; where one is missing its mean is taken.
    level : float
        Density at the means, in g/cm².
    sd : float
        Spread of density about the line in patients left out one at a time, in g/cm².
    strength : float
        Penalty chosen.
    """

    means: Numbers
    spreads: Numbers
    weights: Numbers
    level: float
    sd: float
    strength: float

    def predict(self, table: Numbers) -> Numbers:
        """Standardised density of each row in g/cm²."""
        filled = np.where(np.isfinite(table), table, self.means)
        return np.asarray(self.level + (filled - self.means) / self.spreads @ self.weights)

    def say(self, table: Numbers, limits: Numbers) -> Told:
        """What it says of patients; see `Fitted`."""
        return by_limits(self.predict(table), self.sd, limits)


def fit_line(table: Numbers, known: Known) -> Line:
    """Fit a ridge regression (Hoerl & Kennard 1970, doi:10.1080/00401706.1970.10488634).

    Parameters
    ----------
    table : (n, columns) float64 array
        NaN where a number is missing.
    known : Known
        Patients without a density take no part.

    Returns
    -------
    Line
        With the penalty of the least squared error in patients left out one at a time, which a
        ridge regression gives exactly.

    Raises
    ------
    UnusableTable
        If fewer than 10 patients have a density.
    """
    there = np.isfinite(known.bmd)
    if np.count_nonzero(there) < FEWEST:
        raise UnusableTable(
            f"a line needs {FEWEST} patients with a density; got {np.count_nonzero(there)}."
        )
    rows, targets = table[there], known.bmd[there]
    means = _mean_of_known(rows)
    filled = np.where(np.isfinite(rows), rows, means)
    spreads = filled.std(axis=0)
    spreads = np.where(spreads > 0, spreads, 1.0)
    columns = (filled - means) / spreads
    level = float(targets.mean())
    tried = [_left_out(columns, targets - level, strength) for strength in STRENGTHS]
    best = int(np.argmin([float((errors**2).mean()) for errors, _ in tried]))
    errors, weights = tried[best]
    # columns with means of known cells only are not centred where cells are missing
    level -= float((columns @ weights).mean())
    return Line(means, spreads, weights, level, float(errors.std(ddof=1)), STRENGTHS[best])


def _mean_of_known(rows: Numbers) -> Numbers:
    """Mean of each column over its finite cells; 0 where there is none."""
    finite = np.isfinite(rows)
    many = finite.sum(axis=0)
    return np.asarray(np.where(finite, rows, 0.0).sum(axis=0) / np.maximum(many, 1))


def _left_out(columns: Numbers, targets: Numbers, strength: float) -> tuple[Numbers, Numbers]:
    """Errors of each patient left out, and the weights of all."""
    many = len(targets)
    centred = columns - columns.mean(axis=0)
    inverse = np.linalg.inv(centred.T @ centred + strength * many * np.eye(centred.shape[1]))
    weights = inverse @ (centred.T @ targets)
    leverage = np.einsum("ij,jk,ik->i", centred, inverse, centred) + 1 / many
    return (targets - centred @ weights) / (1 - leverage), weights
