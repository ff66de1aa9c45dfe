"""Gaussian fields of known direction and stretch, and grids to put them on; nothing of ours."""

import numpy as np

from osteon.core import Grid, Mask, Volume


def grid_of(shape, spacing=(1.0, 1.0, 1.0), direction=None):
    return Grid(shape, [0, 0, 0], np.eye(3) if direction is None else direction, spacing)


def mask_of(values, spacing=(1.0, 1.0, 1.0), direction=None):
    return Mask(np.asarray(values, bool), grid_of(np.shape(values), spacing, direction))


def volume_of(values, spacing=(1.0, 1.0, 1.0)):
    return Volume(np.asarray(values, float), grid_of(np.shape(values), spacing), "1")


def unit(*direction):
    return np.array(direction) / np.linalg.norm(direction)


def stretched_field(shape, spacing, direction, stretch, seed=0, length=1.0):
    """Correlation exp(−r²/2), r in units of `length` mm, `stretch` times that along a direction."""
    sizes = [
        int(n + np.ceil(8 * length * stretch / h)) for n, h in zip(shape, spacing, strict=True)
    ]
    waves = [2 * np.pi * np.fft.fftfreq(n, h) for n, h in zip(sizes, spacing, strict=True)]
    i, j, k = np.meshgrid(*waves, indexing="ij", sparse=True)
    ahead = direction[0] * i + direction[1] * j + direction[2] * k
    gain = np.exp(-(length**2) / 4 * (i**2 + j**2 + k**2 + (stretch**2 - 1) * ahead**2))
    noise = np.random.default_rng(seed).standard_normal(sizes)
    field = np.fft.ifftn(np.fft.fftn(noise) * gain).real[tuple(slice(n) for n in shape)]
    return (field - field.mean()) / field.std()


def degrees_between(found, true):
    return np.degrees(np.arccos(min(1.0, abs(float(found @ true)))))
