"""Labels that are true of an image: which object, and which region, every voxel belongs to."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import Grid, Labels
from ..scene import Scene, where_is


def objects_in(scene: Scene, grid: Grid) -> Labels:
    """Which object every voxel of an image belongs to.

    Parameters
    ----------
    scene : Scene
        What was scanned, in the pose of the scan.
    grid : Grid
        Voxels of the image.

    Returns
    -------
    Labels
        Place of the object in the scene, from 1; 0 is air.
    """
    objects, _ = where_is(scene, grid)
    names = {n + 1: thing.name for n, thing in enumerate(scene.objects)}
    return Labels((objects + 1).astype(np.uint8), grid, names)


def regions_in(scene: Scene, regions: Sequence[tuple[str, Labels]], grid: Grid) -> Labels:
    """Regions of bones on the voxels of an image, nearest voxel.

    Parameters
    ----------
    scene : Scene
        What was scanned, in the pose of the scan.
    regions : sequence of (str, Labels)
        Bones by name, each with regions on a lattice in its own coordinates.
    grid : Grid
        Voxels of the image.

    Returns
    -------
    Labels
        Regions numbered on from bone to bone.
    """
    found = np.zeros(grid.shape, np.uint8)
    names: dict[int, str] = {}
    for bone, labels in regions:
        first = len(names)
        own = np.linalg.inv(labels.grid.affine) @ np.linalg.inv(scene.named(bone).pose)
        at = _nearest(own @ grid.affine, grid.shape, labels.values)
        numbers = np.zeros(int(labels.values.max()) + 1, np.uint8)
        for n, (label, name) in enumerate(labels.names.items(), first + 1):
            if label < len(numbers):
                numbers[label] = n
            names[n] = name
        found[at > 0] = numbers[at[at > 0]]
    return Labels(found, grid, names)


def _nearest(
    matrix: NDArray[np.float64], shape: tuple[int, int, int], values: NDArray[Any]
) -> NDArray[Any]:
    """Labels at the voxels of another grid; `matrix` leads from its indices to those of `values`.

    Slice by slice, so that memory stays small.
    """
    out = np.zeros(shape, values.dtype)
    i, j = np.indices(shape[:2], sparse=True)
    for k in range(shape[2]):
        index = [
            np.rint(row[0] * i + row[1] * j + row[2] * k + row[3]).astype(np.int64)
            for row in matrix[:3]
        ]
        inside = np.logical_and.reduce(
            [(axis >= 0) & (axis < n) for axis, n in zip(index, values.shape, strict=True)]
        )
        out[..., k][inside] = values[tuple(axis[inside] for axis in index)]
    return out


def mean_values(values: NDArray[Any], regions: Labels) -> Mapping[str, float]:
    """Mean value of an image in every region that it shows."""
    counts = np.bincount(regions.values.ravel(), minlength=max(regions.names) + 1)
    sums = np.bincount(regions.values.ravel(), values.ravel(), minlength=len(counts))
    return {name: float(sums[n] / counts[n]) for n, name in regions.names.items() if counts[n]}
