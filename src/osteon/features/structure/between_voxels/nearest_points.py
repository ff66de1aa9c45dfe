"""Of each voxel, a surface point that is nearest to it, in time linear in the voxels.

The nearest voxel that lies on the surface is found exactly, axis by axis, by lower envelopes of
parabolas (Felzenszwalb & Huttenlocher 2012, doi:10.4086/toc.2012.v008a019); of its points the
nearest is taken.
"""

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange
from .surface_correction import Surface
from .surface_points import Lattice

NOTHING = 1e30
"""Squared distance where a line has met no surface yet."""


@compiled
def _envelope(cost: NDArray[np.float64], step: float, best: NDArray[np.int64]) -> bool:
    """Write which place of a line gives each place its least cost; False where none has any."""
    n = cost.shape[0]
    kept = np.empty(n, np.int64)
    since = np.empty(n)
    top = -1
    for q in range(n):
        if cost[q] >= NOTHING:
            continue
        begin = -NOTHING
        while top >= 0:
            p = kept[top]
            begin = ((cost[q] - cost[p]) / step + (q * q - p * p)) / (2.0 * (q - p))
            if begin > since[top]:
                break
            top -= 1
        top += 1
        kept[top] = q
        since[top] = begin if top > 0 else -NOTHING
    if top < 0:
        return False
    at = 0
    for q in range(n):
        while at < top and since[at + 1] < q:
            at += 1
        best[q] = kept[at]
    return True


@compiled
def _along_k(first: NDArray[np.int32], out: NDArray[np.int32]) -> None:
    """Nearest k on the surface, within each line of a slice; -1 where there is none."""
    rows, n = first.shape
    for j in range(rows):
        last = -1
        for k in range(n):
            if first[j, k] >= 0:
                last = k
            out[j, k] = last
        last = -1
        for k in range(n - 1, -1, -1):
            if first[j, k] >= 0:
                last = k
            if last >= 0 and (out[j, k] < 0 or last - k < k - out[j, k]):
                out[j, k] = last


@compiled
def _along_j(out: NDArray[np.int32], square: NDArray[np.float64]) -> None:
    """Nearest place on the surface within a slice, as j times the length of a line, plus k."""
    n, columns = out.shape
    cost = np.empty(n)
    best = np.empty(n, np.int64)
    line = np.empty(n, np.int64)
    for k in range(columns):
        for j in range(n):
            line[j] = out[j, k]
            cost[j] = NOTHING if line[j] < 0 else square[2] * (k - line[j]) ** 2
        if _envelope(cost, square[1], best):
            for j in range(n):
                out[j, k] = best[j] * columns + line[best[j]]


@compiled
def _along_i(
    out: NDArray[np.int32], first: NDArray[np.int32], j: int, square: NDArray[np.float64]
) -> None:
    """First point of the nearest voxel on the surface, for the plane at `j`."""
    n, _, columns = out.shape
    cost = np.empty(n)
    best = np.empty(n, np.int64)
    line = np.empty(n, np.int64)
    for k in range(columns):
        for i in range(n):
            line[i] = out[i, j, k]
            b, c = line[i] // columns, line[i] % columns
            flat = square[1] * (j - b) ** 2 + square[2] * (k - c) ** 2
            cost[i] = NOTHING if line[i] < 0 else flat
        if _envelope(cost, square[0], best):
            for i in range(n):
                b, c = line[best[i]] // columns, line[best[i]] % columns
                out[i, j, k] = first[best[i], b, c]


@parallel
def _transform(
    first: NDArray[np.int32], square: NDArray[np.float64], out: NDArray[np.int32]
) -> None:
    """First point of the nearest voxel on the surface, for each voxel of the image."""
    for i in prange(first.shape[0]):
        _along_k(first[i], out[i])
        _along_j(out[i], square)
    for j in prange(first.shape[1]):
        _along_i(out, first, j, square)


@parallel
def _choose(lattice: Lattice, surface: Surface, out: NDArray[np.int32]) -> None:
    """Of the points of that voxel, keep the nearest; -1 out of the phase."""
    h = lattice.spacing
    for i in prange(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                begin = out[i, j, k]
                out[i, j, k] = -1
                if begin < 0 or not lattice.phase[i, j, k]:
                    continue
                least = NOTHING
                for n in range(begin, begin + lattice.owned[begin]):
                    x = surface.position[n, 0] - i * h[0]
                    y = surface.position[n, 1] - j * h[1]
                    z = surface.position[n, 2] - k * h[2]
                    if x * x + y * y + z * z < least:
                        least = x * x + y * y + z * z
                        out[i, j, k] = n


def nearest_points(lattice: Lattice, surface: Surface) -> NDArray[np.int32]:
    """Number of a surface point nearest to each voxel of the phase.

    Parameters
    ----------
    lattice : Lattice
        Voxels and the points they know.
    surface : Surface
        Where the points lie.

    Returns
    -------
    (i, j, k) int32 array
        Number of the point; -1 out of the phase. Of points at nearly the same distance, one up
        to a voxel further away may be given.
    """
    out = np.empty(lattice.first.shape, np.int32)
    _transform(lattice.first, lattice.spacing**2, out)
    _choose(lattice, surface, out)
    return out
