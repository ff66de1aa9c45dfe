"""The bones of one knee: the mean knee scaled, bent, worn, lipped and set at its joint space."""

from dataclasses import dataclass
from math import radians, tan

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt

from ...core import Grid
from .fields import (
    CLIP,
    Axes,
    Field,
    Wave,
    axes,
    bump,
    carried,
    lattice,
    ramp,
    sample,
    true_distance,
)
from .patient import SIDES, KneePatient
from .template import CARTILAGES, parts

HALF = 72.0
"""Bones reach this far above and below the joint line, mm."""

BEND = 1.1
"""SD of the smooth random displacement of the mean knee, mm (assumed)."""

BEND_LENGTH = 32.0
"""Length over which neighbouring places are displaced alike, mm (assumed)."""

MIDDLE = {"medial": (20.0, -6.0), "lateral": (-20.0, -2.0)}
"""Middle of the weight-bearing zone of the mean right knee, x and y in mm."""

ZONE = (7.0, 8.0)
"""Half sides of that zone in the mean knee, mm."""

FACING = 0.85
"""Joint space is measured where the femur faces the tibia to within this cosine."""

APART = 0.3
"""Femur and tibia stay at least this far apart everywhere, mm."""

SOFT = np.float32(1.5)
"""Length over which an osteophyte flows into the bone, mm."""

BONES = ("femur", "tibia", "patella", "fibula")


@dataclass(frozen=True, eq=False)
class BoneShape:
    """One bone's surface in the knee's own coordinates (a right knee before the joint is set).

    Attributes
    ----------
    grid : Grid
        Lattice, mm.
    inside : (i, j, k) array of float32
        Signed distance in mm, positive inside.
    cover : (i, j, k) array of float32
        Signed distance to the bone's cartilage, carried on into the bone; −8 for the fibula.
    depth : (i, j, k) array of float32
        Distance in mm to the nearest place of the surface that cartilage covers.
    under : (i, j, k) array of int8
        What that place belongs to: 1 medial, 2 lateral weight-bearing surface, 0 another.
    """

    grid: Grid
    inside: Field
    cover: Field
    depth: Field
    under: NDArray[np.int8]


class Warp:
    """Where each place of a patient's knee lies in the mean knee.

    Parameters
    ----------
    patient : KneePatient
        Size and alignment.
    rng : Generator
        Source of the random displacement.
    """

    def __init__(self, patient: KneePatient, rng: np.random.Generator) -> None:
        self.size = np.array(patient.size)
        self.waves = [Wave.drawn(rng, BEND_LENGTH, 90.0) for _ in range(3)]
        self.bend = tan(radians(_constitutional(patient)) / 2)

    def mean_places(self, grid: Grid) -> Axes:
        """Positions in the mean knee of a lattice of the patient's, mm."""
        x, y, z = axes(grid)
        s = self.size.astype(np.float32)
        away = np.abs(z) - 15
        shift = self.bend * (np.logaddexp(0, away / 5) * 5)  # shafts bend beyond the epiphyses
        places = [(x - shift.astype(np.float32)) / s[0], y / s[1], z / s[2]]
        moved = [p + np.float32(BEND) * w.on(grid) for p, w in zip(places, self.waves, strict=True)]
        return moved[0], moved[1], moved[2]

    def box(self, name: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Lowest and highest corner that a part of this knee can reach, mm."""
        part = parts()[name]
        room = np.array([8.0, 5.0, 5.0])
        low, high = part.corner * self.size - room, part.top * self.size + room
        if name in ("femur",):
            high[2] = HALF
        if name in ("tibia", "fibula"):
            low[2] = -HALF
        return low, high


def _constitutional(patient: KneePatient) -> float:
    """Angle of the leg in degrees that does not come from an uneven joint space."""
    gap = patient.joint_space["lateral"] - patient.joint_space["medial"]
    return float(np.clip(patient.alignment - np.degrees(gap / 40.0), -8, 8))


def bone_shapes(
    patient: KneePatient, warp: Warp, spacing: float, rng: np.random.Generator
) -> dict[str, BoneShape]:
    """The four bones before the joint is set.

    Parameters
    ----------
    patient : KneePatient
        Osteophytes and attrition.
    warp : Warp
        The way from the mean knee.
    spacing : float
        Distance of the lattice, mm.
    rng : Generator
        Source of where osteophytes grow.

    Returns
    -------
    dict
        By name of the bone.
    """
    found = {}
    growth = Wave.drawn(rng, 22.0, 90.0)
    for name in BONES:
        grid = lattice(*warp.box(name), spacing)
        places = warp.mean_places(grid)
        inside = true_distance(parts()[name].at(places), grid)
        covers = [c for c, bone in CARTILAGES.items() if bone == name]
        cover = np.full(grid.shape, -CLIP, np.float32)
        for part in covers:
            np.maximum(cover, parts()[part].at(places), out=cover)
        if covers:
            other = {"femur": "tibia", "tibia": "femur", "patella": "femur"}[name]
            rival = parts()[other].at(places)
            inside = _worn(inside, grid, name, patient)
            share = growth.on(grid)
            if name == "patella":
                share = share - 1.0  # lips of the patella are smaller (assumed)
            inside = _lipped(inside, cover, rival, grid, (patient, share))
        depth, under = _below(inside, cover, grid, warp.size, name)
        found[name] = BoneShape(grid, inside, cover, depth, under)
    return found


def _worn(inside: Field, grid: Grid, name: str, patient: KneePatient) -> Field:
    """The tibia with its plateau worn down in the middle of each compartment."""
    if name != "tibia" or max(patient.attrition.values()) <= 0:
        return inside
    x, y, z = axes(grid)
    for side in SIDES:
        cx, cy = MIDDLE[side]
        dent = bump(x, cx * patient.size[0], 9) * bump(y, cy * patient.size[1], 11)
        inside = inside - patient.attrition[side] * dent * ramp(z, -14, -6)
    return inside


def _lipped(
    inside: Field, cover: Field, rival: Field, grid: Grid, who: tuple[KneePatient, Field]
) -> Field:
    """The bone with lips along the edge of its cartilage, away from the other bone."""
    patient, growth = who
    x, y, _ = axes(grid)
    width = 24.0 * patient.size[0]
    size = np.zeros(1, np.float32)
    for side in SIDES:
        sign = 1 if side == "medial" else -1
        size = size + patient.osteophyte[side] * ramp(sign * x, 2, 10)
    size = size * (1 - 0.5 * ramp(-y, 16, 26))  # less before than at the sides (assumed)
    outer = np.maximum(ramp(np.abs(x), 0.55 * width, width), ramp(np.abs(y), 14, 22))
    size = np.asarray(size * outer * np.clip(0.75 + 0.35 * growth, 0, 1.25), np.float32)
    reach = 1.2 * float(size.max())
    if reach < 1:
        return inside
    last = np.array(grid.shape) - 2
    near = np.argwhere((np.abs(inside) < reach) & (size > 0.8))
    near = near[((near > 0) & (near <= last)).all(axis=1)]
    here = tuple(near.T)
    edge = _edge(inside, cover, near, float(grid.spacing[0]))
    lip = 0.75 * size[here] - np.hypot(inside[here] + 0.25 * size[here], edge)
    grown = inside.copy()
    lip = np.minimum(lip, -rival[here] - 2.0)
    blend = np.clip(0.5 + 0.5 * (lip - inside[here]) / SOFT, 0, 1)
    both = inside[here] + blend * (lip - inside[here]) + SOFT * blend * (1 - blend)
    grown[here] = np.where(lip > -2 * SOFT, np.maximum(both, inside[here]), inside[here])
    return grown


def _edge(inside: Field, cover: Field, near: NDArray[np.int64], spacing: float) -> Field:
    """Distance along the surface to the edge of the cartilage, thrice as far on the covered side.

    The surface of the cartilage itself must not count as its edge, so the distance is looked up
    at the foot of each voxel on the bone.
    """
    slope = np.stack([_slope(inside, near, n, spacing) for n in range(3)], -1)
    steep = np.maximum((slope**2).sum(1), 0.25)
    off = (inside[tuple(near.T)] / steep / spacing)[:, None] * slope
    foot = np.clip(np.round(near - off), 0, np.array(inside.shape) - 1).astype(np.int64)
    found = cover[tuple(foot.T)]
    return np.asarray(np.where(found > 0, 3 * found, -found), np.float32)


def _below(
    inside: Field, cover: Field, grid: Grid, size: NDArray[np.float64], name: str
) -> tuple[Field, NDArray[np.int8]]:
    """Distance to the covered surface, and to which part of it."""
    spacing = float(grid.spacing[0])
    surface = (np.abs(inside) <= 0.6 * spacing) & (cover > -0.3)
    if not surface.any():
        return np.full(grid.shape, 99, np.float32), np.zeros(grid.shape, np.int8)
    away, near = distance_transform_edt(~surface, sampling=spacing, return_indices=True)
    flat = np.ravel_multi_index(tuple(near), grid.shape)
    x, y, z = axes(grid)
    bearing = np.abs(x) > 5 * size[0]
    if name == "femur":
        bearing = bearing & (y > -20 * size[1]) & (z < 16 * size[2])
    side = np.where(x > 0, 1, 2) * bearing if name != "patella" else np.zeros(1)
    under = np.broadcast_to(side, grid.shape).astype(np.int8).ravel()[flat]
    # the nearest voxel lies up to half a voxel off the surface: put that back
    off = inside.ravel()[flat]
    depth = away + np.where(inside > 0, off, -off)
    return np.asarray(depth, np.float32), under


def least_gap(
    shapes: dict[str, BoneShape],
    pose: NDArray[np.float64],
    side: str,
    size: tuple[float, float, float],
) -> float:
    """Least distance from femur to tibia in the middle of a compartment, mm."""
    return float(_gaps(_surface(shapes["femur"], side, size), shapes["tibia"], pose).min())


def _surface(femur: BoneShape, side: str, size: tuple[float, float, float]) -> Field:
    """Points (n, 3) of the femur's surface over the middle of a compartment."""
    x, y, z = axes(femur.grid)
    cx, cy = MIDDLE[side]
    across, along = ZONE[0] * size[0], ZONE[1] * size[1]
    zone = (np.abs(x - cx * size[0]) < across) & (np.abs(y - cy * size[1]) < along) & (z < 15)
    spacing = float(femur.grid.spacing[0])
    index = np.argwhere(zone & (np.abs(femur.inside) < 0.7 * spacing))
    slope = np.stack([_slope(femur.inside, index, n, spacing) for n in range(3)], -1)
    steep = np.sqrt((slope**2).sum(1))
    facing = slope[:, 2] > FACING * steep
    off = femur.inside[tuple(index.T)] / steep**2
    surface = femur.grid.to_world(index) - off[:, None] * slope
    return np.asarray(surface[facing], np.float32)


def _slope(field: Field, index: NDArray[np.int64], axis: int, spacing: float) -> Field:
    """Derivative along an axis at voxels away from the border."""
    step = np.eye(3, dtype=np.int64)[axis]
    up, down = field[tuple((index + step).T)], field[tuple((index - step).T)]
    return np.asarray((up - down) / (2 * spacing), np.float32)


def _gaps(points: Field, tibia: BoneShape, pose: NDArray[np.float64]) -> Field:
    """Distance to the tibia of points of the femur that has been moved by `pose`."""
    moved = points @ pose[:3, :3].T + pose[:3, 3]
    return -sample(tibia.inside, tibia.grid, moved, -CLIP)


def set_joint(patient: KneePatient, shapes: dict[str, BoneShape]) -> NDArray[np.float64]:
    """Pose of the femur on the tibia that gives the joint space asked for in both compartments.

    Parameters
    ----------
    patient : KneePatient
        Joint space.
    shapes : dict of BoneShape
        The bones before.

    Returns
    -------
    (4, 4) array
        Rigid transform of femur and patella, mm: up or down, and tilted about the y axis.
    """
    points = {c: _surface(shapes["femur"], c, patient.size) for c in SIDES}
    span = patient.size[0] * (MIDDLE["medial"][0] - MIDDLE["lateral"][0])
    lift, tilt = 0.0, 0.0
    pose = np.eye(4)
    # distances end at CLIP: a wider joint is set nearer first and then lifted
    excess = max(0.0, max(patient.joint_space.values()) - (CLIP - 1.5))
    for _ in range(12):
        off = {
            c: patient.joint_space[c]
            - excess
            - float(_gaps(points[c], shapes["tibia"], pose).min())
            for c in SIDES
        }
        lift += 0.5 * (off["medial"] + off["lateral"])
        tilt += (off["medial"] - off["lateral"]) / span
        # the medial side rises with x: z grows by tilt times x
        cos, sin = np.cos(tilt), np.sin(tilt)
        pose = np.array([[cos, 0, -sin, 0], [0, 1, 0, 0], [sin, 0, cos, lift], [0, 0, 0, 1]])
    pose[2, 3] += excess
    return pose


def spared(
    shapes: dict[str, BoneShape], pose: NDArray[np.float64], thing: str, fixed: str
) -> BoneShape:
    """Bone `thing` with what would come too near to bone `fixed` taken away.

    Parameters
    ----------
    shapes : dict of BoneShape
        The bones.
    pose : (4, 4) array
        Transform of `fixed` in the coordinates of `thing`.
    thing, fixed : str
        Names of bones.

    Returns
    -------
    BoneShape
        At least `APART` mm from `fixed`.
    """
    own, other = shapes[thing], shapes[fixed]
    rival = carried(other.inside, other.grid, own.grid, pose)
    inside = np.minimum(own.inside, -rival - np.float32(APART))
    return BoneShape(own.grid, inside, own.cover, own.depth, own.under)


__all__ = ["BONES", "HALF", "BoneShape", "Warp", "bone_shapes", "least_gap", "set_joint", "spared"]
