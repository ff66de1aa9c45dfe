"""Train small networks that tell disease from bags or maps of patches, and use them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from ..core import BadSetting, UnknownName
from .networks.bag import BagTransformer
from .networks.maps import SIDE, MapNetwork
from .patches import Patches

Numbers = NDArray[np.float64]
Kind = Literal["transformer", "cnn"]


@dataclass(frozen=True)
class BagSettings:
    """How a network is trained.

    Attributes
    ----------
    steps : int
        Steps, each over all patients.
    rate : float
        Largest learning rate; it falls to nought along half a cosine.
    decay : float
        Decay of the weights.
    lost : float
        Share of patches left out of each patient at each step, so that a patient who lacks some
        is read as well.
    noise : float
        Standard deviation added to standardised values at each step.
    threads : int
        Of torch.
    """

    steps: int = 60
    rate: float = 5e-3
    decay: float = 1.0
    lost: float = 0.4
    noise: float = 0.6
    threads: int = 1

    def __post_init__(self) -> None:
        if self.steps < 1 or self.threads < 1:
            raise BadSetting(
                f"training takes one step and one thread at least; got {self.steps} and "
                f"{self.threads}."
            )
        if not (self.rate > 0 and self.decay >= 0 and self.noise >= 0 and 0 <= self.lost < 1):
            raise BadSetting(
                "the learning rate is above 0, decay and noise from 0, the share of lost patches "
                f"from 0 to below 1; got {self.rate:g}, {self.decay:g}, {self.noise:g}, "
                f"{self.lost:g}."
            )


@dataclass(frozen=True, eq=False)
class BagModel:
    """A trained network.

    Attributes
    ----------
    kind : {"transformer", "cnn"}
    regions, values : int
        What it was trained on.
    network : Module
        In evaluation mode.
    """

    kind: Kind
    regions: int
    values: int
    network: nn.Module

    def probabilities(self, patients: Sequence[Patches]) -> Numbers:
        """Probability of disease of each patient.

        Parameters
        ----------
        patients : sequence of Patches

        Returns
        -------
        ndarray of float64, shape (patients,)
        """
        batch = _packed(patients)
        with torch.no_grad():
            odds = _odds(self.network, self.kind, batch, self.regions)
        return np.asarray(torch.sigmoid(odds.double()).numpy(), np.float64)


@dataclass(frozen=True, eq=False)
class _Batch:
    values: Tensor
    region: Tensor
    cell: Tensor
    present: Tensor


def train_bags(
    kind: Kind,
    patients: Sequence[Patches],
    targets: Numbers,
    regions: int,
    *,
    settings: BagSettings | None = None,
    seed: int = 0,
) -> BagModel:
    """Train a network on all patients at once, a fixed number of steps.

    The state of torch's own random numbers and threads is put back afterwards.

    Parameters
    ----------
    kind : {"transformer", "cnn"}
        Attention over the bag, or convolutions over maps.
    patients : sequence of Patches
    targets : ndarray of float, shape (patients,)
        0 to 1; a share is a soft label.
    regions : int
        Regions that there are.
    settings : BagSettings, optional
        How.
    seed : int
        Same seed, same network.

    Returns
    -------
    BagModel

    Raises
    ------
    UnknownName
        If there is no such kind.
    """
    if kind not in ("transformer", "cnn"):
        raise UnknownName(f"a network is 'transformer' or 'cnn'; got '{kind}'.")
    how = settings or BagSettings()
    width = patients[0].values.shape[1]
    threads = torch.get_num_threads()
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        torch.set_num_threads(how.threads)
        try:
            network: nn.Module = (
                BagTransformer(width, regions)
                if kind == "transformer"
                else MapNetwork(width, regions)
            )
            wanted = torch.as_tensor(targets, dtype=torch.float32)
            _descend(network, kind, _packed(patients), (wanted, regions), how)
        finally:
            torch.set_num_threads(threads)
    return BagModel(kind, regions, width, network.eval())


def _descend(
    network: nn.Module, kind: Kind, batch: _Batch, wanted: tuple[Tensor, int], how: BagSettings
) -> None:
    targets, regions = wanted
    optimizer = torch.optim.AdamW(network.parameters(), lr=how.rate, weight_decay=how.decay)
    fall = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, how.steps)
    network.train()
    for _ in range(how.steps):
        odds = _odds(network, kind, _disturbed(batch, how), regions)
        optimizer.zero_grad()
        binary_cross_entropy_with_logits(odds, targets).backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        fall.step()


def _packed(patients: Sequence[Patches]) -> _Batch:
    """Patients side by side, those with fewer patches filled up with empty places."""
    most = max(len(one.region) for one in patients)
    width = patients[0].values.shape[1]
    values = np.zeros((len(patients), most, width), np.float32)
    region = np.zeros((len(patients), most), np.int64)
    cell = np.ones((len(patients), most, 2), np.int64)
    present = np.zeros((len(patients), most), np.bool_)
    for n, one in enumerate(patients):
        many = len(one.region)
        values[n, :many], region[n, :many], cell[n, :many] = one.values, one.region, one.cell
        present[n, :many] = True
    return _Batch(*(torch.from_numpy(part) for part in (values, region, cell, present)))


def _disturbed(batch: _Batch, how: BagSettings) -> _Batch:
    """Values with noise, and some patches gone; a patient keeps one at least."""
    values = batch.values + how.noise * torch.randn(batch.values.shape)
    chance = torch.where(batch.present, torch.rand(batch.present.shape), 2.0)
    first = torch.zeros_like(batch.present).scatter(1, chance.argmin(dim=1, keepdim=True), True)
    kept = batch.present & ((chance >= how.lost) | first)
    return _Batch(values, batch.region, batch.cell, kept)


def _odds(network: nn.Module, kind: Kind, batch: _Batch, regions: int) -> Tensor:
    if kind == "transformer":
        cell = batch.cell.to(batch.values.dtype) - 1.0
        odds: Tensor = network(batch.values, batch.region, cell, batch.present)
        return odds
    maps, filled = _maps(batch, regions)
    odds = network(maps, filled)
    return odds


def _maps(batch: _Batch, regions: int) -> tuple[Tensor, Tensor]:
    """Maps of each region; patches in the same cell are averaged."""
    patients, _, width = batch.values.shape
    many = regions * SIDE * SIDE
    place = (batch.region * SIDE + batch.cell[..., 0]) * SIDE + batch.cell[..., 1]
    there = batch.present.to(batch.values.dtype)
    counts = torch.zeros(patients, many).scatter_add(1, place, there)
    index = place[..., None].expand(-1, -1, width)
    sums = torch.zeros(patients, many, width).scatter_add(1, index, batch.values * there[..., None])
    mean = sums / counts.clamp(min=1)[..., None]
    maps = mean.reshape(patients, regions, SIDE, SIDE, width).permute(0, 1, 4, 2, 3)
    return maps, (counts > 0).reshape(patients, regions, SIDE, SIDE)
