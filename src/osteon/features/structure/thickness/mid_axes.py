"""How far apart trabeculae are: the distance between their mid-axes, and Tb.N from it."""

import numpy as np
from numpy.typing import NDArray

from ....core import Mask
from ....core.compiled import parallel, prange
from .blocks import Slab, slabs
from .levels import levels_of
from .metric import Metric
from .ridge import ridge
from .spheres import paint
from .thickness import Thickness, checked, local_thickness

SPUR_BELOW = 0.7
"""A sphere smaller than this part of one that covers a neighbour sits on a bump of the surface."""

SLACK_VOXELS = 0.25
"""A covering sphere counts as larger from this on, so that a rough surface tears no holes."""

RIM = 2
"""Slices around a slab that its mid-axes depend on: one for bumps, one for thinning."""


def mid_axis_distance(
    bone: Mask, *, region: Mask | None = None, block: int | None = None, keep_map: bool = False
) -> Thickness:
    """Distance between the mid-axes of neighbouring trabeculae.

    It is the local thickness of everything between the mid-axes, measured to the centres of
    their voxels (Hildebrand et al. 1999, doi:10.1359/jbmr.1999.14.7.1167). See `mid_axes` for
    what these are. Plates at a distance of p voxels, normal to an axis, give p where it is even
    and p - 1 where it is odd.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        The trabeculae, with background somewhere.
    region : Mask of shape (i, j, k), optional
        Voxels over which to count. None for all.
    block : int, optional
        Slices along axis 0 to work on at once, to need less memory; changes nothing else.
    keep_map : bool
        Whether to keep the diameter of each voxel.

    Returns
    -------
    Thickness
        In mm; ``1 / mean`` is the trabecular number, in 1/mm.

    Raises
    ------
    EmptyRegion
        If there is no bone, nothing but bone, or no voxel in the region.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If the block is below 1.
    """
    between = Mask(~mid_axes(bone, block=block).values, bone.grid)
    return local_thickness(between, region=region, block=block, keep_map=keep_map)


def mid_axes(bone: Mask, *, block: int | None = None) -> Mask:
    """Mid-axes of trabeculae: surfaces in the middle of plates, lines in the middle of rods.

    A voxel is on a mid-axis if no sphere larger than its own covers it, larger by `SLACK_VOXELS`
    in radius. Bumps of the surface (`SPUR_BELOW`) are left out, and layers of two voxels, which
    lie in the middle of plates of an even number of voxels, are thinned to one.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        The trabeculae, with background somewhere.
    block : int, optional
        Slices along axis 0 to work on at once, to need less memory; changes nothing else.

    Returns
    -------
    Mask of shape (i, j, k)
        Voxels on a mid-axis.

    Raises
    ------
    EmptyRegion
        If there is no bone or nothing but bone.
    BadSetting
        If the block is below 1.
    """
    checked(bone, None, "centre")
    metric = Metric.of(bone.grid)
    axes = np.zeros(bone.grid.shape, np.bool_)
    slack = SLACK_VOXELS * float(bone.grid.spacing.min())
    for slab in slabs(bone.values, metric, block, RIM):
        part = _thinned(_largest_of_their_own(slab, metric, slack))
        skip = slab.core.start - slab.start - slab.own(RIM).start
        axes[slab.core] = part[skip : skip + slab.core.stop - slab.core.start]
        del slab
    return Mask(axes, bone.grid)


def _largest_of_their_own(slab: Slab, metric: Metric, slack_mm: float) -> NDArray[np.bool_]:
    """Voxels of the core and its rim whose own sphere is the largest that covers them."""
    levels, field = levels_of(slab.squared, metric)
    mine = slab.own(RIM)
    own = field[mine].copy()
    paint(field, ridge(field, levels, metric), levels, metric, mine)
    found = np.zeros(own.shape, np.uint8)
    _mark(own, field[mine], metric.mm(levels.squared), slack_mm, SPUR_BELOW, found)
    return found.view(np.bool_)


@parallel
def _mark(
    own: NDArray[np.int32],
    covering: NDArray[np.int32],
    radius: NDArray[np.float64],
    slack: float,
    spur_below: float,
    found: NDArray[np.uint8],
) -> None:
    ni, nj, nk = own.shape
    for i in prange(ni):
        for j in range(nj):
            for k in range(nk):
                level = own[i, j, k]
                largest = covering[i, j, k]
                if level > 0 and radius[level] + slack >= radius[largest]:
                    for x in range(max(i - 1, 0), min(i + 2, ni)):
                        for y in range(max(j - 1, 0), min(j + 2, nj)):
                            for z in range(max(k - 1, 0), min(k + 2, nk)):
                                largest = max(largest, covering[x, y, z])
                    if radius[level] >= spur_below * radius[largest]:
                        found[i, j, k] = 1


def _thinned(axes: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Without the last voxel of every run along each axis in turn, where a run has two or more.

    Always the last, so that parallel plates keep their distance.
    """
    for axis in (2, 1, 0):
        runs = np.moveaxis(axes, axis, 0)
        last = np.zeros_like(runs)
        last[1:] = runs[:-1]
        last[:-1] &= ~runs[1:]
        runs &= ~last
    return axes
