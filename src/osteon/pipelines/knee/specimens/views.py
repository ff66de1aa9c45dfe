"""How a real specimen is shown: turned, magnified, scanned, and which box of it is seen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from ....core import HU, BadSetting, Grid, Mask, Volume, resample
from ....features.structure import estimate_pure_values
from ....simulate.ct import CTView, scan_ct, scanner_named
from ....simulate.mr import MRView, scan_mr, sequence_named
from ....simulate.scene import Scene
from ....simulate.scene.specimen import specimen_scene
from ...voltage import to_120_kvp
from .specimens import Specimen, Spheres, parameters_in

Value = TypeVar("Value", bound=np.generic)

VOXELS, VOXEL_MM = 32, 0.4
"""The lattice of a patch: voxels along a side, and their side."""

RIM_MM = 0.2
"""Least distance of a box from the faces of its specimen, mm."""

FIELD_MM = 2.0
"""How far the CT reaches beyond the specimen, mm; the MR twice as far, for its ringing."""

MARROW = 1000.0
"""Value of marrow in stored MR."""

OUTSIDE = 0.0
"""Value of CT and MR outside of the box: the same everywhere, so that it tells nothing."""


@dataclass(frozen=True, kw_only=True)
class SpecimenSettings:
    """How specimens are shown.

    Attributes
    ----------
    scanners : tuple of str
        CT profiles of training and test.
    unseen : tuple of str
        CT profiles of the test alone.
    sequence : str
        MR sequence.
    views : int
        Scans of each specimen for training, besides those as it is.
    boxes : int
        Boxes cut from each of these scans.
    magnify : 2 float
        Least and largest magnification in training; the test shows specimens in their own size.
    fat : 2 float
        Least and largest share of fat in the marrow, which CT cannot tell from less bone. Each
        donor has one in the test, each scan one in training.
    least_mm : float
        Side of the smallest box in training, mm.
    seed : int
        Seed of everything by chance.

    Raises
    ------
    BadSetting
        If a number is outside its range.
    """

    scanners: tuple[str, ...] = ("knee-a", "knee-b", "knee-c")
    unseen: tuple[str, ...] = ("knee-d",)
    sequence: str = "bffe"
    views: int = 4
    boxes: int = 3
    magnify: tuple[float, float] = (0.85, 1.25)
    fat: tuple[float, float] = (0.4, 0.8)
    least_mm: float = 6.4
    seed: int = 1

    def __post_init__(self) -> None:
        """Refuse what shows nothing."""
        if not self.scanners:
            raise BadSetting("specimens need at least one CT scanner; got none.")
        if self.views < 0 or self.boxes < 1 or self.seed < 0:
            raise BadSetting(
                "views and seed are at least 0, boxes at least 1; got "
                f"{self.views}, {self.seed}, {self.boxes}."
            )
        if not 0.5 <= self.magnify[0] <= self.magnify[1] <= 2.0:
            raise BadSetting(f"magnification lies within 0.5–2, ascending; got {self.magnify}.")
        if not 0 <= self.fat[0] <= self.fat[1] <= 1:
            raise BadSetting(f"fat is a share of the marrow, 0–1, ascending; got {self.fat}.")
        if not 2 * VOXEL_MM <= self.least_mm <= VOXELS * VOXEL_MM:
            raise BadSetting(
                f"a box is {2 * VOXEL_MM:g} to {VOXELS * VOXEL_MM:g} mm wide; got "
                f"{self.least_mm:g} mm."
            )


@dataclass(frozen=True)
class Pose:
    """A turn of a specimen by quarters, mirrored or not, and its magnification.

    Attributes
    ----------
    axes : 3 int
        Which axis of the specimen lies along x, y and z.
    flipped : 3 bool
        Whether it runs backwards there.
    magnify : float
        By how much the specimen is shown larger.
    """

    axes: tuple[int, int, int] = (0, 1, 2)
    flipped: tuple[bool, bool, bool] = (False, False, False)
    magnify: float = 1.0

    @classmethod
    def drawn(cls, rng: np.random.Generator, magnify: tuple[float, float]) -> "Pose":
        """Any of the 48 turns and reflections, and a magnification whose logarithm is uniform."""
        i, j, k = (int(axis) for axis in rng.permutation(3))
        x, y, z = (bool(back) for back in rng.integers(0, 2, 3))
        return cls((i, j, k), (x, y, z), float(np.exp(rng.uniform(*np.log(magnify)))))

    def turned(self, values: NDArray[Value]) -> NDArray[Value]:
        """Values of a specimen, (i, j, k), in this pose; a view of the same memory."""
        back = tuple(slice(None, None, -1 if turn else 1) for turn in self.flipped)
        return values.transpose(self.axes)[back]


@dataclass(frozen=True)
class Box:
    """A cube of a posed specimen, whole voxels of the lattice wide.

    Attributes
    ----------
    voxels : int
        Voxels of the lattice along its side.
    centre : 3 float
        Its middle from the middle of the specimen, mm in the world.
    """

    voxels: int
    centre: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def grid(self) -> Grid:
        """Voxels of the lattice in the box."""
        half = 0.5 * (self.voxels - 1) * VOXEL_MM
        origin = np.array(self.centre) - half
        return Grid((self.voxels,) * 3, origin, np.eye(3), np.full(3, VOXEL_MM))

    def of(self, specimen: Grid) -> tuple[slice, slice, slice]:
        """Voxels of a posed specimen whose centres lie in the box."""
        half = 0.5 * self.voxels * VOXEL_MM
        low = np.ceil(specimen.to_index(np.array(self.centre) - half) - 1e-6).astype(int)
        high = np.ceil(specimen.to_index(np.array(self.centre) + half) - 1e-6).astype(int)
        x, y, z = (slice(int(a), int(b)) for a, b in zip(low, high, strict=True))
        return x, y, z

    @classmethod
    def largest(cls, specimen: Grid) -> "Box":
        """The largest box amid a specimen that fits the lattice."""
        return cls(_fitting(specimen))

    @classmethod
    def drawn(cls, rng: np.random.Generator, specimen: Grid, least_mm: float) -> "Box":
        """Any box of a specimen; every second one is as large as fits."""
        most = _fitting(specimen)
        least = min(most, round(least_mm / VOXEL_MM))
        wide = most if rng.random() < 0.5 else int(rng.integers(least, most + 1))
        room = 0.5 * (_sides(specimen) - wide * VOXEL_MM) - RIM_MM
        x, y, z = (float(rng.uniform(-r, r)) for r in room)
        return cls(wide, (x, y, z))


class Patch(NamedTuple):
    """What is stored of a box."""

    ct: NDArray[np.float16]
    """HU on the lattice, 0 outside of the box."""
    mr: NDArray[np.float16]
    """MR there, marrow being 1000, 0 outside of the box."""
    mask: NDArray[np.bool_]
    """True in the box."""
    targets: NDArray[np.float64]
    """`specimens.PARAMETERS` of the box, directly from the micro-CT."""


@dataclass(frozen=True, eq=False)
class Shown:
    """A specimen in a pose, ready to be scanned.

    Attributes
    ----------
    bone : Mask
        In its pose and size, its middle at the origin of the world.
    spheres : Spheres
        In the same pose, in its own size.
    pose : Pose
        Which.
    scene : Scene
        The specimen in water, as the scanners see it.
    images : dict of str to Volume
        Scans made so far, by profile.
    """

    bone: Mask
    spheres: Spheres
    pose: Pose
    scene: Scene
    images: dict[str, Volume] = field(default_factory=dict)


def show(specimen: Specimen, spheres: Spheres, pose: Pose, *, fat: float) -> Shown:
    """Pose a specimen.

    Parameters
    ----------
    specimen : Specimen
        Binary micro-CT.
    spheres : Spheres
        Of it.
    pose : Pose
        How it lies, and how large it is shown.
    fat : float
        Share of fat in its marrow, 0–1.

    Returns
    -------
    Shown
        Not scanned yet.
    """
    values = np.ascontiguousarray(pose.turned(specimen.bone.values))
    side = spheres.voxel * pose.magnify
    half = 0.5 * side * (np.array(values.shape) - 1)
    bone = Mask(values, Grid(values.shape, -half, np.eye(3), np.full(3, side)))
    turned = Spheres(
        values, pose.turned(spheres.diameter), pose.turned(spheres.apart), spheres.voxel
    )
    return Shown(bone, turned, pose, specimen_scene(bone, fat=fat))


def scan(shown: Shown, scanner: str, sequence: str, rng: np.random.Generator) -> None:
    """Scan a posed specimen with a CT scanner, and with MR where that has not been done.

    Parameters
    ----------
    shown : Shown
        Its images are added to.
    scanner, sequence : str
        Profiles.
    rng : Generator
        Source of the noise.

    Raises
    ------
    UnknownName
        If there is no such profile.
    """
    x, y, z = (float(side) for side in _sides(shown.bone.grid))
    reach = 0.5 * max(x, y, z) + FIELD_MM
    machine, way = scanner_named(scanner), sequence_named(sequence)
    view = CTView((0.0, 0.0), 2 * reach, -reach, reach)
    ct = scan_ct(shown.scene, machine, view, rng).volume
    standard = (ct.values * np.float32(to_120_kvp(machine.kvp))).astype(np.float32)
    shown.images[scanner] = Volume(standard, ct.grid, HU)
    if sequence not in shown.images:
        frame = MRView((0.0, 0.0, 0.0), (2 * reach + 2 * FIELD_MM,) * 3)
        image = scan_mr(shown.scene, way, frame, rng).volume
        shown.images[sequence] = _scaled(image, shown.bone.grid)


def cut(shown: Shown, box: Box, scanner: str, sequence: str) -> Patch:
    """Cut a box out of the scans of a specimen, and measure its micro-CT.

    Parameters
    ----------
    shown : Shown
        Scanned with both profiles.
    box : Box
        Inside the specimen.
    scanner, sequence : str
        Which scans.

    Returns
    -------
    Patch
        Amid the lattice.

    Raises
    ------
    EmptyRegion
        If the box lacks bone or marrow.
    """
    start = (VOXELS - box.voxels) // 2
    place = (slice(start, start + box.voxels),) * 3
    mask = np.zeros((VOXELS,) * 3, np.bool_)
    mask[place] = True
    found = {name: np.full(mask.shape, OUTSIDE, np.float16) for name in (scanner, sequence)}
    for name, values in found.items():
        values[place] = resample(shown.images[name], onto=box.grid()).values
    targets = parameters_in(shown.spheres, box.of(shown.bone.grid), magnify=shown.pose.magnify)
    return Patch(found[scanner], found[sequence], mask, targets)


def _sides(grid: Grid) -> NDArray[np.float64]:
    """Sides of a grid in mm."""
    return np.asarray(np.array(grid.shape) * grid.spacing, np.float64)


def _fitting(specimen: Grid) -> int:
    """Voxels along the side of the largest box that fits the specimen and the lattice."""
    most = min(VOXELS, int((float(_sides(specimen).min()) - 2 * RIM_MM) / VOXEL_MM + 1e-6))
    if most < 2:
        raise BadSetting(
            f"a specimen of {specimen} holds no box: it must be at least "
            f"{2 * VOXEL_MM + 2 * RIM_MM:g} mm wide."
        )
    return most


def _scaled(image: Volume, specimen: Grid) -> Volume:
    """MR whose marrow is 1000, judged from the specimen's own grey values."""
    half = 0.5 * _sides(specimen) - RIM_MM
    at = [axis.ravel() for axis in np.indices(image.grid.shape, sparse=True)]
    inside = np.ones(image.grid.shape, np.bool_)
    for n, index in enumerate(at):
        world = np.zeros((index.size, 3))
        world[:, n] = index
        along = image.grid.direction[:, n]
        axis = int(np.abs(along).argmax())
        place = np.abs(image.grid.to_world(world)[:, axis]) <= half[axis]
        inside &= place.reshape([-1 if m == n else 1 for m in range(3)])
    pure = estimate_pure_values(image, region=Mask(inside, image.grid), bone_is_bright=False)
    return Volume((image.values * (MARROW / pure.marrow)).astype(np.float32), image.grid, "1")


def settings_of(settings: SpecimenSettings) -> Mapping[str, object]:
    """Settings as plain data."""
    return {name: getattr(settings, name) for name in sorted(settings.__dataclass_fields__)}
