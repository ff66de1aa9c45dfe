"""Regressors of trabecular parameters: what they see, what they say, and how they are kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..core import BadSetting
from .checkpoints import load_checkpoint, save_checkpoint
from .networks.trunk import Regressor, TrunkSettings
from .onnx import export
from .threads import one_thread


@dataclass(frozen=True)
class Scale:
    """How grey values become network input: ``(value - middle) / width``."""

    middle: float
    width: float


CT_SCALE = Scale(400.0, 400.0)
"""HU of subchondral bone to about -1 … 2."""

MR_SCALE = Scale(600.0, 300.0)
"""MR with marrow at 1000, as patches are stored."""


@dataclass(frozen=True, eq=False)
class PatchImages:
    """Patches of one modality.

    Attributes
    ----------
    values : (n, v, v, v) array
        Grey values.
    mask : (n, l, l, l) bool array
        The region, on the lattice of the CT patches.
    scale : Scale
        How values become input.
    """

    values: NDArray[np.generic]
    mask: NDArray[np.bool_]
    scale: Scale

    def __len__(self) -> int:
        """Number of patches."""
        return int(self.values.shape[0])

    def input(self, items: NDArray[np.int64]) -> Tensor:
        """Network input of some patches: (m, 2, v, v, v), float32."""
        # torch widens half floats many times faster than NumPy
        grey = torch.from_numpy(np.ascontiguousarray(self.values[items])).float()
        inside = torch.from_numpy(self.mask[items])
        times, rest = divmod(grey.shape[1], inside.shape[1])
        if rest:
            raise BadSetting(
                f"patches of {grey.shape[1]} voxels do not lie on a mask of {inside.shape[1]}."
            )
        if times > 1:
            for axis in (1, 2, 3):
                inside = inside.repeat_interleave(times, dim=axis)
        seen = torch.empty((len(grey), 2, *grey.shape[1:]))
        seen[:, 0] = grey.sub_(self.scale.middle).div_(self.scale.width)
        seen[:, 1] = inside
        return seen


@dataclass(frozen=True, eq=False)
class Predicted:
    """What a regressor says of patches.

    Attributes
    ----------
    mean, sd : (n, p) float64 array
        Parameters in their units, and the SD that the network gives them.
    embedding : (n, e) float32 array
        Features by which a patch can be told from those of the training.
    """

    mean: NDArray[np.float64]
    sd: NDArray[np.float64]
    embedding: NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class Trained:
    """A trained regressor.

    Attributes
    ----------
    network : Regressor
        In evaluation mode.
    middle, spread : (p,) float64 array
        Mean and SD of the training targets, by which outputs are scaled back.
    scale : Scale
        Of the input.
    losses : list of float
        Mean loss of each epoch.
    """

    network: Regressor
    middle: NDArray[np.float64]
    spread: NDArray[np.float64]
    scale: Scale
    losses: list[float]

    def predict(self, patches: PatchImages, batch: int = 64) -> Predicted:
        """Parameters of patches, in batches."""
        said = []
        self.network.eval()
        with one_thread(), torch.inference_mode():
            for start in range(0, len(patches), batch):
                items = np.arange(start, min(start + batch, len(patches)))
                out = self.network(patches.input(items).to(_device_of(self.network)))
                said.append([part.cpu().numpy() for part in out[:3]])
        mean, log_variance, embedding = (
            np.concatenate(column) for column in zip(*said, strict=True)
        )
        return Predicted(
            mean * self.spread + self.middle,
            np.exp(0.5 * log_variance.astype(np.float64)) * self.spread,
            embedding,
        )


def save_trained(path: Path, trained: Trained) -> None:
    """Keep a trained regressor: weights, and what its numbers mean."""
    state = {
        "network": trained.network.state_dict(),
        "voxels": trained.network.voxels,
        "middle": trained.middle.tolist(),
        "spread": trained.spread.tolist(),
        "scale": [trained.scale.middle, trained.scale.width],
        "losses": list(trained.losses),
    }
    save_checkpoint(path, state)


def load_trained(path: Path, trunk: TrunkSettings) -> Trained:
    """A regressor that was kept, of the same trunk.

    Raises
    ------
    BadSetting
        If there is none, or of another trunk.
    """
    state = load_checkpoint(path)
    if state is None:
        raise BadSetting(f"{path.name} is not there: train first.")
    network = Regressor(replace(trunk, outputs=len(state["middle"])), state["voxels"])
    try:
        network.load_state_dict(state["network"])
    except RuntimeError:
        raise BadSetting(f"{path.name} is of a network of another size; train again.") from None
    middle, spread = (np.array(state[name]) for name in ("middle", "spread"))
    return Trained(network.eval(), middle, spread, Scale(*state["scale"]), state["losses"])


class _Columns(nn.Module):
    """A regressor that tells some of its parameters."""

    def __init__(self, network: Regressor, columns: Sequence[int]) -> None:
        super().__init__()
        self.network, self.columns = network, list(columns)

    def forward(self, patches: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Mean, log variance and embedding."""
        said = self.network(patches)
        return said.mean[:, self.columns], said.log_variance[:, self.columns], said.embedding


def export_trained(trained: Trained, columns: Sequence[int], path: Path) -> float:
    """Write a regressor as ONNX, for ``osteon.learn.model_folder``.

    Parameters
    ----------
    trained : Trained
        The regressor.
    columns : sequence of int
        Parameters to tell, in this order; standardised, as the network gives them.
    path : Path
        File.

    Returns
    -------
    float
        Largest difference from what torch gives.
    """
    side = trained.network.voxels
    example = torch.zeros(2, 2, side, side, side)
    return export(_Columns(trained.network.cpu(), columns), example, path)


def _device_of(module: nn.Module) -> torch.device:
    return next(module.parameters()).device
