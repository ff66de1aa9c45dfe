"""Histogram, intensity-volume histogram and peaks of one window."""

import numpy as np
from numpy.typing import NDArray

from .....core.compiled import compiled
from ...families.intensity_volume import SAME
from ..binning import level_of
from ..first_order import SHARES
from .box import Box, Seen


@compiled
def histogram_of(box: Box, count: int, told: NDArray[np.float64]) -> None:
    """Features of the histogram of levels, as `families.histogram.histogram_features` has them.

    Parameters
    ----------
    box : Box
        The window.
    count : int
        Levels that there may be.
    told : (23,) float64 array
        Gets the features.
    """
    flat, _, where, _ = box
    counts = np.zeros(count + 1, np.int64)
    for at in where:
        counts[flat[at]] += 1
    _summary(counts, where.size, told)
    told[9] = _mode(counts, count, told[0])
    told[17], told[18] = 0.0, 0.0
    for level in range(1, count + 1):
        share = counts[level] / where.size
        told[18] += share * share
        if share > 0.0:
            told[17] -= share * np.log2(share)
    told[19:] = 0.0
    told[20], told[22] = 1.0, 1.0
    if count > 1:
        _gradients(counts, count, told)


@compiled
def _summary(counts: NDArray[np.int64], many: int, told: NDArray[np.float64]) -> None:
    """The statistics of levels, as `families.statistics.summary` has them."""
    places = np.array([_percentile(counts, many, share) for share in SHARES])
    mean = 0.0
    for level in range(counts.size):
        mean += counts[level] * level
    mean /= many
    moments, away, kept, middle = np.zeros(3), np.zeros(2), 0, 0.0
    for level in range(counts.size):
        apart, n = level - mean, counts[level]
        moments[0] += n * apart * apart
        moments[1] += n * apart * apart * apart
        moments[2] += n * apart * apart * apart * apart
        away[0] += n * abs(apart)
        away[1] += n * abs(level - places[2])
        if places[0] <= level <= places[4]:
            kept += n
            middle += n * level
    robust = 0.0
    for level in range(counts.size):
        if places[0] <= level <= places[4]:
            robust += counts[level] * abs(level - middle / max(kept, 1))
    variance = moments[0] / many
    low, high = _level_at(counts, 0), _level_at(counts, many - 1)
    told[:17] = 0.0
    told[0], told[1], told[4] = mean, variance, places[2]
    if variance > 0.0:
        told[2] = moments[1] / many / variance**1.5
        told[3] = moments[2] / many / (variance * variance) - 3.0
    told[5], told[6], told[7], told[8] = low, places[0], places[4], high
    told[10], told[11] = places[3] - places[1], high - low
    told[12], told[14] = away[0] / many, away[1] / many
    told[13] = robust / max(kept, 1)
    told[15] = np.sqrt(variance) / mean
    told[16] = (places[3] - places[1]) / (places[3] + places[1])


@compiled
def _percentile(counts: NDArray[np.int64], many: int, share: float) -> float:
    """Level below which a share lies, linear between two voxels in order."""
    place = share * (many - 1)
    below = int(place)
    low, high = _level_at(counts, below), _level_at(counts, min(below + 1, many - 1))
    return low + (place - below) * (high - low)


@compiled
def _level_at(counts: NDArray[np.int64], place: int) -> float:
    """Level of a voxel by its place in order, from 0 on."""
    level, seen = 0, counts[0]
    while seen <= place:
        level += 1
        seen += counts[level]
    return float(level)


@compiled
def _mode(counts: NDArray[np.int64], count: int, mean: float) -> float:
    """The commonest level; of several the one nearest the mean."""
    mode = 1
    for level in range(2, count + 1):
        near = abs(level - mean) < abs(mode - mean)
        if counts[level] > counts[mode] or (counts[level] == counts[mode] and near):
            mode = level
    return float(mode)


@compiled
def _gradients(counts: NDArray[np.int64], count: int, told: NDArray[np.float64]) -> None:
    """Steepest rise and fall of the histogram, and the levels where they are."""
    for level in range(1, count + 1):
        before, after = max(level - 1, 1), min(level + 1, count)
        gradient = (counts[after] - counts[before]) / (after - before)
        if level == 1 or gradient > told[19]:
            told[19], told[20] = gradient, level
        if level == 1 or gradient < told[21]:
            told[21], told[22] = gradient, level


@compiled
def curve_of(
    ordered: NDArray[np.float64],
    rule: NDArray[np.float64],
    span: NDArray[np.float64],
    told: NDArray[np.float64],
) -> None:
    """Features of the intensity-volume histogram.

    As `families.intensity_volume.intensity_volume_features` has them.

    Parameters
    ----------
    ordered : (n,) float64 array
        Grey values in order; they become the middles of their bins.
    rule : (5,) float64 array
        Bins.
    span : (3,) float64 array
        Lowest and highest value of the range, NaN where they are the window's own; and how many
        bins of one size there are, NaN where it follows from these.
    told : (7,) float64 array
        Gets the features.
    """
    many = ordered.size
    low, high, step = _middles(ordered, rule, span)
    width = high - low
    for n in range(2):
        percent = (0.1, 0.9)[n]
        least = low + (percent - SAME) * width
        told[n] = (many - np.searchsorted(ordered, least)) / many
        larger = int(np.ceil(many * (90, 10)[n] / 100)) - 1
        told[2 + n] = ordered[larger] + step
    told[4], told[5] = told[0] - told[1], told[2] - told[3]
    told[6] = (ordered.mean() - low) / width if width > 0.0 else 1.0


@compiled
def _middles(
    ordered: NDArray[np.float64], rule: NDArray[np.float64], span: NDArray[np.float64]
) -> tuple[float, float, float]:
    """Replace values by the middles of their bins; both ends of the range, and the step."""
    if rule[0] == 0.0:
        whole = True
        for value in ordered:
            whole = whole and value == np.floor(value)
        low = ordered[0] if np.isnan(span[0]) else span[0]
        high = ordered[-1] if np.isnan(span[1]) else span[1]
        return low, high, 1.0 if whole else 0.0
    for n in range(ordered.size):
        ordered[n] = level_of(ordered[n], rule)
    if rule[0] == 1.0:
        return 1.0, rule[3], 1.0
    size, count = rule[3], ordered[-1]
    if not np.isnan(span[2]):
        count = span[2]
    elif not np.isnan(span[1]):
        count = np.ceil((span[1] - rule[1]) / size)
    for n in range(ordered.size):
        ordered[n] = rule[1] + (ordered[n] - 0.5) * size
    return rule[1] + 0.5 * size, rule[1] + (count - 0.5) * size, size


@compiled
def peaks_of(
    seen: Seen,
    middle: NDArray[np.int64],
    radii: NDArray[np.int64],
    brightest: float,
    told: NDArray[np.float64],
) -> None:
    """Mean of the sphere around the brightest voxel, and the highest of all.

    Parameters
    ----------
    seen : Seen
        The region.
    middle, radii : (3,) int64 array
        The window.
    brightest : float
        Its highest grey value.
    told : (2,) float64 array
        Gets the features.
    """
    values, counted, _, _, means = seen
    told[:] = -np.inf
    low, high = middle - radii, middle + radii + 1
    for i in range(max(low[0], 0), min(high[0], values.shape[0])):
        for j in range(max(low[1], 0), min(high[1], values.shape[1])):
            for k in range(max(low[2], 0), min(high[2], values.shape[2])):
                if counted[i, j, k]:
                    told[1] = max(told[1], means[i, j, k])
                    if values[i, j, k] == brightest:
                        told[0] = max(told[0], means[i, j, k])
