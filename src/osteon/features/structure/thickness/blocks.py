"""Volumes larger than memory: slabs of slices whose distances are proven to be exact."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting
from .distance import squared_distances
from .metric import Metric

FIRST_HALO = 16
"""Slices looked at beyond a slab at first; more where they turn out to be too few."""


@dataclass(frozen=True, eq=False)
class Slab:
    """Some slices of a volume, with as many around them as their spheres need.

    Attributes
    ----------
    core : slice
        The slices that this slab is there for, in the volume; every slice is in one core.
    start : int
        First slice of `squared`, in the volume.
    squared : (i, j, k) int32 or int64 array
        Squared distances to the background, of the core and of the slices around it. Every
        sphere that reaches a voxel of the core (or of its rim) has its true size here.
    """

    core: slice
    start: int
    squared: NDArray[Any]

    def own(self, rim: int = 0) -> slice:
        """Slices of `squared` that belong to the core, with up to `rim` more on both sides."""
        first = max(0, self.core.start - self.start - rim)
        return slice(first, min(len(self.squared), self.core.stop - self.start + rim))


def slabs(
    phase: NDArray[np.bool_], metric: Metric, block: int | None, rim: int = 0
) -> Iterator[Slab]:
    """Slabs of a phase, with distances that are exact as far as they matter.

    The slices around a slab are cut off somewhere, and what lies beyond is unknown there, so that
    distances come out too large, never too small. A distance not above the distance to the first
    unseen slice is true. If that holds for every sphere that reaches the core, the core is exact:
    a sphere centred beyond the cut that reaches the core would, since distances change by no more
    than the step, show at the cut as a sphere that reaches the core and the unseen. Where it does
    not hold, more slices are taken.

    Parameters
    ----------
    phase : (i, j, k) bool array
        The voxels to measure in, at least one of all being outside.
    metric : Metric
        How far apart voxels are.
    block : int or None
        Slices of a core; None for all.
    rim : int
        Slices on both sides of a core that must be exact, too.

    Yields
    ------
    Slab
        From the first slice to the last.

    Raises
    ------
    BadSetting
        If `block` is below 1.
    """
    if block is not None and block < 1:
        raise BadSetting(f"a block is at least 1 slice; got {block}.")
    count = len(phase)
    size = count if block is None else block
    halo = FIRST_HALO
    for first in range(0, count, size):
        core = slice(first, min(first + size, count))
        while True:
            low, high = max(0, first - rim - halo), min(count, core.stop + rim + halo)
            slab = Slab(core, low, squared_distances(phase[low:high], metric))
            if _settled(slab, metric, count, rim):
                break
            halo += max(1, halo // 2)
        yield slab
        del slab


def _settled(slab: Slab, metric: Metric, count: int, rim: int) -> bool:
    """Whether every sphere that reaches the core and its rim is known to have its true size."""
    size = len(slab.squared)
    place = np.arange(size)
    unseen = np.full(size, count)
    if slab.start > 0:
        unseen = np.minimum(unseen, place + 1)
    if slab.start + size < count:
        unseen = np.minimum(unseen, size - place)
    if unseen.min() == count:
        return True
    own = slab.own(rim)
    apart = np.maximum(np.maximum(own.start - place, place - own.stop + 1), 0)
    safe = metric.weights[0] * np.maximum(apart, unseen).astype(np.int64) ** 2
    return bool((slab.squared.max(axis=(1, 2)) <= safe).all())
