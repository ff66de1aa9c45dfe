"""Grey values binned into levels, and their layout for loops over neighbours."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting
from .region import TextureRegion, bounds
from .settings import MOST_LEVELS, Discretisation


@dataclass(frozen=True, eq=False)
class Packed:
    """Levels with slices first and a border of 0, so that no neighbour lies beyond the array.

    Attributes
    ----------
    flat : (n,) int32 array
        Level of each voxel, 0 outside.
    shape : tuple of three ints
        Slices, rows and columns, border included.
    voxels : (v,) int64 array
        Places in `flat` that are inside, slice by slice.
    starts : (s + 1,) int64 array
        Where in `voxels` each slice begins; slices without a voxel are left out.
    within : (n,) uint8 array
        1 in the morphological mask.
    """

    flat: NDArray[np.int32]
    shape: tuple[int, int, int]
    voxels: NDArray[np.int64]
    starts: NDArray[np.int64]
    within: NDArray[np.uint8]

    def steps(self, offsets: NDArray[np.int64]) -> NDArray[np.int64]:
        """Steps in `flat` of (m, 3) offsets in slices, rows and columns, (m,)."""
        _, rows, columns = self.shape
        return np.asarray(offsets @ np.array([rows * columns, columns, 1]))


@dataclass(frozen=True, eq=False)
class Levels:
    """Grey levels of a region.

    Attributes
    ----------
    levels : (i, j, k) int32 array
        1 to `count` in the intensity mask, 0 outside.
    count : int
        How many levels there may be.
    morphological : (i, j, k) bool array
        The region as it was drawn.
    slice_axis : int
        Axis across which slices lie.
    """

    levels: NDArray[np.int32]
    count: int
    morphological: NDArray[np.bool_]
    slice_axis: int = 2

    @cached_property
    def histogram(self) -> NDArray[np.int64]:
        """Voxels of each level, (count,)."""
        return np.bincount(self.levels.ravel(), minlength=self.count + 1)[1:]

    @cached_property
    def packed(self) -> Packed:
        """The levels laid out for loops over neighbours."""
        levels = np.moveaxis(self.levels, self.slice_axis, 0)
        within = np.moveaxis(self.morphological, self.slice_axis, 0)
        box = bounds(within)
        flat = np.ascontiguousarray(np.pad(levels[box], 1)).ravel()
        slices, rows, columns = (cut.stop - cut.start + 2 for cut in box)
        voxels = np.flatnonzero(flat)
        starts = np.searchsorted(voxels, np.arange(slices + 1) * rows * columns)
        return Packed(
            flat,
            (slices, rows, columns),
            voxels,
            np.unique(starts),
            np.ascontiguousarray(np.pad(within[box], 1)).ravel().view(np.uint8),
        )


def discretise(
    region: TextureRegion, discretisation: Discretisation, *, slice_axis: int = 2
) -> Levels:
    """Grey levels of a region (IBSI 1, section 2.7, doi:10.48550/arXiv.1612.07003).

    Parameters
    ----------
    region : TextureRegion
        Prepared grey values.
    discretisation : Discretisation
        How to bin them.
    slice_axis : int
        Axis across which slices lie.

    Returns
    -------
    Levels
        On the region's grid. A region of one value has one level only.

    Raises
    ------
    BadSetting
        If there is nothing to bin by: values that are no whole numbers from 1 on with
        ``"none"``, or more levels than matrices are made for.
    """
    inside = region.inside
    if discretisation.method == "bin-number":
        bins = discretisation.bins or 1
        found, count = _by_number(inside, bins), bins
    elif discretisation.method == "bin-size":
        found, count = _by_size(inside, discretisation, region)
    else:
        found, count = _as_they_are(inside)
    if count > MOST_LEVELS:
        raise BadSetting(
            f"values fall into {count} levels, at most {MOST_LEVELS} are counted; bin them wider."
        )
    levels = np.zeros(region.values.shape, np.int32)
    levels[region.intensity] = found
    return Levels(levels, count, region.morphological, slice_axis)


def _by_number(values: NDArray[np.float64], bins: int) -> NDArray[np.float64]:
    low, high = float(values.min()), float(values.max())
    if low == high:
        return np.ones(values.shape)
    part = (values - low) / (high - low)
    return np.asarray(np.minimum(np.floor(bins * part) + 1, bins))


def _by_size(
    values: NDArray[np.float64], discretisation: Discretisation, region: TextureRegion
) -> tuple[NDArray[np.float64], int]:
    lowest, size = first_edge(discretisation, region, values), discretisation.size or 1.0
    if (least := float(values.min())) < lowest:
        raise BadSetting(
            f"the region holds {least:g}, below the first bin at {lowest:g}; lower it or "
            "re-segment to it."
        )
    found = np.floor((values - lowest) / size) + 1
    return found, int(found.max())


def first_edge(
    discretisation: Discretisation, region: TextureRegion, values: NDArray[np.float64]
) -> float:
    """Where the first of the bins of one size starts."""
    if discretisation.lowest is not None:
        return discretisation.lowest
    return float(values.min()) if region.limits[0] is None else region.limits[0]


def _as_they_are(values: NDArray[np.float64]) -> tuple[NDArray[np.float64], int]:
    if values.min() < 1 or (values != np.floor(values)).any():
        raise BadSetting(
            f"without discretisation values must be whole numbers from 1 on; got "
            f"{values.min():g} to {values.max():g}. Choose 'bin-number' or 'bin-size'."
        )
    return values, int(values.max())
