"""Features of windows, each measured as a region of its own, side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, parallel, prange
from .first_order import statistics_of
from .inside.around import dependence_features, look_around, tone_features
from .inside.box import Box, Seen, bin_alone, gather, own_rule, steps_of
from .inside.pairs import pairs_of_box
from .inside.runs import runs_of_box
from .inside.told import ALL, STARTS, TAGS
from .inside.values import curve_of, histogram_of, peaks_of
from .inside.zones import zone_features, zones_of_box
from .order import in_order
from .pairs import xlogx

TOGETHER = 8
"""Windows that one thread measures in turn."""

PEAKS, VALUES, HISTOGRAM, CURVE, PAIRS, RUNS, SIZES, DEPTHS, TONES, NEAR = range(10)
"""Numbers of the families, as of `TAGS`."""

Layout = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], int]
"""Half of a window along each axis; steps to the 13 neighbours; steps to the next place along the
first and the second axis; the longest run."""

Bins = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], int]
"""Rule of the levels, rule and span of the intensity-volume histogram, and levels that there may
be, 0 where each window has its own."""


@dataclass(frozen=True, eq=False)
class Measured:
    """What windows are measured in.

    Attributes
    ----------
    seen : Seen
        The region.
    bins : Bins
        Levels.
    """

    seen: Seen
    bins: Bins


def features_of_windows(
    measured: Measured,
    middles: NDArray[np.int64],
    radii: NDArray[np.int64],
    names: Sequence[str],
) -> NDArray[np.float32]:
    """Features of windows, each as if the voxels it holds were all there is.

    Parameters
    ----------
    measured : Measured
        The region.
    middles : (windows, 3) int64 array
        Voxels of the region; each window holds at least one that counts.
    radii : (3,) int64 array
        Half of a window.
    names : sequence of str
        Of `ALL`.

    Returns
    -------
    (windows, features) float32 array
        NaN where a window has no such feature.
    """
    chosen = np.array([ALL.index(name) for name in names], np.int64)
    wanted = np.array([bool(set(told) & set(names)) for told in TAGS.values()])
    _, rows, columns = (int(side) for side in 2 * radii + 3)
    longest = int(2 * radii.max() + 1)
    layout = (radii, steps_of(radii), np.array([rows * columns, columns]), longest)
    xlog = xlogx(26 * int(np.prod(2 * radii + 1)))
    made = np.empty((len(middles), len(names)), np.float32)
    _all(measured.seen, middles, layout, measured.bins, (xlog, wanted, chosen), made)
    return made


@parallel
def _all(
    seen: Seen,
    middles: NDArray[np.int64],
    layout: Layout,
    bins: Bins,
    asked: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]],
    made: NDArray[np.float32],
) -> None:
    """All windows, a few at a time."""
    many = middles.shape[0]
    for turn in prange((many + TOGETHER - 1) // TOGETHER):
        last = min((turn + 1) * TOGETHER, many)
        for n in range(turn * TOGETHER, last):
            _one(seen, middles[n], layout, bins, asked, made[n])


@compiled
def _one(
    seen: Seen,
    middle: NDArray[np.int64],
    layout: Layout,
    bins: Bins,
    asked: tuple[NDArray[np.float64], NDArray[np.bool_], NDArray[np.int64]],
    made: NDArray[np.float32],
) -> None:
    """One window."""
    xlog, wanted, chosen = asked
    told = np.zeros(STARTS[-1])
    box = gather(seen, middle, layout[0])
    if wanted[:PAIRS].any():
        _of_values(seen, middle, layout[0], (box, bins, wanted), told)
    if wanted[HISTOGRAM] or wanted[PAIRS:].any():
        count = bins[3]
        if count == 0:
            count = bin_alone(box, bins[0])
        if wanted[HISTOGRAM]:
            histogram_of(box, count, told[STARTS[HISTOGRAM] : STARTS[HISTOGRAM + 1]])
        _of_levels(box, count, layout, (xlog, wanted), told)
    for n in range(chosen.size):
        made[n] = told[chosen[n]]


@compiled
def _of_values(
    seen: Seen,
    middle: NDArray[np.int64],
    radii: NDArray[np.int64],
    taken: tuple[Box, Bins, NDArray[np.bool_]],
    told: NDArray[np.float64],
) -> None:
    """Families of grey values."""
    box, bins, wanted = taken
    inside = box[3]
    if wanted[PEAKS]:
        peaks = told[STARTS[PEAKS] : STARTS[PEAKS + 1]]
        peaks_of(seen, middle, radii, inside.max(), peaks)
    if not (wanted[VALUES] or wanted[CURVE]):
        return
    ordered = in_order(inside)
    if wanted[VALUES]:
        statistics = told[STARTS[VALUES] : STARTS[VALUES + 1]]
        statistics_of(ordered, statistics)
        # a part of nothing has no value, but nothing of nothing is 0
        if statistics[0] == 0.0 and statistics[1] > 0.0:
            statistics[14] = np.nan
        if statistics[9] > 0.0 and statistics[15] == 0.0:
            statistics[15] = np.nan
    if wanted[CURVE]:
        rule = own_rule(bins[1], ordered[0], ordered[-1]) if bins[3] == 0 else bins[1]
        curve_of(ordered, rule, bins[2], told[STARTS[CURVE] : STARTS[CURVE + 1]])


@compiled
def _of_levels(
    box: Box,
    count: int,
    layout: Layout,
    asked: tuple[NDArray[np.float64], NDArray[np.bool_]],
    told: NDArray[np.float64],
) -> None:
    """Families of matrices."""
    xlog, wanted = asked
    _, steps, strides, longest = layout
    if wanted[PAIRS]:
        pairs_of_box(box, count, steps, xlog, told[STARTS[PAIRS] : STARTS[PAIRS + 1]])
    if wanted[RUNS]:
        runs = told[STARTS[RUNS] : STARTS[RUNS + 1]]
        runs_of_box(box, (count, longest), (steps, strides), xlog, runs)
    if wanted[SIZES] or wanted[DEPTHS]:
        level, size, depth = zones_of_box(box, steps, strides)
        both = (count, box[2].size)
        zone_features((level, size), both, xlog, told[STARTS[SIZES] : STARTS[SIZES + 1]])
        zone_features((level, depth), both, xlog, told[STARTS[DEPTHS] : STARTS[DEPTHS + 1]])
    if wanted[TONES] or wanted[NEAR]:
        around = look_around(box, steps)
        tone_features(box, around, count, told[STARTS[TONES] : STARTS[TONES + 1]])
        dependence_features(box, around, count, xlog, told[STARTS[NEAR] : STARTS[NEAR + 1]])
