"""Lacunarity: how unevenly a phase or grey values fill boxes that glide over a region."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, EmptyRegion, Mask, Method, UnsuitableScan, Volume

LACUNARITY_METHOD = Method(
    "gliding-box-lacunarity",
    "A box glides over the region voxel by voxel; the mean square of what it holds ÷ the square of "
    "the mean, by its side.",
    "doi:10.1103/PhysRevA.44.3552",
    "Allain C, Cloitre M. Characterizing the lacunarity of random and deterministic fractal sets. "
    "Phys Rev A 1991;44:3552–3558.",
)

SIDES = (1, 2, 3, 4, 6, 8)
"""Sides of the boxes where none are given, in voxels of the longest side."""


@dataclass(frozen=True, eq=False)
class Lacunarity:
    """Lacunarity by side of the box.

    Attributes
    ----------
    sides : (n,) array
        In mm, along each axis rounded to whole voxels.
    values : (n,) array
        1 (every box holds the same) and more; sides whose boxes do not fit, or hold nothing, are
        left out where none were asked for.
    """

    sides: NDArray[np.float64]
    values: NDArray[np.float64]

    def named(self, prefix: str = "lacunarity") -> dict[str, float]:
        """Lacunarity by side in mm, each name after a prefix."""
        pairs = zip(self.sides, self.values, strict=True)
        return {f"{prefix}_{side:g}mm": float(value) for side, value in pairs}


def lacunarity(
    image: Mask | Volume, *, region: Mask | None = None, sides: Sequence[float] | None = None
) -> Lacunarity:
    """Lacunarity of a phase or of grey values by gliding boxes.

    Parameters
    ----------
    image : Mask or Volume of shape (i, j, k)
        A phase, or grey values that are amounts: none below 0.
    region : Mask of shape (i, j, k), optional
        Only boxes that lie wholly in it count; None is the whole image.
    sides : sequence of float, optional
        Sides of the boxes in mm, at least half a voxel; None is 1, 2, 3, 4, 6 and 8 times the
        longest side of a voxel, as far as they fit.

    Returns
    -------
    Lacunarity
        Empty where no box that holds something fits the region.

    Raises
    ------
    EmptyRegion
        If the region has no voxel or holds nothing, or no box of a side asked for does.
    GridMismatch
        If the region lies on another grid.
    UnsuitableScan
        If values of the region are missing (not finite) or below 0.
    BadSetting
        If a side is too small, or asked for and larger than the region.
    """
    within = _within(image, region)
    values = np.where(within, image.values, 0).astype(np.float64)
    if not np.isfinite(values).all() or values.min() < 0:
        raise UnsuitableScan(
            "lacunarity needs finite amounts of 0 and more; values of the region are missing or "
            "below 0. Leave them out, or take a phase above a threshold."
        )
    if not values.any():
        raise EmptyRegion("the region holds nothing: lacunarity has no value there.")
    spacing = image.grid.spacing
    used = np.asarray(SIDES if sides is None else sides, np.float64)
    used = np.unique(used * spacing.max() if sides is None else used)
    found = []
    for side in used:
        box = np.rint(side / spacing).astype(int)
        if not (box >= 1).all():
            raise BadSetting(f"a box of {side:g} mm is smaller than a voxel ({spacing.max():g} mm)")
        amounts = _amounts(values, within, box)
        if amounts.any():
            found.append((float(side), float(np.square(amounts / amounts.mean()).mean())))
        elif sides is not None and amounts.size == 0:
            raise BadSetting(f"no box of {side:g} mm lies wholly in the region; take smaller ones.")
        elif sides is not None:
            raise EmptyRegion(f"boxes of {side:g} mm hold nothing; lacunarity has no value there.")
    return Lacunarity(np.array([side for side, _ in found]), np.array([x for _, x in found]))


def _within(image: Mask | Volume, region: Mask | None) -> NDArray[np.bool_]:
    if region is None:
        return np.ones(image.values.shape, np.bool_)
    if region.on(image.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; lacunarity needs a region.")
    return region.values


def _amounts(
    values: NDArray[np.float64], within: NDArray[np.bool_], box: NDArray[np.intp]
) -> NDArray[np.float64]:
    """What every box holds that lies wholly in the region, (n,)."""
    if (box > values.shape).any():
        return np.empty(0)
    full = _sums(within.astype(np.int64), box) == box.prod()
    return np.asarray(_sums(values, box)[full], np.float64)


def _sums(values: NDArray[np.generic], box: NDArray[np.intp]) -> NDArray[np.generic]:
    """Sum over every box, (i − a + 1, …)."""
    for axis, width in enumerate(box):
        total = np.cumsum(values, axis)
        zero = np.zeros_like(np.take(total, [0], axis))
        total = np.concatenate([zero, total], axis)
        last = total.shape[axis]
        values = np.take(total, range(width, last), axis) - np.take(
            total, range(last - width), axis
        )
    return values
