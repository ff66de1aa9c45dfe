"""A tile: a cube of structure without end, as normal numbers of which the highest are bone."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

from ...core import BadSetting
from .cells import STEPS

SIDE = 192
"""Voxels along each side of a tile."""

CLASSES = 1 << 16
"""Classes of equal width into which a field is sorted before it is ranked."""


@dataclass(frozen=True, eq=False)
class Tile:
    """Structure of a cube of bone that goes on on its other side.

    The share of voxels above ``level_of(v)`` is v, for every v: any BV/TV is one level.

    Attributes
    ----------
    name : str
        What it shows, such as ``"L1-04216"``.
    values : (192, 192, 192) array of int16
        Normally distributed numbers, `STEPS` to one standard deviation; trabeculae run along
        axis k where they have a main direction.
    spacing : float
        Side of a voxel in mm.

    Raises
    ------
    BadSetting
        If the values have another shape or the spacing is not above 0.
    """

    name: str
    values: NDArray[np.int16]
    spacing: float

    def __post_init__(self) -> None:
        """Refuse what is no tile."""
        if self.values.shape != (SIDE,) * 3 or self.values.dtype != np.int16:
            raise BadSetting(
                f"a tile has {SIDE} int16 voxels a side; {self.name} has {self.values.shape} "
                f"of {self.values.dtype}."
            )
        if not self.spacing > 0:
            raise BadSetting(f"the spacing of a tile is above 0 mm; got {self.spacing:g} mm.")


def ranked(values: NDArray[np.floating]) -> NDArray[np.int16]:
    """Numbers in the order of `values`, normally distributed.

    Parameters
    ----------
    values : array of float
        Any finite numbers that are not all equal.

    Returns
    -------
    array of int16
        Of the same shape, `STEPS` to one standard deviation; equal numbers stay equal.
    """
    low, high = float(values.min()), float(values.max())
    place = (values - low) * ((CLASSES - 1) / (high - low))
    classes = place.astype(np.uint16)
    counts = np.bincount(classes.reshape(-1), minlength=CLASSES)
    share = (np.cumsum(counts) - 0.5 * counts) / values.size
    edge = 0.5 / values.size
    normal = np.clip(ndtri(np.clip(share, edge, 1 - edge)), -7.9, 7.9)
    return np.asarray(np.round(normal * STEPS).astype(np.int16)[classes], np.int16)
