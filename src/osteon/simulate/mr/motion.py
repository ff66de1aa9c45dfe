"""Another pose for the MR scan: the patient lies anew, joints bend, soft tissue follows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import zoom

from ...core import BadSetting, Grid, UnknownName
from ..scene.scene import Bone, Scene, Soft
from .blend import (
    Deformation,
    Points,
    distance_to,
    inside_at,
    move_of,
    moves_of,
    twist_of,
    vectors_at,
)

Three = tuple[float, float, float]

NODES = 300_000
"""About how many nodes the coarse lattice of a deformation has."""

FINEST_MM = 3.0
"""Smallest distance of those nodes."""

NEAR_MM = 3.0
"""Places this much further from two bones than the nearest place belong to their joint."""

MOST_SPREAD = 3.0
"""A draw further from 0 than this many standard deviations is cut off."""


@dataclass(frozen=True)
class Joint:
    """How far a bone moves against the one it hangs on; standard deviations.

    Attributes
    ----------
    turn_deg : 3 float
        Turns about world x (flexion), y and z, in degrees.
    shift_mm : 3 float
        Shifts along x, y, z in mm.
    depth_mm : float
        The pivot lies this deep in the bone it hangs on, from where the two are closest.
    after : str
        Group whose motion it shares, such as the kneecap the shin's; none if empty.
    share : float
        Part of that motion.
    """

    turn_deg: Three = (1.0, 0.5, 0.5)
    shift_mm: Three = (0.2, 0.2, 0.2)
    depth_mm: float = 0.0
    after: str = ""
    share: float = 0.0

    def __post_init__(self) -> None:
        """Refuse spreads below 0."""
        if min(*self.turn_deg, *self.shift_mm, self.depth_mm) < 0:
            raise BadSetting(
                "spreads of a joint must be at least 0; got turns of "
                f"{self.turn_deg} degrees, shifts of {self.shift_mm} mm, depth {self.depth_mm} mm."
            )


@dataclass(frozen=True)
class MotionSettings:
    """How a body's pose differs between two scans; standard deviations, all assumed.

    Attributes
    ----------
    turn_deg, shift_mm : 3 float
        Of the patient as a whole, about and along x, y, z.
    joints : mapping of str to Joint
        Of the groups named; the others move by `joint`.
    joint : Joint
        Of groups not named.
    chain : bool
        Each group hangs on the one before it (a spine); otherwise all hang on the first.
    soft_mm : float
        Of soft tissue by itself, far from bones.
    soft_scale_mm : float
        Length over which that changes.
    """

    turn_deg: Three = (2.0, 2.0, 3.0)
    shift_mm: Three = (4.0, 4.0, 6.0)
    joints: Mapping[str, Joint] = field(default_factory=dict)
    joint: Joint = Joint()
    chain: bool = False
    soft_mm: float = 0.8
    soft_scale_mm: float = 35.0

    def __post_init__(self) -> None:
        """Refuse spreads below 0."""
        spreads = (*self.turn_deg, *self.shift_mm, self.soft_mm)
        if min(spreads) < 0 or not self.soft_scale_mm > 0:
            raise BadSetting(
                f"spreads of motion must be at least 0 and soft_scale_mm above 0; got {spreads} "
                f"and {self.soft_scale_mm}."
            )


KNEE_MOTION = MotionSettings(
    joints={
        "tibia": Joint((3.5, 0.6, 1.2), (0.3, 0.5, 0.3), depth_mm=22),
        "patella": Joint((1, 1, 1), (0.4, 0.2, 0.6), depth_mm=22, after="tibia", share=0.6),
    }
)
"""A knee in the coil and on the CT table: a few degrees of flexion about the condyles' middle."""

SPINE_MOTION = MotionSettings(
    turn_deg=(1.5, 1.5, 1.5), joint=Joint((0.8, 0.3, 0.3), (0.1, 0.1, 0.1)), chain=True
)
"""A spine lying on two tables: under a degree a segment."""


@dataclass(frozen=True, eq=False)
class Posed:
    """A body in its new pose, and how it got there.

    Attributes
    ----------
    scene : Scene
        The body; soft tissue has new lattices.
    moves : mapping of str to (4, 4) array
        World-to-world transform of every object that moves rigidly: exact.
    patient : (4, 4) array
        The motion of the patient as a whole, part of all `moves`.
    rigid : tuple of Soft and Bone
        Those objects before the motion.
    deformation : Deformation
        Motion of everything else, before `patient`.
    """

    scene: Scene
    moves: Mapping[str, NDArray[np.float64]]
    patient: NDArray[np.float64]
    rigid: tuple[Soft | Bone, ...]
    deformation: Deformation

    def displacement(self, points: Points) -> Points:
        """Displacement of places of the body, from the old to the new pose.

        Parameters
        ----------
        points : (n, 3) array
            World LPS mm in the old pose.

        Returns
        -------
        (n, 3) array
            In mm; exactly rigid within bones and what moves with them. The soft lattices of
            `scene` follow it to about 0.2 mm.
        """
        points = np.asarray(points, np.float64)
        moved = _apply(self.patient, self.deformation(points))
        for thing in self.rigid:
            own = inside_at(thing, points) > 0
            moved[own] = _apply(self.moves[thing.name], points[own])
        return np.asarray(moved - points)


def pose_for_mr(
    scene: Scene,
    groups: Mapping[str, Sequence[str]],
    rng: np.random.Generator,
    settings: MotionSettings = KNEE_MOTION,
) -> Posed:
    """Put a body into the pose of another scan.

    Parameters
    ----------
    scene : Scene
        The body.
    groups : mapping of str to sequence of str
        Names of the objects that move rigidly together (a bone, its cartilage, its implants), by
        the group's name; the first group is what the others hang on. Every bone is in one.
    rng : Generator
        Draws the motion.
    settings : MotionSettings
        How much of it.

    Returns
    -------
    Posed
        The body in the new pose, and the truth about its motion.

    Raises
    ------
    UnknownName
        If a group names an object that the scene does not have.
    BadSetting
        If there is no group, an object is in two, or a bone in none.
    """
    _check(scene, groups)
    grid = _lattice(scene)
    members = {name: [scene.named(n) for n in names] for name, names in groups.items()}
    distance = np.array([distance_to(things, grid) for things in members.values()])
    bends = _bends(list(groups), distance, grid, settings, rng)
    own = _own_motion(grid, settings, rng)
    deformation = Deformation(grid, distance, np.array([twist_of(b) for b in bends]), own)
    patient = _about(
        _middle(distance[0], grid), _draw(settings.turn_deg, rng), _draw(settings.shift_mm, rng)
    )
    moves = {
        name: patient @ bend
        for names, bend in zip(groups.values(), bends, strict=True)
        for name in names
    }
    back = deformation.backwards()
    objects: list[Soft | Bone] = []
    for thing in scene.objects:
        if isinstance(thing, Bone) or thing.name in moves:
            objects.append(replace(thing, pose=moves[thing.name] @ thing.pose))
        else:
            objects.append(_bent(thing, grid, back, patient))
    rigid = tuple(thing for thing in scene.objects if thing.name in moves)
    return Posed(replace(scene, objects=tuple(objects)), moves, patient, rigid, deformation)


def _check(scene: Scene, groups: Mapping[str, Sequence[str]]) -> None:
    """Refuse groups that do not suit a scene."""
    listed = [name for names in groups.values() for name in names]
    known = {thing.name for thing in scene.objects}
    if odd := [name for name in listed if name not in known]:
        raise UnknownName(f"the scene has no {odd[0]!r}; it has {', '.join(sorted(known))}.")
    if not listed or not all(groups.values()):
        raise BadSetting("motion needs at least one group, and an object in each; one is empty.")
    if twice := sorted({name for name in listed if listed.count(name) > 1}):
        raise BadSetting(f"{twice[0]!r} is in two groups; it can move with one only.")
    bones = [thing.name for thing in scene.objects if isinstance(thing, Bone)]
    if loose := [name for name in bones if name not in listed]:
        raise BadSetting(f"bone {loose[0]!r} is in no group; name what it moves with.")


def _lattice(scene: Scene) -> Grid:
    """Coarse world lattice around all objects."""
    corners = [
        thing.grid.corners() @ thing.pose[:3, :3].T + thing.pose[:3, 3] for thing in scene.objects
    ]
    low, high = np.min(np.concatenate(corners), axis=0), np.max(np.concatenate(corners), axis=0)
    step = max(FINEST_MM, float(np.prod(high - low) / NODES) ** (1 / 3))
    i, j, k = (int(n) for n in np.ceil((high - low) / step).astype(int) + 1)
    return Grid((i, j, k), low, np.eye(3), np.full(3, step))


def _draw(spread: Three, rng: np.random.Generator) -> NDArray[np.float64]:
    drawn = np.clip(rng.standard_normal(3), -MOST_SPREAD, MOST_SPREAD)
    return np.asarray(drawn * np.array(spread), np.float64)


def _about(
    pivot: NDArray[np.float64], turn_deg: NDArray[np.float64], shift: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Rigid transform that turns about a pivot and then shifts."""
    turn = moves_of(np.concatenate((np.radians(turn_deg), np.zeros(3)))[None])[0][0]
    move = np.eye(4)
    move[:3, :3], move[:3, 3] = turn, pivot - turn @ pivot + shift
    return move


def _apply(move: NDArray[np.float64], points: Points) -> Points:
    return np.asarray(points @ move[:3, :3].T + move[:3, 3])


def _middle(distance: NDArray[np.float32], grid: Grid) -> NDArray[np.float64]:
    """Middle of the places within, or of the nearest place where none is."""
    here = np.argwhere(distance <= max(0.0, float(distance.min())))
    return np.asarray(grid.to_world(here.mean(axis=0)))


def _bends(
    names: list[str],
    distance: NDArray[np.float32],
    grid: Grid,
    settings: MotionSettings,
    rng: np.random.Generator,
) -> list[NDArray[np.float64]]:
    """Motion of every group against the first one's place."""
    joints = {name: settings.joints.get(name, settings.joint) for name in names}
    bends = {names[0]: np.eye(4)}
    # a bone that shares another's motion comes after it
    for name in sorted(names[1:], key=lambda name: joints[name].after in names):
        n, joint = names.index(name), joints[name]
        parent = n - 1 if settings.chain else 0
        both = distance[parent] + distance[n]
        near = grid.to_world(np.argwhere(both <= both.min() + NEAR_MM).mean(axis=0))
        inwards = _middle(distance[parent], grid) - _middle(distance[n], grid)
        inwards /= max(float(np.linalg.norm(inwards)), 1e-9)
        turn, shift = _draw(joint.turn_deg, rng), _draw(joint.shift_mm, rng)
        bend = _about(near + joint.depth_mm * inwards, turn, shift)
        if joint.after in bends:
            bend = bend @ move_of(joint.share * twist_of(bends[joint.after]))
        bends[name] = bends[names[parent]] @ bend
    return [bends[name] for name in names]


def _own_motion(
    grid: Grid, settings: MotionSettings, rng: np.random.Generator
) -> NDArray[np.float32]:
    """Smooth random displacement (3, i, j, k) in mm."""
    reach = (np.array(grid.shape) - 1) * grid.spacing
    few = np.maximum(np.ceil(reach / settings.soft_scale_mm).astype(int) + 1, 2)
    drawn = np.clip(rng.standard_normal((3, *few)), -2, 2) * settings.soft_mm
    factors = np.array(grid.shape) / few
    fields = [zoom(part, factors, order=3, mode="nearest", grid_mode=False) for part in drawn]
    return np.array(fields, np.float32)


def _bent(thing: Soft, grid: Grid, back: NDArray[np.float32], patient: NDArray[np.float64]) -> Soft:
    """A soft object after the motion, on a lattice with room for it."""
    room = np.ceil(np.abs(back).max() / thing.grid.spacing).astype(int) + 1
    i, j, k = (int(n) for n in np.array(thing.grid.shape) + 2 * room)
    wider = Grid((i, j, k), thing.grid.to_world(-room), thing.grid.direction, thing.grid.spacing)
    inside = np.empty(wider.shape, np.float32)
    rows = np.indices(wider.shape[1:]).reshape(2, -1)
    for n in range(wider.shape[0]):
        index = np.vstack((np.full((1, rows.shape[1]), n), rows)).T
        after = _apply(thing.pose, wider.to_world(index))
        inside[n] = inside_at(thing, after + vectors_at(back, grid, after)).reshape(wider.shape[1:])
    return replace(thing, grid=wider, inside=inside, pose=patient @ thing.pose)
