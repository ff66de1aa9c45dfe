"""The bone beneath the tibio-femoral joint, by compartment and depth."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ...core import BadSetting, Box, EmptyRegion, Grid, Mask, Volume
from .bones import KneeBones
from .surfaces import joint_surface

Floats = NDArray[np.float64]

REGIONS = ("medial femur", "lateral femur", "medial tibia", "lateral tibia")
"""Names of the regions."""

FAR_MM = 99.0
"""Depth given to places that are not in femur or tibia, or far from the joint."""

CORTEX_MM = 1.0
"""Nothing within this of any surface of the bone is spongy."""

ABOVE_MM = 45.0
"""The joint is looked for within this of the joint line, up and down."""


@dataclass(frozen=True, eq=False)
class Subchondral:
    """Spongy bone beneath the joint surface.

    Attributes
    ----------
    regions : mapping of str to Mask
        "medial femur", "lateral femur", "medial tibia", "lateral tibia", on the scan's grid.
    depth : Volume of shape (i, j, k), in mm
        Distance inside femur and tibia from the covered joint surface; FAR_MM elsewhere.
    """

    regions: Mapping[str, Mask]
    depth: Volume


def find_subchondral(
    bones: KneeBones, *, side: str, deepest_mm: float = 12.0, plate_mm: float = 2.0
) -> Subchondral:
    """Spongy bone of the four compartments of the knee beneath the surface that bears weight.

    The joint surface is that of the tibial plateau and of the condyles where they face each
    other and the back of the condyles; the trochlea, the notch and the eminence are not part of
    it. Each place in the bone belongs to the place of the joint surface that is nearest.

    Parameters
    ----------
    bones : KneeBones
        Femur and tibia, both in view.
    side : str
        ``"left"`` or ``"right"``: where lateral is.
    deepest_mm, plate_mm : float
        Regions lie between these depths below the surface of the bone, mm.

    Returns
    -------
    Subchondral
        Regions and depth.

    Raises
    ------
    BadSetting
        If the side or the depths make no sense.
    EmptyRegion
        If femur and tibia do not face each other in view.
    """
    if side not in ("left", "right"):
        raise BadSetting(f"side is 'left' or 'right', not '{side}'.")
    if not 0 <= plate_mm < deepest_mm <= 40:
        raise BadSetting(
            f"depths run from 0 <= plate_mm < deepest_mm <= 40 mm; got {plate_mm:g} and "
            f"{deepest_mm:g}."
        )
    for name in ("femur", "tibia"):
        if getattr(bones, name).voxels == 0:
            raise EmptyRegion(f"no {name} in view; the joint needs femur and tibia.")
    grid = bones.femur.grid
    box = _around_joint(bones)
    part = grid.part(box)
    femur, tibia = bones.femur.values[box], bones.tibia.values[box]
    depth = np.full(grid.shape, FAR_MM, np.float32)
    regions = {}
    surfaces = joint_surface(femur, tibia, part, side)
    for name, bone in (("femur", femur), ("tibia", tibia)):
        below, under, inner = _below(bone, surfaces[name], part)
        depth[box][bone] = below[bone]
        for number, which in ((1, "medial"), (2, "lateral")):
            mask = np.zeros(grid.shape, bool)
            spongy = inner & (under == number)
            mask[box] = spongy & (below >= plate_mm) & (below < deepest_mm)
            if not mask.any():
                raise EmptyRegion(
                    f"no {which} {name} {plate_mm:g} to {deepest_mm:g} mm below the joint is in "
                    "view; the whole joint is needed."
                )
            regions[f"{which} {name}"] = Mask(mask, grid)
    return Subchondral({name: regions[name] for name in REGIONS}, Volume(depth, grid, "mm"))


def _around_joint(bones: KneeBones) -> Box:
    """Box that holds the epiphyses."""
    grid = bones.femur.grid
    tibia = grid.to_world(np.argwhere(bones.tibia.values))
    femur = grid.to_world(np.argwhere(bones.femur.values))
    line = (np.quantile(femur[:, 2], 0.002) + np.quantile(tibia[:, 2], 0.998)) / 2.0
    both = np.concatenate([femur, tibia])
    near = grid.to_index(both[np.abs(both[:, 2] - line) <= ABOVE_MM])
    if not len(near):
        raise EmptyRegion("femur and tibia do not face each other; the joint is not in view.")
    margin = np.ceil(4.0 / grid.spacing)
    start = np.maximum(np.round(near.min(axis=0) - margin), 0).astype(int)
    stop = np.minimum(np.round(near.max(axis=0) + margin) + 1, grid.shape).astype(int)
    i, j, k = (slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    return i, j, k


def _below(
    bone: NDArray[np.bool_], surface: NDArray[np.int8], grid: Grid
) -> tuple[Floats, NDArray[np.int8], NDArray[np.bool_]]:
    """Depth below the covered surface, which part of it is nearest, and what is not cortex."""
    away, near = ndimage.distance_transform_edt(
        surface == 0, sampling=grid.spacing, return_indices=True
    )
    under = surface[tuple(near)]
    shell = ndimage.distance_transform_edt(np.pad(bone, 1, mode="edge"), sampling=grid.spacing)
    # the centre of a voxel at the surface lies half a voxel below it
    return (
        away + shell[1:-1, 1:-1, 1:-1][tuple(near)] / 2.0,
        under,
        shell[1:-1, 1:-1, 1:-1] > (CORTEX_MM),
    )
