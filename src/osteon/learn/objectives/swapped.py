"""Clusters that two views of the same texture must agree on, with balanced assignment."""

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import log_softmax, normalize

from ..networks.vertebra import VertebraEncoder
from .pretext import Pretext, Seen, pooled, sizes_pooled

TEMPERATURE = 0.1
"""Of the softmax over prototypes (Caron 2020)."""

SMOOTH = 0.05
"""Weight of the entropy in the balanced assignment (Caron 2020)."""

ROUNDS = 3
"""Times that rows and columns are balanced in turn (Caron 2020)."""


def balanced(scores: Tensor, smooth: float = SMOOTH, rounds: int = ROUNDS) -> Tensor:
    """Assignment of windows to prototypes that uses all prototypes alike (Sinkhorn–Knopp).

    Parameters
    ----------
    scores : (n, k) Tensor
        How alike windows and prototypes are, cosines.
    smooth : float
        Weight of the entropy: larger is softer.
    rounds : int
        Times that prototypes and windows are balanced in turn.

    Returns
    -------
    (n, k) Tensor
        Rows sum to 1, columns nearly to n / k.
    """
    plan = torch.exp((scores - scores.max()) / smooth)
    for _ in range(rounds):
        plan = plan / plan.sum(dim=0, keepdim=True).clamp_min(1e-12)
        plan = plan / plan.sum(dim=1, keepdim=True).clamp_min(1e-12)
    return plan


class Swapped(Pretext):
    """Each view foretells the cluster of the other (Caron 2020, doi:10.48550/arXiv.2006.09882).

    Which windows are two views of one is not this objective's matter: crops of one window give
    the published method, windows of like texture one that keeps texture. Windows of past batches
    help to balance small ones, as published.

    Parameters
    ----------
    encoder : VertebraEncoder
        What is trained.
    prototypes : int
        Clusters.
    projected : int
        Numbers in which views are compared.
    queue : int
        Windows of past batches that the assignment is balanced over as well; 0 for none.
    still : int
        First steps in which prototypes do not move.
    """

    def __init__(
        self,
        encoder: VertebraEncoder,
        *,
        prototypes: int = 64,
        projected: int = 32,
        queue: int = 0,
        still: int = 60,
    ) -> None:
        super().__init__(encoder)
        self.project = nn.Sequential(
            nn.Linear(sizes_pooled(encoder), 2 * encoder.width, bias=False),
            nn.BatchNorm1d(2 * encoder.width),
            nn.ReLU(),
            nn.Linear(2 * encoder.width, projected),
        )
        self.prototypes = nn.Parameter(normalize(torch.randn(prototypes, projected), dim=1))
        self.still = still
        self.past: Tensor
        self.steps: Tensor
        self.register_buffer("past", torch.zeros(2, queue, projected))
        self.register_buffer("steps", torch.zeros((), dtype=torch.int64))

    def forward(self, seen: Seen, rng: np.random.Generator) -> Tensor:
        """Mean cross-entropy of the swapped assignments."""
        views = [self.projected(voxels) for voxels in (seen.one, seen.other)]
        anchors = normalize(self.prototypes, dim=1)
        if int(self.steps) < self.still:
            anchors = anchors.detach()
        scores = [view @ anchors.T for view in views]
        wanted = [self._wanted(n, views[n], anchors) for n in range(2)]
        self._remember(views)
        likely = [log_softmax(each / TEMPERATURE, dim=1) for each in scores]
        crossed = [(wanted[n] * likely[1 - n]).sum(dim=1).mean() for n in range(2)]
        return -0.5 * (crossed[0] + crossed[1])

    def projected(self, voxels: Tensor) -> Tensor:
        """Directions in which views are compared: (n, projected), of length 1."""
        return normalize(self.project(pooled(self.encoder, voxels)), dim=1)

    def use(self, voxels: Tensor) -> float:
        """Perplexity of the nearest prototypes of windows, as a share of all prototypes."""
        scores = self.projected(voxels) @ normalize(self.prototypes, dim=1).T
        return evenness(scores.argmax(dim=1), len(self.prototypes))

    @torch.no_grad()
    def _wanted(self, which: int, view: Tensor, anchors: Tensor) -> Tensor:
        """Balanced assignment of a view, over past windows as well once there are enough."""
        many, held = len(view), self.past[which]
        if len(held) and int(self.steps) * many >= len(held):
            view = torch.cat([view, held])
        return balanced(view @ anchors.T)[:many]

    @torch.no_grad()
    def _remember(self, views: list[Tensor]) -> None:
        """Put the newest windows in front of the queue."""
        length = self.past.shape[1]
        for which, view in enumerate(views):
            self.past[which] = torch.cat([view.detach(), self.past[which]])[:length]
        self.steps += 1


def evenness(nearest: Tensor, prototypes: int) -> float:
    """Exponential of the entropy of how often each prototype is the nearest, by their number.

    Parameters
    ----------
    nearest : (n,) int64 Tensor
        Number of the nearest prototype of each window.
    prototypes : int
        How many there are.

    Returns
    -------
    float
        From 1 / prototypes, all windows at one, to 1, all used alike.
    """
    share = torch.bincount(nearest, minlength=prototypes).to(torch.float64) / len(nearest)
    used = share[share > 0]
    return float(torch.exp(-(used * used.log()).sum())) / prototypes
