"""What is inside a bone of the knee: shell, amount and direction of spongy bone, marrow."""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ...core import Grid
from ..bone.cells import level_of
from ..bone.laying import lay
from ..bone.tiles import Tile
from ..scene import Bone
from .fields import Field, Wave, axes, bump, ramp
from .patient import KneePatient
from .shape import MIDDLE, BoneShape
from .tables import table
from .tissues import Place

SCAR = {"femur": 24.0, "tibia": -17.0}
"""Height of the growth-plate scar over the joint line of the mean knee, mm (assumed)."""

SCAR_AMOUNT = 0.5
"""BV/TV of a fresh scar; it fades with age (assumed)."""

DIAPHYSIS = {"femur": 4.5, "tibia": 3.6, "fibula": 2.2, "patella": 0.9}
"""Thickness of the cortex 75 mm from the joint in men of 60 (assumed, within 2–6 mm)."""

PLAIN = {"patella": 0.26, "fibula": 0.13}
"""BV/TV of bones that the disease does not touch (assumed)."""

Points = NDArray[np.float64]
Thickness = Callable[[Points], NDArray[np.float64]]


def shell_of(name: str, shape: BoneShape, patient: KneePatient, rng: np.random.Generator) -> Field:
    """Thickness of the shell in mm: plate beneath cartilage, cortex elsewhere.

    Parameters
    ----------
    name : str
        Name of the bone.
    shape : BoneShape
        Its surface.
    patient : KneePatient
        Thickness of plate and cortex.
    rng : Generator
        Source of local variation, 12 %.

    Returns
    -------
    (i, j, k) array of float32
        At least 0.25 mm.
    """
    x, y, z = axes(shape.grid)
    shaft = DIAPHYSIS[name] * patient.cortex / table("disease")["plate"]["cortex"]["M"]
    rise = ramp(np.abs(z), 18 * patient.size[2], 75) ** 1.5
    cortex = patient.cortex + (shaft - patient.cortex) * rise
    if name == "patella":
        cortex = cortex + 0.35  # the front, under the tendon, is thick
    plate = cortex
    if name in ("femur", "tibia"):
        plate = np.zeros(1, np.float32)
        for side, share in _shares(x, 4.0).items():
            cx, cy = MIDDLE[side]
            middle = bump(x, cx * patient.size[0], 11) * bump(y, cy * patient.size[1], 13)
            # thickest in the middle: 1.1 times there and 0.75 at the edge
            plate = plate + share * patient.plate[f"{side} {name}"] * (0.75 + 0.35 * middle)
    beneath = np.clip(1 + shape.cover / 3, 0, 1)
    thick = cortex + (plate - cortex) * beneath
    wave = Wave.drawn(rng, 9.0, 90.0).on(shape.grid)
    return np.asarray(np.maximum(thick * np.exp(0.12 * wave), 0.25), np.float32)


def _shares(x: Field, width: float) -> dict[str, Field]:
    """How much a place belongs to the medial and to the lateral side."""
    medial = np.asarray(1 / (1 + np.exp(-x / np.float32(width))), np.float32)
    return {"medial": medial, "lateral": 1 - medial}


def amount_of(
    name: str, shape: BoneShape, shell: Field, patient: KneePatient, rng: np.random.Generator
) -> Field:
    """BV/TV of the spongy bone everywhere, 0–0.8.

    Parameters
    ----------
    name : str
        Name of the bone.
    shape : BoneShape
        Its surface.
    shell : (i, j, k) array of float32
        Thickness of the shell, mm: depth is counted from its inner face.
    patient : KneePatient
        BV/TV by place and band.
    rng : Generator
        Source of local variation, 10 %.

    Returns
    -------
    (i, j, k) array of float32
        BV/TV.
    """
    x, _, z = axes(shape.grid)
    wave = Wave.drawn(rng, 10.0, 90.0).on(shape.grid)
    if name in PLAIN:
        amount = np.full(shape.grid.shape, PLAIN[name], np.float32)
        amount *= np.float32(np.mean(patient.bvtv["lateral femur"]) / 0.223)
    else:
        amount = np.zeros(shape.grid.shape, np.float32)
        below = shape.depth - shell
        for side, share in _shares(x, 3.0).items():
            amount += share * _profile(below, patient.bvtv[f"{side} {name}"])
        amount *= np.where(shape.under > 0, 1, 1 - 0.15 * ramp(-below, -12, 0))
    amount *= np.exp(0.10 * wave - 0.005)
    away = np.abs(z) / patient.size[2]
    hollow = ramp(away, 42, 62) * ramp(shape.inside - shell, 0.5, 4)
    amount *= (1 - 0.35 * ramp(away, 22, 45)) * (1 - hollow)
    if name in SCAR:
        scar = SCAR[name] * patient.size[2] + 2.6 * Wave.drawn(rng, 20.0, 90.0).on(shape.grid)
        fresh = SCAR_AMOUNT * np.clip(1.1 - 0.008 * (patient.age - 40), 0.4, 1)
        amount = np.maximum(amount, fresh * bump(z - scar, 0, 0.45) * ramp(wave, -1.2, 0.3))
    return np.clip(amount, 0, 0.8)


def _profile(below: Field, bands: Sequence[float]) -> Field:
    """BV/TV by depth below the plate, with the means asked for over the three bands."""
    near, middle, deep = bands
    # a broken line through these depths has the means asked for over 0–3, 3–6 and 6–12 mm
    knots = np.array([0.0, 1.5, 4.5, 9.0, 20.0, 40.0])
    rest = 0.85 * deep
    values = [near + (near - middle) * 0.4, near, middle, deep, rest, 0.7 * rest]
    return np.asarray(np.interp(below, knots, values), np.float32)


def filling_of(
    name: str, shape: BoneShape, patient: KneePatient, rng: np.random.Generator
) -> NDArray[np.uint8]:
    """Tissue between the trabeculae: yellow marrow, red remnants, lesions of severe disease.

    Parameters
    ----------
    name : str
        Name of the bone.
    shape : BoneShape
        Its surface.
    patient : KneePatient
        Severity and red marrow.
    rng : Generator
        Source of patches and lesions.

    Returns
    -------
    (i, j, k) array of uint8
        Places in the scene's tissues.
    """
    x, y, z = axes(shape.grid)
    patches = Wave.drawn(rng, 8.0, 90.0).on(shape.grid)
    marrow = np.full(shape.grid.shape, Place.YELLOW, np.uint8)
    if name in SCAR:
        sign = 1 if name == "femur" else -1
        beyond = sign * z - (abs(SCAR[name]) * patient.size[2] + 3)
        reach = ramp(beyond, -2, 4) * (1 - ramp(beyond, 25, 45))
        marrow[patches + 1.6 * reach > 1.4] = Place.MIXED
        marrow[patches + 1.6 * reach > 2.0] = Place.RED
        for side in ("medial", "lateral"):
            start = table("disease")["marrow"]["lesion_start"]
            size = 7.0 * (patient.severity[side] - start) * rng.random()
            shift = rng.normal(0, 5, 2)
            if size > 2:
                cx, cy = MIDDLE[side] * np.array(patient.size[:2]) + shift
                away = np.hypot(np.hypot(x - cx, y - cy), 1.3 * shape.depth) + 1.5 * patches
                marrow[(away < size) & (shape.depth < 25)] = Place.LESION
    return marrow


def _axis(name: str, mirror: float, size: tuple[float, float, float]) -> Thickness:
    """Main direction of trabeculae: along the load, across the joint surface near it."""

    def direction(points: Points) -> NDArray[np.float64]:
        along = np.zeros_like(points)
        along[:, 1 if name == "patella" else 2] = 1.0
        if name == "femur":
            centre = np.stack(
                [
                    np.where(points[:, 0] * mirror > 0, 20.0, -20.0) * size[0] * mirror,
                    np.full(len(points), -4.0 * size[1]),
                    np.full(len(points), 21.0 * size[2]),
                ],
                -1,
            )
            out = points - centre
            length = np.linalg.norm(out, axis=1, keepdims=True)
            near = np.clip((length - 4) / 8, 0, 1) * (points[:, 2:] < 32 * size[2])
            out *= np.where(out[:, 2:] < 0, -1, 1)  # a direction has no sign: keep it upwards
            along += 1.5 * near * out / np.maximum(length, 1e-6)
        return along

    return direction


def _scale(name: str, mirror: float, patient: KneePatient) -> Thickness:
    """Factor by which the structure is enlarged."""

    def factor(points: Points) -> NDArray[np.float64]:
        bone = name if name in ("femur", "tibia") else "femur"
        x = np.asarray(points[:, 0] * mirror, np.float32)
        shares = _shares(x, 3.0)
        near = sum(shares[side] * patient.magnify[f"{side} {bone}"] for side in shares)
        # trabeculae stand wider apart towards the shaft (assumed)
        return np.asarray(
            near * (1 + 0.25 * ramp(np.abs(np.asarray(points[:, 2], np.float32)), 15, 50)),
            np.float64,
        )

    return factor


def bone_of(
    name: str,
    shape: BoneShape,
    patient: KneePatient,
    tiles: Sequence[Tile],
    rng: np.random.Generator,
) -> Bone:
    """The bone as the scene shows it, where the knee's own coordinates put it.

    Parameters
    ----------
    name : str
        Name of the bone.
    shape : BoneShape
        Its surface, as that of a right knee.
    patient : KneePatient
        Everything asked of it; the bone of a left knee is mirrored.
    tiles : sequence of Tile
        Structure.
    rng : Generator
        Source of every local variation.

    Returns
    -------
    Bone
        With its pose at unity.
    """
    shell = shell_of(name, shape, patient, rng)
    level = level_of(amount_of(name, shape, shell, patient, rng))
    filling = filling_of(name, shape, patient, rng)
    mirror = 1.0 if patient.side == "right" else -1.0
    grid = shape.grid if mirror > 0 else mirrored(shape.grid)
    flip = slice(None) if mirror > 0 else slice(None, None, -1)
    inside = np.ascontiguousarray(shape.inside[flip])
    reach = np.argwhere(inside > -1)
    low, high = grid.to_world(reach.min(axis=0)), grid.to_world(reach.max(axis=0))
    cells = lay(
        np.stack([low, high]),
        list(enumerate(tiles)),
        np.random.default_rng(rng.integers(2**63)),  # what follows is alike on both sides
        magnify=_scale(name, mirror, patient),
        axis=_axis(name, mirror, patient.size),
    )
    return Bone(
        name=name,
        grid=grid,
        inside=inside,
        pose=np.eye(4),
        shell=np.ascontiguousarray(shell[flip]),
        level=np.ascontiguousarray(level[flip]),
        filling=np.ascontiguousarray(filling[flip]),
        cells=cells,
        compact=Place.COMPACT,
        spongy=Place.TRABECULA,
    )


def mirrored(grid: Grid) -> Grid:
    """The lattice seen in a mirror across x = 0; fields on it run backwards along i."""
    origin = grid.origin.copy()
    origin[0] = -(origin[0] + grid.spacing[0] * (grid.shape[0] - 1))
    return Grid(grid.shape, origin, grid.direction, grid.spacing)
