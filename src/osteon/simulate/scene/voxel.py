"""One voxel of a picture: what is seen there, sampled at many points.

A voxel that lies wholly in one soft tissue takes its value at once. Where surfaces or trabeculae
pass through, every sample point belongs to one tissue.
"""

from math import erfc, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core.compiled import compiled, inlined
from .flat import AIR, Flat, blend, depth_in, is_bone, moved, plane_in, structure_in

Point = tuple[float, float, float]
Row = NDArray[np.float32]
Found = tuple[NDArray[np.int64], int, float]
Block = NDArray[np.float32]

FLAT_MM = 0.75
"""Surfaces are taken as flat in voxels whose half diagonal is at most this long, in mm."""

MOST = 64
"""Most objects that can meet in one voxel."""


class Picture(NamedTuple):
    """How a scene is seen, as compiled loops take it."""

    affine: NDArray[np.float64]
    samples: NDArray[np.int64]
    values: NDArray[np.float32]
    coarse: bool
    curved: bool  # whether surfaces in a voxel are not taken as flat
    reach: float  # of the sample points of a voxel from its centre, mm, with slack
    diagonal: float  # half that of a voxel, mm, with slack


class Around(NamedTuple):
    """Room for the objects along a row of voxels and near one voxel, and for their surfaces."""

    row: NDArray[np.int64]
    near: NDArray[np.int64]
    things: NDArray[np.int64]
    planes: NDArray[np.float64]
    block: NDArray[np.int64]


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


@inlined
def _filling(flat: Flat, thing: int, at: Point) -> int:
    """Tissue between the trabeculae at a fractional index of the bone's lattice."""
    sides = flat.sides[thing]
    i = min(max(int(at[0] + 0.5), 0), sides[0] - 1)
    j = min(max(int(at[1] + 0.5), 0), sides[1] - 1)
    k = min(max(int(at[2] + 0.5), 0), sides[2] - 1)
    return int(flat.filling[flat.fields[thing] + (i * sides[1] + j) * sides[2] + k])


@compiled
def _add_bone_mean(
    flat: Flat, thing: int, depth: float, point: Point, picture: Picture, out: Row
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


@inlined
def in_row(flat: Flat, ends: NDArray[np.float64], reach: float, found: NDArray[np.int64]) -> int:
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


@inlined
def _may_reach(flat: Flat, thing: int, point: Point, reach: float) -> bool:
    """False where an object's box is further than `reach` from a point."""
    for axis in range(3):
        at = point[axis]
        if at + reach < flat.low[thing, axis] or at - reach > flat.high[thing, axis]:
            return False
    return True


@inlined
def here(
    flat: Flat, point: Point, reach: float, around: Around, many: int
) -> tuple[int, int, float]:
    """How many objects may have their surface near a point; which one fills the rest, how deep.

    The near ones are put into ``around.near``, top first. Nothing fills the rest: −1.
    """
    count = 0
    for n in range(many):
        thing = around.row[n]
        if not _may_reach(flat, thing, point, reach):
            continue
        depth = depth_in(flat, thing, point[0], point[1], point[2])
        if depth >= reach:
            return count, thing, depth
        if depth > -reach and count < MOST:
            around.near[count] = thing
            count += 1
    return count, -1, 0.0


@inlined
def at_point(flat: Flat, point: Point, near: NDArray[np.int64], beneath: int) -> tuple[int, float]:
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
    flat: Flat, picture: Picture, point: Point, seen: tuple[int, float], out: Row
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


@inlined
def _beside(step: NDArray[np.float64], centre: Point, away: Point) -> Point:
    """World point so many voxels along i, j, k from the centre of one."""
    u, v, w = away
    return (
        centre[0] + step[0, 0] * u + step[0, 1] * v + step[0, 2] * w,
        centre[1] + step[1, 0] * u + step[1, 1] * v + step[1, 2] * w,
        centre[2] + step[2, 0] * u + step[2, 1] * v + step[2, 2] * w,
    )


@compiled
def _add_exactly(flat: Flat, picture: Picture, centre: Point, found: Found, out: Row) -> None:
    """Add the values at all sample points of a voxel, each looked up by itself."""
    near, beneath, _ = found
    na, nb, nc = picture.samples[0], picture.samples[1], picture.samples[2]
    step = picture.affine
    for a in range(na):
        u = (a + 0.5) / na - 0.5
        for b in range(nb):
            v = (b + 0.5) / nb - 0.5
            for c in range(nc):
                w = (c + 0.5) / nc - 0.5
                point = _beside(step, centre, (u, v, w))
                _add_point(flat, picture, point, at_point(flat, point, near, beneath), out)


@inlined
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


@inlined
def _about_bone(flat: Flat, thing: int, centre: Point) -> tuple[float, float, int]:
    """Shell thickness, level and filling of a bone around a point."""
    at = moved(flat.to_lattice[thing], centre[0], centre[1], centre[2])
    shell = blend(flat.shell, flat.fields[thing], flat.sides[thing], at, 0.0)
    level = blend(flat.level, flat.fields[thing], flat.sides[thing], at, 8.0)
    return shell, level, _filling(flat, thing, at)


@inlined
def _add_spongy(flat: Flat, picture: Picture, centre: Point, thing: int, out: Row) -> None:
    """Add the values at all sample points of a voxel that lies deep in spongy bone."""
    _, level, rest = _about_bone(flat, thing, centre)
    step = picture.affine
    na, nb, nc = picture.samples[0], picture.samples[1], picture.samples[2]
    hits = 0
    for a in range(na):
        u = (a + 0.5) / na - 0.5
        for b in range(nb):
            v = (b + 0.5) / nb - 0.5
            for c in range(nc):
                w = (c + 0.5) / nc - 0.5
                x, y, z = _beside(step, centre, (u, v, w))
                if structure_in(flat, thing, x, y, z) > level:
                    hits += 1
    misses = na * nb * nc - hits
    for channel in range(out.shape[0]):
        bone = picture.values[flat.spongy[thing], channel]
        out[channel] = hits * bone + misses * picture.values[rest, channel]


@inlined
def _spread(plane: NDArray[np.float64], samples: NDArray[np.int64]) -> float:
    """How much the depth at the sample points of a voxel differs from that at its centre."""
    total = 0.0
    for axis in range(3):
        total += abs(plane[1 + axis]) * (0.5 - 0.5 / samples[axis])
    return total


@inlined
def _planes(flat: Flat, picture: Picture, centre: Point, found: Found, work: Around) -> int:
    """Put the objects seen in a voxel into ``work.things``, top first, with their planes.

    Returns how many there are above the one that fills the rest, which comes after them. Objects
    that no sample point lies in are left out, and so is what lies under one that holds all.
    """
    near, beneath, _ = found
    count = 0
    for n in range(len(near)):
        plane = work.planes[count]
        plane_in(flat, near[n], picture.affine, centre, plane)
        spread = _spread(plane, picture.samples)
        if plane[0] + spread <= 0:
            continue
        work.things[count] = near[n]
        if plane[0] - spread > 0:
            return count
        count += 1
    work.things[count] = beneath
    work.planes[count, :] = 0.0
    if beneath >= 0 and flat.bone[beneath] >= 0:
        plane_in(flat, beneath, picture.affine, centre, work.planes[count])
    return count


@inlined
def _add_whole(flat: Flat, picture: Picture, centre: Point, work: Around, out: Row) -> bool:
    """Fill a voxel that lies wholly in the first of the things seen; False where it is mixed."""
    thing = work.things[0]
    if thing < 0 or flat.bone[thing] < 0:
        tissue = AIR if thing < 0 else flat.tissue[thing]
    else:
        spread = _spread(work.planes[0], picture.samples)
        shell, _, _ = _about_bone(flat, thing, centre)
        if work.planes[0, 0] - spread >= shell:
            _add_spongy(flat, picture, centre, thing, out)
            return True
        if work.planes[0, 0] + spread >= shell:
            return False
        tissue = flat.compact[thing]
    many = picture.samples[0] * picture.samples[1] * picture.samples[2]
    for channel in range(out.shape[0]):
        out[channel] = many * picture.values[tissue, channel]
    return True


@inlined
def _add_by_planes(
    flat: Flat, picture: Picture, centre: Point, found: Found, work: Around, out: Row
) -> None:
    """Add the values at all sample points, taking surfaces as flat and bone as even in a voxel."""
    step, things = picture.affine, work.things
    count = _planes(flat, picture, centre, found, work)
    if count == 0 and _add_whole(flat, picture, centre, work, out):
        return
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
                point = _beside(step, centre, (u, v, w))
                tissue = _tissue(flat, thing, depth, about, point)
                for channel in range(out.shape[0]):
                    out[channel] += picture.values[tissue, channel]


@inlined
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


@inlined
def _is_deep(flat: Flat, thing: int, centre: Point, depth: float, reach: float) -> bool:
    """True where a voxel lies wholly below the shell of a bone."""
    at = moved(flat.to_lattice[thing], centre[0], centre[1], centre[2])
    return depth - reach > blend(flat.shell, flat.fields[thing], flat.sides[thing], at, 0.0)


@inlined
def voxel(
    flat: Flat, picture: Picture, centre: Point, found: Found, work: Around, out: Row
) -> None:
    """Mean value of one voxel, given what is near and what is beneath."""
    near, beneath, depth = found
    if len(near) == 0 and (beneath < 0 or flat.bone[beneath] < 0):
        tissue = AIR if beneath < 0 else flat.tissue[beneath]
        for c in range(out.shape[0]):
            out[c] = picture.values[tissue, c]
        return
    if picture.curved or picture.coarse:
        _add_exactly(flat, picture, centre, found, out)
    elif len(near) == 0 and _is_deep(flat, beneath, centre, depth, picture.reach):
        _add_spongy(flat, picture, centre, beneath, out)
    else:
        _add_by_planes(flat, picture, centre, found, work, out)
    for channel in range(out.shape[0]):
        out[channel] /= picture.samples[0] * picture.samples[1] * picture.samples[2]
