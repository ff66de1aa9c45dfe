"""Linear interpolation on a turned lattice, compiled."""

import numpy as np
from numpy.typing import NDArray

from .compiled import inlined, parallel, prange


@inlined
def _clamped(at: float, last: int) -> float:
    """The nearest place at which there is a value."""
    if at < 0.0:
        return 0.0
    if at > last:
        return float(last)
    return at


@parallel
def sample_linear(
    values: NDArray[np.float32],
    matrix: NDArray[np.float64],
    offset: NDArray[np.float64],
    outside: float,
    taken: NDArray[np.float32],
) -> None:
    """Values at the places of another lattice, trilinear.

    Parameters
    ----------
    values : (i, j, k) float32 array
        What is interpolated; within half a voxel of its edge the value at the edge counts.
    matrix : (3, 3) array
        Index steps in `values` for each step of the lattice.
    offset : (3,) array
        Place of the lattice's first voxel in `values`.
    outside : float
        Value of places beyond the voxels.
    taken : (l, m, n) float32 array
        Filled.
    """
    ni, nj, nk = values.shape
    for i in prange(taken.shape[0]):
        for j in range(taken.shape[1]):
            for k in range(taken.shape[2]):
                a = matrix[0, 0] * i + matrix[0, 1] * j + matrix[0, 2] * k + offset[0]
                b = matrix[1, 0] * i + matrix[1, 1] * j + matrix[1, 2] * k + offset[1]
                c = matrix[2, 0] * i + matrix[2, 1] * j + matrix[2, 2] * k + offset[2]
                if a < -0.5 or b < -0.5 or c < -0.5 or a > ni - 0.5 or b > nj - 0.5 or c > nk - 0.5:
                    taken[i, j, k] = outside
                    continue
                a, b, c = _clamped(a, ni - 1), _clamped(b, nj - 1), _clamped(c, nk - 1)
                i0, j0, k0 = int(a), int(b), int(c)
                i1, j1, k1 = min(i0 + 1, ni - 1), min(j0 + 1, nj - 1), min(k0 + 1, nk - 1)
                u, v, w = a - i0, b - j0, c - k0
                low = (1 - v) * ((1 - w) * values[i0, j0, k0] + w * values[i0, j0, k1]) + v * (
                    (1 - w) * values[i0, j1, k0] + w * values[i0, j1, k1]
                )
                high = (1 - v) * ((1 - w) * values[i1, j0, k0] + w * values[i1, j0, k1]) + v * (
                    (1 - w) * values[i1, j1, k0] + w * values[i1, j1, k1]
                )
                taken[i, j, k] = (1 - u) * low + u * high
