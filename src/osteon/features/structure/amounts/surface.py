"""The area of bone surface by marching cubes, as stepped as the voxels are or smoothed."""

from functools import cache
from math import fsum

import numpy as np
from numpy.typing import NDArray
from skimage.measure import marching_cubes

from ....core import Grid, Mask
from ....core.compiled import compiled, parallel, prange
from .configurations import BITS, PATTERNS, Configurations, bytes_of, checked, spans

SMOOTH_VOXELS = 1.1
"""Width (1 SD) of the Gaussian that the smoothing weights are made of, in voxels along each
axis: steps are as large as voxels. Of 1.0 to 1.3 this is where plates, which come out too large
by the steps that are left, and rods and balls, which thin out, are least off together."""

REACH = 3
"""Neighbours that smoothing takes in on either side, in voxels."""

LEVEL = 0.5
"""Where between marrow (0) and bone (1) the surface runs."""

SLAB = 32
"""Slices smoothed at once where nothing else is asked for; they need four bytes a voxel."""

JOINED = 0.4
"""Level whose triangles join bone that lies crosswise in a face of a block."""

CENTRE = 12
"""Number of a triangle's corner that lies in the middle of its block; 0 to 11 lie on edges."""

EDGES: NDArray[np.int64] = np.array(
    [(o, o | 1 << axis) for axis in range(3) for o in range(8) if not o >> axis & 1]
)
"""The two voxels at the ends of each edge of a block, (12, 2)."""

FACES: NDArray[np.int64] = np.array(
    [
        [end | 0, end | u, end | u | v, end | v]
        for w, u, v in ((1, 2, 4), (2, 4, 1), (4, 1, 2))
        for end in (0, w)
    ]
)
"""The four voxels around each face of a block, (6, 4)."""

VOXELS: NDArray[np.float64] = (np.arange(8)[:, None] >> np.arange(3) & 1).astype(np.float64)
"""Place of each voxel in its block, (8, 3)."""


def smoothing_weights() -> NDArray[np.float32]:
    """Weights of the neighbours −3 … 3 along an axis; they sum to 1.

    A Gaussian alone draws convex surfaces in, by its variance times their curvature. Times a
    parabola that makes its variance zero it leaves the place of a curved surface as it is.
    """
    steps = np.arange(-REACH, REACH + 1.0)
    bell = np.exp(-0.5 * (steps / SMOOTH_VOXELS) ** 2)
    m0, m2, m4 = (float((bell * steps**power).sum()) for power in (0, 2, 4))
    bend = -m2 / (m0 * m4 - m2 * m2)
    return np.asarray(bell * ((1 - bend * m2) / m0 + bend * steps**2), np.float32)


@cache
def triangles(level: float = LEVEL) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Triangles of marching cubes (Lewiner 2003) for the 256 patterns of eight voxels.

    Parameters
    ----------
    level : float
        Where between marrow (0) and bone (1) the surface runs. At 0.5 no face can tell whether
        bone or marrow that lies crosswise in it is joined; below, bone is joined everywhere.

    Returns
    -------
    first : (257,) int64 array
        Triangles of pattern p are `first[p]` up to, not including, `first[p + 1]`.
    corners : (n, 3) int64 array
        Edge of `EDGES` that each corner lies on, or `CENTRE`.
    """
    middle = VOXELS[EDGES].mean(axis=1)
    places = np.vstack([middle, [0.5, 0.5, 0.5]])
    first, found = [0, 0], []
    for pattern in range(1, PATTERNS - 1):
        block = np.zeros((2, 2, 2), np.float32)
        block[tuple(VOXELS.astype(int).T)] = BITS[pattern]
        points, faces, _, _ = marching_cubes(block, level)  # type: ignore[no-untyped-call]
        apart = np.abs(points[:, None, :] - places).max(axis=2)
        found.append(apart.argmin(axis=1)[faces])
        first.append(first[-1] + len(faces))
    return np.array([*first, first[-1]]), np.concatenate(found)


def block_areas(grid: Grid) -> NDArray[np.float64]:
    """Area of the stepped surface in a block of each pattern, in mm², (256,)."""
    first, corners = triangles()
    middle = np.vstack([VOXELS[EDGES].mean(axis=1), [0.5, 0.5, 0.5]]) * grid.spacing
    a, b, c = np.moveaxis(middle[corners], 1, 0)
    areas = np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2
    return _by_pattern(areas, first)


def block_volumes() -> NDArray[np.float64]:
    """Part of a block of each pattern that the stepped surface encloses, 0 to 1, (256,).

    By the divergence theorem: the parts of cones from the middle of the block to the triangles
    and to what is bone in the six faces of the block.
    """
    first, corners = triangles()
    middle = np.vstack([VOXELS[EDGES].mean(axis=1), [0.5, 0.5, 0.5]]) - 0.5
    a, b, c = np.moveaxis(middle[corners], 1, 0)
    cones = np.einsum("nx,nx->n", a, np.cross(c, b)) / 6
    volumes = _by_pattern(cones, first)
    for axis in range(3):
        for end in (0.0, 1.0):
            face = BITS[:, VOXELS[:, axis] == end]
            # corners of bone: none, one, two, three, four; two across are joined in the middle
            share = np.array([0, 1 / 8, 1 / 2, 7 / 8, 1])[face.sum(axis=1)]
            across = (face[:, 0] == face[:, 3]) & (face[:, 1] == face[:, 2])
            share[across & (face[:, 0] != face[:, 1])] = 6 / 8
            volumes += share / 6
    return volumes


def _by_pattern(parts: NDArray[np.float64], first: NDArray[np.int64]) -> NDArray[np.float64]:
    patterns = np.repeat(np.arange(PATTERNS), np.diff(first))
    return np.asarray(np.bincount(patterns, parts, PATTERNS), np.float64)


def raw_area(counted: Configurations) -> float:
    """Area of the surface of the voxels as they are, in mm², 0 and more."""
    return float(counted.blocks @ block_areas(counted.grid)) / 8


def enclosed_volume(counted: Configurations) -> float:
    """Volume of bone within the surface of the voxels as they are, in mm³, 0 and more."""
    return float(counted.blocks @ block_volumes()) / 8 * counted.grid.voxel_volume


def smoothed_area(bone: Mask, *, region: Mask | None = None, block: int | None = None) -> float:
    """Area of the bone surface once the steps of the voxels are smoothed away.

    The mask is smoothed over three voxels either side with weights that do not move a curved
    surface; marching cubes then finds the surface halfway between marrow and bone. Beyond the
    image bone and marrow are taken to go on straight, so that no surface lies in its border.

    Parameters
    ----------
    bone : Mask of shape (i, j, k)
        True in bone.
    region : Mask of shape (i, j, k) or None
        Where to measure; None is the whole image. The surface in a block of 2×2×2 voxels counts
        by how many of them lie in the region; the border of the region is no surface.
    block : int or None
        Slices along i that are smoothed at once, 1 and more; it changes memory, not the result.

    Returns
    -------
    float
        Area in mm², 0 and more.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If `block` is below 1.

    Notes
    -----
    Plates of 2 voxels and more, of any direction, come out 1 % too large on average and 3 % at
    worst (6 % where voxels are twice as high); rods 6 voxels wide and balls 12 voxels wide come
    out 1 % too small. Thinner bone loses more: rods 4 voxels wide 3 %, 2 voxels wide 23 %,
    oblique plates of one voxel 6 %; straight rods and specks of one voxel vanish, straight
    plates of one voxel stay.
    """
    within = checked(bone, region)
    slices = bone.grid.shape[0]
    first, corners = triangles(JOINED)
    weights = smoothing_weights()
    layers: list[float] = []
    # layer n of blocks lies between slices n − 1 and n; the first and the last are half outside
    for start, stop in spans(slices + 1, SLAB if block is None else block):
        low, high = max(start - 1, 0), min(stop, slices)
        around = max(low - REACH, 0)
        slab = bytes_of(bone.values[around : min(high + REACH, slices)])
        smooth = _smooth(slab, weights, low - around, high - low)
        inside = bytes_of(within[low:high]) if within is not None else np.empty((0, 0, 0), np.uint8)
        place = (start, stop - start, slices)
        layers += _areas(smooth, inside, place, bone.grid.spacing, first, corners).tolist()
    return fsum(layers)


@parallel
def _smooth(
    bone: NDArray[np.uint8], weights: NDArray[np.float32], start: int, number: int
) -> NDArray[np.float32]:
    """Slices `start` up to `start` + `number`, smoothed along all axes; the ends repeat."""
    slices, rows, columns = bone.shape
    reach = weights.size // 2
    out = np.empty((number, rows, columns), np.float32)
    for n in prange(number):
        along_i = np.zeros((rows, columns), np.float32)
        for step in range(-reach, reach + 1):
            source = bone[min(max(start + n + step, 0), slices - 1)]
            weight = weights[step + reach]
            for row in range(rows):
                for column in range(columns):
                    along_i[row, column] += weight * np.float32(source[row, column])
        line = np.empty(columns + 2 * reach, np.float32)
        for row in range(rows):
            line[:] = 0
            for step in range(-reach, reach + 1):
                beside = along_i[min(max(row + step, 0), rows - 1)]
                for column in range(columns):
                    line[column + reach] += weights[step + reach] * beside[column]
            line[:reach] = line[reach]
            line[columns + reach :] = line[columns + reach - 1]
            for column in range(columns):
                total = np.float32(0)
                for step in range(2 * reach + 1):
                    total += weights[step] * line[column + step]
                out[n, row, column] = total
    return out


@parallel
def _areas(
    values: NDArray[np.float32],
    region: NDArray[np.uint8],
    place: tuple[int, int, int],
    spacing: NDArray[np.float64],
    first: NDArray[np.int64],
    corners: NDArray[np.int64],
) -> NDArray[np.float64]:
    """Area in each layer of blocks; `place` is the first, how many, and the slices of the image."""
    start, number, slices = place
    rows, columns = values.shape[1], values.shape[2]
    base = max(start - 1, 0)
    areas = np.zeros(number, np.float64)
    for n in prange(number):
        below, above = start + n - 1, start + n
        a, b = max(below, 0) - base, min(above, slices - 1) - base
        here = np.empty(8, np.float64)
        points = np.empty((13, 3), np.float64)
        for row in range(rows + 1):
            c, d = max(row - 1, 0), min(row, rows - 1)
            ac, bc, ad, bd = values[a, c], values[b, c], values[a, d], values[b, d]
            new = 0
            for column in range(columns + 1):
                e, f = max(column - 1, 0), min(column, columns - 1)
                old = new if column else _quad(ac[0], bc[0], ad[0], bd[0])
                new = _quad(ac[f], bc[f], ad[f], bd[f])
                pattern = old | new << 4
                if first[pattern] == first[pattern + 1]:
                    continue
                here[0], here[1], here[2], here[3] = ac[e], bc[e], ad[e], bd[e]
                here[4], here[5], here[6], here[7] = ac[f], bc[f], ad[f], bd[f]
                share = 0
                for octant in range(8):
                    i = above if octant & 1 else below
                    j = row if octant & 2 else row - 1
                    k = column if octant & 4 else column - 1
                    if 0 <= i < slices and 0 <= j < rows and 0 <= k < columns:
                        share += region[i - base, j, k] if region.size else 1
                if share:
                    _crossings(here, spacing, points)
                    shown = _as_values_have_it(here, pattern)
                    chosen = corners[first[shown] : first[shown + 1]]
                    areas[n] += share / 8 * _area(points, chosen)
    return areas


@compiled
def _quad(a: float, b: float, c: float, d: float) -> int:
    """Which of four values are bone, as bits."""
    return (a > LEVEL) | (b > LEVEL) << 1 | (c > LEVEL) << 2 | (d > LEVEL) << 3


@compiled
def _as_values_have_it(here: NDArray[np.float64], pattern: int) -> int:
    """The pattern whose triangles fit, where bone and marrow lie crosswise in a face.

    The triangles of a pattern join its bone there, those of its complement part it. Which is
    right a face tells by the sign of its saddle (Nielson & Hamann 1991); most faces decide.
    """
    votes = 0
    for face in FACES:
        a, b, c, d = here[face[0]], here[face[1]], here[face[2]], here[face[3]]
        if (a > LEVEL) == (c > LEVEL) and (b > LEVEL) == (d > LEVEL) and (a > LEVEL) != (b > LEVEL):
            saddle = (a - LEVEL) * (c - LEVEL) - (b - LEVEL) * (d - LEVEL)
            votes += 1 if (saddle > 0) == (a > LEVEL) else -1
    return pattern if votes >= 0 else 255 - pattern


@compiled
def _crossings(
    here: NDArray[np.float64], spacing: NDArray[np.float64], points: NDArray[np.float64]
) -> None:
    """Where the surface crosses the edges of a block, and the mean of these points, in mm."""
    points[CENTRE, :] = 0
    crossed = 0
    for edge in range(12):
        low, high = EDGES[edge]
        if (here[low] > LEVEL) != (here[high] > LEVEL):
            way = (LEVEL - here[low]) / (here[high] - here[low])
            for axis in range(3):
                place = VOXELS[low, axis] + (VOXELS[high, axis] - VOXELS[low, axis]) * way
                points[edge, axis] = place * spacing[axis]
                points[CENTRE, axis] += points[edge, axis]
            crossed += 1
    for axis in range(3):
        points[CENTRE, axis] /= crossed


@compiled
def _area(points: NDArray[np.float64], corners: NDArray[np.int64]) -> float:
    """Area of triangles between points."""
    total = 0.0
    for triangle in range(corners.shape[0]):
        a, b, c = corners[triangle, 0], corners[triangle, 1], corners[triangle, 2]
        square = 0.0
        for x in range(3):
            y, z = (x + 1) % 3, (x + 2) % 3
            across = (points[b, y] - points[a, y]) * (points[c, z] - points[a, z])
            across -= (points[b, z] - points[a, z]) * (points[c, y] - points[a, y])
            square += across * across
        total += np.sqrt(square) / 2
    return total
