"""Statistics of grey values in a sliding window."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled, inlined, parallel, prange
from .order import in_order
from .window import Places, numbers_of

NAMES = (
    "stat_mean",
    "stat_var",
    "stat_skew",
    "stat_kurt",
    "stat_median",
    "stat_min",
    "stat_p10",
    "stat_p90",
    "stat_max",
    "stat_iqr",
    "stat_range",
    "stat_mad",
    "stat_rmad",
    "stat_medad",
    "stat_cov",
    "stat_qcod",
    "stat_energy",
    "stat_rms",
)
"""Features, in the order in which they are told."""

SHARES = np.array([0.1, 0.25, 0.5, 0.75, 0.9])


def first_order_maps(
    values: NDArray[np.floating],
    region: NDArray[np.bool_],
    places: Places,
    names: Sequence[str],
) -> dict[str, NDArray[np.float32]]:
    """Statistics of the grey values of every window whose middle lies in the region.

    Parameters
    ----------
    values : (i, j, k) float array
        Grey values, finite in the region.
    region : (i, j, k) bool array
        Voxels that count.
    places : Places
        The windows.
    names : sequence of str
        Of `NAMES`; as `osteon.features.texture.families.statistics` defines them.

    Returns
    -------
    dict of str to array
        On the grid of `places`; 0 where the middle lies outside the region. Coefficients whose
        divisor is 0 are 0.

    Raises
    ------
    UnknownName
        If a name is no statistic.
    """
    chosen = numbers_of(names, NAMES, "statistic")
    made = np.zeros((len(names), *places.grid.shape), np.float32)
    _slide(np.ascontiguousarray(values), np.ascontiguousarray(region), places.lattice, chosen, made)
    return dict(zip(names, made, strict=True))


@parallel
def _slide(
    values: NDArray[np.float32],
    region: NDArray[np.bool_],
    lattice: NDArray[np.int64],
    chosen: NDArray[np.int64],
    made: NDArray[np.float32],
) -> None:
    """Every row of windows along the last axis."""
    rows, columns = made.shape[1], made.shape[2]
    for n in prange(rows * columns):
        place = (n // columns, n % columns)
        _row((values, region), lattice, chosen, made[:, place[0], place[1]], place)


@compiled
def _row(
    seen: tuple[NDArray[np.float32], NDArray[np.bool_]],
    lattice: NDArray[np.int64],
    chosen: NDArray[np.int64],
    made: NDArray[np.float32],
    place: tuple[int, int],
) -> None:
    """Windows one behind the other."""
    values, region = seen
    first, step, radii = lattice[0], lattice[1], lattice[2]
    middle = np.empty(3, np.int64)
    middle[0], middle[1] = first[0] + place[0] * step[0], first[1] + place[1] * step[1]
    inside = np.empty(np.prod(2 * radii + 1), np.float64)
    told = np.zeros(len(NAMES), np.float64)
    for n in range(made.shape[1]):
        middle[2] = first[2] + n * step[2]
        if not region[middle[0], middle[1], middle[2]]:
            continue
        many = _gathered(values, region, middle, radii, inside)
        statistics_of(in_order(inside[:many]), told)
        for at in range(chosen.size):
            made[at, n] = told[chosen[at]]


@inlined
def _gathered(
    values: NDArray[np.float32],
    region: NDArray[np.bool_],
    middle: NDArray[np.int64],
    radii: NDArray[np.int64],
    inside: NDArray[np.float64],
) -> int:
    """Grey values of a window; returns how many."""
    many = 0
    low = np.maximum(middle - radii, 0)
    for i in range(low[0], min(middle[0] + radii[0] + 1, values.shape[0])):
        for j in range(low[1], min(middle[1] + radii[1] + 1, values.shape[1])):
            for k in range(low[2], min(middle[2] + radii[2] + 1, values.shape[2])):
                if region[i, j, k]:
                    inside[many] = values[i, j, k]
                    many += 1
    return many


@inlined
def statistics_of(ordered: NDArray[np.float64], told: NDArray[np.float64]) -> None:
    """Statistics of values in order.

    Parameters
    ----------
    ordered : (n,) float64 array
        Lowest first.
    told : (18,) float64 array
        Gets the features in the order of `NAMES`.
    """
    many = ordered.size
    total, energy = 0.0, 0.0
    for value in ordered:
        total += value
        energy += value * value
    mean = total / many
    at = np.empty(SHARES.size, np.float64)
    for n in range(SHARES.size):
        place = SHARES[n] * (many - 1)
        below = int(place)
        above = min(below + 1, many - 1)
        at[n] = ordered[below] + (place - below) * (ordered[above] - ordered[below])
    second, third, fourth, away, median = 0.0, 0.0, 0.0, 0.0, 0.0
    robust, kept = 0.0, 0
    for value in ordered:
        apart = value - mean
        square = apart * apart
        second += square
        third += square * apart
        fourth += square * square
        away += abs(apart)
        median += abs(value - at[2])
        if at[0] <= value <= at[4]:
            robust += value
            kept += 1
    robust = robust / kept if kept > 0 else 0.0
    spread = 0.0
    for value in ordered:
        if at[0] <= value <= at[4]:
            spread += abs(value - robust)
    variance = second / many if ordered[0] < ordered[-1] else 0.0
    told[0], told[1], told[4] = mean, variance, at[2]
    told[2] = third / many / variance**1.5 if variance > 0.0 else 0.0
    told[3] = fourth / many / (variance * variance) - 3.0 if variance > 0.0 else 0.0
    told[5], told[6], told[7], told[8] = ordered[0], at[0], at[4], ordered[-1]
    told[9], told[10] = at[3] - at[1], ordered[-1] - ordered[0]
    told[11], told[13] = away / many, median / many
    told[12] = spread / kept if kept > 0 else 0.0
    told[14] = np.sqrt(variance) / mean if mean != 0.0 else 0.0
    told[15] = (at[3] - at[1]) / (at[3] + at[1]) if at[3] + at[1] != 0.0 else 0.0
    told[16], told[17] = energy, np.sqrt(energy / many)
