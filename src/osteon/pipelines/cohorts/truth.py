"""True structure of a virtual patient: what a perfect micro-CT of the same place would give."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from scipy.ndimage import map_coordinates

from ...core import Grid, Mask
from ...features.structure import trabecular
from ...simulate.cohort.subject import Probe, Subject
from ...simulate.scene import Bone, Scene, structure_of

VOXEL_MM = 0.1
"""Voxel of the lattice on which true structure is measured, in mm."""

SIDE_MM = 10.0
"""Largest side of the piece that is measured, in mm."""

MARGIN_MM = 1.0
"""Bone around a probe that is looked at too, so that its border bends no thickness, in mm."""


def measured(subject: Subject) -> list[dict[str, Any]]:
    """Rows of true regions, with what was measured in the probes.

    Parameters
    ----------
    subject : Subject
        A patient with scene, regions and probes.

    Returns
    -------
    list of dict
        The patient's regions; those with a probe gain ``BV/TV``, ``Tb.Th``, ``Tb.Sp`` (mm) and
        ``Tb.N`` (/mm), measured directly in 3D (ASBMR) on voxels of 0.1 mm in a piece of at most
        10 mm a side around the middle of the region. None where there is no structure.
    """
    found = {}
    if subject.scene is not None:
        found = {probe.region: _structure(subject.scene, probe) for probe in subject.probes}
    return [{**row, **found.get(str(row["region"]), {})} for row in subject.regions]


def _structure(scene: Scene, probe: Probe) -> Mapping[str, float | None]:
    """Structure of one probe."""
    bone = scene.named(probe.bone)
    nothing = {"BV/TV": None, "Tb.Th": None, "Tb.Sp": None, "Tb.N": None}
    if not isinstance(bone, Bone) or not probe.where.voxels:
        return nothing
    grid = _fine(probe.where)
    rim = round(MARGIN_MM / VOXEL_MM)
    inner = np.zeros(grid.shape, np.bool_)
    inner[rim:-rim, rim:-rim, rim:-rim] = True
    inner &= _on(probe.where, grid)
    mask, region = Mask(structure_of(bone, scene.tiles, grid), grid), Mask(inner, grid)
    if not inner.any() or not 0 < (share := float(mask.values[inner].mean())) < 1:
        return nothing
    named = trabecular(mask, region=region).named()
    return {"BV/TV": share, **{name: named[name] for name in ("Tb.Th", "Tb.Sp", "Tb.N")}}


def _fine(where: Mask) -> Grid:
    """Fine lattice around the middle of a region, with its margin."""
    index = np.argwhere(where.values)
    low, high = (where.grid.to_world(edge) for edge in (index.min(axis=0), index.max(axis=0)))
    size = np.minimum(high - low, SIDE_MM)
    middle = where.grid.to_world(index.mean(axis=0))
    shape = np.ceil((size + 2 * MARGIN_MM) / VOXEL_MM).astype(int)
    i, j, k = (int(n) for n in shape)
    return Grid((i, j, k), middle - (shape - 1) / 2 * VOXEL_MM, np.eye(3), np.full(3, VOXEL_MM))


def _on(where: Mask, grid: Grid) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """A region on another lattice whose axes run alike, nearest voxel."""
    start = where.grid.to_index(grid.origin)
    step = grid.spacing / where.grid.spacing
    axes = [np.rint(s + d * np.arange(n)) for s, d, n in zip(start, step, grid.shape, strict=True)]
    index = np.meshgrid(*axes, indexing="ij")
    found = map_coordinates(where.values.astype(np.uint8), index, order=0, mode="constant")
    return np.asarray(found > 0)
