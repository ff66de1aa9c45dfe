"""Grey level co-occurrence: how often two levels lie side by side."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import entr

from ....core.compiled import compiled
from ..discretise import Levels
from ..settings import DIMENSIONS, Dimension
from .directions import DIRECTIONS, IN_PLANE
from .matrices import Floats, averaged, variance

_NAMES = (
    "joint_max joint_avg joint_var joint_entr diff_avg diff_var diff_entr sum_avg sum_var "
    "sum_entr energy contrast dissimilarity inv_diff inv_diff_norm inv_diff_mom "
    "inv_diff_mom_norm inv_var corr auto_corr clust_tend clust_shade clust_prom info_corr1 "
    "info_corr2"
)

TAGS = tuple(f"cm_{name}" for name in _NAMES.split())
"""Tags of the features, without the ending of the aggregation."""


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sums of symmetric matrices of pairs of levels, one matrix a row.

    Attributes
    ----------
    one, apart : (m, g) float64 array
        Pairs by the level of either, 1 to g, and by the difference of both, 0 to g − 1.
    both : (m, 2g − 1) float64 array
        Pairs by the sum of both levels, 2 to 2g.
    cells : (m, 3) float64 array
        Largest entry, sum of squares and sum of n log2 n over the entries n.
    """

    one: Floats
    apart: Floats
    both: Floats
    cells: Floats

    def rows(self, first: int, last: int) -> "Pairs":
        """The matrices from `first` up to, not including, `last` that hold a pair."""
        kept = first + np.flatnonzero(self.one[first:last].any(axis=1))
        return Pairs(self.one[kept], self.apart[kept], self.both[kept], self.cells[kept])


def glcm_features(
    levels: Levels, dimensions: tuple[Dimension, ...] = DIMENSIONS
) -> dict[str, float]:
    """Co-occurrence features of IBSI 1, section 3.6 (doi:10.48550/arXiv.1612.07003).

    Neighbours at a Chebyshev distance of 1, symmetric matrices, no weights. Matrices without a
    pair are left out of averages; in a region of one level both correlations are 1.

    Parameters
    ----------
    levels : Levels
        Grey levels.
    dimensions : tuple of {"2D", "2.5D", "3D"}
        Aggregations wanted.

    Returns
    -------
    dict of str to float
        The 25 features ``cm_…`` in the two aggregations of each dimension; none of a dimension
        in which no two voxels lie side by side.
    """
    packed, count = levels.packed, levels.count
    steps = packed.steps(DIRECTIONS)
    found: dict[str, float] = {}
    if {"2D", "2.5D"} & set(dimensions):
        pairs = Pairs(
            *_in_slices(packed.flat, packed.voxels, packed.starts, steps[:IN_PLANE], count)
        )
        slices = packed.starts.size - 1
        single, merged, space = 4 * slices, 5 * slices, 5 * slices + 4
        if "2D" in dimensions:
            found |= _features(pairs.rows(0, single), "2D_avg")
            found |= _features(pairs.rows(single, merged), "2D_comb")
        if "2.5D" in dimensions:
            found |= _features(pairs.rows(merged, space), "2_5D_avg")
            found |= _features(pairs.rows(space, space + 1), "2_5D_comb")
    if "3D" in dimensions:
        pairs = Pairs(*_in_space(packed.flat, packed.voxels, steps, count))
        found |= _features(pairs.rows(0, steps.size), "3D_avg")
        found |= _features(pairs.rows(steps.size, steps.size + 1), "3D_comb")
    return found


@compiled
def _count(
    flat: NDArray[np.int32], voxels: NDArray[np.int64], step: int, table: NDArray[np.int64]
) -> None:
    """Add the pairs of voxels one step apart; neighbours outside go to column 0."""
    for at in voxels:
        table[flat[at], flat[at + step]] += 1


@compiled
def _sum_up(
    table: NDArray[np.int64],
    one: NDArray[np.float64],
    apart: NDArray[np.float64],
    both: NDArray[np.float64],
    cells: NDArray[np.float64],
) -> None:
    """Sums of one matrix, made symmetric by adding its transpose."""
    for i in range(1, table.shape[0]):
        for j in range(1, i + 1):
            n = table[i, j] + table[j, i]
            if n > 0:
                times = 1.0 if i == j else 2.0
                one[i - 1] += n
                one[j - 1] += n * (times - 1.0)
                apart[i - j] += n * times
                both[i + j - 2] += n * times
                cells[0] = max(cells[0], n)
                cells[1] += times * n * n
                cells[2] += times * n * np.log2(n)


@compiled
def _in_slices(
    flat: NDArray[np.int32],
    voxels: NDArray[np.int64],
    starts: NDArray[np.int64],
    steps: NDArray[np.int64],
    count: int,
) -> tuple[Floats, Floats, Floats, Floats]:
    """Sums of the matrices of each slice and direction, each slice, each direction, and all."""
    slices, ways = starts.size - 1, steps.size
    many = slices * ways + slices + ways + 1
    one, apart = np.zeros((many, count)), np.zeros((many, count))
    both, cells = np.zeros((many, 2 * count - 1)), np.zeros((many, 3))
    by_way = np.zeros((ways, count + 1, count + 1), np.int64)
    table, here = np.zeros_like(by_way[0]), np.zeros_like(by_way[0])
    for s in range(slices):
        here[:] = 0
        for way in range(ways):
            table[:] = 0
            _count(flat, voxels[starts[s] : starts[s + 1]], steps[way], table)
            m = s * ways + way
            _sum_up(table, one[m], apart[m], both[m], cells[m])
            here += table
            by_way[way] += table
        m = slices * ways + s
        _sum_up(here, one[m], apart[m], both[m], cells[m])
    here[:] = 0
    for way in range(ways):
        m = slices * (ways + 1) + way
        _sum_up(by_way[way], one[m], apart[m], both[m], cells[m])
        here += by_way[way]
    _sum_up(here, one[many - 1], apart[many - 1], both[many - 1], cells[many - 1])
    return one, apart, both, cells


@compiled
def _in_space(
    flat: NDArray[np.int32], voxels: NDArray[np.int64], steps: NDArray[np.int64], count: int
) -> tuple[Floats, Floats, Floats, Floats]:
    """Sums of the matrices of each direction, and of all of them together."""
    many = steps.size + 1
    one, apart = np.zeros((many, count)), np.zeros((many, count))
    both, cells = np.zeros((many, 2 * count - 1)), np.zeros((many, 3))
    total = np.zeros((count + 1, count + 1), np.int64)
    table = np.zeros_like(total)
    for way in range(steps.size):
        table[:] = 0
        _count(flat, voxels, steps[way], table)
        _sum_up(table, one[way], apart[way], both[way], cells[way])
        total += table
    _sum_up(total, one[many - 1], apart[many - 1], both[many - 1], cells[many - 1])
    return one, apart, both, cells


def _features(pairs: Pairs, ending: str) -> dict[str, float]:
    """Mean over matrices of each feature."""
    count = pairs.one.shape[1]
    total = pairs.one.sum(axis=1)
    one, apart = pairs.one / total[:, None], pairs.apart / total[:, None]
    both = pairs.both / total[:, None]
    level, gap, sums = (
        np.arange(1.0, count + 1),
        np.arange(float(count)),
        np.arange(2.0, 2 * count + 1),
    )
    mean, spread = one @ level, variance(one, level)
    contrast, dissimilarity = apart @ gap**2, apart @ gap
    auto = (both @ sums**2 - contrast) / 4
    away = sums - 2 * mean[:, None]
    square = both * away * away
    tendency, shade = square.sum(axis=1), (square * away).sum(axis=1)
    prominence = (square * away * away).sum(axis=1)
    entropy, either = np.log2(total) - pairs.cells[:, 2] / total, _entropy(one)
    flat = spread == 0
    inverse = 1 / np.maximum(gap, 1) ** 2 * (gap > 0)
    features = [
        pairs.cells[:, 0] / total,
        mean,
        spread,
        entropy,
        dissimilarity,
        variance(apart, gap),
        _entropy(apart),
        both @ sums,
        variance(both, sums),
        _entropy(both),
        pairs.cells[:, 1] / total**2,
        contrast,
        dissimilarity,
        apart @ (1 / (1 + gap)),
        apart @ (1 / (1 + gap / count)),
        apart @ (1 / (1 + gap**2)),
        apart @ (1 / (1 + (gap / count) ** 2)),
        apart @ inverse,
        np.where(flat, 1.0, (auto - mean**2) / np.where(flat, 1.0, spread)),
        auto,
        tendency,
        shade,
        prominence,
        # the entropies of the independent matrix are both twice that of one level
        np.where(flat, 1.0, (entropy - 2 * either) / np.where(flat, 1.0, either)),
        np.sqrt(1 - np.exp(-2 * np.maximum(2 * either - entropy, 0))),
    ]
    return averaged(TAGS, features, ending)


def _entropy(shares: Floats) -> Floats:
    """Entropy of each row of shares, in bits."""
    return np.asarray(entr(shares).sum(axis=1) / np.log(2))
