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
        Any of ``air``, ``adipose``, ``muscle``, ``blood``, ``bone``; a tissue that is not in
        view is missing. Rims with partial volume are still in; sampling takes them off.
    """
    found = {"air": _air(scan), "adipose": _fat(scan, organs)}
    if organs is not None:
        found["muscle"] = organs.mask(*MUSCLES)
        found["blood"] = organs.mask(AORTA)
        cortex = organs.mask(*FEMORA).values & (scan.values > CORTEX_ABOVE_HU)
        found["bone"] = Mask(cortex, scan.grid)
    return {name: mask for name, mask in found.items() if mask.voxels > 0}


def _air(scan: Volume) -> Mask:
    """Air that reaches the side of the image, as air around a patient does."""
    pieces, _ = ndimage.label(scan.values < AIR_BELOW_HU)
    sides = [pieces[0], pieces[-1], pieces[:, 0], pieces[:, -1]]
    outer = np.unique(np.concatenate([side.ravel() for side in sides]))
    return Mask(np.isin(pieces, outer[outer > 0]), scan.grid)


def _fat(scan: Volume, organs: Labels | None) -> Mask:
    low, high = FAT_HU
    fat = (scan.values > low) & (scan.values < high)
    if organs is not None:
        fat &= organs.values == 0
    pieces, count = ndimage.label(fat)
    if count == 0:
        return Mask(fat, scan.grid)
    largest = np.bincount(pieces.ravel())[1:].argmax() + 1
    return Mask(pieces == largest, scan.grid)
