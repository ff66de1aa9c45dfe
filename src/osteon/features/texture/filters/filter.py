"""A filter applied to an image, with the checks that all filters share."""

from collections.abc import Sequence
from typing import Literal, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....core import BadSetting, UnsuitableScan
from .boundary import Boundary

Dimensions = Literal[2, 3]
"""2: each slice by itself; 3: the volume."""

UNEVEN = 0.01
"""Part of the spacing by which that of two filtered axes may differ."""


class Filter(Protocol):
    """What every filter has."""

    @property
    def dimensions(self) -> Dimensions:
        """Whether slices or the volume are filtered."""

    @property
    def boundary(self) -> Boundary:
        """What lies beyond the edges of the image."""

    def response(self, values: NDArray[np.float64], spacing: float) -> NDArray[np.float64]:
        """Response map of an image of cubic voxels, slices across axis 2."""


def filtered(
    values: NDArray[np.generic], kind: Filter, *, spacing: ArrayLike, axis: int = 2
) -> NDArray[np.float64]:
    """Response map of a filter.

    Parameters
    ----------
    values : (i, j, k) array
        The whole image, not the region alone; finite.
    kind : Filter
        `Mean`, `LaplacianOfGaussian`, `Laws`, `Gabor`, `SeparableWavelet`,
        `NonSeparableWavelet`, `Riesz` or `Unfiltered`, with its settings.
    spacing : (3,) array
        Voxel spacing in mm, along the filtered axes the same.
    axis : int, optional
        The axis across which the slices lie that a 2D filter takes one by one.

    Returns
    -------
    (i, j, k) array of float64
        The response in each voxel, in units of the image unless the filter says otherwise.

    Raises
    ------
    BadSetting
        If the spacing is not positive or differs by more than 1 % between filtered axes, the
        array is not 3D, or the filter is larger than the image.
    UnsuitableScan
        If a value is not finite.

    References
    ----------
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    Whybra P et al. Radiology 2024;310:e231319. doi:10.1148/radiol.231319.
    """
    image = np.asarray(values, dtype=np.float64)
    if image.ndim != 3 or axis not in (0, 1, 2):
        raise BadSetting(
            f"the image has {image.ndim} axes and slices lie across axis {axis}; filters take a "
            f"volume (i, j, k) and axis 0, 1 or 2."
        )
    if missing := image.size - int(np.count_nonzero(np.isfinite(image))):
        raise UnsuitableScan(
            f"{missing} voxels of the image are no finite numbers; replace them before filtering, "
            f"for every filter would spread them."
        )
    steps = np.moveaxis(image, axis, 2) if kind.dimensions == 2 else image
    sizes = np.array(spacing, dtype=np.float64).ravel()
    own = [*(n for n in range(3) if n != axis), axis] if kind.dimensions == 2 else [0, 1, 2]
    step = _one_spacing(sizes, own[: kind.dimensions])
    response = kind.response(np.ascontiguousarray(steps), step)
    return np.moveaxis(response, 2, axis) if kind.dimensions == 2 else response


def _one_spacing(sizes: NDArray[np.float64], axes: Sequence[int]) -> float:
    """Spacing that the filtered axes share, in mm."""
    if sizes.shape != (3,) or not (np.isfinite(sizes) & (sizes > 0)).all():
        raise BadSetting(f"spacing is {sizes.tolist()}; give three lengths above 0, in mm.")
    used = sizes[list(axes)]
    if np.ptp(used) > UNEVEN * used.min():
        told = " x ".join(f"{size:g}" for size in used)
        raise BadSetting(
            f"voxels are {told} mm along the filtered axes; filters need the same spacing along "
            f"all of them. Resample the image, or filter it slice by slice (dimensions=2)."
        )
    return float(used.mean())
