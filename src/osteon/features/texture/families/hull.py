"""The convex hull of a region's surface, and boxes and ellipsoids around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist
from scipy.spatial.transform import Rotation

from ....core.compiled import compiled

Floats = NDArray[np.float64]

LARGEST_TURN = np.sqrt(2.0) - 1.0
"""Length of each part of a turn's Rodrigues vector beyond which a box looks turned back."""

MOST_STEPS = 100_000
"""Steps after which the search for the smallest ellipsoid stops in any case."""

FINEST_TURN = 1e-4
"""Where the search for the smallest box ends; the tangent of half an angle."""


@dataclass(frozen=True, eq=False)
class Hull:
    """A convex hull in mm.

    Attributes
    ----------
    points : (n, 3) float64 array
        Its corners.
    volume, area : float
        In mm³ and mm².
    """

    points: Floats
    volume: float
    area: float

    @property
    def diameter(self) -> float:
        """Largest distance of two corners in mm."""
        return float(pdist(self.points).max())


def convex_hull(inside: NDArray[np.bool_], spacing: Floats) -> Hull:
    """Hull of the marching cubes surface of a mask.

    The surface lies half a voxel off the centres of border voxels, along the axes: its hull is
    that of the centres with an octahedron of half a voxel around each.

    Parameters
    ----------
    inside : (i, j, k) bool array
        The region, with at least one voxel.
    spacing : (3,) float64 array
        Voxel size in mm.

    Returns
    -------
    Hull
        In mm, from the centre of voxel (0, 0, 0).
    """
    kept = inside
    for axis in range(3):
        moved = np.ascontiguousarray(np.moveaxis(inside, axis, 0))
        kept = kept & np.moveaxis(_corners(moved), 0, axis)
    padded, centres = np.pad(inside, 1), np.argwhere(kept)
    beside = np.concatenate([np.eye(3, dtype=np.int64), -np.eye(3, dtype=np.int64)])
    # between two voxels of the region there is no surface
    around = centres[:, None, :] + beside + 1
    open_side = ~padded[tuple(np.moveaxis(around, -1, 0))]
    points = (centres[:, None, :] + beside / 2)[open_side] * spacing
    hull = ConvexHull(points)
    return Hull(points[hull.vertices], float(hull.volume), float(hull.area))


@compiled
def _corners(inside: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Corners of the convex hull of each plane of a mask."""
    planes, rows, columns = inside.shape
    kept = np.zeros((planes, rows, columns), np.bool_)
    chain = np.empty((rows, 2), np.int64)
    for plane in range(planes):
        for side in (1, -1):
            many = 0
            for row in range(rows):
                at = -1
                for step in range(columns):
                    column = step if side > 0 else columns - 1 - step
                    if inside[plane, row, column]:
                        at = column
                        break
                if at < 0:
                    continue
                while many > 1:
                    rise = (chain[many - 1, 1] - chain[many - 2, 1]) * (row - chain[many - 2, 0])
                    need = (at - chain[many - 2, 1]) * (chain[many - 1, 0] - chain[many - 2, 0])
                    if side * (rise - need) < 0:
                        break
                    many -= 1
                chain[many, 0], chain[many, 1] = row, at
                many += 1
            for corner in range(many):
                kept[plane, chain[corner, 0], chain[corner, 1]] = True
    return kept


def smallest_box(hull: Hull) -> Floats:
    """Sides in mm of the smallest box around a hull, in any direction, (3,).

    The standard does not say how to search (IBSI 1, section 3.1). Here 7³ turns, spread over all
    that differ for a box, are tried; from the best three the search goes on in ever smaller turns.
    """
    step = 2.0 * LARGEST_TURN / 7
    turns = _turns((np.arange(7) - 3) * step)
    centred = hull.points - hull.points.mean(axis=0)
    sides = _sides(centred, turns)
    best = turns[np.argsort(sides.prod(axis=1), kind="stable")[:3]]
    while step > FINEST_TURN:
        step /= 2
        tried = _turns(np.array([-step, 0.0, step])) @ best[:, None]
        sides = _sides(centred, tried)
        volumes = sides.prod(axis=1).reshape(len(best), -1)
        best = tried[np.arange(len(best)), volumes.argmin(axis=1)]
    return np.asarray(sides[volumes.argmin()])


def _turns(along: Floats) -> Floats:
    """Matrices of the turns whose Rodrigues vector lies on a grid, (n³, 3, 3)."""
    vectors = np.stack(np.meshgrid(along, along, along, indexing="ij"), axis=-1).reshape(-1, 3)
    turns = Rotation.from_quat(np.column_stack([vectors, np.ones(len(vectors))]))
    return np.asarray(turns.as_matrix())


def _sides(points: Floats, turns: Floats) -> Floats:
    """Sides of the box around the points along the axes of each of t turns, (t, 3)."""
    axes = np.ascontiguousarray(turns.reshape(-1, 3).T)
    return np.asarray(_widths(points, axes).reshape(-1, 3))


@compiled
def _widths(points: Floats, axes: Floats) -> Floats:
    """How far the points reach along each of n directions, (3, n), from end to end, (n,).

    A matrix product would do, but its threads wait for each other: on a machine that has other
    work to do, fifty times as long.
    """
    x, y, z = axes[0], axes[1], axes[2]
    low, high = np.full(x.size, np.inf), np.full(x.size, -np.inf)
    for point in points:
        for n in range(x.size):
            along = point[0] * x[n] + point[1] * y[n] + point[2] * z[n]
            low[n] = min(low[n], along)
            high[n] = max(high[n], along)
    return high - low


def smallest_ellipsoid(hull: Hull, tolerance: float = 1e-3) -> Floats:
    """Semi-axes in mm of the smallest ellipsoid around a hull, (3,), largest first.

    By Khachiyan's algorithm (Todd & Yildirim 2007, doi:10.1016/j.dam.2007.02.013), until no
    corner lies further out than `tolerance` of the ellipsoid.
    """
    size = float(np.abs(hull.points - hull.points.mean(axis=0)).max())
    centred = (hull.points - hull.points.mean(axis=0)) / size
    weights = _khachiyan(centred, tolerance)
    centre = weights @ centred
    spread = (centred * weights[:, None]).T @ centred - np.outer(centre, centre)
    return np.asarray(size * np.sqrt(3.0 * np.linalg.eigvalsh(spread)[::-1]))


@compiled
def _khachiyan(points: Floats, tolerance: float) -> Floats:
    """Weights of points whose moments are those of the smallest ellipsoid around them."""
    many = points.shape[0]
    x, y, z = points[:, 0].copy(), points[:, 1].copy(), points[:, 2].copy()
    q = np.ones((many, 4))
    q[:, :3] = points
    weights = np.full(many, 1.0 / many)
    inverse = np.linalg.inv(np.dot(np.ascontiguousarray(q.T), q) / many)
    distance = (np.dot(q, inverse) * q).sum(axis=1)
    # above 0 the bits of numbers, read as whole ones, have their order, and compare faster
    bits = distance.view(np.int64)
    for _ in range(MOST_STEPS):
        most, far = bits[0], 0
        for n in range(many):
            most = max(most, bits[n])
        while bits[far] != most:
            far += 1
        if distance[far] <= 4.0 * (1.0 + tolerance):
            break
        # the inverse and the distances follow from the old ones, as one weight changes
        step = (distance[far] / 4.0 - 1.0) / (distance[far] - 1.0)
        part = step / (1.0 - step + step * distance[far])
        towards = (inverse * q[far]).sum(axis=1)
        a, b, c, d = towards[0], towards[1], towards[2], towards[3]
        grown = 1.0 / (1.0 - step)
        for i in range(4):
            for j in range(4):
                inverse[i, j] = (inverse[i, j] - part * towards[i] * towards[j]) * grown
        for n in range(many):
            along = x[n] * a + y[n] * b + z[n] * c + d
            distance[n] = (distance[n] - part * along * along) * grown
        weights *= 1.0 - step
        weights[far] += step
    return weights
