"""Surfaces finer than voxels: signed distances in mm, negative inside."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Box, Grid, Mask, Volume, resample
from .nearest import nearest_outside

FAR_MM = 50.0
"""Distance given to places that nothing is known of."""

MARGIN_MM = 9.0
"""How far around a structure distances are worked out."""

SMOOTH_MM = 1.5
"""Width (1 SD) to which a surface is smoothed: the stairs of 2.5 mm slices and of labels that
were resampled disappear, walls and endplates stay where they are."""

SMOOTH_VOXELS = 1.0
"""Width (1 SD) to which a surface is smoothed along each axis of the image first, in voxels:
steps are as large as voxels."""

Distances = NDArray[np.float64]


def extended(mask: Mask, known: Mask) -> Mask:
    """The box around a structure, continued straight on where nothing is known.

    Parameters
    ----------
    mask : Mask of shape (i, j, k)
        A structure.
    known : Mask of shape (i, j, k)
        Where the scan has image; beyond it, and beyond the grid, the structure goes on as it
        was at the nearest place known.

    Returns
    -------
    Mask
        On a grid with the lattice of `mask` that may reach beyond it.
    """
    margin = np.ceil(MARGIN_MM / mask.grid.spacing).astype(int)
    sides = [np.flatnonzero(mask.values.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
    start = np.array([side[0] for side in sides]) - margin
    stop = np.array([side[-1] + 1 for side in sides]) + margin
    low, high = np.maximum(start, 0), np.minimum(stop, mask.grid.shape)
    inner = tuple(slice(a, b) for a, b in zip(low, high, strict=True))
    pad = list(zip(low - start, stop - high, strict=True))
    box = np.pad(mask.values[inner], pad)
    there = np.pad(known.values[inner], pad)
    if not there.all():
        nearest = nearest_outside(~there, mask.grid.spacing)
        box = box[tuple(nearest)]
    return Mask(box, mask.grid.crop(start, stop))


def signed_distance(mask: Mask) -> Volume:
    """Signed distance to the surface of a mask, which runs halfway between voxel centres.

    It is smoothed by SMOOTH_VOXELS, so that the steps of coarse slices do not depend on how the
    slices lie to the surface.

    Parameters
    ----------
    mask : Mask of shape (i, j, k)
        Not all true and not all false.

    Returns
    -------
    Volume
        In mm, negative inside, float32.
    """
    steps = mask.grid.spacing
    values = np.zeros(mask.grid.shape)
    for inside, sign in ((mask.values, -1.0), (~mask.values, 1.0)):
        away = _away(inside, steps)
        length = np.sqrt((away**2).sum(axis=0))
        # Half the distance between voxel centres in the direction of the surface.
        half = 0.5 * np.sqrt(((away * steps[:, None]) ** 2).sum(axis=0)) / length
        values[inside] = sign * (length - half)
    smooth = ndimage.gaussian_filter(values, SMOOTH_VOXELS, mode="nearest")
    return Volume(smooth.astype(np.float32), mask.grid, "mm")


def _away(inside: NDArray[np.bool_], steps: NDArray[np.float64]) -> Distances:
    """Vectors in mm from each voxel inside to the nearest voxel outside, (3, n)."""
    nearest = nearest_outside(inside, steps)
    here = np.nonzero(inside)
    vectors = [
        (there[here] - own) * step for there, own, step in zip(nearest, here, steps, strict=True)
    ]
    return np.array(vectors, dtype=np.float64)


def seen_along(solid: Volume, grid: Grid) -> Distances:
    """Signed distances on another grid, smoothed."""
    values = resample(solid, onto=grid, outside=FAR_MM).values
    smooth: Distances = ndimage.gaussian_filter(
        np.minimum(values, MARGIN_MM).astype(np.float64), SMOOTH_MM / grid.spacing
    )
    return smooth


def depth_inside(surface: Distances, steps: NDArray[np.float64]) -> Distances:
    """Distance from every place inside to a surface; 0 outside.

    The distance to the nearest voxel outside is shortened by how far that voxel lies from the
    surface, which makes it right to a fraction of a voxel.

    Parameters
    ----------
    surface : (i, j, k) array
        Signed distance in mm, negative inside; only its values next to the surface matter.
    steps : (3,) array
        Side of a voxel along each axis, in mm; other than in `surface` where distances along
        an axis are to count for more or less.

    Returns
    -------
    (i, j, k) array
        In the units of `steps`, at least 0.
    """
    depth = np.zeros_like(surface)
    inside = surface < 0
    if not inside.any():
        return depth
    # The nearest voxel outside lies beside the box of what is inside, and distances take time.
    box = _with_border(inside)
    near, depths = surface[box], depth[box]
    inside = inside[box]
    nearest = nearest_outside(inside, steps)
    here = np.nonzero(inside)
    there = tuple(axis[here] for axis in nearest)
    steps_to = np.array([a - b for a, b in zip(there, here, strict=True)], dtype=np.float64)
    length = np.sqrt(((steps_to * steps[:, None]) ** 2).sum(axis=0))
    shrunk = length / np.sqrt((steps_to**2).sum(axis=0))
    depths[here] = np.maximum(length - shrunk * np.clip(near[there], 0.0, 1.5), 0.0)
    return depth


def _with_border(inside: NDArray[np.bool_]) -> Box:
    """Box of what is inside, and a voxel around it where the image goes on."""
    sides = [np.flatnonzero(inside.any(axis=other)) for other in ((1, 2), (0, 2), (0, 1))]
    i, j, k = (
        slice(max(int(side[0]) - 1, 0), min(int(side[-1]) + 2, n))
        for side, n in zip(sides, inside.shape, strict=True)
    )
    return i, j, k
