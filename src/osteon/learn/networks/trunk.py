"""The 3D trunk that teacher and student share, from a patch to parameters with uncertainty."""

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn


class Regressed(NamedTuple):
    """What a regressor says of a batch of patches.

    Attributes
    ----------
    mean : (n, p) Tensor
        Parameters, standardised.
    log_variance : (n, p) Tensor
        Natural logarithm of the variance of each.
    embedding : (n, e) Tensor
        Mean of the last feature map.
    maps : tuple of (n, c, d, d, d) Tensor
        Feature map after each stage of the trunk.
    """

    mean: Tensor
    log_variance: Tensor
    embedding: Tensor
    maps: tuple[Tensor, ...]


@dataclass(frozen=True)
class TrunkSettings:
    """Size of a regressor.

    Attributes
    ----------
    lattice : int
        Voxels along a side of the lattice on which teacher and student meet.
    first : int
        How much coarser the first feature map is than the lattice.
    widths : tuple of int
        Channels of each stage; every stage after the first halves the map.
    outputs : int
        Parameters.
    """

    lattice: int = 32
    first: int = 4
    widths: tuple[int, ...] = (16, 32, 64)
    outputs: int = 8


class Residual(nn.Module):
    """Two convolutions beside the identity (He 2016, doi:10.1109/CVPR.2016.90)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.one = nn.Conv3d(width, width, 3, padding=1, bias=False)
        self.two = nn.Conv3d(width, width, 3, padding=1, bias=False)
        self.norm_one, self.norm_two = nn.BatchNorm3d(width), nn.BatchNorm3d(width)

    def forward(self, x: Tensor) -> Tensor:
        """Feature maps of the same shape."""
        inner = torch.relu(self.norm_one(self.one(x)))
        return torch.relu(x + self.norm_two(self.two(inner)))


class Regressor(nn.Module):
    """Patch and mask in, parameters out: the published student and teacher, smaller.

    Parameters
    ----------
    settings : TrunkSettings
        Size.
    voxels : int
        Voxels along a side of the patches. Where they are coarser than the lattice, a transposed
        convolution takes them there, as published; the trunks then see one lattice, and their
        maps can be compared without an adapter.
    """

    def __init__(self, settings: TrunkSettings, voxels: int) -> None:
        super().__init__()
        self.voxels = voxels
        enlarged, rest = divmod(settings.lattice, voxels)
        if rest or settings.lattice % settings.first:
            raise ValueError(f"a lattice of {settings.lattice} is no multiple of {voxels}.")
        inputs, width = 2, settings.widths[0]
        self.enlarge: nn.Module = nn.Identity()
        if enlarged > 1:
            self.enlarge = nn.Sequential(
                nn.ConvTranspose3d(2, width, enlarged, stride=enlarged), nn.ReLU()
            )
            inputs = width
        stages = []
        for at, out in enumerate(settings.widths):
            step = settings.first if at == 0 else 2
            size = step if at == 0 and step > 2 else 3
            stages.append(
                nn.Sequential(
                    nn.Conv3d(inputs, out, size, step, padding=int(size == 3), bias=False),
                    nn.BatchNorm3d(out),
                    nn.ReLU(),
                    Residual(out),
                )
            )
            inputs = out
        self.stages = nn.ModuleList(stages)
        self.mean = nn.Linear(inputs, settings.outputs)
        self.log_variance = nn.Linear(inputs, settings.outputs)

    def forward(self, patches: Tensor) -> Regressed:
        """Parameters of a batch.

        Parameters
        ----------
        patches : (n, 2, voxels, voxels, voxels) Tensor
            Normalised grey values, and the region as 0 or 1.
        """
        x = self.enlarge(patches)
        maps = []
        for stage in self.stages:
            x = stage(x)
            maps.append(x)
        embedding = x.mean(dim=(2, 3, 4))
        # the spread is learnt from what the trunk has found, and must not change it
        spread = self.log_variance(embedding.detach())
        return Regressed(self.mean(embedding), spread, embedding, tuple(maps))
