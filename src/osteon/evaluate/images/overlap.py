"""Overlap of two masks."""

import numpy as np
from numpy.typing import NDArray

from ...core import EmptyRegion, Mask


def dice(first: Mask, second: Mask) -> float:
    """Twice the shared volume over the sum of both (Dice 1945, doi:10.2307/1932409).

    Parameters
    ----------
    first, second : Mask of shape (i, j, k)
        Two masks on one grid; the order does not matter.

    Returns
    -------
    float
        0 (no voxel shared, or one mask empty) to 1 (equal).

    Raises
    ------
    GridMismatch
        If the grids differ.
    EmptyRegion
        If both are empty: equal, but there is nothing to overlap.

    Notes
    -----
    Small and thin structures score lower for the same distance of surfaces; see `surface_dice`.
    """
    shared, total = _shared(first, second)
    return 2 * shared / total


def jaccard(first: Mask, second: Mask) -> float:
    """Shared volume over the volume of the union: Dice / (2 − Dice).

    Parameters, errors and limits as `dice`.

    Parameters
    ----------
    first, second : Mask of shape (i, j, k)
        Two masks on one grid.

    Returns
    -------
    float
        0 to 1.

    Raises
    ------
    GridMismatch, EmptyRegion
        As `dice`.
    """
    shared, total = _shared(first, second)
    return shared / (total - shared)


def _shared(first: Mask, second: Mask) -> tuple[int, int]:
    """Shared voxels, and voxels of both together."""
    a: NDArray[np.bool_] = first.values
    b = second.on(first.grid, name="the second mask").values
    total = first.voxels + second.voxels
    if total == 0:
        raise EmptyRegion("both masks are empty; overlap needs at least one voxel in one of them.")
    return int(np.count_nonzero(a & b)), total
