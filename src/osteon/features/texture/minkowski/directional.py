"""What values along directions say: a tensor, how anisotropic it is, and where it points."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import Grid
from .anisotropy import fractional_anisotropy, main_directions
from .permutation import Permuted, permuted

ANISOTROPY_BINS = np.linspace(0.0, 1.0, 21)
"""Borders of the bins of local fractional anisotropy."""

ANGLE_BINS = np.linspace(0.0, 90.0, 10)
"""Borders in degrees of the bins of angles between local and main direction."""

BLOCK = 12.0
"""Side of the blocks that are turned for the permutation, in voxels of the longest side."""


@dataclass(frozen=True, eq=False)
class Directional:
    """A functional about each voxel of a phase, in several directions.

    Attributes
    ----------
    where : (i, j, k) bool array
        The v voxels that have values: those of the phase in the region.
    values : (v, n) float32 array
        The functional about each voxel in each direction, a mm³ (in slices a mm²).
    directions : (n, 3) array
        Unit vectors, patient coordinates (LPS).
    weights : (n,) array
        How much each direction counts; they sum to 1.
    grid : Grid
        Where the voxels lie.
    dimensions : int
        3, or 2 in slices.
    """

    where: NDArray[np.bool_]
    values: NDArray[np.float32]
    directions: NDArray[np.float64]
    weights: NDArray[np.float64]
    grid: Grid
    dimensions: int

    @property
    def tensors(self) -> NDArray[np.float64]:
        """Σ weight · value² · direction ⊗ direction of each voxel, (v, 3, 3)."""
        outer = np.einsum("n,na,nb->nab", self.weights, self.directions, self.directions)
        squares = np.square(self.values, dtype=np.float64)
        return np.asarray((squares @ outer.reshape(-1, 9)).reshape(-1, 3, 3))

    @property
    def tensor(self) -> NDArray[np.float64]:
        """Mean of the voxels' tensors, (3, 3)."""
        outer = np.einsum("na,nb->nab", self.directions, self.directions)
        squares = np.square(self.values, dtype=np.float64).mean(axis=0) * self.weights
        return np.asarray(np.tensordot(squares, outer, 1))

    @property
    def anisotropy(self) -> float:
        """Fractional anisotropy of the mean tensor, 0 to 1."""
        return float(fractional_anisotropy(self.tensor, self.dimensions))

    @property
    def direction(self) -> NDArray[np.float64] | None:
        """Unit vector (3,) along which the phase extends most; None where nothing parts them."""
        return None if self.anisotropy == 0.0 else main_directions(self.tensor)

    @property
    def local_anisotropy(self) -> NDArray[np.float64]:
        """Fractional anisotropy about each voxel, (v,)."""
        return fractional_anisotropy(self.tensors, self.dimensions)

    def named(self, prefix: str) -> dict[str, float | None]:
        """Anisotropy, its histogram and that of directions, each name after a prefix.

        ``…_anisotropy_1`` to ``_20`` are shares of voxels by local fractional anisotropy,
        ``…_direction_1`` to ``_n`` shares by the direction of the set that lies nearest the
        local one, ``…_angle_1`` to ``_9`` by its angle to the main direction, in steps of 10°.
        Voxels without anisotropy have no direction. Shares of no voxel are None.
        """
        tensors = self.tensors
        local = fractional_anisotropy(tensors, self.dimensions)
        found: dict[str, float | None] = {
            f"{prefix}_fractional_anisotropy": self.anisotropy,
            f"{prefix}_local_anisotropy_mean": float(local.mean()),
            f"{prefix}_local_anisotropy_sd": float(local.std()),
        }
        for step, share in enumerate(np.histogram(local, ANISOTROPY_BINS)[0] / local.size):
            found[f"{prefix}_anisotropy_{step + 1}"] = float(share)
        axes = main_directions(tensors[local > 0])
        nearest = np.abs(axes @ self.directions.T).argmax(axis=1)
        counts = np.bincount(nearest, minlength=len(self.directions))
        _enter(found, f"{prefix}_direction", counts)
        main = self.direction
        angles = np.zeros(0)
        if main is not None:
            angles = np.degrees(np.arccos(np.minimum(np.abs(axes @ main), 1.0)))
        _enter(found, f"{prefix}_angle", np.histogram(angles, ANGLE_BINS)[0])
        return found

    def against_permuted(
        self, *, side: float | None = None, permutations: int = 999, seed: int = 0
    ) -> Permuted:
        """The anisotropy beside that of the same blocks of the region, each turned at random.

        Parameters
        ----------
        side : float, optional
            Side of the blocks in mm; None is 12 of the longest sides of a voxel. What lies in
            one should have nothing to do with what lies in the next.
        permutations : int
            How often all blocks are turned.
        seed : int
            Of the random turns.

        Returns
        -------
        Permuted
            Anisotropy, and that of permuted ones.

        Raises
        ------
        BadSetting
            If the region holds fewer than 8 blocks, or a number is out of range.
        """
        longest = float(self.grid.spacing.max())
        places = np.argwhere(self.where) * self.grid.spacing
        normal = None if self.dimensions == 3 else self._normal()
        return permuted(
            self.tensors,
            places,
            side=BLOCK * longest if side is None else side,
            permutations=permutations,
            seed=seed,
            normal=normal,
        )

    def _normal(self) -> NDArray[np.float64]:
        across = np.cross(self.directions[0], self.directions[1])
        return np.asarray(across / np.linalg.norm(across))


def _enter(found: dict[str, float | None], prefix: str, counts: NDArray[np.intp]) -> None:
    total = int(counts.sum())
    for step, count in enumerate(counts):
        found[f"{prefix}_{step + 1}"] = int(count) / total if total else None
