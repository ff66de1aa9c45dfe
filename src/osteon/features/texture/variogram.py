"""The variogram of grey values: how they part with distance, near by and far off."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ...core import BadSetting, EmptyRegion, Flag, Mask, Method, UnsuitableScan, Volume
from ..structure.coarse.tbs import PIXELS, log_slope

VARIOGRAM_METHOD = Method(
    "experimental-variogram",
    "Half the mean squared difference of all pairs of voxels in the region, by their distance; its "
    "slope on logarithmic axes over the shortest distances, the height at which it levels off and "
    "the distance where it does.",
    "doi:10.2113/gsecongeo.58.8.1246",
    "Matheron G. Principles of geostatistics. Economic Geology 1963;58:1246–1266.",
)

REACH = 12
"""Largest distance where none is given, in voxels of the longest side."""

PLATEAU = 2 / 3
"""Distances beyond this part of the largest one are where the sill is read."""

AT_SILL = 0.95
"""Part of the sill that is reached at the range."""

STILL_RISING = 0.10
"""Rise over the plateau, ÷ the sill, above which the sill is flagged."""

ROUNDING = 1e-13
"""Squared differences ÷ the sum of squares below which they are rounding."""

CONSTANT = 1e-10
"""Variogram ÷ mean square below which it is rounding."""


@dataclass(frozen=True, eq=False)
class Variogram:
    """Variogram of a region.

    Attributes
    ----------
    distances : (n,) array
        In mm, ascending.
    values : (n,) array
        Half the mean squared difference, in the squared unit of the volume.
    pairs : (n,) array
        Pairs of voxels at each distance.
    slope : float or None
        Of log value against log distance over the first five steps of a voxel, as in the
        trabecular bone score: 0 noise, 2 smooth. None where nothing varies.
    sill : float
        Height that it levels off at; 0 where nothing varies.
    range : float or None
        Distance in mm where it reaches 95 % of the sill; None where the sill is 0.
    flags : tuple of Flag
        ``constant``, ``no-sill``.
    """

    distances: NDArray[np.float64]
    values: NDArray[np.float64]
    pairs: NDArray[np.int64]
    slope: float | None
    sill: float
    range: float | None
    flags: tuple[Flag, ...] = ()

    def named(self) -> dict[str, float | None]:
        """Slope, sill and range by name."""
        return {
            "variogram_slope": self.slope,
            "variogram_sill": self.sill,
            "variogram_range": self.range,
        }


def variogram(
    volume: Volume, *, region: Mask | None = None, reach: float | None = None
) -> Variogram:
    """Experimental variogram of all pairs of voxels of a region, in space.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        Grey values in any unit.
    region : Mask of shape (i, j, k), optional
        Both voxels of a pair lie in it; None is the whole image.
    reach : float, optional
        Largest distance in mm; None is 12 of the longest sides of a voxel.

    Returns
    -------
    Variogram
        Distances are binned by the longest side of a voxel, each bin at its pairs' mean distance.

    Raises
    ------
    EmptyRegion
        If the region has no pair of voxels within reach.
    GridMismatch
        If the region lies on another grid.
    UnsuitableScan
        If values of the region are missing (not finite).
    BadSetting
        If the reach is not at least three of the longest sides of a voxel.

    Notes
    -----
    A trend across the region has no sill: the flag ``no-sill`` says so.
    """
    grid = volume.grid
    step = float(grid.spacing.max())
    far = REACH * step if reach is None else reach
    if not 3 * step <= far < np.inf:
        raise BadSetting(f"the reach must be at least {3 * step:g} mm here; got {far:g} mm.")
    within = _within(volume, region)
    box = _box(within)
    values = np.where(within, volume.values, 0).astype(np.float64)[box]
    if missing := int(np.count_nonzero(~np.isfinite(values))):
        raise UnsuitableScan(
            f"{missing} voxels of the region have no finite value. Leave them out of the region."
        )
    inner = within[box]
    centre = float(values[inner].mean())
    values = np.where(inner, values - centre, 0.0)
    steps = np.minimum(np.floor(far / grid.spacing + 1e-9).astype(int), np.array(inner.shape) - 1)
    squares, pairs = _differences(values, inner, steps)
    found = _binned(squares, pairs, _lengths(steps, grid.spacing), step, far)
    if found[0].size == 0:
        raise EmptyRegion(
            f"the region has no two voxels within {far:g} mm; a variogram needs pairs."
        )
    return _described(*found, step, float(np.square(values[inner] + centre).mean()))


def _within(volume: Volume, region: Mask | None) -> NDArray[np.bool_]:
    if region is None:
        return np.ones(volume.values.shape, np.bool_)
    if region.on(volume.grid, name="the region").voxels == 0:
        raise EmptyRegion("the region has no voxel; a variogram needs a region.")
    return region.values


def _box(within: NDArray[np.bool_]) -> tuple[slice, ...]:
    there = np.argwhere(within)
    low, high = there.min(axis=0), there.max(axis=0) + 1
    return tuple(slice(int(a), int(b)) for a, b in zip(low, high, strict=True))


def _differences(
    values: NDArray[np.float64], inner: NDArray[np.bool_], steps: NDArray[np.intp]
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Sum of squared differences, and pairs, of every lag up to `steps` on either side."""
    lengths = [fft.next_fast_len(int(n + s), True) for n, s in zip(inner.shape, steps, strict=True)]
    mask = inner.astype(np.float64)
    m, z, q = (fft.rfftn(x, lengths) for x in (mask, values, values**2))
    lags = np.ix_(*(np.arange(-s, s + 1) for s in steps))
    pairs = np.rint(fft.irfftn(np.abs(m) ** 2, lengths)[lags]).astype(np.int64)
    # Σ over pairs of (a − b)²: squares of either end, less twice the products
    both = 2 * (q * m.conj()).real - 2 * np.abs(z) ** 2
    squares = fft.irfftn(both, lengths)[lags]
    # pairs that are alike leave nothing but the rounding of the transforms
    return np.where(squares > ROUNDING * np.square(values).sum(), squares, 0.0), pairs


def _lengths(steps: NDArray[np.intp], spacing: NDArray[np.float64]) -> NDArray[np.float64]:
    along = [np.arange(-s, s + 1) * h for s, h in zip(steps, spacing, strict=True)]
    i, j, k = np.meshgrid(*along, indexing="ij", sparse=True)
    return np.asarray(np.sqrt(i**2 + j**2 + k**2))


def _binned(
    squares: NDArray[np.float64],
    pairs: NDArray[np.int64],
    lengths: NDArray[np.float64],
    step: float,
    far: float,
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int64]]:
    """Mean distance, variogram and pairs of each bin that has any; each pair once."""
    kept = (pairs > 0) & (lengths > 0) & (lengths <= far * (1 + 1e-9))
    bins = np.rint(lengths[kept] / step).astype(np.int64)
    count = np.bincount(bins, pairs[kept])
    total = np.bincount(bins, squares[kept])
    way = np.bincount(bins, lengths[kept] * pairs[kept])
    there = count > 0
    count = count[there]
    return way[there] / count, total[there] / count / 2, np.rint(count / 2).astype(np.int64)


def _described(
    distances: NDArray[np.float64],
    values: NDArray[np.float64],
    pairs: NDArray[np.int64],
    step: float,
    square: float,
) -> Variogram:
    if values.max() <= CONSTANT * square:
        flag = Flag("constant", "Grey values of the region do not vary: no slope, no range.")
        zeros = np.zeros_like(values)
        return Variogram(distances, zeros, pairs, None, 0.0, None, (flag,))
    near = distances <= (PIXELS + 0.5) * step
    slope = log_slope(distances[near], values[near])
    plateau = distances >= PLATEAU * distances[-1]
    sill = float(np.average(values[plateau], weights=pairs[plateau]))
    flags: tuple[Flag, ...] = ()
    far = values[plateau]
    if abs(float(far[-1] - far[0])) > STILL_RISING * sill:
        text = (
            f"The variogram still changes by {abs(far[-1] - far[0]) / sill:.0%} over its last "
            "third: sill and range are those of the reach."
        )
        flags = (Flag("no-sill", text),)
    reached = _range(distances, values, sill) if sill > 0.0 else None
    return Variogram(distances, values, pairs, slope, sill, reached, flags)


def _range(distances: NDArray[np.float64], values: NDArray[np.float64], sill: float) -> float:
    """Where the variogram first reaches 95 % of the sill, between bins on a straight line."""
    at = int(np.argmax(values >= AT_SILL * sill))
    if at == 0:
        return float(distances[0])
    low, high = values[at - 1], values[at]
    share = (AT_SILL * sill - low) / (high - low)
    return float(distances[at - 1] + share * (distances[at] - distances[at - 1]))
