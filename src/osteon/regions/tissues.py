"""Tissues beside the bone whose attenuation is known: air, fat, muscle, blood, cortical bone."""

from collections.abc import Mapping

import numpy as np
from scipy import ndimage

from ..core import Labels, Mask, Volume

AORTA = 52
MUSCLES = (86, 87, 88, 89)
FEMORA = (75, 76)
"""Labels of TotalSegmentator's task "total" that tissues are taken from."""

AIR_BELOW_HU = -900.0
FAT_HU = (-150.0, -50.0)
CORTEX_ABOVE_HU = 900.0

MARGIN_MM = 2.0
"""Tissues found by their HU are taken this far inside, so that no partial volume counts."""


def find_tissues(scan: Volume, organs: Labels | None) -> Mapping[str, Mask]:
    """Voxels of the reference tissues of an internal calibration, as far as they are in view.

    Air is what lies outside the patient, fat the largest connected piece of fat outside all
    organs; muscle, blood and cortical bone are taken from labels, cortical bone only from the
    femora, since the cortex of a vertebra is too thin to show its own attenuation.

    Parameters
    ----------
    scan : Volume of shape (i, j, k), in HU
        The CT.
    organs : Labels of shape (i, j, k), or None
        Labels of TotalSegmentator's task "total" on the scan's grid.

    Returns
    -------
    mapping of str to Mask
        Any of ``air``, ``adipose``, ``skeletal muscle``, ``blood``, ``cortical bone``; a tissue
        that is not in view is missing.
    """
    found = {"air": _air(scan), "adipose": _fat(scan, organs)}
    if organs is not None:
        found["skeletal muscle"] = organs.mask(*MUSCLES)
        found["blood"] = organs.mask(AORTA)
        bone = organs.mask(*FEMORA).values & (scan.values > CORTEX_ABOVE_HU)
        found["cortical bone"] = Mask(bone, scan.grid)
    return {name: mask for name, mask in found.items() if mask.voxels > 0}


def _deep(inside: Mask) -> Mask:
    """What lies at least MARGIN_MM inside."""
    reach = np.ceil(MARGIN_MM / inside.grid.spacing).astype(int)
    kept = inside.values
    for axis, steps in enumerate(reach):
        line = np.ones([3 if n == axis else 1 for n in range(3)], bool)
        kept = ndimage.binary_erosion(kept, line, iterations=int(steps))
    return Mask(kept, inside.grid)


def _air(scan: Volume) -> Mask:
    """Air that reaches the side of the image, as air around a patient does."""
    pieces, _ = ndimage.label(scan.values < AIR_BELOW_HU)
    sides = [pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]
    outer = np.unique(np.concatenate([side.ravel() for side in sides]))
    return _deep(Mask(np.isin(pieces, outer[outer > 0]), scan.grid))


def _fat(scan: Volume, organs: Labels | None) -> Mask:
    low, high = FAT_HU
    fat = (scan.values > low) & (scan.values < high)
    if organs is not None:
        fat &= organs.values == 0
    deep = _deep(Mask(fat, scan.grid)).values
    pieces, count = ndimage.label(deep)
    if count == 0:
        return Mask(deep, scan.grid)
    largest = np.bincount(pieces.ravel())[1:].argmax() + 1
    return Mask(pieces == largest, scan.grid)
