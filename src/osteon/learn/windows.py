"""Windows of vertebrae, as networks take them that learn without labels."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..core import UnusableTable
from .networks.vertebra import STRIDE
from .vertebrae import inputs_of


@dataclass(frozen=True, eq=False)
class Views:
    """n windows cut out of vertebrae, with the texture that was measured in them.

    Attributes
    ----------
    hu : (n, s, s, s) int16 array
        HU as scanned, axes to the left, the back and the head; may lie on disk.
    parts : (n, s, s, s) uint8 array
        0 outside, 1 the rest of the vertebra, 2 its body; may lie on disk.
    factor : (n,) array
        What takes HU of bone to those at 120 kVp.
    group : (n,) integer array
        Number of the vertebra.
    descriptor : (n, d) float32 array
        Radiomic descriptor of each window, whitened: mean 0 and SD 1, uncorrelated.
    radiomics : (n, r) float32 array
        Radiomic features, standardised; NaN where one is not defined.
    patient : (n,) integer array, optional
        Number of the patient; without it, every vertebra is taken for a patient of its own.
    """

    hu: NDArray[np.int16]
    parts: NDArray[np.uint8]
    factor: NDArray[np.floating]
    group: NDArray[np.integer]
    descriptor: NDArray[np.float32]
    radiomics: NDArray[np.float32]
    patient: NDArray[np.integer] | None = None

    def __post_init__(self) -> None:
        """Refuse what cannot be windows of the same vertebrae."""
        held = (self.parts, self.factor, self.group, self.descriptor, self.radiomics, self.patient)
        many = {len(self.hu)} | {len(one) for one in held if one is not None}
        if len(many) != 1:
            raise UnusableTable(f"arrays of different numbers of windows: {sorted(many)}.")
        if self.hu.shape != self.parts.shape or min(self.hu.shape[1:], default=0) < 2 * STRIDE:
            raise UnusableTable(
                f"windows need {2 * STRIDE} voxels a side and parts of the same shape; got "
                f"{self.hu.shape} and {self.parts.shape}."
            )
        if not np.isfinite(self.descriptor).all():
            raise UnusableTable("a descriptor is not a number; whiten features that are all there.")

    def __len__(self) -> int:
        """Windows."""
        return len(self.hu)

    def input(self, chosen: NDArray[np.int64]) -> Tensor:
        """Input of an encoder for the windows numbered."""
        return torch.from_numpy(inputs_of(self.hu[chosen], self.parts[chosen], self.factor[chosen]))
