"""A picture of a scene: every voxel the mean, over its volume, of a value that tissues have.

A voxel that lies wholly in one soft tissue takes its value at once. Where surfaces or trabeculae
pass through, the voxel is sampled at many points; every point belongs to one tissue.
"""

from math import erfc, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, Grid
from ...core.compiled import compiled, parallel, prange
from .flat import AIR, Flat, blend, depth_in, flat, flat_of, is_bone, moved, structure_in
from .scene import Bone, Scene

Point = tuple[float, float, float]
Row = NDArray[np.float32]
Found = tuple[NDArray[np.int64], int]

STEP_MM = 0.125
"""Distance of sample points where nothing else is asked for, in mm."""

COARSE_MM = 0.35
"""With sample points further apart than this, in mm, spongy bone takes its mean value: single
trabeculae would be hit by chance."""

SLACK = 1.2
"""Lattices are not exact distances; surfaces are looked for this much further away."""

FLAT_MM = 0.75
"""Surfaces are taken as flat in voxels whose half diagonal is at most this long, in mm."""

MOST = 64
"""Most objects that can meet in one voxel."""


class _Picture(NamedTuple):
    """How a scene is seen, as compiled loops take it."""

    affine: NDArray[np.float64]
    samples: NDArray[np.int64]
    values: NDArray[np.float32]
    coarse: bool
    reach: float  # half the diagonal of a voxel, mm


class _Around(NamedTuple):
    """Room for the objects along a row of voxels and near one voxel, and for their surfaces."""

    row: NDArray[np.int64]
    near: NDArray[np.int64]
    things: NDArray[np.int64]
    planes: NDArray[np.float64]


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
    picture = _Picture(
        grid.affine,
        np.array(samples, np.int64),
        np.ascontiguousarray(values, np.float32),
        bool((grid.spacing / samples).max() > COARSE_MM),
        0.5 * float(np.linalg.norm(grid.spacing)) * SLACK,
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
def _bone_tissue(flat: Flat, thing: int, depth: float, point: Point) -> int:
    """Tissue of a world point at a depth below the surface of a bone."""
    x, y, z = point
    at = moved(flat.to_lattice[thing], x, y, z)
    if depth < blend(flat.shell, flat.fields[thing], flat.sides[thing], at, 0.0):
        return int(flat.compact[thing])
    if is_bone(flat, thing, x, y, z):
        return int(flat.spongy[thing])
    return _filling(flat, thing, at)


@compiled
def _filling(flat: Flat, thing: int, at: Point) -> int:
    """Tissue between the trabeculae at a fractional index of the bone's lattice."""
    sides = flat.sides[thing]
    i = min(max(int(at[0] + 0.5), 0), sides[0] - 1)
    j = min(max(int(at[1] + 0.5), 0), sides[1] - 1)
    k = min(max(int(at[2] + 0.5), 0), sides[2] - 1)
    return int(flat.filling[flat.fields[thing] + (i * sides[1] + j) * sides[2] + k])


@compiled
def _add_bone_mean(
    flat: Flat, thing: int, depth: float, point: Point, picture: _Picture, out: Row
) -> None:
    """Add the mean value of a bone at a depth; of its spongy part by BV/TV."""
    at = moved(flat.to_lattice[thing], point[0], point[1], point[2])
    shell = blend(flat.shell, flat.fields[thing], flat.sides[thing], at, 0.0)
    level = blend(flat.level, flat.fields[thing], flat.sides[thing], at, 8.0)
    compact = flat.compact[thing] if depth < shell else flat.spongy[thing]
    share = 1.0 if depth < shell else 0.5 * erfc(level / sqrt(2.0))
    rest = _filling(flat, thing, at)
    for c in range(out.shape[0]):
        out[c] += share * picture.values[compact, c] + (1 - share) * picture.values[rest, c]


@compiled
def _in_row(flat: Flat, ends: NDArray[np.float64], reach: float, found: NDArray[np.int64]) -> int:
    """Objects, last first, whose box meets the box around a row of voxels; how many."""
    many = 0
    for thing in range(len(flat.start) - 1, -1, -1):
        meets = True
        for axis in range(3):
            low = min(ends[0, axis], ends[1, axis]) - reach
            high = max(ends[0, axis], ends[1, axis]) + reach
            if high < flat.low[thing, axis] or low > flat.high[thing, axis]:
                meets = False
        if meets:
            found[many] = thing
            many += 1
    return many


@compiled
def _may_reach(flat: Flat, thing: int, point: Point, reach: float) -> bool:
    """False where an object's box is further than `reach` from a point."""
    for axis in range(3):
        at = point[axis]
        if at + reach < flat.low[thing, axis] or at - reach > flat.high[thing, axis]:
            return False
    return True


@compiled
def _here(flat: Flat, point: Point, reach: float, around: _Around, many: int) -> tuple[int, int]:
    """How many objects may have their surface near a point, and which one fills the rest (or −1).

    The near ones are put into ``around.near``, top first.
    """
    count = 0
    for n in range(many):
        thing = around.row[n]
        if not _may_reach(flat, thing, point, reach):
            continue
        depth = depth_in(flat, thing, point[0], point[1], point[2])
        if depth >= reach:
            return count, thing
        if depth > -reach and count < MOST:
            around.near[count] = thing
            count += 1
    return count, -1


@compiled
def _at_point(flat: Flat, point: Point, near: NDArray[np.int64], beneath: int) -> tuple[int, float]:
    """Object seen at a point (−1: none) and the depth in it; `near` are tried first."""
    for n in range(len(near)):
        depth = depth_in(flat, near[n], point[0], point[1], point[2])
        if depth > 0:
            return int(near[n]), depth
    if beneath >= 0 and flat.bone[beneath] >= 0:
        return beneath, depth_in(flat, beneath, point[0], point[1], point[2])
    return beneath, 0.0


@compiled
def _add_point(
    flat: Flat, picture: _Picture, point: Point, seen: tuple[int, float], out: Row
) -> None:
    """Add the value of the tissue at one point."""
    thing, depth = seen
    if thing < 0:
        tissue = AIR
    elif flat.bone[thing] < 0:
        tissue = flat.tissue[thing]
    elif picture.coarse:
        _add_bone_mean(flat, thing, depth, point, picture, out)
        return
    else:
        tissue = _bone_tissue(flat, thing, depth, point)
    for c in range(out.shape[0]):
        out[c] += picture.values[tissue, c]


@compiled
def _add_exactly(flat: Flat, picture: _Picture, centre: Point, found: Found, out: Row) -> None:
    """Add the values at all sample points of a voxel, each looked up by itself."""
    near, beneath = found
    na, nb, nc = picture.samples[0], picture.samples[1], picture.samples[2]
    step = picture.affine
    for a in range(na):
        u = (a + 0.5) / na - 0.5
        for b in range(nb):
            v = (b + 0.5) / nb - 0.5
            for c in range(nc):
                w = (c + 0.5) / nc - 0.5
                point = (
                    centre[0] + step[0, 0] * u + step[0, 1] * v + step[0, 2] * w,
                    centre[1] + step[1, 0] * u + step[1, 1] * v + step[1, 2] * w,
                    centre[2] + step[2, 0] * u + step[2, 1] * v + step[2, 2] * w,
                )
                _add_point(flat, picture, point, _at_point(flat, point, near, beneath), out)


@compiled
def _plane(
    flat: Flat, thing: int, step: NDArray[np.float64], centre: Point, plane: NDArray[np.float64]
) -> None:
    """Depth of an object at the centre of a voxel, and its rise over one voxel along i, j, k."""
    x, y, z = centre
    plane[0] = depth_in(flat, thing, x, y, z)
    for axis in range(3):
        dx, dy, dz = 0.5 * step[0, axis], 0.5 * step[1, axis], 0.5 * step[2, axis]
        ahead = depth_in(flat, thing, x + dx, y + dy, z + dz)
        behind = depth_in(flat, thing, x - dx, y - dy, z - dz)
        plane[1 + axis] = ahead - behind


@compiled
def _seen(
    planes: NDArray[np.float64], count: int, u: float, v: float, w: float
) -> tuple[int, float]:
    """First object whose plane lies above a point of the voxel, and the depth in it; or `count`."""
    for n in range(count):
        depth = planes[n, 0] + planes[n, 1] * u + planes[n, 2] * v + planes[n, 3] * w
        if depth > 0:
            return n, depth
    n = count
    return n, planes[n, 0] + planes[n, 1] * u + planes[n, 2] * v + planes[n, 3] * w


@compiled
def _about_bone(flat: Flat, thing: int, centre: Point) -> tuple[float, float, int]:
    """Shell thickness, level and filling of a bone around a point."""
    at = moved(flat.to_lattice[thing], centre[0], centre[1], centre[2])
    shell = blend(flat.shell, flat.fields[thing], flat.sides[thing], at, 0.0)
    level = blend(flat.level, flat.fields[thing], flat.sides[thing], at, 8.0)
    return shell, level, _filling(flat, thing, at)


@compiled
def _add_by_planes(
    flat: Flat, picture: _Picture, centre: Point, found: Found, work: _Around, out: Row
) -> None:
    """Add the values at all sample points, taking surfaces as flat and bone as even in a voxel."""
    near, beneath = found
    count = len(near)
    step = picture.affine
    for n in range(count):
        _plane(flat, near[n], step, centre, work.planes[n])
    work.planes[count, :] = 0.0
    things = work.things
    things[:count] = near
    things[count] = beneath
    if beneath >= 0 and flat.bone[beneath] >= 0:
        _plane(flat, beneath, step, centre, work.planes[count])
    known = -1
    about = (0.0, 8.0, 0)
    na, nb, nc = picture.samples[0], picture.samples[1], picture.samples[2]
    for a in range(na):
        u = (a + 0.5) / na - 0.5
        for b in range(nb):
            v = (b + 0.5) / nb - 0.5
            for c in range(nc):
                w = (c + 0.5) / nc - 0.5
                n, depth = _seen(work.planes, count, u, v, w)
                thing = things[n]
                if thing != known and thing >= 0 and flat.bone[thing] >= 0:
                    known, about = thing, _about_bone(flat, thing, centre)
                point = (
                    centre[0] + step[0, 0] * u + step[0, 1] * v + step[0, 2] * w,
                    centre[1] + step[1, 0] * u + step[1, 1] * v + step[1, 2] * w,
                    centre[2] + step[2, 0] * u + step[2, 1] * v + step[2, 2] * w,
                )
                tissue = _tissue(flat, thing, depth, about, point)
                for channel in range(out.shape[0]):
                    out[channel] += picture.values[tissue, channel]


@compiled
def _tissue(
    flat: Flat, thing: int, depth: float, about: tuple[float, float, int], point: Point
) -> int:
    """Tissue of a point of an object at a depth, with what `_about_bone` says of its bone."""
    if thing < 0:
        return AIR
    if flat.bone[thing] < 0:
        return int(flat.tissue[thing])
    shell, level, rest = about
    if depth < shell:
        return int(flat.compact[thing])
    if structure_in(flat, thing, point[0], point[1], point[2]) > level:
        return int(flat.spongy[thing])
    return rest


@compiled
def _voxel(
    flat: Flat, picture: _Picture, centre: Point, found: Found, work: _Around, out: Row
) -> None:
    """Mean value of one voxel, given what is near and what is beneath."""
    near, beneath = found
    if len(near) == 0 and (beneath < 0 or flat.bone[beneath] < 0):
        tissue = AIR if beneath < 0 else flat.tissue[beneath]
        for c in range(out.shape[0]):
            out[c] = picture.values[tissue, c]
        return
    if picture.reach > FLAT_MM or picture.coarse:
        _add_exactly(flat, picture, centre, found, out)
    else:
        _add_by_planes(flat, picture, centre, found, work, out)
    for channel in range(out.shape[0]):
        out[channel] /= picture.samples[0] * picture.samples[1] * picture.samples[2]


@compiled
def _ends(affine: NDArray[np.float64], i: int, j: int, nk: int) -> NDArray[np.float64]:
    """World position of the first and the last voxel of a row, (2, 3)."""
    ends = np.empty((2, 3))
    first = moved(affine, i, j, 0)
    last = moved(affine, i, j, nk - 1)
    for axis in range(3):
        ends[0, axis] = first[axis]
        ends[1, axis] = last[axis]
    return ends


@parallel
def _render(flat: Flat, picture: _Picture, out: NDArray[np.float32]) -> None:
    """Fill `out` (i, j, k, channels)."""
    ni, nj, nk = out.shape[0], out.shape[1], out.shape[2]
    for i in prange(ni):
        around = _Around(
            np.empty(len(flat.start), np.int64),
            np.empty(MOST, np.int64),
            np.empty(MOST + 1, np.int64),
            np.empty((MOST + 1, 4)),
        )
        for j in range(nj):
            ends = _ends(picture.affine, i, j, nk)
            many = _in_row(flat, ends, picture.reach, around.row)
            for k in range(nk):
                centre = moved(picture.affine, i, j, k)
                count, beneath = _here(flat, centre, picture.reach, around, many)
                found = (around.near[:count], beneath)
                _voxel(flat, picture, centre, found, around, out[i, j, k])


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
            many = _in_row(flat, _ends(affine, i, j, nk), 0.0, row)
            for k in range(nk):
                point = moved(affine, i, j, k)
                thing, depth = _at_point(flat, point, row[:many], -1)
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
