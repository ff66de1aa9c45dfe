"""Local intensity: the mean grey value of 1 cm³ around the brightest places."""

import math

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled
from ..prepare import PEAK_RADIUS_MM
from ..region import TextureRegion

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


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
    reach, wide = _sphere(region.spacing, region.values.shape)
    known = np.isfinite(region.values)
    first, last = _ends(region.intensity)
    whole = bool(known.all()) and bool(
        (first >= reach).all() and (last + reach < region.values.shape).all()
    )
    sums = _sums(_padded(region.values, known, reach, first, last), reach, wide)
    if whole:
        many: Floats | float = float((2 * wide[wide >= 0] + 1).sum())
    else:
        many = _sums(_padded(np.ones(known.shape), known, reach, first, last), reach, wide)
    means = sums / many
    box = tuple(slice(int(a), int(b) + 1) for a, b in zip(first, last, strict=True))
    inside = region.intensity[box]
    values = region.values[box]
    brightest = inside & (values == values[inside].max())
    return {
        "loc_peak_loc": float(means[brightest].max()),
        "loc_peak_glob": float(means[inside].max()),
    }


def _sphere(spacing: Floats, shape: tuple[int, ...]) -> tuple[Integers, Integers]:
    """Voxels that the sphere reaches along each axis, and its half-width in each row.

    The half-width of the row n voxels off along the first and m off along the second axis is
    ``wide[n, m]``, −1 where the row misses the sphere.
    """
    radius = PEAK_RADIUS_MM * (1 + 1e-9)
    reach = np.minimum(np.floor(radius / spacing).astype(np.int64), np.array(shape) - 1)
    wide = np.full((reach[0] + 1, reach[1] + 1), -1, np.int64)
    for n in range(wide.shape[0]):
        for m in range(wide.shape[1]):
            rest = radius**2 - (n * spacing[0]) ** 2 - (m * spacing[1]) ** 2
            if rest >= 0:
                wide[n, m] = min(int(math.sqrt(rest) / spacing[2]), int(reach[2]))
    kept = wide[np.ix_(np.abs(np.arange(-reach[0], reach[0] + 1)), np.abs(np.arange(-reach[1], reach[1] + 1)))]
    return reach, kept


def _ends(inside: NDArray[np.bool_]) -> tuple[Integers, Integers]:
    sides = [np.flatnonzero(inside.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    return np.array([side[0] for side in sides]), np.array([side[-1] for side in sides])


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


@compiled
def _sums(values: Floats, reach: Integers, wide: Integers) -> Floats:
    """Sum of the values in the sphere around each voxel that is `reach` away from the edge.

    Row sums of each width are made once a plane, discs of them once for the planes above and
    below, so that a voxel costs two additions a row of the upper half of the sphere.
    """
    planes = values.shape[0] - 2 * reach[0]
    rows = values.shape[1] - 2 * reach[1]
    columns = values.shape[2] - 2 * reach[2]
    sums = np.zeros((planes, rows, columns))
    made = np.zeros(reach[2] + 1, np.bool_)
    for n in range(wide.shape[0]):
        for m in range(wide.shape[1]):
            if wide[n, m] >= 0:
                made[wide[n, m]] = True
    before = np.zeros(values.shape[2] + 1)
    across = np.zeros((reach[2] + 1, values.shape[1], columns))
    disc = np.zeros(columns)
    for plane in range(values.shape[0]):
        for row in range(values.shape[1]):
            for k in range(values.shape[2]):
                before[k + 1] = before[k] + values[plane, row, k]
            for width in range(reach[2] + 1):
                if made[width]:
                    for k in range(columns):
                        at = k + reach[2]
                        across[width, row, k] = before[at + width + 1] - before[at - width]
        for off in range(reach[0] + 1):
            above, below = plane - reach[0] - off, plane - reach[0] + off
            if (above < 0 or above >= planes) and (below < 0 or below >= planes):
                continue
            for row in range(rows):
                disc[:] = 0.0
                for m in range(wide.shape[1]):
                    width = wide[reach[0] + off, m]
                    if width >= 0:
                        disc += across[width, row + m]
                if 0 <= above < planes:
                    sums[above, row] += disc
                if off > 0 and 0 <= below < planes:
                    sums[below, row] += disc
    return sums
