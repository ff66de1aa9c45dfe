"""All co-occurrence features of one window, from whole-number counts of unordered pairs."""

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import inlined

NAMES = (
    "cm_joint_max",
    "cm_joint_avg",
    "cm_joint_var",
    "cm_joint_entr",
    "cm_diff_avg",
    "cm_diff_var",
    "cm_diff_entr",
    "cm_sum_avg",
    "cm_sum_var",
    "cm_sum_entr",
    "cm_energy",
    "cm_contrast",
    "cm_dissimilarity",
    "cm_inv_diff",
    "cm_inv_diff_norm",
    "cm_inv_diff_mom",
    "cm_inv_diff_mom_norm",
    "cm_inv_var",
    "cm_corr",
    "cm_auto_corr",
    "cm_clust_tend",
    "cm_clust_shade",
    "cm_clust_prom",
    "cm_info_corr1",
    "cm_info_corr2",
)
"""Features, in the order in which they are told."""

PAIRS, LARGEST, SQUARES, ENTROPY, DIFFERENCE = range(5)
"""Places of sums: pairs; largest element of the symmetric matrix; sum of the squares of all; of
n log n of all; of n log n of how many pairs are each distance apart."""

APART, SQUARED, INVERSE, INVERSE_N, MOMENT, MOMENT_N, VARIANCE = range(5, 12)
"""Places of sums over pairs of something that hangs on the distance of their levels."""

PARTS = 12
"""Number of sums; whole numbers among them are exact below 2 to the 53rd."""

Floats = NDArray[np.float64]

Span = tuple[int, int]
"""Lowest and highest level in a window."""

Room = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]
"""Counts of levels, and of sums of two levels; and the sums."""


@inlined
def pair_features(
    counts: NDArray[np.int32],
    span: Span,
    xlog: NDArray[np.float64],
    room: Room,
    told: NDArray[np.float64],
) -> bool:
    """Features of a window by the IBSI, of the matrix merged over 13 directions.

    The symmetric matrix is twice the counts of unordered pairs, so that one half of it is enough;
    both marginals are the same.

    Parameters
    ----------
    counts : (levels, levels + 1) int32 array
        As of `osteon.features.texture.maps.pairs.change_pairs`.
    span : tuple of 2 int
        Lowest and highest level in the window: nothing else is looked at.
    xlog : (n,) float64 array
        n · log2 n up to twice the pairs of a window.
    room : Room
        Of levels + 1, 2 levels + 1 and `PARTS` places.
    told : (25,) float64 array
        Gets the features in the order of `NAMES`.

    Returns
    -------
    bool
        Whether there was a pair.
    """
    single, sums, part = room
    single[:] = 0
    sums[:] = 0
    part[:] = 0.0
    for apart in range(span[1] - span[0] + 1):
        _row(counts, apart, span, xlog, room)
    if part[PAIRS] == 0.0:
        return False
    _tell(room, span, xlog, told)
    return True


@inlined
def _row(
    counts: NDArray[np.int32],
    apart: int,
    span: Span,
    xlog: NDArray[np.float64],
    room: Room,
) -> None:
    """Add up the pairs whose levels are so far apart."""
    single, sums, part = room
    levels = counts.shape[0]
    here, squares = 0, 0
    first, end = span[0], span[1] + 1 - apart
    for low in range(first, end):
        count = int(counts[apart, low])
        here += count
        squares += count * count
    if here == 0:
        return
    # a pair of equal levels stands once in the matrix, twice as high
    twice = 2 if apart == 0 else 1
    total, largest = 0.0, 0
    for low in range(first, end):
        count = twice * int(counts[apart, low])
        total += xlog[count]
        largest = max(largest, count)
    for low in range(first, end):
        count = int(counts[apart, low])
        single[low] += count
        single[low + apart] += count
        sums[2 * low + apart] += count
    far, many = float(apart), float(here)
    part[PAIRS] += many
    part[LARGEST] = max(part[LARGEST], float(largest))
    part[SQUARES] += 2.0 * twice * squares
    part[ENTROPY] += total if apart == 0 else 2.0 * total
    part[DIFFERENCE] += xlog[here]
    part[APART] += many * far
    part[SQUARED] += many * far * far
    part[INVERSE] += many / (1.0 + far)
    part[INVERSE_N] += many / (1.0 + far / levels)
    part[MOMENT] += many / (1.0 + far * far)
    part[MOMENT_N] += many / (1.0 + far * far / (levels * levels))
    part[VARIANCE] += many / (far * far) if apart > 0 else 0.0


@inlined
def _tell(room: Room, span: Span, xlog: Floats, told: Floats) -> None:
    """Features from the sums."""
    single, sums, part = room
    pairs = part[PAIRS]
    mean, summed = 0.0, 0.0
    for level in range(2 * span[0], 2 * span[1] + 1):
        mean += sums[level] * float(level)
        summed += xlog[sums[level]]
    mean /= pairs
    second, third, fourth = 0.0, 0.0, 0.0
    for level in range(2 * span[0], 2 * span[1] + 1):
        away = level - mean
        weight = sums[level] * away * away
        second += weight
        third += weight * away
        fourth += weight * away * away
    one = 0.0
    for level in range(span[0], span[1] + 1):
        one += xlog[single[level]]
    second /= pairs
    contrast = part[SQUARED] / pairs
    apart = part[APART] / pairs
    variance = 0.25 * (second + contrast)
    told[0] = 0.5 * part[LARGEST] / pairs
    told[1] = 0.5 * mean
    told[2] = variance
    joint = np.log2(2.0 * pairs) - 0.5 * part[ENTROPY] / pairs
    told[3] = joint
    told[4] = apart
    told[5] = contrast - apart * apart
    told[6] = np.log2(pairs) - part[DIFFERENCE] / pairs
    told[7] = mean
    told[8] = second
    told[9] = np.log2(pairs) - summed / pairs
    told[10] = 0.25 * part[SQUARES] / (pairs * pairs)
    told[11] = contrast
    told[12] = apart
    told[13] = part[INVERSE] / pairs
    told[14] = part[INVERSE_N] / pairs
    told[15] = part[MOMENT] / pairs
    told[16] = part[MOMENT_N] / pairs
    told[17] = part[VARIANCE] / pairs
    told[18] = 0.25 * (second - contrast) / variance if variance > 0.0 else 1.0
    told[19] = 0.25 * (second + mean * mean - contrast)
    told[20] = second
    told[21] = third / pairs
    told[22] = fourth / pairs
    alone = np.log2(2.0 * pairs) - 0.5 * one / pairs
    told[23] = (joint - 2.0 * alone) / alone if variance > 0.0 else 1.0
    told[24] = np.sqrt(max(0.0, 1.0 - np.exp(-2.0 * (2.0 * alone - joint))))
