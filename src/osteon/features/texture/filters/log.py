"""The Laplacian of a Gaussian: blobs and edges of one size."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting
from .boundary import Boundary, check_boundary
from .checks import check_dimensions, check_positive
from .filter import Dimensions
from .separable import Along, check_reach, convolved

LEAST_WIDTH = 0.5
"""Width of the Gaussian in voxels below which the sampled kernel is no Laplacian any more."""


@dataclass(frozen=True)
class LaplacianOfGaussian:
    """Laplacian-of-Gaussian filter (IBSI L6PA).

    The kernel is the function at voxel centres, neither normalised nor made free of a mean, cut
    to a square or cube. It is a sum of separable kernels, so that it costs seven short
    convolutions in space and five in the plane, whatever its width.

    Attributes
    ----------
    sigma : float
        Standard deviation of the Gaussian, in mm.
    truncate : float
        Half the length of the kernel, ÷ sigma.
    dimensions : 2 or 3
        Slices or the volume.
    boundary : Boundary
        What lies beyond the edges.

    Raises
    ------
    BadSetting
        If sigma or truncate is not above 0, or dimensions neither 2 nor 3.
    UnknownName
        If the boundary is unknown.

    References
    ----------
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """

    sigma: float
    truncate: float = 4.0
    dimensions: Dimensions = 3
    boundary: Boundary = "mirror"

    def __post_init__(self) -> None:
        check_dimensions(self.dimensions)
        check_boundary(self.boundary)
        check_positive("sigma", self.sigma)
        check_positive("truncate", self.truncate)

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Response map, in units of the image a squared voxel; bright blobs are negative."""
        sigma = self.sigma / spacing
        if sigma < LEAST_WIDTH:
            raise BadSetting(
                f"sigma is {self.sigma:g} mm; voxels of {spacing:g} mm hold a Laplacian of a "
                f"Gaussian from {LEAST_WIDTH * spacing:g} mm on."
            )
        reach = int(np.floor(self.truncate * sigma + 0.5))
        check_reach(values.shape, 2 * reach + 1, self.dimensions, "the Laplacian of Gaussian")
        away = np.arange(-reach, reach + 1)
        bell = np.exp(-0.5 * (away / sigma) ** 2) / np.sqrt(2 * np.pi * sigma**2)
        curve = bell * ((away / sigma) ** 2 - 1) / sigma**2
        smooth: Along = (tuple(bell),)
        second: Along = (tuple(curve),)
        plain, curved = values, np.zeros(())
        for axis in range(self.dimensions):
            bent = convolved(plain, second, axis, self.boundary)
            if axis > 0:
                bent += convolved(curved, smooth, axis, self.boundary)
            curved = bent
            if axis + 1 < self.dimensions:
                plain = convolved(plain, smooth, axis, self.boundary)
        return curved
