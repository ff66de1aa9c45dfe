"""One training loop: seeded batches, one cycle of the rate, and going on after a stop."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core import BadSetting
from .checkpoints import load_checkpoint, save_checkpoint
from .threads import one_thread

Loss = Callable[[NDArray[np.int64], np.random.Generator], Tensor]
"""Loss of the items numbered, with a generator for whatever is drawn on the way."""

Tell = Callable[[int, int, float], None]
"""Told epochs done, epochs in all, and the mean loss of the last one."""


@dataclass(frozen=True)
class FitSettings:
    """Choices of a training.

    Attributes
    ----------
    epochs, batch : int
        Passes over the items, and items a step.
    rate : float
        Largest learning rate of the cycle (Smith 2019, doi:10.1117/12.2520589).
    decay : float
        Decoupled weight decay (Loshchilov & Hutter 2019, doi:10.48550/arXiv.1711.05101).
    seed : int
        Of first weights, order and augmentation.
    """

    epochs: int = 20
    batch: int = 32
    rate: float = 3e-3
    decay: float = 0.05
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what cannot be trained."""
        if min(self.epochs, self.batch) < 1 or self.rate <= 0 or self.decay < 0:
            raise BadSetting(
                "epochs and batch must be at least 1, rate above 0 and decay at least 0; got "
                f"{self.epochs}, {self.batch}, {self.rate:g} and {self.decay:g}."
            )


def fit(
    module: nn.Module,
    loss: Loss,
    items: int,
    settings: FitSettings,
    *,
    checkpoint: Path | None = None,
    tell: Tell = lambda done, epochs, value: None,
) -> list[float]:
    """Train a module, or go on where an interrupted training of the same settings was.

    Parameters
    ----------
    module : nn.Module
        What is trained, in place.
    loss : function
        Loss of a batch.
    items : int
        How many items there are.
    settings : FitSettings
        Choices.
    checkpoint : Path, optional
        File that keeps the state after each epoch.
    tell : function
        Told of every epoch.

    Returns
    -------
    list of float
        Mean loss of every epoch. With the same seed and machine, the same numbers, whether or not
        the training was interrupted.
    """
    rng = np.random.default_rng(settings.seed)
    steps = max(1, items // settings.batch)
    optimiser = torch.optim.AdamW(
        module.parameters(), lr=settings.rate, weight_decay=settings.decay
    )
    cycle = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, settings.rate, total_steps=settings.epochs * steps + 1
    )
    parts: dict[str, Any] = {"module": module, "optimiser": optimiser, "cycle": cycle}
    identity = f"{settings} of {items}"
    losses = _taken_up(checkpoint, identity, parts, rng)
    for epoch in range(len(losses), settings.epochs):
        module.train()
        order = rng.permutation(items)
        total = 0.0
        with one_thread():
            for batch in np.array_split(order[: steps * settings.batch], steps):
                value = loss(batch, rng)
                optimiser.zero_grad(set_to_none=True)
                value.backward()  # type: ignore[no-untyped-call]
                optimiser.step()
                cycle.step()
                total += float(value.detach())
        losses.append(total / steps)
        tell(epoch + 1, settings.epochs, losses[-1])
        if checkpoint is not None:
            state = {name: part.state_dict() for name, part in parts.items()}
            kept = {"of": identity, "rng": rng.bit_generator.state, "losses": list(losses)}
            save_checkpoint(checkpoint, state | kept)
    module.eval()
    return losses


def _taken_up(
    checkpoint: Path | None, identity: str, parts: Mapping[str, Any], rng: np.random.Generator
) -> list[float]:
    """Losses so far, after putting everything into the state that was kept."""
    kept = None if checkpoint is None else load_checkpoint(checkpoint)
    if kept is None or kept.get("of") != identity:
        return []
    for name, part in parts.items():
        part.load_state_dict(kept[name])
    rng.bit_generator.state = kept["rng"]
    return list(kept["losses"])
