"""Squared distances numbered from 0 upwards, so that tables over them stay short."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import parallel, prange
from .metric import Metric

LONGEST_TABLE = 1 << 18
"""Squared distances up to this are their own number."""


@dataclass(frozen=True, eq=False)
class Levels:
    """Every squared distance that can occur in a volume, by number.

    Attributes
    ----------
    squared : (n,) int64 array
        Squared distance of each level, ascending, the first 0; in units of the metric.
    octant : (i, j, k) int32 array
        Level of the offset (i, j, k) between two voxels; as many as levels where it is further.
    """

    squared: NDArray[np.int64]
    octant: NDArray[np.int32]


def levels_of(squared: NDArray[Any], metric: Metric) -> tuple[Levels, NDArray[np.int32]]:
    """Levels of a field of squared distances, and the field as levels.

    Parameters
    ----------
    squared : (i, j, k) int32 or int64 array
        Squared distances; an int32 field is overwritten where possible.
    metric : Metric
        How far apart voxels are.

    Returns
    -------
    Levels
        What the levels stand for.
    (i, j, k) int32 array
        The field in levels.
    """
    top = int(squared.max())
    offsets = _octant(top, metric)
    if squared.dtype == np.int32 and top < LONGEST_TABLE:
        values = np.arange(top + 1, dtype=np.int64)
        return Levels(values, np.minimum(offsets, top + 1).astype(np.int32)), squared
    values = np.unique(offsets[offsets <= top])
    numbered = np.empty(squared.shape, np.int32)
    _number(squared, values, numbered)
    return Levels(values, np.searchsorted(values, offsets).astype(np.int32)), numbered


def _octant(top: int, metric: Metric) -> NDArray[np.int64]:
    """Squared length of the offsets with no negative part, up to the length `top`."""
    i, j, k = (w * np.arange(_root(top // w) + 1, dtype=np.int64) ** 2 for w in metric.weights)
    total: NDArray[np.int64] = i[:, None, None] + j[None, :, None] + k[None, None, :]
    return total


def _root(number: int) -> int:
    """Largest whole number whose square is at most `number`."""
    root = int(np.sqrt(number))
    while root * root > number:
        root -= 1
    while (root + 1) ** 2 <= number:
        root += 1
    return root


@parallel
def _number(squared: NDArray[Any], values: NDArray[np.int64], numbered: NDArray[np.int32]) -> None:
    """Place of every squared distance among `values`, which hold them all."""
    ni, nj, nk = squared.shape
    for i in prange(ni):
        for j in range(nj):
            for k in range(nk):
                low = 0
                high = values.size
                if squared[i, j, k] == 0:
                    high = 1
                while high - low > 1:
                    middle = (low + high) // 2
                    if values[middle] <= squared[i, j, k]:
                        low = middle
                    else:
                        high = middle
                numbered[i, j, k] = low
