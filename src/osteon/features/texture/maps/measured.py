"""What the loops over windows see of a region: values, levels and bins, each only if needed."""

import itertools
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....core import Mask, Volume
from ....core.compiled import threads
from ....core.threads import side_by_side
from ..families.local_intensity import sphere_means
from ..prepare import prepare
from ..region import bounds
from .binning import Binning, binning, levels_of
from .each import Measured
from .inside.told import TAGS
from .prepared import Prepared
from .settings import MapSettings

VALUED = ("local_intensity", "statistics", "intensity_volume")
"""Families that need no levels."""


def measured_in(
    volume: Volume, mask: Mask, region: Prepared, settings: MapSettings, names: Sequence[str]
) -> Measured:
    """A region laid out for `features_of_windows`.

    Parameters
    ----------
    volume, mask
        The image and the region.
    region : Prepared
        Made of them.
    settings : MapSettings
        Levels.
    names : sequence of str
        Features that are wanted.

    Returns
    -------
    Measured
        With what these features need.

    Raises
    ------
    BadSetting
        If the values do not suit the discretisation.
    """
    families = {family for family, told in TAGS.items() if set(told) & set(names)}
    levels, means = np.zeros((0, 0, 0), np.int16), np.zeros((0, 0, 0))
    whole = settings.levels == "region"
    bins = Binning(np.zeros(5), 1)
    if families - set(VALUED):
        bins = _bins(region, settings)
        if whole:
            levels = levels_of(region.values, region.counted, bins)
    if "local_intensity" in families:
        means = _means(volume, mask, settings)
    curve, span = np.zeros(5), np.full(3, np.nan)
    if "intensity_volume" in families:
        curve, span = _curve(region, settings)
    # one layout, so that loops are compiled once
    masks = (np.ascontiguousarray(region.counted), np.ascontiguousarray(region.drawn))
    seen = (plain(region.values), *masks, levels, means)
    return Measured(seen, (bins.rule, curve, span, bins.count if whole else 0))


def plain(values: NDArray[np.generic]) -> NDArray[np.floating]:
    """The same values as floating point numbers, 32 bits where that loses nothing."""
    short = np.can_cast(values.dtype, np.float32)
    return np.ascontiguousarray(values, np.float32 if short else np.float64)


def _bins(region: Prepared, settings: MapSettings) -> Binning:
    return binning(region.span, region.whole, settings.texture.discretisation, region.limits)


def _means(volume: Volume, mask: Mask, settings: MapSettings) -> NDArray[np.float64]:
    """Mean of the sphere around each voxel of the box of the region, what lies around it too."""
    around = prepare(volume, mask, settings.texture)
    i, j, k = bounds(around.morphological)
    # a slab a thread; each needs some planes of its neighbours
    ends = np.linspace(i.start, i.stop, min(threads(), i.stop - i.start) + 1).astype(int)
    slabs = [(slice(a, b), j, k) for a, b in itertools.pairwise(ends.tolist())]
    return np.concatenate(
        side_by_side(lambda slab: sphere_means(around.values, around.spacing, slab), slabs)
    )


def _curve(
    region: Prepared, settings: MapSettings
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Rule and span of the intensity-volume histogram."""
    discretisation = settings.texture.volume_histogram
    low, high = region.limits
    whole = settings.levels == "region"
    ends = region.span if whole else (np.nan, np.nan)
    span = np.array([ends[0] if low is None else low, ends[1] if high is None else high, np.nan])
    if discretisation.method == "none":
        return np.zeros(5), span
    bins = binning(region.span, region.whole, discretisation, region.limits)
    if whole and discretisation.method == "bin-size":
        size = bins.rule[3]
        span[2] = bins.count if high is None else np.ceil((high - bins.rule[1]) / size)
    elif high is None:
        span[1] = np.nan
    return bins.rule, span
