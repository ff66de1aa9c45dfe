"""Numbers of windows from encoders, frozen or untrained, and a network that learns from scratch."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from stiffness_images import Windows
from stiffness_models import Describe, Numbers
from torch import Tensor, nn

from osteon.learn.encoders import embed, read_encoder
from osteon.learn.fit import FitSettings, fit
from osteon.learn.networks.vertebra import EncoderSettings, VertebraEncoder
from osteon.learn.objectives.pretext import pooled, sizes_pooled
from osteon.learn.vertebrae import inputs_of
from osteon.pipelines.spine.crops.cut import BODY

EPOCHS = 20
"""Passes of the network that learns from the cubes alone; not chosen by any result."""

MIRRORS = ((), (1,), (2,), (3,), (1, 2), (1, 3), (2, 3), (1, 2, 3))
"""Axes of an array of windows that are turned round: a cube is as stiff as its mirror image."""


def frozen(path: Path) -> Describe:
    """Embeddings of an encoder that was pre-trained."""
    return _described(read_encoder(path))


def untrained(size: EncoderSettings, seed: int) -> Describe:
    """Embeddings of an encoder with its first, random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return _described(VertebraEncoder(size).eval())


def size_of(path: Path) -> EncoderSettings:
    """Size of an encoder on disk."""
    return read_encoder(path).settings


def _described(encoder: VertebraEncoder) -> Describe:
    def describe(scan: Windows) -> Numbers:
        parts, factor = np.full(scan.hu.shape, BODY, np.uint8), np.full(len(scan.hu), scan.factor)
        said = [embed(encoder, np.flip(scan.hu, axes).copy(), parts, factor) for axes in MIRRORS]
        return np.asarray(np.mean(said, axis=0))

    return describe


class Scratch(nn.Module):
    """The same encoder with a line behind it, trained on stiffness alone."""

    def __init__(self, size: EncoderSettings) -> None:
        super().__init__()
        self.encoder = VertebraEncoder(size)
        self.line = nn.Linear(sizes_pooled(self.encoder), 1)

    def forward(self, voxels: Tensor) -> Tensor:
        """Standardised stiffness, (n,)."""
        said: Tensor = self.line(pooled(self.encoder, voxels))
        return said[:, 0]


def weights_of(size: EncoderSettings) -> int:
    """Numbers that a network from scratch learns."""
    return sum(one.numel() for one in Scratch(size).parameters())


def scratch(
    known: list[Windows], stiffness: Numbers, asked: list[Windows], size: EncoderSettings, seed: int
) -> Numbers:
    """Stiffness of the cubes of some scans by a network that learnt from others.

    Parameters
    ----------
    known : list of Windows
        Scans of the same n cubes.
    stiffness : (n,) array
        Their index.
    asked : list of Windows
        Scans of m other cubes.
    size : EncoderSettings
        Size of the encoder.
    seed : int
        Of first weights, order and mirror images.

    Returns
    -------
    (scans asked · m,) array
        Scan by scan.
    """
    voxels = torch.cat([_input(scan) for scan in known])
    middle, spread = float(stiffness.mean()), float(stiffness.std())
    wanted = torch.from_numpy(np.tile((stiffness - middle) / spread, len(known)).astype(np.float32))
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Scratch(size)

    def loss(batch: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        axes = [axis + 1 for axis in MIRRORS[int(rng.integers(len(MIRRORS)))]]
        return torch.mean((network(voxels[batch].flip(axes)) - wanted[batch]) ** 2)

    fit(network, loss, len(wanted), FitSettings(epochs=EPOCHS, seed=seed))
    with torch.inference_mode():
        said = [
            np.mean(
                [network(_input(scan).flip([a + 1 for a in axes])).numpy() for axes in MIRRORS], 0
            )
            for scan in asked
        ]
    return np.concatenate(said).astype(np.float64) * spread + middle


def _input(scan: Windows) -> Tensor:
    parts, factor = np.full(scan.hu.shape, BODY, np.uint8), np.full(len(scan.hu), scan.factor)
    return torch.from_numpy(inputs_of(scan.hu, parts, factor))
