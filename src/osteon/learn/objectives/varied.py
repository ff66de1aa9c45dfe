"""Windows changed without changing what they are of: light noise, flips, and random crops."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor


@dataclass(frozen=True)
class Variation:
    """How windows are changed before they are looked at.

    Attributes
    ----------
    noise : float
        Largest SD of added noise, in units of the input (250 HU); each window draws its own.
    smallest : float
        Smallest share of a window's volume that a random crop keeps, enlarged to the whole
        again; 1 does not crop.
    aspect : float
        Largest ratio of a crop's sides to the cube's.
    """

    noise: float = 0.08
    smallest: float = 1.0
    aspect: float = 4.0 / 3.0


def varied(voxels: Tensor, how: Variation, rng: np.random.Generator) -> Tensor:
    """Windows cropped and enlarged where asked, flipped at random, with noise.

    Parameters
    ----------
    voxels : (n, 2, i, j, k) Tensor
        Input of an encoder, axes to the left, to the back and to the head.
    how : Variation
        What is changed.
    rng : numpy.random.Generator
        Draws all.

    Returns
    -------
    (n, 2, i, j, k) Tensor
        New ones. Left and right are exchanged, and head and foot; noise is on the grey values.
    """
    if how.smallest < 1.0:
        voxels = _cropped(voxels, how, rng)
    voxels = _flipped(voxels, rng)
    strength = rng.uniform(0.0, how.noise, (len(voxels), 1, 1, 1)).astype(np.float32)
    added = torch.from_numpy(strength * rng.standard_normal(voxels[:, 0].shape, np.float32))
    return torch.stack([voxels[:, 0] + added, voxels[:, 1]], dim=1)


def _flipped(voxels: Tensor, rng: np.random.Generator) -> Tensor:
    """Half of the windows seen in a mirror, along the first and along the last axis."""
    for axis in (2, 4):
        turned = torch.from_numpy(np.flatnonzero(rng.random(len(voxels)) < 0.5))
        voxels = voxels.index_copy(0, turned, voxels[turned].flip(axis))
    return voxels


def _cropped(voxels: Tensor, how: Variation, rng: np.random.Generator) -> Tensor:
    """Random boxes of the windows, interpolated linearly to the size of the whole."""
    shape = voxels.shape[2:]
    share = rng.uniform(how.smallest, 1.0, len(voxels))
    sides = np.exp(rng.uniform(-np.log(how.aspect), np.log(how.aspect), (3, len(voxels))))
    sides = np.minimum(sides / np.cbrt(sides.prod(axis=0)) * np.cbrt(share), 1.0)
    one, two, three = (
        torch.from_numpy(_weights(shape[axis], sides[axis], rng)) for axis in range(3)
    )
    seen = torch.einsum("nai,ncijk->ncajk", one, voxels)
    seen = torch.einsum("nbj,ncajk->ncabk", two, seen)
    return torch.einsum("ndk,ncabk->ncabd", three, seen)


def _weights(side: int, kept: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float32]:
    """Weights (n, side, side) of voxels along an axis, for a random part of each window."""
    spare = (side - 1) * (1.0 - kept)
    first = rng.uniform(0.0, 1.0, len(kept)) * spare
    at = first[:, None] + kept[:, None] * np.arange(side)
    away = np.abs(at[:, :, None] - np.arange(side))
    return np.clip(1.0 - away, 0.0, 1.0).astype(np.float32)
