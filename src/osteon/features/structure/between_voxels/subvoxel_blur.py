"""How much an image is blurred, read from its edges, and what blur does to a bent surface."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import maximum_filter, minimum_filter
from scipy.special import ndtri

from .subvoxel_field import SPLINE_VARIANCE, VOXEL_VARIANCE
from .surface_points import bends

DEEP = 5
"""A voxel shows the plain value of its phase if all of this many voxels around it are alike."""

ENOUGH = 50
"""Deep voxels needed for the plain value of a phase."""

AT_MOST = 50_000
"""Surface points that are looked at."""

WIDEST = 6.0
"""Largest variance of the blur, in voxels²; beyond it the edges are those of the bone itself."""

ALIKE = 0.05
"""How strongly the three axes are taken to be blurred alike, where the edges do not tell."""

SHARPEST = SPLINE_VARIANCE + 0.5 * VOXEL_VARIANCE
"""Smallest variance, in voxels²: that of the spline, and a little of the voxel."""


def contrast(grey: NDArray[np.generic], bone: NDArray[np.bool_], threshold: float) -> float:
    """Step in grey value that the slope at `threshold` speaks of.

    Where one phase is nowhere deep enough to show its plain value, the threshold is taken to lie
    midway.

    Parameters
    ----------
    grey : (i, j, k) array
        Grey values.
    bone : (i, j, k) bool array
        Where they are above `threshold`.
    threshold : float
        Value on the surface.

    Returns
    -------
    float
        Step that would give, with its surface midway, the slope found at `threshold`.
    """
    within = grey[minimum_filter(bone, DEEP)]
    outside = grey[~maximum_filter(bone, DEEP)]
    high = float(np.median(within)) if within.size >= ENOUGH else None
    low = float(np.median(outside)) if outside.size >= ENOUGH else None
    if high is None and low is None:
        high, low = float(grey.max()), float(grey.min())
    elif high is None and low is not None:
        high = 2 * threshold - low
    elif low is None and high is not None:
        low = 2 * threshold - high
    assert high is not None
    assert low is not None
    share = min(max((threshold - low) / (high - low), 0.1), 0.9)
    return (high - low) * math.exp(-(float(ndtri(share)) ** 2) / 2)


def blur_of(
    grey: NDArray[np.float32], places: NDArray[np.float64], step: float
) -> NDArray[np.float64]:
    """Variance of the blur along i, j, k, smoothing by voxel and spline included, in voxels².

    A straight step of height h, blurred by a Gaussian of standard deviation s, has the slope
    h / (s √2π) in its middle. On bent surfaces the slope is less by a part that is known for rods
    and balls.

    Parameters
    ----------
    grey : (i + 4, j + 4, k + 4) array
        Values as from `continued`.
    places : (points, 3) array
        Points of the surface, in voxels.
    step : float
        Height of the step, from `contrast`.

    Returns
    -------
    (3,) array
        Variances, each 0.375 to 6.
    """
    some = places[:: 1 + len(places) // AT_MOST]
    variance = np.full(3, SPLINE_VARIANCE + VOXEL_VARIANCE + 0.25)
    for _ in range(3):
        shape = bends(grey, some, variance)
        steep = (shape[:, :3] ** 2).sum(1)
        shape, steep = shape[steep > 0], steep[steep > 0]
        loss = 0.325 * shape[:, 4] - 0.05 * shape[:, 3] ** 2
        width = step**2 / (2 * np.pi * steep) * np.clip(1 - loss, 0.3, 1) ** 2
        middle = np.median(width)
        usual = (width > 0.4 * middle) & (width < 2.5 * middle)
        weight = 1 / (0.05 + shape[usual, 4]) ** 2
        weight /= weight.mean()
        axes = shape[usual, :3] ** 2 / steep[usual, None]
        equations = (axes.T * weight) @ axes + ALIKE * len(axes) * (np.eye(3) - 1 / 3)
        found = np.linalg.solve(equations, (axes.T * weight) @ width[usual])
        variance = np.clip(found, SHARPEST, WIDEST)
    return variance


def known_blur(deviation: NDArray[np.float64]) -> NDArray[np.float64]:
    """Variance along i, j, k of a known blur, with the smoothing by voxel and spline.

    Parameters
    ----------
    deviation : (3,) array
        Standard deviation of the blur of the scanner, in voxels.

    Returns
    -------
    (3,) array
        Variances in voxels².
    """
    return SPLINE_VARIANCE + VOXEL_VARIANCE + np.asarray(deviation) ** 2
