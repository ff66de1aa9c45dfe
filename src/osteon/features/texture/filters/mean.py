"""The mean of a square or cube around each voxel; and the image itself."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import uniform_filter1d

from ....core import BadSetting
from .boundary import NDIMAGE, Boundary, check_boundary
from .checks import check_dimensions, is_whole
from .filter import Dimensions
from .separable import check_reach


@dataclass(frozen=True)
class Unfiltered:
    """No filter: configurations 1.A and 1.B.

    Attributes
    ----------
    dimensions : 2 or 3
        Without effect.
    boundary : Boundary
        Without effect.
    """

    dimensions: Dimensions = 3
    boundary: Boundary = "mirror"

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """A copy of the image."""
        return values.copy()


@dataclass(frozen=True)
class Mean:
    """Mean filter (IBSI S60F).

    Attributes
    ----------
    support : int
        Voxels along each side of the square or cube; odd.
    dimensions : 2 or 3
        Square or cube.
    boundary : Boundary
        What lies beyond the edges.

    Raises
    ------
    BadSetting
        If the support is not an odd number from 1 on, or dimensions neither 2 nor 3.
    UnknownName
        If the boundary is unknown.

    References
    ----------
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """

    support: int
    dimensions: Dimensions = 3
    boundary: Boundary = "mirror"

    def __post_init__(self) -> None:
        check_dimensions(self.dimensions)
        check_boundary(self.boundary)
        if not is_whole(self.support, 1) or self.support % 2 != 1:
            raise BadSetting(f"support is {self.support} voxels; give an odd number from 1 on.")

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Local mean of each voxel, in units of the image."""
        check_reach(values.shape, self.support, self.dimensions, "the mean filter")
        return local_mean(values, self.support, self.dimensions, self.boundary)


def local_mean(
    values: NDArray[np.float64], support: int, dimensions: Dimensions, boundary: Boundary
) -> NDArray[np.float64]:
    """Mean of `support` voxels along each filtered axis.

    Parameters
    ----------
    values : (i, j, k) array
        The image.
    support : int
        Odd number of voxels.
    dimensions : 2 or 3
        Filtered axes.
    boundary : Boundary
        What lies beyond the edges.

    Returns
    -------
    (i, j, k) array
        Local means.
    """
    for axis in range(dimensions):
        values = uniform_filter1d(values, support, axis=axis, mode=NDIMAGE[boundary])
    return values
