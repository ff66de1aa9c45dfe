"""The intensity-volume histogram: which part of a region is at least so bright."""

import math

import numpy as np
from numpy.typing import NDArray

from ..discretise import discretise, first_edge
from ..region import TextureRegion
from ..settings import Discretisation

Floats = NDArray[np.float64]


def intensity_volume_features(
    region: TextureRegion, discretisation: Discretisation
) -> dict[str, float]:
    """Intensity-volume histogram features of IBSI 1, section 3.5 (doi:10.48550/arXiv.1612.07003).

    Intensities are fractions of the range of re-segmentation where it has one, else of the range
    of the region. Whole numbers step by 1, other values not at all.

    Parameters
    ----------
    region : TextureRegion
        Prepared grey values.
    discretisation : Discretisation
        Bins; ``"none"`` takes the values as they are.

    Returns
    -------
    dict of str to float
        The 6 features ``ivh_…`` of the standard, and the area under the curve, ``ivh_auc``. An
        intensity at a volume that no intensity has is one step above the highest.
    """
    values, counts, ends, step = _curve(region, discretisation)
    above = counts[::-1].cumsum()[::-1] / counts.sum()
    width = ends[1] - ends[0]
    found: dict[str, float] = {}
    for percent in (10, 90):
        bright = values >= ends[0] + percent / 100 * width - 1e-9 * width
        found[f"v{percent}"] = float(above[bright][0]) if bright.any() else 0.0
    for percent in (10, 90):
        # the first step up from the last intensity that a larger volume has
        more = np.flatnonzero(above > percent / 100)
        found[f"i{percent}"] = float(values[more[-1]]) + step if more.size else float(values[0])
    found["diff_v10_v90"] = found["v10"] - found["v90"]
    found["diff_i10_i90"] = found["i10"] - found["i90"]
    found["auc"] = _area(values, above, ends)
    return {f"ivh_{name}": value for name, value in found.items()}


def _curve(
    region: TextureRegion, discretisation: Discretisation
) -> tuple[Floats, NDArray[np.int64], tuple[float, float], float]:
    """Intensities that occur, voxels of each, the range and the step."""
    inside = region.inside
    if discretisation.method == "none":
        values, counts = np.unique(inside, return_counts=True)
        whole = bool((values == np.floor(values)).all())
        low, high = region.limits
        ends = (
            float(values[0]) if low is None else low,
            float(values[-1]) if high is None else high,
        )
        return values, counts, ends, 1.0 if whole else 0.0
    levels = discretise(region, discretisation)
    counts = levels.histogram
    level = np.flatnonzero(counts) + 1.0
    occur = counts[counts > 0]
    if discretisation.method == "bin-number":
        return level, occur, (1.0, float(levels.count)), 1.0
    size = discretisation.size or 1.0
    lowest = first_edge(discretisation, region, inside)
    high = region.limits[1]
    last = math.ceil((high - lowest) / size) if high is not None else levels.count
    ends = (lowest + 0.5 * size, lowest + (last - 0.5) * size)
    return lowest + (level - 0.5) * size, occur, ends, size


def _area(values: Floats, above: Floats, ends: tuple[float, float]) -> float:
    """Area under the volume fraction, over the fraction of intensity, by trapezoids."""
    width = ends[1] - ends[0]
    if width == 0:
        return 1.0
    at = np.concatenate([[0.0], (values - ends[0]) / width, [1.0]])
    height = np.concatenate([[1.0], above, [0.0 if values[-1] < ends[1] else above[-1]]])
    return float(np.trapezoid(height, at))
