"""The sixteen features that runs, zones, distances and dependences share, of one table."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled

FEATURES = 16


@compiled
def table_features(
    table: NDArray[np.int32],
    amounts: NDArray[np.float64],
    voxels: float,
    xlog: NDArray[np.float64],
    told: NDArray[np.float64],
) -> None:
    """Features of counts by level and amount, as `families.matrices.matrix_features` has them.

    Parameters
    ----------
    table : (levels + 1, amounts) int32 array
        Counts; the first row is not used.
    amounts : (amounts,) float64 array
        What the columns stand for.
    voxels : float
        Voxels that could have been counted.
    xlog : (n,) float64 array
        n · log2 n.
    told : (16,) float64 array
        Gets the features.
    """
    by_level, by_amount = np.zeros(table.shape[0]), np.zeros(amounts.size)
    squares = amounts * amounts
    told[:FEATURES] = 0.0
    spent = 0.0
    for level in range(1, table.shape[0]):
        i2 = float(level) * level
        here, over, under = 0.0, 0.0, 0.0
        for at in range(amounts.size):
            count = table[level, at]
            if count > 0:
                n = float(count)
                here += n
                by_amount[at] += n
                under += n / squares[at]
                over += n * squares[at]
                spent += xlog[count]
        by_level[level] = here
        told[4] += under / i2
        told[5] += under * i2
        told[6] += over / i2
        told[7] += over * i2
    total = by_level.sum()
    _of_levels(by_level, told)
    _of_amounts(by_amount, amounts, told)
    for at in range(8):
        told[at] /= total
    for at in (8, 10):
        told[at + 1] = told[at] / (total * total)
        told[at] /= total
    told[12] = total / voxels
    told[15] = np.log2(total) - spent / total


@compiled
def _of_levels(by_level: NDArray[np.float64], told: NDArray[np.float64]) -> None:
    """Low and high emphasis and non-uniformity, still sums, and variance of levels."""
    total, mean, spread = by_level.sum(), 0.0, 0.0
    for level in range(1, by_level.size):
        n, i2 = by_level[level], float(level) * level
        mean += n * level
        told[2] += n / i2
        told[3] += n * i2
        told[8] += n * n
    mean /= total
    for level in range(1, by_level.size):
        spread += by_level[level] * (level - mean) * (level - mean)
    told[13] = spread / total


@compiled
def _of_amounts(
    by_amount: NDArray[np.float64], amounts: NDArray[np.float64], told: NDArray[np.float64]
) -> None:
    """Short and long emphasis and non-uniformity, still sums, and variance of amounts."""
    total, mean, spread = by_amount.sum(), 0.0, 0.0
    for at in range(amounts.size):
        n, j2 = by_amount[at], amounts[at] * amounts[at]
        mean += n * amounts[at]
        told[0] += n / j2
        told[1] += n * j2
        told[10] += n * n
    mean /= total
    for at in range(amounts.size):
        spread += by_amount[at] * (amounts[at] - mean) * (amounts[at] - mean)
    told[14] = spread / total
