"""What an encoder is asked while nobody has told it anything: one interface for all objectives."""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool3d

from ..networks.vertebra import STRIDE, VertebraEncoder

BODY_FROM = 0.75
"""Voxels are of the body where the second channel of the input is above this."""

LEAST_SHARE = 1e-6
"""Least share of a place of the map, so that a window without body is pooled over all of it."""

LEAST_VARIANCE = 1e-6
"""Added to variances: the slope of a root is steep at 0."""


@dataclass(frozen=True, eq=False)
class Seen:
    """Two views of n windows, and what was measured in them.

    Attributes
    ----------
    one, other : (n, 2, s, s, s) Tensor
        Input of the encoder. Objectives that need one view look at the first.
    radiomics : (n, r) Tensor
        Texture of the first, standardised; NaN where it is not defined.
    """

    one: Tensor
    other: Tensor
    radiomics: Tensor


class Pretext(nn.Module, ABC):
    """An objective with the encoder that it trains, and modules of its own beside it.

    Parameters
    ----------
    encoder : VertebraEncoder
        What is kept afterwards.
    """

    def __init__(self, encoder: VertebraEncoder) -> None:
        super().__init__()
        self.encoder = encoder

    @abstractmethod
    def forward(self, seen: Seen, rng: np.random.Generator) -> Tensor:
        """Loss of a batch.

        Parameters
        ----------
        seen : Seen
            Views of a batch of windows.
        rng : numpy.random.Generator
            For whatever is drawn on the way.

        Returns
        -------
        scalar Tensor
        """

    def use(self, voxels: Tensor) -> float | None:
        """How evenly prototypes are used, from 1 / their number to 1; None without prototypes."""
        return None


def pooled(encoder: VertebraEncoder, voxels: Tensor) -> Tensor:
    """What an encoder says of a window: its two maps over the vertebral body.

    The first map is of cubes of `STRIDE` voxels alone, the second of their surroundings too.

    Parameters
    ----------
    encoder : VertebraEncoder
        Any.
    voxels : (n, 2, i, j, k) Tensor
        Its input.

    Returns
    -------
    (n, 4 width) Tensor
        Means of both maps, then their deviations, as of `over_body`.
    """
    first = encoder.stem(voxels)
    return over_body(torch.cat([first, encoder.blocks(first)], dim=1), voxels)


def sizes_pooled(encoder: VertebraEncoder) -> int:
    """How many numbers `pooled` gives."""
    return 4 * encoder.width


def over_body(seen: Tensor, voxels: Tensor) -> Tensor:
    """Mean and deviation of a map over the vertebral body.

    Parameters
    ----------
    seen : (n, c, i // 6, j // 6, k // 6) Tensor
        The map.
    voxels : (n, 2, i, j, k) Tensor
        What it is of.

    Returns
    -------
    (n, 2 c) Tensor
        Places weigh as much as there is body in them; where there is none at all, the same.
    """
    body = (voxels[:, 1:] > BODY_FROM).to(seen.dtype)
    share = avg_pool3d(body, STRIDE, STRIDE) + LEAST_SHARE
    weight = share / share.sum(dim=(2, 3, 4), keepdim=True)
    mean = (seen * weight).sum(dim=(2, 3, 4), keepdim=True)
    spread = ((seen - mean).square() * weight).sum(dim=(2, 3, 4))
    return torch.cat([mean.flatten(1), torch.sqrt(spread + LEAST_VARIANCE)], dim=1)


def hidden_places(
    many: int, shape: tuple[int, ...], share: float, rng: np.random.Generator
) -> Tensor:
    """Places of maps that are hidden from the encoder.

    Parameters
    ----------
    many : int
        Maps.
    shape : tuple of int
        Places along each axis.
    share : float
        Part of the places to hide, rounded to whole ones; one is always left, and one hidden.
    rng : numpy.random.Generator
        Draws them.

    Returns
    -------
    (many, 1, …) bool Tensor
    """
    places = int(np.prod(shape))
    count = min(max(round(share * places), 1), places - 1)
    ranks = rng.random((many, places)).argsort(axis=1).argsort(axis=1)
    return torch.from_numpy(ranks < count).reshape(many, 1, *shape)


def with_hidden(encoder: VertebraEncoder, voxels: Tensor, hidden: Tensor, token: Tensor) -> Tensor:
    """Map of an encoder that sees some places only.

    The first two convolutions look at cubes of `STRIDE` voxels apart from each other, so that
    what is put in place of a cube's features hides all of its voxels.

    Parameters
    ----------
    encoder : VertebraEncoder
        Any.
    voxels : (n, 2, i, j, k) Tensor
        Its input.
    hidden : (n, 1, i // 6, j // 6, k // 6) bool Tensor
        Places to hide.
    token : (width,) Tensor
        Features that stand in hidden places.

    Returns
    -------
    (n, width, i // 6, j // 6, k // 6) Tensor
    """
    seen = encoder.stem(voxels)
    made: Tensor = encoder.blocks(torch.where(hidden, token[None, :, None, None, None], seen))
    return made
