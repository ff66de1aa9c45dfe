"""Grey values put in order, fast where they spread evenly."""

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled

FEW = 24
"""Values that are put in order by moving each to its place."""


@compiled
def in_order(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Finite values from the lowest to the highest, by way of buckets of equal width."""
    many = values.size
    low, high = values.min(), values.max()
    ordered = values.copy()
    if not low < high:
        return ordered
    scale = (many - 1) / (high - low)
    if not scale < np.inf:
        ordered.sort()
        return ordered
    starts = np.zeros(many + 2, np.int64)
    for value in values:
        starts[min(int((value - low) * scale), many - 1) + 1] += 1
    for n in range(1, many + 1):
        starts[n] += starts[n - 1]
    for value in values:
        bucket = min(int((value - low) * scale), many - 1)
        ordered[starts[bucket]] = value
        starts[bucket] += 1
    first = 0
    for bucket in range(many):
        last = starts[bucket]
        if last - first > FEW:
            _sort(ordered, first, last)
        else:
            _insert(ordered, first, last)
        first = last
    return ordered


@compiled
def _sort(ordered: NDArray[np.float64], first: int, last: int) -> None:
    """Sort a part unless its values are all the same, as are those of whole numbers."""
    for n in range(first + 1, last):
        if ordered[n] != ordered[first]:
            ordered[first:last].sort()
            return


@compiled
def _insert(ordered: NDArray[np.float64], first: int, last: int) -> None:
    for n in range(first + 1, last):
        value = ordered[n]
        at = n
        while at > first and ordered[at - 1] > value:
            ordered[at] = ordered[at - 1]
            at -= 1
        ordered[at] = value
