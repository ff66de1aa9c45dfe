"""Distances between the surfaces of two masks, in mm.

A surface is made of the points where eight voxels meet that are not all inside or all outside, as
Nikolov 2021 (doi:10.2196/26151) defines it for the surface Dice. Each point counts with the area of
the surface that runs between these voxels: the length of the sum of the quarter faces that meet
there. That is right for planes along the axes of cubic voxels and diagonal to them, and up to 9 %
too much between (a ball: 6 %; of voxels five times as long as wide: 18 %); as a weight it only has
to be the same everywhere. Voxels beyond the border of the image are outside, so that a mask that
is cut off there has a surface there.
"""

from dataclasses import dataclass
from itertools import product

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from ...core import BadSetting, EmptyRegion, Mask
from ..checked import Numbers
from .extent import extent

ROUNDING = 1e-9
"""Distances in mm that are told apart by rounding only."""


@dataclass(frozen=True)
class Distances:
    """Distances from every place of one surface to the nearest of the other, in mm.

    Attributes
    ----------
    mean : float
        Mean over the area.
    percentile_95 : float
        Distance that 95 % of the area does not exceed.
    maximum : float
        Largest distance.
    """

    mean: float
    percentile_95: float
    maximum: float


@dataclass(frozen=True)
class SurfaceDistances:
    """How far two surfaces are apart, in mm.

    Attributes
    ----------
    mean : float
        Mean over the area of both surfaces (average symmetric surface distance).
    percentile_95 : float
        The larger of both directions' 95th percentiles ("HD95").
    maximum : float
        The larger of both directions' maxima (Hausdorff distance).
    first_to_second, second_to_first : Distances
        One direction each.
    """

    mean: float
    percentile_95: float
    maximum: float
    first_to_second: Distances
    second_to_first: Distances


def surface_distances(first: Mask, second: Mask) -> SurfaceDistances:
    """Mean, 95 % and largest distance of two surfaces, weighted by area, in mm.

    Parameters
    ----------
    first, second : Mask of shape (i, j, k)
        Two masks on one grid, of any voxel size along each axis.

    Returns
    -------
    SurfaceDistances
        0 mm for equal masks.

    Raises
    ------
    GridMismatch
        If the grids differ.
    EmptyRegion
        If a mask is empty: it has no surface.

    Notes
    -----
    Surfaces run between voxels and have no finer place than the voxels allow: a distance is to the
    nearest point, and for curved surfaces up to about half a voxel too small. Other programs
    measure between the centres of border voxels and count voxels instead of area; figures differ
    by up to about a voxel.
    """
    one, other = _both(first, second)
    sizes = one.area.sum(), other.area.sum()
    away, back = one.to(other), other.to(one)
    there, here = _told(away, one.area), _told(back, other.area)
    mean = (there.mean * sizes[0] + here.mean * sizes[1]) / sum(sizes)
    return SurfaceDistances(
        mean=float(mean),
        percentile_95=max(there.percentile_95, here.percentile_95),
        maximum=max(there.maximum, here.maximum),
        first_to_second=there,
        second_to_first=here,
    )


def surface_dice(first: Mask, second: Mask, tolerance_mm: float) -> float:
    """Share of both surfaces that lies within a tolerance of the other (Nikolov 2021).

    Parameters
    ----------
    first, second : Mask of shape (i, j, k)
        Two masks on one grid.
    tolerance_mm : float
        Distance that does not matter, in mm, 0 or more; the spread between observers, say.

    Returns
    -------
    float
        0 to 1 (all within the tolerance).

    Raises
    ------
    GridMismatch, EmptyRegion
        As `surface_distances`.
    BadSetting
        If the tolerance is negative or no number.
    """
    if not 0 <= tolerance_mm < np.inf:
        raise BadSetting(f"a tolerance is 0 mm or more; got {tolerance_mm:g} mm.")
    one, other = _both(first, second)
    near = sum(
        float(own.area[own.to(its) <= tolerance_mm + ROUNDING].sum())
        for own, its in ((one, other), (other, one))
    )
    return near / float(one.area.sum() + other.area.sum())


@dataclass(frozen=True, eq=False)
class _Surface:
    """Points in mm along the grid's axes, shape (points, 3), and the area of each in mm²."""

    points: NDArray[np.float64]
    area: Numbers

    def to(self, other: "_Surface") -> Numbers:
        """Distance of each point to the nearest of another surface, in mm."""
        distance, _ = cKDTree(other.points).query(self.points)
        return np.asarray(distance, np.float64)


def _both(first: Mask, second: Mask) -> tuple[_Surface, _Surface]:
    second = second.on(first.grid, name="the second mask")
    for name, mask in (("first", first), ("second", second)):
        if mask.voxels == 0:
            raise EmptyRegion(f"the {name} mask is empty; it has no surface to measure from.")
    return _surface(first), _surface(second)


def _surface(mask: Mask) -> _Surface:
    """The surface of a mask that is not empty."""
    box = extent(mask.values)
    solid = np.pad(mask.values[box], 1).astype(np.int8)
    spacing = mask.grid.spacing
    face = spacing.prod() / spacing
    squared = np.zeros([n - 1 for n in solid.shape])
    for axis in range(3):
        quarters = np.diff(solid, axis=axis)
        for across in {0, 1, 2} - {axis}:
            ahead, behind = [slice(None)] * 3, [slice(None)] * 3
            ahead[across], behind[across] = slice(1, None), slice(-1)
            quarters = quarters[tuple(ahead)] + quarters[tuple(behind)]
        squared += (quarters * (0.25 * face[axis])) ** 2
    area = np.sqrt(squared)
    inside = sum(solid[part].astype(np.int8) for part in _corners())
    # two voxels that touch at an edge or corner only may cancel out: a place without area
    found = np.argwhere((inside > 0) & (inside < 8))
    start = np.array([side.start for side in box])
    return _Surface((found + start) * spacing, area[tuple(found.T)])


def _corners() -> list[tuple[slice, ...]]:
    """The eight voxels that meet at each point, as parts of an array."""
    sides = (slice(-1), slice(1, None))
    return list(product(sides, repeat=3))


def _told(distance: Numbers, area: Numbers) -> Distances:
    order = np.argsort(distance)
    reached = np.cumsum(area[order])
    at = int(np.searchsorted(reached, 0.95 * reached[-1] * (1 - 1e-12)))
    return Distances(
        mean=float(np.average(distance, weights=area)),
        percentile_95=float(distance[order[at]]),
        maximum=float(distance.max()),
    )
