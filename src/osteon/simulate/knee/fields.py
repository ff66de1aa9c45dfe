"""Lattices of the knee, smooth random fields on them, and distances made true."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from ...core import Grid

CLIP = 8.0
"""Distances are not followed further than this from a surface, mm."""

Field = NDArray[np.float32]
Axes = tuple[Field, Field, Field]


def lattice(low: NDArray[np.float64], high: NDArray[np.float64], spacing: float) -> Grid:
    """Grid of `spacing` mm that covers the box from `low` to `high`, on whole multiples."""
    start = np.floor(low / spacing)
    i, j, k = (int(n) for n in np.ceil(high / spacing) - start + 1)
    return Grid((i, j, k), start * spacing, np.eye(3), np.full(3, spacing))


def axes(grid: Grid) -> Axes:
    """Positions of a lattice in mm: (i, 1, 1), (1, j, 1) and (1, 1, k), which broadcast."""
    i, j, k = (
        (start + step * np.arange(n)).astype(np.float32)
        for start, step, n in zip(grid.origin, grid.spacing, grid.shape, strict=True)
    )
    return i[:, None, None], j[None, :, None], k[None, None, :]


def ramp(value: NDArray[np.floating], low: float, high: float) -> Field:
    """Smooth step from 0 at `low` to 1 at `high`."""
    t = np.clip((value - np.float32(low)) / np.float32(high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)


def bump(x: Field, centre: float, width: float) -> Field:
    """Gaussian of height 1 about `centre`, with standard deviation `width`."""
    away = (x - np.float32(centre)) / np.float32(width)
    return np.asarray(np.exp(np.float32(-0.5) * away**2), np.float32)


def steepness(field: Field, spacing: float) -> Field:
    """Length of the gradient."""
    parts = np.gradient(field, spacing)
    return np.asarray(np.sqrt(parts[0] ** 2 + parts[1] ** 2 + parts[2] ** 2), np.float32)


def true_distance(field: Field, grid: Grid) -> Field:
    """Signed distance of first order from a stretched one: divided by its steepness."""
    steep = np.clip(steepness(field, float(grid.spacing[0])), 0.6, 1.7)
    steep[np.abs(field) > CLIP - 1] = 1
    return np.asarray(np.clip(field / steep, -CLIP, CLIP), np.float32)


def sample(field: Field, grid: Grid, points: NDArray[np.floating], outside: float) -> Field:
    """Values of a field at points (…, 3) in mm of its own coordinates, by linear interpolation."""
    index = (np.moveaxis(points, -1, 0) - grid.origin.reshape(3, *[1] * (points.ndim - 1))) / (
        grid.spacing.reshape(3, *[1] * (points.ndim - 1))
    )
    flat = index.reshape(3, -1)
    values = map_coordinates(field, flat, order=1, mode="constant", cval=outside)
    return np.asarray(values.reshape(points.shape[:-1]), np.float32)


def carried(field: Field, grid: Grid, onto: Grid, pose: NDArray[np.float64]) -> Field:
    """A field seen on another lattice, when its object has been moved by `pose`."""
    turn = pose[:3, :3].T  # back into the object's own coordinates
    x, y, z = axes(onto)
    offset = turn @ -pose[:3, 3]
    index = np.stack(
        np.broadcast_arrays(
            *[
                (turn[n, 0] * x + turn[n, 1] * y + turn[n, 2] * z + offset[n] - grid.origin[n])
                / grid.spacing[n]
                for n in range(3)
            ]
        )
    ).astype(np.float32)
    values = map_coordinates(field, index, order=1, mode="constant", cval=-CLIP)
    return np.asarray(values, np.float32)


def _weights(positions: Field, start: float, step: float, count: int) -> Field:
    """Cubic B-spline weights of `count` knots at the positions: (positions, knots)."""
    away = np.abs((positions.reshape(-1, 1) - start) / step - np.arange(count))
    near = 2 / 3 - away**2 + away**3 / 2
    far = np.clip(2 - away, 0, None) ** 3 / 6
    return np.asarray(np.where(away < 1, near, far), np.float32)


@dataclass(frozen=True, eq=False)
class Wave:
    """A smooth random field without end of its detail: a cubic spline over random knots.

    Attributes
    ----------
    knots : (a, b, c) array of float32
        Values at the knots.
    start : (3,) array of float64
        Position of the first knot, mm.
    step : float
        Distance of the knots, mm.
    """

    knots: Field
    start: NDArray[np.float64]
    step: float

    @classmethod
    def drawn(cls, rng: np.random.Generator, length: float, half: float) -> "Wave":
        """A field of mean 0 and SD 1, correlated over about `length` mm, in ±`half` mm."""
        step = length / 2
        count = int(np.ceil(2 * half / step)) + 5
        knots = gaussian_filter(rng.standard_normal((count,) * 3), 0.7, mode="wrap")
        # SD 1 after the spline, which itself smooths: factor of white noise through both
        knots = knots / knots.std() * 1.6
        start = np.full(3, -step * (count - 1) / 2)
        return cls(knots.astype(np.float32), start, step)

    def on(self, grid: Grid) -> Field:
        """The field on a lattice."""
        spans = [
            _weights(a.ravel(), s, self.step, n)
            for a, s, n in zip(axes(grid), self.start, self.knots.shape, strict=True)
        ]
        # not by a library's matrix product: its rounding may depend on the number of threads
        part = np.einsum("abc,kc->abk", self.knots, spans[2])
        part = np.einsum("jb,abk->ajk", spans[1], part)
        whole = np.einsum("ia,ajk->ijk", spans[0], part)
        return np.ascontiguousarray(whole, np.float32)
