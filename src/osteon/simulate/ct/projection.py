"""Parallel rays through a coarse picture of a body, and back."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from ...core.compiled import compiled


class Rays(NamedTuple):
    """Parallel rays through slices of a lattice, at equal angles over half a turn.

    Lengths are in voxels of the slice; offsets count from its centre.
    """

    cosines: NDArray[np.float64]  # (angles, 2): cosine and sine of the direction of the offsets
    bins: int  # rays at each angle, one voxel apart


def rays_for(sides: tuple[int, int], angles: int) -> Rays:
    """Rays that see every voxel of a slice.

    Parameters
    ----------
    sides : 2 int
        Voxels of the slice.
    angles : int
        Directions over half a turn, at least 1.
    """
    theta = (np.arange(angles) + 0.5) * np.pi / angles
    cosines = np.stack([np.cos(theta), np.sin(theta)], axis=1)
    return Rays(cosines, int(np.ceil(np.hypot(*sides))) + 3)


def offsets(rays: Rays) -> NDArray[np.float64]:
    """Offset of each ray from the centre, in voxels."""
    return np.arange(rays.bins, dtype=np.float64) - 0.5 * (rays.bins - 1)


@compiled
def _bilinear(values: NDArray[np.float32], k: int, x: float, y: float) -> float:
    """Value of slice k at a fractional voxel; 0 outside."""
    ni, nj = values.shape[1], values.shape[2]
    i, j = int(np.floor(x)), int(np.floor(y))
    u, v = x - i, y - j
    if 0 <= i < ni - 1 and 0 <= j < nj - 1:
        near = values[k, i, j] + v * (values[k, i, j + 1] - values[k, i, j])
        far = values[k, i + 1, j] + v * (values[k, i + 1, j + 1] - values[k, i + 1, j])
        return float(near + u * (far - near))
    total = 0.0
    for a in range(2):
        for b in range(2):
            if 0 <= i + a < ni and 0 <= j + b < nj:
                weight = (u if a else 1 - u) * (v if b else 1 - v)
                total += weight * values[k, i + a, j + b]
    return total


@compiled
def project(values: NDArray[np.float32], rays: Rays) -> NDArray[np.float32]:
    """Line integrals in voxels, (k, angles, bins), of slices (k, i, j)."""
    nk, ni, nj = values.shape
    angles = len(rays.cosines)
    out = np.zeros((nk, angles, rays.bins), np.float32)
    ci, cj, cb = 0.5 * (ni - 1), 0.5 * (nj - 1), 0.5 * (rays.bins - 1)
    for job in range(nk * angles):
        k, a = job // angles, job % angles
        c, s = rays.cosines[a, 0], rays.cosines[a, 1]
        for b in range(rays.bins):
            total = 0.0
            for step in range(rays.bins):
                x = ci + c * (b - cb) - s * (step - cb)
                y = cj + s * (b - cb) + c * (step - cb)
                if -1 < x < ni and -1 < y < nj:
                    total += _bilinear(values, k, x, y)
            out[k, a, b] = total
    return out


@compiled
def back(lines: NDArray[np.float32], rays: Rays, sides: tuple[int, int]) -> NDArray[np.float32]:
    """Mean over all angles of the lines through each voxel, (k, i, j)."""
    nk, angles = lines.shape[0], lines.shape[1]
    out = np.zeros((nk, sides[0], sides[1]), np.float32)
    ci, cj, cb = 0.5 * (sides[0] - 1), 0.5 * (sides[1] - 1), 0.5 * (rays.bins - 1)
    for job in range(nk * sides[0]):
        k, i = job // sides[0], job % sides[0]
        for j in range(sides[1]):
            total = 0.0
            for a in range(angles):
                at = rays.cosines[a, 0] * (i - ci) + rays.cosines[a, 1] * (j - cj) + cb
                low = min(max(int(np.floor(at)), 0), rays.bins - 2)
                part = at - low
                total += (1 - part) * lines[k, a, low] + part * lines[k, a, low + 1]
            out[k, i, j] = total / angles
    return out


def sharpened(lines: NDArray[np.float32]) -> NDArray[np.float32]:
    """Lines filtered for reconstruction: `back` of them, times pi, is the slice.

    The ramp of Ramachandran & Lakshminarayanan 1971 (doi:10.1073/pnas.68.9.2236).
    """
    bins = lines.shape[-1]
    size = fft.next_fast_len(2 * bins, real=True)
    lag = np.minimum(np.arange(size), size - np.arange(size))
    ramp = np.where(lag % 2 == 1, -1 / (np.pi * np.maximum(lag, 1)) ** 2, 0.0)
    ramp[0] = 0.25
    response = fft.rfft(ramp).real.astype(np.float32)
    spectrum = fft.rfft(lines, size, axis=-1) * response
    return np.asarray(fft.irfft(spectrum, size, axis=-1)[..., :bins], np.float32)
