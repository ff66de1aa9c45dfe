"""What a block shows of its tiles, held against the tiles: wider or narrower, and turned how far.

Block and tiles are looked at on lattices of equal coarseness, so that what the lattice takes from
thin trabeculae is the same in both, and their ratio is what the choice of parts brought about.
"""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from .cells import STEPS
from .distance import signed_distance
from .tiles import Tile, ranked

STEP = 2
"""Voxels of a tile from point to point of the lattice on which structure is looked at."""

RIM = 8
"""Points looked at around a block, so that bone beyond its faces counts: one Tb.Sp."""

CREASE = 1 / 6
"""Part of their second difference that the numbers of a tile are raised by (measured).

Linear numbers between voxels are lower than those of thin trabeculae. Without it Tb.Sp of L1-04216
at BV/TV 0.08 is 4 to 7 % wider between the tile's voxels than on them, where the table was
measured; with it it is -2 to +2 %, 0 in the mean.
"""

WIDENS = 1.5
"""Power of the mean distance to bone that Tb.Sp of parts of one tile goes with (measured).

In ten blocks of 9 mm, one a specimen, with voxels of 0.04 mm it told 0.7 to 4.8 % to within 0.9 %.
"""

CLEAR = 1.02
"""A main direction is one if MIL along it is so much longer than along the next axis."""

PAIRS = np.array(
    [o for o in product(range(-2, 3), repeat=3) if o > (0, 0, 0) and np.gcd.reduce(o) == 1]
)
"""Vectors between points that are compared, one for each of 49 directions."""


def crisp(tile: Tile) -> Tile:
    """The tile with creases that last when it is shown linearly between its voxels.

    Parameters
    ----------
    tile : Tile
        Structure.

    Returns
    -------
    Tile
        Of the same name and spacing; any BV/TV is again one level.
    """
    values = tile.values.astype(np.float32)
    for axis in range(3):
        beside = np.roll(values, 1, axis) + np.roll(values, -1, axis)
        values = np.float32(1 + 2 * CREASE) * values - np.float32(CREASE) * beside
    return Tile(tile.name, ranked(values), tile.spacing)


def depth_of(tile: Tile, amount: float) -> float:
    """Mean distance from marrow to bone in a whole tile, in points of the lattice.

    Parameters
    ----------
    tile : Tile
        Structure; its other side lies around it.
    amount : float
        BV/TV, above 0 and below 1.

    Returns
    -------
    float
        Above 0.5.
    """
    # A fifth of a voxel off, linear numbers smooth as much as in the mean over all places.
    values = tile.values.astype(np.float32) / np.float32(STEPS)
    for axis in range(3):
        line = np.moveaxis(values, axis, 0)
        shown = np.float32(0.79) * line[::STEP] + np.float32(0.21) * line[1::STEP]
        values = np.moveaxis(shown, 0, axis)
    bone = values > np.quantile(values, 1 - amount)
    return depth_in(np.pad(bone, RIM, mode="wrap"))


def depth_in(bone: NDArray[np.bool_]) -> float:
    """Mean distance from marrow to bone in a block, in points of the lattice.

    Parameters
    ----------
    bone : (i, j, k) bool array
        Bone and marrow, with `RIM` points around the block.

    Returns
    -------
    float
        Above 0.5.
    """
    inside = signed_distance(bone)[RIM:-RIM, RIM:-RIM, RIM:-RIM]
    return 0.5 - float(inside[inside < 0].mean(dtype=np.float64))


def direction_in(bone: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Longest axis of the ellipsoid of mean intercept length, if it is clearly the longest.

    The share of pairs of points that differ is their distance ÷ MIL; 1/MIL² is fitted by a
    quadratic form (Harrigan & Mann 1984, doi:10.1007/BF00540446).

    Parameters
    ----------
    bone : (i, j, k) bool array
        Bone and marrow, with `RIM` points around the block.

    Returns
    -------
    (3,) array or None
        Unit vector of either sign.
    """
    shape = bone.shape
    inner = bone[RIM:-RIM, RIM:-RIM, RIM:-RIM]
    shares = []
    for pair in PAIRS:
        there = bone[tuple(slice(RIM + o, n - RIM + o) for o, n in zip(pair, shape, strict=True))]
        shares.append(np.count_nonzero(inner != there) / inner.size)
    if min(shares) == 0:
        return None
    length = np.linalg.norm(PAIRS, axis=1)
    x, y, z = (PAIRS / length[:, None]).T
    squares = (np.array(shares) / length) ** 2
    forms = np.stack([x * x, y * y, z * z, 2 * x * y, 2 * x * z, 2 * y * z], axis=1)
    xx, yy, zz, xy, xz, yz = np.linalg.lstsq(forms / squares[:, None], np.ones(len(squares)))[0]
    tensor, axes = np.linalg.eigh(np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]]))
    first, second, _ = np.maximum(tensor, 1e-12)
    return axes[:, 0] if second > CLEAR**2 * first else None
