"""Distance to the background, exact: squared distances of voxel centres as whole numbers."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import EmptyRegion, Mask, Volume
from ....core.compiled import compiled, parallel, prange
from .metric import FITS_INT32, FITS_INT64, Metric

LOOK_AGAIN = 2
"""After so many steps the largest distance of a row is looked up again, to stop in time."""


def distance_map(phase: Mask) -> Volume:
    """Distance of each voxel's centre to the nearest centre outside of `phase`.

    What lies beyond the image is unknown and no background. Exact: the separable lower envelope
    of Felzenszwalb and Huttenlocher (2012, doi:10.4086/toc.2012.v008a019), here found by looking
    outwards from each row until no nearer background is possible.

    Parameters
    ----------
    phase : Mask of shape (i, j, k)
        The voxels to measure in.

    Returns
    -------
    Volume of shape (i, j, k), in mm
        0 outside of `phase`.

    Raises
    ------
    EmptyRegion
        If every voxel of the image is in `phase`.
    """
    if phase.values.all():
        raise EmptyRegion(
            f"all {phase.values.size} voxels are inside; a distance needs at least one outside."
        )
    metric = Metric.of(phase.grid)
    squared = squared_distances(phase.values, metric)
    return Volume((metric.mm(squared)).astype(np.float32), phase.grid, "mm")


def squared_distances(phase: NDArray[np.bool_], metric: Metric) -> NDArray[Any]:
    """Squared distances to the background in units of the metric; see `distance_map`.

    Parameters
    ----------
    phase : (i, j, k) bool array
        The voxels to measure in.
    metric : Metric
        How far apart voxels are.

    Returns
    -------
    (i, j, k) int32 or int64 array
        0 in the background; at least `FITS_INT32` or `FITS_INT64` where there is none at all.
    """
    values = np.ascontiguousarray(phase).view(np.uint8)
    i, j, k = metric.squares(values.shape)
    far = FITS_INT32 if i.dtype == np.int32 else FITS_INT64
    squared = np.empty(values.shape, i.dtype)
    _within_slices(values, j, k, i.dtype.type(far), squared)
    _across_slices(i, squared)
    return squared


@parallel
def _within_slices(
    phase: NDArray[np.uint8],
    square_j: NDArray[Any],
    square_k: NDArray[Any],
    far: Any,
    squared: NDArray[Any],
) -> None:
    """Squared distances within each slice of axis 0."""
    ni, nj, nk = phase.shape
    for i in prange(ni):
        along = np.empty((nj, nk), squared.dtype)
        for j in range(nj):
            _along_row(phase[i, j], square_k, far, along[j])
        _lower_envelope(along, square_j, squared[i])


@parallel
def _across_slices(square_i: NDArray[Any], squared: NDArray[Any]) -> None:
    """Carry the distances within slices over to the other slices, in place."""
    ni, nj, nk = squared.shape
    for j in prange(nj):
        within = squared[:, j, :].copy()
        nearest = np.empty((ni, nk), squared.dtype)
        _lower_envelope(within, square_i, nearest)
        squared[:, j, :] = nearest


@compiled
def _along_row(phase: NDArray[np.uint8], square: NDArray[Any], far: Any, out: NDArray[Any]) -> None:
    """Squared distance to the nearest 0 of a row, `far` where the row has none."""
    n = phase.size
    steps = n
    for k in range(n):
        steps = 0 if phase[k] == 0 else steps + 1
        out[k] = square[steps] if steps < n else far
    steps = n
    for k in range(n - 1, -1, -1):
        steps = 0 if phase[k] == 0 else steps + 1
        if steps < n:
            out[k] = min(out[k], square[steps])


@compiled
def _lower_envelope(rows: NDArray[Any], square: NDArray[Any], out: NDArray[Any]) -> None:
    """Least of ``rows[p] + square[|p - q|]`` over p, for every row q.

    Rows are compared whole, so that many columns go through the processor at once.
    """
    n = rows.shape[0]
    for q in range(n):
        best = out[q]
        best[:] = rows[q]
        top = _largest(best)
        step = 1
        while step < max(q + 1, n - q) and square[step] < top:
            if q - step < 0:
                _lower(best, rows[q + step], square[step])
            elif q + step >= n:
                _lower(best, rows[q - step], square[step])
            else:
                _lower_both(best, rows[q - step], rows[q + step], square[step])
            if step % LOOK_AGAIN == 0:
                top = _largest(best)
            step += 1


@compiled
def _largest(row: NDArray[Any]) -> Any:
    top = row[0]
    for x in range(row.size):
        top = max(top, row[x])
    return top


@compiled
def _lower(best: NDArray[Any], other: NDArray[Any], more: Any) -> None:
    for x in range(best.size):
        best[x] = min(best[x], best.dtype.type(other[x] + more))


@compiled
def _lower_both(best: NDArray[Any], one: NDArray[Any], other: NDArray[Any], more: Any) -> None:
    for x in range(best.size):
        best[x] = min(best[x], best.dtype.type(min(one[x], other[x]) + more))
