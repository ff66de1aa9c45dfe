"""Isotropic wavelets given by their spectrum: Simoncelli's and Shannon's."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ....core import UnknownName
from .boundary import Boundary, check_boundary
from .checks import check_dimensions, check_level
from .filter import Dimensions
from .separable import check_reach
from .spectrum import through_spectrum

Band = Literal["simoncelli", "shannon"]
"""Shapes of the pass band."""


@dataclass(frozen=True)
class NonSeparableWavelet:
    """Isotropic wavelet, one octave a level (IBSI LODD).

    Attributes
    ----------
    wavelet : "simoncelli" or "shannon"
        cos(½π·log₂(2ν)) for ν from ¼ to 1, or 1 for ν from ½ to 1, where ν is the frequency ÷
        the highest of the level; 0 elsewhere.
    level : int
        Level of decomposition; the highest frequency of level 1 is half a cycle a voxel, that of
        each further one half of that before.
    dimensions : 2 or 3
        Slices or the volume.
    boundary : Boundary
        What lies beyond the edges.
    closed : bool
        Whether the frequencies of an axis of n voxels are n numbers spread evenly from -π to π,
        as in the reference response maps; otherwise they are those of the discrete Fourier
        transform, n numbers from -π to less than π, which is what the formula says. The two
        differ by at most one step; mirrored images always have the latter.

    Raises
    ------
    UnknownName
        If the wavelet or the boundary is unknown.
    BadSetting
        If the level is below 1, or dimensions neither 2 nor 3.

    References
    ----------
    Portilla J, Simoncelli EP. A parametric texture model based on joint statistics of complex
    wavelet coefficients. Int J Comput Vis 2000;40:49-70. doi:10.1023/A:1026553619983.
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """

    wavelet: Band = "simoncelli"
    level: int = 1
    dimensions: Dimensions = 3
    boundary: Boundary = "periodic"
    closed: bool = True

    def __post_init__(self) -> None:
        check_dimensions(self.dimensions)
        check_boundary(self.boundary)
        check_level(self.level)
        if self.wavelet not in get_args(Band):
            known = ", ".join(get_args(Band))
            raise UnknownName(f"wavelet {self.wavelet!r} is not known; there are {known}.")

    def radial(self, frequency: NDArray[np.float64]) -> NDArray[np.float64]:
        """Gain at angular frequencies in radians a voxel."""
        part: NDArray[np.float64] = frequency * (2 ** (self.level - 1) / np.pi)
        if self.wavelet == "shannon":
            return ((part >= 0.5) & (part <= 1.0)).astype(np.float64)
        passed = (part >= 0.25) & (part <= 1.0)
        octaves = np.log2(2 * np.where(passed, part, 0.5))
        return np.asarray(np.where(passed, np.cos(0.5 * np.pi * octaves), 0.0))

    def check(self, shape: tuple[int, ...]) -> None:
        """Refuse an image that holds no full wave of the level's lowest frequency.

        Parameters
        ----------
        shape : (3,) ints
            Voxels of the image.

        Raises
        ------
        BadSetting
            If an axis is shorter than that wave.
        """
        name = f"the {self.wavelet} wavelet of level {self.level}"
        check_reach(shape, 2 ** (self.level + 1), self.dimensions, name)

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Response map, in units of the image."""
        self.check(values.shape)
        none = (0,) * self.dimensions
        return through_spectrum(values, self.radial, none, self.boundary, closed=self.closed)
