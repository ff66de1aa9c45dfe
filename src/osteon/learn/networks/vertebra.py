"""The 3D encoder of a vertebra: voxels in native resolution to a map of features."""

from dataclasses import dataclass

from torch import Tensor, nn

from .trunk import Residual

STRIDE = 6
"""Voxels of the input that one place of the map stands for, along each axis."""


@dataclass(frozen=True)
class EncoderSettings:
    """Size of an encoder.

    Attributes
    ----------
    stem : int
        Channels after the first convolution, of 2 voxels.
    width : int
        Channels of the map.
    blocks : int
        Residual blocks on the map.
    """

    stem: int = 16
    width: int = 32
    blocks: int = 2


class VertebraEncoder(nn.Module):
    """Normalised voxels in, features of every 6³ of them out; windows and whole vertebrae alike.

    Parameters
    ----------
    settings : EncoderSettings
        Size.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.settings = settings
        self.stem = nn.Sequential(
            nn.Conv3d(2, settings.stem, 2, 2, bias=False),
            nn.BatchNorm3d(settings.stem),
            nn.ReLU(),
            nn.Conv3d(settings.stem, settings.width, 3, 3, bias=False),
            nn.BatchNorm3d(settings.width),
            nn.ReLU(),
        )
        self.blocks = nn.Sequential(*(Residual(settings.width) for _ in range(settings.blocks)))

    @property
    def width(self) -> int:
        """Channels of the map."""
        return self.settings.width

    @property
    def stride(self) -> int:
        """Voxels to a place of the map."""
        return STRIDE

    def forward(self, voxels: Tensor) -> Tensor:
        """Feature map.

        Parameters
        ----------
        voxels : (n, 2, i, j, k) Tensor
            From `osteon.learn.vertebrae.inputs_of`; sides of 6 voxels and more, what is left
            over of a division by 6 is not seen.

        Returns
        -------
        (n, width, i // 6, j // 6, k // 6) Tensor
        """
        seen: Tensor = self.blocks(self.stem(voxels))
        return seen
