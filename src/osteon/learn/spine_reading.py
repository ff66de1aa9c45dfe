"""A batch of vertebrae through the network, with the line of the facts beside it."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from .networks.spine import SpineNetwork, SpineRead
from .spine_batches import Batch
from .spine_data import SpineData
from .spine_line import FactsLine


def read_batch(
    network: SpineNetwork,
    line: FactsLine,
    data: SpineData,
    chosen: NDArray[np.int64],
    batch: Batch,
) -> tuple[SpineRead, Tensor]:
    """What the network says of the patients, and the logarithms (p, 3) of their classes."""
    facts = _tensor(line.standardised(data.facts[chosen]))
    start = _tensor(line.densities(data.facts[chosen]))
    limits = limits_of(line, data, chosen)
    known = network.encode(batch.voxels, facts[batch.kept])
    filled = known.new_zeros(*batch.kept.shape, known.shape[1])
    filled = filled.masked_scatter(batch.kept[..., None], known)
    read = network.decode(filled, start, batch.kept, batch.device, limits)
    return read, network.log_classes(read, limits)


def limits_of(line: FactsLine, data: SpineData, chosen: NDArray[np.int64]) -> Tensor:
    """Standardised densities (p, 2) at which classes begin; those of training where not known."""
    limits = data.limits[chosen]
    limits = np.where(np.isfinite(limits), limits, line.limits)
    return _tensor((limits - line.centre) / line.scale)


def _tensor(values: NDArray[np.float64]) -> Tensor:
    return torch.from_numpy(np.asarray(values, np.float32))
