"""A region as texture sees it: prepared grey values, and which voxels count."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...core import Box, Grid

Limits = tuple[float | None, float | None]
"""Lowest and highest grey value that was let into a region; None where there is no limit."""


EXACT = 2.0**52
"""Below this size a float64 tells whole numbers apart."""


@dataclass(frozen=True, eq=False)
class TextureRegion:
    """Grey values after interpolation, and the two masks of IBSI 1, section 2.

    Attributes
    ----------
    values : (i, j, k) float64 array
        Grey values of the region and of what lies around it.
    intensity : (i, j, k) bool array
        Voxels whose values count: the region less what re-segmentation took out.
    morphological : (i, j, k) bool array
        Voxels whose place counts: the region as it was drawn.
    spacing : (3,) float64 array
        Size of a voxel in mm.
    grid : Grid
        Where the voxels lie.
    limits : tuple of two floats or None
        Lowest and highest value that re-segmentation by range lets in.
    """

    values: NDArray[np.float64]
    intensity: NDArray[np.bool_]
    morphological: NDArray[np.bool_]
    spacing: NDArray[np.float64]
    grid: Grid
    limits: Limits = (None, None)

    @cached_property
    def inside(self) -> NDArray[np.float64]:
        """Values of the voxels that count, (n,)."""
        return self.values[self.intensity]

    @cached_property
    def ordered(self) -> NDArray[np.float64]:
        """The same, smallest first."""
        inside = self.inside
        low, high = inside.min(), inside.max()
        few = high - low < inside.size and max(-low, high) < EXACT
        if few and (inside == np.rint(inside)).all():
            # whole numbers close together, such as HU, are counted faster than sorted
            counts = np.bincount((inside - low).astype(np.int64))
            return np.repeat(np.arange(low, high + 1.0), counts)
        return np.sort(inside)


def bounds(mask: NDArray[np.bool_]) -> Box:
    """Smallest box of voxels around a mask that has at least one, (i, j, k)."""
    plane = np.asarray(mask.any(axis=2))
    sides = (plane.any(axis=1), plane.any(axis=0), mask.any(axis=(0, 1)))
    found = [np.flatnonzero(side) for side in sides]
    i, j, k = (slice(int(side[0]), int(side[-1]) + 1) for side in found)
    return i, j, k
