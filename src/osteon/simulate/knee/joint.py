"""Inside the joint: cartilages, menisci and the fluid between them."""

import numpy as np
from numpy.typing import NDArray

from ...core import Grid
from ..scene import Soft
from .fields import CLIP, Field, axes, bump, carried, lattice, ramp, true_distance
from .patient import SIDES, KneePatient
from .shape import MIDDLE, BoneShape, Warp
from .template import parts
from .tissues import Place

SHARE = 0.47
"""Share of the joint space that the cartilage of each bone may take under load."""

RIM = 4.5
"""Fluid and synovium fill what lies this near to both bones, mm (assumed)."""

Shapes = dict[str, BoneShape]


def cartilages(patient: KneePatient, shapes: Shapes, pose: NDArray[np.float64]) -> list[Soft]:
    """Cartilage of femur, tibia and patella, thinned where the joint space is narrowed.

    Parameters
    ----------
    patient : KneePatient
        Joint space by compartment.
    shapes : dict of BoneShape
        Bones, as of a right knee.
    pose : (4, 4) array
        Where femur and patella have been moved to.

    Returns
    -------
    list of Soft
        Four cartilages.
    """
    found = []
    for bone in ("femur", "tibia", "patella"):
        shape = shapes[bone]
        x, y, z = axes(shape.grid)
        most = np.full(shape.grid.shape, CLIP, np.float32)
        if bone != "patella":
            for side in SIDES:
                cy = MIDDLE[side][1]
                sign = 1 if side == "medial" else -1
                zone = ramp(sign * x, 0, 8) * bump(y, cy * patient.size[1], 16) ** 0.5
                zone = zone * ramp(-z, -18 * patient.size[2], -8 * patient.size[2])
                limit = SHARE * patient.joint_space[side]
                most = most + zone * (limit - most)
        inside = np.minimum(shape.cover, most + shape.inside)
        where = np.eye(4) if bone == "tibia" else pose
        if bone == "tibia":
            for side in SIDES:
                sign = 1 if side == "medial" else -1
                part = np.minimum(inside, sign * x + 2)
                found.append(_cut(f"{side} tibial cartilage", shape.grid, part, where))
        else:
            name = "femoral cartilage" if bone == "femur" else "patellar cartilage"
            found.append(_cut(name, shape.grid, inside, where))
    return found


def _cut(name: str, grid: Grid, inside: Field, pose: NDArray[np.float64]) -> Soft:
    """A cartilage on no more of the lattice than it needs."""
    near = np.argwhere(inside > -2)
    start, stop = near.min(axis=0), near.max(axis=0) + 1
    box = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return Soft(
        name,
        grid.crop(start, stop),
        np.ascontiguousarray(inside[box], np.float32),
        pose,
        tissue=Place.CARTILAGE,
    )


def menisci(patient: KneePatient, warp: Warp, spacing: float) -> list[Soft]:
    """Menisci, squeezed outwards where the disease is severe.

    Parameters
    ----------
    patient : KneePatient
        Severity by compartment: 1.3 mm further out a unit above 1.5 (assumed; extrusion of 6.9
        against 2.6 mm in osteoarthritis, Thawait 2015 doi:10.1016/j.ejrad.2015.09.003).
    warp : Warp
        The way from the mean knee.
    spacing : float
        Distance of the lattice, mm.

    Returns
    -------
    list of Soft
        Medial, lateral.
    """
    found = []
    for side in SIDES:
        name = f"{side} meniscus"
        grid = lattice(*warp.box(name), spacing)
        inside = true_distance(parts()[name].at(warp.mean_places(grid)), grid)
        pose = np.eye(4)
        out = 1.3 * max(0.0, patient.severity[side] - 1.5)
        pose[0, 3] = out if side == "medial" else -out
        found.append(Soft(name, grid, inside, pose, tissue=Place.MENISCUS))
    return found


def fluid(shapes: Shapes, pose: NDArray[np.float64]) -> Soft:
    """Fluid and synovium wherever two bones of the joint are near, drawn beneath all else.

    Parameters
    ----------
    shapes : dict of BoneShape
        Bones, as of a right knee.
    pose : (4, 4) array
        Where femur and patella have been moved to.

    Returns
    -------
    Soft
        The joint space.
    """
    near = np.argwhere(np.maximum(shapes["femur"].cover, -RIM) > -RIM)
    origin, spacing = shapes["femur"].grid.origin, float(shapes["femur"].grid.spacing[0])
    low, high = origin + spacing * near.min(axis=0), origin + spacing * near.max(axis=0)
    grid = lattice(low - 8, high + 4, 1.0)
    femur, tibia, patella = (
        -carried(shapes[n].inside, shapes[n].grid, grid, np.eye(4) if n == "tibia" else pose)
        for n in ("femur", "tibia", "patella")
    )
    inside = np.minimum(RIM - femur, np.maximum(RIM - tibia, RIM - patella))
    return Soft("joint fluid", grid, np.clip(inside, -CLIP, CLIP), np.eye(4), tissue=Place.FLUID)
