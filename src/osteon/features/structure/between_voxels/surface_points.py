"""Where the surface runs between the voxels, which way it faces, and how it is bent."""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange
from .subvoxel_field import MARGIN, Field, Point, field_at

FURTHEST = 0.75
"""A point is sought no further than this from where its lattice edge is crossed, in voxels."""

ROUNDS = 3
"""Steps towards the level; each takes the slope for constant, three leave less than 0.001 voxel."""

NEIGHBOURS = np.array(
    [(1, 0, 0), (-1, 0, 0), (0, 1, 0), (0, -1, 0), (0, 0, 1), (0, 0, -1)], np.int64
)
"""The six voxels that share a face with a voxel."""


class Lattice(NamedTuple):
    """The voxels of a phase and the surface points they know.

    Attributes
    ----------
    phase : (i, j, k) bool array
        Voxels whose thickness is asked for.
    first : (i, j, k) int32 array
        First surface point of a voxel on the surface, else -1; its others follow.
    owned : (points,) int8 array
        How many points the voxel of this point has.
    spacing : (3,) float64 array
        mm a voxel along i, j, k.
    """

    phase: NDArray[np.bool_]
    first: NDArray[np.int32]
    owned: NDArray[np.int8]
    spacing: NDArray[np.float64]


@compiled
def at(o: int, i: int, j: int, k: int, phase: NDArray[np.bool_]) -> tuple[int, int, int, int]:
    """Voxel of neighbour `o`, and 1 where it lies in the image and in the phase, 0 in the other."""
    a, b, c = i + NEIGHBOURS[o, 0], j + NEIGHBOURS[o, 1], k + NEIGHBOURS[o, 2]
    if a < 0 or b < 0 or c < 0:
        return a, b, c, -1
    if a >= phase.shape[0] or b >= phase.shape[1] or c >= phase.shape[2]:
        return a, b, c, -1
    return a, b, c, int(phase[a, b, c])


@parallel
def _counts(phase: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Crossed lattice edges of each slice, one later, to be summed up."""
    out = np.zeros(phase.shape[0] + 1, np.int64)
    for i in prange(phase.shape[0]):
        found = 0
        for j in range(phase.shape[1]):
            for k in range(phase.shape[2]):
                if phase[i, j, k]:
                    for o in range(6):
                        found += at(o, i, j, k, phase)[3] == 0
        out[i + 1] = found
    return out


@compiled
def _descend(grey: NDArray[np.float32], level: float, start: Point) -> Point:
    """Place near `start` where the smoothed values are at `level`."""
    x, y, z = start
    for _ in range(ROUNDS):
        f = field_at(grey, x, y, z)
        step = (level - f[0]) / (f[1] * f[1] + f[2] * f[2] + f[3] * f[3] + 1e-30)
        a = x + step * f[1] - start[0]
        b = y + step * f[2] - start[1]
        c = z + step * f[3] - start[2]
        away = math.sqrt(a * a + b * b + c * c)
        keep = min(1.0, FURTHEST / (away + 1e-30))
        x, y, z = start[0] + a * keep, start[1] + b * keep, start[2] + c * keep
    return x, y, z


@parallel
def _place(
    grey: NDArray[np.float32],
    level: float,
    lattice: Lattice,
    starts: NDArray[np.int64],
    places: NDArray[np.float64],
) -> None:
    """Write the points of every voxel on the surface, in voxels."""
    phase, first, owned = lattice.phase, lattice.first, lattice.owned
    for i in prange(phase.shape[0]):
        n = starts[i]
        for j in range(phase.shape[1]):
            for k in range(phase.shape[2]):
                first[i, j, k] = -1
                if not phase[i, j, k]:
                    continue
                begin = n
                here = grey[i + MARGIN, j + MARGIN, k + MARGIN]
                for o in range(6):
                    a, b, c, inside = at(o, i, j, k, phase)
                    if inside == 0:
                        there = grey[a + MARGIN, b + MARGIN, c + MARGIN]
                        t = (level - here) / (there - here) if there != here else 0.5
                        place = (i + t * (a - i), j + t * (b - j), k + t * (c - k))
                        places[n, 0], places[n, 1], places[n, 2] = _descend(grey, level, place)
                        n += 1
                if n > begin:
                    first[i, j, k] = begin
                    for q in range(begin, n):
                        owned[q] = n - begin


def place(
    grey: NDArray[np.float32],
    level: float,
    phase: NDArray[np.bool_],
    spacing: NDArray[np.float64],
) -> tuple[Lattice, NDArray[np.float64]]:
    """Points of the surface: one for each lattice edge between phase and other phase.

    Parameters
    ----------
    grey : (i + 4, j + 4, k + 4) array
        Values as from `continued`.
    level : float
        Value on the surface.
    phase : (i, j, k) bool array
        Voxels on the side asked for.
    spacing : (3,) array
        mm a voxel.

    Returns
    -------
    lattice : Lattice
        Which voxel knows which points.
    places : (points, 3) array
        Where the smoothed values are at `level`, in voxels.
    """
    starts = np.cumsum(_counts(phase))
    points = int(starts[-1])
    first = np.empty(phase.shape, np.int32)
    lattice = Lattice(phase, first, np.empty(points, np.int8), spacing)
    places = np.empty((points, 3))
    _place(grey, level, lattice, starts, places)
    return lattice, places


@compiled
def bend(f: Field, variance: NDArray[np.float64]) -> tuple[Point, float, float, float, float]:
    """Shape of a level set, with lengths measured in standard deviations of the blur.

    Returns
    -------
    normal, slope, bent, squares, skew
        Unit vector towards high values; slope along it; sum of the principal curvatures, above 0
        where the bright side is convex; sum of their squares; second slope along the normal over
        the slope.
    """
    a, b, c = math.sqrt(variance[0]), math.sqrt(variance[1]), math.sqrt(variance[2])
    x, y, z = f[1] * a, f[2] * b, f[3] * c
    slope = math.sqrt(x * x + y * y + z * z) + 1e-30
    x, y, z = x / slope, y / slope, z / slope
    xx, yy, zz = f[4] * a * a, f[5] * b * b, f[6] * c * c
    xy, xz, yz = f[7] * a * b, f[8] * a * c, f[9] * b * c
    u = xx * x + xy * y + xz * z
    v = xy * x + yy * y + yz * z
    w = xz * x + yz * y + zz * z
    along = u * x + v * y + w * z
    all_squares = xx * xx + yy * yy + zz * zz + 2.0 * (xy * xy + xz * xz + yz * yz)
    squares = all_squares - 2.0 * (u * u + v * v + w * w) + along * along
    bent = (along - xx - yy - zz) / slope
    return (x, y, z), slope, bent, squares / (slope * slope), along / slope


@parallel
def bends(
    grey: NDArray[np.float32], places: NDArray[np.float64], variance: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Of each place the slopes along i, j, k, then bent, squares and skew as in `bend`."""
    out = np.empty((places.shape[0], 6))
    for n in prange(places.shape[0]):
        f = field_at(grey, places[n, 0], places[n, 1], places[n, 2])
        _, _, bent, squares, skew = bend(f, variance)
        out[n, 0], out[n, 1], out[n, 2] = f[1], f[2], f[3]
        out[n, 3], out[n, 4], out[n, 5] = bent, squares, skew
    return out
