"""Vertebrae as a program draws them in a CT: not quite as they are."""

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from ...core import Box, Grid, Labels, Mask, resample

VOXEL_MM = 1.5
"""Voxels in which vertebrae are drawn, those of TotalSegmentator (doi:10.1148/ryai.230024)."""

NUMBERS: Mapping[str, int] = {"T12": 32, "L1": 31, "L2": 30, "L3": 29, "L4": 28, "L5": 27}
"""Label of each level, as TotalSegmentator numbers them."""

BESIDE = 3
"""Voxels looked at beside a vertebra."""


def drawn_vertebrae(objects: Labels) -> Labels:
    """Masks of vertebrae that passed through coarse voxels, which rounds and shifts their surfaces.

    Parameters
    ----------
    objects : Labels
        What every voxel of the image is, vertebrae by their level.

    Returns
    -------
    Labels
        On the same grid, numbered and named as in `NUMBERS`.
    """
    values = np.zeros(objects.grid.shape, np.uint8)
    boxes = ndimage.find_objects(objects.values)
    for number, name in objects.names.items():
        tight = boxes[number - 1] if number <= len(boxes) else None
        if name not in NUMBERS or tight is None:
            continue
        box = _wider(tight, objects.grid)
        part = objects.part(box)
        fine = Mask(part.values == number, part.grid)
        again = resample(resample(fine, onto=_coarse(part.grid)), onto=part.grid)
        values[box][again.values] = NUMBERS[name]
    return Labels(values, objects.grid, {number: name for name, number in NUMBERS.items()})


def _wider(tight: Box, grid: Grid) -> Box:
    i, j, k = (
        slice(max(cut.start - BESIDE, 0), min(cut.stop + BESIDE, n))
        for cut, n in zip(tight, grid.shape, strict=True)
    )
    return i, j, k


def _coarse(grid: Grid) -> Grid:
    """Coarse voxels over the same ground, the first one's middle where the fine ones' is."""
    i, j, k = (
        int(np.ceil((n - 1) * side / VOXEL_MM)) + 1
        for n, side in zip(grid.shape, grid.spacing, strict=True)
    )
    return Grid((i, j, k), grid.origin, grid.direction, np.full(3, VOXEL_MM))
