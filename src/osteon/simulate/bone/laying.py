"""Tiles laid cell by cell: which is shown where, turned, mirrored and magnified how."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core import BadGeometry, BadSetting
from .cells import Cells
from .tiles import SIDE, Tile

ALONG_K = np.array([0.0, 0.0, 1.0])
"""Main direction of trabeculae in a tile."""

OVERLAP = 0.3
"""Width of the zone in which cells are blended, in mm: about a trabecula's thickness.

Two structures blended over more than that thicken where they meet, over less they look cut.
"""

Points = NDArray[np.float64]
"""Places in a bone's own coordinates, (n, 3), in mm."""


def lay(
    box_mm: NDArray[np.float64],
    tiles: Sequence[tuple[int, Tile]],
    rng: np.random.Generator,
    *,
    size: float = 8.0,
    magnify: float | Callable[[Points], NDArray[np.float64]] = 1.0,
    axis: Callable[[Points], NDArray[np.float64]] | None = None,
) -> Cells:
    """Cells that fill a box with structure that never repeats itself.

    Each cell shows one of the tiles from a place drawn at random, mirrored and turned at random
    about the main direction of its trabeculae.

    Parameters
    ----------
    box_mm : (2, 3) array
        Lowest and highest corner of the box, in the bone's own mm.
    tiles : sequence of (int, Tile)
        What may be shown, each with its place in the scene's stack of tiles.
    rng : Generator
        Source of every choice.
    size : float
        Side of a cell in mm.
    magnify : float or function of (n, 3) mm to (n,)
        Factor by which the structure of a tile is enlarged, at the middle of each cell.
    axis : function of (n, 3) mm to (n, 3), optional
        Main direction of trabeculae at the middle of each cell, of any length but 0. None for
        axis k of the bone.

    Returns
    -------
    Cells
        A lattice that covers the box and begins at a random place up to a cell below it.

    Raises
    ------
    BadGeometry
        If the box has no inside, or a direction no length.
    BadSetting
        If there is no tile, or a size or factor is out of range.
    """
    low, high = np.asarray(box_mm, np.float64)
    if not (high > low).all():
        raise BadGeometry(f"a box runs from low to high; got {low.tolist()} to {high.tolist()} mm.")
    if not tiles:
        raise BadSetting("laying needs at least one tile; got none.")
    if not size >= 2 * OVERLAP:
        raise BadSetting(f"a cell is at least {2 * OVERLAP:g} mm wide; got {size:g} mm.")
    origin = low - size * rng.random(3)
    a, b, c = (int(n) for n in np.ceil((high - origin) / size))
    corners = np.stack(np.meshgrid(*map(np.arange, (a, b, c)), indexing="ij"), -1).reshape(-1, 3)
    middles = origin + size * (corners + 0.5)
    scale = np.broadcast_to(magnify(middles) if callable(magnify) else magnify, len(middles))
    if not (scale > 0).all():
        raise BadSetting(f"structure is magnified by more than 0; got {scale.min():g}.")
    pick = rng.integers(0, len(tiles), len(middles))
    turn = _turns(None if axis is None else axis(middles), len(middles), rng)
    voxel = np.array([tile.spacing for _, tile in tiles])[pick] * scale
    return Cells(
        origin,
        size,
        OVERLAP,
        (turn / voxel[:, None, None]).astype(np.float32).reshape(a, b, c, 3, 3),
        (SIDE * rng.random((len(middles), 3))).astype(np.float32).reshape(a, b, c, 3),
        np.array([place for place, _ in tiles], np.int64)[pick].reshape(a, b, c),
    )


def turns_onto_k(axis: NDArray[np.float64]) -> NDArray[np.float64]:
    """Rotations that bring directions onto axis k by the shortest way.

    Parameters
    ----------
    axis : (n, 3) array
        Directions of any length but 0; their sign is of no meaning.

    Returns
    -------
    (n, 3, 3) array
        Rotations; each takes its direction, or the opposite one, to (0, 0, 1).

    Raises
    ------
    BadGeometry
        If a direction has no length.
    """
    length = np.linalg.norm(axis, axis=1)
    if not (length > 0).all():
        raise BadGeometry("a main direction of trabeculae needs a length above 0.")
    x, y, z = (axis / (length * np.where(axis[:, 2] < 0, -1.0, 1.0))[:, None]).T
    part = 1.0 / (1.0 + z)
    rows = [1 - x * x * part, -x * y * part, -x, -x * y * part, 1 - y * y * part, -y, x, y, z]
    return np.stack(rows, axis=1).reshape(-1, 3, 3)


def _turns(
    axis: NDArray[np.float64] | None, count: int, rng: np.random.Generator
) -> NDArray[np.float64]:
    """Turn and mirror of each cell, bone → tile."""
    angle = 2 * np.pi * rng.random(count)
    sine, cosine, zero, one = np.sin(angle), np.cos(angle), np.zeros(count), np.ones(count)
    rows = [cosine, -sine, zero, sine, cosine, zero, zero, zero, one]
    about = np.stack(rows, axis=1).reshape(-1, 3, 3)
    mirror = rng.choice([-1.0, 1.0], (count, 3))
    onto = turns_onto_k(np.broadcast_to(ALONG_K, (count, 3)) if axis is None else axis)
    return np.asarray(mirror[:, :, None] * (about @ onto))
