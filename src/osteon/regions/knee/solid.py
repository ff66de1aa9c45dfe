"""Solid bone out of a CT: a threshold, marrow filled in, the surface at half height."""

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core import Volume

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]

BONE_HU = 200.0
"""Bone is brighter after light smoothing: above cartilage and muscle with the noise of sharp
kernels, far below any cortex."""

SOFT_HU = 60.0
"""Soft tissue and cartilage around bones: the foot of the edge whose half height is the surface."""

SMOOTH_MM = 0.5
"""Width (1 SD) to which the CT is smoothed before the threshold."""

SEAL_MM = 1.8
"""Gaps in the cortex up to twice this are closed where the image cuts a shaft."""

DENSE_MM = 2.5
DENSE_HU = 170.0
"""Where the image cuts a bone, spongy bone is told by being brighter than this when smoothed to
this width (1 SD): rings that the corner of the image cuts open cannot be filled."""

THICK_MM = 2.0
"""In slices thicker than this the cortex over the joint is lost here and there, and bone is filled
slice by slice …"""

THICK_SEAL_MM = 4.0
"""… with gaps in its rings up to twice this closed."""

RIM_MM = 2.0
"""The surface at half height is looked for this deep below the surface at the threshold."""

PEAK_MM = 1.5
"""The height of an edge is the brightest voxel within this distance."""


def smoothed(ct: Volume) -> Floats:
    """The CT in HU, lightly smoothed, as float32."""
    steps = ct.grid.spacing
    sigma = np.maximum(SMOOTH_MM**2 - (0.3 * steps) ** 2, 0.0) ** 0.5 / steps
    found: Floats = ndimage.gaussian_filter(ct.values.astype(np.float32), sigma, mode="nearest")
    return found


def solid_bone(values: Floats, steps: NDArray[np.float64]) -> Bools:
    """All bone of the image with its marrow.

    A marrow cavity is what the cortex shuts in. Where the image cuts a bone, the cut face is
    filled first, so that an open shaft is shut.

    Parameters
    ----------
    values : (i, j, k) array of float32
        Lightly smoothed CT, HU.
    steps : (3,) array
        Voxel spacing, mm.

    Returns
    -------
    (i, j, k) bool array
        Solid bone.
    """
    hard = values > BONE_HU
    if steps.max() > THICK_MM:
        hard |= _rings(hard, steps)
    solid = _filled(hard, values, steps)
    return _at_half_height(solid, values, steps)


def _filled(hard: Bools, values: Floats, steps: NDArray[np.float64]) -> Bools:
    """What `hard` encloses, the faces of the image taken as shut where a ring is cut there."""
    shut = np.pad(hard, 1)
    for axis in range(3):
        across = [other for other in range(3) if other != axis]
        turns = np.maximum(np.round(SEAL_MM / steps[across].mean()), 1).astype(int)
        for end, outer in ((0, 0), (-1, -1)):
            width = DENSE_MM / steps[across]
            dense = ndimage.gaussian_filter(np.take(values, end, axis=axis), width) > DENSE_HU
            face = np.take(hard, end, axis=axis) | dense
            sealed = ndimage.binary_closing(np.pad(face, turns), iterations=int(turns))
            filled = ndimage.binary_fill_holes(sealed)[turns:-turns, turns:-turns]
            place: list[slice | int] = [slice(1, -1)] * 3
            place[axis] = outer
            shut[tuple(place)] = filled
    inside: Bools = ndimage.binary_fill_holes(shut)[1:-1, 1:-1, 1:-1]
    return inside


def _rings(hard: Bools, steps: NDArray[np.float64]) -> Bools:
    """What closed rings of cortex hold in each slice, the axis of the widest step across."""
    axis = int(steps.argmax())
    across = np.delete(steps, axis).mean()
    turns = max(int(np.round(THICK_SEAL_MM / across)), 1)
    held = np.zeros_like(hard)
    for ring, inside in zip(np.moveaxis(hard, axis, 0), np.moveaxis(held, axis, 0), strict=True):
        sealed = ndimage.binary_closing(np.pad(ring, turns, mode="edge"), iterations=turns)
        inside[:] = ndimage.binary_fill_holes(sealed)[turns:-turns, turns:-turns]
    return held


def _at_half_height(solid: Bools, values: Floats, steps: NDArray[np.float64]) -> Bools:
    """Take off the outer rim that is darker than half the cortex beside it."""
    depth = ndimage.distance_transform_edt(np.pad(solid, 1, mode="edge"), sampling=steps)
    rim = solid & (depth[1:-1, 1:-1, 1:-1] <= RIM_MM)
    size = 2 * np.maximum(np.round(PEAK_MM / steps), 1).astype(int) + 1
    peak = ndimage.maximum_filter(values, size=tuple(size))
    dark = rim & (values < (peak + SOFT_HU) / 2)
    gone = ndimage.binary_propagation(ndimage.binary_dilation(~solid) & dark, mask=dark)
    kept: Bools = solid & ~gone
    return kept
