"""Texture of a window said from a part of it."""

import numpy as np
import torch
from torch import Tensor, nn

from ..networks.vertebra import STRIDE, VertebraEncoder
from .pretext import Pretext, Seen, hidden_places, over_body, with_hidden

FARTHEST = 5.0
"""Standardised features are cut here: tails of texture features are long."""


class Radiomic(Pretext):
    """Regression of radiomic features from windows of which some cubes are hidden.

    Parameters
    ----------
    encoder : VertebraEncoder
        What is trained.
    features : int
        Radiomic features.
    share : float
        Part of the cubes that is hidden.
    """

    def __init__(self, encoder: VertebraEncoder, *, features: int, share: float = 0.5) -> None:
        super().__init__(encoder)
        self.share = share
        self.token = nn.Parameter(torch.zeros(encoder.width))
        self.say = nn.Sequential(
            nn.Linear(2 * encoder.width, 2 * encoder.width),
            nn.ReLU(),
            nn.Linear(2 * encoder.width, features),
        )

    def forward(self, seen: Seen, rng: np.random.Generator) -> Tensor:
        """Mean squared error of the features that are defined."""
        shape = tuple(side // STRIDE for side in seen.one.shape[2:])
        hidden = hidden_places(len(seen.one), shape, self.share, rng)
        found = with_hidden(self.encoder, seen.one, hidden, self.token)
        said = self.say(over_body(found, seen.one))
        known = torch.isfinite(seen.radiomics)
        wanted = torch.where(known, seen.radiomics.clamp(-FARTHEST, FARTHEST), said.detach())
        error: Tensor = (said - wanted).square().sum() / known.sum().clamp_min(1)
        return error
