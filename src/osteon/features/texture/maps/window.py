"""Where the windows of a map lie, and the grid on which the map comes."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, EmptyRegion, Grid, Mask, UnknownName
from ..region import bounds


@dataclass(frozen=True)
class Window:
    """A box that slides over a region.

    Attributes
    ----------
    size_mm : float
        Side of the box; it has an odd number of voxels along each axis, at least three.
    step_mm : float or None
        Distance of neighbouring boxes, as many whole voxels as come nearest; a box at every voxel
        if None.

    Raises
    ------
    BadSetting
        If one is not above 0.
    """

    size_mm: float
    step_mm: float | None = None

    def __post_init__(self) -> None:
        """Refuse boxes without a size."""
        for name in ("size_mm", "step_mm"):
            value = getattr(self, name)
            if value is not None and not value > 0.0:
                raise BadSetting(f"a window's {name} must be above 0; got {value:g}.")

    def radii(self, grid: Grid) -> tuple[int, int, int]:
        """Voxels on both sides of the middle one, along each axis."""
        i, j, k = (max(1, round((self.size_mm / side - 1) / 2)) for side in grid.spacing)
        return i, j, k

    def steps(self, grid: Grid) -> tuple[int, int, int]:
        """Voxels from one box to the next, along each axis."""
        if self.step_mm is None:
            return 1, 1, 1
        i, j, k = (max(1, round(self.step_mm / side)) for side in grid.spacing)
        return i, j, k


@dataclass(frozen=True, eq=False)
class Places:
    """Middles of the windows of one region.

    Attributes
    ----------
    first, step, radii : (3,) int64 array
        Voxel of the first middle, voxels between middles, and half of a window, along each axis.
    grid : Grid
        A voxel a window.
    """

    first: NDArray[np.int64]
    step: NDArray[np.int64]
    radii: NDArray[np.int64]
    grid: Grid

    @property
    def lattice(self) -> NDArray[np.int64]:
        """First middle, step and half of a window, a row each."""
        return np.stack([self.first, self.step, self.radii])


def numbers_of(names: Sequence[str], known: Sequence[str], what: str) -> NDArray[np.int64]:
    """Places of names among those that are known.

    Raises
    ------
    UnknownName
        If one is not; `what` says what it is not.
    """
    for name in names:
        if name not in known:
            raise UnknownName(f"no {what} is called '{name}'; as {known[0]}.")
    return np.array([known.index(name) for name in names], np.int64)


def places_in(mask: Mask, window: Window) -> Places:
    """Windows whose middles lie on a lattice over the box around a region.

    Parameters
    ----------
    mask : Mask
        The region.
    window : Window
        Size and step.

    Returns
    -------
    Places
        With the lattice in the middle of the box.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    BadSetting
        If the window is larger than the region along an axis.
    """
    if mask.voxels == 0:
        raise EmptyRegion("the region has no voxel; no window can be laid in it.")
    box = bounds(mask.values)
    low, high = np.array([[cut.start for cut in box], [cut.stop for cut in box]])
    radii = np.array(window.radii(mask.grid))
    step = np.array(window.steps(mask.grid))
    if (over := 2 * radii + 1 > high - low).any():
        axis = int(over.argmax())
        spacing = float(mask.grid.spacing[axis])
        raise BadSetting(
            f"a window of {(2 * radii[axis] + 1) * spacing:.1f} mm is larger than the region, "
            f"{(high - low)[axis] * spacing:.1f} mm along axis {axis}; take a smaller window."
        )
    many = -(-(high - low) // step)
    first = low + (high - low - 1 - (many - 1) * step) // 2
    origin = mask.grid.to_world(first.astype(np.float64))
    i, j, k = (int(n) for n in many)
    grid = Grid((i, j, k), origin, mask.grid.direction, mask.grid.spacing * step)
    return Places(first, step, radii, grid)
