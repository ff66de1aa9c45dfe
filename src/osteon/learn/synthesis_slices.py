"""Volumes as the sagittal slices that a synthesis sees, and draws of them."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from ..core import HU, Grid, UnsuitableScan, Volume, resample

AIR = -1000.0
"""HU where there is nothing."""

LOW, HIGH = -300.0, 1500.0
"""HU taken to −1 and 1, once what is below `KNEE_HU` is compressed."""

KNEE_HU, SQUEEZED = -200.0, 8.0
"""Below this HU there is air or its edge, which is compressed eightfold."""

BRIGHT, ROOM = 99.0, 1.25
"""Percentile of an MR that is bright fat and marrow, and how far above it values are kept."""

Slices = NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class KneeSlices:
    """What a synthesis is trained on, of one knee.

    Attributes
    ----------
    mr : (n, i, j) array
        Sagittal slices from −1 to 1, of any float type.
    ct : (m, i', j') array
        Likewise. Of a pair on the places of `mr`, NaN where the CT does not reach.
    """

    mr: NDArray[np.floating]
    ct: NDArray[np.floating]


def sagittal_grid(grid: Grid, pixel_mm: float) -> Grid:
    """Lattice of sagittal slices over a volume, along the volume's own axes.

    Parameters
    ----------
    grid : Grid
        Of the volume.
    pixel_mm : float
        Size of pixels; slices are as far apart as the volume's, or as this if that is more.

    Returns
    -------
    Grid
        Array axis 0 runs about to the left, 1 to the back, 2 to the head.
    """
    axes = linear_sum_assignment(-np.abs(grid.direction))[1]
    direction = grid.direction[:, axes] * np.sign(np.diag(grid.direction[:, axes]))
    extent = (np.array(grid.shape) * grid.spacing)[axes]
    spacing = np.array([max(pixel_mm, float(grid.spacing[axes[0]])), pixel_mm, pixel_mm])
    i, j, k = (max(1, round(float(n))) for n in extent / spacing)
    middle = grid.to_world((np.array(grid.shape) - 1) / 2)
    origin = middle - direction @ (spacing * (np.array([i, j, k]) - 1) / 2)
    return Grid((i, j, k), origin, direction, spacing)


def mr_slices(mr: Volume, onto: Grid) -> Slices:
    """Slices of an MR, bright fat and marrow brought to the same value in every scan.

    Raises
    ------
    UnsuitableScan
        If the image has no value above 0.
    """
    values = resample(mr, onto=onto).values
    above = values[values > 0]
    if not above.size:
        raise UnsuitableScan("the MR has no value above 0; give the magnitude image.")
    bright = float(np.percentile(above, BRIGHT)) * ROOM
    return np.asarray(np.clip(values / bright, 0, 1) * 2 - 1, np.float32)


def ct_slices(ct: Volume, onto: Grid) -> Slices:
    """Slices of a CT in HU, from −1 to 1."""
    return from_hu(resample(ct.in_unit(HU), onto=onto, outside=AIR).values)


def from_hu(hu: NDArray[np.floating]) -> Slices:
    """HU from −1 to 1; NaN stays."""
    squeezed = np.where(hu < KNEE_HU, KNEE_HU + (hu - KNEE_HU) / SQUEEZED, hu)
    unit = (np.clip(squeezed, LOW, HIGH) - LOW) / (HIGH - LOW) * 2 - 1
    return np.asarray(unit, np.float32)


def to_hu(unit: NDArray[np.floating]) -> Slices:
    """HU of what `from_hu` made."""
    squeezed = (unit + 1) / 2 * (HIGH - LOW) + LOW
    hu = np.where(squeezed < KNEE_HU, KNEE_HU + (squeezed - KNEE_HU) * SQUEEZED, squeezed)
    return np.asarray(hu, np.float32)


def neighbours(volume: NDArray[np.floating], at: Sequence[int], count: int) -> Slices:
    """Slices with those beside them: (len(at), count, i, j); at the ends the last one again."""
    beside = np.arange(count) - count // 2
    numbers = np.clip(np.asarray(at)[:, None] + beside, 0, len(volume) - 1)
    return np.asarray(volume[numbers], np.float32)


def drawn(
    volumes: Sequence[NDArray[np.floating]],
    rng: np.random.Generator,
    *,
    batch: int,
    crop: int,
    count: int,
) -> list[Slices]:
    """The same slices of volumes on one lattice, from all over it, cropped and at random flipped.

    Parameters
    ----------
    volumes : sequence of (n, i, j) array
        On the same lattice.
    rng : Generator
        Draws; the same from the same.
    batch, crop, count : int
        Slices; side of the square; neighbours that go together.

    Returns
    -------
    list of (batch, count, crop, crop) array
        One a volume. Where a volume is smaller than the square, its border goes on.
    """
    n, i, j = volumes[0].shape
    # one from each part of the volume, so that a batch tells its mean and spread
    at = ((np.arange(batch) + rng.random(batch)) / batch * n).astype(int)
    row, column = (int(rng.integers(max(side - crop, 0) + 1)) for side in (i, j))
    flip = bool(rng.random() < 0.5)
    out = []
    for volume in volumes:
        taken = neighbours(volume[:, row : row + crop, column : column + crop], at.tolist(), count)
        missing = [(0, crop - side) for side in taken.shape[2:]]
        taken = np.pad(taken, [(0, 0), (0, 0), *missing], mode="edge")
        out.append(np.ascontiguousarray(taken[:, :, ::-1] if flip else taken))
    return out
