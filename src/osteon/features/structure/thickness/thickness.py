"""Local thickness: the diameter of the largest sphere that fits in and covers the voxel."""

from dataclasses import dataclass
from math import fsum, sqrt
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Grid, GridMismatch, Mask
from ....core.compiled import parallel, prange
from .blocks import Slab, slabs
from .levels import Levels, levels_of
from .metric import Metric
from .ridge import ridge
from .spheres import SLABS, paint

Convention = Literal["centre", "border"]
"""Where the surface of bone is taken to lie between two voxel centres.

``"centre"``: at the centre of the first voxel outside, as BoneJ does. A plate of t voxels is t
thick where t is even, t + 1 where it is odd; one voxel counts as two.
``"border"``: one voxel less, half of it on either side, nearer to Scanco. A plate of t voxels is
t thick where t is odd, t - 1 where it is even; one voxel counts as one. Of voxels that are not
cubes the smallest spacing is taken off, so that nothing comes out below it.
"""


@dataclass(frozen=True, eq=False)
class Thickness:
    """Diameters of the spheres that fill a phase, voxel by voxel.

    Attributes
    ----------
    map : (i, j, k) float32 array or None
        Diameter of the largest sphere that covers the voxel, in mm; 0 outside of the phase. Of
        the whole phase, whatever the region. None if it was not kept.
    diameters : (n,) float64 array
        Diameters that occur in the region, in mm, ascending.
    counts : (n,) int64 array
        Voxels of the region with each diameter, all above 0.

    Raises
    ------
    EmptyRegion
        If there is no voxel.
    """

    map: NDArray[np.float32] | None
    diameters: NDArray[np.float64]
    counts: NDArray[np.int64]

    def __post_init__(self) -> None:
        """Refuse a thickness of nothing."""
        if self.voxels == 0:
            raise EmptyRegion("no voxel of the phase lies in the region; it has no thickness.")

    @property
    def voxels(self) -> int:
        """Voxels of the phase in the region."""
        return int(self.counts.sum())

    @property
    def mean(self) -> float:
        """Mean diameter over voxels, in mm."""
        return fsum(self.diameters * self.counts) / self.voxels

    @property
    def sd(self) -> float:
        """Standard deviation of the diameter over voxels, divided by n, in mm."""
        return sqrt(fsum((self.diameters - self.mean) ** 2 * self.counts) / self.voxels)

    @property
    def max(self) -> float:
        """Largest diameter, in mm."""
        return float(self.diameters[-1])

    def histogram(self, width_mm: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Share of the voxels by diameter.

        Parameters
        ----------
        width_mm : float
            Width of a class in mm, above 0; the first begins at 0.

        Returns
        -------
        (m + 1,) array
            Edges of the classes in mm; each holds its lower edge.
        (m,) array
            Share of the voxels in each, summing to 1.

        Raises
        ------
        BadSetting
            If the width is not above 0.
        """
        if not width_mm > 0:
            raise BadSetting(f"a class of a histogram is wider than 0 mm; got {width_mm:g} mm.")
        place = np.floor(self.diameters / width_mm).astype(np.int64)
        share = np.bincount(place, weights=self.counts) / self.voxels
        edges = (np.arange(share.size + 1) * width_mm).astype(np.float64)
        return edges, share.astype(np.float64)


def local_thickness(
    phase: Mask,
    *,
    region: Mask | None = None,
    convention: Convention = "centre",
    block: int | None = None,
    keep_map: bool = True,
    out: NDArray[np.float32] | None = None,
) -> Thickness:
    """Diameter of the largest sphere in `phase` that covers each voxel, exact.

    A sphere is centred at a voxel and reaches up to the nearest centre outside of the phase; it
    covers the voxels whose centres are nearer than that. What lies beyond the image is unknown
    and limits no sphere. Hildebrand and Rüegsegger 1997, doi:10.1046/j.1365-2818.1997.1340694.x.

    Parameters
    ----------
    phase : Mask of shape (i, j, k)
        Bone, for trabecular thickness; marrow, for separation.
    region : Mask of shape (i, j, k), optional
        Voxels over which to count; spheres are fitted in the whole phase. None for all.
    convention : {"centre", "border"}
        Where the surface lies, see `Convention`.
    block : int, optional
        Slices along axis 0 to work on at once, to need less memory; changes nothing else.
    keep_map : bool
        Whether to keep the diameter of each voxel.
    out : (i, j, k) float32 array, optional
        Where to put the map, such as a file mapped to memory; it is then the result's `map`.

    Returns
    -------
    Thickness
        In mm.

    Raises
    ------
    EmptyRegion
        If the phase is empty or fills the image, or the region holds none of it.
    GridMismatch
        If the region lies on another grid, or `out` does not fit.
    BadSetting
        If there is no such convention or the block is below 1.
    """
    counted = checked(phase, region, convention)
    metric = Metric.of(phase.grid)
    where = _place(phase.grid, keep_map, block, out)
    squared, counts = [], []
    for slab in slabs(phase.values, metric, block):
        field, levels = filled(slab, metric)
        mine = counted[slab.core].view(np.uint8)
        squared.append(levels.squared)
        counts.append(_counts(field, mine, levels.squared.size))
        if keep_map or out is not None:
            lengths = _diameters(levels.squared, metric, phase.grid, convention)
            target = field.view(np.float32) if where is None else where[slab.core]
            _to_mm(field, lengths.astype(np.float32), target)
            where = target if where is None else where
        del slab, field
    values, total = _merged(squared, counts)
    return Thickness(where, _diameters(values, metric, phase.grid, convention), total)


def checked(phase: Mask, region: Mask | None, convention: str) -> NDArray[np.bool_]:
    """Voxels over which to count, having checked all three.

    Raises
    ------
    EmptyRegion, GridMismatch, BadSetting
        As `local_thickness` says.
    """
    if convention not in ("centre", "border"):
        raise BadSetting(f"the surface is at a 'centre' or a 'border', not at '{convention}'.")
    voxels = phase.voxels
    if voxels in (0, phase.values.size):
        what = "no voxel" if voxels == 0 else f"every one of {voxels} voxels"
        raise EmptyRegion(
            f"{what} is in the phase; a thickness needs some inside and some outside. "
            "Check the threshold and its unit."
        )
    counted = phase if region is None else region.on(phase.grid, name="the region")
    if region is not None and not (region.values & phase.values).any():
        raise EmptyRegion(
            f"none of the {voxels} voxels of the phase is among the {region.voxels} of the region; "
            "there is nothing to measure."
        )
    return np.ascontiguousarray(counted.values)


def filled(slab: Slab, metric: Metric, rim: int = 0) -> tuple[NDArray[np.int32], Levels]:
    """Level of the largest sphere that covers each voxel of a slab's core and rim.

    Parameters
    ----------
    slab : Slab
        Its distances are overwritten.
    metric : Metric
        How far apart voxels are.
    rim : int
        Slices on both sides of the core to fill, too.

    Returns
    -------
    (i, j, k) int32 array
        Levels, 0 in the background.
    Levels
        What they stand for.
    """
    levels, field = levels_of(slab.squared, metric)
    own = slab.own(rim)
    paint(field, ridge(field, levels, metric), levels, metric, own)
    return field[own], levels


def _place(
    grid: Grid, keep_map: bool, block: int | None, out: NDArray[np.float32] | None
) -> NDArray[np.float32] | None:
    """Where the map goes; None where it can take the place of the distances, or is not kept."""
    if out is not None:
        if out.shape != grid.shape or out.dtype != np.float32:
            raise GridMismatch(
                f"the array for the map is {out.shape} of {out.dtype}; "
                f"{grid.shape} of float32 was expected."
            )
        return out
    if not keep_map or block is None or block >= grid.shape[0]:
        return None
    return np.empty(grid.shape, np.float32)


def _diameters(
    squared: NDArray[np.int64], metric: Metric, grid: Grid, convention: str
) -> NDArray[np.float64]:
    """Diameter in mm of spheres of squared radius; 0 for none."""
    less = float(grid.spacing.min()) if convention == "border" else 0.0
    return np.where(squared > 0, 2.0 * metric.mm(squared) - less, 0.0)


def _merged(
    squared: list[NDArray[np.int64]], counts: list[NDArray[np.int64]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Squared radii above 0 that occur in any of the slabs, and how often in all of them."""
    values, place = np.unique(np.concatenate(squared), return_inverse=True)
    total = np.zeros(values.size, np.int64)
    np.add.at(total, place, np.concatenate(counts))
    there = (values > 0) & (total > 0)
    return values[there], total[there]


def _counts(field: NDArray[np.int32], region: NDArray[np.uint8], levels: int) -> NDArray[np.int64]:
    parts = np.zeros((SLABS, levels), np.int64)
    _count(field, region, parts)
    total: NDArray[np.int64] = parts.sum(axis=0)
    return total


@parallel
def _count(field: NDArray[np.int32], region: NDArray[np.uint8], counts: NDArray[np.int64]) -> None:
    """Voxels of the region at each level, by slab."""
    ni, nj, nk = field.shape
    for slab in prange(counts.shape[0]):
        for i in range(slab * ni // counts.shape[0], (slab + 1) * ni // counts.shape[0]):
            for j in range(nj):
                for k in range(nk):
                    if region[i, j, k] != 0:
                        counts[slab, field[i, j, k]] += 1


@parallel
def _to_mm(
    field: NDArray[np.int32], diameters: NDArray[np.float32], out: NDArray[np.float32]
) -> None:
    """Diameter of every voxel; `out` may be the memory of `field` itself."""
    for i in prange(field.shape[0]):
        for j in range(field.shape[1]):
            row = field[i, j].copy()
            for k in range(row.size):
                out[i, j, k] = diameters[row[k]]
