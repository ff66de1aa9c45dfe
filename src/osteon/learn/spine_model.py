"""A trained model of the spine: what it says of patients, and how it is kept on disk."""

import dataclasses
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from ..core import UnknownName, UnusableTable
from .checkpoints import load_checkpoint, save_checkpoint
from .fit import FitSettings
from .networks.spine import LEVELS, SpineNetwork, SpineShape
from .networks.vertebra import EncoderSettings
from .spine_batches import whole_batch
from .spine_data import UNKNOWN, SpineData
from .spine_line import FactsLine
from .spine_reading import read_batch
from .spine_settings import Augmentation, SpineSettings
from .threads import one_thread

Numbers = NDArray[np.float64]

Device = Literal["given", "unknown"]

AT_ONCE = 8
"""Patients that are read at once."""

FORMAT = "osteon spine model 1"


@dataclass(frozen=True, eq=False)
class SpineSaid:
    """What a model says of p patients with s places for vertebrae.

    Attributes
    ----------
    bmd, bmd_sd : (p,) float64 array
        Standardised areal density of L1–L4 and its standard uncertainty, in g/cm².
    classes : (p, 3) float64 array
        Probabilities of normal, osteopenia and osteoporosis.
    attention : (p, s) float64 array
        Share of each vertebra in what is said of the patient; 0 where none is present.
    experts : (p, e) float64 array
        Weights of the experts, the mean over vertebrae by attention.
    vertebra_bmd, vertebra_sd : (p, s) float64 array
        The same as `bmd` of each vertebra; NaN where none is present.
    levels : (p, s, 4) float64 array
        Probabilities of L1 to L4; NaN where no vertebra is present or levels were not learnt.
    embedding : (p, w) float64 array
        What the network knows of the patient; to tell who is unlike all in training.
    """

    bmd: Numbers
    bmd_sd: Numbers
    classes: Numbers
    attention: Numbers
    experts: Numbers
    vertebra_bmd: Numbers
    vertebra_sd: Numbers
    levels: Numbers
    embedding: Numbers


@dataclass(frozen=True, eq=False)
class SpineModel:
    """A trained model.

    Attributes
    ----------
    settings : SpineSettings
        How it was trained.
    devices : tuple of str
        Densitometers that it knows.
    shares : (d,) ndarray
        Share of each in training.
    line : FactsLine
        Where densities start from, and their scale.
    network : SpineNetwork
        In evaluation mode.
    losses : tuple of float
        Mean loss of each epoch.
    """

    settings: SpineSettings
    devices: tuple[str, ...]
    shares: Numbers
    line: FactsLine
    network: SpineNetwork
    losses: tuple[float, ...]

    @property
    def parameters(self) -> int:
        """Numbers that were learnt."""
        return sum(part.numel() for part in self.network.parameters())

    def say(self, data: SpineData, device: Device = "given") -> SpineSaid:
        """Read patients.

        Parameters
        ----------
        data : SpineData
            ``bmd``, ``vertebra_bmd`` and ``diagnosis`` are not looked at. Where ``limits`` are not
            known, those of the patients in training stand in.
        device : {"given", "unknown"}
            Whether densitometers are taken as they stand in the data, those that the model has
            not seen as unknown; or all as unknown.

        Returns
        -------
        SpineSaid

        Raises
        ------
        UnknownName
            If ``device`` is neither.
        UnusableTable
            If there are other facts than in training.
        """
        if device not in get_args(Device):
            raise UnknownName(f"devices are 'given' or 'unknown'; got '{device}'.")
        if data.facts.shape[2] != len(self.line.slopes):
            raise UnusableTable(
                f"{data.facts.shape[2]} facts of each vertebra, but the model was trained on "
                f"{len(self.line.slopes)}."
            )
        known = self.numbers_of(data)
        if device == "unknown":
            known = np.full_like(known, UNKNOWN)
        if self.settings.unknown == "learnt" or self.settings.gate in ("none", "image"):
            return self._said(data, known)
        return self._marginal(data, known)

    def numbers_of(self, data: SpineData) -> NDArray[np.int64]:
        """Numbers (p,) of the patients' densitometers among those of the model."""
        number = {name: n for n, name in enumerate(self.devices)}
        names = [number.get(name, UNKNOWN) for name in data.devices]
        table = np.array([*names, UNKNOWN], np.int64)  # UNKNOWN is -1, the last of them
        return table[data.device]

    def _marginal(self, data: SpineData, known: NDArray[np.int64]) -> SpineSaid:
        """Where the device is not known, the mean of what is said for each, by its share."""
        told = [
            self._said(data, np.where(known == UNKNOWN, number, known))
            for number in range(len(self.devices))
        ]
        names = [entry.name for entry in dataclasses.fields(SpineSaid)]
        mean = {
            name: np.tensordot(self.shares, np.stack([getattr(one, name) for one in told]), 1)
            for name in names
        }
        for middle, spread in (("bmd", "bmd_sd"), ("vertebra_bmd", "vertebra_sd")):
            square = np.stack([getattr(t, spread) ** 2 + getattr(t, middle) ** 2 for t in told])
            variance = np.tensordot(self.shares, square, 1) - mean[middle] ** 2
            mean[spread] = np.sqrt(np.maximum(variance, 0))
        return SpineSaid(**mean)

    def _said(self, data: SpineData, device: NDArray[np.int64]) -> SpineSaid:
        """All patients, some at a time."""
        several = [
            self._some(data, np.arange(start, min(start + AT_ONCE, len(data))), device)
            for start in range(0, len(data), AT_ONCE)
        ]
        names = [entry.name for entry in dataclasses.fields(SpineSaid)]
        return SpineSaid(
            **{name: np.concatenate([getattr(one, name) for one in several]) for name in names}
        )

    def _some(
        self, data: SpineData, chosen: NDArray[np.int64], device: NDArray[np.int64]
    ) -> SpineSaid:
        with torch.no_grad(), one_thread():
            batch = whole_batch(data, chosen, device)
            read, log_classes = read_batch(self.network, self.line, data, chosen, batch)
        centre, scale = self.line.centre, self.line.scale
        there = data.present[chosen]
        share = _numpy(read.attention)
        levels = np.exp(_numpy(torch.log_softmax(read.levels.double(), dim=2)))
        told = there[..., None] & ("level" in self.settings.tasks)
        spread = np.sqrt(np.exp(_numpy(read.vertebra_log_variance)))
        return SpineSaid(
            bmd=centre + scale * _numpy(read.mean),
            bmd_sd=scale * np.sqrt(np.exp(_numpy(read.log_variance))),
            classes=np.exp(_numpy(log_classes)),
            attention=share,
            experts=(share[..., None] * _numpy(read.experts)).sum(axis=1),
            vertebra_bmd=np.where(there, centre + scale * _numpy(read.vertebra_mean), np.nan),
            vertebra_sd=np.where(there, scale * spread, np.nan),
            levels=np.where(told, levels, np.full(LEVELS, np.nan)),
            embedding=_numpy(read.embedding),
        )

    def save(self, path: Path) -> None:
        """Write the model into one file, whole or not at all."""
        line = {key: _plain(value) for key, value in vars(self.line).items()}
        save_checkpoint(
            path,
            {
                "format": FORMAT,
                "settings": asdict(self.settings),
                "shape": asdict(self.network.shape),
                "devices": list(self.devices),
                "shares": self.shares.tolist(),
                "line": line,
                "losses": list(self.losses),
                "network": self.network.state_dict(),
            },
        )


def load_spine_model(path: Path) -> SpineModel:
    """Read what `SpineModel.save` wrote; no code in the file is run.

    Raises
    ------
    UnusableTable
        If there is no such file, or it is something else.
    """
    kept = load_checkpoint(path)
    if kept is None or kept.get("format") != FORMAT:
        raise UnusableTable(f"{path} is no model of the spine; train one first.")
    try:
        network = SpineNetwork(_shape(kept["shape"]))
        network.load_state_dict(kept["network"])
        line = FactsLine(**{key: _array(value) for key, value in kept["line"].items()})
        settings = _settings(kept["settings"])
        shares = np.asarray(kept["shares"], np.float64)
        devices, losses = tuple(kept["devices"]), tuple(kept["losses"])
    except (KeyError, TypeError, RuntimeError, ValueError) as fault:
        raise UnusableTable(
            f"{path} is a model of the spine that is not whole ({type(fault).__name__}); train it "
            "again."
        ) from None
    return SpineModel(settings, devices, shares, line, network.eval(), losses)


def _shape(told: dict[str, Any]) -> SpineShape:
    return SpineShape(**(told | {"encoder": EncoderSettings(**told["encoder"])}))


def _settings(told: dict[str, Any]) -> SpineSettings:
    nested = {
        "fit": FitSettings(**told["fit"]),
        "encoder": EncoderSettings(**told["encoder"]),
        "augment": Augmentation(**told["augment"]),
        "tasks": tuple(told["tasks"]),
        "weights": tuple(told["weights"]),
    }
    return SpineSettings(**(told | nested))


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else float(value)


def _array(value: Any) -> Any:
    return np.asarray(value, np.float64) if isinstance(value, list) else value


def _numpy(values: torch.Tensor) -> Numbers:
    return values.double().numpy()
