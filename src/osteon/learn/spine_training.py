"""Train the network of the spine: density, class and level at once."""

from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core import UnusableTable
from .fit import Tell, fit
from .networks.experts import balance_loss
from .networks.spine import SpineNetwork, SpineRead, SpineShape
from .networks.vertebra import VertebraEncoder
from .objectives.tasks import TASKS, TaskWeights, class_loss, density_loss
from .spine_batches import changed_batch
from .spine_data import SpineData
from .spine_line import FactsLine, fit_line
from .spine_model import SpineModel
from .spine_reading import read_batch
from .spine_settings import SpineSettings


def train_spine(
    data: SpineData,
    settings: SpineSettings,
    *,
    encoder: VertebraEncoder | None = None,
    checkpoint: Path | None = None,
    tell: Tell = lambda done, epochs, value: None,
) -> SpineModel:
    """Train a model, or go on where an interrupted training of the same settings was.

    Parameters
    ----------
    data : SpineData
        For training only: everything that is standardised is standardised on it.
    settings : SpineSettings
        Choices.
    encoder : VertebraEncoder, optional
        Pre-trained; it is copied.
    checkpoint : Path, optional
        File that keeps the state after each epoch.
    tell : function
        Told of every epoch.

    Returns
    -------
    SpineModel
        With the same data, settings and machine, the same numbers.

    Raises
    ------
    UnusableTable
        If too few patients have a density, or no device is known.
    """
    devices, data = _seen(data)
    line = fit_line(data, sloped=settings.line)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(settings.fit.seed)
        network = _network(data, settings, len(devices), encoder)
    losses = TaskWeights(
        {name: settings.weights[TASKS.index(name)] for name in settings.tasks}, settings.weighing
    )
    work = _Work(data, settings, line, network, losses)
    both = nn.ModuleDict({"network": network, "tasks": losses})
    told = fit(both, work.loss, len(data), settings.fit, checkpoint=checkpoint, tell=tell)
    share = np.bincount(data.device[data.device >= 0], minlength=len(devices))
    return SpineModel(settings, devices, share / share.sum(), line, network.eval(), tuple(told))


def _seen(data: SpineData) -> tuple[tuple[str, ...], SpineData]:
    """Devices that patients have, and the data with their numbers among them."""
    used = sorted(set(data.device[data.device >= 0].tolist()))
    if not used:
        raise UnusableTable("no patient has a densitometer that is known; training needs one.")
    table = np.full(len(data.devices) + 1, -1, np.int64)
    table[used] = np.arange(len(used))
    devices = tuple(data.devices[number] for number in used)
    return devices, replace(data, device=table[data.device], devices=devices)


def _network(
    data: SpineData, settings: SpineSettings, devices: int, encoder: VertebraEncoder | None
) -> SpineNetwork:
    size = settings.encoder if encoder is None else encoder.settings
    shape = SpineShape(
        backbone=settings.backbone if encoder is None else "vertebra",
        encoder=size,
        facts=data.facts.shape[2],
        devices=devices,
        width=settings.width,
        gate=settings.gate,
        experts=settings.experts,
        classes=settings.classes,
    )
    network = SpineNetwork(shape)
    if encoder is not None:
        network.encoder = deepcopy(encoder)
    return network


@dataclass(frozen=True, eq=False)
class _Work:
    """What the loss of a batch needs."""

    data: SpineData
    settings: SpineSettings
    line: FactsLine
    network: SpineNetwork
    weights: TaskWeights

    def loss(self, chosen: NDArray[np.int64], rng: np.random.Generator) -> Tensor:
        """Loss of patients by number."""
        if self.settings.frozen:
            self.network.encoder.eval().requires_grad_(False)
        batch = changed_batch(self.data, chosen, self.settings.augment, rng)
        read, log_classes = read_batch(self.network, self.line, self.data, chosen, batch)
        each = self._each(chosen, read, log_classes, batch.kept)
        total: Tensor = self.weights(each)
        if read.experts.shape[2] > 1 and self.settings.balance:
            total = total + self.settings.balance * balance_loss(read.experts[batch.kept])
        return total

    def _each(
        self, chosen: NDArray[np.int64], read: SpineRead, log_classes: Tensor, kept: Tensor
    ) -> Mapping[str, Tensor]:
        """Loss of each task."""
        whole = self._standard(self.data.bmd[chosen])
        single = self._standard(self.data.vertebra_bmd[chosen])
        single = torch.where(kept, single, torch.full_like(single, torch.nan))
        diagnosis = torch.from_numpy(self.data.diagnosis[chosen])
        level = torch.arange(kept.shape[1]).expand_as(kept)[kept]
        return {
            "bmd": density_loss(read.mean, read.log_variance, whole),
            "vertebra": density_loss(read.vertebra_mean, read.vertebra_log_variance, single),
            "diagnosis": class_loss(log_classes, diagnosis),
            "level": class_loss(read.levels[kept], level),
        }

    def _standard(self, density: NDArray[np.float64]) -> Tensor:
        return torch.from_numpy(((density - self.line.centre) / self.line.scale).astype(np.float32))
