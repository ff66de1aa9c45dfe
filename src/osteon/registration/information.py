"""Mutual information of grey values at fixed places, and which way it rises."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BINS = 32
"""Classes of grey values along each image."""

INNER = BINS - 4
"""Steps that the second image's values have; windows of the outermost reach beyond by one."""


@dataclass(frozen=True, eq=False)
class Information:
    """Grey values of one image, to be told of by those of another at the same places.

    Windows are linear along the first image and cubic along the second, as in Mattes 2003
    (doi:10.1109/TMI.2002.803111), so that the information has a slope everywhere.

    Attributes
    ----------
    fixed : (n,) array
        Values 0 to 1.
    """

    fixed: NDArray[np.float64]

    def at(self, values: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        """Mutual information in nats with (n,) values 0 to 1, and its slope by each of them."""
        n = len(values)
        low_f, part_f = _classes(self.fixed, BINS - 1)
        low_f = np.minimum(low_f, BINS - 2)
        part_f = self.fixed * (BINS - 1) - low_f
        low, u = _classes(values, INNER)
        window = (
            np.stack([(1 - u) ** 3, 3 * u**3 - 6 * u**2 + 4, 1 + 3 * u * (1 + u - u**2), u**3]) / 6
        )
        rising = np.stack([-((1 - u) ** 2), 3 * u**2 - 4 * u, 1 + 2 * u - 3 * u**2, u**2]) / 2
        counts = np.zeros(BINS * BINS)
        cells = []
        for step_f, by_f in ((0, 1 - part_f), (1, part_f)):
            for step in range(4):
                cell = (low_f + step_f) * BINS + low + step
                counts += np.bincount(cell, by_f * window[step], BINS * BINS)
                cells.append((cell, by_f, step))
        both = (counts / n).reshape(BINS, BINS)
        rows, columns = both.sum(axis=1, keepdims=True), both.sum(axis=0, keepdims=True)
        there = both > 0
        ratio = np.zeros_like(both)
        np.divide(both, columns, out=ratio, where=there)
        told = np.log(ratio, out=np.zeros_like(both), where=there)
        share = np.log(rows, out=np.zeros_like(rows), where=rows > 0)
        value = float((both * (told - share)).sum())
        flat = told.ravel()
        slope = np.zeros(n)
        for cell, by_f, step in cells:
            slope += by_f * rising[step] * flat[cell]
        return value, slope * INNER / n


def _classes(
    values: NDArray[np.float64], most: int
) -> tuple[NDArray[np.intp], NDArray[np.float64]]:
    """Class below each value, and how far it is to the next."""
    at = values * most
    low = np.floor(at).astype(np.intp)
    return low, at - low
