"""Parallel rays through a block of bone: where each meets it first, and how open that place is."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.compiled import compiled

Bytes = NDArray[np.uint8]
Floats = NDArray[np.float64]

RAY_STEP = 0.5
"""Step along a ray, in voxels of the shortest side."""

HALVINGS = 5
"""Times that the step in which a ray enters bone is halved to find the place."""

OPEN_AT = (1.5, 2.5, 4.0, 6.0, 9.0, 13.0, 18.0, 25.0)
"""Voxels from a surface at which bone is looked for that keeps light from it."""


@compiled
def share_at(solid: NDArray[Any], i: float, j: float, k: float) -> float:
    """Value at a place, blended from those of the eight voxels about it; 0 beyond the last."""
    a, b, c = math.floor(i), math.floor(j), math.floor(k)
    ni, nj, nk = solid.shape
    if a < 0 or b < 0 or c < 0 or a >= ni - 1 or b >= nj - 1 or c >= nk - 1:
        return 0.0
    x, y, z = i - a, j - b, k - c
    near = (solid[a, b, c] * (1 - z) + solid[a, b, c + 1] * z) * (1 - y) + (
        solid[a, b + 1, c] * (1 - z) + solid[a, b + 1, c + 1] * z
    ) * y
    far = (solid[a + 1, b, c] * (1 - z) + solid[a + 1, b, c + 1] * z) * (1 - y) + (
        solid[a + 1, b + 1, c] * (1 - z) + solid[a + 1, b + 1, c + 1] * z
    ) * y
    return float(near * (1 - x) + far * x)


@compiled
def shares(solid: NDArray[Any], places: Floats) -> NDArray[np.float32]:
    """Values at (n, 3) places, in voxels."""
    result = np.empty(len(places), np.float32)
    for n in range(len(places)):
        result[n] = share_at(solid, places[n, 0], places[n, 1], places[n, 2])
    return result


@compiled
def within(solid: Bytes, start: Floats, ahead: Floats) -> tuple[float, float]:
    """First and last distance at which a ray is between the outermost voxel centres."""
    first, last = 0.0, 1e30
    for a in range(3):
        end = solid.shape[a] - 1.0
        if abs(ahead[a]) < 1e-12:
            if start[a] < 0 or start[a] > end:
                return 1.0, 0.0
            continue
        one, two = -start[a] / ahead[a], (end - start[a]) / ahead[a]
        first, last = max(first, min(one, two)), min(last, max(one, two))
    return first, last


@compiled
def meeting(solid: Bytes, start: Floats, ahead: Floats, step: float, level: float) -> float:
    """Distance at which a ray first meets bone, or -1 where it meets none."""
    at, last = within(solid, start, ahead)
    i, j, k = start[0], start[1], start[2]  # one by one: an array at every step is slow
    di, dj, dk = ahead[0], ahead[1], ahead[2]
    while at <= last:
        if share_at(solid, i + at * di, j + at * dj, k + at * dk) >= level:
            low, high = at - step, at
            for _ in range(HALVINGS):
                middle = (low + high) / 2
                share = share_at(solid, i + middle * di, j + middle * dj, k + middle * dk)
                if share >= level:
                    high = middle
                else:
                    low = middle
            return float(high)
        at += step
    return -1.0


@compiled
def meetings(
    solid: Bytes, start: Floats, screen: Floats, shape: tuple[int, int], level: float
) -> NDArray[np.float32]:
    """Distance along the line of sight at which the ray of each pixel first meets bone.

    Parameters
    ----------
    solid : (i, j, k) uint8 array
        Share of bone of each voxel; none in the outermost layer.
    start : (3,) array
        Place of pixel (0, 0), in voxels, in front of all bone.
    screen : (3, 3) array
        Rows: one pixel to the right, one pixel down, one mm ahead, in voxels.
    shape : tuple of 2 int
        Rows and columns of the picture.
    level : float
        Share from which on a place is bone.

    Returns
    -------
    (row, column) array
        In mm; -1 where there is no bone.
    """
    depth = np.full(shape, -1.0, np.float32)
    step = RAY_STEP / np.abs(screen[2]).max()
    pixel = start.copy()
    for row in range(shape[0]):
        for column in range(shape[1]):
            for a in range(3):
                pixel[a] = start[a] + column * screen[0, a] + row * screen[1, a]
            depth[row, column] = meeting(solid, pixel, screen[2], step, level)
    return depth


@compiled
def openness(solid: Bytes, places: Floats, normals: Floats, directions: Floats) -> Floats:
    """Share of the light from all around that reaches each place, 0 to 1.

    Parameters
    ----------
    solid : (i, j, k) uint8 array
        Share of bone of each voxel.
    places, normals : (n, 3) array
        Places of a surface, in voxels, and the unit vectors that point out of the bone.
    directions : (m, 3) array
        Unit vectors from which light comes.
    """
    result = np.empty(len(places))
    ni, nj, nk = solid.shape
    for n in range(len(places)):
        x, y, z = normals[n, 0], normals[n, 1], normals[n, 2]
        light, reached = 1e-9, 1e-9
        for m in range(len(directions)):
            di, dj, dk = directions[m, 0], directions[m, 1], directions[m, 2]
            slope = di * x + dj * y + dk * z
            if slope <= 0.05:
                continue
            light += slope
            passed = 1.0
            for distance in OPEN_AT:
                i = int(places[n, 0] + distance * di + 0.5)
                j = int(places[n, 1] + distance * dj + 0.5)
                k = int(places[n, 2] + distance * dk + 0.5)
                if i < 0 or j < 0 or k < 0 or i >= ni or j >= nj or k >= nk:
                    break
                if solid[i, j, k] > 127:
                    passed = distance / (OPEN_AT[-1] + 8.0)
                    break
            reached += slope * passed
        result[n] = reached / light
    return result
