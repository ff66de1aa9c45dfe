"""Orientation from grey values: the mean product of gradients, where no threshold would hold."""

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import correlate1d

from ....core import BadSetting, EmptyRegion, Flag, Mask, Method, UnsuitableScan, Volume
from ...feature import METHODS, Feature, enter

GRADIENT_METHOD = Method(
    "gradient-structure-tensor",
    "Mean over the region of the outer product of the gradient, from Gaussian derivatives of one "
    "width in mm along all axes.",
    "doi:10.1007/978-3-642-54301-2_12",
    "Moreno R, Borga M, Smedby Ö. Techniques for computing fabric tensors: a review. In: "
    "Visualization and Processing of Tensors and Higher Order Descriptors for Multi-Valued Data. "
    "Springer 2014.",
)
METHODS[GRADIENT_METHOD.key] = GRADIENT_METHOD

enter(
    Feature(
        "DA (gradient)",
        "1",
        GRADIENT_METHOD.key,
        "Square root of largest ÷ smallest eigenvalue of the gradient structure tensor; of a "
        "Gaussian field, not blurred, it is longest ÷ shortest mean intercept length.",
        GRADIENT_METHOD.doi,
        "1 (isotropic) upwards",
        "No DA of the structure where voxels are coarse: noise and blur draw it towards 1, a "
        "thick slice or a blur of its own direction away from it. Edges of the bone count too, "
        "unless the region stays three widths away from them.",
    )
)

WIDTH = 1.0
"""Width of the Gaussian where none is given, ÷ the largest spacing."""

LEAST_WIDTH = 0.7
"""Width of the Gaussian, ÷ the largest spacing, below which voxels cannot hold its derivative."""

TRUNCATE = 4.0
"""Widths after which the Gaussian ends."""

FLAT_BELOW = 1e-8
"""Part of the largest eigenvalue below which there is no gradient along a direction."""

VARIES = 1e-12
"""Mean squared gradient × width², ÷ the mean squared value, below which an image is flat."""

SLAB = 64
"""Slices along axis 0 in memory at once where no number is given."""

FEWEST = 1000
"""Regions of fewer voxels are flagged: three widths hold about a hundred of them."""


@dataclass(frozen=True, eq=False)
class GradientFabric:
    """The gradient structure tensor of a region.

    Attributes
    ----------
    tensor : (3, 3) array
        Mean outer product of the gradient, in squared units of the image a mm², patient
        coordinates (LPS).
    strengths : (3,) array
        Its eigenvalues, smallest first.
    directions : (3, 3) array
        Row n is the unit vector (LPS) of eigenvalue n, its largest component positive. Row 0 is
        the principal direction, along which grey values change least; row 2 crosses trabeculae.
    width : float
        Standard deviation of the Gaussian, in mm.
    flags : tuple of Flag
        What a reader must know before using the numbers.
    """

    tensor: NDArray[np.float64]
    strengths: NDArray[np.float64]
    directions: NDArray[np.float64]
    width: float
    flags: tuple[Flag, ...] = ()

    @property
    def anisotropy(self) -> float | None:
        """DA (gradient); None where grey values do not change along a direction."""
        if self.strengths[0] <= FLAT_BELOW * self.strengths[2]:
            return None
        return float(np.sqrt(self.strengths[2] / self.strengths[0]))

    def named(self) -> dict[str, float | None]:
        """Features by name."""
        return {"DA (gradient)": self.anisotropy}


def gradient_fabric(
    image: Volume,
    *,
    region: Mask | None = None,
    width: float | None = None,
    block: int | None = None,
) -> GradientFabric:
    """Principal directions of a grey image from the gradient structure tensor.

    Parameters
    ----------
    image : Volume of shape (i, j, k)
        Grey values in any unit.
    region : Mask of shape (i, j, k), optional
        Where gradients are averaged; they are taken in the whole image. None is all of it.
    width : float, optional
        Standard deviation of the Gaussian in mm, the same along all axes however long the voxels
        are; None is the largest spacing.
    block : int, optional
        Slices along axis 0 in memory at once; None is 64. No value depends on it.

    Returns
    -------
    GradientFabric
        Tensor and directions in patient coordinates.

    Raises
    ------
    EmptyRegion
        If the region has no voxel, or the grey values in it do not vary.
    BadSetting
        If the width is below 0.7 of the largest spacing, or `block` below 1.
    GridMismatch
        If the region lies on another grid than the image.
    UnsuitableScan
        If grey values in or beside the region are missing (not finite).
    """
    spacing, shape = image.grid.spacing, image.grid.shape
    width = WIDTH * float(spacing.max()) if width is None else width
    if not LEAST_WIDTH * spacing.max() <= width < np.inf:
        raise BadSetting(
            f"width is {width:g} mm; voxels of {spacing.max():g} mm hold the derivative of a "
            f"Gaussian from {LEAST_WIDTH * spacing.max():.3g} mm on."
        )
    if block is not None and block < 1:
        raise BadSetting(f"block is {block} slices; give 1 or more, or None.")
    inside = None if region is None else region.on(image.grid, name="the region").values
    kernels = [_kernels(width, float(s)) for s in spacing]
    size = block or SLAB
    # what is not finite or overflows is told below
    with np.errstate(invalid="ignore", over="ignore"):
        rows = [
            row
            for start in range(0, shape[0], size)
            for row in _products(
                image.values, inside, (start, min(start + size, shape[0])), kernels
            )
        ]
    if not np.isfinite(rows).all():
        raise UnsuitableScan(
            "grey values in or beside the region are no finite numbers, or too large to square. "
            "Replace missing values, or crop the image."
        )
    count, square, *sums = (math.fsum(column) for column in zip(*rows, strict=True))
    if count == 0:
        raise EmptyRegion("the region has no voxel; a gradient needs at least one.")
    xx, yy, zz, xy, xz, yz = np.array(sums) / count
    own = np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
    if np.trace(own) * width**2 <= VARIES * square / count:
        raise EmptyRegion("grey values do not vary in the region; there is no gradient to average.")
    tensor = image.grid.direction @ own @ image.grid.direction.T
    strengths, vectors = np.linalg.eigh(tensor)
    largest = np.abs(vectors).argmax(axis=0)
    directions = (vectors * np.sign(vectors[largest, range(3)])).T
    flags = tuple(_flags(int(count), strengths))
    return GradientFabric(tensor, np.maximum(strengths, 0.0), directions, width, flags)


Kernels = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Weights that smooth, and that take the derivative a mm, along one axis."""


def _kernels(width: float, spacing: float) -> Kernels:
    """Sampled Gaussian of sum 1, and its derivative, exact for a straight slope."""
    reach = int(np.ceil(TRUNCATE * width / spacing))
    away = np.arange(-reach, reach + 1) * spacing
    smooth = np.exp(-0.5 * (away / width) ** 2)
    slope = away * smooth
    return smooth / smooth.sum(), slope / (slope @ away)


def _products(
    values: NDArray[np.generic],
    inside: NDArray[np.bool_] | None,
    own: tuple[int, int],
    kernels: list[Kernels],
) -> Iterator[tuple[float, ...]]:
    """Of each slice: voxels, sum of squared values and of the six products of the gradient."""
    begin, end = own
    reach = len(kernels[0][0]) // 2
    low, high = max(begin - reach, 0), min(end + reach, values.shape[0])
    slab = np.ascontiguousarray(values[low:high], np.float64)
    gradient = [_derivative(slab, axis, kernels)[begin - low : end - low] for axis in range(3)]
    slab = slab[begin - low : end - low]
    for n in range(end - begin):
        within = np.ones(slab.shape[1:], np.bool_) if inside is None else inside[begin + n]
        x, y, z = (part[n][within] for part in gradient)
        grey = slab[n][within]
        pairs = ((x, x), (y, y), (z, z), (x, y), (x, z), (y, z))
        yield (
            float(grey.size),
            float((grey * grey).sum()),
            *(float((a * b).sum()) for a, b in pairs),
        )


def _derivative(
    slab: NDArray[np.float64], axis: int, kernels: list[Kernels]
) -> NDArray[np.float64]:
    """Derivative along one axis, a mm; the outermost values go on beyond the image."""
    for along in range(3):
        weights = kernels[along][int(along == axis)]
        slab = correlate1d(slab, weights, axis=along, mode="nearest")
    return slab


def _flags(count: int, strengths: NDArray[np.float64]) -> Iterator[Flag]:
    if count < FEWEST:
        yield Flag(
            "few-voxels-for-gradient",
            f"Gradients of {count} voxels were averaged; from {FEWEST} on their directions are "
            "steady.",
        )
    if strengths[0] <= FLAT_BELOW * strengths[2]:
        yield Flag(
            "no-gradient-along-a-direction",
            "Along a direction grey values do not change: DA (gradient) has no value.",
        )
