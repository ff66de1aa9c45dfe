"""Sixteen features that four families share: of counts by grey level and by an amount.

The amount is the length of a run, the size or the distance of a zone, or a number of neighbours.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled

Floats = NDArray[np.float64]

CROSS = 5
"""Sums over both level i and amount j: n/(i²j²), n i²/j², n j²/i², n i²j², n log2 n."""


DENSE = 2_000_000
"""Cells up to which a table of all of them is made; beyond, only of those that occur."""


@dataclass(frozen=True, eq=False)
class Counted:
    """Sums of matrices of counts n by level i and amount j, one matrix a row.

    Attributes
    ----------
    by_level : (m, g) float64 array
        Counts of each level, 1 to g.
    by_amount : (m, q) float64 array
        Counts of each amount.
    amounts : (q,) float64 array
        The amounts.
    cross : (m, 5) float64 array
        Sums of n/(i²j²), n i²/j², n j²/i², n i²j² and n log2 n.
    voxels : (m,) float64 array
        Voxels that could have been counted.
    """

    by_level: Floats
    by_amount: Floats
    amounts: Floats
    cross: Floats
    voxels: Floats


@compiled
def add_table(
    table: NDArray[np.int64],
    amounts: NDArray[np.float64],
    by_level: NDArray[np.float64],
    by_amount: NDArray[np.float64],
    cross: NDArray[np.float64],
) -> None:
    """Add the sums of one matrix, (g + 1, q) with a first row that is not used."""
    for level in range(1, table.shape[0]):
        i2 = float(level) * level
        for at in range(table.shape[1]):
            n = table[level, at]
            if n > 0:
                j2 = amounts[at] * amounts[at]
                by_level[level - 1] += n
                by_amount[at] += n
                cross[0] += n / (i2 * j2)
                cross[1] += n * i2 / j2
                cross[2] += n * j2 / i2
                cross[3] += n * i2 * j2
                cross[4] += n * np.log2(n)


@compiled
def add_tables(
    tables: NDArray[np.int64],
    amounts: NDArray[np.float64],
    by_level: NDArray[np.float64],
    by_amount: NDArray[np.float64],
    cross: NDArray[np.float64],
) -> None:
    """Add the sums of (m, g + 1, q) matrices, each to its row."""
    for m in range(tables.shape[0]):
        add_table(tables[m], amounts, by_level[m], by_amount[m], cross[m])


def of_tables(tables: NDArray[np.int64], amounts: Floats, voxels: Floats) -> Counted:
    """Sums of (m, g + 1, q) matrices, whose first row of levels is not used."""
    many, levels, columns = tables.shape
    by_level, by_amount = np.zeros((many, levels - 1)), np.zeros((many, columns))
    cross = np.zeros((many, CROSS))
    add_tables(tables, amounts, by_level, by_amount, cross)
    return Counted(by_level, by_amount, amounts, cross, voxels)


def of_list(
    matrix: NDArray[np.int64],
    level: NDArray[np.int64],
    amount: NDArray[np.int64],
    count: int,
    voxels: Floats,
) -> Counted:
    """Sums of matrices given one entry at a time.

    Parameters
    ----------
    matrix, level, amount : (n,) int64 array
        Number of its matrix, level from 1 on and amount from 1 on of each entry.
    count : int
        How many levels there may be.
    voxels : (m,) float64 array
        Voxels of each matrix.

    Returns
    -------
    Counted
        Amounts that do not occur are left out.
    """
    many = voxels.size
    present = np.bincount(amount) > 0
    amounts = np.flatnonzero(present)
    columns = amounts.size
    column = (np.cumsum(present) - 1)[amount]
    cell, n = _counted((matrix * count + level - 1) * columns + column, many * count * columns)
    row, column = cell // columns, cell % columns
    owner = row // count
    i2, j2 = (row % count + 1.0) ** 2, amounts[column] ** 2.0
    weights = (n / (i2 * j2), n * i2 / j2, n * j2 / i2, n * i2 * j2, n * np.log2(n))
    return Counted(
        _summed(row, n, (many, count)),
        _summed(owner * columns + column, n, (many, columns)),
        amounts.astype(np.float64),
        np.stack([np.bincount(owner, weight, many) for weight in weights], axis=1),
        voxels,
    )


def _counted(entries: NDArray[np.int64], cells: int) -> tuple[NDArray[np.int64], Floats]:
    """The cells that occur among the entries, and how often each does."""
    if cells <= DENSE:
        counts = np.bincount(entries, minlength=cells)
        cell = np.flatnonzero(counts)
        return cell, counts[cell].astype(np.float64)
    cell, found = np.unique(entries, return_counts=True)
    return cell, found.astype(np.float64)


def _summed(cell: NDArray[np.int64], n: Floats, shape: tuple[int, int]) -> Floats:
    """Sum of n in each cell of a table."""
    summed = np.bincount(cell, n, shape[0] * shape[1])
    return np.asarray(summed, np.float64).reshape(shape)


def matrix_features(counted: Counted) -> list[Floats]:
    """The features of each matrix, in the order of `counted_tags`.

    Parameters
    ----------
    counted : Counted
        Sums of matrices, none of which is empty.

    Returns
    -------
    list of 16 (m,) float64 arrays
        Short and long emphasis, low and high level emphasis, the four of both, non-uniformity of
        levels and of amounts, each also divided by the number of counts, percentage, variance of
        levels and of amounts, entropy.
    """
    total = counted.by_level.sum(axis=1)
    i2 = np.arange(1.0, counted.by_level.shape[1] + 1) ** 2
    j2 = counted.amounts**2
    level_squares = (counted.by_level**2).sum(axis=1)
    amount_squares = (counted.by_amount**2).sum(axis=1)
    return [
        counted.by_amount @ (1 / j2) / total,
        counted.by_amount @ j2 / total,
        counted.by_level @ (1 / i2) / total,
        counted.by_level @ i2 / total,
        *(counted.cross[:, :4].T / total),
        level_squares / total,
        level_squares / total**2,
        amount_squares / total,
        amount_squares / total**2,
        total / counted.voxels,
        variance(counted.by_level, np.sqrt(i2)),
        variance(counted.by_amount, counted.amounts),
        np.log2(total) - counted.cross[:, 4] / total,
    ]


def variance(counts: Floats, at: Floats) -> Floats:
    """Variance of what is counted at places `at`, for each row of counts, (m,)."""
    share = counts / counts.sum(axis=1, keepdims=True)
    away = at - (share @ at)[:, None]
    return np.asarray((share * away**2).sum(axis=1))


def averaged(tags: tuple[str, ...], features: list[Floats], ending: str) -> dict[str, float]:
    """Mean of each feature over its matrices, if there are any, by tag with its ending."""
    if features[0].size == 0:
        return {}
    means = np.stack(features).mean(axis=1).tolist()
    return {f"{tag}_{ending}": value for tag, value in zip(tags, means, strict=True)}
