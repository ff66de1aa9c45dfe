"""Bones that touch, parted at their necks: seeds deep inside, grown back from deep to shallow."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Bools = NDArray[np.bool_]
Numbers = NDArray[np.int16]
Depths = NDArray[np.float64]

STEP_MM = 0.5
"""Steps in depth, from cut to cut."""

DEEPEST_MM = 9.0
"""Bones that are still one at this depth are one bone."""

GROW_MM = 1.0
"""Steps in depth in which seeds grow back."""

SEED_MM3 = 100.0
"""Smallest piece at a depth that starts a part of its own."""

MOST_PARTS = 60
"""Only so many pieces are followed, the largest."""


@dataclass(frozen=True, eq=False)
class Lattice:
    """Solid bone on a coarse lattice of nearly cubic voxels.

    Attributes
    ----------
    solid : (i, j, k) bool array
        Bone.
    depth : (i, j, k) array
        Distance in mm to what is not bone; faces of the image are no surface.
    place : (3, i, j, k) array
        World LPS mm, broadcastable.
    voxel_mm3 : float
        Volume of a voxel.
    """

    solid: Bools
    depth: Depths
    place: NDArray[np.float64]
    voxel_mm3: float


def pieces_at(lattice: Lattice, within: Bools, depth_mm: float) -> Numbers:
    """Connected pieces of what lies deeper than `depth_mm`, numbered from 1 by falling size.

    Parameters
    ----------
    lattice : Lattice
        The bone.
    within : (i, j, k) bool array
        Part of it to look at.
    depth_mm : float
        Depth, mm.

    Returns
    -------
    (i, j, k) int array
        0 where no piece of at least SEED_MM3 lies.
    """
    found, count = ndimage.label(within & (lattice.depth > depth_mm))
    sizes = np.bincount(found.ravel(), minlength=count + 1)
    sizes[0] = 0
    order = np.argsort(-sizes, kind="stable")[:MOST_PARTS]
    order = order[sizes[order] * lattice.voxel_mm3 >= SEED_MM3]
    number = np.zeros(count + 1, np.int16)
    number[order] = np.arange(1, len(order) + 1)
    taken: Numbers = number[found]
    return taken


def cuts(lattice: Lattice, within: Bools) -> Iterator[tuple[float, Numbers]]:
    """Depth and pieces there, from shallow to deep, as long as there are any."""
    for depth in np.arange(STEP_MM, DEEPEST_MM, STEP_MM):
        pieces = pieces_at(lattice, within, float(depth))
        if not pieces.any():
            return
        yield float(depth), pieces


def grown(lattice: Lattice, within: Bools, seeds: Numbers, depth_mm: float) -> Numbers:
    """Seeds grown over all that is connected to them, deep places first.

    So the border of two bones that touch runs where the bridge between them is thinnest.

    Parameters
    ----------
    lattice : Lattice
        The bone.
    within : (i, j, k) bool array
        Where to grow.
    seeds : (i, j, k) int array
        Numbers to grow; 0 for none.
    depth_mm : float
        Depth at which the seeds were found, mm.

    Returns
    -------
    (i, j, k) int array
        Numbers everywhere in `within` that can be reached.
    """
    taken = seeds.copy()
    for depth in np.append(np.arange(depth_mm - GROW_MM, 0.0, -GROW_MM), 0.0):
        _flood(taken, within & (lattice.depth > depth))
    return taken


def _flood(taken: Numbers, open_here: Bools) -> None:
    """Give every connected piece the number in it; each place the nearest where there are two."""
    pieces, _ = ndimage.label(open_here)
    boxes = ndimage.find_objects(pieces)
    for piece in np.unique(pieces[(taken > 0) & open_here]):
        box = boxes[piece - 1]
        own = (pieces[box] == piece) & (taken[box] == 0)
        if not own.any():
            continue
        inside = np.where(pieces[box] == piece, taken[box], 0)
        numbers = np.unique(inside[inside > 0])
        if len(numbers) == 1:
            taken[box][own] = numbers[0]
        else:
            near = ndimage.distance_transform_edt(
                inside == 0, return_distances=False, return_indices=True
            )
            taken[box][own] = inside[tuple(near[:, own])]
