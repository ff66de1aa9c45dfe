"""Minkowski functionals of the voxels above a threshold, in space and slice by slice."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....core import BadSetting, Mask, Method, Volume
from ...structure.amounts.configurations import (
    CUT,
    Configurations,
    cell_shares,
    configurations,
)
from .cells import PLANE, SOLID, finite_in, inside, plane_weights, solid_weights

MINKOWSKI_METHOD = Method(
    "minkowski-functionals",
    "Voxels, faces, edges and corners of the solid of voxels at and above a threshold are counted "
    "and added up to volume, surface, breadth and Euler number; in slices to area, perimeter and "
    "Euler number.",
    "doi:10.1016/S0370-1573(00)00106-X",
    "Michielsen K, De Raedt H. Integral-geometry morphological image analysis. Physics Reports "
    "2001;347:461–538.",
)

Border = Literal["open", "cut"]
"""What the border of the region is: no surface of the phase, or one."""

DECILES = np.arange(1, 10) / 10
"""Quantiles of the region that are thresholds where none are given."""


@dataclass(frozen=True)
class Solid:
    """Minkowski functionals of a solid of voxels.

    Attributes
    ----------
    volume : float
        In mm³.
    surface : float
        Area of its voxels' free faces, in mm².
    breadth : float
        Twice the mean breadth, in mm: of a box the sum of its three sides.
    euler : float
        Euler number, voxels joined by a face, edge or corner.
    """

    volume: float
    surface: float
    breadth: float
    euler: float


@dataclass(frozen=True)
class Slices:
    """Minkowski functionals of slices, added up over all slices.

    Attributes
    ----------
    area : float
        In mm².
    perimeter : float
        Length of the pixels' free edges, in mm.
    euler : float
        Euler number, pixels joined by an edge or corner.
    number : int
        Slices that hold a voxel of the region.
    """

    area: float
    perimeter: float
    euler: float
    number: int


def solid_functionals(phase: Mask, *, region: Mask | None = None, border: Border = "open") -> Solid:
    """Volume, surface, breadth and Euler number of a phase in a region.

    Parameters
    ----------
    phase : Mask of shape (i, j, k)
        Voxels at and above a threshold.
    region : Mask of shape (i, j, k), optional
        Where to measure; None is the whole image.
    border : {"open", "cut"}
        ``"open"``: each cell counts by the share of the voxels around it that lie in the region,
        so that functionals of regions add up and the region's border is no surface; beyond the
        image the phase goes on straight. ``"cut"``: of the phase cut out along the border.

    Returns
    -------
    Solid
        All 0 where the region holds none of the phase.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If `border` is neither of the two.

    Notes
    -----
    Surface and breadth are those of the steps of the voxels: of a ball 1.5 times those of the
    ball, however fine the voxels are. `surface_tensor` has no such bias.
    """
    inside(region, phase)
    cells = _cells(configurations(phase, region=region), border)
    return Solid(*(float(x) for x in solid_weights(phase.grid.spacing) @ cells))


def slice_functionals(
    phase: Mask, *, region: Mask | None = None, border: Border = "open", axis: int = 2
) -> Slices:
    """Area, perimeter and Euler number of the slices of a phase in a region.

    Parameters
    ----------
    phase, region, border
        As for `solid_functionals`.
    axis : int
        The axis that slices lie across.

    Returns
    -------
    Slices
        Sums over slices.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    GridMismatch
        If the region lies on another grid.
    BadSetting
        If `border` is neither of the two, or the volume has no such axis.
    """
    weights = plane_weights(phase.grid.spacing, axis)
    within = inside(region, phase)
    cells = _cells(configurations(phase, region=region), border)
    area, perimeter, euler = (float(x) for x in weights @ cells)
    return Slices(area, perimeter, euler, _slices(within, axis))


@dataclass(frozen=True, eq=False)
class ThresholdSweep:
    """Minkowski functionals at rising thresholds.

    Attributes
    ----------
    thresholds : (n,) array
        Ascending, in the unit of the volume.
    solid : (n, 4) array
        Volume, surface, breadth and Euler number a mm³ of the region.
    slices : (n, 3) array
        Area, perimeter and Euler number a mm² of the region's slices.
    """

    thresholds: NDArray[np.float64]
    solid: NDArray[np.float64]
    slices: NDArray[np.float64]

    def named(self) -> dict[str, float]:
        """The vector of features: ``minkowski_3d_surface_4`` is that at the fourth threshold."""
        return {
            f"minkowski_{room}_{name}_{step + 1}": float(table[step, column])
            for room, names, table in (("3d", SOLID, self.solid), ("2d", PLANE, self.slices))
            for column, name in enumerate(names)
            for step in range(len(self.thresholds))
        }


def threshold_sweep(
    volume: Volume,
    *,
    region: Mask | None = None,
    thresholds: ArrayLike | None = None,
    border: Border = "open",
    axis: int = 2,
) -> ThresholdSweep:
    """Minkowski functionals of a region at one threshold after the other.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        Grey values in any unit.
    region : Mask of shape (i, j, k), optional
        Where to measure; None is the whole image.
    thresholds : sequence of float, optional
        In the unit of the volume; None is the nine deciles of the region. At a quantile the
        volume says nothing, so give thresholds of your own where density is to count.
    border : {"open", "cut"}
        As for `solid_functionals`.
    axis : int
        The axis that slices lie across.

    Returns
    -------
    ThresholdSweep
        Densities, so that regions of different sizes compare.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    GridMismatch
        If the region lies on another grid.
    UnsuitableScan
        If values of the region are missing (not finite).
    BadSetting
        If there is no threshold, or one is not a number, or an option is out of range.
    """
    grid = volume.grid
    levels = _levels(finite_in(volume, region), thresholds)
    weights = np.vstack([solid_weights(grid.spacing), plane_weights(grid.spacing, axis)])
    values = np.empty((levels.size, len(weights)))
    for step, level in enumerate(levels):
        phase = Mask(np.asarray(volume.values >= level), grid)
        values[step] = weights @ _cells(configurations(phase, region=region), border)
    voxels = volume.values.size if region is None else region.voxels
    values /= voxels * grid.voxel_volume
    # a slice is as thick as a voxel: a mm³ of region is so many mm² of slices
    return ThresholdSweep(levels, values[:, :4], values[:, 4:] * grid.spacing[axis])


def _levels(values: NDArray[np.float64], thresholds: ArrayLike | None) -> NDArray[np.float64]:
    if thresholds is None:
        return np.asarray(np.quantile(values, DECILES))
    levels = np.sort(np.atleast_1d(np.asarray(thresholds, np.float64)))
    if levels.ndim != 1 or levels.size == 0 or np.isnan(levels).any():
        raise BadSetting("thresholds must be one or more numbers in the unit of the volume.")
    return levels


def _cells(counted: Configurations, border: Border) -> NDArray[np.float64]:
    """Cells of each kind, (8,)."""
    if border == "open":
        cells = np.einsum("pv,kpv->k", counted.counts[:, :CUT], cell_shares())
    elif border == "cut":
        cells = cell_shares().sum(axis=2) @ counted.counts[:, CUT]
    else:
        raise BadSetting(f'the border of a region is "open" or "cut"; got {border!r}.')
    return np.asarray(cells / 8)


def _slices(within: NDArray[np.bool_], axis: int) -> int:
    others = tuple(n for n in range(3) if n != axis)
    return int(np.count_nonzero(within.any(axis=others)))
