"""A mixture of experts whose gate sees the image, the densitometer, or both."""

from typing import Literal, NamedTuple, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

Gate = Literal["none", "image", "device", "both", "own"]
GATES: tuple[str, ...] = get_args(Gate)
"""One head for all; gates by what they see; or an expert of its own for each device."""

DEVICE_WIDTH = 8
"""Length of the embedding of a device."""


class Mixed(NamedTuple):
    """What experts say together.

    Attributes
    ----------
    values : (n, w) Tensor
        Sum of what the experts say, by their weights.
    weights : (n, e) Tensor
        Weight of each expert, adding up to 1.
    """

    values: Tensor
    weights: Tensor


class Experts(nn.Module):
    """Experts fused by a learnt gate (Jacobs 1991, doi:10.1162/neco.1991.3.1.79).

    Each expert is a layer that is added to what came in, so that experts who have learnt nothing
    change nothing.

    Parameters
    ----------
    width : int
        Length of what comes in and of what goes out.
    devices : int
        Densitometers that are known by number; one more place is learnt for all that are not.
    gate : {"none", "image", "device", "both", "own"}
        What decides on the weights: nothing (one expert); the features; the device; both; or each
        device has its expert, and a device that is not known takes the mean of all.
    experts : int
        How many there are; no matter for ``"none"`` and ``"own"``.
    """

    def __init__(self, width: int, devices: int, *, gate: Gate, experts: int) -> None:
        super().__init__()
        self.kind: Gate = gate
        self.devices = devices
        self.many = {"none": 1, "own": devices}.get(gate, experts)
        self.experts = nn.ModuleList(
            nn.Sequential(nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))
            for _ in range(self.many)
        )
        sees = width * (gate in ("image", "both")) + DEVICE_WIDTH * (gate in ("device", "both"))
        if gate in ("device", "both"):
            self.device = nn.Embedding(devices + 1, DEVICE_WIDTH)
        if sees:
            self.gate = nn.Linear(sees, self.many)

    def forward(self, features: Tensor, device: Tensor) -> Mixed:
        """Fuse the experts.

        Parameters
        ----------
        features : (n, w) Tensor
        device : (n,) Tensor of int64
            Number of the densitometer; below 0 where it is not known.
        """
        weights = self._weights(features, device)
        said = torch.stack([expert(features) for expert in self.experts], dim=1)
        return Mixed(features + (weights[..., None] * said).sum(dim=1), weights)

    def _weights(self, features: Tensor, device: Tensor) -> Tensor:
        if self.kind == "none":
            return torch.ones_like(features[:, :1])
        known = device >= 0
        number = torch.where(known, device, torch.full_like(device, self.devices))
        if self.kind == "own":
            each = one_hot(number, self.devices + 1)[:, :-1].to(features.dtype)
            return torch.where(known[:, None], each, torch.full_like(each, 1 / self.many))
        seen = [features] if self.kind in ("image", "both") else []
        if self.kind in ("device", "both"):
            seen.append(self.device(number))
        return torch.softmax(self.gate(torch.cat(seen, dim=1)), dim=1)


def balance_loss(weights: Tensor) -> Tensor:
    """Squared coefficient of variation of the experts' shares in a batch.

    Nought where all are used alike; without it a gate may feed one expert only (Shazeer 2017,
    doi:10.48550/arXiv.1701.06538, equation 6).

    Parameters
    ----------
    weights : (n, e) Tensor
        From `Experts`.
    """
    share = weights.mean(dim=0) * weights.shape[1]
    return ((share - 1) ** 2).mean()
