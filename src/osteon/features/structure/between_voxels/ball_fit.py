"""The ball that touches a surface at many points, from where they lie and which way they face.

A ball that touches the surface at a and b, where the unit normals into the phase are m and n, has
its centre at a + r m and at b + r n, so that r = (n - m)·(a - b) / |n - m|². This is exact for
plates, rods, balls and shells wherever a and b lie, and it is the ball that shrinks onto b in
Ma et al. 2012. All opposite pairs vote, so that noise is averaged.
"""

import math

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled
from .surface_correction import Surface, dot

OFF_NORMAL = 0.03
"""By about how much a normal from grey values is off, in radian."""

Ball = tuple[float, float, float, float]
"""Centre along i, j, k and radius, in mm; radius 0 is none."""

OPPOSITE = -0.3
"""Points are opposite where the cosine of the angle between their normals is not above this."""

TRUST = 3
"""Pairs weigh by 1 - cosine to this power: the error of a normal falls out where it is opposite."""

TOUCHES = 0.35
"""A point whose tangent plane misses the ball by more than this takes no part, in voxels."""

REPEATS = 3
"""How often points that do not touch are taken out."""

PRESSES = 0.1
"""A ball reaches beyond a point by no more than this, in voxels: noise, not a narrow place."""

STAYS = 0.02
"""Keeps a centre in place along directions that less than this share of the points tells of."""

MOST_GROWN = 0.2
"""Most that is given back to the radius of a thin plate, per standard deviation of the blur."""


@compiled
def _vote(
    places: NDArray[np.float32], names: NDArray[np.int64], normals: NDArray[np.float32]
) -> Ball:
    """Centre and radius of the ball that fits all opposite pairs; radius 0 where there are none."""
    weight = radius = x = y = z = u = v = w = 0.0
    for p in range(names.size):
        a = places[names[p]]
        for q in range(p):
            b = places[names[q]]
            cosine = dot(normals[p], normals[q])
            if cosine > OPPOSITE:
                continue
            trust = (1.0 - cosine) ** TRUST
            share = trust * (2.0 - 2.0 * cosine)
            radius += trust * dot(normals[q] - normals[p], a - b)
            weight += share
            x += share * (a[0] + b[0])
            y += share * (a[1] + b[1])
            z += share * (a[2] + b[2])
            u += share * (normals[p, 0] + normals[q, 0])
            v += share * (normals[p, 1] + normals[q, 1])
            w += share * (normals[p, 2] + normals[q, 2])
    if weight == 0.0:
        return 0.0, 0.0, 0.0, 0.0
    r, s = radius / weight, 0.5 / weight
    return s * (x + r * u), s * (y + r * v), s * (z + r * w), r


@compiled
def _touching(
    places: NDArray[np.float32],
    names: NDArray[np.int64],
    normals: NDArray[np.float32],
    ball: Ball,
    slack: float,
) -> int:
    """Keep the points whose tangent plane the ball touches; how many they are."""
    kept = 0
    for q in range(names.size):
        place, normal = places[names[q]], normals[q]
        x, y, z = ball[0] - place[0], ball[1] - place[1], ball[2] - place[2]
        depth = normal[0] * x + normal[1] * y + normal[2] * z
        if abs(depth - ball[3]) <= slack:
            names[kept] = names[q]
            normals[kept] = normal
            kept += 1
    return kept


@compiled
def _solve(m: NDArray[np.float64], b: NDArray[np.float64]) -> tuple[float, float, float]:
    """Solution of three equations with a symmetric matrix, by cofactors."""
    u = m[1, 1] * m[2, 2] - m[1, 2] * m[1, 2]
    v = m[0, 2] * m[1, 2] - m[0, 1] * m[2, 2]
    w = m[0, 1] * m[1, 2] - m[0, 2] * m[1, 1]
    whole = m[0, 0] * u + m[0, 1] * v + m[0, 2] * w
    s = m[0, 0] * m[2, 2] - m[0, 2] * m[0, 2]
    t = m[0, 1] * m[0, 2] - m[0, 0] * m[1, 2]
    q = m[0, 0] * m[1, 1] - m[0, 1] * m[0, 1]
    return (
        (u * b[0] + v * b[1] + w * b[2]) / whole,
        (v * b[0] + s * b[1] + t * b[2]) / whole,
        (w * b[0] + t * b[1] + q * b[2]) / whole,
    )


@compiled
def _centred(
    places: NDArray[np.float32],
    names: NDArray[np.int64],
    normals: NDArray[np.float32],
    ball: Ball,
) -> Ball:
    """Ball moved to where it touches all tangent planes alike, as far as they tell.

    Pairs leave the centre where it is along their faces; in a bar the other faces know better.
    """
    mean = np.zeros(4)
    rows = np.empty((names.size, 4))
    for q in range(names.size):
        a = places[names[q]]
        depth = 0.0
        for d in range(3):
            rows[q, d] = normals[q, d]
            depth += normals[q, d] * (ball[d] - a[d])
        rows[q, 3] = ball[3] - depth
        mean += rows[q] / names.size
    matrix = np.zeros((3, 3))
    right = np.zeros(3)
    for d in range(3):
        matrix[d, d] = STAYS * names.size
    for q in range(names.size):
        for d in range(3):
            away = rows[q, d] - mean[d]
            right[d] += away * (rows[q, 3] - mean[3])
            for e in range(3):
                matrix[d, e] += away * (rows[q, e] - mean[e])
    x, y, z = _solve(matrix, right)
    return ball[0] + x, ball[1] + y, ball[2] + z, ball[3]


@compiled
def _room(
    places: NDArray[np.float32],
    names: NDArray[np.int64],
    ball: Ball,
) -> float:
    """Distance of the nearest of the points from the centre of a ball."""
    least = math.inf
    for n in names:
        x, y, z = ball[0] - places[n, 0], ball[1] - places[n, 1], ball[2] - places[n, 2]
        least = min(least, x * x + y * y + z * z)
    return math.sqrt(least)


@compiled
def _grown(
    ball: Ball,
    surface: Surface,
    names: NDArray[np.int64],
    scale: NDArray[np.float64],
) -> float:
    """Radius after what the opposite face of a thin plate takes away by blur is given back.

    In a plate the grey value at a face is less than half the step by what is missing beyond the
    other face. In rods and balls the curvature has told that already.
    """
    bent = 0.0
    for n in names:
        bent += surface.bent[n]
    normal = surface.normal[names[0]]
    blur = 0.0
    for a in range(3):
        blur += normal[a] * normal[a] * scale[a] * scale[a]
    blur = math.sqrt(blur)
    thickness = 2.0 * ball[3] / blur
    flat = max(0.0, 1.0 - abs(bent / names.size) * ball[3] / blur)
    missing = 0.0
    for _ in range(3):
        missing = math.sqrt(math.pi / 2.0) * math.erfc((thickness + missing) / math.sqrt(2.0))
    return ball[3] + blur * flat * min(missing, MOST_GROWN)


@compiled
def fitted(
    surface: Surface,
    names: NDArray[np.int64],
    normals: NDArray[np.float32],
    finest: float,
    scale: NDArray[np.float64],
) -> Ball:
    """Ball that touches opposite points of a list, and holds none of the list.

    Parameters
    ----------
    surface : Surface
        All points.
    names : (points,) array
        Numbers of those to touch; reordered.
    normals : (points, 3) array
        Unit vectors into the phase at these; reordered.
    finest : float
        Smallest side of a voxel, in mm.
    scale : (3,) array
        Standard deviation of the blur along i, j, k, in mm.

    Returns
    -------
    Ball
        Radius 0 where no points are opposite.
    """
    places = surface.position
    every = names.copy()
    found = names.size
    ball = _vote(places, names, normals)
    for _ in range(REPEATS):
        if ball[3] <= 0.0:
            return 0.0, 0.0, 0.0, 0.0
        slack = TOUCHES * finest + OFF_NORMAL * ball[3]
        kept = _touching(places, names[:found], normals, ball, slack)
        if kept == found:
            break
        found = kept
        ball = _vote(places, names[:found], normals)
    if ball[3] <= 0.0:
        return 0.0, 0.0, 0.0, 0.0
    ball = _centred(places, names[:found], normals, ball)
    radius = min(ball[3], _room(places, every, ball) + PRESSES * finest)
    ball = (ball[0], ball[1], ball[2], radius)
    return ball[0], ball[1], ball[2], _grown(ball, surface, names[:found], scale)
