"""Structural similarity in a mask, on one scale and on several."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

Values = NDArray[np.float64]
Inside = NDArray[np.bool_]

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Weight of each scale, finest first (Wang 2003, doi:10.1109/ACSSC.2003.1292216)."""

RADIUS = 5
SIGMA = 1.5
"""Gaussian window of 11 voxels a side with this standard deviation, in voxels of each scale."""

STEADY = (0.01, 0.03)
"""Shares of the range that keep the quotients steady (K1, K2 of Wang 2004)."""


def scales_that_fit(shape: tuple[int, ...]) -> int:
    """Scales, 1 to 5, on the coarsest of which a window still fits into every side but flat ones.

    A side of one voxel (a single slice) is not halved and not counted.
    """
    shortest = min((n for n in shape if n > 1), default=1)
    least = 2 * RADIUS + 1
    return max(1, min(len(WEIGHTS), int(math.log2(max(shortest / least, 1))) + 1))


def similarity(
    reference: Values, test: Values, inside: Inside, width: float, scales: int
) -> tuple[float, float]:
    """Mean structural similarity, and its product over scales.

    Local means, variances and covariances are Gaussian averages over the voxels of the mask alone:
    windows are cut off at its border and at that of the image, and their weights made to add up to
    1. What lies outside therefore counts for nothing. Each coarser scale averages blocks of 2×2×2
    voxels, again over those inside; a block belongs to the mask if one of its voxels does.

    Parameters
    ----------
    reference, test : ndarray of float, shape (i, j, k)
        Values above the lowest of the range: never HU as they are, whose zero is water.
    inside : ndarray of bool, shape (i, j, k)
        The mask, not empty.
    width : float
        Highest less lowest value of the range.
    scales : int
        Scales, 1 to 5; their weights are made to add up to 1.

    Returns
    -------
    single, multiple : float
        SSIM and MS-SSIM; 1 where both are equal. A mean structure below 0 counts as 0 in the
        product.
    """
    weights = np.array(WEIGHTS[:scales]) / sum(WEIGHTS[:scales])
    single, product = 0.0, 1.0
    for scale, weight in enumerate(weights):
        if scale:
            (reference, test), inside = _halved((reference, test), inside)
        full, structure = _means(reference, test, inside, width)
        single = full if scale == 0 else single
        part = full if scale == scales - 1 else structure
        product *= max(part, 0.0) ** float(weight)
    return single, product


def _means(x: Values, y: Values, inside: Inside, width: float) -> tuple[float, float]:
    """Mean similarity, and mean of its part of contrast and structure, over the mask."""
    steady, shaky = ((share * width) ** 2 for share in STEADY)
    share = _smoothed(inside.astype(np.float64))[inside]

    def local(values: Values) -> Values:
        average: Values = _smoothed(np.where(inside, values, 0.0))[inside] / share
        return average

    mean_x, mean_y = local(x), local(y)
    spread = local(x * x) + local(y * y) - mean_x**2 - mean_y**2
    shared = local(x * y) - mean_x * mean_y
    structure = (2 * shared + shaky) / (spread + shaky)
    light = (2 * mean_x * mean_y + steady) / (mean_x**2 + mean_y**2 + steady)
    return float((light * structure).mean()), float(structure.mean())


def _smoothed(values: Values) -> Values:
    """Gaussian sums, with nothing beyond the border."""
    taps = np.exp(-0.5 * (np.arange(-RADIUS, RADIUS + 1) / SIGMA) ** 2)
    for axis in range(values.ndim):
        values = ndimage.correlate1d(values, taps / taps.sum(), axis, mode="constant")
    return values


def _halved(images: tuple[Values, Values], inside: Inside) -> tuple[tuple[Values, Values], Inside]:
    """Means of blocks of two voxels a side over the mask; a side of one voxel stays."""
    count = _blocks(inside.astype(np.float64))
    held = count > 0
    x, y = (_blocks(np.where(inside, image, 0.0)) / np.where(held, count, 1) for image in images)
    return (x, y), held


def _blocks(values: Values) -> Values:
    """Sums over blocks of two voxels a side."""
    for axis, side in enumerate(values.shape):
        if side > 1:
            values = np.add.reduceat(values, np.arange(0, side, 2), axis=axis)
    return values
