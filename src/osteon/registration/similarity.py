"""How alike two images are under a transform: mutual information, or correlation."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from ..core import Volume
from .transforms import Rigid

BINS = 24
"""Classes of grey values along each image; few enough that a few thousand places fill them."""

LEAST_SEEN = 0.3
"""Smallest part of the places that the moving image must show, to be compared at all."""


@dataclass(frozen=True, eq=False)
class Similarity:
    """Grey values of the fixed image at places of a region, to be compared with a moving image.

    Attributes
    ----------
    points : (n, 3) array
        World LPS mm in the fixed image.
    fixed : (n,) array
        Its values there, 0 to 1.
    moving : Volume
        Moving image, values 0 to 1.
    allowed : (i, j, k) array or None
        Where the moving image counts, 0 to 1 on its grid; everywhere if None.
    metric : str
        ``"mutual-information"`` or ``"correlation"``.
    """

    points: NDArray[np.float64]
    fixed: NDArray[np.float64]
    moving: Volume
    allowed: NDArray[np.float32] | None
    metric: str

    def at(self, transform: Rigid) -> tuple[float, float]:
        """Similarity under a transform, and the part of the places that the moving image shows.

        Mutual information is in nats (0 or more), correlation the squared coefficient (0 to 1);
        both times the part that is shown, since a place that is not shown tells nothing: without
        it, a pose that hides what does not fit would look better than the right one. Where less
        than `LEAST_SEEN` of the region is shown, the similarity is 0.
        """
        index = self.moving.grid.to_index(transform(self.points)).T
        last = np.array(self.moving.grid.shape)[:, None] - 1
        seen = ((index >= 0) & (index <= last)).all(axis=0)
        if self.allowed is not None:
            seen &= ndimage.map_coordinates(self.allowed, index, order=1, mode="nearest") >= 0.5
        shown = float(seen.mean())
        if shown < LEAST_SEEN:
            return 0.0, shown
        values = ndimage.map_coordinates(
            self.moving.values, index[:, seen], order=1, mode="nearest"
        ).astype(np.float64)
        if self.metric == "correlation":
            return correlation(self.fixed[seen], values) * shown, shown
        return _information(self.fixed[seen], values) * shown, shown

    def value(self, transform: Rigid) -> float:
        """Similarity under a transform alone."""
        return self.at(transform)[0]


def correlation(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Squared correlation of two (n,) arrays; 0 where one of them does not vary."""
    a, b = a - a.mean(), b - b.mean()
    spread = float((a @ a) * (b @ b))
    return float(a @ b) ** 2 / spread if spread > 0 else 0.0


def _information(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    """Mutual information in nats; values shared by the two nearest classes of both images."""
    counts = np.zeros(BINS * BINS)
    (low_a, part_a), (low_b, part_b) = _classes(a), _classes(b)
    for step_a, weight_a in ((0, 1 - part_a), (1, part_a)):
        for step_b, weight_b in ((0, 1 - part_b), (1, part_b)):
            place = (low_a + step_a) * BINS + low_b + step_b
            counts += np.bincount(place, weight_a * weight_b, BINS * BINS)
    both = (counts / len(a)).reshape(BINS, BINS)
    apart = both.sum(axis=1)[:, None] * both.sum(axis=0)
    there = both > 0
    return float(np.sum(both[there] * np.log(both[there] / apart[there])))


def _classes(values: NDArray[np.float64]) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Lower class of each value from 0 to 1, and the part that belongs to the next."""
    at = np.clip(values, 0, 1) * (BINS - 1)
    low = np.minimum(at.astype(np.intp), BINS - 2)
    return low, at - low
