"""A displacement as a value, what it does to volumes, and images warped by it, once."""

from dataclasses import dataclass, field
from itertools import product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import BadSetting, Grid, Volume
from .carrying import Carried

ORDERS = {"nearest": 0, "linear": 1, "bspline": 3}
"""Degree of the interpolating spline for each name of a method."""


@dataclass(frozen=True, eq=False)
class Deformed:
    """A displacement on top of a rigid start, and whether it can be used.

    Called with (n, 3) places of the fixed image, it tells where they are in the moving one.

    Attributes
    ----------
    displacement : (i, j, k, 3) array
        Along world x, y, z in mm, in the world of the fixed image; float32. Linear between nodes,
        0 beyond them.
    grid : Grid
        Where the nodes lie.
    start : Carried
        Where places go without it.
    jacobian : (float, float)
        Smallest and largest volume that a small volume takes: 1 is unchanged, 0 and below folded.
    before, after : float
        Mutual information in nats, without and with the displacement, at places by which it was
        not found.
    failed : str or None
        Why the displacement must not be used, in words.
    """

    displacement: NDArray[np.float32] = field(repr=False)
    grid: Grid
    start: Carried = field(repr=False)
    jacobian: tuple[float, float]
    before: float
    after: float
    failed: str | None

    def shift(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Displacement of (n, 3) places in mm."""
        index = self.grid.to_index(points).T
        along = [
            ndimage.map_coordinates(
                self.displacement[..., axis], index, np.float64, order=1, mode="grid-constant"
            )
            for axis in range(3)
        ]
        shift: NDArray[np.float64] = np.stack(along, axis=-1)
        return shift

    def __call__(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Where (n, 3) places are in the moving image."""
        places, turns = self.start.at(points)
        return np.asarray(places + np.einsum("nab,nb->na", turns, self.shift(points)))


def warp(
    volume: Volume,
    deformed: Deformed,
    *,
    onto: Grid,
    method: Literal["nearest", "linear", "bspline"] = "linear",
    outside: float = 0.0,
) -> Volume:
    """Bring the moving image onto another grid by a displacement and its start, in one go.

    Parameters
    ----------
    volume : Volume
        Moving image as scanned; unchanged. Interpolated once, and not smoothed: where `onto` is
        much coarser, `osteon.core.resample` the result of a finer grid.
    deformed : Deformed
        What `register_deformable` found.
    onto : Grid
        Grid of the fixed image, or any other in its world.
    method : {"nearest", "linear", "bspline"}
        Interpolation.
    outside : float
        Value where the image does not reach.

    Returns
    -------
    Volume
        On `onto`, float32, in the unit of `volume`.

    Raises
    ------
    BadSetting
        If there is no such method, or the displacement failed.
    """
    if method not in ORDERS:
        raise BadSetting(f"no interpolation is called '{method}'; there are {sorted(ORDERS)}.")
    if deformed.failed is not None:
        raise BadSetting(f"this displacement failed: {deformed.failed}")
    order, values = ORDERS[method], volume.values.astype(np.float32)
    if order > 1:
        values = ndimage.spline_filter(values, order, np.float32, mode="mirror")
    taken = np.empty(onto.shape, np.float32)
    plane = np.moveaxis(np.indices((*onto.shape[:2], 1)), 0, -1).reshape(-1, 3)
    last = np.array(volume.grid.shape) - 0.5
    for k in range(onto.shape[2]):  # a slab at a time, to hold no coordinates of the whole grid
        index = volume.grid.to_index(deformed(onto.to_world(plane + np.array([0, 0, k]))))
        mode = "mirror" if order > 1 else "nearest"
        slab = ndimage.map_coordinates(values, index.T, order=order, mode=mode, prefilter=False)
        slab[((index < -0.5) | (index > last)).any(axis=1)] = outside
        taken[:, :, k] = slab.reshape(onto.shape[:2])
    return Volume(taken, onto, volume.unit)


def volumes(total: NDArray[np.float32], grid: Grid) -> tuple[float, float]:
    """Smallest and largest volume of the eight corners of any cell, the cell's own being 1."""
    own = total.astype(np.float64) @ grid.direction / grid.spacing
    steps = [np.diff(own, axis=axis) for axis in range(3)]
    cells = np.array(own.shape[:3]) - 1
    if cells.min() < 1:
        return 1.0, 1.0
    low, high = np.inf, -np.inf
    for corner in product((0, 1), repeat=3):
        edges = np.empty((*cells, 3, 3))
        for axis in range(3):
            cut = tuple(
                slice(None) if a == axis else slice(c, c + n)
                for a, (c, n) in enumerate(zip(corner, cells, strict=True))
            )
            edges[..., axis] = steps[axis][cut]
        found = np.linalg.det(edges + np.eye(3))
        low, high = min(low, float(found.min())), max(high, float(found.max()))
    return low, high
