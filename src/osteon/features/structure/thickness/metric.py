"""Distances between voxels as whole numbers, so that equal distances are equal."""

from dataclasses import dataclass
from math import gcd

import numpy as np
from numpy.typing import NDArray

from ....core import Grid

FINEST_MM = 1e-6
"""Spacings are taken to the nanometre."""

FITS_INT32 = 1 << 29
FITS_INT64 = 1 << 61
"""Squared distances stay below this, so that a sum of two of them has a place in the type."""


@dataclass(frozen=True)
class Metric:
    """How far apart voxels are.

    The squared distance of two voxels (di, dj, dk) apart is the whole number
    ``weights @ (di², dj², dk²)`` times ``unit_mm²``. For cubic voxels the weights are 1, 1, 1 and
    the unit is the spacing. For others the spacings, rounded to the nanometre, are divided by
    their greatest common divisor: no distance is ever rounded, so no tie between two spheres
    depends on rounding.

    Attributes
    ----------
    weights : tuple of 3 int
        Weight of a squared step along i, j, k.
    unit_mm : float
        Length whose square is the unit of squared distances.
    """

    weights: tuple[int, int, int]
    unit_mm: float

    @classmethod
    def of(cls, grid: Grid) -> "Metric":
        """Metric of the voxels of a grid."""
        finest = FINEST_MM
        while True:
            steps = [max(1, round(float(s) / finest)) for s in grid.spacing]
            common = gcd(*steps)
            i, j, k = ((step // common) ** 2 for step in steps)
            if _longest((i, j, k), grid.shape) < FITS_INT64:
                return cls((i, j, k), float(grid.spacing[0]) / (steps[0] // common))
            finest *= 10.0

    def type_for(self, shape: tuple[int, ...]) -> type[np.int32] | type[np.int64]:
        """The smaller integer type that holds every squared distance in a volume."""
        return np.int32 if _longest(self.weights, shape) < FITS_INT32 else np.int64

    def squares(self, shape: tuple[int, ...]) -> tuple[NDArray[np.integer], ...]:
        """Squared distance of n steps along each axis, n from 0 to the length of the axis."""
        kind = self.type_for(shape)
        return tuple(
            (w * np.arange(n + 1, dtype=np.int64) ** 2).astype(kind)
            for w, n in zip(self.weights, shape, strict=True)
        )

    def mm(self, squared: NDArray[np.integer]) -> NDArray[np.float64]:
        """Length in mm of squared distances."""
        return np.sqrt(squared.astype(np.float64)) * self.unit_mm


def _longest(weights: tuple[int, ...], shape: tuple[int, ...]) -> int:
    return sum(w * n * n for w, n in zip(weights, shape, strict=True))
