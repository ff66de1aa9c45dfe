"""Mineral of a spine seen from front to back, and the part of it that belongs to each vertebra."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ...core import EmptyRegion, Grid, UnknownName
from ..materials import MINERAL
from ..scene import Bone, Scene, Soft, render

PIXEL = 1.0
"""Side of a pixel in mm."""

STEP = 3.0
"""Length of a voxel along the beam in mm."""

FRONT = 40.0
"""How far before the bodies mineral still counts, in mm: the aorta."""

EDGE = 0.25
"""Areal density in g/cm² at which bone begins (assumed)."""

BESIDE = 2.0
"""How far a region reaches beyond the widest part of a body on each side, in mm (assumed)."""

AROUND = 5.0
"""Margin of the picture beside the regions, in mm."""

SAMPLES = (1, 3, 1)
"""Sample points along each side of a voxel: a millimetre apart; errors average out over a region.
"""


@dataclass(frozen=True)
class Content:
    """Mineral of one vertebra as projected.

    Attributes
    ----------
    bmc : float
        Mineral in g.
    area : float
        Area in cm².
    """

    bmc: float
    area: float

    @property
    def bmd(self) -> float:
        """Areal density in g/cm²."""
        return self.bmc / self.area


@dataclass(frozen=True, eq=False)
class Projection:
    """A spine as a perfect densitometer would see it.

    Attributes
    ----------
    density : (i, k) array of float32
        Areal density in g/cm² (hydroxyapatite), i to the left, k to the head.
    region : (i, k) array of int16
        Number of the vertebra a pixel belongs to, from 1 in the order of `contents`; 0 none.
    corner : tuple of 2 float
        World x and z of the first pixel, in mm.
    contents : dict of str to Content
        By vertebra.
    """

    density: NDArray[np.float32]
    region: NDArray[np.int16]
    corner: tuple[float, float]
    contents: dict[str, Content]


def mineral_table(scene: Scene) -> NDArray[np.float32]:
    """Mineral of every tissue of a scene in g/cm³, (tissues, 1)."""
    rows = [
        sum(MINERAL.get(material, 0.0) * share for material, share in tissue.parts.items())
        for tissue in scene.tissues
    ]
    return np.array(rows, np.float32).reshape(-1, 1)


def project(scene: Scene, names: Sequence[str]) -> Projection:
    """Project the mineral of a spine from front to back.

    Regions reach from the middle of one disc to the middle of the next and little wider than the
    body: joints, laminae and spinous processes count, as do spurs and plaques of the aorta in
    front; tips of transverse processes do not. In each row, bone is what lies between the first
    and the last pixel above `EDGE`.

    Parameters
    ----------
    scene : Scene
        Vertebrae as bones by name, discs as ``"disc L1"`` below each.
    names : sequence of str
        Vertebrae, from above.

    Returns
    -------
    Projection
        True mineral, without any error of a device.

    Raises
    ------
    UnknownName
        If the scene has no such vertebra.
    EmptyRegion
        If a vertebra shows no bone.
    """
    bones = {thing.name: thing for thing in scene.objects if isinstance(thing, Bone)}
    for name in names:
        if name not in bones:
            raise UnknownName(f"the scene has no vertebra '{name}'; it has {', '.join(bones)}.")
    values = mineral_table(scene)
    grid = _picture(scene, [bones[name] for name in names])
    kept = tuple(t for t in scene.objects if _holds_mineral(t, values) and _meets(t, grid))
    found = render(replace(scene, objects=kept), grid, values, samples=SAMPLES)[0]
    density = np.asarray(found.sum(axis=1) * np.float32(STEP / 10), np.float32)
    region = np.zeros(density.shape, np.int16)
    contents = {}
    for number, name in enumerate(names, start=1):
        own = _region(scene, bones[name], grid, density)
        if not own.any():
            raise EmptyRegion(f"{name} shows no bone in the projection.")
        region[own] = number
        contents[name] = Content(
            float(density[own].sum(dtype=np.float64)) * PIXEL**2 / 100, own.sum() * PIXEL**2 / 100
        )
    return Projection(density, region, (float(grid.origin[0]), float(grid.origin[2])), contents)


def _holds_mineral(thing: Soft | Bone, values: NDArray[np.float32]) -> bool:
    """Whether an object adds to the picture: bones and plaques, not the wings of the pelvis."""
    if isinstance(thing, Bone):
        return True
    return values[thing.tissue, 0] > 0 and not thing.name.startswith("ilia")


def _meets(thing: Soft | Bone, grid: Grid) -> bool:
    """Whether an object lies at the height of a picture."""
    z = _corners(thing)[:, 2]
    return bool(z.max() > grid.origin[2] and z.min() < grid.corners()[:, 2].max())


def _picture(scene: Scene, bones: Sequence[Bone]) -> Grid:
    """Voxels that hold the regions of the vertebrae, and all that lies before and behind them."""
    half = max(half_width(bone) for bone in bones) + BESIDE + AROUND
    ends = np.array([at for bone in bones for at in _discs(scene, bone)])
    middles = np.array([bone.pose[:3, 3] for bone in bones])
    deep = np.concatenate([_corners(bone) for bone in bones])[:, 1]
    tilted = half * max(abs(float(bone.pose[2, 0])) for bone in bones)
    low = np.array([middles[:, 0].min() - half, deep.min() - FRONT, ends[:, 2].min() - tilted])
    high = np.array([middles[:, 0].max() + half, deep.max(), ends[:, 2].max() + tilted])
    spacing = np.array([PIXEL, STEP, PIXEL])
    i, j, k = (int(n) for n in np.ceil((high - low) / spacing) + 1)
    return Grid((i, j, k), low, np.eye(3), spacing)


def _corners(thing: Soft | Bone) -> NDArray[np.float64]:
    """World corners of an object's lattice."""
    return thing.grid.corners() @ thing.pose[:3, :3].T + thing.pose[:3, 3]


def half_width(bone: Bone) -> float:
    """Half width of a body in mm: of what lies in the plane through its middle, y = 0."""
    j = int(np.clip(round(-bone.grid.origin[1] / bone.grid.spacing[1]), 0, bone.grid.shape[1] - 1))
    wide = (bone.inside[:, j, :] > 0).any(axis=1)
    x = bone.grid.origin[0] + bone.grid.spacing[0] * np.flatnonzero(wide)
    return float(0.5 * (x.max() - x.min()))


def _region(
    scene: Scene, bone: Bone, grid: Grid, density: NDArray[np.float32]
) -> NDArray[np.bool_]:
    """Pixels of one vertebra: between its discs, as wide as its body, inside the edges of bone."""
    x = grid.origin[0] + PIXEL * np.arange(grid.shape[0])[:, None]
    z = grid.origin[2] + PIXEL * np.arange(grid.shape[2])[None, :]
    below, above = _discs(scene, bone)
    up = bone.pose[[0, 2], 2] / np.linalg.norm(bone.pose[[0, 2], 2])
    along_low = (x - below[0]) * up[0] + (z - below[2]) * up[1]
    along_high = (x - above[0]) * up[0] + (z - above[2]) * up[1]
    middle = bone.pose[:3, 3]
    across = (x - middle[0]) * up[1] - (z - middle[2]) * up[0]
    box = (along_low >= 0) & (along_high < 0) & (np.abs(across) <= half_width(bone) + BESIDE)
    dense = box & (density > EDGE)
    started = np.maximum.accumulate(dense, axis=0)
    goes_on = np.maximum.accumulate(dense[::-1], axis=0)[::-1]
    return np.asarray(box & started & goes_on)


def _discs(scene: Scene, bone: Bone) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """World places of the discs below and above a vertebra; mirrored where the upper one lacks."""
    own = bone.pose[:3, 3]
    discs = [t.pose[:3, 3] for t in scene.objects if t.name.startswith("disc ")]
    below = next(t.pose[:3, 3] for t in scene.objects if t.name == f"disc {bone.name}")
    higher = [at for at in discs if at[2] > own[2]]
    above = min(higher, key=lambda at: float(at[2])) if higher else 2 * own - below
    return below, above
