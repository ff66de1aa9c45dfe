"""Separable wavelets without decimation: every voxel keeps its response at every level."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting
from .boundary import Boundary, check_boundary
from .checks import check_level
from .filter import Dimensions
from .pooling import Pooling, check_pooling
from .separable import Along, check_reach, separable_response, turned_response
from .wavelet_kernels import wavelet_kernels


@dataclass(frozen=True)
class SeparableWavelet:
    """Stationary separable wavelet (IBSI 25BO), levels by the algorithme à trous.

    At level n the image has passed the low-pass kernels of all levels before; kernels have
    2^(n-1) - 1 zeros between their weights.

    Attributes
    ----------
    wavelet : str
        "haar", "db1" to "db10" or "coif1" to "coif3".
    passes : str
        One letter an axis, L for low-pass and H for high-pass, as "LLH": the first along axis 0.
        Two filter slices, three the volume.
    level : int
        Level of decomposition, from 1 on.
    pooling : Pooling, optional
        How the responses of all turns through right angles become one; None turns nothing.
    boundary : Boundary
        What lies beyond the edges, at every level.

    Raises
    ------
    UnknownName
        If the wavelet, the pooling or the boundary is unknown.
    BadSetting
        If `passes` is not two or three letters L or H, or the level below 1.

    References
    ----------
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """

    wavelet: str
    passes: str
    level: int = 1
    pooling: Pooling | None = None
    boundary: Boundary = "mirror"

    def __post_init__(self) -> None:
        wavelet_kernels(self.wavelet)
        check_boundary(self.boundary)
        check_level(self.level)
        if self.pooling is not None:
            check_pooling(self.pooling)
        if len(self.passes) not in (2, 3) or set(self.passes) - set("LH"):
            raise BadSetting(f"passes is {self.passes!r}; give L or H for 2 or 3 axes, as 'LLH'.")

    @property
    def dimensions(self) -> Dimensions:
        """2 with two letters, 3 with three."""
        return cast(Dimensions, len(self.passes))

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Response map, in units of the image."""
        low, high = wavelet_kernels(self.wavelet)
        along = [self._along(low, high if letter == "H" else low) for letter in self.passes]
        reach = (len(low) - 1) * 2 ** (self.level - 1) + 1
        name = f"{self.wavelet} at level {self.level}"
        check_reach(values.shape, reach, self.dimensions, name)
        if self.pooling is None:
            return separable_response(values, along, self.boundary)
        return turned_response(values, along, self.boundary, self.pooling)

    def _along(self, low: tuple[float, ...], last: tuple[float, ...]) -> Along:
        """Low-pass of the levels before, then the kernel of this level."""
        kernels = [low] * (self.level - 1) + [last]
        return tuple(_with_holes(kernel, 2**n) for n, kernel in enumerate(kernels))


def _with_holes(kernel: tuple[float, ...], step: int) -> tuple[float, ...]:
    """Weights `step` voxels apart; a zero at the end puts the centre on a voxel."""
    holed = np.zeros(len(kernel) * step + 1)
    holed[: len(kernel) * step : step] = kernel
    return tuple(holed.tolist())
