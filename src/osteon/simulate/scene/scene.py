"""A body before any scanner: soft tissues and bones, each with its shape and its pose."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from ...core import BadGeometry, Grid, GridMismatch
from ..bone.cells import Cells
from ..materials import Tissue

RIGID_WITHIN = 1e-6
"""Largest departure of a pose's rotation from right angles."""


@dataclass(frozen=True, eq=False)
class Shape:
    """Where an object is.

    Attributes
    ----------
    name : str
        What it is, unique in the scene, such as ``"femur"`` or ``"skin"``.
    grid : Grid
        Lattice of the fields below, in the object's own coordinates (mm; direction is unity).
    inside : (i, j, k) array of float32
        Signed distance to the surface in mm, positive inside, cut off at ±`CLIP` or beyond.
        Outside the lattice nothing belongs to the object.
    pose : (4, 4) array of float64
        Rigid transform from the object's own coordinates to world LPS mm.

    Raises
    ------
    GridMismatch
        If a field does not fit the lattice.
    BadGeometry
        If the pose is not rigid.
    """

    name: str
    grid: Grid
    inside: NDArray[np.float32]
    pose: NDArray[np.float64]

    def __post_init__(self) -> None:
        """Refuse fields that do not fit and poses that are not rigid."""
        if self.inside.shape != self.grid.shape:
            raise GridMismatch(f"{self.name}: {self.inside.shape} values on {self.grid}.")
        turn = self.pose[:3, :3]
        if np.abs(turn @ turn.T - np.eye(3)).max() > RIGID_WITHIN or np.linalg.det(turn) < 0:
            raise BadGeometry(f"the pose of {self.name} is not rigid: it bends or mirrors.")


@dataclass(frozen=True, eq=False)
class Soft(Shape):
    """An object of one tissue: muscle, cartilage, an implant, gas.

    Attributes
    ----------
    tissue : int
        Place of its tissue in ``Scene.tissues``.
    """

    tissue: int = 0


@dataclass(frozen=True, eq=False)
class Bone(Shape):
    """A bone: a compact shell around spongy bone.

    Attributes
    ----------
    shell : (i, j, k) array of float32
        Thickness of the shell (cortex, endplate, subchondral plate) below the nearest surface, mm.
    level : (i, j, k) array of float32
        Level of the structure above which it is bone, from ``bone.cells.level_of(BV/TV)``.
    filling : (i, j, k) array of uint8
        Tissue between the trabeculae (place in ``Scene.tissues``), nearest voxel.
    cells : Cells
        The structure.
    compact, spongy : int
        Tissue of the shell and of a trabecula (places in ``Scene.tissues``).
    """

    shell: NDArray[np.float32] = field(kw_only=True)
    level: NDArray[np.float32] = field(kw_only=True)
    filling: NDArray[np.uint8] = field(kw_only=True)
    cells: Cells = field(kw_only=True)
    compact: int = field(kw_only=True)
    spongy: int = field(kw_only=True)

    def __post_init__(self) -> None:
        """Refuse fields that do not fit."""
        super().__post_init__()
        for name in ("shell", "level", "filling"):
            if getattr(self, name).shape != self.grid.shape:
                raise GridMismatch(f"{name} of {self.name} does not fit {self.grid}.")


@dataclass(frozen=True, eq=False)
class Scene:
    """A body: what lies later in the list covers what lies earlier.

    Attributes
    ----------
    tissues : tuple of Tissue
        Tissues by place; place 0 fills the world where there is no object (air).
    objects : tuple of Soft and Bone
        From the skin inwards: skin first, bones and implants last.
    tiles : (n, t, t, t) array of int16
        Structure that the bones' cells show.
    size : mapping of str to float
        What the scanners need to know of the body beyond the objects, in mm:
        ``"width"`` and ``"depth"`` of its water-equivalent ellipse (whole body section, both legs
        where both are in the beam), centred on ``"x"``, ``"y"``.
    """

    tissues: tuple[Tissue, ...]
    objects: tuple[Soft | Bone, ...]
    tiles: NDArray[np.int16]
    size: Mapping[str, float]

    def named(self, name: str) -> Soft | Bone:
        """The object of that name."""
        return next(thing for thing in self.objects if thing.name == name)

    def moved(self, moves: Mapping[str, NDArray[np.float64]]) -> "Scene":
        """The scene with objects moved rigidly.

        Parameters
        ----------
        moves : mapping of str to (4, 4) array
            World-to-world transform of each object named; the others stay.
        """
        things = (
            replace(thing, pose=moves[thing.name] @ thing.pose) if thing.name in moves else thing
            for thing in self.objects
        )
        return replace(self, objects=tuple(things))
