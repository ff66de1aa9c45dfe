"""Signed distance to the surface of a binary solid on a lattice of cubes."""

import numpy as np
from numpy.typing import NDArray

from ...core.compiled import parallel, prange

FAR = 1e9
"""Squared distance, in voxels, before a surface was met."""


def signed_distance(solid: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Distance to the nearest voxel of the other phase, in voxels, less the half to its face.

    Parameters
    ----------
    solid : (i, j, k) bool array
        Some True and some False.

    Returns
    -------
    (i, j, k) array of float32
        Positive in the solid, negative outside, exact between voxel centres.
    """
    squared = np.full(solid.shape, FAR, np.float32)
    phase = np.ascontiguousarray(solid).view(np.uint8)
    for axis in range(3):
        turned = np.ascontiguousarray(np.moveaxis(squared, axis, 2))
        out = np.empty_like(turned)
        _along(np.ascontiguousarray(np.moveaxis(phase, axis, 2)), turned, out)
        squared = np.moveaxis(out, 2, axis)
    length = np.sqrt(np.ascontiguousarray(squared)) - np.float32(0.5)
    return np.where(solid, length, -length)


@parallel
def _along(phase: NDArray[np.uint8], near: NDArray[np.float32], out: NDArray[np.float32]) -> None:
    """Squared distance with axis k added; looks no further than the best found so far."""
    ni, nj, nk = phase.shape
    for i in prange(ni):
        for j in range(nj):
            for k in range(nk):
                own = phase[i, j, k]
                best = near[i, j, k]
                step = 1
                while step < nk and step * step < best:
                    for other in (k - step, k + step):
                        if 0 <= other < nk:
                            far = np.float32(step * step)
                            if phase[i, j, other] == own:
                                far += near[i, j, other]
                            best = min(best, far)
                    step += 1
                out[i, j, k] = best
