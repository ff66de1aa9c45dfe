"""Gaussian random fields of known stretch and direction, on voxels of any sides."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft

MARGIN = 8.0
"""Correlation lengths added to the box, so that its ends do not see each other."""


def stretched_field(
    shape: tuple[int, int, int],
    spacing: ArrayLike,
    direction: ArrayLike,
    stretch: float,
    *,
    length: float = 1.0,
    seed: int = 0,
) -> NDArray[np.float64]:
    """A field whose correlation is exp(−r²/2) with r in correlation lengths, stretched one way.

    Parameters
    ----------
    shape : tuple of int
        Voxels along each axis.
    spacing : (3,) array
        Their sides in mm.
    direction : (3,) array
        Unit vector along which the field is stretched.
    stretch : float
        How much longer it is correlated along it than across.
    length : float
        Correlation length across it, in mm.
    seed : int
        Of the noise that is filtered.

    Returns
    -------
    (i, j, k) float64 array
        Mean 0, standard deviation 1.
    """
    sides = np.asarray(spacing, np.float64)
    reach = np.ceil(MARGIN * length * stretch / sides).astype(int)
    sizes = [fft.next_fast_len(int(n + r)) for n, r in zip(shape, reach, strict=True)]
    along = [2 * np.pi * fft.fftfreq(n, h) for n, h in zip(sizes, sides, strict=True)]
    along[2] = along[2][: sizes[2] // 2 + 1]
    waves = np.meshgrid(*(np.float32(wave) for wave in along), indexing="ij", sparse=True)
    ahead = sum(np.float32(c) * w for c, w in zip(np.asarray(direction), waves, strict=True))
    square = sum(w**2 for w in waves) + np.float32(stretch**2 - 1) * np.square(ahead)
    noise = np.random.default_rng(seed).standard_normal(sizes, np.float32)
    gain = np.exp(np.float32(-(length**2) / 4) * square)
    field = fft.irfftn(fft.rfftn(noise) * gain, sizes)
    field = field[tuple(slice(0, n) for n in shape)]
    return np.asarray((field - field.mean()) / field.std(), np.float64)
