"""Shapes as signed distances in mm, positive inside, evaluated only where they can matter."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core import Grid

Field = NDArray[np.float32]
Point = tuple[float, float, float]
Axes = tuple[Field, Field, Field]

CLIP = 6.0
"""Distances are cut off at this many mm outside."""

TINY = np.float32(1e-6)


@dataclass(frozen=True)
class Capsule:
    """A rod with round ends between two points.

    Attributes
    ----------
    a, b : tuple of 3 float
        Its ends, in mm.
    radius : tuple of 2 float
        Radius at `a` and at `b`, in mm, across z.
    tall : float
        How much larger the radius is along z.
    """

    a: Point
    b: Point
    radius: tuple[float, float]
    tall: float = 1.0


def lattice(low: Point, high: Point, spacing: Point) -> Grid:
    """Lattice that spans a box, in an object's own mm."""
    count = [int(np.ceil((b - a) / s)) + 1 for a, b, s in zip(low, high, spacing, strict=True)]
    return Grid((count[0], count[1], count[2]), np.array(low), np.eye(3), np.array(spacing))


def axes_of(grid: Grid, box: tuple[slice, slice, slice] | None = None) -> Axes:
    """Coordinates in mm along the three axes of an upright lattice, ready to broadcast."""
    out = []
    for axis in range(3):
        values = grid.origin[axis] + grid.spacing[axis] * np.arange(grid.shape[axis])
        part = values if box is None else values[box[axis]]
        shape = [1, 1, 1]
        shape[axis] = -1
        out.append(part.astype(np.float32).reshape(shape))
    return out[0], out[1], out[2]


def box_of(grid: Grid, low: Point, high: Point) -> tuple[slice, slice, slice]:
    """Voxels of an upright lattice in a box of mm, none beyond the lattice."""
    cuts = []
    for axis in range(3):
        first = int(np.floor((low[axis] - grid.origin[axis]) / grid.spacing[axis]))
        last = int(np.ceil((high[axis] - grid.origin[axis]) / grid.spacing[axis])) + 1
        n = grid.shape[axis]
        cuts.append(slice(min(max(first, 0), n), min(max(last, 0), n)))
    return cuts[0], cuts[1], cuts[2]


def reach_of(capsule: Capsule, margin: float) -> tuple[Point, Point]:
    """Box around a capsule."""
    r = max(capsule.radius) + margin
    tall = max(capsule.radius) * max(capsule.tall, 1.0) + margin
    ends = np.array([capsule.a, capsule.b])
    grow = np.array([r, r, tall])
    low, high = ends.min(axis=0) - grow, np.add(ends.max(axis=0), grow)
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def capsule_at(capsule: Capsule, axes: Axes) -> Field:
    """Signed distance to a capsule; to a tall one corrected to first order."""
    squash = np.float32(1 / capsule.tall)
    ends = np.array([capsule.a, capsule.b], np.float32)
    ends[:, 2] *= squash
    along = ends[1] - ends[0]
    length = max(float(along @ along), 1e-9)
    x, y, z = axes[0], axes[1], axes[2] * squash
    at = (x - ends[0, 0]) * along[0] + (y - ends[0, 1]) * along[1] + (z - ends[0, 2]) * along[2]
    at = np.clip(at / np.float32(length), 0, 1)
    dx = x - ends[0, 0] - at * along[0]
    dy = y - ends[0, 1] - at * along[1]
    dz = z - ends[0, 2] - at * along[2]
    away = np.sqrt(dx * dx + dy * dy + dz * dz) + TINY
    r0, r1 = capsule.radius
    depth = np.float32(r0) + at * np.float32(r1 - r0) - away
    if capsule.tall == 1.0:
        return np.asarray(depth, np.float32)
    steep = np.sqrt(dx * dx + dy * dy + (dz * squash) ** 2) / away
    return np.asarray(depth / np.maximum(steep, squash), np.float32)


def union(a: Field, b: Field, round_by: float) -> Field:
    """Both shapes, their corner filled to a radius of about `round_by` mm."""
    if round_by <= 0:
        return np.maximum(a, b)
    gap = np.maximum(round_by - np.abs(a - b), 0) / np.float32(round_by)
    return np.asarray(np.maximum(a, b) + gap * gap * np.float32(0.25 * round_by), np.float32)


def common(a: Field, b: Field, round_by: float) -> Field:
    """What lies in both shapes, the edge rounded to about `round_by` mm."""
    return -union(-a, -b, round_by)


def add(field: Field, grid: Grid, capsule: Capsule, round_by: float) -> None:
    """Join a capsule to a shape, in place."""
    box = box_of(grid, *reach_of(capsule, CLIP))
    if field[box].size:
        field[box] = union(field[box], capsule_at(capsule, axes_of(grid, box)), round_by)


def oval(
    x: Field, y: Field, half: tuple[Field | float, Field | float], power: Field | float
) -> Field:
    """Signed distance to a superellipse around 0, to first order.

    Parameters
    ----------
    x, y : array of float32
        Coordinates in mm.
    half : 2 arrays or floats
        Half axes along x and y, in mm.
    power : array of float32 or float
        2 for an ellipse; larger is squarer.
    """
    u, v = np.abs(x) / half[0], np.abs(y) / half[1]
    p = np.asarray(power, np.float32)
    up, vp = np.power(u, p), np.power(v, p)
    rho = np.power(up + vp + TINY, 1 / p)
    gx = np.power(u / rho, p - 1) / half[0]
    gy = np.power(v / rho, p - 1) / half[1]
    steep = np.maximum(np.sqrt(gx * gx + gy * gy), 0.7 / np.maximum(half[0], half[1]))
    return np.asarray((1 - rho) / steep, np.float32)


def ellipsoid(axes: Axes, centre: Point, half: Point) -> Field:
    """Signed distance to an ellipsoid, to first order."""
    q = [(axes[n] - np.float32(centre[n])) / np.float32(half[n]) for n in range(3)]
    rho = np.sqrt(q[0] ** 2 + q[1] ** 2 + q[2] ** 2) + TINY
    steep = np.sqrt(sum((q[n] / np.float32(half[n])) ** 2 for n in range(3))) / rho
    return np.asarray((1 - rho) / np.maximum(steep, np.float32(1 / max(half))), np.float32)
