"""One vertebra in its own coordinates: shape, shell, structure and marrow, as a bone of a scene."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ...core import Grid
from ..bone.cells import Cells, level_of
from ..scene import Bone
from .arch import BLEND, arch, canal_at, sacral_parts
from .body import Body, body_at
from .implicit import (
    CLIP,
    Capsule,
    Field,
    Point,
    add,
    axes_of,
    box_of,
    capsule_at,
    lattice,
    reach_of,
)
from .inside import Make, core_of, marrow_of, share_of, shell_of

SPACING = 0.8
"""Distance of lattice points in mm."""

GAP = 1.2
"""Least distance of a joint process to the neighbour, in mm: cartilage and fluid (assumed)."""


@dataclass(frozen=True)
class Places:
    """Where the tissues of a vertebra stand in a scene's list.

    Attributes
    ----------
    compact, spongy : int
        Tissue of the shell and of a trabecula.
    marrow : int
        The first of three kinds of marrow: redder, usual, fattier.
    """

    compact: int
    spongy: int
    marrow: int


@dataclass(frozen=True, eq=False)
class Shaped:
    """A vertebra's shape on its lattice.

    Attributes
    ----------
    grid : Grid
        Its lattice.
    inside, ends : (i, j, k) array of float32
        Depth below the surface and below the nearer endplate, in mm.
    """

    grid: Grid
    inside: Field
    ends: Field


def _box(body: Body, parts: Sequence[Capsule]) -> tuple[Point, Point]:
    """Box that holds a body and the parts behind it."""
    size = body.size
    grown = 3.0 + body.spurs.reach
    half = np.array([max(size.width), max(size.depth), size.height * max(size.front, 1.0)]) / 2
    corners = [-half - grown, half + grown]
    for part in parts:
        corners += [np.array(corner) for corner in reach_of(part, 2.0)]
    low, high = np.min(corners, axis=0), np.max(corners, axis=0)
    return (low[0], low[1], low[2]), (high[0], high[1], high[2])


def shape_of(body: Body, facets: float, sacrum: bool = False) -> Shaped:
    """Shape of a vertebra or of the sacrum.

    Parameters
    ----------
    body : Body
        Its body.
    facets : float
        Wear of its joints, 0–1.
    sacrum : bool
        Wings and lower pieces in the place of an arch.
    """
    parts = sacral_parts(body.size) if sacrum else arch(body.size, facets)
    grid = lattice(*_box(body, parts), (SPACING,) * 3)
    inside = np.full(grid.shape, -CLIP, np.float32)
    ends = np.full(grid.shape, CLIP, np.float32)
    for part in parts:
        add(inside, grid, part, BLEND)
    half = 0.5 * np.array([max(body.size.width), max(body.size.depth), body.size.height * 1.25])
    half = half + body.spurs.reach + CLIP
    box = box_of(grid, (-half[0], -half[1], -half[2]), (half[0], half[1], half[2]))
    front, plate = body_at(body, axes_of(grid, box))
    joined = np.maximum(inside[box], front)
    blend = np.maximum(BLEND - np.abs(inside[box] - front), 0) / BLEND
    y = axes_of(grid, box)[1]
    behind = np.clip((y - 0.5 * body.size.mean_depth + 6) / 3, 0, 1)  # plates stay as they are
    inside[box] = joined + 0.25 * BLEND * blend**2 * behind * (plate > 2.0)
    ends[box] = plate
    canal = np.broadcast_to(canal_at(body.size, axes_of(grid)), grid.shape)
    low = 0 if not sacrum else int((-0.9 * body.size.height - grid.origin[2]) / SPACING)
    np.minimum(inside[:, :, low:], -canal[:, :, low:], out=inside[:, :, low:])
    return Shaped(grid, _evened(np.clip(inside, -CLIP, None)), ends)


def _evened(inside: Field) -> Field:
    """The same surface, with depths that never rise faster than distance."""
    dx, dy, dz = np.gradient(inside, SPACING)
    steep = np.sqrt(dx * dx + dy * dy + dz * dz)
    return np.asarray(inside / np.maximum(steep, 1), np.float32)


def carve(inside: Field, grid: Grid, others: Sequence[Capsule]) -> None:
    """Keep a shape clear of its neighbour's joints and laminae, in place."""
    for other in others:
        box = box_of(grid, *reach_of(other, GAP + 1))
        if inside[box].size:
            room = -capsule_at(other, axes_of(grid, box)) - np.float32(GAP)
            inside[box] = np.minimum(inside[box], room)


def bone_of(
    name: str, shaped: Shaped, body: Body, make: Make, cells: Cells, places: Places
) -> tuple[Bone, float]:
    """A vertebra as a bone at the origin, and the mean BV/TV of its core."""
    axes = axes_of(shaped.grid)
    shell = shell_of(body, make, axes, (shaped.inside, shaped.ends))
    share = share_of(body, make, axes, shaped.ends)
    bone = Bone(
        name,
        shaped.grid,
        shaped.inside,
        np.eye(4),
        shell=shell,
        level=level_of(share).reshape(shaped.grid.shape),
        filling=marrow_of(body, make, axes, shaped.grid.shape) + np.uint8(places.marrow),
        cells=cells,
        compact=places.compact,
        spongy=places.spongy,
    )
    return bone, float(share[core_of(body, axes)].mean(dtype=np.float64))
