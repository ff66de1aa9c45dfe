"""The bone to be drawn: cut to the measured region and thinned out to what a picture can show."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Grid, Mask, Volume

LARGEST = 256
"""Voxels along the longest side above which a block is thinned out."""

SPARE = 0.25
"""Share of `LARGEST` by which a block may exceed it before the next step is taken."""

FULL = 255
"""Share of bone of a voxel that is all bone."""

SMOOTH = 1.0
"""SD in voxels of the Gaussian whose slope is the direction in which a surface looks."""


@dataclass(frozen=True, eq=False)
class BoneBlock:
    """Bone of one box of voxels, with one layer of nothing around it.

    Attributes
    ----------
    solid : (i, j, k) uint8 array
        Share of bone of each voxel, 0 to `FULL`.
    smooth : (i, j, k) float32 array
        The same, smoothed.
    thickness : (i, j, k) float32 array
        Local thickness in mm; 0 outside bone.
    grid : Grid
        Where these voxels lie.
    box : Grid
        The voxels of the image within the box, before they were thinned out.
    """

    solid: NDArray[np.uint8]
    smooth: NDArray[np.float32]
    thickness: NDArray[np.float32]
    grid: Grid
    box: Grid

    @property
    def corners(self) -> NDArray[np.float64]:
        """World LPS mm of the outer corners of the box, (8, 3), in the order of `product`."""
        return self.box.to_world(list(product(*[(-0.5, n - 0.5) for n in self.box.shape])))


def bounding_box(values: NDArray[Any]) -> tuple[slice, slice, slice] | None:
    """Smallest box that holds all that is not 0; None where all is."""
    cuts = []
    for axis in range(3):
        others = tuple(a for a in range(3) if a != axis)
        used = np.flatnonzero(values.any(axis=others))
        if not len(used):
            return None
        cuts.append(slice(int(used[0]), int(used[-1]) + 1))
    return cuts[0], cuts[1], cuts[2]


def bone_block(
    bone: Mask, thickness: Volume | None, region: Mask | None = None
) -> BoneBlock | None:
    """Bone within `region` ready to be drawn; None where there is none.

    Parameters
    ----------
    bone : Mask
        Bone voxels.
    thickness : Volume or None
        Local thickness in mm on the grid of `bone`, 0 outside bone; None is 1 everywhere.
    region : Mask, optional
        What was measured, on the same grid; all where None.

    Returns
    -------
    BoneBlock or None
        Shares of bone in voxels at most about 1.25 times `LARGEST` a side.
    """
    values = bone.values if region is None else bone.values & region.values
    box = bounding_box(values)
    if box is None:
        return None
    inside, grid = values[box], bone.grid.part(box)
    steps = _steps(grid)
    spacing = grid.spacing * steps
    first = grid.to_world((steps - 1) / 2 - steps)  # the layer of nothing begins one step before
    solid = np.pad(_share(inside, steps), 1)
    i, j, k = solid.shape
    local = inside if thickness is None else thickness.values[box]
    return BoneBlock(
        solid=solid,
        smooth=ndimage.gaussian_filter(solid, SMOOTH, output=np.float32, mode="constant"),
        thickness=np.pad(_largest(local, inside, steps), 1),
        grid=Grid((i, j, k), first, grid.direction, spacing),
        box=grid,
    )


def _steps(grid: Grid) -> NDArray[np.int64]:
    """Voxels along each axis that become one."""
    finest = float((np.array(grid.shape) * grid.spacing).max()) / LARGEST
    return np.maximum(np.ceil(finest / grid.spacing - SPARE), 1).astype(np.int64)


def _parts(steps: NDArray[np.int64]) -> list[tuple[slice, slice, slice]]:
    """Every `steps`-th voxel, from each start that gives others."""
    starts = product(*[range(int(step)) for step in steps])
    return [tuple(slice(s, None, int(n)) for s, n in zip(at, steps, strict=True)) for at in starts]  # type: ignore[misc]


def _share(inside: NDArray[np.bool_], steps: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Share of bone of each block of voxels; blocks cut by the end count what they have."""
    shape = _thinned(inside.shape, steps)
    total, count = np.zeros(shape, np.uint32), np.zeros(shape, np.uint32)
    for part in _parts(steps):
        cut = inside[part]
        here = tuple(slice(0, n) for n in cut.shape)
        total[here] += cut
        count[here] += 1
    return (total * FULL // count).astype(np.uint8)


def _largest(
    values: NDArray[Any], inside: NDArray[np.bool_], steps: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Largest value inside of each block of voxels."""
    largest = np.zeros(_thinned(values.shape, steps), np.float32)
    for part in _parts(steps):
        cut, wanted = values[part], inside[part]
        here = tuple(slice(0, n) for n in cut.shape)
        np.maximum(largest[here], cut, out=largest[here], where=wanted, casting="unsafe")
    return largest


def _thinned(shape: Sequence[int], steps: NDArray[np.int64]) -> tuple[int, ...]:
    return tuple(-(-n // int(step)) for n, step in zip(shape, steps, strict=True))
