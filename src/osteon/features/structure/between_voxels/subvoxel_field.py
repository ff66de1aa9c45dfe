"""Grey values between the voxels: a smoothing cubic B-spline with its slopes and curvatures."""

import math

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import compiled

SPLINE_VARIANCE = 4 / 12
"""Variance of the cubic B-spline that smooths the values, in voxels²."""

VOXEL_VARIANCE = 1 / 12
"""Variance of the average over a voxel, in voxels²."""

MARGIN = 2
"""Voxels by which the values are continued on every side, on a straight line."""

Field = tuple[float, float, float, float, float, float, float, float, float, float]
"""Value; slopes along i, j, k; second slopes ii, jj, kk, ij, ik, jk; all per voxel."""

Point = tuple[float, float, float]
"""A place in voxels along i, j, k, or in mm along the same axes."""


def continued(values: NDArray[np.generic]) -> NDArray[np.float32]:
    """Values with `MARGIN` voxels more on every side, so that a surface leaves the image straight.

    Parameters
    ----------
    values : (i, j, k) array
        Grey values.

    Returns
    -------
    (i + 4, j + 4, k + 4) float32 array
        What the kernels here read.
    """
    grey = np.ascontiguousarray(values, np.float32)
    return np.pad(grey, MARGIN, mode="reflect", reflect_type="odd")


@compiled
def _weights(t: float) -> tuple[Point, Point, Point, Point]:
    """Weight, slope and second slope of the four B-splines that reach the place t after a voxel."""
    u = 1.0 - t
    return (
        (u * u * u / 6.0, -u * u / 2.0, u),
        (2.0 / 3.0 - t * t + t * t * t / 2.0, 1.5 * t * t - 2.0 * t, 3.0 * t - 2.0),
        (2.0 / 3.0 - u * u + u * u * u / 2.0, 2.0 * u - 1.5 * u * u, 3.0 * u - 2.0),
        (t * t * t / 6.0, t * t / 2.0, t),
    )


@compiled
def field_at(grey: NDArray[np.float32], x: float, y: float, z: float) -> Field:
    """Smoothed value and its derivatives at a place, in voxels of the image."""
    i, j, k = math.floor(x), math.floor(y), math.floor(z)
    w_i, w_j, w_k = _weights(x - i), _weights(y - j), _weights(z - k)
    s = s_i = s_j = s_k = s_ii = s_jj = s_kk = s_ij = s_ik = s_jk = 0.0
    for a in range(4):
        p = p_j = p_k = p_jj = p_kk = p_jk = 0.0
        for b in range(4):
            q = q_k = q_kk = 0.0
            for c in range(4):
                value = grey[i + 1 + a, j + 1 + b, k + 1 + c]
                q += w_k[c][0] * value
                q_k += w_k[c][1] * value
                q_kk += w_k[c][2] * value
            p += w_j[b][0] * q
            p_j += w_j[b][1] * q
            p_jj += w_j[b][2] * q
            p_k += w_j[b][0] * q_k
            p_jk += w_j[b][1] * q_k
            p_kk += w_j[b][0] * q_kk
        s += w_i[a][0] * p
        s_i += w_i[a][1] * p
        s_ii += w_i[a][2] * p
        s_j += w_i[a][0] * p_j
        s_ij += w_i[a][1] * p_j
        s_jj += w_i[a][0] * p_jj
        s_k += w_i[a][0] * p_k
        s_ik += w_i[a][1] * p_k
        s_kk += w_i[a][0] * p_kk
        s_jk += w_i[a][0] * p_jk
    return s, s_i, s_j, s_k, s_ii, s_jj, s_kk, s_ij, s_ik, s_jk
