"""Encoders of vertebrae, frozen: what they say, how many dimensions they use, and their files."""

from dataclasses import asdict
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ..core import BadSetting, UnusableTable
from .checkpoints import load_checkpoint, save_checkpoint
from .networks.vertebra import EncoderSettings, VertebraEncoder
from .objectives.pretext import pooled, sizes_pooled
from .threads import one_thread
from .vertebrae import inputs_of


def embed(
    encoder: VertebraEncoder,
    hu: NDArray[np.int16],
    parts: NDArray[np.uint8],
    factor: NDArray[np.floating],
    *,
    batch: int = 32,
) -> NDArray[np.float64]:
    """What an encoder says of windows or whole vertebrae, frozen.

    Parameters
    ----------
    encoder : VertebraEncoder
        Any; it is put into evaluation mode.
    hu, parts : (n, i, j, k) arrays
        As of `Views`; sides of 6 voxels and more.
    factor : (n,) array
        What takes HU of bone to those at 120 kVp.
    batch : int
        How many at once; changes no number by more than rounding.

    Returns
    -------
    (n, 4 width) float64 array
        Mean and deviation over the vertebral body of the map before and after the residual blocks
        (`osteon.learn.objectives.pretext.pooled`).
    """
    encoder.eval()
    said = np.empty((len(hu), sizes_pooled(encoder)))
    with one_thread(), torch.inference_mode():
        for start in range(0, len(hu), batch):
            part = slice(start, start + batch)
            voxels = torch.from_numpy(inputs_of(hu[part], parts[part], np.asarray(factor)[part]))
            said[part] = pooled(encoder, voxels).numpy()
    return said


def effective_rank(embeddings: NDArray[np.floating]) -> float:
    """Dimensions that embeddings use: exponential of the entropy of their singular values.

    Parameters
    ----------
    embeddings : (n, e) array
        At least two rows.

    Returns
    -------
    float
        From 1, all on a line, to e (Garrido 2023, doi:10.48550/arXiv.2210.02885); 0 where all
        rows are the same.
    """
    values = np.linalg.svd(embeddings - embeddings.mean(axis=0), compute_uv=False)
    if not values.max() > 1e-9 * max(1.0, float(np.abs(embeddings).max())):
        return 0.0
    share = values[values > 0] / values.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def write_encoder(path: Path, encoder: VertebraEncoder) -> None:
    """Keep an encoder: its size and its weights."""
    save_checkpoint(path, {"size": asdict(encoder.settings), "encoder": encoder.state_dict()})


def read_encoder(path: Path) -> VertebraEncoder:
    """An encoder that was kept, in evaluation mode.

    Raises
    ------
    BadSetting
        If there is none.
    UnusableTable
        If the file holds something else.
    """
    state = load_checkpoint(path)
    if state is None:
        raise BadSetting(f"{path.name} is not there: osteon spine pretrain makes it.")
    try:
        encoder = VertebraEncoder(EncoderSettings(**state["size"]))
        encoder.load_state_dict(state["encoder"])
    except (KeyError, TypeError, AttributeError, RuntimeError):
        raise UnusableTable(f"{path} holds no encoder of vertebrae; pre-train again.") from None
    return encoder.eval()
