"""The convex hull of a region's surface, and boxes and ellipsoids around it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import ConvexHull
from scipy.spatial.distance import pdist

from ....core.compiled import compiled

Floats = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Hull:
    """A convex hull in mm.

    Attributes
    ----------
    points : (n, 3) float64 array
        Its corners.
    normals : (f, 3) float64 array
        Directions of its faces.
    volume, area : float
        In mm³ and mm².
    """

    points: Floats
    normals: Floats
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
    centres = np.argwhere(kept)
    offsets = np.concatenate([np.eye(3), -np.eye(3)]) / 2
    points = ((centres[:, None, :] + offsets).reshape(-1, 3)) * spacing
    hull = ConvexHull(points)
    normals = np.unique(np.round(hull.equations[:, :3], 9), axis=0)
    return Hull(points[hull.vertices], normals, float(hull.volume), float(hull.area))


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
    """Sides in mm of the smallest box found around a hull, (3,).

    One face of the box lies in a face of the hull and one edge along an edge of the box's
    neighbours: of all boxes with a side in a face of the hull, turned to each corner's edge, the
    smallest. The standard does not say how to search (IBSI 1, section 3.1).
    """
    return np.asarray(_smallest_box(hull.points - hull.points.mean(axis=0), hull.normals))


@compiled
def _smallest_box(points: Floats, normals: Floats) -> Floats:
    """Of boxes with one side along a face, the smallest over 90 turns about its normal."""
    best, sides = np.inf, np.zeros(3)
    turned = np.empty((2, points.shape[0]))
    for normal in normals:
        axis = np.argmin(np.abs(normal))
        first = np.zeros(3)
        first[axis] = 1.0
        first = first - normal * normal[axis]
        first /= np.sqrt((first**2).sum())
        second = np.cross(normal, first)
        depth = points @ normal
        height = depth.max() - depth.min()
        turned[0], turned[1] = points @ first, points @ second
        for turn in range(90):
            angle = turn * np.pi / 180.0
            c, s = np.cos(angle), np.sin(angle)
            a, b = c * turned[0] + s * turned[1], c * turned[1] - s * turned[0]
            wide, deep = a.max() - a.min(), b.max() - b.min()
            if wide * deep * height < best:
                best = wide * deep * height
                sides[0], sides[1], sides[2] = wide, deep, height
    return sides


def smallest_ellipsoid(hull: Hull, tolerance: float = 1e-3) -> Floats:
    """Semi-axes in mm of the smallest ellipsoid around a hull, (3,), largest first.

    By Khachiyan's algorithm (Todd & Yildirim 2007, doi:10.1016/j.dam.2007.02.013), until the
    weights change by less than `tolerance`.
    """
    centred = hull.points - hull.points.mean(axis=0)
    weights = _khachiyan(centred, tolerance)
    centre = weights @ centred
    spread = (centred * weights[:, None]).T @ centred - np.outer(centre, centre)
    return np.sqrt(3.0 * np.linalg.eigvalsh(spread)[::-1])


@compiled
def _khachiyan(points: Floats, tolerance: float) -> Floats:
    """Weights of points whose moments are those of the smallest ellipsoid around them."""
    many, lifted = points.shape[0], 4.0
    q = np.ones((many, 4))
    q[:, :3] = points
    weights = np.full(many, 1.0 / many)
    for _ in range(10_000):
        inverse = np.linalg.inv((q * weights.reshape(-1, 1)).T @ q)
        distance = ((q @ inverse) * q).sum(axis=1)
        far = np.argmax(distance)
        step = (distance[far] - lifted) / (lifted * (distance[far] - 1.0))
        change = step * np.sqrt((weights**2).sum() - weights[far] ** 2 + (1.0 - weights[far]) ** 2)
        weights *= 1.0 - step
        weights[far] += step
        if change < tolerance:
            break
    return weights
