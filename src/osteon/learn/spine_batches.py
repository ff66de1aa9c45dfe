"""Batches of vertebrae for training, changed at random, and as they are for reading."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool3d

from .spine_data import UNKNOWN, SpineData
from .spine_settings import Augmentation
from .vertebrae import MIDDLE_HU, SPREAD_HU, inputs_of

BANK = 2**22
"""Numbers of which noise is a piece that begins anywhere: new ones would take longer than the
convolutions."""


@dataclass(frozen=True, eq=False)
class Batch:
    """Vertebrae of some patients.

    Attributes
    ----------
    voxels : (m, 2, i, j, k) Tensor
        Those that are there, one after the other.
    kept : (p, s) Tensor of bool
        Which they are.
    device : (p,) Tensor of int64
        As the network takes it.
    """

    voxels: Tensor
    kept: Tensor
    device: Tensor


def whole_batch(data: SpineData, chosen: NDArray[np.int64], device: NDArray[np.int64]) -> Batch:
    """All vertebrae of the patients as they are."""
    kept = data.present[chosen]
    voxels = torch.from_numpy(_voxels(data, chosen, kept))
    return Batch(voxels, torch.from_numpy(kept), torch.from_numpy(device[chosen]))


def changed_batch(
    data: SpineData, chosen: NDArray[np.int64], how: Augmentation, rng: np.random.Generator
) -> Batch:
    """Some vertebrae of the patients, changed at random."""
    chance = np.where(data.present[chosen], rng.random(data.present[chosen].shape), 2.0)
    rank = chance.argsort(axis=1).argsort(axis=1)
    kept = data.present[chosen] & (rank < how.vertebrae)
    voxels = _voxels(data, chosen, kept)
    moved = np.empty_like(voxels)
    for n, one in enumerate(voxels):
        moved[n] = _moved(one, how, rng)
    known = rng.random(len(chosen)) >= how.device
    device = np.where(known, data.device[chosen], UNKNOWN)
    voxels_changed = _grey(torch.from_numpy(moved), how, rng)
    return Batch(voxels_changed, torch.from_numpy(kept), torch.from_numpy(device))


def _voxels(
    data: SpineData, chosen: NDArray[np.int64], kept: NDArray[np.bool_]
) -> NDArray[np.float32]:
    patient, slot = np.nonzero(kept)
    who = chosen[patient]
    return inputs_of(data.hu[who, slot], data.parts[who, slot], data.factor[who])


def _moved(
    voxels: NDArray[np.float32], how: Augmentation, rng: np.random.Generator
) -> NDArray[np.float32]:
    """One vertebra moved by whole voxels, its edge repeated, and mirrored or not."""
    shifts = rng.integers(-how.shift, how.shift + 1, 3)
    places = [
        np.clip(np.arange(side) + shift, 0, side - 1)
        for side, shift in zip(voxels.shape[1:], shifts, strict=True)
    ]
    if rng.random() < 0.5:
        places[0] = places[0][::-1]
    made: NDArray[np.float32] = voxels[:, places[0]][:, :, places[1]][:, :, :, places[2]]
    return made


def _grey(voxels: Tensor, how: Augmentation, rng: np.random.Generator) -> Tensor:
    """Grey values as another scanner might give them; each vertebra its own."""
    many = len(voxels)
    grey = voxels[:, :1]
    if how.blur > 0:
        share = torch.from_numpy(rng.uniform(-how.blur, how.blur, (many, 1, 1, 1, 1)))
        soft = avg_pool3d(grey, 3, 1, padding=1, count_include_pad=False)
        grey = grey + share.to(grey.dtype) * (soft - grey)
    if how.noise_hu > 0:
        spread = rng.uniform(0, how.noise_hu, many).astype(np.float32) / SPREAD_HU
        grey = grey + _noise(grey.shape[2:], spread, rng)[:, None]
    if how.gain > 0 or how.offset_hu > 0:
        gain = torch.from_numpy(rng.normal(1, how.gain, (many, 1, 1, 1, 1)))
        added = torch.from_numpy(rng.normal(0, how.offset_hu, (many, 1, 1, 1, 1)))
        added = (added + (gain - 1) * MIDDLE_HU) / SPREAD_HU
        grey = grey * gain.to(grey.dtype) + added.to(grey.dtype)
    changed = torch.cat([grey, voxels[:, 1:]], dim=1)
    # half the time of the convolutions
    return changed.contiguous(memory_format=torch.channels_last_3d)


def _noise(shape: tuple[int, ...], spread: NDArray[np.float32], rng: np.random.Generator) -> Tensor:
    """White noise (n, i, j, k), each with its own standard deviation."""
    size = int(np.prod(shape))
    bank = _bank(max(BANK, 2 * size))
    made = np.empty((len(spread), size), np.float32)
    for n, start in enumerate(rng.integers(0, len(bank) - size, len(spread))):
        np.multiply(bank[start : start + size], spread[n], out=made[n])
    return torch.from_numpy(made.reshape(-1, *shape))


@lru_cache(maxsize=1)
def _bank(many: int) -> NDArray[np.float32]:
    """Standard normal numbers, always the same."""
    return np.random.default_rng(0).standard_normal(many, np.float32)
