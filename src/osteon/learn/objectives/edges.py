"""Where an image has edges, by a fixed rule through which gradients flow."""

import math

import torch
from torch import Tensor
from torch.nn import functional

SCALES = (1, 2, 4)
"""Widths in pixels at which edges are looked for."""

GAIN = 4.0
"""Slope of the map at small contrasts; a step of half the range is nearly 1."""


def edge_map(image: Tensor, *, dark_first: bool = False) -> Tensor:
    """Strength of edges, from 0 to 1, of each image by itself.

    The published system takes edges from a network trained on photographs (HED), whose weights we
    may not count on. This is a fixed stand-in for it: the size of the gradient at three scales
    (averages over 1, 2 and 4 pixels), averaged and bent to stay below 1.

    Parameters
    ----------
    image : (n, channel, i, j) Tensor
        Values from −1 to 1.
    dark_first : bool
        Take the logarithm first, log2(255 x + 1)/8 of x from 0 to 1, as published for MR: bone is
        dark in it, and its rim would be lost beside the bright fat.

    Returns
    -------
    (n, channel, i, j) Tensor
        0 to 1.
    """
    x = (image + 1) / 2
    if dark_first:
        x = torch.log2(255 * x.clamp(0, 1) + 1) / 8
    total = torch.zeros_like(x)
    for scale in SCALES:
        small = functional.avg_pool2d(x, scale, ceil_mode=True) if scale > 1 else x
        strength = _gradient(small)
        if scale > 1:
            strength = functional.interpolate(strength, size=x.shape[2:], mode="bilinear")
        total = total + strength
    return torch.tanh(GAIN * total / len(SCALES))


def _gradient(x: Tensor) -> Tensor:
    """Size of the central difference; the root is smooth at 0."""
    padded = functional.pad(x, (1, 1, 1, 1), mode="replicate")
    along = (padded[:, :, 2:, 1:-1] - padded[:, :, :-2, 1:-1]) / 2
    across = (padded[:, :, 1:-1, 2:] - padded[:, :, 1:-1, :-2]) / 2
    least = 1e-3
    return torch.sqrt(along**2 + across**2 + least**2) - math.sqrt(least**2)
