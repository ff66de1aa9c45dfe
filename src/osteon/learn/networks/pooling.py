"""A map of features of a vertebra to one row: over all of it, its body, and as a projection."""

import torch
from torch import Tensor
from torch.nn.functional import avg_pool3d

BODY_VALUE = 0.75
"""What lies above it in the second channel of the input is body."""

GRID = (6, 8, 3)
"""Boxes to the left, to the back and to the head into which a crop is divided."""

DEEP = 10.0
"""Places of a map through which a ray from front to back passes in a vertebra, about."""


def parts_of(voxels: Tensor, stride: int) -> tuple[Tensor, Tensor]:
    """Share of each place of a map that is vertebra, and that is body.

    Parameters
    ----------
    voxels : (n, 2, i, j, k) Tensor
        From `osteon.learn.vertebrae.inputs_of`.
    stride : int
        Voxels to a place of the map.

    Returns
    -------
    two (n, 1, i', j', k') Tensors
    """
    part = voxels[:, 1:]
    vertebra = avg_pool3d((part > 0).to(voxels.dtype), stride)
    return vertebra, avg_pool3d((part > BODY_VALUE).to(voxels.dtype), stride)


def pooled(maps: Tensor, vertebra: Tensor, body: Tensor) -> Tensor:
    """Means over vertebra and body, and the mean of the sums along the rays of a frontal image.

    The last is what a densitometer does: it adds up along its rays, and takes the mean over the
    area that the bone throws.

    Parameters
    ----------
    maps : (n, c, i, j, k) Tensor
        j from front to back.
    vertebra, body : (n, 1, i, j, k) Tensor
        From `parts_of`.

    Returns
    -------
    (n, 3c) Tensor
    """
    area = vertebra.amax(dim=3).sum(dim=(2, 3))
    whole = (maps * vertebra).sum(dim=(2, 3, 4))
    inside = (maps * body).sum(dim=(2, 3, 4))
    means = (
        whole / vertebra.sum(dim=(2, 3, 4)).clamp(min=1e-3),
        inside / body.sum(dim=(2, 3, 4)).clamp(min=1e-3),
        whole / (DEEP * area.clamp(min=1e-3)),
    )
    return torch.cat(means, dim=1)


def boxed(maps: Tensor) -> Tensor:
    """Means of a map in the boxes of `GRID`, whatever its size.

    Parameters
    ----------
    maps : (n, c, i, j, k) Tensor

    Returns
    -------
    (n, c · 144) Tensor
    """
    for many in GRID:
        shares = _shares(maps.shape[2], many).to(maps.dtype)
        maps = torch.tensordot(maps, shares, dims=([2], [0]))  # it becomes the last axis
    return maps.flatten(1)


def _shares(sides: int, many: int) -> Tensor:
    """Share (sides, many) that each place has in each of ``many`` boxes of one length."""
    edge = torch.arange(sides, dtype=torch.float64)[:, None] * many / sides
    box = torch.arange(many, dtype=torch.float64)[None]
    overlap = torch.minimum(edge + many / sides, box + 1) - torch.maximum(edge, box)
    return overlap.clamp(min=0)
