"""Measured numbers of a vertebra that tell its areal density, before any network has seen it."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .crops.cut import BODY
from .energy import SOFT_HU

RECIPE = 3
"""Changes with every change of how the numbers are measured, so that kept ones are not used."""

WIDER_MM, CORE_MM, AWAY_MM = 3.2, 4.0, 8.0
"""How far a vertebra is widened, so that its blurred border counts with thick slices and soft
kernels too; how far a body is thinned for its core; and up to where from the vertebra, outside the
border, the tissue around it lies."""

SOFT_BETWEEN = (-30.0, 200.0)
"""HU of muscle and vessels, with contrast agent or without."""

NO_CONTRAST_HU = 60.0
"""HU of blood where the scan does not reach it."""

FACTS = (
    "projected_hu_cm",
    "body_projected_hu_cm",
    "core_hu",
    "area_cm2",
    "thickness_cm",
    "height_mm",
    "vessel_hu",
)
"""Names of the numbers.

The first is HU above the tissue around it, summed over the widened vertebra and divided by its area
as seen from in front, which is how a densitometer sees it; the second the same of its body alone;
the third the mean of the body's core. These three are mineral as it is at 120 kVp. ``vessel_hu`` is
as scanned, and tells of contrast agent; ``thickness_cm`` is volume by area. Numbers that tell
scanners apart more than patients (tube voltage, fat, the densest percent) are left out: a line on
them goes astray at the next scanner.
"""


def facts_of(
    hu: NDArray[np.int16],
    parts: NDArray[np.uint8],
    row: Mapping[str, Any],
    spacing_mm: float,
    mineral: float,
) -> NDArray[np.float32]:
    """Measure one vertebra.

    Parameters
    ----------
    hu : (i, j, k) int16 array
        Crop, i to the left, j to the back, k to the head.
    parts : (i, j, k) uint8 array
        Its parts.
    row : mapping
        What stands beside the crop: ``heights_mm``, ``vessel_hu``.
    spacing_mm : float
        Side of the voxels.
    mineral : float
        What takes HU above soft tissue to those at 120 kVp, of the patient
        (`osteon.pipelines.spine.energy.mineral_factor`).

    Returns
    -------
    (7,) float32 array
        In the order of `FACTS`; all finite.
    """
    whole, body = parts > 0, parts == BODY
    away = ndimage.distance_transform_edt(~whole, sampling=spacing_mm)
    around = _around(hu[(away > WIDER_MM) & (away <= AWAY_MM)])
    grey = (hu.astype(np.float32) - around) * np.float32(mineral)
    core = ndimage.binary_erosion(body, iterations=round(CORE_MM / spacing_mm))
    area = _seen_from_front(whole, spacing_mm)
    voxel = (spacing_mm / 10) ** 3
    made = [
        _sum(grey, away <= WIDER_MM) * voxel / area,
        _sum(grey, body) * voxel / max(_seen_from_front(body, spacing_mm), 1.0),
        _mean(grey, core if core.any() else body),
        area,
        float(whole.sum()) * voxel / area,
        _height(body, row, spacing_mm),
        _known(row.get("vessel_hu"), NO_CONTRAST_HU),
    ]
    return np.array(made, np.float32)


def _around(near: NDArray[np.int16]) -> float:
    """HU of the soft tissue among voxels near a vertebra."""
    soft = near[(near > SOFT_BETWEEN[0]) & (near < SOFT_BETWEEN[1])]
    return float(np.median(soft)) if len(soft) else SOFT_HU


def _sum(grey: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    return float(grey[mask].sum(dtype=np.float64))


def _seen_from_front(mask: NDArray[np.bool_], spacing_mm: float) -> float:
    """Area of the shadow on the coronal plane in cm²."""
    return float(mask.any(axis=1).sum()) * (spacing_mm / 10) ** 2


def _mean(grey: NDArray[np.float32], mask: NDArray[np.bool_]) -> float:
    return float(grey[mask].mean()) if mask.any() else 0.0


def _height(body: NDArray[np.bool_], row: Mapping[str, Any], spacing_mm: float) -> float:
    """Mean of the heights that could be measured, or that of the mask."""
    told = [float(one) for one in row.get("heights_mm", {}).values() if one is not None]
    return float(np.mean(told)) if told else float(body.any(axis=(0, 1)).sum()) * spacing_mm


def _known(value: float | None, usual: float) -> float:
    return usual if value is None else float(value)
