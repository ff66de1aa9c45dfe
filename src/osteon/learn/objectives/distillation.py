"""What a student is asked beside its targets: to see and to say what its teacher does."""

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Tensor, nn

from ..networks.trunk import Regressed

KINDS = ("none", "features", "output", "variational")
"""Names of the kinds of distillation."""


class Distillation(Protocol):
    """A further loss of a student, with weights of its own where it needs some."""

    def __call__(self, student: Regressed, teacher: Regressed) -> Tensor:
        """Loss of a batch; what the teacher says is taken as given."""
        ...


class Features(nn.Module):
    """Mean absolute difference of feature maps, stage by stage (SRRD, arXiv 2307.04390).

    Parameters
    ----------
    weights : sequence of float
        Weight of each stage; 0 leaves one out.
    """

    def __init__(self, weights: Sequence[float]) -> None:
        super().__init__()
        self.weights = tuple(weights)

    def forward(self, student: Regressed, teacher: Regressed) -> Tensor:
        """Weighted sum over the stages."""
        pairs = zip(self.weights, student.maps, teacher.maps, strict=True)
        return torch.stack([w * (a - b).abs().mean() for w, a, b in pairs]).sum()


class Output(nn.Module):
    """Squared difference of what both say (Hinton 2015, arXiv 1503.02531, for regression)."""

    def __init__(self, weight: float) -> None:
        super().__init__()
        self.weight = weight

    def forward(self, student: Regressed, teacher: Regressed) -> Tensor:
        """Mean over batch and parameters."""
        return self.weight * (student.mean - teacher.mean).square().mean()


class Variational(nn.Module):
    """What is likely of the teacher's embedding, given the student's: Gaussian, learnt.

    The student need not copy what it cannot see: every channel of the teacher's has a variance of
    its own, which grows where CT does not tell it (Ahn 2019, doi:10.1109/CVPR.2019.00938); in the
    conditional form of privileged information (van Sonsbeek 2021, arXiv 2103.10825) this is the
    expectation of the student's prior over a teacher's posterior that is a point.

    Parameters
    ----------
    weight : float
        Weight of the negative log-likelihood.
    width : int
        Channels of the embeddings.
    """

    def __init__(self, weight: float, width: int) -> None:
        super().__init__()
        self.weight = weight
        self.guess = nn.Linear(width, width)
        self.log_variance = nn.Linear(width, width)

    def forward(self, student: Regressed, teacher: Regressed) -> Tensor:
        """Mean over batch and channels, up to a constant."""
        spread = self.log_variance(student.embedding).clamp(-6.0, 6.0)
        away = (self.guess(student.embedding) - teacher.embedding).square()
        likely: Tensor = 0.5 * (spread + away * torch.exp(-spread)).mean()
        return self.weight * likely
