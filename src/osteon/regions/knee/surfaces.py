"""Where femur and tibia bear on each other."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core import EmptyRegion, Grid

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]

SMOOTH_MM = 1.5
"""Width (1 SD) to which a bone is smoothed for the direction in which its surface looks."""

MEAN_WIDTH_MM = 76.0
"""Width of the tibial plateau of the mean knee, to which the lengths below belong."""

MIDDLE_MM = 5.0
"""Half width of the strip with eminence and notch that belongs to neither compartment."""

FRONT_MM = 17.0
"""The femur bears weight from this far in front of the middle of the plateau …"""

UP_MM = 22.0
"""… around the back of the condyles up to this height over the joint line."""

PLATEAU_UP = 0.5
"""The plateau looks up, by at least this cosine."""

PLATEAU_MM = 10.0
"""The plateau lies within this of the femur."""

ACROSS = 0.75
"""Condyles look across, into the notch or sideways, by less than this cosine."""


def joint_surface(
    femur: Bools, tibia: Bools, grid: Grid, side: str
) -> Mapping[str, NDArray[np.int8]]:
    """Surface voxels of the joint by bone.

    Parameters
    ----------
    femur, tibia : (i, j, k) bool array
        Solid bones.
    grid : Grid
        Their grid.
    side : str
        ``"left"`` or ``"right"``.

    Returns
    -------
    mapping of str to (i, j, k) int8 array
        For femur and tibia: 1 medial, 2 lateral weight-bearing surface, 3 other covered surface.

    Raises
    ------
    EmptyRegion
        If femur and tibia do not face each other.
    """
    outward = 1.0 if side == "left" else -1.0
    at, look = _surface(tibia, grid)
    gap = ndimage.distance_transform_edt(~femur, sampling=grid.spacing)[tuple(at.T)]
    world = grid.to_world(at)
    plateau = (look[:, 2] > PLATEAU_UP) & (gap < PLATEAU_MM)
    if np.count_nonzero(plateau) < 20:
        raise EmptyRegion("femur and tibia do not face each other; the joint is not in view.")
    middle, size = _frame(world[plateau])
    found = {}
    local = (world - middle) / size
    found["tibia"] = _marked(tibia, at, plateau, np.ones(len(at), bool), outward * local[:, 0])
    at, look = _surface(femur, grid)
    local = (grid.to_world(at) - middle) / size
    covered = (np.abs(look[:, 0]) < ACROSS) & ((look[:, 2] < 0) | (np.abs(look[:, 1]) > ACROSS))
    covered &= local[:, 2] < UP_MM + 30.0
    bearing = (local[:, 1] > -FRONT_MM) & (local[:, 2] < UP_MM)
    found["femur"] = _marked(femur, at, covered, bearing, outward * local[:, 0])
    return found


def _surface(bone: Bools, grid: Grid) -> tuple[NDArray[np.int_], Floats]:
    """Indices of surface voxels and the world directions in which they look."""
    beside = ndimage.binary_erosion(bone, border_value=1)
    at = np.argwhere(bone & ~beside)
    smooth = ndimage.gaussian_filter(bone.astype(np.float32), SMOOTH_MM / grid.spacing)
    slope = np.stack([np.gradient(smooth, axis=n)[tuple(at.T)] for n in range(3)], axis=1)
    look = -(slope / grid.spacing) @ grid.direction.T
    length = np.maximum(np.linalg.norm(look, axis=1, keepdims=True), 1e-9)
    return at, look / length


def _frame(plateau: Floats) -> tuple[Floats, float]:
    """Middle of the joint line in world LPS mm, and the size of the knee against the mean one."""
    low, high = np.quantile(plateau, [0.01, 0.99], axis=0)
    middle = (low + high) / 2.0
    middle[2] = np.median(plateau[:, 2])
    return middle, float((high[0] - low[0]) / MEAN_WIDTH_MM)


def _marked(
    bone: Bools, at: NDArray[np.int_], covered: Bools, bearing: Bools, lateral: Floats
) -> NDArray[np.int8]:
    """Numbers of the surface: 1 medial, 2 lateral, 3 covered but not bearing."""
    number = np.where(lateral < 0, 1, 2)
    number[(np.abs(lateral) < MIDDLE_MM) | ~bearing] = 3
    number[~covered] = 0
    surface = np.zeros(bone.shape, np.int8)
    surface[tuple(at.T)] = number
    return surface
