"""One step of training a synthesis, on pairs or on a cycle."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from .networks.discriminator import Discriminator, steps_for
from .networks.generator import Generator
from .objectives.adversarial import ImagePool, taken_for, tell_apart
from .objectives.edges import edge_map
from .objectives.mutual_information import mutual_information
from .synthesis_settings import SynthesisSettings
from .synthesis_slices import KneeSlices, drawn

TO_CT, TO_MR = 7.0, 1.0
"""Weights of mutual information for MR to CT and for CT to MR, as published."""

IMAGE, EDGES = 3.0, 2.0
"""Weights of the image (published: three equal channels of 1) and of its edges, in their mean."""

BETAS = (0.5, 0.999)
"""Of Adam, as published."""


def channels(image: Tensor, settings: SynthesisSettings, *, mr: bool) -> Tensor:
    """An image and, where asked for, its edges from −1 to 1: (n, slices or twice that, i, j)."""
    if not settings.structure:
        return image
    return torch.cat([image, 2 * edge_map(image, dark_first=mr) - 1], 1)


def generator_of(settings: SynthesisSettings) -> Generator:
    """A generator, its weights drawn by the seed when built under `torch.manual_seed`."""
    n = settings.slices
    wide = 2 * n if settings.structure else n
    size = {"width": settings.width, "blocks": settings.blocks}
    # a cycle could hide the way back in what passes by; a pair has no way back
    return Generator(wide, n, skips=settings.paired, **size)


class Pairs:
    """Learns from pairs laid over each other: absolute error, and being taken for true.

    Parameters
    ----------
    settings : SynthesisSettings
        Of it.
    device : str
        Where it computes.
    """

    def __init__(self, settings: SynthesisSettings, device: str) -> None:
        self.settings, self.device = settings, device
        self.to_ct = generator_of(settings).to(device)
        wide = settings.slices * (3 if settings.structure else 2)
        steps = steps_for(settings.crop)
        self.judge = Discriminator(wide, width=settings.width, steps=steps).to(device)
        self.makes, self.judges = adam(self.to_ct, settings), adam(self.judge, settings)

    @property
    def parts(self) -> dict[str, Any]:
        """What has a state."""
        return {"to_ct": self.to_ct, "d": self.judge, "makes": self.makes, "judges": self.judges}

    @property
    def pools(self) -> dict[str, ImagePool]:
        """Images kept: none."""
        return {}

    def step(self, knees: Sequence[KneeSlices], rng: np.random.Generator) -> dict[str, float]:
        """Train on slices of one knee; losses by name."""
        s = self.settings
        knee = knees[int(rng.integers(len(knees)))]
        shape = {"batch": s.batch, "crop": s.crop, "count": s.slices}
        source, target = (
            torch.from_numpy(one).to(self.device) for one in drawn([knee.mr, knee.ct], rng, **shape)
        )
        known = torch.isfinite(target)
        source, true = channels(source, s, mr=True), torch.where(known, target, -1.0)
        made = torch.where(known, self.to_ct(source), -1.0)
        off = (made - true).abs().sum() / known.sum().clamp(min=1)
        fooled = taken_for(self.judge(torch.cat([source, made], 1)), True)
        descend(self.makes, s.pixelwise * off + s.adversarial * fooled)
        told = tell_apart(
            self.judge(torch.cat([source, true], 1)),
            self.judge(torch.cat([source, made.detach()], 1)),
        )
        descend(self.judges, told)
        return told_of({"absolute error": off, "adversarial": fooled, "judge": told})


class Cycle:
    """Learns from images of different people: there and back, and being taken for true.

    Parameters
    ----------
    settings : SynthesisSettings
        Of it.
    device : str
        Where it computes.
    """

    def __init__(self, settings: SynthesisSettings, device: str) -> None:
        self.settings, self.device = settings, device
        wide = settings.slices * (2 if settings.structure else 1)
        steps = steps_for(settings.crop)
        self.to_ct, self.to_mr = (generator_of(settings).to(device) for _ in range(2))
        self.of_ct, self.of_mr = (
            Discriminator(wide, width=settings.width, steps=steps).to(device) for _ in range(2)
        )
        self.makes = adam(nn.ModuleList([self.to_ct, self.to_mr]), settings)
        self.judges = adam(nn.ModuleList([self.of_ct, self.of_mr]), settings)
        self.pools = {"ct": ImagePool(), "mr": ImagePool()}

    @property
    def parts(self) -> dict[str, Any]:
        """What has a state."""
        return {
            "to_ct": self.to_ct,
            "to_mr": self.to_mr,
            "d_ct": self.of_ct,
            "d_mr": self.of_mr,
            "makes": self.makes,
            "judges": self.judges,
        }

    def step(self, knees: Sequence[KneeSlices], rng: np.random.Generator) -> dict[str, float]:
        """Train on MR slices of one knee and CT slices of another; losses by name."""
        s = self.settings
        shape = {"batch": s.batch, "crop": s.crop, "count": s.slices}
        one, other = (knees[int(rng.integers(len(knees)))] for _ in range(2))
        mr = self._seen(drawn([one.mr], rng, **shape)[0], mr=True)
        # a pair's CT may stand in for one that was never laid over anything: unknown is air
        ct = self._seen(np.nan_to_num(drawn([other.ct], rng, **shape)[0], nan=-1.0), mr=False)
        as_ct = channels(self.to_ct(mr), s, mr=False)
        as_mr = channels(self.to_mr(ct), s, mr=True)
        back = {
            "mr": channels(self.to_mr(as_ct), s, mr=True),
            "ct": channels(self.to_ct(as_mr), s, mr=False),
        }
        fooled = taken_for(self.of_ct(as_ct), True) + taken_for(self.of_mr(as_mr), True)
        cycle = (back["mr"] - mr).abs().mean() + (back["ct"] - ct).abs().mean()
        total = s.adversarial * fooled + s.cycle * cycle
        losses = {"adversarial": fooled, "cycle": cycle}
        if s.mutual_information:
            told = TO_CT * self._shared(as_ct, mr) + TO_MR * self._shared(as_mr, ct)
            total = total - s.mutual_information * told
            losses["mutual information"] = told
        descend(self.makes, total)
        judged = tell_apart(self.of_ct(ct), self.of_ct(self.pools["ct"].exchanged(as_ct, rng)))
        judged = judged + tell_apart(
            self.of_mr(mr), self.of_mr(self.pools["mr"].exchanged(as_mr, rng))
        )
        descend(self.judges, judged)
        return told_of(losses | {"judge": judged})

    def _seen(self, slices: np.ndarray[Any, Any], *, mr: bool) -> Tensor:
        return channels(torch.from_numpy(slices).to(self.device), self.settings, mr=mr)

    def _shared(self, made: Tensor, source: Tensor) -> Tensor:
        """Mutual information in nats, a weighted mean over channels."""
        n = self.settings.slices
        weights = [IMAGE] * n + [EDGES] * (made.shape[1] - n)
        each = [
            weight * mutual_information(made[:, c], source[:, c]).mean()
            for c, weight in enumerate(weights)
        ]
        return torch.stack(each).sum() / sum(weights)


def told_of(losses: Mapping[str, Tensor]) -> dict[str, float]:
    """Losses as plain numbers."""
    return {name: float(loss.detach()) for name, loss in losses.items()}


def adam(network: nn.Module, settings: SynthesisSettings) -> torch.optim.Adam:
    """Adam as published."""
    return torch.optim.Adam(network.parameters(), lr=settings.rate, betas=BETAS)


def descend(optimiser: torch.optim.Adam, loss: Tensor) -> None:
    """One step down, of the weights that `optimiser` has."""
    optimiser.zero_grad(set_to_none=True)
    mine = [weight for group in optimiser.param_groups for weight in group["params"]]
    # only these: the other network's gradients would be worked out for nothing
    for weight, slope in zip(mine, torch.autograd.grad(loss, mine), strict=True):
        weight.grad = slope
    optimiser.step()
