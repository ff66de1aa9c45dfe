"""Local axes from the structure tensor, and a Riesz transform steered along them."""

import math
from collections.abc import Iterable, Sequence
from itertools import permutations, product

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d

from .boundary import NDIMAGE, Boundary
from .spectrum import through_spectrum

WIDTHS = 4.0
"""Standard deviations after which the Gaussian ends."""

Part = tuple[tuple[int, ...], NDArray[np.float64]]
"""Order along each axis, and the Riesz transform of that order."""


def multi_indices(total: int, dimensions: int) -> list[tuple[int, ...]]:
    """All orders along the axes that add up to one total.

    Parameters
    ----------
    total : int
        Sum of each.
    dimensions : int
        Axes.

    Returns
    -------
    list of tuple of int
        Each once.
    """
    every = product(range(total + 1), repeat=dimensions)
    return [index for index in every if sum(index) == total]


def directions(
    values: NDArray[np.float64], width: float, dimensions: int, boundary: Boundary
) -> NDArray[np.float64]:
    """Eigenvectors of the structure tensor of the first-order Riesz transforms.

    Parameters
    ----------
    values : (i, j, k) array
        The image.
    width : float
        Standard deviation in voxels of the Gaussian that averages the tensor.
    dimensions : int
        2 takes slices across axis 2 by themselves.
    boundary : Boundary
        "periodic" or "mirror".

    Returns
    -------
    (i, j, k, d, d) array
        Row n is unit vector n, the largest eigenvalue first; its sign makes the first-order
        transform along it positive.
    """
    first = []
    for axis in range(dimensions):
        order = tuple(int(n == axis) for n in range(dimensions))
        first.append(through_spectrum(values, None, order, boundary))
    tensor = np.empty((*values.shape, dimensions, dimensions))
    for row in range(dimensions):
        for column in range(row, dimensions):
            mean = first[row] * first[column]
            for axis in range(dimensions):
                odd = (axis == row) != (axis == column) and boundary == "mirror"
                mean = _smoothed(mean, width, axis, boundary, odd=odd)
            tensor[..., row, column] = tensor[..., column, row] = mean
    vectors = np.linalg.eigh(tensor)[1][..., ::-1].swapaxes(-1, -2)
    along = sum(vectors[..., n] * first[n][..., None] for n in range(dimensions))
    return vectors * np.where(np.asarray(along) < 0, -1.0, 1.0)[..., None]


def _smoothed(
    values: NDArray[np.float64], width: float, axis: int, boundary: Boundary, *, odd: bool
) -> NDArray[np.float64]:
    """Gaussian mean along one axis; a mirrored product of an odd factor changes its sign."""
    reach = int(WIDTHS * width + 0.5)
    if not odd:
        mode = NDIMAGE[boundary]
        return gaussian_filter1d(values, width, axis=axis, mode=mode, radius=reach)  # type: ignore[no-any-return]
    size = values.shape[axis]
    around = [(reach, reach) if n == axis else (0, 0) for n in range(3)]
    places = np.arange(-reach, size + reach)
    sign = np.where(places // size % 2, -1.0, 1.0)
    wide = np.pad(values, around, mode="symmetric")
    wide *= sign.reshape([-1 if n == axis else 1 for n in range(3)])
    smooth = gaussian_filter1d(wide, width, axis=axis, mode="constant", radius=reach)
    kept: NDArray[np.float64] = smooth[(slice(None),) * axis + (slice(reach, reach + size),)]
    return kept


def along_structure(
    parts: Iterable[Part], axes: NDArray[np.float64], order: Sequence[int]
) -> NDArray[np.float64]:
    """Riesz transform of one order along local axes, from those along the axes of the image.

    The transforms of one total order are, but for the factor √(L!/Π l!), the components of a
    symmetric tensor, which is contracted with the unit vectors.

    Parameters
    ----------
    parts : iterable of Part
        Transforms of every order with the same total.
    axes : (i, j, k, d, d) array
        Row n is local axis n.
    order : sequence of int
        Order along each local axis.

    Returns
    -------
    (i, j, k) array
        The steered transform.
    """
    wanted = [axis for axis, power in enumerate(order) for _ in range(power)]
    own = math.prod(map(math.factorial, order))
    total = np.zeros(axes.shape[:3])
    for index, response in parts:
        parallel = [axis for axis, power in enumerate(index) for _ in range(power)]
        weight = np.zeros(axes.shape[:3])
        for way in set(permutations(parallel)):
            term = np.ones(axes.shape[:3])
            for local, axis in zip(wanted, way, strict=True):
                term *= axes[..., local, axis]
            weight += term
        factor = math.sqrt(math.prod(map(math.factorial, index)) / own)
        total += factor * weight * response
    return total
