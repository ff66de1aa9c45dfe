"""A patient's spine built: a scene for any scanner, and the truth about every vertebra."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, UnknownName
from ..bone.laying import lay
from ..bone.tiles import Tile
from ..materials import MINERAL, Material
from ..scene import Bone, Scene, Soft
from .arch import joints_of, sacral_joints
from .body import Body, Spurs, heights
from .column import stand
from .discs import disc
from .fracture import NO_FRACTURE
from .implicit import Capsule
from .inside import Make
from .levels import LEVELS, SACRUM, average
from .patient import SpinePatient, Vertebra
from .tissues import PLACE, tissues_of
from .trunk import Frame, muscles, organs, pelvis, shells, streaks
from .vertebra import Places, bone_of, carve, shape_of
from .vessels import canal, vessels

CLEAR = 7.0
"""Distance of the tip of the longest spinous process to the fat behind it, in mm (assumed)."""


@dataclass(frozen=True, eq=False)
class VertebraTruth:
    """What is known of one vertebra.

    Attributes
    ----------
    share : float
        Mean BV/TV of the core of its body.
    mineral : float
        Mean mineral density there in mg hydroxyapatite/cm³: BV/TV times that of bone tissue.
    heights : tuple of 3 float
        Of its body in front, in the middle and at the back, in mm.
    expected : tuple of 3 float
        The same before a fracture.
    grade : int
        Genant's grade, 0–3.
    kind : str
        Kind of fracture.
    pose : (4, 4) array
        Own mm → world LPS mm.
    centroid : (3,) array
        Middle of the body in world mm.
    width, depth, canal : float
        Mean width and depth of the body and depth of the canal, in mm.
    """

    share: float
    mineral: float
    heights: tuple[float, float, float]
    expected: tuple[float, float, float]
    grade: int
    kind: str
    pose: NDArray[np.float64]
    centroid: NDArray[np.float64]
    width: float
    depth: float
    canal: float


@dataclass(frozen=True, eq=False)
class SpineModel:
    """A spine to be scanned.

    Attributes
    ----------
    scene : Scene
        The body; bones are named ``"L1"`` …, the sacrum ``"S1"``.
    vertebrae : dict of str to VertebraTruth
        By level, from above.
    patient : SpinePatient
        Whom it shows.
    """

    scene: Scene
    vertebrae: dict[str, VertebraTruth]
    patient: SpinePatient


def build_spine(
    patient: SpinePatient,
    tiles: Sequence[tuple[int, Tile]],
    rng: np.random.Generator,
    levels: Sequence[str] = LEVELS[1:],
) -> SpineModel:
    """Build a patient's spine and what lies around it.

    Parameters
    ----------
    patient : SpinePatient
        Whom to build.
    tiles : sequence of (int, Tile)
        Structure, each with its place in the stack that becomes ``scene.tiles``: 0, 1, ….
    rng : numpy.random.Generator
        Source of what the patient does not say: places of spurs, bowel, noise.
    levels : sequence of str
        Vertebrae, from above, without a gap.

    Returns
    -------
    SpineModel
        World coordinates are LPS mm of a patient who lies on the back, the middle of L3 (or of
        the middle level) at 0.

    Raises
    ------
    UnknownName
        If a level cannot be built.
    BadSetting
        If levels are missing or out of order, or places of tiles are not 0, 1, ….
    """
    _check(levels, tiles)
    seeds = rng.spawn(len(levels) + 2)
    names = [SACRUM, *reversed(levels)]
    bodies = {name: _body(patient, name, seeds[n]) for n, name in enumerate(names)}
    centre = "L3" if "L3" in levels else levels[len(levels) // 2]
    poses = stand(names, bodies, patient.lordosis, patient.scoliosis, centre)
    bones: dict[str, Bone] = {}
    shares: dict[str, float] = {}
    for n, name in enumerate(names):
        joints = _joints(patient, names[n - 1], bodies, poses, name) if n else ()
        made = _bone(patient, name, (bodies[name], joints), tiles, seeds[n])
        bones[name] = replace(made[0], pose=poses[name])
        shares[name] = made[1]
    frame = _frame(patient, names, bodies, poses)
    things: list[Soft | Bone] = list(_around(patient, frame, bodies[centre], seeds[-1]))
    for below, name in pairwise(names):
        things += disc(below, name, bodies, poses)
    things += bones.values()
    scene = Scene(
        tissues_of(patient.fat, patient.phase),
        tuple(things),
        np.stack([tile.values for _, tile in sorted(tiles, key=lambda pair: pair[0])]),
        {
            "width": frame.width, "depth": frame.depth, "x": 0.0,
            "y": frame.back - 0.5 * frame.depth,
        },
    )  # fmt: skip
    truth = {name: _truth(bodies[name], poses[name], shares[name]) for name in levels}
    return SpineModel(scene, truth, patient)


def _check(levels: Sequence[str], tiles: Sequence[tuple[int, Tile]]) -> None:
    """Refuse levels that do not stand on each other and tiles out of place."""
    for level in levels:
        if level not in LEVELS:
            raise UnknownName(
                f"'{level}' is no vertebra that can be built; known are {', '.join(LEVELS)}."
            )
    if not levels or tuple(levels) != LEVELS[LEVELS.index(levels[0]) :]:
        raise BadSetting(
            f"levels run from above down to L5 without a gap; got {', '.join(levels) or 'none'}."
        )
    if sorted(place for place, _ in tiles) != list(range(len(tiles))) or not tiles:
        raise BadSetting(f"tiles stand at 0, 1, …; got {[place for place, _ in tiles]}.")


def _traits(patient: SpinePatient, name: str) -> Vertebra:
    """What sets a vertebra apart; the sacrum is plain."""
    if name != SACRUM:
        return patient.vertebrae[name]
    return Vertebra(share=patient.share * 0.95, facets=patient.vertebrae["L5"].facets)


def _body(patient: SpinePatient, name: str, rng: np.random.Generator) -> Body:
    """Body of a level of a patient."""
    traits = _traits(patient, name)
    across = patient.size * traits.size
    size = average(name).scaled(across, patient.size**0.8 * traits.size, traits.disc * patient.size)
    count = 3 + int(rng.integers(3))
    angles = tuple(float(a) for a in rng.uniform(-120, 120, count))
    sizes = tuple(float(s) for s in rng.uniform(0.3, 1.0, count))
    nodes = tuple(
        (float(rng.uniform(-0.35, 0.35)), float(rng.uniform(-0.1, 0.4)), float(rng.choice([1, -1])))
        for _ in range(traits.nodes)
    )
    return Body(size, traits.fracture, Spurs(traits.osteophytes, angles, sizes), nodes)


def _joints(
    patient: SpinePatient,
    below: str,
    bodies: dict[str, Body],
    poses: dict[str, NDArray[np.float64]],
    name: str,
) -> tuple[Capsule, ...]:
    """Joints and laminae of the neighbour below, in the coordinates of a vertebra."""
    size = bodies[below].size
    facets = _traits(patient, below).facets
    found = sacral_joints(size) if below == SACRUM else joints_of(size, facets)
    move = np.linalg.inv(poses[name]) @ poses[below]
    out = []
    for part in found:
        ends = np.array([part.a, part.b]) @ move[:3, :3].T + move[:3, 3]
        a, b = (tuple(float(v) for v in end) for end in ends)
        out.append(Capsule((a[0], a[1], a[2]), (b[0], b[1], b[2]), part.radius, part.tall))
    return tuple(out)


def _bone(
    patient: SpinePatient,
    name: str,
    shape: tuple[Body, tuple[Capsule, ...]],
    tiles: Sequence[tuple[int, Tile]],
    rng: np.random.Generator,
) -> tuple[Bone, float]:
    """One bone at the origin, and the mean BV/TV of its core."""
    body, joints = shape
    traits = _traits(patient, name)
    shaped = shape_of(body, traits.facets, name == SACRUM)
    carve(shaped.inside, shaped.grid, joints)
    corners = shaped.grid.corners()
    box = np.array([corners.min(axis=0), corners.max(axis=0)])
    cells = lay(box, tiles, rng, magnify=patient.magnify)
    make = Make(
        traits.share, patient.cortex, patient.age, traits.sclerosis, traits.facets,
        rng.normal(size=(5, 5, 5)),
    )  # fmt: skip
    places = Places(PLACE["compact bone"], PLACE["spongy bone"], PLACE["redder marrow"])
    return bone_of(name, shaped, body, make, cells, places)


def _frame(
    patient: SpinePatient,
    names: Sequence[str],
    bodies: dict[str, Body],
    poses: dict[str, NDArray[np.float64]],
) -> Frame:
    """Where the spine lies in the trunk."""
    line = np.array([poses[name][:3, 3] for name in names[1:]])
    middle = bodies[names[len(names) // 2]].size
    tips = [
        (poses[n] @ np.array([0, bodies[n].size.mean_depth / 2 + bodies[n].size.canal[1]
                              + bodies[n].size.spinous, -9.0, 1.0]))[1]
        for n in names[1:]
    ]  # fmt: skip
    over = patient.bmi - 25
    fat = (max(6.0, 17 + 2.1 * over), max(6.0, 14 + 1.3 * over))
    wide = 1.0 if patient.sex == "M" else 0.95
    back = float(max(tips)) + CLEAR + fat[1]
    return Frame(
        float(line[0, 2]) - 60, float(line[-1, 2]) + 45, line, 0.5 * middle.mean_depth,
        middle.canal[1], back, wide * (335 + 9.0 * over),
        max(185.0, wide * (228 + 8.5 * over)), fat,
    )  # fmt: skip


def _around(
    patient: SpinePatient, frame: Frame, body: Body, rng: np.random.Generator
) -> list[Soft]:
    """Soft tissues, from the outside in."""
    bulk = float(np.clip(rng.normal(1.05 - 0.004 * (patient.age - 50), 0.08), 0.7, 1.2))
    bulk *= 1.0 if patient.sex == "M" else 0.9
    within = muscles(frame, bulk)
    return [
        *shells(frame),
        *organs(frame, rng),
        *within,
        *streaks(within, patient.age, rng),
        *pelvis(frame),
        *vessels(frame, patient.calcification, rng),
        *canal(frame, body.size.canal[0]),
    ]


def _truth(body: Body, pose: NDArray[np.float64], share: float) -> VertebraTruth:
    """What is known of a vertebra."""
    whole = replace(body, fracture=NO_FRACTURE)
    size = body.size
    return VertebraTruth(
        share, 1000 * MINERAL[Material.BONE] * share, heights(body), heights(whole),
        body.fracture.grade, body.fracture.kind, pose, pose[:3, 3].copy(), size.mean_width,
        size.mean_depth, size.canal[1],
    )  # fmt: skip
