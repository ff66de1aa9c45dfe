"""Real structure: a micro-CT cube of the first lumbar vertebra of eleven donors, without end."""

from functools import cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core import BadSetting, EmptyRegion, Mask, UnknownName
from .cells import STEPS
from .distance import signed_distance
from .tiles import SIDE, Tile, ranked

CUBE = 201
"""Voxels along each side of a specimen's cube."""

SPACING = 0.05
"""Side of a specimen's voxel, in mm."""

JOIN = CUBE - SIDE
"""Voxels over which a cube is blended with itself, so that it goes on on its other side."""

SMOOTHING = 0.5
"""SD of the Gaussian that takes the steps of the voxels off the distance, in voxels (assumed)."""

FEWEST = 64
"""Voxels that a user's own specimen needs along each axis."""


def specimens() -> tuple[str, ...]:
    """Names of the specimens that come with the package."""
    return tuple(sorted(_cubes()))


def specimen_cube(name: str) -> NDArray[np.bool_]:
    """Bone of a specimen as it was scanned.

    Parameters
    ----------
    name : str
        One of `specimens`.

    Returns
    -------
    (201, 201, 201) bool array
        Voxels of 0.05 mm; i to the left, j to the back, k to the head.

    Raises
    ------
    UnknownName
        If there is no such specimen.
    """
    if name not in _cubes():
        raise UnknownName(f"no specimen is called '{name}'; there are {', '.join(specimens())}.")
    flat = np.unpackbits(_cubes()[name], count=CUBE**3)
    return flat.reshape((CUBE,) * 3).astype(np.bool_)


@cache
def specimen_tile(name: str) -> Tile:
    """Tile of a specimen.

    Parameters
    ----------
    name : str
        One of `specimens`.

    Returns
    -------
    Tile
        Voxels of 0.05 mm; axis k runs from foot to head.

    Raises
    ------
    UnknownName
        If there is no such specimen.
    """
    tile = Tile(name, _endless(signed_distance(specimen_cube(name))), SPACING)
    tile.values.setflags(write=False)
    return tile


def tile_of(mask: Mask, name: str) -> Tile:
    """Tile of one's own specimen: of the largest cube about the middle of a mask.

    Parameters
    ----------
    mask : Mask of shape (i, j, k)
        Bone; at least 64 voxels along each axis. Axis k becomes the main direction.
    name : str
        What to call it.

    Returns
    -------
    Tile
        Its voxels are 1/201 of the side of the cube.

    Raises
    ------
    BadSetting
        If the mask has too few voxels.
    EmptyRegion
        If the cube holds no bone, or nothing but bone.
    """
    if min(mask.grid.shape) < FEWEST:
        raise BadSetting(
            f"a specimen needs {FEWEST} voxels along each axis; {name} has {mask.grid.shape}."
        )
    spacing = mask.grid.spacing
    extent = np.array(mask.grid.shape) * spacing
    step = float(extent.min()) / CUBE
    index = [
        (0.5 * wide + (np.arange(CUBE) - 0.5 * (CUBE - 1)) * step) / mm - 0.5
        for wide, mm in zip(extent, spacing, strict=True)
    ]
    cubes = mask
    finest = float(spacing.min())
    if float(np.ptp(spacing)) > 1e-3 * finest:
        cubes = _of_cubes(mask, finest)
        index = [axis * mm / finest for axis, mm in zip(index, spacing, strict=True)]
    if not 0 < cubes.voxels < cubes.values.size:
        raise EmptyRegion(f"{name} holds no surface: {cubes.voxels} of its voxels are bone.")
    grid = np.meshgrid(*index, indexing="ij")
    inside = ndimage.map_coordinates(
        signed_distance(cubes.values), grid, order=1, mode="nearest", output=np.float32
    )
    return Tile(name, _endless(inside), step)


def _of_cubes(mask: Mask, finest: float) -> Mask:
    """The mask on voxels that are cubes of its finest side, nearest voxel."""
    picks = [
        np.minimum((np.arange(int(n * mm / finest)) * finest / mm).astype(np.intp), n - 1)
        for n, mm in zip(mask.grid.shape, mask.grid.spacing, strict=True)
    ]
    values = mask.values[np.ix_(*picks)]
    i, j, k = values.shape
    grid = type(mask.grid)((i, j, k), mask.grid.origin, mask.grid.direction, np.full(3, finest))
    return Mask(values, grid)


@cache
def _cubes() -> dict[str, NDArray[np.uint8]]:
    with as_file(files(__package__) / "data" / "specimens.npz") as path, np.load(path) as stored:
        return {name: stored[name] for name in stored.files}


def _endless(inside: NDArray[np.float32]) -> NDArray[np.int16]:
    """A cube of 201 voxels blended with itself at its faces, ranked."""
    smooth = ndimage.gaussian_filter(inside, SMOOTHING, truncate=3.0, output=np.float32)
    normal = ranked(smooth).astype(np.float32) / np.float32(STEPS)
    for axis in range(3):
        line = np.moveaxis(normal, axis, 0)
        weight = ((np.arange(JOIN) + 0.5) / JOIN).astype(np.float32)[:, None, None]
        seam = weight * line[:JOIN] + (1 - weight) * line[SIDE:]
        seam /= np.sqrt(weight**2 + (1 - weight) ** 2)
        normal = np.moveaxis(np.concatenate([seam, line[JOIN:SIDE]]), 0, axis)
    return np.ascontiguousarray(ranked(normal))
