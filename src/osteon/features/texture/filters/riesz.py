"""Riesz transforms of a response map, along the axes or along the local structure."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting
from .boundary import Boundary, padded
from .checks import check_positive, is_whole
from .filter import Dimensions, Filter
from .nonseparable import NonSeparableWavelet
from .spectrum import half_sizes, inner, through_spectrum
from .structure_tensor import along_structure, directions, multi_indices


@dataclass(frozen=True)
class Riesz:
    """Riesz transform of the response of an isotropic filter.

    Attributes
    ----------
    base : Filter
        The filter before, whose response is in units of the image: a Laplacian of Gaussian or a
        non-separable wavelet, or `Unfiltered`.
    order : tuple of int
        Order along each filtered axis.
    align : float, optional
        Standard deviation in mm of the Gaussian that averages the structure tensor: the axes are
        then, in each voxel, its eigenvectors, the largest eigenvalue first. None keeps the axes of
        the image.

    Raises
    ------
    BadSetting
        If the orders are not as many as filtered axes, not whole numbers from 0 on or all 0, or
        `align` is not above 0.

    Notes
    -----
    An eigenvector has no sign; it is the one along which the first-order transform of the image
    is positive, so that odd orders have one too.

    References
    ----------
    Unser M, Van De Ville D. Wavelet steerability and the higher-order Riesz transform. IEEE Trans
    Image Process 2010;19:636-652. doi:10.1109/TIP.2009.2038832.
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """

    base: Filter
    order: tuple[int, ...]
    align: float | None = None

    def __post_init__(self) -> None:
        wrong = not all(is_whole(power, 0) for power in self.order)
        if len(self.order) != self.base.dimensions or wrong or not sum(self.order):
            raise BadSetting(
                f"order is {self.order}; give {self.base.dimensions} whole numbers from 0 on, at "
                f"least one above 0."
            )
        if self.align is not None:
            check_positive("align", self.align)

    @property
    def dimensions(self) -> Dimensions:
        """Those of the filter before."""
        return self.base.dimensions

    @property
    def boundary(self) -> Boundary:
        """That of the filter before."""
        return self.base.boundary

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Response map, in units of the response before."""
        # the response of the filter before goes on beyond the edges, and so must the image
        widths = [0, 0, 0]
        edges = self.boundary
        if self.boundary in ("zero", "nearest"):
            widths[: self.dimensions] = half_sizes(values.shape, self.dimensions)
            edges = "periodic"
        image = padded(values, widths, self.boundary)
        if isinstance(self.base, NonSeparableWavelet):
            self.base.check(values.shape)
            before, radial, closed = image, self.base.radial, self.base.closed
        else:
            before, radial, closed = self.base.response(image, spacing), None, False
        if self.align is None:
            response = through_spectrum(before, radial, self.order, edges, closed=closed)
            return inner(response, widths)
        axes = directions(image, self.align / spacing, self.dimensions, edges)
        parts = (
            (index, through_spectrum(before, radial, index, edges, closed=closed))
            for index in multi_indices(sum(self.order), self.dimensions)
        )
        return inner(along_structure(parts, axes, self.order), widths)
