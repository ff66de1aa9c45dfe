"""Resampling of tilted and gappy stacks onto a regular grid at right angles."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import Flag, Grid
from .geometry import Stack, gaps
from .wording import mm

SNAP = 1e-6
"""Departure from a whole voxel that is taken for rounding, in voxels."""


def on_grid(
    slices: NDArray[Any], stack: Stack, *, outside: float
) -> tuple[NDArray[Any], Grid, tuple[Flag, ...]]:
    """Values of a stack on a grid at right angles.

    A stack that is straight and regular is left as it is. A tilted one is sheared back: the grid
    keeps the image planes and runs along their normal, not along the table. Each slice is then
    only shifted within its own plane, so nothing is mixed across slices, which are the coarse
    direction, and in-plane detail suffers one linear interpolation along one axis. The grid grows
    sideways so that no voxel is lost. Unequal distances are evened out to the finest usual one by
    linear interpolation between the two neighbouring slices; nothing is put beyond the last.

    Parameters
    ----------
    slices : (k, j, i) array
        Values, slices in the order of the stack.
    stack : Stack
        How they lie.
    outside : float
        Value where no slice reaches after the shear.

    Returns
    -------
    values : (i, j, k) array
        As given, or float32 where resampled; within the range of the input and `outside`.
    grid : Grid
        Where they lie.
    flags : tuple of Flag
        ``"gantry-tilt"`` and ``"slice-gaps-filled"``, where that was done.
    """
    first = stack.frames[0]
    flags: list[Flag] = []
    origin = first.position
    between = first.spacing[::-1]
    if stack.shear.any():
        shifts = np.outer(stack.distances, stack.shear / between)
        for axis in (0, 1):
            slices, start = _sheared(slices, shifts[:, axis], 2 - axis)
            origin = origin + stack.direction[:, axis] * (start * between[axis])
        flags.append(_tilt_flag(stack))
    if not stack.regular:
        slices = _filled(slices, stack)
        flags.append(_gaps_flag(stack, slices.shape[0]))
    if stack.shear.any():
        slices[np.isnan(slices)] = outside
    values = slices.transpose(2, 1, 0)
    i, j, k = values.shape
    grid = Grid((i, j, k), origin, stack.direction, np.array([*between, stack.step]))
    return values, grid, tuple(flags)


def _sheared(
    slices: NDArray[Any], shifts: NDArray[np.float64], axis: int
) -> tuple[NDArray[Any], int]:
    """Slices moved by `shifts` voxels along an axis, and where the longer axis now starts.

    Where a slice does not reach there is NaN, so that filling gaps mixes no air into tissue.
    """
    start = int(np.floor(shifts.min() + SNAP))
    longer = int(np.ceil(shifts.max() - SNAP)) - start
    if not shifts.any():
        return slices, 0
    source = np.moveaxis(slices, axis, 1)
    length = source.shape[1]
    moved = np.full((source.shape[0], length + longer, source.shape[2]), np.nan, np.float32)
    for plane, target, shift in zip(source, moved, shifts, strict=True):
        at = np.arange(length + longer) + start - shift
        inside = (at >= -SNAP) & (at <= length - 1 + SNAP)
        low, share = _between(at[inside], length)
        target[inside] = _mixed(plane[low], plane[np.minimum(low + 1, length - 1)], share[:, None])
    return np.moveaxis(moved, 1, axis), start


def _filled(slices: NDArray[Any], stack: Stack) -> NDArray[Any]:
    """Slices at equal distances, linearly between their neighbours."""
    count = int(np.floor(stack.distances[-1] / stack.step + SNAP)) + 1
    at = np.interp(np.arange(count) * stack.step, stack.distances, np.arange(len(slices)))
    low, share = _between(at, len(slices))
    filled = np.empty((count, *slices.shape[1:]), np.float32)
    for target, below, part in zip(filled, low, share, strict=True):
        above = min(below + 1, len(slices) - 1) if part else below
        target[:] = _mixed(slices[below], slices[above], part)
    return filled


def _between(at: NDArray[np.float64], length: int) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Index below each place, and the share of the one above."""
    at = np.where(np.abs(at - np.round(at)) <= SNAP, np.round(at), at)
    low = np.clip(np.floor(at), 0, length - 1).astype(np.intp)
    return low, np.clip(at - low, 0.0, 1.0).astype(np.float32)


def _mixed(below: NDArray[Any], above: NDArray[Any], share: Any) -> NDArray[np.float32]:
    mixed: NDArray[np.float32] = below * (np.float32(1) - share) + above * share
    return mixed.astype(np.float32, copy=False)


def _tilt_flag(stack: Stack) -> Flag:
    furthest = float(np.linalg.norm(stack.shear) * stack.distances[-1])
    return Flag(
        "gantry-tilt",
        f"Gantry tilt of {stack.tilt:.1f}° straightened: slices were shifted within their planes "
        f"by up to {mm(furthest)} (linear interpolation).",
    )


def _gaps_flag(stack: Stack, slices: int) -> Flag:
    said = gaps(stack)
    return Flag(
        "slice-gaps-filled",
        f"{said[0].upper()}{said[1:]}; evened out to {slices} slices every {mm(stack.step)} by "
        "linear interpolation.",
    )
