"""A model of the knee as a folder of ONNX and JSON: reading it runs no code."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core import BadSetting
from .knee_model import (
    Diagnosis,
    Embeddings,
    KneeCard,
    Lattice,
    Metric,
    Normalisation,
    Parameter,
    Seen,
    Training,
)
from .model_files import CARD, from_plain, parts_from_plain, read_files, write_files
from .onnx import INPUT, OUTPUTS, run_session

FORMAT = "osteon-knee-model-1"
"""Version of the folder that is read and written."""

VARIANCE_BETWEEN = (-20.0, 20.0)
"""Logarithms beyond are cut: no variance is that small or that large."""


@dataclass(frozen=True, eq=False)
class PatchValues:
    """What a model gives for patches.

    Attributes
    ----------
    values, uncertainties : (n, parameters) array
        Calibrated, in the units of the parameters; uncertainties are standard (1 SD).
    embeddings : (n, e) array
        Of the first network.
    """

    values: NDArray[np.float64]
    uncertainties: NDArray[np.float64]
    embeddings: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class KneeModel:
    """A model that was read, ready to run.

    Attributes
    ----------
    card : KneeCard
        Everything but the networks.
    networks : tuple
        Sessions of ONNX Runtime.
    sha256 : str
        Digest of `SUMS`, and so of every byte of the model.
    """

    card: KneeCard
    networks: tuple[Any, ...]
    sha256: str

    def measure(self, ct: NDArray[np.floating], mask: NDArray[np.bool_]) -> PatchValues:
        """Parameters of patches with their uncertainty.

        Parameters
        ----------
        ct : (n, v, v, v) array
            Patches in HU on the model's lattice, n at least 1.
        mask : (n, v, v, v) bool array
            Voxels of the patch's region.

        Returns
        -------
        PatchValues
            Means over the networks; the uncertainty holds that of each network and how far they
            differ, scaled as on patients left out of the training.

        Raises
        ------
        BadSetting
            If the patches are on another lattice.
        UnsuitableScan
            If a network gives a value that is no number.
        """
        side = self.card.lattice.voxels
        if ct.ndim != 4 or not len(ct) or ct.shape[1:] != (side,) * 3 or ct.shape != mask.shape:
            raise BadSetting(
                f"the model takes patches and masks of {side}×{side}×{side} voxels; got "
                f"{ct.shape} and {mask.shape}."
            )
        images = np.stack([self.card.normalisation.apply(ct), mask.astype(np.float32)], axis=1)
        given = [run_session(session, images) for session in self.networks]
        means = np.stack([one["mean"] for one in given])
        logs = np.clip([one["log_variance"] for one in given], *VARIANCE_BETWEEN)
        spread = np.sqrt(np.exp(logs).mean(axis=0) + means.var(axis=0))
        known = self.card.parameters
        slopes, intercepts = (np.array([getattr(p, n) for p in known]) for n in _CALIBRATION)
        scales = np.array([p.uncertainty_scale for p in known])
        return PatchValues(
            values=intercepts + slopes * means.mean(axis=0),
            uncertainties=np.abs(slopes) * scales * spread,
            embeddings=given[0]["embedding"],
        )


_CALIBRATION = ("slope", "intercept")


def write_model(folder: Path, card: KneeCard, networks: Sequence[Path]) -> KneeModel:
    """Write a model folder, whole or not at all, and read it back.

    Parameters
    ----------
    folder : Path
        New, empty, or a model folder, which is replaced.
    card : KneeCard
        Everything but the networks.
    networks : sequence of Path
        ONNX files from `osteon.learn.onnx.export`, of which the first gives the embeddings; they
        are stored as ``student-1.onnx`` and so on (``student.onnx`` where it is one).

    Returns
    -------
    KneeModel
        What a reader gets.

    Raises
    ------
    BadSetting
        If the folder holds something else or cannot be written to, or the model is none that can
        be read.
    """
    names = _names(len(networks))
    plain = _as_json(card, names)
    return write_files(folder, plain, dict(zip(names, networks, strict=True)), read_model)


def _names(many: int) -> list[str]:
    return ["student.onnx"] if many == 1 else [f"student-{n}.onnx" for n in range(1, many + 1)]


def _as_json(card: KneeCard, networks: Sequence[str]) -> dict[str, Any]:
    """The card as plain data."""
    plain: dict[str, Any] = {
        "format": FORMAT,
        "networks": list(networks),
        "input": {"name": INPUT, "unit": "[hnsf'U]", "spacing_mm": card.lattice.spacing_mm},
        **asdict(card),
    }
    for part, kept in (("embeddings", card.embeddings), ("diagnosis", card.diagnosis)):
        if kept is not None:
            for name, values in vars(kept).items():
                if isinstance(values, np.ndarray):
                    plain[part][name] = values.tolist()
    return plain


def read_model(folder: Path) -> KneeModel:
    """Read a model folder, having checked every byte of it.

    Parameters
    ----------
    folder : Path
        Holds ``model.json``, ``SHA256SUMS`` and the networks. Only JSON and ONNX are read, so
        that no code in it can run.

    Returns
    -------
    KneeModel

    Raises
    ------
    BadSetting
        If a file is missing, changed, too large or of another format, or ONNX Runtime is not
        installed.
    """
    files = read_files(folder, kind=FORMAT, made_by="osteon knee train", card=_card)
    for name, session in files.networks.items():
        _check_network(name, session, files.card)
    return KneeModel(files.card, tuple(files.networks.values()), files.sha256)


def _card(data: dict[str, Any]) -> KneeCard:
    """Card from plain data."""
    body = parts_from_plain(data, parts=_PARTS, rows=_ROWS, optional=("diagnosis",))
    return from_plain(KneeCard, body, "it")


_PARTS: Mapping[str, type[Any]] = {
    "training": Training,
    "seen": Seen,
    "embeddings": Embeddings,
    "diagnosis": Diagnosis,
    "normalisation": Normalisation,
    "lattice": Lattice,
}
_ROWS: Mapping[str, type[Any]] = {"parameters": Parameter, "metrics": Metric}


def _check_network(name: str, session: Any, card: KneeCard) -> None:
    """Refuse a network of other inputs and outputs than the card tells."""
    side, many, wide = card.lattice.voxels, len(card.parameters), card.embeddings.mean.size
    wanted = {
        INPUT: (2, side, side, side),
        **dict(zip(OUTPUTS, ((many,), (many,), (wide,)), strict=True)),
    }
    found = {one.name: tuple(one.shape[1:]) for one in session.get_inputs()}
    found |= {one.name: tuple(one.shape[1:]) for one in session.get_outputs()}
    if odd := sorted(found.keys() ^ wanted.keys()):
        what = "lacks" if odd[0] in wanted else "has an unknown"
        raise BadSetting(
            f"{name} {what} '{odd[0]}'; a network of the knee has {', '.join(wanted)}."
        )
    for key, shape in wanted.items():
        if found[key] != shape:
            raise BadSetting(
                f"{name} has '{key}' of {found[key]} a patch; {CARD} asks for {shape}."
            )
