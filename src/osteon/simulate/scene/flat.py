"""A scene as compiled loops take it: all lattices end to end, poses as world → lattice."""

from collections.abc import Sequence
from math import sqrt
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from ...core.compiled import inlined
from ..bone.cells import Cells, Laid, laid, structure_at
from .scene import Bone, Scene, Soft

AIR = 0
"""Tissue that fills the world where there is no object."""


class Flat(NamedTuple):
    """Objects end to end; a soft object has bone number −1 and reads no bone field."""

    inside: NDArray[np.float32]  # all lattices, C order, end to end
    start: NDArray[np.int64]  # (objects,): first voxel in `inside`
    sides: NDArray[np.int64]  # (objects, 3)
    step: NDArray[np.float64]  # (objects,): smallest step of the lattice, mm
    to_lattice: NDArray[np.float64]  # (objects, 3, 4): world mm → lattice index
    to_own: NDArray[np.float64]  # (objects, 3, 4): world mm → the object's own mm
    low: NDArray[np.float64]  # (objects, 3): world box of what is inside
    high: NDArray[np.float64]
    tissue: NDArray[np.int64]  # (objects,): of soft objects
    bone: NDArray[np.int64]  # (objects,): number of the bone, or −1
    fields: NDArray[np.int64]  # (objects,): first voxel in the fields below
    shell: NDArray[np.float32]
    level: NDArray[np.float32]
    filling: NDArray[np.uint8]
    compact: NDArray[np.int64]  # (objects,)
    spongy: NDArray[np.int64]  # (objects,)
    tiles: NDArray[np.int16]  # from here on: the fields of Laid, one by one
    cell_origin: NDArray[np.float64]
    cell_size: NDArray[np.float64]
    cell_overlap: NDArray[np.float64]
    cell_sides: NDArray[np.int64]
    cell_start: NDArray[np.int64]
    cell_turn: NDArray[np.float32]
    cell_shift: NDArray[np.float32]
    cell_tile: NDArray[np.int64]


def flat(scene: Scene) -> Flat:
    """The scene for compiled loops."""
    return flat_of(scene.objects, scene.tiles)


def flat_of(things: Sequence[Soft | Bone], tiles: NDArray[np.int16]) -> Flat:
    """Objects for compiled loops."""
    bones = [thing for thing in things if isinstance(thing, Bone)]
    own = [np.linalg.inv(thing.pose) for thing in things]
    lattice = [np.linalg.inv(thing.grid.affine) @ m for thing, m in zip(things, own, strict=True)]
    boxes = np.array([_world_box(thing) for thing in things]).reshape(-1, 2, 3)
    number = {id(thing): n for n, thing in enumerate(bones)}
    sizes = [thing.inside.size for thing in things]
    return Flat(
        _end_to_end([thing.inside for thing in things], np.float32),
        _starts(sizes),
        np.array([thing.inside.shape for thing in things], np.int64).reshape(-1, 3),
        np.array([thing.grid.spacing.min() for thing in things], np.float64),
        np.array([m[:3] for m in lattice]).reshape(-1, 3, 4),
        np.array([m[:3] for m in own]).reshape(-1, 3, 4),
        boxes[:, 0].copy(),
        boxes[:, 1].copy(),
        np.array([t.tissue if isinstance(t, Soft) else AIR for t in things], np.int64),
        np.array([number.get(id(thing), -1) for thing in things], np.int64),
        _starts([s if isinstance(t, Bone) else 0 for t, s in zip(things, sizes, strict=True)]),
        _end_to_end([bone.shell for bone in bones], np.float32),
        _end_to_end([bone.level for bone in bones], np.float32),
        _end_to_end([bone.filling for bone in bones], np.uint8),
        np.array([t.compact if isinstance(t, Bone) else AIR for t in things], np.int64),
        np.array([t.spongy if isinstance(t, Bone) else AIR for t in things], np.int64),
        *laid(tiles, [bone.cells for bone in bones] or [_nowhere()]),
    )


def _nowhere() -> Cells:
    """Cells of a scene without bones."""
    one = np.zeros((1, 1, 1), np.int64)
    turn = np.zeros((1, 1, 1, 3, 3), np.float32)
    return Cells(np.zeros(3), 1.0, 0.5, turn, np.zeros((1, 1, 1, 3), np.float32), one)


def _starts(sizes: Sequence[int]) -> NDArray[np.int64]:
    return np.concatenate(([0], np.cumsum(sizes)))[:-1].astype(np.int64)


def _end_to_end(fields: Sequence[NDArray[Any]], dtype: type[Any]) -> NDArray[Any]:
    """Fields one behind the other, in C order; one zero where there is none."""
    parts: list[NDArray[Any]] = [np.ascontiguousarray(field, dtype).reshape(-1) for field in fields]
    return np.concatenate(parts) if parts else np.zeros(1, dtype)


def _world_box(thing: Soft | Bone) -> NDArray[np.float64]:
    """Lowest and highest world corner of what is inside, a lattice step wider; (2, 3) mm."""
    found = [np.flatnonzero((thing.inside > 0).any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    if any(len(index) == 0 for index in found):
        return np.array([np.full(3, np.inf), np.full(3, -np.inf)])
    ends = np.array([[index[0] - 1, index[-1] + 1] for index in found], np.float64)
    corners = np.array(np.meshgrid(*ends, indexing="ij")).reshape(3, -1).T
    world = thing.grid.to_world(corners) @ thing.pose[:3, :3].T + thing.pose[:3, 3]
    return np.array([world.min(axis=0), world.max(axis=0)])


@inlined
def blend(
    field: NDArray[np.float32],
    start: int,
    sides: NDArray[np.int64],
    at: tuple[float, float, float],
    outside: float,
) -> float:
    """Value of one lattice at a fractional index, linear between voxels; `outside` beyond."""
    x, y, z = at
    nj, nk = sides[1], sides[2]
    if x < 0 or y < 0 or z < 0 or x > sides[0] - 1 or y > nj - 1 or z > nk - 1:
        return outside
    i, j, k = int(x), int(y), int(z)
    i, j, k = min(i, sides[0] - 2), min(j, nj - 2), min(k, nk - 2)
    u, v, w = x - i, y - j, z - k
    first = start + (i * nj + j) * nk + k
    low = (field[first] * (1 - w) + field[first + 1] * w) * (1 - v) + (
        field[first + nk] * (1 - w) + field[first + nk + 1] * w
    ) * v
    first += nj * nk
    high = (field[first] * (1 - w) + field[first + 1] * w) * (1 - v) + (
        field[first + nk] * (1 - w) + field[first + nk + 1] * w
    ) * v
    return float(low * (1 - u) + high * u)


@inlined
def moved(matrix: NDArray[np.float64], x: float, y: float, z: float) -> tuple[float, float, float]:
    """A point under a 3×4 matrix."""
    return (
        matrix[0, 0] * x + matrix[0, 1] * y + matrix[0, 2] * z + matrix[0, 3],
        matrix[1, 0] * x + matrix[1, 1] * y + matrix[1, 2] * z + matrix[1, 3],
        matrix[2, 0] * x + matrix[2, 1] * y + matrix[2, 2] * z + matrix[2, 3],
    )


@inlined
def depth_in(flat: Flat, thing: int, x: float, y: float, z: float) -> float:
    """Signed distance of a world point to the surface of an object in mm, positive inside.

    Outside the lattice it is at most 0, and not further than the lattice's border tells.
    """
    sides = flat.sides[thing]
    u, v, w = moved(flat.to_lattice[thing], x, y, z)
    p = min(max(u, 0.0), sides[0] - 1.0)
    q = min(max(v, 0.0), sides[1] - 1.0)
    r = min(max(w, 0.0), sides[2] - 1.0)
    depth = blend(flat.inside, flat.start[thing], sides, (p, q, r), 0.0)
    if p == u and q == v and r == w:
        return depth
    away = sqrt((u - p) ** 2 + (v - q) ** 2 + (w - r) ** 2) * flat.step[thing]
    return float(min(depth, 0.0) - away)


@inlined
def plane_in(
    flat: Flat,
    thing: int,
    step: NDArray[np.float64],
    centre: tuple[float, float, float],
    plane: NDArray[np.float64],
) -> None:
    """Depth of an object at a world point, and its rise along each column of `step`."""
    sides = flat.sides[thing]
    x, y, z = centre
    at = moved(flat.to_lattice[thing], x, y, z)
    p = min(max(at[0], 0.0), sides[0] - 1.0)
    q = min(max(at[1], 0.0), sides[1] - 1.0)
    r = min(max(at[2], 0.0), sides[2] - 1.0)
    nj, nk = sides[1], sides[2]
    i, j, k = min(int(p), sides[0] - 2), min(int(q), nj - 2), min(int(r), nk - 2)
    u, v, w = p - i, q - j, r - k
    f = flat.inside
    n = flat.start[thing] + (i * nj + j) * nk + k
    m = n + nj * nk
    low0, low1 = f[n] * (1 - w) + f[n + 1] * w, f[n + nk] * (1 - w) + f[n + nk + 1] * w
    high0, high1 = f[m] * (1 - w) + f[m + 1] * w, f[m + nk] * (1 - w) + f[m + nk + 1] * w
    low, high = low0 * (1 - v) + low1 * v, high0 * (1 - v) + high1 * v
    depth = low * (1 - u) + high * u
    du = high - low
    dv = (low1 - low0) * (1 - u) + (high1 - high0) * u
    dw = ((f[n + 1] - f[n]) * (1 - v) + (f[n + nk + 1] - f[n + nk]) * v) * (1 - u) + (
        (f[m + 1] - f[m]) * (1 - v) + (f[m + nk + 1] - f[m + nk]) * v
    ) * u
    to = flat.to_lattice[thing]
    plane[0] = depth
    if p != at[0] or q != at[1] or r != at[2]:
        away = sqrt((at[0] - p) ** 2 + (at[1] - q) ** 2 + (at[2] - r) ** 2) * flat.step[thing]
        plane[0] = min(depth, 0.0) - away
    for axis in range(3):
        a, b, c = step[0, axis], step[1, axis], step[2, axis]
        plane[1 + axis] = (
            du * (to[0, 0] * a + to[0, 1] * b + to[0, 2] * c)
            + dv * (to[1, 0] * a + to[1, 1] * b + to[1, 2] * c)
            + dw * (to[2, 0] * a + to[2, 1] * b + to[2, 2] * c)
        )


@inlined
def structure_in(flat: Flat, thing: int, x: float, y: float, z: float) -> float:
    """Number of a bone's structure at a world point; bone lies above the level there."""
    own = moved(flat.to_own[thing], x, y, z)
    laid = Laid(
        flat.tiles,
        flat.cell_origin,
        flat.cell_size,
        flat.cell_overlap,
        flat.cell_sides,
        flat.cell_start,
        flat.cell_turn,
        flat.cell_shift,
        flat.cell_tile,
    )
    return float(structure_at(laid, flat.bone[thing], own[0], own[1], own[2]))


@inlined
def is_bone(flat: Flat, thing: int, x: float, y: float, z: float) -> bool:
    """True where a world point inside a bone's spongy part is bone, not marrow."""
    at = moved(flat.to_lattice[thing], x, y, z)
    level = blend(flat.level, flat.fields[thing], flat.sides[thing], at, 8.0)
    return structure_in(flat, thing, x, y, z) > level


def share_of(level: NDArray[np.float32]) -> NDArray[np.float32]:
    """BV/TV of a level: the share of a tile that lies above it."""
    return np.asarray(ndtr(-level), np.float32)
