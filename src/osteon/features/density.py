"""CT numbers of a region: how dense it is, before any calibration."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..core import HU, EmptyRegion, Flag, Mask, Measurement, Method, Volume
from .feature import METHODS, Feature, enter

HU_METHOD = Method(
    "hu-statistics",
    "Statistics of the CT numbers of the voxels at least half of which lies in the region; the "
    "uncertainty of mean and median is the effect of moving the region's margin by 0.5 mm.",
    "doi:10.48550/arXiv.1612.07003",
    "Zwanenburg A et al. Image biomarker standardisation initiative: reference manual, "
    "section 3.3 (intensity-based statistics).",
)
METHODS[HU_METHOD.key] = HU_METHOD

MARGIN_SHIFT_MM = 0.5
"""How far a region's margin is moved to see how much mean and median depend on it."""

Statistic = Callable[[NDArray[np.float64]], float]

STATISTICS: dict[str, tuple[str, Statistic]] = {
    "HU mean": ("Arithmetic mean (IBSI Q4LE)", lambda v: float(v.mean())),
    "HU median": ("Median (IBSI Y12H)", lambda v: float(np.median(v))),
    "HU SD": (
        "Standard deviation, divided by n",
        lambda v: float(v.std()),
    ),
    "HU P10": ("10th percentile (IBSI QG58)", lambda v: float(np.percentile(v, 10))),
    "HU P25": ("25th percentile", lambda v: float(np.percentile(v, 25))),
    "HU P75": ("75th percentile", lambda v: float(np.percentile(v, 75))),
    "HU P90": ("90th percentile (IBSI 8DWT)", lambda v: float(np.percentile(v, 90))),
}
"""Definition and function of each statistic."""

enter(
    *(
        Feature(
            name,
            HU,
            HU_METHOD.key,
            f"{definition} of the CT numbers in the region.",
            HU_METHOD.doi,
            "trabecular bone of the spine −50 to 350; noise widens SD and percentiles",
            "Depends on tube voltage, contrast agent, kernel and marrow fat; no density.",
        )
        for name, (definition, _) in STATISTICS.items()
    ),
    Feature(
        "voxels",
        "1",
        HU_METHOD.key,
        "Number of voxels of which at least half lies in the region.",
        HU_METHOD.doi,
        "1 and more; below 100 the region is flagged",
        "Depends on the voxel size.",
    ),
    Feature(
        "volume",
        "mm3",
        HU_METHOD.key,
        "Volume within the region's surface; voxels at its edge count by the part inside.",
        HU_METHOD.doi,
        "above 0",
        "Of the region after margins were taken off, not of the vertebra.",
    ),
)

GAS_BELOW_HU = -500.0
"""No bone or marrow is below this, noise of a low dose included."""

FEWEST_VOXELS = 100
"""Regions of fewer voxels are flagged: their statistics hang on noise and margin."""


@dataclass(frozen=True, eq=False)
class Region:
    """A region of one level, ready to be measured.

    Attributes
    ----------
    level, name : str
        Vertebral level and region, as they will stand in the table.
    mask : Mask of shape (i, j, k)
        The voxels to measure.
    volume : float or None
        Volume in mm³ where it is known better than from the voxels.
    depth : Volume of shape (i, j, k), in mm, or None
        Distance into the body; with `margin` it gives the uncertainty of mean and median.
    margin : float
        Depth in mm at which the region begins.
    """

    level: str
    name: str
    mask: Mask
    volume: float | None = None
    depth: Volume | None = None
    margin: float = 0.0


def hu_statistics(scan: Volume, region: Region) -> list[Measurement]:
    """Statistics of the CT numbers of a region.

    Parameters
    ----------
    scan : Volume of shape (i, j, k), in HU
        The CT.
    region : Region
        Where to measure, on the scan's grid.

    Returns
    -------
    list of Measurement
        One a statistic, in HU, then voxels and volume in mm³.

    Raises
    ------
    EmptyRegion
        If the region has no voxel.
    UnitMismatch
        If the scan is not in HU.
    GridMismatch
        If the region lies on another grid than the scan.
    """
    scan.in_unit(HU)
    level, name = region.level, region.name
    mask = region.mask.on(scan.grid, name=f"region {name} of {level}")
    if mask.voxels == 0:
        raise EmptyRegion(f"region {name} of {level} has no voxel; it cannot be measured.")
    values = scan.values[mask.values].astype(np.float64)
    flags = (*_few(mask.voxels), *_gas(values))
    unsure = _margin_effect(scan, mask, region.depth, region.margin) if region.depth else {}
    measured = [
        Measurement(level, name, key, compute(values), HU, HU_METHOD.key, unsure.get(key), flags)
        for key, (_, compute) in STATISTICS.items()
    ]
    size = mask.volume_mm3 if region.volume is None else region.volume
    return [
        *measured,
        Measurement(level, name, "voxels", float(mask.voxels), "1", HU_METHOD.key),
        Measurement(level, name, "volume", size, "mm3", HU_METHOD.key),
    ]


def _gas(values: NDArray[np.float64]) -> tuple[Flag, ...]:
    count = int(np.count_nonzero(values < GAS_BELOW_HU))
    if count == 0:
        return ()
    text = (
        f"{count} voxel(s) below {GAS_BELOW_HU:g} HU lie in the region: gas, or values that were "
        "missing in the file. They are in the statistics."
    )
    return (Flag("gas-or-missing-values", text),)


def _few(voxels: int) -> tuple[Flag, ...]:
    if voxels >= FEWEST_VOXELS:
        return ()
    text = f"The region has {voxels} voxels; from {FEWEST_VOXELS} on its statistics are steady."
    return (Flag("few-voxels", text),)


def _margin_effect(
    scan: Volume, region: Mask, depth: Volume, margin: float
) -> dict[str, float | None]:
    """Standard uncertainty of mean and median from a margin that is known to ±0.5 mm.

    The values at both ends bound a rectangular distribution, whose SD is its half-width / √3.
    """
    inner = region.values & (depth.values >= margin + MARGIN_SHIFT_MM)
    ring = (depth.values >= margin - MARGIN_SHIFT_MM) & (depth.values < margin)
    outer = region.values | (ring & _beside(region))
    if not inner.any():
        return {}
    ends = [scan.values[mask].astype(np.float64) for mask in (inner, outer)]
    return {
        key: abs(compute(ends[0]) - compute(ends[1])) / (2.0 * np.sqrt(3.0))
        for key, compute in (
            ("HU mean", STATISTICS["HU mean"][1]),
            ("HU median", STATISTICS["HU median"][1]),
        )
    }


def _beside(region: Mask) -> NDArray[np.bool_]:
    """Box around a region, so that the ring is not taken from its far side."""
    box = np.zeros_like(region.values)
    reach = np.ceil(MARGIN_SHIFT_MM / region.grid.spacing).astype(int)
    sides = [np.flatnonzero(region.values.any(axis=o)) for o in ((1, 2), (0, 2), (0, 1))]
    box[
        tuple(
            slice(max(int(s[0]) - r, 0), int(s[-1]) + r + 1)
            for s, r in zip(sides, reach, strict=True)
        )
    ] = True
    return box
