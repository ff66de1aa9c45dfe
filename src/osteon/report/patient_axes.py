"""Which way a stored image lies in the patient, to the nearest right angle."""

from itertools import permutations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import Grid

LETTERS = (("R", "L"), ("A", "P"), ("I", "S"))
"""Letters against and along the patient's x, y and z."""

Upright = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
"""For the patient's left, back and head: the array axis that runs there, and 1 or -1."""


def upright(grid: Grid) -> Upright:
    """Array axis and sign that run nearest to the patient's left, back and head."""

    def fit(order: tuple[int, ...]) -> float:
        return sum(abs(float(grid.direction[w, a])) for w, a in enumerate(order))

    order = max(permutations(range(3)), key=fit)
    signs = [1 if grid.direction[w, a] >= 0 else -1 for w, a in enumerate(order)]
    return (order[0], signs[0]), (order[1], signs[1]), (order[2], signs[2])


def directions(grid: Grid) -> NDArray[np.float64]:
    """Columns: unit vectors (LPS) along the array that run nearest to left, back and head."""
    columns = [sign * grid.direction[:, axis] for axis, sign in upright(grid)]
    return np.stack(columns, axis=1)


def plane(values: NDArray[Any], grid: Grid, normal: int, index: int) -> NDArray[Any]:
    """One slice of an array, turned as it is looked at.

    Parameters
    ----------
    values : (i, j, k) array
        Values on `grid`.
    grid : Grid
        Where they lie.
    normal : int
        Across which of the patient's axes it is cut: 0 sagittal (front to the left), 1 coronal
        and 2 axial (both with the patient's left on the right).
    index : int
        Which slice, along the array axis nearest to that axis.

    Returns
    -------
    (row, column) array
        Head up, or front up where axial.
    """
    held = upright(grid)
    across = held[1] if normal == 0 else held[0]
    along = held[1] if normal == 2 else held[2]
    cut = np.take(values, index, axis=held[normal][0])
    cut = cut if along[0] < across[0] else cut.T
    downwards = along[1] if normal == 2 else -along[1]
    return np.asarray(cut[::downwards, :: across[1]])


def spacing(grid: Grid, normal: int) -> tuple[float, float]:
    """Height and width in mm of a pixel of `plane`."""
    held = upright(grid)
    across = held[1] if normal == 0 else held[0]
    along = held[1] if normal == 2 else held[2]
    return float(grid.spacing[along[0]]), float(grid.spacing[across[0]])


def sides(normal: int) -> tuple[str, str, str, str]:
    """Letters at the left, right, top and bottom of `plane`."""
    left, right = LETTERS[1 if normal == 0 else 0]
    top, bottom = LETTERS[1] if normal == 2 else ("S", "I")
    return left, right, top, bottom
