"""Balls that fill a phase, each touching opposite sides of the surface around a voxel."""

import math

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange
from .ball_fit import OFF_NORMAL, OPPOSITE, Ball, fitted
from .surface_correction import Surface, dot
from .surface_points import Lattice, at

OFF_FOOT = 0.5
"""By about how much the point nearest to a voxel is off sideways, in voxels."""

MOST_POINTS = 27 * 6
"""A voxel and its 26 neighbours know at most this many points."""

NEAR = 0.75
"""The centre lies no further from its voxel than this part of the voxel's diagonal."""

SHALLOW = 0.5
"""A voxel less deep than this takes its value from its neighbours, in voxels."""

SMALLEST = 0.25
"""Balls of a smaller radius are noise, in voxels."""

INSIDE = 0.25
"""A ball that sticks out of its neighbour by less than this is left out, in voxels."""

BALL_VALUES = 4
"""A ball is its centre along i, j, k and its radius, all in mm; radius 0 is none."""


@compiled
def _turns(
    i: int, j: int, k: int, lattice: Lattice, near: NDArray[np.int32], normal: NDArray[np.float32]
) -> bool:
    """Whether opposite sides of the surface meet at a voxel."""
    own = normal[near[i, j, k]]
    for o in range(6):
        a, b, c, inside = at(o, i, j, k, lattice.phase)
        if inside == 1 and dot(own, normal[near[a, b, c]]) <= OPPOSITE:
            return True
    begin = lattice.first[i, j, k]
    if begin >= 0:
        for n in range(begin, begin + lattice.owned[begin]):
            if dot(own, normal[n]) <= OPPOSITE:
                return True
    return False


@compiled
def _add(n: int, names: NDArray[np.int64], found: int) -> int:
    """Put a point on the list unless it is there already; the length of the list."""
    for q in range(found):
        if names[q] == n:
            return found
    names[found] = n
    return found + 1


@compiled
def _face(
    voxel: tuple[int, int, int],
    n: int,
    surface: Surface,
    spacing: NDArray[np.float64],
    out: NDArray[np.float32],
) -> None:
    """Write the normal at point `n`, which is the nearest one to a voxel.

    The direction from the point to the voxel is a normal, too: the better one, the further away
    the voxel is, because the point is wrong by no more than a part of a voxel.
    """
    place, normal = surface.position[n], surface.normal[n]
    x = voxel[0] * spacing[0] - place[0]
    y = voxel[1] * spacing[1] - place[1]
    z = voxel[2] * spacing[2] - place[2]
    far = math.sqrt(x * x + y * y + z * z) + 1e-30
    side = (spacing[0] * spacing[1] * spacing[2]) ** (1.0 / 3.0)
    share = (far * OFF_NORMAL / (OFF_FOOT * side)) ** 2 / far
    if normal[0] * x + normal[1] * y + normal[2] * z < 0.5 * far:
        share = 0.0
    x, y, z = normal[0] + share * x, normal[1] + share * y, normal[2] + share * z
    length = math.sqrt(x * x + y * y + z * z) + 1e-30
    out[0], out[1], out[2] = x / length, y / length, z / length


@compiled
def _gather(
    voxel: tuple[int, int, int],
    lattice: Lattice,
    surface: Surface,
    near: NDArray[np.int32],
    lists: tuple[NDArray[np.int64], NDArray[np.float32]],
) -> int:
    """List the points nearest to a voxel and its neighbours; all points of those on the surface."""
    i, j, k = voxel
    names, normals = lists
    found = 0
    for a in range(max(i - 1, 0), min(i + 2, near.shape[0])):
        for b in range(max(j - 1, 0), min(j + 2, near.shape[1])):
            for c in range(max(k - 1, 0), min(k + 2, near.shape[2])):
                if near[a, b, c] < 0:
                    continue
                begin = lattice.first[a, b, c]
                end = begin + lattice.owned[begin] if begin >= 0 else 0
                if begin < 0:
                    begin = near[a, b, c]
                    end = begin + 1
                for n in range(begin, end):
                    before = found
                    found = _add(n, names, found)
                    if found > before:
                        _face((a, b, c), n, surface, lattice.spacing, normals[before])
    return found


@compiled
def _ball(
    voxel: tuple[int, int, int],
    lattice: Lattice,
    surface: Surface,
    near: NDArray[np.int32],
    scale: NDArray[np.float64],
) -> Ball:
    """Ball that touches opposite sides around a voxel; radius 0 where there is none."""
    h = lattice.spacing
    names = np.empty(MOST_POINTS, np.int64)
    normals = np.empty((MOST_POINTS, 3), np.float32)
    found = _gather(voxel, lattice, surface, near, (names, normals))
    ball = fitted(surface, names[:found], normals[:found], h.min(), scale)
    reach = NEAR * math.sqrt(h[0] * h[0] + h[1] * h[1] + h[2] * h[2])
    away = 0.0
    for a in range(3):
        place = ball[a] / h[a]
        away += (ball[a] - voxel[a] * h[a]) ** 2
        if place < -0.5 or place > near.shape[a] - 0.5:
            return 0.0, 0.0, 0.0, 0.0
    if away > reach * reach:
        return 0.0, 0.0, 0.0, 0.0
    return ball


@parallel
def _depths(
    near: NDArray[np.int32], surface: Surface, spacing: NDArray[np.float64]
) -> NDArray[np.float32]:
    """How far each voxel lies behind the tangent plane at its nearest point, in mm; 0 outside."""
    out = np.zeros(near.shape, np.float32)
    for i in prange(near.shape[0]):
        for j in range(near.shape[1]):
            for k in range(near.shape[2]):
                n = near[i, j, k]
                if n < 0:
                    continue
                place, normal = surface.position[n], surface.normal[n]
                x, y, z = i * spacing[0], j * spacing[1], k * spacing[2]
                x, y, z = x - place[0], y - place[1], z - place[2]
                far = math.sqrt(x * x + y * y + z * z)
                depth = normal[0] * x + normal[1] * y + normal[2] * z
                # a point that is not seen straight on tells no more than how far away it is
                out[i, j, k] = depth if depth > 0.8 * far else far
    return out


@compiled
def _deepest(
    i: int, j: int, k: int, depth: NDArray[np.float32], spacing: NDArray[np.float64]
) -> bool:
    """Whether no neighbour's ball holds nearly all of the ball around a voxel."""
    n0, n1, n2 = depth.shape
    least = depth[i, j, k] - INSIDE * spacing.min()
    for a in range(max(i - 1, 0), min(i + 2, n0)):
        for b in range(max(j - 1, 0), min(j + 2, n1)):
            for c in range(max(k - 1, 0), min(k + 2, n2)):
                if depth[a, b, c] <= depth[i, j, k]:
                    continue
                x, y, z = (a - i) * spacing[0], (b - j) * spacing[1], (c - k) * spacing[2]
                if depth[a, b, c] >= least + math.sqrt(x * x + y * y + z * z):
                    return False
    return True


@parallel
def _ridge(
    lattice: Lattice,
    normal: NDArray[np.float32],
    near: NDArray[np.int32],
    depth: NDArray[np.float32],
) -> NDArray[np.bool_]:
    """Voxels where opposite sides meet, or that lie deeper than all around them."""
    n0, n1, n2 = near.shape
    spacing = lattice.spacing
    out = np.zeros(near.shape, np.bool_)
    for i in prange(n0):
        for j in range(n1):
            for k in range(n2):
                if near[i, j, k] >= 0:
                    out[i, j, k] = _deepest(i, j, k, depth, spacing) or _turns(
                        i, j, k, lattice, near, normal
                    )
    return out


@parallel
def _balls(
    voxels: NDArray[np.int32],
    lattice: Lattice,
    surface: Surface,
    near: NDArray[np.int32],
    scale: NDArray[np.float64],
) -> NDArray[np.float32]:
    """Ball of each voxel of the list; radius 0 where none touches opposite sides."""
    out = np.zeros((voxels.shape[0], BALL_VALUES), np.float32)
    for n in prange(voxels.shape[0]):
        voxel = (voxels[n, 0], voxels[n, 1], voxels[n, 2])
        ball = _ball(voxel, lattice, surface, near, scale)
        out[n, 0], out[n, 1], out[n, 2], out[n, 3] = ball[0], ball[1], ball[2], ball[3]
    return out


def tangent_balls(
    lattice: Lattice, surface: Surface, near: NDArray[np.int32], variance: NDArray[np.float64]
) -> tuple[NDArray[np.int32], NDArray[np.float32], NDArray[np.float32]]:
    """Balls that fill a phase: those that touch opposite sides, and the largest around voxels.

    Parameters
    ----------
    lattice : Lattice
        Voxels and the points they know.
    surface : Surface
        Points of the surface.
    near : (i, j, k) array
        Point nearest to each voxel, from `nearest_points`.
    variance : (3,) array
        Variance of the blur along i, j, k, in voxels².

    Returns
    -------
    voxels : (tangent, 3) int32 array
        Voxel in which opposite sides meet.
    tangent : (tangent, 4) float32 array
        Balls that touch there: centre along i, j, k and radius, in mm.
    central : (others, 4) float32 array
        Balls around voxels that lie deeper than those around them, where no ball was found that
        touches opposite sides: where many faces meet, and where the image ends.
    """
    scale = np.sqrt(variance) * lattice.spacing
    depth = _depths(near, surface, lattice.spacing)
    voxels = np.argwhere(_ridge(lattice, surface.normal, near, depth)).astype(np.int32)
    balls = _balls(voxels, lattice, surface, near, scale)
    there = balls[:, 3] > SMALLEST * lattice.spacing.min()
    others = voxels[~there]
    others = others[depth[tuple(others.T)] > SHALLOW * lattice.spacing.min()]
    central = np.empty((len(others), BALL_VALUES), np.float32)
    central[:, :3] = others * lattice.spacing
    central[:, 3] = depth[tuple(others.T)]
    return voxels[there], balls[there], central
