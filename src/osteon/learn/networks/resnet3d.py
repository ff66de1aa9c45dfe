"""A 3D ResNet of ten convolutions, as it is used where nothing better is known."""

import torch
from torch import Tensor, nn

from .vertebra import EncoderSettings

STRIDE = 8
"""Voxels to a place of the map."""


class _Block(nn.Module):
    """Two convolutions beside a way around them."""

    def __init__(self, sees: int, says: int, stride: int) -> None:
        super().__init__()
        self.inside = nn.Sequential(
            nn.Conv3d(sees, says, 3, stride, padding=1, bias=False),
            nn.BatchNorm3d(says),
            nn.ReLU(),
            nn.Conv3d(says, says, 3, padding=1, bias=False),
            nn.BatchNorm3d(says),
        )
        self.around = nn.Sequential(
            nn.Conv3d(sees, says, 1, stride, bias=False), nn.BatchNorm3d(says)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(self.inside(x) + self.around(x))


class ResNet3d(nn.Module):
    """ResNet-10 in three dimensions (He 2016, doi:10.1109/CVPR.2016.90).

    One block a stage; the stem goes in steps of 2, and every stage but the first halves the map.
    It stands where `VertebraEncoder` stands.

    Parameters
    ----------
    settings : EncoderSettings
        ``stem`` channels in the first two stages, ``width`` in the last; ``blocks`` is of no
        effect.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        stem, width = settings.stem, settings.width
        self.stem = nn.Sequential(
            nn.Conv3d(2, stem, 3, 2, padding=1, bias=False), nn.BatchNorm3d(stem), nn.ReLU()
        )
        self.stages = nn.Sequential(
            _Block(stem, stem, 1), _Block(stem, width, 2), _Block(width, width, 2)
        )

    @property
    def width(self) -> int:
        """Channels of the map."""
        return self.settings.width

    @property
    def stride(self) -> int:
        """Voxels to a place of the map."""
        return STRIDE

    def forward(self, voxels: Tensor) -> Tensor:
        """Feature map (n, width, i // 8, j // 8, k // 8) of (n, 2, i, j, k) voxels."""
        whole = [STRIDE * (side // STRIDE) for side in voxels.shape[2:]]
        seen: Tensor = self.stages(self.stem(voxels[:, :, : whole[0], : whole[1], : whole[2]]))
        return seen
