"""Noise with the texture of a kernel: correlated as the kernel and the slice profile make it."""

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from .kernels import Kernel

FOLDS = 1
"""Multiples of the sampling frequency on each side from which noise is folded back."""


def _amplitude(shape: tuple[int, int], pixel: float, kernel: Kernel) -> NDArray[np.float32]:
    """Square root of the noise power f·MTF², folded into the frequencies of a slice; mean square 1.

    Noise beyond the highest frequency of the pixels is not lost: it appears at another one.
    """
    power = np.zeros((shape[0], shape[1] // 2 + 1))
    u = fft.fftfreq(shape[0], pixel)[:, None]
    v = fft.rfftfreq(shape[1], pixel)[None, :]
    for a in range(-FOLDS, FOLDS + 1):
        for b in range(-FOLDS, FOLDS + 1):
            f = np.hypot(u + a / pixel, v + b / pixel)
            power += f * kernel.mtf(f) ** 2
    doubled = np.full(power.shape[1], 2.0)
    doubled[0] = 1.0
    if shape[1] % 2 == 0:
        doubled[-1] = 1.0
    power /= (power * doubled).sum() / (shape[0] * shape[1])
    return np.sqrt(power).astype(np.float32)


def _along(increment: float, thickness: float) -> NDArray[np.float32]:
    """Weights of neighbouring slices, from the middle out, for noise of a Gaussian slice profile.

    Two slices d apart share the noise exp(−d²/4s²) of a profile with SD s; the weights are the
    filter with that correlation and unit power.
    """
    sd = thickness / np.sqrt(8 * np.log(2))
    size = 256
    lag = np.minimum(np.arange(size), size - np.arange(size)) * increment
    power = np.maximum(fft.rfft(np.exp(-0.25 * (lag / sd) ** 2)).real, 0)
    taps = fft.irfft(np.sqrt(power), size)[: size // 2]
    reach = int(np.flatnonzero(np.abs(taps) > 1e-4 * taps[0])[-1]) + 1
    taps = taps[:reach]
    return np.asarray(taps / np.sqrt(2 * (taps**2).sum() - taps[0] ** 2), np.float32)


def noise_like(
    shape: tuple[int, int, int],
    spacing: tuple[float, float, float],
    kernel: Kernel,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Stationary noise of SD 1.

    Parameters
    ----------
    shape : 3 int
        Voxels along i, j and slices.
    spacing : 3 float
        Pixel, slice increment and slice thickness, mm.
    kernel : Kernel
        Reconstruction kernel.
    rng : Generator
        Source of chance.

    Returns
    -------
    (slices, i, j) array of float32
        Noise; across its border it goes on from the other side.
    """
    ni, nj, nk = shape
    pixel, increment, thickness = spacing
    amplitude = _amplitude((ni, nj), pixel, kernel)
    taps = _along(increment, thickness)
    reach = len(taps) - 1
    out = np.zeros((nk, ni, nj), np.float32)
    for at in range(-reach, nk + reach):
        white = rng.standard_normal((ni, nj), dtype=np.float32)
        flat = fft.irfft2(fft.rfft2(white) * amplitude, (ni, nj))
        for k in range(max(at - reach, 0), min(at + reach + 1, nk)):
            out[k] += taps[abs(k - at)] * flat
    return out
