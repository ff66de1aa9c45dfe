"""Which windows share a texture: near radiomic descriptors, of one vertebra if possible."""

import numpy as np
from numpy.typing import NDArray


def partners(
    descriptor: NDArray[np.floating],
    vertebra: NDArray[np.integer],
    patient: NDArray[np.integer],
    *,
    near: float,
    most: int,
) -> NDArray[np.int64]:
    """Windows that can stand beside each window as a second view of its texture.

    Parameters
    ----------
    descriptor : (n, d) array
        Texture of each window, whitened: over all windows every column has mean 0 and SD 1, and
        no two go together.
    vertebra, patient : (n,) integer array
        What each window is of.
    near : float
        Windows are near when their distance is at most this share of what it is between two
        windows drawn at random, √(2 d).
    most : int
        Partners of a window at most; the nearest ones.

    Returns
    -------
    (n, most) int64 array
        Numbers of windows, repeated where there are fewer. They are near ones of the same
        vertebra; where there is none, near ones of the patient's other vertebrae; where there is
        none either, the window itself.
    """
    values = np.asarray(descriptor, np.float64)
    farthest = near * np.sqrt(2.0 * values.shape[1])
    found = np.repeat(np.arange(len(values))[:, None], most, axis=1)
    order = np.argsort(patient, kind="stable")
    ends = np.flatnonzero(np.diff(np.asarray(patient)[order])) + 1
    for own in np.split(order, ends) if len(order) else ():
        apart = _distances(values[own])
        same = vertebra[own][:, None] == vertebra[own]
        for row, number in enumerate(own):
            fit = apart[row] <= farthest
            fit[row] = False
            inside = fit & same[row]
            chosen = np.flatnonzero(inside if inside.any() else fit)
            if len(chosen):
                chosen = chosen[np.argsort(apart[row][chosen], kind="stable")][:most]
                found[number] = own[np.resize(chosen, most)]
    return found


def _distances(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Euclidean distance of each row to each."""
    long = np.square(values).sum(axis=1)
    squared = long[:, None] + long - 2.0 * values @ values.T
    apart: NDArray[np.float64] = np.sqrt(np.maximum(squared, 0.0))
    return apart
