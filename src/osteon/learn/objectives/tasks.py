"""Several tasks learnt at once: the loss of each, and how they are weighed."""

from collections.abc import Mapping
from typing import Literal, get_args

import torch
from torch import Tensor, nn
from torch.nn.functional import nll_loss

Task = Literal["bmd", "vertebra", "diagnosis", "level"]
TASKS: tuple[Task, ...] = get_args(Task)
"""Density of the patient and of each vertebra, class of the patient, level of each vertebra."""

Weighing = Literal["fixed", "learnt"]
"""Weights as they are given, or by learnt uncertainties."""


class TaskWeights(nn.Module):
    """Adds up the losses of tasks.

    Learnt weights are those of Kendall 2018 (doi:10.48550/arXiv.1705.07115): each loss is divided
    by a learnt variance, whose logarithm is added so that it does not grow for nothing. They start
    from the fixed weights.

    Parameters
    ----------
    weights : mapping of str to float
        Weight of each task, above 0; tasks that are not in it are left out.
    weighing : {"fixed", "learnt"}
        How.
    """

    start: Tensor

    def __init__(self, weights: Mapping[str, float], weighing: Weighing) -> None:
        super().__init__()
        self.names = tuple(weights)
        start = -torch.log(torch.tensor([float(weights[name]) for name in self.names]))
        if weighing == "learnt":
            self.start = nn.Parameter(start)
        else:
            self.register_buffer("start", start)
        self.learns = weighing == "learnt"

    def forward(self, losses: Mapping[str, Tensor]) -> Tensor:
        """Sum of the losses by their weights; those of tasks that are left out count nothing."""
        each = torch.stack([losses[name] for name in self.names])
        total = (torch.exp(-self.start) * each).sum()
        return total + 0.5 * self.start.sum() if self.learns else total


def density_loss(
    mean: Tensor, log_variance: Tensor, target: Tensor, share: Tensor | None = None
) -> Tensor:
    """Squared error of densities, and the likelihood of their uncertainty given the error.

    The uncertainty learns from the error as it is and does not weigh it: a mean that is learnt
    from the likelihood attends to the patients that are easy already (Seitzer 2022,
    doi:10.48550/arXiv.2203.09168).

    Parameters
    ----------
    mean, log_variance, target : Tensor of one shape
        Standardised; NaN in the target where it was not read.
    share : Tensor of the same shape, optional
        Weight of each; 1 where not given.

    Returns
    -------
    Tensor
        Mean over what was read; 0 where nothing was.
    """
    read = torch.isfinite(target)
    error = torch.where(read, mean - torch.nan_to_num(target), torch.zeros_like(mean))
    likelihood = 0.5 * (error.detach() ** 2 * torch.exp(-log_variance) + log_variance)
    weight = read.to(mean.dtype) if share is None else read * share
    return ((error**2 + likelihood) * weight).sum() / weight.sum().clamp(min=1e-6)


def class_loss(log_probabilities: Tensor, target: Tensor) -> Tensor:
    """Cross entropy over those whose class is known.

    Parameters
    ----------
    log_probabilities : (n, c) Tensor
    target : (n,) Tensor of int64
        Number of the class; below 0 where it is not known.

    Returns
    -------
    Tensor
        0 where none is known.
    """
    known = target >= 0
    loss = nll_loss(log_probabilities, target.clamp(min=0), reduction="none")
    return torch.where(known, loss, torch.zeros_like(loss)).sum() / known.sum().clamp(min=1)
