"""AUC of more than two classes: each against the rest, and all pairs (Hand & Till)."""

from collections.abc import Sequence
from itertools import permutations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...core import UnusableTable
from ..bootstrap import RESAMPLES, bca_interval, existing
from ..checked import Codes, Numbers, confidence, probabilities
from ..estimate import LEVEL, Estimate
from .delong import auc
from .placements import Table, placements
from .resampled_area import drawn_blocks, weighted_areas
from .sweep import rectangle

SUM_TOLERANCE = 0.02
"""Off 1 that probabilities of a row may add up to, as those printed with two digits do."""


def one_vs_rest(
    labels: ArrayLike, probabilities: ArrayLike, classes: Sequence[str], *, level: float = LEVEL
) -> dict[str, Estimate]:
    """AUC of each class against all others, with its interval.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        Class of each row, as named in `classes`.
    probabilities : array_like of shape (rows, classes)
        Probability of each class, 0–1, adding up to 1 in each row.
    classes : sequence of str
        Names of the classes in the order of the columns, at least 2.
    level : float
        Confidence of the intervals; they are not corrected for their number.

    Returns
    -------
    dict of str to Estimate
        One a class, in the order of `classes`.

    Raises
    ------
    UnusableTable
        If a class has fewer than 2 rows, a label is none of them, or probabilities are none.
    BadSetting
        If the level is none.
    """
    codes, table = _checked(labels, probabilities, classes)
    found = {}
    for n, name in enumerate(classes):
        one = auc(codes == n, table[:, n], level=level)
        row = one.row() | {"name": f"AUC, {name} against the rest"}
        found[str(name)] = Estimate(**row)
    return found


def hand_till(
    labels: ArrayLike,
    probabilities: ArrayLike,
    classes: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    rng: np.random.Generator,
    level: float = LEVEL,
) -> Estimate:
    """Mean AUC over all pairs of classes (Hand & Till 2001, doi:10.1023/A:1010920819831).

    It does not depend on how frequent the classes are. Each pair is ordered once by the
    probability of the one and once by that of the other.

    Parameters
    ----------
    labels : array_like of shape (rows,)
        Class of each row, as named in `classes`.
    probabilities : array_like of shape (rows, classes)
        Probability of each class, 0–1, adding up to 1 in each row.
    classes : sequence of str
        Names of the classes in the order of the columns, at least 2.
    resamples : int
        Draws of rows, at least 100.
    rng : Generator
        Source of chance.
    level : float
        Confidence of the interval.

    Returns
    -------
    Estimate
        ``"AUC, Hand–Till"`` with the BCa interval; none, and a note, where no draw differs.

    Raises
    ------
    UnusableTable
        As `one_vs_rest`.
    BadSetting
        If the level is none or there are fewer than 100 draws.
    """
    codes, table = _checked(labels, probabilities, classes)
    value, influence = _mean_area(codes, table)
    blocks = drawn_blocks(codes.size, resamples, rng)
    draws = existing(np.concatenate([_weighted(codes, table, counts) for counts in blocks]))
    low = high = None
    note = "every resample gives the same figure, so there is no interval"
    if draws.min() < draws.max():
        note = ""
        low, high = bca_interval(draws, value, value - influence, confidence(level))
    return Estimate(
        "AUC, Hand–Till",
        value,
        low,
        high,
        confidence(level),
        "1",
        f"BCa interval from {resamples} resamples of rows",
        "10.1023/A:1010920819831",
        codes.size,
        codes.size,
        note,
    )


def _checked(labels: ArrayLike, columns: ArrayLike, classes: Sequence[str]) -> tuple[Codes, Table]:
    """Class of each row by its number, and the table of probabilities."""
    names = [str(name) for name in classes]
    given = np.asarray(labels).astype(str)
    table = rectangle(columns, "probabilities")
    if len(names) < 2 or len(set(names)) < len(names):
        raise UnusableTable(f"at least 2 classes of different name are needed; got {names}.")
    if given.ndim != 1 or table.shape != (given.size, len(names)):
        raise UnusableTable(
            f"probabilities must be of shape ({given.size}, {len(names)}), a column a class; got "
            f"{table.shape}."
        )
    strange = sorted(set(given.tolist()) - set(names))
    if strange:
        raise UnusableTable(f"labels have '{strange[0]}', which is none of the classes {names}.")
    codes = np.array([names.index(name) for name in given], np.intp)
    many = np.bincount(codes, minlength=len(names))
    if many.min() < 2:
        few = int(many.argmin())
        raise UnusableTable(
            f"class '{names[few]}' has {many[few]} rows; at least 2 of each are needed."
        )
    checked = np.stack(
        [probabilities(c, f"probability of {n}") for c, n in zip(table.T, names, strict=True)],
        axis=1,
    )
    off = np.abs(checked.sum(axis=1) - 1)
    if off.max() > SUM_TOLERANCE:
        row = int(off.argmax())
        raise UnusableTable(
            f"probabilities of a row must add up to 1; those of row {row + 1} give "
            f"{checked[row].sum():.3g}."
        )
    return codes, checked


def _mean_area(codes: Codes, table: Table) -> tuple[float, Numbers]:
    """Mean over ordered pairs of classes, and what each row adds beyond its share."""
    pairs = list(permutations(range(table.shape[1]), 2))
    gained = np.zeros(codes.size)
    total = 0.0
    for one, other in pairs:
        rows = np.flatnonzero((codes == one) | (codes == other))
        case = codes[rows] == one
        of_cases, of_controls = placements(case, table[rows, one][:, None])
        value = float(of_cases.mean())
        total += value
        gained[rows[case]] += (of_cases[:, 0] - value) / len(of_cases)
        gained[rows[~case]] += (of_controls[:, 0] - value) / len(of_controls)
    return total / len(pairs), gained / len(pairs)


def _weighted(codes: Codes, table: Table, counts: NDArray[np.int32]) -> Numbers:
    """Hand–Till figure of every resample, NaN where a class is missing."""
    pairs = list(permutations(range(table.shape[1]), 2))
    total = np.zeros(len(counts))
    for one, other in pairs:
        rows = np.flatnonzero((codes == one) | (codes == other))
        rows = rows[np.argsort(table[rows, one], kind="stable")]
        last = np.append(np.diff(table[rows, one]) > 0, True)
        total += weighted_areas(counts, rows.astype(np.int32), codes[rows] == one, last)
    return total / len(pairs)
