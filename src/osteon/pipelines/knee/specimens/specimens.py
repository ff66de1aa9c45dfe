"""Real specimens: who gave them, and their structure, measured directly in any box of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ....core import EmptyRegion, Grid, Mask, UnreadableScan, UnusableTable
from ....features.structure import local_thickness
from ....features.structure.thickness.mid_axes import mid_axis_distance
from ....io import read_scan
from ....simulate.bone.specimens import SPACING, specimen_cube, specimens

PARAMETERS = ("BV/TV", "Tb.Th", "Tb.Sp", "Tb.N")
"""What is measured of a box, in this order; 1, mm, mm and 1/mm."""

FEWEST_DONORS = 2
"""Fewer donors cannot be told apart from themselves."""

MOST_VOXEL_MM = 0.1
"""Largest voxel in mm in which trabeculae of about 0.2 mm are measured directly."""


@dataclass(frozen=True, eq=False)
class Specimen:
    """A binary micro-CT.

    Attributes
    ----------
    name, donor : str
        Its own name, and who gave it. Specimens of one donor are on one side of any split.
    bone : Mask of shape (i, j, k)
        True in bone, voxels of one side, stored along the axes of the world.
    """

    name: str
    donor: str
    bone: Mask


class Spheres(NamedTuple):
    """Spheres that fill a specimen; a box is measured by averaging over its voxels."""

    bone: NDArray[np.bool_]
    """True in bone, (i, j, k)."""
    diameter: NDArray[np.float32]
    """Diameter of the largest sphere that fits in a voxel's own phase and covers it, mm."""
    apart: NDArray[np.float32]
    """The same between the mid-axes of trabeculae; 0 on the axes. mm."""
    voxel: float
    """Side of a voxel, mm."""


def read_specimens(folder: Path) -> tuple[Specimen, ...]:
    """Specimens of a folder of binary micro-CTs named ``SITE_DONOR_PART.nii.gz``.

    Parameters
    ----------
    folder : Path
        Such as the human L1 cubes of BoneBox, ``L1_04216_roi000.nii.gz``.

    Returns
    -------
    tuple of Specimen
        In the order of their names.

    Raises
    ------
    UnusableTable
        If there is none, a name tells no donor, or all are of one donor.
    UnreadableScan
        If a file is no image of two values on cubic voxels of at most 0.1 mm.
    """
    files = sorted(folder.glob("*.nii.gz"))
    if not files:
        raise UnusableTable(f"{folder} holds no *.nii.gz; give a folder of binary micro-CTs.")
    return _of_several(tuple(_read(path) for path in files), str(folder))


def packaged_specimens() -> tuple[Specimen, ...]:
    """The specimens that come with Osteon: one cube of L1 from each of eleven donors."""
    return tuple(
        Specimen(name, name, Mask(cube, _cubic(cube.shape, SPACING)))
        for name, cube in ((name, specimen_cube(name)) for name in specimens())
    )


def spheres_of(specimen: Specimen) -> Spheres:
    """Fill a specimen with spheres, once for all boxes of it.

    Parameters
    ----------
    specimen : Specimen
        Binary micro-CT.

    Returns
    -------
    Spheres
        Of the whole specimen, so that spheres may reach over the border of a box, as those of
        `osteon.features.structure.trabecular` do over the border of a region.

    Raises
    ------
    EmptyRegion
        If there is no bone, or nothing but bone.
    """
    bone = specimen.bone
    marrow = Mask(~bone.values, bone.grid)
    thick, wide = (np.asarray(local_thickness(phase).map) for phase in (bone, marrow))
    apart = np.asarray(mid_axis_distance(bone, keep_map=True).map)
    return Spheres(bone.values, thick + wide, apart, float(bone.grid.spacing[0]))


def parameters_in(
    spheres: Spheres, box: Sequence[slice], *, magnify: float = 1.0
) -> NDArray[np.float64]:
    """Direct 3D morphometry of a box of a specimen.

    Parameters
    ----------
    spheres : Spheres
        Of the specimen, turned or not.
    box : 3 slice
        Voxels of the box.
    magnify : float
        By how much the specimen is shown larger than it is; above 0.

    Returns
    -------
    (4,) float64 array
        `PARAMETERS`: share of bone voxels, mean diameters over the box's bone and marrow, and the
        inverse of the mean distance of mid-axes (see docs/concepts/structure.md for sources).

    Raises
    ------
    EmptyRegion
        If the box lacks bone or marrow.
    """
    inside = tuple(box)
    bone, diameter, apart = spheres.bone[inside], spheres.diameter[inside], spheres.apart[inside]
    if not 0 < np.count_nonzero(bone) < bone.size:
        raise EmptyRegion("a box of the specimen is all bone or holds none; it has no structure.")
    mean = [float(diameter[phase].mean(dtype=np.float64)) for phase in (bone, ~bone)]
    distance = float(apart[apart > 0].mean(dtype=np.float64))
    return np.array([bone.mean(), mean[0] * magnify, mean[1] * magnify, 1.0 / (distance * magnify)])


def _read(path: Path) -> Specimen:
    """One file."""
    name = path.name.removesuffix(".nii.gz")
    parts = name.split("_")
    if len(parts) < 3 or not all(parts):
        raise UnusableTable(f"{path.name} tells no donor; files are named SITE_DONOR_PART.nii.gz.")
    volume = read_scan(path).volume
    sides = volume.grid.spacing
    if float(sides.max()) > MOST_VOXEL_MM or float(np.ptp(sides)) > 1e-3 * float(sides.min()):
        raise UnreadableScan(
            f"{path.name} has voxels of {'×'.join(f'{side:g}' for side in sides)} mm; direct "
            f"morphometry needs cubes of at most {MOST_VOXEL_MM:g} mm."
        )
    values = np.unique(volume.values)
    if values.size != 2:
        raise UnreadableScan(f"{path.name} has {values.size} values; a binary micro-CT has two.")
    bone = volume.values > values[0]
    return Specimen(name, parts[1], Mask(bone, _cubic(bone.shape, float(sides[0]))))


def _of_several(found: tuple[Specimen, ...], where: str) -> tuple[Specimen, ...]:
    """Specimens, or an error where they cannot be split by donor."""
    donors = len({one.donor for one in found})
    if donors < FEWEST_DONORS:
        raise UnusableTable(
            f"{where} holds specimens of {donors} donor; at least {FEWEST_DONORS} are needed to "
            "test on donors never seen."
        )
    return found


def _cubic(shape: tuple[int, ...], side: float) -> Grid:
    """Grid of cubic voxels with its middle at the origin of the world."""
    i, j, k = shape
    half = 0.5 * side * (np.array(shape) - 1)
    return Grid((i, j, k), -half, np.eye(3), np.full(3, side))
