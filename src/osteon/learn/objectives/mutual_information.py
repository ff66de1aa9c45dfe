"""How much one image tells of another, as a quantity that can be climbed."""

import torch
from torch import Tensor

BINS = 16
"""Bins of the soft histogram, as published."""

LEAST = 1e-7
"""Added to shares before their logarithm, and to the range of a flat image."""


def mutual_information(first: Tensor, second: Tensor, *, bins: int = BINS) -> Tensor:
    """Mutual information of pairs of images from soft histograms, in nats.

    Bins are centred evenly from the least to the largest value of an image. A value belongs to
    every bin, by a Gaussian with a standard deviation of half the distance of the centres; its
    shares sum up to 1. The joint histogram is the product of shares, averaged over pixels
    (as in SynthMorph's code; the idea: Wells 1996, doi:10.1016/S1361-8415(01)80004-9).

    Parameters
    ----------
    first, second : (n, …) Tensor
        Images of equal shape; pair by pair.
    bins : int
        Number of bins.

    Returns
    -------
    (n,) Tensor
        0 where one image tells nothing of the other; at most log(bins).
    """
    a, b = _shares(first.flatten(1), bins), _shares(second.flatten(1), bins)
    joint = torch.bmm(a.transpose(1, 2), b) / a.shape[1]
    alone = a.mean(1)[:, :, None] * b.mean(1)[:, None, :]
    return (joint * torch.log((joint + LEAST) / (alone + LEAST))).sum((1, 2))


def _shares(values: Tensor, bins: int) -> Tensor:
    """Share of every value, (n, values), in every bin: (n, values, bins)."""
    low, high = values.amin(1, keepdim=True), values.amax(1, keepdim=True)
    unit = (values - low) / (high - low + LEAST) * (bins - 1)
    centres = torch.arange(bins, device=values.device, dtype=values.dtype)
    # distances in bins, so a standard deviation of half a bin: exp(-d²/(2·0.25))
    return torch.softmax(-2 * (unit[:, :, None] - centres) ** 2, dim=2)
