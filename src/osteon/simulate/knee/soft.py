"""Soft tissue around the bones of the knee: muscles, tendons, vessels, ligaments, fat and skin."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt, gaussian_filter

from ...core import Grid
from ..scene import Soft
from .fields import CLIP, Field, Wave, axes, bump, carried, lattice, ramp, true_distance
from .patient import KneePatient
from .shape import HALF, BoneShape
from .tables import table
from .tissues import Place

COARSE = 2.0
"""Lattice of muscles, fat and skin, mm."""

SKIN = 1.8
"""Thickness of the skin, mm (assumed)."""

ROUND = np.float32(2.6)
"""Power of the super-ellipse that sections of muscles follow; 2 is an ellipse (assumed)."""

SEPTUM = np.float32(0.7)
"""Fat between neighbouring muscles, mm (assumed)."""

HOLLOW = 30.0
"""Hollows between muscles narrower than twice this are filled with fat, mm."""

FAT = {"F": (7.5, 0.7), "M": (4.5, 0.55)}
"""Fat under the skin at 26 kg/m², mm, and its growth with each kg/m² (assumed)."""


def tubes(patient: KneePatient, rng: np.random.Generator) -> list[Soft]:
    """Muscles, the fat pad, tendons and vessels, as of a right knee.

    Parameters
    ----------
    patient : KneePatient
        Size, sex and age: muscles of women and the old are smaller (assumed 6 % and 0.3 % a year).
    rng : Generator
        Source of the size and place of each.

    Returns
    -------
    list of Soft
        Muscles first, then the fat pad, tendons, vessels.
    """
    bulk = 1.0 - 0.06 * (patient.sex == "F") - 0.003 * (patient.age - 50)
    bulk *= float(np.exp(0.07 * rng.standard_normal()))
    found: list[Soft] = []
    for tissue, rows in table("muscles")["tubes"].items():
        for name, row in rows.items():
            thick = (bulk if tissue == "MUSCLE" else 1) * np.exp(0.06 * rng.standard_normal())
            shift = rng.normal(0, 0.8, 2)
            knots = np.array(sorted(row), np.float64)
            knots[:, 1:3] += shift if tissue in ("MUSCLE", "BLOOD") else 0
            knots[:, 1:] *= np.array([*patient.size[:2], thick, thick])
            knots[:, 3:] *= np.array(patient.size[:2])
            knots[:, 0] *= patient.size[2]
            thing = _tube(name, knots, Place[tissue])
            if tissue == "MUSCLE":
                for other in found:
                    _give_way(thing, other)
            found.append(thing)
    return found


def _give_way(thing: Soft, other: Soft) -> None:
    """Leave a layer of fat between a muscle and one that was there before."""
    start = np.round((other.grid.origin - thing.grid.origin) / COARSE).astype(int)
    into, out = _shared(thing.inside.shape, other.inside.shape, start)
    thing.inside[into] = np.minimum(thing.inside[into], -other.inside[out] - SEPTUM)


def _shared(
    own: tuple[int, ...], other: tuple[int, ...], start: NDArray[np.int64]
) -> tuple[tuple[slice, ...], tuple[slice, ...]]:
    """Where two lattices overlap, on either, when the other begins at voxel `start` of the own."""
    first = np.maximum(start, 0)
    last = np.maximum(np.minimum(start + other, own), first)
    into = tuple(slice(int(a), int(b)) for a, b in zip(first, last, strict=True))
    out = tuple(slice(int(a - s), int(b - s)) for a, b, s in zip(first, last, start, strict=True))
    return into, out


def _tube(name: str, knots: NDArray[np.float64], tissue: Place) -> Soft:
    """A tube of nearly elliptic section through knots of height, centre and half axes."""
    closed = [
        np.concatenate(([knots[0, 0] - 4], knots[0, 1:3], [0.8, 0.8])),
        *knots,
        np.concatenate(([knots[-1, 0] + 4], knots[-1, 1:3], [0.8, 0.8])),
    ]
    rows = np.array(closed)
    low = np.append((rows[:, 1:3] - rows[:, 3:]).min(axis=0) - 5, rows[0, 0])
    high = np.append((rows[:, 1:3] + rows[:, 3:]).max(axis=0) + 5, rows[-1, 0])
    low[2], high[2] = max(low[2], -HALF), min(high[2], HALF)
    grid = lattice(low, high, COARSE)
    x, y, z = axes(grid)
    cx, cy, a, b = (np.interp(z, rows[:, 0], rows[:, n]).astype(np.float32) for n in range(1, 5))
    across, along = np.abs(x - cx) / a, np.abs(y - cy) / b
    share = (across**ROUND + along**ROUND) ** (1 / ROUND) + np.float32(1e-3)
    steep = np.hypot(across ** (ROUND - 1) / a, along ** (ROUND - 1) / b) / share ** (ROUND - 1)
    inside = np.minimum((1 - share) / (steep + np.float32(1e-3)), np.minimum(a, b))
    inside = np.clip(inside, -CLIP, CLIP).astype(np.float32)
    return Soft(name, grid, inside, np.eye(4), tissue=tissue)


def ligaments(patient: KneePatient, pose: NDArray[np.float64]) -> list[Soft]:
    """Cruciate and collateral ligaments between femur and tibia, as of a right knee.

    Parameters
    ----------
    patient : KneePatient
        Size.
    pose : (4, 4) array
        Where the femur has been moved to.

    Returns
    -------
    list of Soft
        One each.
    """
    found = []
    for name, (upper, lower, radius) in table("muscles")["ligaments"].items():
        start = pose[:3, :3] @ (np.array(upper) * patient.size) + pose[:3, 3]
        end = np.array(lower) * patient.size
        grid = lattice(np.minimum(start, end) - radius - 2, np.maximum(start, end) + radius + 2, 1)
        x, y, z = axes(grid)
        along = end - start
        place = (x - start[0]) * along[0] + (y - start[1]) * along[1] + (z - start[2]) * along[2]
        share = np.clip(place / (along @ along), 0, 1)
        away = np.sqrt(
            (x - start[0] - share * along[0]) ** 2
            + (y - start[1] - share * along[1]) ** 2
            + (z - start[2] - share * along[2]) ** 2
        )
        inside = np.asarray(radius - away, np.float32)
        found.append(Soft(name, grid, inside, np.eye(4), tissue=Place.TENDON))
    return found


def skin_and_fat(
    patient: KneePatient,
    bones: Mapping[str, tuple[BoneShape, NDArray[np.float64]]],
    within: Sequence[Soft],
    rng: np.random.Generator,
) -> list[Soft]:
    """Skin and the fat beneath it, wrapped around bones and muscles, as of a right knee.

    Parameters
    ----------
    patient : KneePatient
        Sex and body mass index.
    bones : mapping of str to BoneShape and (4, 4) array
        Bones and where they have been moved to.
    within : sequence of Soft
        What else lies under the fat.
    rng : Generator
        Source of how thick the fat is here and there.

    Returns
    -------
    list of Soft
        Skin, then fat.
    """
    base, growth = FAT[patient.sex]
    thick = max(3.5, base + growth * (patient.bmi - 26)) * float(np.exp(rng.normal(0, 0.2)))
    size = np.array(patient.size)
    room = 1.6 * thick + 10
    low, high = np.array([-50.0, -66, 0]) * size - room, np.array([50.0, 64, 0]) * size + room
    low[2], high[2] = -HALF, HALF
    grid = lattice(low, high, COARSE)
    core = np.full(grid.shape, -CLIP, np.float32)
    for shape, pose in bones.values():
        np.maximum(core, carried(shape.inside, shape.grid, grid, pose), out=core)
    for thing in within:
        if thing.tissue != Place.BLOOD:
            _paste(core, thing, grid)
    wrapped = _wrapped(core)
    x, y, z = axes(grid)
    turn = np.arctan2(x, -y + 0 * z) + 0 * z  # 0 in front, positive to the medial side
    front = bump(turn, 0, 0.75) * ramp(-np.abs(z - 5), -75, -25)
    share = 1 - 0.45 * front + 0.25 * bump(turn, 1.7, 0.7) + 0.35 * ramp(z, 10, 80)
    share = share * (1 + 0.12 * Wave.drawn(rng, 45.0, 110.0).on(grid))
    inside = true_distance(np.clip(wrapped + thick * share + SKIN, -9, 9), grid)
    return [
        Soft("skin", grid, inside, np.eye(4), tissue=Place.SKIN),
        Soft("subcutaneous fat", grid, inside - np.float32(SKIN), np.eye(4), tissue=Place.FAT),
    ]


def _paste(core: Field, thing: Soft, grid: Grid) -> None:
    """Raise `core` to the field of an object wherever it lies; lattices share their multiples."""
    start = np.round((thing.grid.origin - grid.origin) / COARSE).astype(int)
    into, out = _shared(core.shape, thing.inside.shape, start)
    core[into] = np.maximum(core[into], thing.inside[out])


def _wrapped(core: Field) -> Field:
    """Signed distance to the hull that bridges hollows of the core, smoothed, mm."""
    pad = int(HOLLOW / COARSE) + 4
    wide = np.pad(core < 0, [(pad, pad), (pad, pad), (0, 0)], constant_values=True)
    away = distance_transform_edt(wide, sampling=COARSE)
    hull = distance_transform_edt(away < HOLLOW, sampling=COARSE) - HOLLOW
    field = np.where(away < HOLLOW, hull, -away).astype(np.float32)[pad:-pad, pad:-pad]
    return np.asarray(gaussian_filter(field, 2.0), np.float32)
