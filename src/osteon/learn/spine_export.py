"""A trained model of the spine as two networks in ONNX: of single vertebrae, and of patients."""

from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core import UnusableTable
from .networks.spine import LEVELS, SpineNetwork
from .onnx import export
from .spine_batches import whole_batch
from .spine_data import UNKNOWN, SpineData
from .spine_folder import PATIENT_INPUTS, PATIENT_OUTPUTS, VERTEBRA_INPUTS, VERTEBRA_OUTPUTS
from .spine_line import FactsLine
from .spine_model import SpineModel
from .threads import one_thread


class _Vertebra(nn.Module):
    """Voxels and measured numbers of a vertebra to what is known of it."""

    def __init__(self, network: SpineNetwork, line: FactsLine) -> None:
        super().__init__()
        self.network = network
        self.middle = nn.Buffer(_tensor(line.middle))
        self.spread = nn.Buffer(_tensor(line.spread))

    def forward(self, voxels: Tensor, facts: Tensor) -> Tensor:
        return self.network.encode(voxels, (facts - self.middle) / self.spread)


class _Patient(nn.Module):
    """What is known of vertebrae to density, classes and levels, in g/cm² and probabilities."""

    def __init__(self, network: SpineNetwork, line: FactsLine) -> None:
        super().__init__()
        self.network = network
        self.middle = nn.Buffer(_tensor(line.middle))
        self.spread = nn.Buffer(_tensor(line.spread))
        self.slopes = nn.Buffer(_tensor(line.slopes))
        self.centre, self.scale = float(line.centre), float(line.scale)

    def forward(
        self, known: Tensor, facts: Tensor, present: Tensor, device: Tensor, limits: Tensor
    ) -> tuple[Tensor, ...]:
        kept = present > 0.5
        start = (((facts - self.middle) / self.spread) * self.slopes).sum(dim=2)
        standard = (limits - self.centre) / self.scale
        read = self.network.decode(known, start, kept, device, standard)
        log_classes = self.network.log_classes(read, standard)
        return (
            self.centre + self.scale * read.mean,
            self.scale * torch.exp(0.5 * read.log_variance),
            torch.exp(log_classes),
            read.attention,
            (read.attention[..., None] * read.experts).sum(dim=1),
            self.centre + self.scale * read.vertebra_mean,
            self.scale * torch.exp(0.5 * read.vertebra_log_variance),
            torch.softmax(read.levels, dim=2),
        )


def export_spine(
    model: SpineModel, shape: tuple[int, int, int], folder: Path, name: str
) -> tuple[Path, Path]:
    """Write a trained model as two ONNX files, each held to the module it came from.

    Parameters
    ----------
    model : SpineModel
        Trained.
    shape : tuple of int
        Voxels of a crop.
    folder : Path
        Where to write.
    name : str
        Beginning of the names of the files.

    Returns
    -------
    two Paths
        The network of single vertebrae, and that of patients.

    Raises
    ------
    UnusableTable
        If the model did not learn levels: a model folder tells them.
    BadSetting
        If a file gives other numbers than its module, or cannot be written.
    """
    if "level" not in model.settings.tasks:
        raise UnusableTable("a model that did not learn levels cannot be shipped.")
    network, line = model.network, model.line
    single = folder / f"{name}-vertebra.onnx"
    whole = folder / f"{name}-patient.onnx"
    rng = np.random.default_rng(0)
    facts = line.middle + line.spread * rng.standard_normal((2, LEVELS, line.middle.size))
    voxels = _tensor(rng.standard_normal((2, 2, *shape)))
    voxels[:, 1] = torch.from_numpy(rng.choice([0.0, 0.5, 1.0], (2, *shape)).astype(np.float32))
    export(
        _Vertebra(network, line),
        (voxels, _tensor(facts[:, 0])),
        single,
        inputs=VERTEBRA_INPUTS,
        outputs=VERTEBRA_OUTPUTS,
    )
    known = _tensor(rng.standard_normal((2, LEVELS, network.known)))
    present = torch.ones(2, LEVELS)
    present[1, 0] = 0.0
    limits = np.array([line.limits, line.limits + 0.02])
    export(
        _Patient(network, line),
        (known, _tensor(facts), present, torch.tensor([0, -1]), _tensor(limits)),
        whole,
        inputs=PATIENT_INPUTS,
        outputs=PATIENT_OUTPUTS,
    )
    return single, whole


def known_of(model: SpineModel, data: SpineData) -> NDArray[np.float64]:
    """What a model knows of patients before it is told of a densitometer.

    Returns
    -------
    (p, w) array
        Mean over the vertebrae of each patient.
    """
    rows = []
    nobody = np.full(len(data), UNKNOWN, np.int64)
    with torch.no_grad(), one_thread():
        for n in range(len(data)):
            one = np.array([n])
            voxels = whole_batch(data, one, nobody).voxels
            facts = model.line.standardised(data.facts[n][data.present[n]])
            known = model.network.encode(voxels, _tensor(facts))
            rows.append(known.double().mean(dim=0).numpy())
    return np.stack(rows)


def unknown_weights(model: SpineModel) -> tuple[float, ...]:
    """Weights of densitometers, and last of none, where the densitometer is not known."""
    if model.settings.unknown == "learnt" or model.settings.gate in ("none", "image"):
        return (*(0.0 for _ in model.devices), 1.0)
    return (*(float(share) for share in model.shares), 0.0)


def _tensor(values: NDArray[np.floating]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))
