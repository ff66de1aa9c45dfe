"""Local intensity: the mean grey value of 1 cm³ around the brightest places."""

import math

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ....core import Box
from ....core.compiled import compiled, inlined
from ..prepare import PEAK_RADIUS_MM
from ..region import TextureRegion, bounds

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

MOST_ROWS = 250
"""Rows in a quarter of the sphere up to which they are added; beyond, a transform is faster."""


def local_intensity_features(region: TextureRegion) -> dict[str, float]:
    """Local and global intensity peak of IBSI 1, section 3.2 (doi:10.48550/arXiv.1612.07003).

    The mean is that of all voxels whose centre lies within 6.2 mm, whether they belong to the
    region or not; what lies beyond the image or is not a number is left out.

    Parameters
    ----------
    region : TextureRegion
        Prepared grey values, with what lies around the region.

    Returns
    -------
    dict of str to float
        ``loc_peak_loc``: mean around the brightest voxel, the highest if there are several;
        ``loc_peak_glob``: highest mean around any voxel of the region.
    """
    box = bounds(region.intensity)
    inside, values = region.intensity[box], region.inside
    means = sphere_means(region.values, region.spacing, box)[inside]
    return {
        "loc_peak_loc": float(means[values == values.max()].max()),
        "loc_peak_glob": float(means.max()),
    }


def sphere_means(values: Floats, spacing: Floats, box: Box) -> Floats:
    """Mean of the sphere of 1 cm³ around each voxel of a box.

    Parameters
    ----------
    values : (i, j, k) float64 array
        The image; what is not a number is left out.
    spacing : (3,) float64 array
        Size of a voxel in mm.
    box : tuple of three slices
        Voxels to stand in the middle.

    Returns
    -------
    float64 array of the box
        0 where the sphere holds no number.
    """
    reach, wide = _sphere(spacing, values.shape)
    known = np.isfinite(values)
    first, last = np.array([[cut.start for cut in box], [cut.stop - 1 for cut in box]])
    sums: Floats = _ball_sums(_padded(values, known, reach, first, last), reach, wide)
    if known.all():
        many = _counts(values.shape, reach, wide, first, last)
    else:
        many = _ball_sums(_padded(np.ones(known.shape), known, reach, first, last), reach, wide)
    # a transform leaves whole numbers a little off
    return np.asarray(np.where(many > 0.5, sums / np.maximum(many, 0.5), 0.0))


def _sphere(spacing: Floats, shape: tuple[int, ...]) -> tuple[Integers, Integers]:
    """Voxels that the sphere reaches along each axis, and its half-width in each row.

    The half-width of the row n voxels off along the first and m off along the second axis is
    ``wide[n, m]``, −1 where the row misses the sphere; opposite rows have the same.
    """
    radius = PEAK_RADIUS_MM * (1 + 1e-9)
    reach = np.minimum(np.floor(radius / spacing).astype(np.int64), np.array(shape) - 1)
    wide = np.full((reach[0] + 1, reach[1] + 1), -1, np.int64)
    for n in range(wide.shape[0]):
        for m in range(wide.shape[1]):
            rest = radius**2 - (n * spacing[0]) ** 2 - (m * spacing[1]) ** 2
            if rest >= 0:
                wide[n, m] = min(int(math.sqrt(rest) / spacing[2]), int(reach[2]))
    return reach, wide


def _counts(
    shape: tuple[int, ...], reach: Integers, wide: Integers, first: Integers, last: Integers
) -> Floats:
    """Voxels of the image in the sphere around each voxel of the box of the region.

    They are the same for all places that the sphere does not leave the image from: an image in
    which these are one place has all counts there are.
    """
    small = np.minimum(np.array(shape), 2 * reach + 1)
    ones = _padded(np.ones(small), np.ones(small, np.bool_), reach, 0 * small, small - 1)
    counts: Floats = _ball_sums(ones, reach, wide)
    places = []
    for axis in range(3):
        at = np.arange(first[axis], last[axis] + 1)
        beyond = shape[axis] - small[axis]
        places.append(np.clip(at, None, np.maximum(reach[axis], at - beyond)))
    return np.asarray(counts[np.ix_(*places)])


def _padded(
    values: Floats, known: NDArray[np.bool_], reach: Integers, first: Integers, last: Integers
) -> Floats:
    """The box of the region and what the sphere reaches of it; 0 where there is no value."""
    low, high = first - reach, last + reach + 1
    out = np.zeros(high - low)
    start, stop = np.maximum(low, 0), np.minimum(high, values.shape)
    source = tuple(slice(int(a), int(b)) for a, b in zip(start, stop, strict=True))
    goal = tuple(slice(int(a), int(b)) for a, b in zip(start - low, stop - low, strict=True))
    out[goal] = np.where(known[source], values[source], 0.0)
    return out


def _ball_sums(values: Floats, reach: Integers, wide: Integers) -> Floats:
    """Sum of the values in the sphere around each voxel that is `reach` away from the edge."""
    if np.count_nonzero(wide >= 0) <= MOST_ROWS:
        return np.asarray(_sums(values, reach, wide))
    i, j, k = (np.abs(np.arange(-r, r + 1)) for r in reach)
    ball = (k <= wide[np.ix_(i, j)][:, :, None]).astype(np.float64)
    size = [fft.next_fast_len(n, real=True) for n in values.shape]
    product = fft.rfftn(values, size) * fft.rfftn(ball, size)
    # what wraps around stays in the edge that is cut off
    box = tuple(slice(2 * int(r), n) for r, n in zip(reach, values.shape, strict=True))
    return np.asarray(fft.irfftn(product, size)[box])


@compiled
def _sums(values: Floats, reach: Integers, wide: Integers) -> Floats:
    """Sum of the values in the sphere around each voxel that is `reach` away from the edge.

    Row sums of each width are made once a plane, discs of them once for the planes above and
    below, so that a voxel costs one addition a row of half the sphere.
    """
    planes = values.shape[0] - 2 * reach[0]
    rows = values.shape[1] - 2 * reach[1]
    columns = values.shape[2] - 2 * reach[2]
    sums = np.zeros((planes, rows, columns))
    across = np.zeros((reach[2] + 1, values.shape[1], columns))
    disc = np.zeros(columns)
    for plane in range(values.shape[0]):
        for row in range(values.shape[1]):
            _rows(values[plane, row], reach[2], across[:, row])
        for off in range(reach[0] + 1):
            above, below = plane - reach[0] - off, plane - reach[0] + off
            over = 0 <= above < planes
            under = off > 0 and 0 <= below < planes
            if not (over or under):
                continue
            widths = wide[off]
            for row in range(rows):
                centre = row + reach[1]
                disc[:] = across[widths[0], centre]
                for m in range(1, widths.size):
                    if widths[m] >= 0:
                        _add(across[widths[m], centre - m], across[widths[m], centre + m], disc)
                if over:
                    _put(disc, sums[above, row])
                if under:
                    _put(disc, sums[below, row])
    return sums


@inlined
def _rows(values: Floats, reach: int, across: Floats) -> None:
    """Sums of 1, 3, 5 … values around each that is `reach` away from the end of a row."""
    columns = across.shape[1]
    across[0] = values[reach : reach + columns]
    for width in range(1, reach + 1):
        across[width] = 0.0
        _add(values[reach - width :], values[reach + width :], across[width])
        _put(across[width - 1], across[width])


@inlined
def _add(left: Floats, right: Floats, total: Floats) -> None:
    for k in range(total.size):
        total[k] += left[k] + right[k]


@inlined
def _put(values: Floats, total: Floats) -> None:
    for k in range(total.size):
        total[k] += values[k]
