"""Voxel values that know where they lie and what they mean."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .errors import GridMismatch, UnitMismatch
from .grid import Grid

SAME_WITHIN_MM = 0.01
"""Two grids are one when no corner lies further apart than this, in mm."""

Box = tuple[slice, slice, slice]
"""Part of a grid, by voxels; steps thin it out."""

HU = "[hnsf'U]"
"""UCUM unit of CT numbers (Hounsfield units)."""

MG_CM3 = "mg/cm3"
"""UCUM unit of volumetric bone mineral density."""


def _fits(shape: tuple[int, ...], grid: Grid, name: str) -> None:
    if shape != grid.shape:
        raise GridMismatch(f"{name} has {shape} values, its grid has {grid.shape} voxels.")


def _must_lie_on(own: Grid, grid: Grid, name: str, tolerance: float) -> None:
    """Raise GridMismatch, saying how far apart, unless the two grids are one."""
    if own.shape != grid.shape:
        fault = f"it has {own}, {grid} were expected"
    elif (apart := own.apart(grid)) > tolerance:
        fault = f"its voxels lie up to {apart:.3g} mm away from where {grid} were expected"
    else:
        return
    raise GridMismatch(
        f"{name} is on another grid: {fault}. "
        "Bring it there first with core.resample(volume, onto=grid)."
    )


@dataclass(frozen=True, eq=False)
class Volume:
    """Voxel values on a grid.

    Attributes
    ----------
    values : (i, j, k) array
        One value a voxel.
    grid : Grid
        Where the voxels lie.
    unit : str
        Unit of the values, in UCUM: ``[hnsf'U]`` for HU, ``mg/cm3`` for density, ``1`` for none.
    """

    values: NDArray[Any]
    grid: Grid
    unit: str

    def __post_init__(self) -> None:
        """Refuse values that do not fit the grid."""
        _fits(self.values.shape, self.grid, "a volume")

    def part(self, box: Box) -> "Volume":
        """The part of this volume in a box of voxels."""
        return Volume(self.values[box], self.grid.part(box), self.unit)

    def in_unit(self, unit: str) -> "Volume":
        """Return this volume, having checked that its values are in `unit`."""
        if self.unit != unit:
            hint = " A CT in HU becomes a density map by calibration." if unit == MG_CM3 else ""
            raise UnitMismatch(f"values are in '{self.unit}', not '{unit}'.{hint}")
        return self

    def on(self, grid: Grid, *, name: str, tolerance: float = SAME_WITHIN_MM) -> "Volume":
        """Return this volume, having checked that it lies on `grid` to within `tolerance` mm."""
        _must_lie_on(self.grid, grid, name, tolerance)
        return self


@dataclass(frozen=True, eq=False)
class Mask:
    """The voxels that belong to a region.

    Attributes
    ----------
    values : (i, j, k) bool array
        True inside.
    grid : Grid
        Where the voxels lie.
    """

    values: NDArray[np.bool_]
    grid: Grid

    def __post_init__(self) -> None:
        """Refuse values that do not fit the grid or are not true or false."""
        _fits(self.values.shape, self.grid, "a mask")
        if self.values.dtype != np.bool_:
            raise UnitMismatch(f"a mask is true or false; got values of type {self.values.dtype}.")

    def part(self, box: Box) -> "Mask":
        """The part of this mask in a box of voxels."""
        return Mask(self.values[box], self.grid.part(box))

    @property
    def voxels(self) -> int:
        """Number of voxels inside."""
        return int(np.count_nonzero(self.values))

    @property
    def volume_mm3(self) -> float:
        """Volume inside, in mm³."""
        return self.voxels * self.grid.voxel_volume

    def on(self, grid: Grid, *, name: str, tolerance: float = SAME_WITHIN_MM) -> "Mask":
        """Return this mask, having checked that it lies on `grid` to within `tolerance` mm."""
        _must_lie_on(self.grid, grid, name, tolerance)
        return self


@dataclass(frozen=True, eq=False)
class Labels:
    """A whole number a voxel, saying to which structure it belongs; 0 is none.

    Attributes
    ----------
    values : (i, j, k) integer array
        Label of each voxel.
    grid : Grid
        Where the voxels lie.
    names : mapping of int to str
        What the labels are called, as far as known.
    """

    values: NDArray[Any]
    grid: Grid
    names: Mapping[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse values that do not fit the grid or are not whole numbers."""
        _fits(self.values.shape, self.grid, "a label map")
        if not np.issubdtype(self.values.dtype, np.integer):
            raise UnitMismatch(f"labels are whole numbers; got type {self.values.dtype}.")

    def part(self, box: Box) -> "Labels":
        """The part of these labels in a box of voxels."""
        return Labels(self.values[box], self.grid.part(box), self.names)

    def mask(self, *labels: int) -> Mask:
        """Voxels that carry one of `labels`."""
        return Mask(np.isin(self.values, labels), self.grid)

    def on(self, grid: Grid, *, name: str, tolerance: float = SAME_WITHIN_MM) -> "Labels":
        """Return these labels, having checked that they lie on `grid` to within `tolerance` mm."""
        _must_lie_on(self.grid, grid, name, tolerance)
        return self
