"""Where a rigid start puts every place: one transform, or one a bone and mixed between them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Grid, Mask, UnknownName
from .transforms import Rigid

FALLS_WITH = 4
"""Power of the distance by which a bone's part falls off, as in `merged`."""


@dataclass(frozen=True, eq=False)
class Carried:
    """Transforms of bones, and how far every place is from each bone.

    Attributes
    ----------
    transforms : tuple of Rigid
        From places of the fixed image to places of the moving one.
    away : tuple of (i, j, k) array
        Distance from the bone of each in mm; none where there is one transform for all.
    grid : Grid
        Of these distances.
    """

    transforms: tuple[Rigid, ...]
    away: tuple[NDArray[np.float32], ...]
    grid: Grid

    @classmethod
    def by(
        cls, start: Rigid | Mapping[str, Rigid], bones: Mapping[str, Mask], grid: Grid
    ) -> "Carried":
        """What carries places: a transform, or those of some bones.

        Raises
        ------
        UnknownName
            If a transform has no bone.
        """
        if isinstance(start, Rigid):
            return cls((start,), (), grid)
        if lost := [name for name in start if name not in bones]:
            raise UnknownName(f"no mask is called {lost[0]!r}; there are {sorted(bones)}.")
        if len(start) == 1:
            return cls(tuple(start.values()), (), grid)
        return cls(tuple(start.values()), tuple(distance(bones[n]) for n in start), grid)

    def at(self, points: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Where (n, 3) places go, and the (n, 3, 3) turns that displacements take part in."""
        shares = self._shares(points)
        places = np.zeros_like(points)
        turns = np.zeros((len(points), 3, 3))
        for share, transform in zip(shares, self.transforms, strict=True):
            places += share[:, None] * transform(points)
            turns += share[:, None, None] * transform.matrix[:3, :3]
        return places, turns

    def _shares(self, points: NDArray[np.float64]) -> list[NDArray[np.float64]]:
        """Part of each transform at each place; 1 for a bone's own inside it."""
        if not self.away:
            return [np.ones(len(points))]
        far = [sampled(away, self.grid, points) for away in self.away]
        least = np.min(far, axis=0)
        parts = [
            np.divide(least, one, out=np.ones_like(least), where=one > 0) ** FALLS_WITH
            for one in far
        ]
        total = np.sum(parts, axis=0)
        return [part / total for part in parts]


def distance(mask: Mask) -> NDArray[np.float32]:
    """Distance of every voxel from a mask in mm; 0 inside."""
    away = ndimage.distance_transform_edt(~mask.values, sampling=mask.grid.spacing)
    return np.asarray(away, np.float32)


def sampled(
    values: NDArray[np.float32], grid: Grid, points: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Linear interpolation of values on a grid; beyond it, those of its border."""
    index = grid.to_index(points).T
    taken = ndimage.map_coordinates(values, index, np.float64, order=1, mode="nearest")
    return np.asarray(taken)
