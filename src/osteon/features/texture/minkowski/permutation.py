"""How anisotropic a region would come out by chance: its blocks, each turned at random."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from ....core import BadSetting
from .anisotropy import fractional_anisotropy

FEWEST_BLOCKS = 8

AT_ONCE = 200_000
"""Turned tensors in memory at once."""


@dataclass(frozen=True, eq=False)
class Permuted:
    """Anisotropy of a region, and of the same region with its blocks turned at random.

    Attributes
    ----------
    anisotropy : float
        Fractional anisotropy of the sum of all tensors.
    limit : float
        The value that 95 % of the permuted ones stay below.
    p : float
        Share of values, its own among them, that are as large or larger.
    blocks : int
        How many blocks were turned.
    """

    anisotropy: float
    limit: float
    p: float
    blocks: int


def permuted(
    tensors: NDArray[np.float64],
    places: NDArray[np.float64],
    *,
    side: float,
    permutations: int = 999,
    seed: int = 0,
    normal: NDArray[np.float64] | None = None,
) -> Permuted:
    """Hold the anisotropy of a region against that of its blocks turned at random.

    If a structure has no direction, a block of it is as likely as the same block turned by any
    rotation. Of blocks that have nothing to do with each other, each turned by a rotation of its
    own, the anisotropy then comes out as large as the measured one in its due share of cases.
    Inside a block nothing is shuffled: what neighbouring voxels share stays.

    Parameters
    ----------
    tensors : (v, 3, 3) array
        One tensor a voxel.
    places : (v, 3) array
        Where the voxels lie, along array axes, in mm.
    side : float
        Side of a block in mm.
    permutations : int
        How often, 19 and more.
    seed : int
        Of the random rotations.
    normal : (3,) array, optional
        Axis of all rotations, for tensors of a plane; None is any axis.

    Returns
    -------
    Permuted
        A p of 0.05 and less speaks of a direction.

    Raises
    ------
    BadSetting
        If there are fewer than 8 blocks, or a number is out of range.
    """
    if not side > 0 or permutations < 19:
        raise BadSetting(
            f"blocks need a side above 0 mm and at least 19 permutations; got {side:g} mm and "
            f"{permutations}."
        )
    sums = _block_sums(tensors, places, side)
    if len(sums) < FEWEST_BLOCKS:
        raise BadSetting(
            f"the region holds {len(sums)} block(s) of {side:g} mm; at least {FEWEST_BLOCKS} are "
            "needed. Take smaller blocks."
        )
    dimensions = 3 if normal is None else 2
    generator = np.random.default_rng(seed)
    turned = np.empty((permutations, 3, 3))
    step = max(AT_ONCE // len(sums), 1)
    for first in range(0, permutations, step):
        number = min(step, permutations - first)
        matrices = _rotations(number * len(sums), generator, normal)
        matrices = matrices.reshape(number, len(sums), 3, 3)
        turned[first : first + number] = np.einsum(
            "pbxy,byz,pbwz->pxw", matrices, sums, matrices, optimize=True
        )
    own = fractional_anisotropy(sums.sum(axis=0), dimensions)
    others = fractional_anisotropy(turned, dimensions)
    p = (1 + int(np.count_nonzero(others >= own))) / (permutations + 1)
    return Permuted(float(own), float(np.quantile(others, 0.95)), p, len(sums))


def _block_sums(
    tensors: NDArray[np.float64], places: NDArray[np.float64], side: float
) -> NDArray[np.float64]:
    """Sum of the tensors in each block, (b, 3, 3)."""
    cells = np.floor((places - places.min(axis=0)) / side).astype(np.int64)
    _, block = np.unique(np.ravel_multi_index(tuple(cells.T), cells.max(axis=0) + 1), False, True)
    columns = [np.bincount(block, tensors[:, a, b]) for a in range(3) for b in range(3)]
    return np.asarray(np.stack(columns, axis=1).reshape(-1, 3, 3), np.float64)


def _rotations(
    number: int, generator: np.random.Generator, normal: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    if normal is None:
        return np.asarray(Rotation.random(number, rng=generator).as_matrix())
    angles = generator.uniform(0, 2 * np.pi, number)
    return np.asarray(Rotation.from_rotvec(angles[:, None] * normal).as_matrix())
