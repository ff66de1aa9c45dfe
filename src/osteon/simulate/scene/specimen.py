"""A real specimen as a scene: its own bone, marrow between, water around, as in a phantom."""

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, EmptyRegion, Grid, Mask
from ..bone.cells import Cells, level_of
from ..materials import Material, Tissue, pure
from .scene import Bone, Scene, Soft

MOST_SIDE = 640
"""Longest side of a specimen in voxels: its tile is a cube of two bytes a voxel."""

STEP_MM = 0.5
"""Step of the lattice on which the specimen's box is told, in mm."""

AROUND_MM = 10.0
"""Least water around the specimen, in mm."""

INSIDE, OUTSIDE = 30000, -30000
"""Values of the specimen's tile in bone and in marrow: beyond the level of any BV/TV."""

WITHIN = 6.0
"""Largest level; one in a thousand million."""


def specimen_scene(bone: Mask, *, width: float = 100.0, fat: float = 0.6) -> Scene:
    """A specimen's block of bone in a cylinder of water.

    Parameters
    ----------
    bone : Mask
        True in bone; a micro-CT, its sides at most 640 voxels.
    width : float
        Diameter of the water cylinder along z in mm; it holds the specimen with 10 mm to spare.
    fat : float
        Share of fat marrow between the trabeculae, 0–1; the rest is red marrow.

    Returns
    -------
    Scene
        ``"water"`` and ``"specimen"``, where the specimen's grid puts it in the world.

    Raises
    ------
    EmptyRegion
        If there is no bone.
    BadSetting
        If the specimen is too large, or a setting is outside its range.
    """
    _check(bone, width, fat)
    grid = bone.grid
    sides = np.array(grid.shape) * grid.spacing
    marrow = Tissue("marrow", {Material.YELLOW_MARROW: fat, Material.RED_MARROW: 1 - fat})
    tissues = (pure(Material.AIR), pure(Material.WATER), marrow, pure(Material.BONE))
    pose = np.eye(4)
    pose[:3, :3] = grid.direction
    if np.linalg.det(grid.direction) < 0:  # a mirrored storage: the tile is mirrored instead
        pose[:3, 0] *= -1
    pose[:3, 3] = grid.to_world((np.array(grid.shape) - 1) / 2)
    lattice, inside = _box(sides)
    # the level of its BV/TV, so that voxels too large for single trabeculae show the mean
    level = np.clip(level_of(bone.values.mean()), -WITHIN, WITHIN)
    things = (
        _water(pose[:3, 3], width, float(np.linalg.norm(sides))),
        Bone(
            "specimen",
            lattice,
            inside,
            pose,
            shell=np.zeros(lattice.shape, np.float32),
            level=np.full(lattice.shape, level, np.float32),
            filling=np.full(lattice.shape, 2, np.uint8),
            cells=_one_cell(grid),
            compact=3,
            spongy=3,
        ),
    )
    centre = {"x": float(pose[0, 3]), "y": float(pose[1, 3])}
    return Scene(tissues, things, _tile(bone), {"width": width, "depth": width, **centre})


def _check(bone: Mask, width: float, fat: float) -> None:
    """Refuse what is no specimen."""
    if not bone.voxels:
        raise EmptyRegion("the specimen holds no bone: no voxel is above the threshold.")
    if max(bone.grid.shape) > MOST_SIDE:
        raise BadSetting(
            f"the specimen has {bone.grid}; at most {MOST_SIDE} voxels a side can be scanned. "
            "Crop it or make its voxels larger first."
        )
    if not 0 <= fat <= 1:
        raise BadSetting(f"fat is a share of the marrow, 0–1; got {fat:g}.")
    least = float(np.linalg.norm(np.array(bone.grid.shape) * bone.grid.spacing)) + 2 * AROUND_MM
    if not least <= width <= 500:
        raise BadSetting(
            f"the water must be {least:.0f} to 500 mm wide to hold the specimen; got {width:g}."
        )


def _tile(bone: Mask) -> NDArray[np.int16]:
    """The specimen in a cube, (1, t, t, t)."""
    side = max(bone.grid.shape)
    tile = np.full((1, side, side, side), OUTSIDE, np.int16)
    i, j, k = bone.grid.shape
    tile[0, :i, :j, :k][bone.values] = INSIDE
    return tile


def _one_cell(grid: Grid) -> Cells:
    """One cell that shows the tile once, its seams far outside the specimen."""
    sides = np.array(grid.shape) * grid.spacing
    size = 3 * float(sides.max())
    origin = np.full(3, -size / 2)
    mirror = np.where([np.linalg.det(grid.direction) < 0, False, False], -1.0, 1.0)
    turn = np.diag(mirror / grid.spacing)
    shift = turn @ origin + np.array(grid.shape) / 2
    return Cells(
        origin,
        size,
        0.01 * size,
        turn.astype(np.float32).reshape(1, 1, 1, 3, 3),
        shift.astype(np.float32).reshape(1, 1, 1, 3),
        np.zeros((1, 1, 1), np.int64),
    )


def _box(sides: NDArray[np.float64]) -> tuple[Grid, NDArray[np.float32]]:
    """Lattice and signed distance of a box around the origin."""
    many = np.ceil(sides / 2 / STEP_MM).astype(int)
    step = sides / 2 / many  # faces lie on lattice planes, so that edges stay sharp
    shape = 2 * many + 7
    corner = -(shape - 1) / 2 * step
    i, j, k = (int(n) for n in shape)
    lines = [c + np.arange(n) * d for c, n, d in zip(corner, shape, step, strict=True)]
    axes = np.meshgrid(*lines, indexing="ij", sparse=True)
    depth = [half - np.abs(axis) for half, axis in zip(sides / 2, axes, strict=True)]
    inner = np.minimum(np.minimum(depth[0], depth[1]), depth[2])
    outer = np.sqrt(sum(np.minimum(part, 0) ** 2 for part in depth))
    inside = np.where(inner > 0, inner, -outer).astype(np.float32)
    return Grid((i, j, k), corner, np.eye(3), step), inside


def _water(centre: NDArray[np.float64], width: float, height: float) -> Soft:
    """A cylinder along z around a point."""
    step = 2.0
    half = np.array([width / 2, width / 2, height / 2 + 2 * AROUND_MM])
    shape = np.ceil(half / step).astype(int) * 2 + 5
    corner = -(shape - 1) / 2 * step
    axes = [c + np.arange(n) * step for c, n in zip(corner, shape, strict=True)]
    away = width / 2 - np.hypot(axes[0][:, None], axes[1][None, :])
    depth = np.minimum(away[:, :, None], (half[2] - np.abs(axes[2]))[None, None, :])
    i, j, k = (int(n) for n in shape)
    pose = np.eye(4)
    pose[:3, 3] = centre
    lattice = Grid((i, j, k), corner, np.eye(3), np.full(3, step))
    return Soft("water", lattice, depth.astype(np.float32), pose, tissue=1)
