"""From the level set of a blurred image to the surface that was there before the blur.

Blur moves the surface of a rod or ball inwards by half the variance of the blur times the sum of
its principal curvatures, and that of a hole likewise. Averaging over a voxel moves a plane that is
nearly parallel to the lattice to and fro by up to 0.04 voxel, which shows in the second slope.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange
from .subvoxel_field import SPLINE_VARIANCE, VOXEL_VARIANCE
from .surface_points import Lattice, bends

SECOND_ORDER = 0.065
"""What the next term takes off the shift, from the exact level sets of blurred rods and balls."""

MOST_BENT = 1.6
"""Largest sum of curvatures that is believed, per standard deviation of the blur."""

MOST_SKEWED = 0.5
"""Largest second slope over slope that is believed, per standard deviation of the blur."""

SMOOTH_FROM = 0.25
"""Variance of the scanner's blur, in voxels², above which voxels sample an edge without error."""

SAME_SIDE = 0.5
"""Points are averaged where the cosine of the angle between their normals is above this."""


class Surface(NamedTuple):
    """Points of the corrected surface.

    Attributes
    ----------
    position : (points, 3) float32 array
        mm along i, j, k from the centre of the first voxel.
    normal : (points, 3) float32 array
        Unit vector into the phase.
    bent : (points,) float32 array
        Sum of the principal curvatures, above 0 where the phase is convex, per standard
        deviation of the blur.
    """

    position: NDArray[np.float32]
    normal: NDArray[np.float32]
    bent: NDArray[np.float32]


@compiled
def dot(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Inner product of two vectors of three."""
    return float(a[0] * b[0] + a[1] * b[1] + a[2] * b[2])


@compiled
def _mean_of(
    n: int,
    centre: tuple[int, int, int],
    lattice: Lattice,
    normal: NDArray[np.float32],
    shape: NDArray[np.float64],
) -> tuple[float, float]:
    """Mean curvature and skew of the points around point `n` that face the same way."""
    i, j, k = centre
    first = lattice.first
    bent = skew = 0.0
    found = 0
    for a in range(max(i - 1, 0), min(i + 2, first.shape[0])):
        for b in range(max(j - 1, 0), min(j + 2, first.shape[1])):
            for c in range(max(k - 1, 0), min(k + 2, first.shape[2])):
                begin = first[a, b, c]
                if begin < 0:
                    continue
                for q in range(begin, begin + lattice.owned[begin]):
                    if dot(normal[n], normal[q]) > SAME_SIDE:
                        bent += min(max(shape[q, 3], -MOST_BENT), MOST_BENT)
                        skew += min(max(shape[q, 5], -MOST_SKEWED), MOST_SKEWED)
                        found += 1
    return bent / found, skew / found


@parallel
def _smooth(
    lattice: Lattice, normal: NDArray[np.float32], shape: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Curvature and skew of each point, averaged over its neighbourhood."""
    first = lattice.first
    out = np.empty((shape.shape[0], 2))
    for i in prange(first.shape[0]):
        for j in range(first.shape[1]):
            for k in range(first.shape[2]):
                begin = first[i, j, k]
                if begin < 0:
                    continue
                for n in range(begin, begin + lattice.owned[begin]):
                    out[n, 0], out[n, 1] = _mean_of(n, (i, j, k), lattice, normal, shape)
    return out


def corrected(
    grey: NDArray[np.float32],
    places: NDArray[np.float64],
    variance: NDArray[np.float64],
    lattice: Lattice,
    bright: bool,
) -> Surface:
    """Points of the surface as it was before the blur.

    Parameters
    ----------
    grey : (i + 4, j + 4, k + 4) array
        Values as from `continued`.
    places : (points, 3) array
        Where they are at the threshold, in voxels.
    variance : (3,) array
        Variance of the blur along i, j, k, in voxels².
    lattice : Lattice
        Which voxel knows which points.
    bright : bool
        Whether the phase is the one above the threshold.

    Returns
    -------
    Surface
        The same points, moved along their normals.
    """
    shape = bends(grey, places, variance)
    inward = (1.0 if bright else -1.0) * shape[:, :3] / lattice.spacing
    inward /= np.linalg.norm(inward, axis=1)[:, None] + 1e-30
    normal = inward.astype(np.float32)
    bent, skew = _smooth(lattice, normal, shape).T
    scanner = float(variance.mean()) - SPLINE_VARIANCE - VOXEL_VARIANCE
    sampled = 1.0 - min(max(scanner / SMOOTH_FROM, 0.0), 1.0)
    shift = 0.5 * (bent / (1 + SECOND_ORDER * bent**2) + sampled * skew)
    direction = shape[:, :3] * variance
    length = np.sqrt((shape[:, :3] * direction).sum(1)) + 1e-30
    moved = places - direction * (shift / length)[:, None]
    position = (moved * lattice.spacing).astype(np.float32)
    return Surface(position, normal, (bent if bright else -bent).astype(np.float32))
