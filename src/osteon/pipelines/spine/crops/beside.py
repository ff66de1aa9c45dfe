"""What lies in front of a vertebra: vessels, which contrast agent makes bright, and fat."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from ....core import Grid, Volume, resample
from ....regions import Body

OUTSIDE_HU = -1024
"""Value where the scan does not reach."""

VOXEL_MM = 3.0
"""Voxels in which is looked."""

SHAPE = (24, 16, 8)
"""Voxels to the left, to the back and to the head: the aorta and the vena cava are among them."""

GAP_MM = 3.0
"""Between the front of the body and the box, so that no osteophyte is in it."""

BLUR_MM = 2.0
"""SD of a Gaussian, against noise."""

VESSEL = 95.0
"""Percentile of the box. One or two vessels of 15 to 20 mm fill more than a twentieth of it."""

FAT_BETWEEN = (-160.0, -50.0)
"""HU of fat at every energy of the beam."""

LEAST_FAT = 0.02
"""Share of the box that must be fat, if its HU are to be told."""

SEEN = 0.5
"""Share of the box that the scan must reach."""


@dataclass(frozen=True)
class Beside:
    """HU in front of a vertebra.

    Attributes
    ----------
    vessel_hu, fat_hu : float or None
        95th percentile, and median of what is fat; None where the scan does not reach, or there
        is no fat.
    """

    vessel_hu: float | None
    fat_hu: float | None


def look_beside(scan: Volume, body: Body, depth_mm: float) -> Beside:
    """Look at the box in front of a vertebral body.

    Parameters
    ----------
    scan : Volume
        In HU.
    body : Body
        Where, along its own axes.
    depth_mm : float
        Of the body, front to back.

    Returns
    -------
    Beside
    """
    direction = body.surface.grid.direction
    size = VOXEL_MM * (np.array(SHAPE) - 1)
    ahead = 0.5 * depth_mm + GAP_MM + size[1]
    start = body.centre - direction @ np.array([0.5 * size[0], ahead, 0.5 * size[2]])
    onto = Grid(SHAPE, start, direction, np.full(3, VOXEL_MM))
    near = scan.part(scan.grid.around(onto.corners()))
    blurred = ndimage.gaussian_filter(near.values.astype(np.float32), BLUR_MM / near.grid.spacing)
    there = resample(Volume(blurred, near.grid, near.unit), onto=onto, outside=OUTSIDE_HU).values
    seen = there[there > OUTSIDE_HU + 1]
    if seen.size < SEEN * there.size:
        return Beside(None, None)
    fat = seen[(seen > FAT_BETWEEN[0]) & (seen < FAT_BETWEEN[1])]
    enough = fat.size >= LEAST_FAT * seen.size
    return Beside(float(np.percentile(seen, VESSEL)), float(np.median(fat)) if enough else None)
