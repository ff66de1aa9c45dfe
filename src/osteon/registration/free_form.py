"""Free-form deformation: displacements between control points by cubic B-splines."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from ..core import Grid


@dataclass(frozen=True, eq=False)
class Controls:
    """Control points of a cubic B-spline (Rueckert 1999, doi:10.1109/42.796284).

    Two of their distances beyond the outermost, the spline is 0.

    Attributes
    ----------
    grid : Grid
        Where the control points lie; cubic.
    """

    grid: Grid

    @classmethod
    def over(cls, box: Grid, distance_mm: float) -> "Controls":
        """Control points so far apart, one beyond the box on every side.

        Parameters
        ----------
        box : Grid
            Any grid; its outermost voxels are the box.
        distance_mm : float
            From one control point to the next.
        """
        lengths = (np.array(box.shape) - 1) * box.spacing
        i, j, k = (int(np.ceil(length / distance_mm)) + 3 for length in lengths)
        beyond = ((np.array([i, j, k]) - 1) * distance_mm - lengths) / 2
        origin = box.to_world(-beyond / box.spacing)
        return cls(Grid((i, j, k), origin, box.direction, np.full(3, distance_mm)))

    @property
    def shape(self) -> tuple[int, int, int, int]:
        """Shape of the coefficients: control points, and x, y, z."""
        return (*self.grid.shape, 3)

    def basis(self, points: NDArray[np.float64]) -> Any:
        """Sparse (n, controls) matrix: coefficients to values at (n, 3) places in world mm."""
        taps = [_taps(t, n) for t, n in zip(self.grid.to_index(points).T, self.shape, strict=False)]
        (at_i, by_i), (at_j, by_j), (at_k, by_k) = taps
        _, nj, nk, _ = self.shape
        columns = (at_i[:, :, None, None] * nj + at_j[:, None, :, None]) * nk
        columns = columns + at_k[:, None, None, :]
        weights = by_i[:, :, None, None] * by_j[:, None, :, None] * by_k[:, None, None, :]
        rows = np.arange(len(points) + 1) * 64
        size = (len(points), int(np.prod(self.grid.shape)))
        return sparse.csr_matrix((weights.ravel(), columns.ravel(), rows), shape=size)

    def on(self, grid: Grid, coefficients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values at the nodes of a grid with the same directions, (i, j, k, 3)."""
        values = coefficients.reshape(self.shape)
        first = self.grid.to_index(grid.origin)
        for axis, n in enumerate(grid.shape):
            t = first[axis] + np.arange(n) * grid.spacing[axis] / self.grid.spacing[axis]
            at, by = _taps(t, self.shape[axis])
            dense = np.zeros((n, self.shape[axis]))
            np.add.at(dense, (np.arange(n)[:, None], at), by)
            # no BLAS: its threads would add up in another order
            along = np.einsum("na,a...->n...", dense, np.moveaxis(values, axis, 0))
            values = np.moveaxis(along, 0, axis)
        return values

    def bending(self) -> Any:
        """Sparse symmetric matrix whose quadratic form is how much the coefficients bend.

        The mean over control points of squared second differences, by the control points'
        distance; mixed ones count twice, as in the energy of a thin plate.
        """
        turns = [_differences(n, 2) for n in self.grid.shape]
        slopes = [_differences(n, 1) for n in self.grid.shape]
        ones = [sparse.identity(n, format="csr") for n in self.grid.shape]
        total = 0
        for a in range(3):
            for b in range(a, 3):
                parts = list(ones)
                if a == b:
                    parts[a] = turns[a]
                else:
                    parts[a], parts[b] = slopes[a], slopes[b]
                one = sparse.kron(sparse.kron(parts[0], parts[1]), parts[2], format="csr")
                total = total + (1 if a == b else 2) * (one.T @ one)
        return total / (np.prod(self.grid.shape) * self.grid.spacing[0] ** 2)


def _taps(t: NDArray[np.float64], n: int) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """The four control points that count at each place, and by how much; 0 where there is none."""
    low = np.floor(t)
    u = t - low
    by = np.stack(
        [(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, -3 * u**3 + 3 * u**2 + 3 * u + 1, u**3], axis=-1
    )
    at = low.astype(np.intp)[..., None] + np.arange(-1, 3)
    there = (at >= 0) & (at < n)
    return np.where(there, at, 0), np.where(there, by / 6, 0.0)


def _differences(n: int, order: int) -> Any:
    """Sparse matrix of first or second differences of n numbers; what lies beyond is 0."""
    steps = [-1.0, 1.0] if order == 1 else [1.0, -2.0, 1.0]
    offsets = [0, 1] if order == 1 else [-1, 0, 1]
    return sparse.diags(steps, offsets, shape=(n, n), format="csr")
