"""Hidden parts of a window painted from the rest of it."""

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.vertebra import STRIDE, VertebraEncoder
from .pretext import Pretext, Seen, hidden_places, with_hidden


class Masked(Pretext):
    """Masked autoencoding (He 2022, doi:10.48550/arXiv.2111.06377), for a convolutional encoder.

    The cubes of voxels that the encoder's places stand for are hidden, as patches are there; a
    light decoder says their grey values, and only hidden cubes count.

    Parameters
    ----------
    encoder : VertebraEncoder
        What is trained.
    share : float
        Part of the cubes that is hidden; three quarters, as published.
    """

    def __init__(self, encoder: VertebraEncoder, *, share: float = 0.75) -> None:
        super().__init__(encoder)
        self.share = share
        self.token = nn.Parameter(torch.zeros(encoder.width))
        self.decode = nn.Sequential(
            nn.Conv3d(encoder.width, encoder.width, 3, padding=1),
            nn.ReLU(),
            nn.Conv3d(encoder.width, STRIDE**3, 1),
        )

    def forward(self, seen: Seen, rng: np.random.Generator) -> Tensor:
        """Mean squared error of the grey values of hidden cubes."""
        truth = cubes(seen.one[:, :1])
        hidden = hidden_places(len(truth), tuple(truth.shape[2:]), self.share, rng)
        painted = self.decode(with_hidden(self.encoder, seen.one, hidden, self.token))
        error = (painted - truth).square().mean(dim=1, keepdim=True)
        mean: Tensor = error[hidden].mean()
        return mean


def cubes(grey: Tensor) -> Tensor:
    """Voxels by the place of the encoder's map that stands for them.

    Parameters
    ----------
    grey : (n, 1, i, j, k) Tensor
        Windows; what is left over of a division by 6 is left out.

    Returns
    -------
    (n, 216, i // 6, j // 6, k // 6) Tensor
    """
    a, b, c = (side // STRIDE for side in grey.shape[2:])
    whole = grey[:, 0, : a * STRIDE, : b * STRIDE, : c * STRIDE]
    split = whole.reshape(len(grey), a, STRIDE, b, STRIDE, c, STRIDE)
    return split.permute(0, 2, 4, 6, 1, 3, 5).reshape(len(grey), STRIDE**3, a, b, c)
