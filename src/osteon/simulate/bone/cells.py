"""Spongy bone without end: periodic tiles of structure, laid cell by cell, blended at the seams.

A tile holds the structure of a piece of bone as a number a voxel, ranked and mapped to a normal
distribution: bone is where the number lies above a level, and the level alone sets BV/TV. Every
cell of a lattice shows its tile from elsewhere, turned, mirrored and magnified. Where two cells
meet, their numbers are blended so that the distribution, and with it BV/TV, stays as it is
(histogram-preserving blending, Heitz & Neyret 2018, doi:10.1145/3233304).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ...core.compiled import compiled, inlined

STEPS = 4096.0
"""Steps of a tile's whole numbers to one standard deviation."""


def level_of(amount: NDArray[np.floating] | float) -> NDArray[np.float32]:
    """Level above which a tile is bone, for a BV/TV.

    Parameters
    ----------
    amount : array or float
        BV/TV, 0–1; nothing is bone at 0, everything at 1.

    Returns
    -------
    array of float32
        Level in standard deviations, within ±8.
    """
    share = np.clip(np.asarray(amount, np.float64), 1e-15, 1 - 1e-15)
    return np.asarray(np.clip(-ndtri(share), -8, 8), np.float32)


@dataclass(frozen=True, eq=False)
class Cells:
    """A lattice of cells in the coordinates of one bone, in mm.

    Attributes
    ----------
    origin : (3,) array of float64
        Lowest corner of the first cell, in the bone's own mm.
    size : float
        Side of a cell, in mm.
    overlap : float
        Width of the zone in which neighbours are blended, in mm, at most half of `size`.
    turn : (a, b, c, 3, 3) array of float32
        For each cell, mm from its corner → voxels of its tile (turn, mirror, magnification).
    shift : (a, b, c, 3) array of float32
        For each cell, the voxel of the tile shown in its corner.
    tile : (a, b, c) array of int64
        For each cell, which tile it shows.
    """

    origin: NDArray[np.float64]
    size: float
    overlap: float
    turn: NDArray[np.float32]
    shift: NDArray[np.float32]
    tile: NDArray[np.int64]


class Laid(NamedTuple):
    """Cells of several bones, end to end, as compiled loops take them."""

    tiles: NDArray[np.int16]
    origin: NDArray[np.float64]  # (bones, 3)
    size: NDArray[np.float64]  # (bones,)
    overlap: NDArray[np.float64]  # (bones,)
    sides: NDArray[np.int64]  # (bones, 3): cells along each axis
    start: NDArray[np.int64]  # (bones,): first cell
    turn: NDArray[np.float32]  # (cells, 3, 3)
    shift: NDArray[np.float32]  # (cells, 3)
    tile: NDArray[np.int64]  # (cells,)


def laid(tiles: NDArray[np.int16], bones: Sequence[Cells]) -> Laid:
    """Cells of several bones put end to end.

    Parameters
    ----------
    tiles : (n, t, t, t) array of int16
        Structure that the cells show.
    bones : sequence of Cells
        At least one; the place of a bone in this list is its number for `structure_at`.

    Returns
    -------
    Laid
        What `structure_at` takes.
    """
    sides = np.array([cells.tile.shape for cells in bones], np.int64)
    start = np.concatenate(([0], np.cumsum(sides.prod(axis=1))[:-1])).astype(np.int64)
    return Laid(
        np.ascontiguousarray(tiles),
        np.array([cells.origin for cells in bones], np.float64),
        np.array([cells.size for cells in bones], np.float64),
        np.array([cells.overlap for cells in bones], np.float64),
        sides,
        start,
        np.concatenate([cells.turn.reshape(-1, 3, 3) for cells in bones]).astype(np.float32),
        np.concatenate([cells.shift.reshape(-1, 3) for cells in bones]).astype(np.float32),
        np.concatenate([cells.tile.reshape(-1) for cells in bones]).astype(np.int64),
    )


Three = tuple[float, float, float]
"""A point, an offset or a weight along x, y, z."""


@inlined
def _in_tile(
    tiles: NDArray[np.int16],
    turn: NDArray[np.float32],
    shift: NDArray[np.float32],
    place: tuple[int, int],
    away: Three,
) -> float:
    """Number of a tile, at `place` (tile, cell), at an offset in mm from the cell's corner."""
    tile, cell = place
    side = tiles.shape[1]
    once = 1.0 / side
    dx, dy, dz = away
    x = turn[cell, 0, 0] * dx + turn[cell, 0, 1] * dy + turn[cell, 0, 2] * dz + shift[cell, 0]
    y = turn[cell, 1, 0] * dx + turn[cell, 1, 1] * dy + turn[cell, 1, 2] * dz + shift[cell, 1]
    z = turn[cell, 2, 0] * dx + turn[cell, 2, 1] * dy + turn[cell, 2, 2] * dz + shift[cell, 2]
    i = min(np.uint32(x - floor(x * once) * side), np.uint32(side - 1))
    j = min(np.uint32(y - floor(y * once) * side), np.uint32(side - 1))
    k = min(np.uint32(z - floor(z * once) * side), np.uint32(side - 1))
    return float(tiles[tile, i, j, k]) * (1 / STEPS)


@compiled
def _between(
    tiles: NDArray[np.int16],
    turn: NDArray[np.float32],
    shift: NDArray[np.float32],
    place: tuple[int, int],
    away: Three,
) -> float:
    """As `_in_tile`, but linear between the middles of the tile's voxels."""
    tile, cell = place
    side = tiles.shape[1]
    dx, dy, dz = away
    x = turn[cell, 0, 0] * dx + turn[cell, 0, 1] * dy + turn[cell, 0, 2] * dz + shift[cell, 0] - 0.5
    y = turn[cell, 1, 0] * dx + turn[cell, 1, 1] * dy + turn[cell, 1, 2] * dz + shift[cell, 1] - 0.5
    z = turn[cell, 2, 0] * dx + turn[cell, 2, 1] * dy + turn[cell, 2, 2] * dz + shift[cell, 2] - 0.5
    i, j, k = floor(x), floor(y), floor(z)
    u, v, w = x - i, y - j, z - k
    total = 0.0
    for m in range(2):
        for n in range(2):
            part = (u if m else 1 - u) * (v if n else 1 - v)
            row = tiles[tile, (i + m) % side, (j + n) % side]
            total += part * ((1 - w) * row[k % side] + w * row[(k + 1) % side])
    return total * (1 / STEPS)


@inlined
def _lower(u: float, half: float) -> tuple[int, float]:
    """Lower one of the two cells that meet near `u`, and its weight; 1 away from seams."""
    cell = floor(u)
    inside = u - cell
    if inside < half:
        return cell - 1, 0.5 * (1 - inside / half)
    if inside > 1 - half:
        return cell, 0.5 * (1 + (1 - inside) / half)
    return cell, 1.0


@compiled
def _at_seam(
    laid: Laid, bone: int, lower: tuple[int, int, int], weight: Three, away: Three, smooth: bool
) -> float:
    """Number where cells meet: `away` is counted from the corner of the first cell, in mm."""
    size = laid.size[bone]
    na, nb, nc = laid.sides[bone, 0], laid.sides[bone, 1], laid.sides[bone, 2]
    total = 0.0
    squares = 0.0
    for corner in range(8):
        m, n, o = corner >> 2, (corner >> 1) & 1, corner & 1
        w = 1 - weight[0] if m else weight[0]
        w *= 1 - weight[1] if n else weight[1]
        w *= 1 - weight[2] if o else weight[2]
        if w <= 0.0:
            continue
        a, b, c = lower[0] + m, lower[1] + n, lower[2] + o
        here = (away[0] - a * size, away[1] - b * size, away[2] - c * size)
        cell = min(max(a, 0), na - 1) * nb + min(max(b, 0), nb - 1)
        cell = laid.start[bone] + cell * nc + min(max(c, 0), nc - 1)
        place = (laid.tile[cell], cell)
        if smooth:
            total += w * _between(laid.tiles, laid.turn, laid.shift, place, here)
        else:
            total += w * _in_tile(laid.tiles, laid.turn, laid.shift, place, here)
        squares += w * w
    return float(total / sqrt(squares))


@inlined
def structure_at(laid: Laid, bone: int, x: float, y: float, z: float) -> float:
    """Number of a bone's structure at a point of its own mm; bone lies above the level there."""
    size = laid.size[bone]
    na, nb, nc = laid.sides[bone, 0], laid.sides[bone, 1], laid.sides[bone, 2]
    once = 1.0 / size
    half = 0.5 * laid.overlap[bone] * once
    dx = x - laid.origin[bone, 0]
    dy = y - laid.origin[bone, 1]
    dz = z - laid.origin[bone, 2]
    a, wa = _lower(dx * once, half)
    b, wb = _lower(dy * once, half)
    c, wc = _lower(dz * once, half)
    if wa + wb + wc < 3.0:
        return _at_seam(laid, bone, (a, b, c), (wa, wb, wc), (dx, dy, dz), False)
    cell = min(max(a, 0), na - 1) * nb + min(max(b, 0), nb - 1)
    cell = laid.start[bone] + cell * nc + min(max(c, 0), nc - 1)
    here = (dx - a * size, dy - b * size, dz - c * size)
    return _in_tile(laid.tiles, laid.turn, laid.shift, (laid.tile[cell], cell), here)


@compiled
def structure_along(
    laid: Laid, bone: int, at: Three, step: Three, out: NDArray[np.float32], smooth: bool
) -> None:
    """Numbers of a bone's structure at points `at`, `at` + `step`, … of its own mm, into `out`.

    They are those of `structure_at`, or, where `smooth`, linear between the tile's voxels: for
    voxels as fine as the tile's, on which the steps of its voxels would be seen.
    """
    tiles, turns, shifts, picks = laid.tiles, laid.turn, laid.shift, laid.tile
    size, start = laid.size[bone], laid.start[bone]
    na, nb, nc = laid.sides[bone, 0], laid.sides[bone, 1], laid.sides[bone, 2]
    x, y, z = laid.origin[bone, 0], laid.origin[bone, 1], laid.origin[bone, 2]
    once = 1.0 / size
    half = 0.5 * laid.overlap[bone] * once
    for n in range(out.size):
        away = (at[0] + n * step[0] - x, at[1] + n * step[1] - y, at[2] + n * step[2] - z)
        a, wa = _lower(away[0] * once, half)
        b, wb = _lower(away[1] * once, half)
        c, wc = _lower(away[2] * once, half)
        if wa + wb + wc < 3.0:
            out[n] = _at_seam(laid, bone, (a, b, c), (wa, wb, wc), away, smooth)
            continue
        cell = min(max(a, 0), na - 1) * nb + min(max(b, 0), nb - 1)
        cell = start + cell * nc + min(max(c, 0), nc - 1)
        here = (away[0] - a * size, away[1] - b * size, away[2] - c * size)
        if smooth:
            out[n] = _between(tiles, turns, shifts, (picks[cell], cell), here)
        else:
            out[n] = _in_tile(tiles, turns, shifts, (picks[cell], cell), here)
