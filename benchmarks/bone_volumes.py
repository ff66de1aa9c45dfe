"""Bone-like volumes for benchmarks, made from seeded random fields, and one real cube."""

from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

ROOT = Path(__file__).parents[1]
L1 = ROOT / "samples" / "micro_ct_L1" / "L1_04216_roi004.nii.gz"


def field(side: int, wavelength: float, seed: int, stretch: float = 1.0) -> NDArray[np.float32]:
    """Gaussian random field of mean 0 and SD 1 with a band of wavelengths, in voxels.

    Parameters
    ----------
    side : int
        Voxels along each side.
    wavelength : float
        Middle of the band, in voxels.
    seed : int
        Of the noise.
    stretch : float
        Below 1, the wavelength along the first axis is that part of the others'.
    """
    noise = np.random.default_rng(seed).standard_normal((side,) * 3, dtype=np.float32)
    spectrum = np.fft.rfftn(noise)
    along = np.fft.fftfreq(side)
    first, second = along[:, None, None] * stretch, along[None, :, None]
    third = np.fft.rfftfreq(side)[None, None, :]
    wave = np.sqrt(first**2 + second**2 + third**2) * wavelength
    spectrum *= np.exp(-8.0 * (wave - 1.0) ** 2).astype(np.float32)
    values = np.fft.irfftn(spectrum, s=(side,) * 3, axes=(0, 1, 2)).astype(np.float32)
    return (values - values.mean()) / values.std()


def trabecular(side: int, seed: int = 3) -> NDArray[np.bool_]:
    """Perforated sheets about 10 voxels thick, BV/TV about 0.2: a network of plates and rods."""
    sheets, holes = field(side, 75.0, seed), field(side, 45.0, seed + 1)
    near = np.quantile(np.abs(sheets[::3, ::3, ::3]), 0.24)
    return (np.abs(sheets) < near) & (holes < 0.9)


def anisotropic(side: int, seed: int = 2) -> tuple[NDArray[np.bool_], float]:
    """Fifth of a volume where a field is highest, and the true ratio of its mean intercept lengths.

    Intercepts of a level set of a Gaussian field along n are as dense as sqrt(n'Ln), with L the
    covariance of the field's gradient (Rice's formula), so that the ratio is known.
    """
    values = field(side, 30.0, seed, stretch=0.5)
    slopes = [float(np.var(np.diff(values, axis=axis))) for axis in range(3)]
    bone = values > np.quantile(values, 0.8)
    return bone, float(np.sqrt(max(slopes) / min(slopes)))


def real_cube() -> NDArray[np.bool_]:
    """A human L1 cube of 201³ voxels of 0.05 mm (see samples/README.md)."""
    return np.asarray(nibabel.load(L1).dataobj) > 0
