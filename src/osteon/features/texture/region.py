"""A region as texture sees it: prepared grey values, and which voxels count."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...core import Grid

Limits = tuple[float | None, float | None]
"""Lowest and highest grey value that was let into a region; None where there is no limit."""


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
        return np.sort(self.inside)
