"""The intensity-volume histogram: which part of a region is at least so bright."""

import math

import numpy as np
from numpy.typing import NDArray

from ..discretise import discretise, first_edge
from ..region import TextureRegion
from ..settings import Discretisation

Floats = NDArray[np.float64]

SAME = 1e-9
"""Part of the range by which rounding may miss a threshold."""


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
        The 6 features ``ivh_…`` of the standard, and the area under the curve, ``ivh_auc``, of
        the histogram as a staircase. The intensity at a volume is one step above the highest
        that a larger volume reaches.
    """
    ordered, low, high, step = _curve(region, discretisation)
    many, width = ordered.size, high - low
    found: dict[str, float] = {}
    for percent in (10, 90):
        least = low + (percent / 100 - SAME) * width
        found[f"v{percent}"] = (many - int(np.searchsorted(ordered, least))) / many
    for percent in (10, 90):
        larger = math.ceil(many * (100 - percent) / 100) - 1
        found[f"i{percent}"] = float(ordered[larger]) + step
    found["diff_v10_v90"] = found["v10"] - found["v90"]
    found["diff_i10_i90"] = found["i10"] - found["i90"]
    found["auc"] = (float(ordered.mean()) - low) / width if width > 0 else 1.0
    return {f"ivh_{name}": value for name, value in found.items()}


def _curve(
    region: TextureRegion, discretisation: Discretisation
) -> tuple[Floats, float, float, float]:
    """Intensities in order, the ends of their range, and their step."""
    low, high = region.limits
    if discretisation.method == "none":
        ordered = region.ordered
        step = 1.0 if (ordered == np.floor(ordered)).all() else 0.0
        first, last = float(ordered[0]), float(ordered[-1])
        return ordered, first if low is None else low, last if high is None else high, step
    levels = discretise(region, discretisation)
    level = np.repeat(np.arange(1.0, levels.count + 1), levels.histogram)
    if discretisation.method == "bin-number":
        return level, 1.0, float(levels.count), 1.0
    size = discretisation.size or 1.0
    lowest = first_edge(discretisation, region, region.inside)
    many = levels.count if high is None else math.ceil((high - lowest) / size)
    middle = lowest + (level - 0.5) * size
    return middle, lowest + 0.5 * size, lowest + (many - 0.5) * size, size
