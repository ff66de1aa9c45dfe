"""Bring a volume onto another grid."""

from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from .errors import BadSetting
from .grid import Grid
from .linear import sample_linear
from .volume import Labels, Mask, Volume

ORDERS = {"nearest": 0, "linear": 1, "bspline": 3}
"""Degree of the interpolating spline for each name of a method."""

FWHM = 2.0 * np.sqrt(2.0 * np.log(2.0))
"""Full width at half maximum of a Gaussian, in standard deviations."""

Sampled = TypeVar("Sampled", Volume, Mask, Labels)


def resample(
    volume: Sampled,
    *,
    onto: Grid,
    method: Literal["nearest", "linear", "bspline"] = "linear",
    outside: float = 0.0,
) -> Sampled:
    """Values of a volume at the voxel centres of another grid.

    Going coarser, values are first smoothed so that fine detail does not fold into the
    result: a Gaussian takes each source voxel's width to that of the target voxel, seen along
    the source axes (Cardoso 2015, doi:10.1007/978-3-319-24571-3_81). Masks and labels are not
    smoothed; each voxel gets the label that is nearest, or with ``"linear"`` the label with the
    largest interpolated share, which keeps surfaces straight where voxels are coarse.

    Parameters
    ----------
    volume : Volume, Mask or Labels
        What to bring over; unchanged.
    onto : Grid
        Where to bring it.
    method : {"nearest", "linear", "bspline"}
        Interpolation; ``"bspline"`` is cubic, may overshoot at edges, and is for volumes only.
    outside : float
        Value of voxels whose centre lies outside the source's voxels.

    Returns
    -------
    Volume, Mask or Labels
        Same kind and unit on `onto`. Volumes are float32 unless taken from the nearest voxel.

    Raises
    ------
    BadSetting
        If `method` is none of the three, or ``"bspline"`` for a mask or labels.
    """
    if method not in ORDERS:
        raise BadSetting(f"no interpolation is called '{method}'; there are {sorted(ORDERS)}.")
    order = ORDERS[method]
    if isinstance(volume, Volume):
        source: NDArray[Any] = volume.values
        if order > 0:
            source = _smoothed(source.astype(np.float32), volume.grid, onto)
        return Volume(_sample(source, volume.grid, onto, order, outside), onto, volume.unit)
    if order > 1:
        raise BadSetting("masks and labels are resampled by 'nearest' or 'linear', not 'bspline'.")
    if isinstance(volume, Mask):
        if order == 0:
            taken = _sample(volume.values.astype(np.uint8), volume.grid, onto, 0, outside)
            return Mask(taken > 0, onto)
        share = _sample(volume.values.astype(np.float32), volume.grid, onto, 1, outside)
        return Mask(share >= 0.5, onto)
    if order == 0:
        values = _sample(volume.values, volume.grid, onto, 0, outside)
    else:
        values = _largest_share(volume, onto, outside)
    return Labels(values, onto, volume.names)


def _largest_share(labels: Labels, onto: Grid, outside: float) -> NDArray[Any]:
    """Label with the largest linearly interpolated share at each voxel, 0 included."""
    values = np.full(onto.shape, outside, labels.values.dtype)
    best = np.zeros(onto.shape, np.float32)
    for number in np.unique(labels.values):
        share = _sample((labels.values == number).astype(np.float32), labels.grid, onto, 1, 0.0)
        larger = share > best
        values[larger] = number
        best[larger] = share[larger]
    return values


def _smoothed(values: NDArray[Any], source: Grid, onto: Grid) -> NDArray[Any]:
    """Smooth along each source axis by what the target voxel is wider there."""
    across = source.direction.T @ onto.direction * onto.spacing
    wider = np.sqrt((across**2).sum(axis=1))
    sigma = np.sqrt(np.clip(wider**2 - source.spacing**2, 0.0, None)) / FWHM / source.spacing
    if (sigma < 0.05).all():
        return values
    smooth: NDArray[Any] = ndimage.gaussian_filter(values, sigma, mode="nearest")
    return smooth


def _sample(
    values: NDArray[Any], source: Grid, onto: Grid, order: int, outside: float
) -> NDArray[Any]:
    """Interpolate; splines and labels slab by slab, so that few coordinates are held at once."""
    matrix = np.linalg.inv(source.affine) @ onto.affine
    if order == 1:
        whole = np.empty(onto.shape, np.float32)
        linear, first = np.ascontiguousarray(matrix[:3, :3]), matrix[:3, 3].copy()
        sample_linear(np.ascontiguousarray(values), linear, first, float(outside), whole)
        return whole
    if order > 1:
        values = ndimage.spline_filter(values, order=order, output=np.float32, mode="mirror")
    taken = np.empty(onto.shape, values.dtype)
    i, j = np.meshgrid(np.arange(onto.shape[0]), np.arange(onto.shape[1]), indexing="ij")
    last = np.array(source.shape, float)[:, None, None] - 0.5
    for k in range(onto.shape[2]):
        at = np.tensordot(matrix[:3, :3], np.stack([i, j, np.full_like(i, k)]), axes=1)
        at += matrix[:3, 3][:, None, None]
        plane = ndimage.map_coordinates(
            values, at, order=order, mode="mirror" if order else "nearest", prefilter=False
        )
        beyond = ((at < -0.5) | (at > last)).any(axis=0)
        plane[beyond] = outside
        taken[:, :, k] = plane
    return taken
