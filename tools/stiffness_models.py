"""Ridge regression of stiffness whose strength is chosen inside, and numbers of windows for it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from stiffness_images import SEEN, Windows, own_voxels

from osteon.core import HU, Mask, Volume
from osteon.features.texture.measure import measure_texture
from osteon.features.texture.stability import STUDIED, stable_tags

Numbers = NDArray[np.float64]

STRENGTHS: Numbers = 10.0 ** np.arange(-4.0, 3.0)
"""Strengths of ridge regression to choose from: of the penalty on squared weights of standardised
numbers, beside the mean squared error."""

STABLE = 0.75
"""Least ICC of the texture features."""

Describe = Callable[[Windows], Numbers]
"""Numbers of each cube's window, (cubes, numbers)."""


class Rows(NamedTuple):
    """Rows of a study: a cube as one scan shows it."""

    table: Numbers
    """(rows, numbers)."""
    stiffness: Numbers
    """Upstream index, (rows,)."""
    group: NDArray[np.str_]
    """What is left out together, (rows,)."""
    vertebra: NDArray[np.str_]
    """What is left out together where the strength is chosen, (rows,)."""
    trained: NDArray[np.bool_]
    """Whether the scanner is one of those fitted on, (rows,)."""


def mean_hu(scan: Windows) -> Numbers:
    """Mean of the cube in HU at 120 kVp."""
    return np.asarray(_inside(scan).mean(axis=1, keepdims=True))


def histogram(scan: Windows) -> Numbers:
    """Mean, its square, and spread: what grey values tell without their places."""
    grey = _inside(scan)
    mean = grey.mean(axis=1)
    return np.stack([mean, mean**2, grey.std(axis=1)], axis=1)


def texture(scan: Windows) -> Numbers:
    """Stable texture features of the cube."""
    own, tags = own_voxels(), stable_tags(STABLE)
    found = []
    for window in scan.hu:
        grey = Volume(np.asarray(window * scan.factor, np.float32), own.grid, HU)
        measured = measure_texture(grey, Mask(own.values, own.grid), STUDIED)
        found.append([measured[tag] for tag in sorted(tags) if tag in measured])
    return np.array(found)


def _inside(scan: Windows) -> Numbers:
    own = own_voxels().values
    return np.asarray(scan.hu[:, own] * scan.factor, np.float64)


def rows_of(
    scans: Sequence[Windows],
    describe: Describe,
    stiffness: Numbers,
    groups: NDArray[np.str_],
    vertebrae: NDArray[np.str_],
) -> Rows:
    """Every cube of every scan."""
    many = len(scans)
    seen = np.repeat([scan.scanner in SEEN for scan in scans], len(stiffness))
    table = np.concatenate([describe(scan) for scan in scans])
    return Rows(
        table, np.tile(stiffness, many), np.tile(groups, many), np.tile(vertebrae, many), seen
    )


def left_out(rows: Rows) -> tuple[Numbers, list[float]]:
    """What is said of every row by a line that saw nothing of its group.

    The strength is chosen in each fold by leaving out vertebrae of what is left; rows of scanners
    that are not fitted on are only predicted.

    Returns
    -------
    (rows,) array
        In the unit of the stiffness.
    list of float
        Strengths chosen.
    """
    said = np.full(len(rows.stiffness), np.nan)
    chosen = []
    for group in np.unique(rows.group):
        out = rows.group == group
        inner = _part(rows, ~out & rows.trained)
        errors = _errors(inner)
        strength = float(STRENGTHS[errors.argmin()])
        said[out] = _fitted(inner, rows.table[out], np.array([strength]))[0]
        chosen.append(strength)
    return said, chosen


def _part(rows: Rows, chosen: NDArray[np.bool_]) -> Rows:
    table, stiffness, group, vertebra, trained = rows
    return Rows(table[chosen], stiffness[chosen], group[chosen], vertebra[chosen], trained[chosen])


def _errors(rows: Rows) -> Numbers:
    """Sum of squared errors of rows left out vertebra by vertebra, for each strength."""
    total = np.zeros(len(STRENGTHS))
    for vertebra in np.unique(rows.vertebra):
        out = rows.vertebra == vertebra
        said = _fitted(_part(rows, ~out), rows.table[out], STRENGTHS)
        total += ((said - rows.stiffness[out]) ** 2).sum(axis=1)
    return total


def _fitted(rows: Rows, table: Numbers, strengths: Numbers) -> Numbers:
    """Predictions of other rows, (strengths, rows); numbers standardised by the fitted rows."""
    middle, spread = rows.table.mean(axis=0), rows.table.std(axis=0)
    spread = np.where(spread > 1e-9, spread, 1.0)
    known, asked = (rows.table - middle) / spread, (table - middle) / spread
    mean = rows.stiffness.mean()
    values, vectors = np.linalg.eigh(known.T @ known / len(known))
    along = vectors.T @ (known.T @ (rows.stiffness - mean)) / len(known)
    shrunk = along / (np.maximum(values, 0)[None, :] + strengths[:, None])
    return np.asarray(mean + shrunk @ (asked @ vectors).T)
