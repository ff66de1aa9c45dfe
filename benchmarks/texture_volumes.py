"""Grey volumes for the benchmark of texture, from seeded random fields."""

import numpy as np
from bone_volumes import trabecular
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

VERTEBRA_MM = (50.0, 36.0, 28.0)
"""Width, depth and height of a vertebral body."""


def grey(side: int) -> Floats:
    """A network of plates and rods as CT shows it: blurred, noisy, in whole numbers."""
    bone = trabecular(side)
    noise = np.random.default_rng(3).normal(0.0, 60.0, bone.shape)
    return np.rint(gaussian_filter(bone.astype(np.float64), 1.0) * 900.0 + 100.0 + noise)


def ellipsoid(side: int) -> tuple[Floats, Bools]:
    """A cube of that many voxels, and nearly the largest ellipsoid in it."""
    values = grey(200)[40 : 40 + side, 40 : 40 + side, 40 : 40 + side]
    along, half = np.arange(side) - (side - 1) / 2, side / 2 - 2
    i, j, k = (along / (half * part) for part in (1.0, 0.93, 0.85))
    inside = i[:, None, None] ** 2 + j[:, None] ** 2 + k**2 <= 1.0
    return np.ascontiguousarray(values), inside


def vertebra(spacing: tuple[float, float, float]) -> tuple[Floats, Bools]:
    """A body of `VERTEBRA_MM`, round in the slices and flat above and below."""
    shape = [int(np.ceil(mm / own)) + 4 for mm, own in zip(VERTEBRA_MM, spacing, strict=True)]
    # thicker slices leave out slices of a cube of the finest voxels
    thin = round(spacing[2] / min(spacing))
    cube = grey(max(shape[0], shape[1], shape[2] * thin))[:, :, ::thin]
    i, j, k = (np.arange(n) - (n - 1) / 2 for n in shape)
    half = [mm / own / 2 for mm, own in zip(VERTEBRA_MM, spacing, strict=True)]
    disc = (i / half[0])[:, None] ** 2 + (j / half[1]) ** 2 <= 1.0
    values = cube[: shape[0], : shape[1], : shape[2]]
    return np.ascontiguousarray(values), disc[:, :, None] & (np.abs(k) <= half[2])
