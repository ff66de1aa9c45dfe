"""Measured numbers of a vertebra that tell its areal density, before any network has seen it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .crops.cut import BODY

SOFT_HU = 50.0
"""HU of the soft tissue around a vertebra; what is above it counts as bone."""

WIDER_MM, CORE_MM, APART_MM = 1.6, 4.0, 3.2
"""How far a vertebra is widened, so that its blurred border counts; how far a body is thinned for
its core; and how far soft tissue lies from it."""

SOFT_BETWEEN = (0.0, 150.0)
"""HU of muscle and vessels, with contrast agent or without."""

DENSE = 95.0
"""Percentile of a vertebra's HU: its cortex and facets."""

NO_CONTRAST_HU, FAT_HU = 60.0, -100.0
"""HU of blood and fat where the scan does not reach them."""

FACTS = (
    "projected_hu_cm",
    "body_projected_hu_cm",
    "core_hu",
    "rest_hu",
    "dense_hu",
    "area_cm2",
    "thickness_cm",
    "height_mm",
    "soft_hu",
    "vessel_hu",
    "fat_hu",
    "kvp_factor",
)
"""Names of the numbers.

The first is HU above `SOFT_HU` summed over the vertebra and divided by its area as seen from in
front, which is how a densitometer sees it; the second the same of its body alone. Numbers of bone
are as at 120 kVp, those of soft tissue as scanned, where they tell of contrast agent and of the
energy of the beam. ``thickness_cm`` is volume by area.
"""


def facts_of(
    hu: NDArray[np.int16],
    parts: NDArray[np.uint8],
    row: Mapping[str, Any],
    spacing_mm: float,
    factor: float,
) -> NDArray[np.float32]:
    """Measure one vertebra.

    Parameters
    ----------
    hu : (i, j, k) int16 array
        Crop, i to the left, j to the back, k to the head.
    parts : (i, j, k) uint8 array
        Its parts.
    row : mapping
        What stands beside the crop: ``heights_mm``, ``vessel_hu``, ``fat_hu``.
    spacing_mm : float
        Side of the voxels.
    factor : float
        What takes HU of bone to those at 120 kVp.

    Returns
    -------
    (12,) float32 array
        In the order of `FACTS`; all finite.
    """
    whole, body = parts > 0, parts == BODY
    grey = hu.astype(np.float32)
    wide = _grown(whole, WIDER_MM, spacing_mm)
    core = ndimage.binary_erosion(body, iterations=round(CORE_MM / spacing_mm))
    area = _seen_from_front(whole, spacing_mm)
    apart = ~_grown(whole, APART_MM, spacing_mm)
    apart &= (grey > SOFT_BETWEEN[0]) & (grey < SOFT_BETWEEN[1])
    made = [
        factor * _mass(grey, wide, spacing_mm) / area,
        factor * _mass(grey, body, spacing_mm) / max(_seen_from_front(body, spacing_mm), 1.0),
        factor * _mean(grey, core if core.any() else body),
        factor * _mean(grey, whole & ~body),
        factor * float(np.percentile(grey[whole], DENSE)),
        area,
        whole.sum() * (spacing_mm / 10) ** 3 / area,
        _height(body, row, spacing_mm),
        float(np.median(grey[apart])) if apart.any() else SOFT_HU,
        _known(row.get("vessel_hu"), NO_CONTRAST_HU),
        _known(row.get("fat_hu"), FAT_HU),
        factor,
    ]
    return np.array(made, np.float32)


def _grown(mask: NDArray[np.bool_], by_mm: float, spacing_mm: float) -> NDArray[np.bool_]:
    grown: NDArray[np.bool_] = ndimage.binary_dilation(mask, iterations=round(by_mm / spacing_mm))
    return grown


def _mass(grey: NDArray[np.float32], mask: NDArray[np.bool_], spacing_mm: float) -> float:
    """HU above soft tissue, times volume, in HU·cm³."""
    return float((grey[mask] - SOFT_HU).sum(dtype=np.float64)) * (spacing_mm / 10) ** 3


def _seen_from_front(mask: NDArray[np.bool_], spacing_mm: float) -> float:
    """Area of the shadow on the coronal plane in cm²."""
    return float(mask.any(axis=1).sum()) * (spacing_mm / 10) ** 2


def _mean(grey: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    return float(grey[mask].mean()) if mask.any() else SOFT_HU


def _height(body: NDArray[np.bool_], row: Mapping[str, Any], spacing_mm: float) -> float:
    """Mean of the heights that could be measured, or that of the mask."""
    told = [float(one) for one in row.get("heights_mm", {}).values() if one is not None]
    return float(np.mean(told)) if told else float(body.any(axis=(0, 1)).sum()) * spacing_mm


def _known(value: float | None, usual: float) -> float:
    return usual if value is None else float(value)
