"""A picture of a scene: every voxel the mean, over its volume, of a value that tissues have.

It is asked block by block what can be seen; `voxel` then looks into the voxels one by one.
"""

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, Grid
from ...core.compiled import compiled, inlined, parallel, prange
from .flat import AIR, Flat, blend, depth_in, flat, flat_of, is_bone, moved
from .scene import Bone, Scene
from .voxel import FLAT_MM, MOST, Around, Block, Picture, at_point, here, in_row, voxel

STEP_MM = 0.125
"""Distance of sample points where nothing else is asked for, in mm."""

COARSE_MM = 0.35
"""With sample points further apart than this, in mm, spongy bone takes its mean value: single
trabeculae would be hit by chance."""

SLACK = 1.2
"""Lattices are not exact distances; surfaces are looked for this much further away."""

BLOCK = 4
"""Voxels along each side of the blocks for which it is first asked what can be seen there."""


def render(
    scene: Scene,
    grid: Grid,
    values: NDArray[np.float32],
    *,
    samples: tuple[int, int, int] | None = None,
) -> NDArray[np.float32]:
    """Mean value of the tissues in every voxel.

    Parameters
    ----------
    scene : Scene
        What is seen.
    grid : Grid
        Voxels, in world LPS mm; any direction.
    values : (tissues, channels) array of float32
        Value of each tissue of the scene.
    samples : 3 int, optional
        Sample points along i, j, k of a voxel where surfaces or trabeculae pass; where not given,
        no further apart than 0.125 mm for voxels up to 1 mm, four a side for larger ones.

    Returns
    -------
    (channels, i, j, k) array of float32
        Mean over each voxel, in the unit of `values`. Where sample points are further apart than
        0.35 mm, spongy bone takes its mean by BV/TV.

    Raises
    ------
    BadSetting
        If `values` has not one row a tissue, or `samples` is below 1.
    """
    if values.ndim != 2 or len(values) != len(scene.tissues):
        raise BadSetting(
            f"values need one row for each of {len(scene.tissues)} tissues; got {values.shape}."
        )
    if samples is None:
        fine = grid.spacing.max() <= 1.0
        i, j, k = np.ceil(grid.spacing / STEP_MM - 1e-6).astype(int) if fine else (4, 4, 4)
        samples = (int(i), int(j), int(k))
    if min(samples) < 1:
        raise BadSetting(f"a voxel is sampled at least once along each axis; got {samples}.")
    apart = grid.spacing / samples
    diagonal = 0.5 * float(np.linalg.norm(grid.spacing))
    picture = Picture(
        grid.affine,
        np.array(samples, np.int64),
        np.ascontiguousarray(values, np.float32),
        bool(apart.max() > COARSE_MM),
        diagonal > FLAT_MM,
        0.5 * float(np.linalg.norm(grid.spacing - apart)) * SLACK,
        diagonal * SLACK,
    )
    out = np.zeros((*grid.shape, values.shape[1]), np.float32)
    _render(flat(scene), picture, out)
    return np.ascontiguousarray(np.moveaxis(out, 3, 0))


def where_is(scene: Scene, grid: Grid) -> tuple[NDArray[np.int16], NDArray[np.uint8]]:
    """Which object is seen at the centre of every voxel.

    Parameters
    ----------
    scene : Scene
        What is seen.
    grid : Grid
        Voxels, in world LPS mm.

    Returns
    -------
    objects : (i, j, k) array of int16
        Place of the object in ``scene.objects``; −1 where there is none.
    part : (i, j, k) array of uint8
        0 soft or none, 1 compact shell of a bone, 2 spongy inside of a bone.
    """
    objects = np.full(grid.shape, -1, np.int16)
    part = np.zeros(grid.shape, np.uint8)
    _where(flat(scene), grid.affine, objects, part)
    return objects, part


def structure_of(bone: Bone, tiles: NDArray[np.int16], grid: Grid) -> NDArray[np.bool_]:
    """Where a bone consists of bone tissue, compact or trabecular.

    Parameters
    ----------
    bone : Bone
        The bone; its pose plays no part.
    tiles : (n, t, t, t) array of int16
        Structure that its cells show (``Scene.tiles``).
    grid : Grid
        Voxels in the bone's own coordinates; 0.05–0.1 mm shows every trabecula.

    Returns
    -------
    (i, j, k) bool array
        True in bone tissue at the centre of a voxel.
    """
    still = Bone(
        bone.name,
        bone.grid,
        bone.inside,
        np.eye(4),
        shell=bone.shell,
        level=bone.level,
        filling=bone.filling,
        cells=bone.cells,
        compact=bone.compact,
        spongy=bone.spongy,
    )
    out = np.zeros(grid.shape, np.bool_)
    _structure(flat_of([still], tiles), grid.affine, out)
    return out


@compiled
def _ends(affine: NDArray[np.float64], i: float, j: float, nk: int) -> NDArray[np.float64]:
    """World position of the first and the last voxel of a row, (2, 3)."""
    ends = np.empty((2, 3))
    first = moved(affine, i, j, 0)
    last = moved(affine, i, j, nk - 1)
    for axis in range(3):
        ends[0, axis] = first[axis]
        ends[1, axis] = last[axis]
    return ends


@inlined
def _block(
    flat: Flat, picture: Picture, corner: tuple[int, int, int], around: Around, out: Block
) -> None:
    """Fill a block of voxels, given what may reach it, top first, in ``around.things``."""
    reach = picture.reach
    row = Around(around.block, around.near, around.things, around.planes, around.block)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(out.shape[2]):
                centre = moved(picture.affine, corner[0] + i, corner[1] + j, corner[2] + k)
                count, beneath, depth = here(flat, centre, reach, row, len(around.block))
                found = (around.near[:count], beneath, depth)
                voxel(flat, picture, centre, found, around, out[i, j, k])


@compiled
def _layer(flat: Flat, picture: Picture, i: int, out: NDArray[np.float32]) -> None:
    """Fill the blocks that begin at one `i`."""
    nj, nk = out.shape[1], out.shape[2]
    reach = BLOCK * picture.diagonal
    middle = 0.5 * (BLOCK - 1)
    row, block = np.empty(len(flat.start), np.int64), np.empty(MOST + 1, np.int64)
    near, things = np.empty(MOST, np.int64), np.empty(MOST + 1, np.int64)
    planes = np.empty((MOST + 1, 4))
    around = Around(row, near, things, planes, block)
    for j in range(0, nj, BLOCK):
        ends = _ends(picture.affine, i + middle, j + middle, nk)
        many = in_row(flat, ends, reach, row)
        for k in range(0, nk, BLOCK):
            centre = moved(picture.affine, i + middle, j + middle, k + middle)
            count, beneath, _ = here(flat, centre, reach, around, many)
            part = out[i : i + BLOCK, j : j + BLOCK, k : k + BLOCK]
            if count == 0 and (beneath < 0 or flat.bone[beneath] < 0):
                tissue = AIR if beneath < 0 else flat.tissue[beneath]
                part[:] = picture.values[tissue]
                continue
            for n in range(count):
                block[n] = near[n]
            block[count] = beneath
            count += 1 if beneath >= 0 else 0
            held = Around(row, near, things, planes, block[:count])
            _block(flat, picture, (i, j, k), held, part)


@parallel
def _render(flat: Flat, picture: Picture, out: NDArray[np.float32]) -> None:
    """Fill `out` (i, j, k, channels), block by block."""
    for block in prange((out.shape[0] + BLOCK - 1) // BLOCK):
        _layer(flat, picture, block * BLOCK, out)


@parallel
def _where(
    flat: Flat,
    affine: NDArray[np.float64],
    objects: NDArray[np.int16],
    part: NDArray[np.uint8],
) -> None:
    """Fill the topmost object and its part at every voxel centre."""
    ni, nj, nk = objects.shape
    for i in prange(ni):
        row = np.empty(len(flat.start), np.int64)
        for j in range(nj):
            many = in_row(flat, _ends(affine, i, j, nk), 0.0, row)
            for k in range(nk):
                point = moved(affine, i, j, k)
                thing, depth = at_point(flat, point, row[:many], -1)
                objects[i, j, k] = thing
                if thing >= 0 and flat.bone[thing] >= 0:
                    at = moved(flat.to_lattice[thing], point[0], point[1], point[2])
                    shell = blend(flat.shell, flat.fields[thing], flat.sides[thing], at, 0.0)
                    part[i, j, k] = 1 if depth < shell else 2


@parallel
def _structure(flat: Flat, affine: NDArray[np.float64], out: NDArray[np.bool_]) -> None:
    """Fill where the only object is bone tissue."""
    ni, nj, nk = out.shape
    for i in prange(ni):
        for j in range(nj):
            for k in range(nk):
                x, y, z = moved(affine, i, j, k)
                depth = depth_in(flat, 0, x, y, z)
                if depth > 0:
                    at = moved(flat.to_lattice[0], x, y, z)
                    shell = blend(flat.shell, flat.fields[0], flat.sides[0], at, 0.0)
                    out[i, j, k] = depth < shell or is_bone(flat, 0, x, y, z)
