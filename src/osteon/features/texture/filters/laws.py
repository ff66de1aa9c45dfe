"""Laws' kernels: levels, edges, spots, waves and ripples, and their energy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, UnknownName
from .boundary import Boundary, check_boundary
from .checks import is_whole
from .filter import Dimensions
from .mean import local_mean
from .pooling import Pooling, check_pooling
from .separable import Along, check_reach, separable_response, turned_response

LAWS: dict[str, tuple[int, ...]] = {
    "L5": (1, 4, 6, 4, 1),
    "E5": (-1, -2, 0, 2, 1),
    "S5": (-1, 0, 2, 0, -1),
    "W5": (-1, 2, 0, -2, 1),
    "R5": (1, -4, 6, -4, 1),
    "L3": (1, 2, 1),
    "E3": (-1, 0, 1),
    "S3": (-1, 2, -1),
}
"""Level, edge, spot, wave and ripple; each is divided by the root of its sum of squares."""


@dataclass(frozen=True)
class Laws:
    """Laws kernel filter (IBSI JTXT) and, where asked for, its texture energy.

    Attributes
    ----------
    kernels : str
        One kernel an axis, as "E5L5S5": the first along axis 0. Two filter slices, three the
        volume.
    pooling : Pooling, optional
        How the responses of all turns through right angles become one; None turns nothing.
    energy : int, optional
        Voxels on each side of the square or cube in which the absolute response is averaged; None
        gives the response itself.
    boundary : Boundary
        What lies beyond the edges, of the image and of the response alike.

    Raises
    ------
    UnknownName
        If a kernel, the pooling or the boundary is unknown.
    BadSetting
        If there are not two or three kernels, or the energy's distance is not a whole number from
        1 on.

    References
    ----------
    Laws KI. Rapid texture identification. Proc SPIE 1980;0238. doi:10.1117/12.959169.
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """

    kernels: str
    pooling: Pooling | None = None
    energy: int | None = None
    boundary: Boundary = "mirror"

    def __post_init__(self) -> None:
        check_boundary(self.boundary)
        if self.pooling is not None:
            check_pooling(self.pooling)
        for name in self._names():
            if name not in LAWS:
                known = ", ".join(LAWS)
                raise UnknownName(f"Laws kernel {name!r} is not known; there are {known}.")
        if len(self._names()) not in (2, 3):
            raise BadSetting(f"kernels is {self.kernels!r}; give two (2D) or three, as 'E5L5S5'.")
        if self.energy is not None and not is_whole(self.energy, 1):
            raise BadSetting(f"energy is {self.energy} voxels; give 1 or more, or None.")

    @property
    def dimensions(self) -> Dimensions:
        """2 with two kernels, 3 with three."""
        return 2 if len(self._names()) == 2 else 3

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Response map, or energy map, in units of the image."""
        reach = max(5, 2 * (self.energy or 0) + 1)
        check_reach(values.shape, reach, self.dimensions, f"Laws {self.kernels}")
        along = [_unit(LAWS[name]) for name in self._names()]
        if self.pooling is None:
            response = separable_response(values, along, self.boundary)
        else:
            response = turned_response(values, along, self.boundary, self.pooling)
        if self.energy is None:
            return response
        return local_mean(np.abs(response), 2 * self.energy + 1, self.dimensions, self.boundary)

    def _names(self) -> list[str]:
        """Names of the kernels, two letters each."""
        return [self.kernels[n : n + 2] for n in range(0, len(self.kernels), 2)]


def _unit(kernel: tuple[int, ...]) -> Along:
    """A kernel of unit length."""
    length = sum(weight**2 for weight in kernel) ** 0.5
    return (tuple(weight / length for weight in kernel),)
