"""The largest ball that covers each voxel, for balls that lie anywhere between the voxels."""

import math

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange

SLAB = 4
"""Slices that one thread paints at a time."""

CONSENSUS = 0.35
"""Balls of neighbouring voxels whose radii differ by less than this are averaged, in voxels."""


@parallel
def _averaged(
    voxels: NDArray[np.int32], radius: NDArray[np.float32], where: NDArray[np.int32], slack: float
) -> NDArray[np.float32]:
    """Mean radius of the balls around each that are about as large."""
    n0, n1, n2 = where.shape
    out = np.empty(radius.size, np.float32)
    for n in prange(radius.size):
        i, j, k = voxels[n, 0], voxels[n, 1], voxels[n, 2]
        total = 0.0
        found = 0
        for a in range(max(i - 1, 0), min(i + 2, n0)):
            for b in range(max(j - 1, 0), min(j + 2, n1)):
                for c in range(max(k - 1, 0), min(k + 2, n2)):
                    q = where[a, b, c]
                    if q >= 0 and abs(radius[q] - radius[n]) <= slack:
                        total += radius[q]
                        found += 1
        out[n] = total / found
    return out


def agreed(
    voxels: NDArray[np.int32], balls: NDArray[np.float32], shape: tuple[int, ...], finest: float
) -> NDArray[np.float32]:
    """Balls whose radius is the mean of those around them, so that noise does not pick the largest.

    Parameters
    ----------
    voxels : (balls, 3) array
        Voxel of each ball.
    balls : (balls, 4) array
        Centre and radius in mm.
    shape : tuple of 3 int
        Voxels of the image.
    finest : float
        Smallest side of a voxel, in mm.

    Returns
    -------
    (balls, 4) float32 array
        The same balls with their new radii.
    """
    where = np.full(shape, -1, np.int32)
    where[voxels[:, 0], voxels[:, 1], voxels[:, 2]] = np.arange(len(balls), dtype=np.int32)
    out = balls.copy()
    radius = np.ascontiguousarray(balls[:, 3])
    out[:, 3] = _averaged(voxels, radius, where, CONSENSUS * finest)
    return out


@compiled
def _span(centre: float, reach: float, step: float, voxels: int) -> tuple[int, int]:
    """First voxel within reach of a place on an axis, and the one after the last."""
    first = math.ceil((centre - reach) / step)
    last = math.floor((centre + reach) / step)
    return max(first, 0), min(last + 1, voxels)


@compiled
def _paint_slice(
    out: NDArray[np.float32],
    phase: NDArray[np.bool_],
    ball: NDArray[np.float32],
    square: float,
    spacing: NDArray[np.float64],
) -> None:
    """Paint the disc of a ball whose squared radius in this slice is `square`."""
    diameter = 2.0 * ball[3]
    begin, end = _span(ball[1], math.sqrt(square), spacing[1], out.shape[0])
    for j in range(begin, end):
        left = square - (j * spacing[1] - ball[1]) ** 2
        if left <= 0.0:
            continue
        first, last = _span(ball[2], math.sqrt(left), spacing[2], out.shape[1])
        for k in range(first, last):
            if phase[j, k] and out[j, k] < diameter:
                out[j, k] = diameter


@parallel
def _paint(
    balls: NDArray[np.float32],
    phase: NDArray[np.bool_],
    spacing: NDArray[np.float64],
    gap: float,
) -> NDArray[np.float32]:
    """Largest diameter over each voxel of the phase; 0 where no ball reaches."""
    n0 = phase.shape[0]
    out = np.zeros(phase.shape, np.float32)
    for slab in prange((n0 + SLAB - 1) // SLAB):
        for n in range(balls.shape[0]):
            square = balls[n, 3] * balls[n, 3] + gap
            begin, end = _span(balls[n, 0], math.sqrt(square), spacing[0], n0)
            for i in range(max(begin, SLAB * slab), min(end, SLAB * slab + SLAB)):
                left = square - (i * spacing[0] - balls[n, 0]) ** 2
                if left > 0.0:
                    _paint_slice(out[i], phase[i], balls[n], left, spacing)
    return out


@compiled
def _around(voxel: NDArray[np.int64], values: NDArray[np.float32]) -> float:
    """Largest value of the 26 neighbours."""
    i, j, k = voxel[0], voxel[1], voxel[2]
    most = 0.0
    for a in range(max(i - 1, 0), min(i + 2, values.shape[0])):
        for b in range(max(j - 1, 0), min(j + 2, values.shape[1])):
            for c in range(max(k - 1, 0), min(k + 2, values.shape[2])):
                most = max(most, values[a, b, c])
    return most


@compiled
def _spread(voxels: NDArray[np.int64], values: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Give each bare voxel the largest value around it; which are bare still."""
    news = np.empty(voxels.shape[0], np.float32)
    bare = np.empty(voxels.shape[0], np.bool_)
    for n in range(voxels.shape[0]):
        news[n] = _around(voxels[n], values)
    for n in range(voxels.shape[0]):
        values[voxels[n, 0], voxels[n, 1], voxels[n, 2]] = news[n]
        bare[n] = news[n] == 0.0
    return bare


def paint(
    balls: NDArray[np.float32], phase: NDArray[np.bool_], spacing: NDArray[np.float64]
) -> NDArray[np.float32]:
    """Diameter of the largest ball over each voxel of a phase.

    A ball reaches a little further than its radius r, to √(r² + d²/4) with d the diagonal of a
    voxel, because the centres of the balls are about a voxel apart. A voxel that no ball reaches,
    in a corner, takes the largest diameter of its neighbours.

    Parameters
    ----------
    balls : (balls, 4) array
        Centre along i, j, k and radius, in mm.
    phase : (i, j, k) bool array
        Voxels to paint.
    spacing : (3,) array
        mm a voxel.

    Returns
    -------
    (i, j, k) float32 array
        mm; 0 out of the phase, and in pieces of it that no ball touches.
    """
    out = _paint(balls, phase, spacing, float((spacing**2).sum()) / 4)
    bare = np.argwhere(phase & (out == 0))
    left = len(bare) + 1
    while 0 < len(bare) < left:
        left = len(bare)
        bare = bare[_spread(bare, out)]
    return out
