"""What a CT of a knee must not hold, and what a reader must know of it."""

import numpy as np

from ...core import Flag, Grid, Mask, UnsuitableScan, Volume

METAL_HU = 3000.0
"""No bone is brighter, whatever the kernel."""

METAL_MM3 = 20.0
"""More of that than this is metal."""

COARSE_STEP_MM = 3.5
"""Coarser voxels or slices do not show the joint space."""

SHORT_MM = 20.0
"""A bone with less than this of its length in view is cut where the joint is."""


def refuse_metal(ct: Volume) -> None:
    """Refuse a scan with a prosthesis, a plate or screws.

    Parameters
    ----------
    ct : Volume of shape (i, j, k), in HU
        The scan.

    Raises
    ------
    UnsuitableScan
        If more than METAL_MM3 lie above METAL_HU.
    """
    metal = float(np.count_nonzero(ct.values > METAL_HU)) * ct.grid.voxel_volume
    if metal > METAL_MM3:
        raise UnsuitableScan(
            f"metal in view: {metal:.0f} mm³ lie above {METAL_HU:.0f} HU, at most {METAL_MM3:.0f} "
            "mm³ may; its streaks falsify the bone around. Use a knee without prosthesis or screws."
        )


def coarse_flags(grid: Grid) -> tuple[Flag, ...]:
    """Flag of voxels in which the joint space is lost."""
    coarsest = float(grid.spacing.max())
    if coarsest <= COARSE_STEP_MM:
        return ()
    text = (
        f"Voxels are up to {coarsest:.2g} mm apart; above {COARSE_STEP_MM:g} mm the joint space is "
        "lost and the bones may run into each other."
    )
    return (Flag("coarse-voxels", text),)


def cut_flags(name: str, bone: Mask) -> tuple[Flag, ...]:
    """Flag of a bone that the image cuts at the sides, or of which too little is in view."""
    if bone.voxels == 0:
        return ()
    upright = int(np.abs(bone.grid.direction[2]).argmax())
    found = []
    sides = [axis for axis in range(3) if axis != upright]
    faces = [face for axis in sides for face in (0, -1) if _area(bone, axis, face) > 100.0]
    if faces:
        text = f"The {name} reaches the side of the image: part of it lies beyond."
        found.append(Flag("cut-by-field-of-view", text))
    length = np.ptp(np.flatnonzero(bone.values.any(axis=tuple(sides)))) + 1
    if (long := float(length * bone.grid.spacing[upright])) < SHORT_MM:
        text = (
            f"Only {long:.0f} mm of the {name} are in view; at least {SHORT_MM:.0f} mm are needed."
        )
        found.append(Flag("short-view", text))
    return tuple(found)


def _area(bone: Mask, axis: int, face: int) -> float:
    """How much of a face of the image a bone takes, mm²."""
    steps = np.delete(bone.grid.spacing, axis)
    return float(np.count_nonzero(np.take(bone.values, face, axis=axis)) * steps.prod())
