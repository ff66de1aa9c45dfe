"""A whole knee: the scene, what moves with what, and the truth about its bone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import ndtr

from ...core import BadSetting, Labels, UnknownName
from ..bone.even import even
from ..bone.tiles import Tile
from ..scene import Bone, Scene, Soft
from .bones import bone_of, mirrored
from .joint import cartilages, fluid, menisci
from .patient import BANDS, PLACES, SIDES, KneePatient
from .shape import BONES, BoneShape, Warp, bone_shapes, least_gap, set_joint, spared
from .soft import ligaments, skin_and_fat, tubes
from .tissues import tissues

SPACING = 0.8
"""Lattice of bones and cartilages, mm."""

MIRROR = np.diag([-1.0, 1.0, 1.0, 1.0])

GROUPS = {
    "femur": ("femur", "femoral cartilage"),
    "patella": ("patella", "patellar cartilage"),
    "tibia": (
        "tibia",
        "fibula",
        "medial tibial cartilage",
        "lateral tibial cartilage",
        "medial meniscus",
        "lateral meniscus",
    ),
}
"""Objects that move with each bone."""

BETWEEN_LEGS = 15.0
"""Gap between the legs, mm (assumed)."""


@dataclass(frozen=True, eq=False)
class KneeModel:
    """A knee ready to be scanned.

    Attributes
    ----------
    scene : Scene
        The body, the joint line at the origin, the leg along z.
    groups : dict of str to tuple of str
        Objects that move with each bone.
    truth : dict
        What was asked for and what was built, in plain numbers and text.
    regions : dict of str to Labels
        Subchondral regions of femur and tibia on the bone's own lattice.
    """

    scene: Scene
    groups: dict[str, tuple[str, ...]]
    truth: dict[str, Any]
    regions: dict[str, Labels]

    def compartments(self, bone: str) -> Labels:
        """Subchondral regions of a bone by side and depth below the plate.

        Parameters
        ----------
        bone : str
            ``"femur"`` or ``"tibia"``.

        Returns
        -------
        Labels
            On the bone's own lattice and in its own coordinates, named like
            ``"medial tibia 0-3 mm"``; only spongy bone beneath the weight-bearing surface.

        Raises
        ------
        UnknownName
            If the bone has no such regions.
        """
        if bone not in self.regions:
            raise UnknownName(
                f"subchondral regions are kept of {' and '.join(self.regions)}; got '{bone}'."
            )
        return self.regions[bone]


def build_knee(
    patient: KneePatient,
    tiles: Sequence[Tile],
    rng: np.random.Generator,
    *,
    spacing: float = SPACING,
) -> KneeModel:
    """The knee of a person as a scene.

    Parameters
    ----------
    patient : KneePatient
        Person, disease and bone.
    tiles : sequence of Tile
        Structure to show, at least one; a cell shows any of them.
    rng : Generator
        Source of shape, local variation and cells.
    spacing : float
        Distance of the lattices of bones and cartilages, mm, 0.4–1.5.

    Returns
    -------
    KneeModel
        Scene and truth.

    Raises
    ------
    BadSetting
        If there is no tile, or a lattice too fine or coarse to hold a knee.
    """
    if not tiles:
        raise BadSetting("a knee needs at least one tile of structure; got none.")
    if not 0.4 <= spacing <= 1.5:
        raise BadSetting(f"the lattice of a knee is 0.4 to 1.5 mm; got {spacing:g} mm.")
    tiles = [even(tile) for tile in tiles]
    warp = Warp(patient, rng)
    shapes = bone_shapes(patient, warp, spacing, rng)
    pose = set_joint(patient, shapes)
    shapes["tibia"] = spared(shapes, pose, "tibia", "femur")
    shapes["fibula"] = spared(shapes, np.eye(4), "fibula", "tibia")
    shapes["patella"] = spared(shapes, np.eye(4), "patella", "femur")
    poses = {name: pose if name in ("femur", "patella") else np.eye(4) for name in BONES}
    bones = {name: bone_of(name, shapes[name], patient, tiles, rng) for name in BONES}
    around = tubes(patient, rng)
    wrapped = {name: (shapes[name], poses[name]) for name in BONES}
    inner = [
        *skin_and_fat(patient, wrapped, around, rng),
        *around,
        fluid(shapes, pose),
        *ligaments(patient, pose),
        *menisci(patient, warp, spacing),
        *cartilages(patient, shapes, pose),
    ]
    placed: list[Soft | Bone] = [_sided(thing, patient) for thing in inner]
    for name in ("fibula", "patella", "tibia", "femur"):
        own = poses[name] if patient.side == "right" else MIRROR @ poses[name] @ MIRROR
        placed.append(replace(bones[name], pose=own))
    scene = Scene(
        tissues(patient),
        tuple(placed),
        np.stack([tile.values for tile in tiles]),
        _size(placed[0], patient),
    )
    regions = {
        name: _regions(name, shapes[name], bones[name], patient) for name in ("femur", "tibia")
    }
    gaps = {side: least_gap(shapes, pose, side, patient.size) for side in SIDES}
    return KneeModel(scene, dict(GROUPS), _truth(patient, bones, regions, gaps), regions)


def _sided(thing: Soft, patient: KneePatient) -> Soft:
    """An object of a right knee, mirrored if the knee is a left one."""
    if patient.side == "right":
        return thing
    return replace(
        thing,
        grid=mirrored(thing.grid),
        inside=np.ascontiguousarray(thing.inside[::-1]),
        pose=MIRROR @ thing.pose @ MIRROR,
    )


def _size(skin: Soft | Bone, patient: KneePatient) -> dict[str, float]:
    """Ellipse that stands for all that lies in the beam at the joint line, mm."""
    level = int(
        np.argmin(
            np.abs(
                skin.grid.to_world(np.stack([[0, 0, k] for k in range(skin.grid.shape[2])]))[:, 2]
            )
        )
    )
    inside = np.argwhere(skin.inside[:, :, level] > 0)
    low, high = inside.min(axis=0), inside.max(axis=0)
    width, depth = (high - low + 1) * skin.grid.spacing[:2]
    x, y = skin.grid.origin[:2] + skin.grid.spacing[:2] * (low + high) / 2
    if patient.both_legs:
        other = 1 if patient.side == "right" else -1  # the left leg lies at larger x
        x += other * (width + BETWEEN_LEGS) / 2
        width = 2 * width + BETWEEN_LEGS
    return {"width": float(width), "depth": float(depth), "x": float(x), "y": float(y)}


def _regions(name: str, shape: BoneShape, bone: Bone, patient: KneePatient) -> Labels:
    """Weight-bearing spongy bone by side and depth below the plate."""
    flip = slice(None) if patient.side == "right" else slice(None, None, -1)
    shell = bone.shell[flip]
    below = shape.depth - shell
    inner = shape.inside > shell
    values = np.zeros(shape.grid.shape, np.uint8)
    names = {}
    for number, side in enumerate(SIDES):
        for band, (start, stop) in enumerate(BANDS):
            label = 1 + 3 * number + band
            part = inner & (shape.under == number + 1) & (below >= start) & (below < stop)
            values[part] = label
            names[label] = f"{side} {name} {start:g}-{stop:g} mm"
    return Labels(np.ascontiguousarray(values[flip]), bone.grid, names)


def _truth(
    patient: KneePatient,
    bones: dict[str, Bone],
    regions: dict[str, Labels],
    gaps: dict[str, float],
) -> dict[str, Any]:
    """What was asked for and what was built, ready for JSON."""
    built: dict[str, dict[str, Any]] = {}
    for place in PLACES:
        side, name = place.split()
        labels, bone = regions[name], bones[name]
        amount = ndtr(-bone.level.astype(np.float64))
        bands = {}
        for label, title in labels.names.items():
            if title.startswith(side):
                inside = labels.values == label
                bands[title] = float(amount[inside].mean()) if inside.any() else None
        built[place] = {
            "bvtv_asked": list(patient.bvtv[place]),
            "bvtv_built": list(bands.values()),
            "plate_mm": patient.plate[place],
            "magnify": patient.magnify[place],
        }
    return {
        "kl": patient.kl,
        "age": patient.age,
        "sex": patient.sex,
        "bmi": patient.bmi,
        "stature_cm": patient.stature,
        "side": patient.side,
        "severity": dict(patient.severity),
        "joint_space_mm": dict(patient.joint_space),
        "joint_space_built_mm": gaps,
        "osteophyte_mm": dict(patient.osteophyte),
        "attrition_mm": dict(patient.attrition),
        "alignment_deg": patient.alignment,
        "size": list(patient.size),
        "bands_mm": [list(band) for band in BANDS],
        "bone": built,
    }
