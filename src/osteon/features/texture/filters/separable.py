"""Filters that are one short kernel an axis, plain or turned through all right angles."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import convolve1d

from ....core import BadSetting
from .boundary import NDIMAGE, Boundary
from .pooling import Pooling, Turn, pooled, right_angles

Along = tuple[tuple[float, ...], ...]
"""Kernels that are applied along one axis, one after the other."""

Signs = dict[tuple[Along, ...], list[int]]
"""Kernels of all axes, and how many turns use them as they are and negated."""

Responses = Iterator[tuple[tuple[Along, ...], NDArray[np.float64]]]
"""Kernels of all axes with their response."""


def convolved(
    values: NDArray[np.float64], kernels: Along, axis: int, boundary: Boundary
) -> NDArray[np.float64]:
    """`values` convolved along one axis with one kernel after the other.

    Parameters
    ----------
    values : (i, j, k) array
        The image.
    kernels : Along
        Odd numbers of weights each, centred on the middle one.
    axis : int
        Along which axis.
    boundary : Boundary
        What lies beyond the edges, also of what the kernels before have left.

    Returns
    -------
    (i, j, k) array
        The filtered image.
    """
    for kernel in kernels:
        values = convolve1d(values, kernel, axis=axis, mode=NDIMAGE[boundary])
    return values


def check_reach(shape: Sequence[int], reach: int, dimensions: int, name: str) -> None:
    """Refuse a filter longer than the image that it is to filter.

    Parameters
    ----------
    shape : (3,) ints
        Voxels of the image.
    reach : int
        Voxels of the filter along an axis.
    dimensions : int
        2 filters the slices across axis 2, 3 the volume.
    name : str
        The filter, as the message calls it.

    Raises
    ------
    BadSetting
        If an axis has fewer voxels than the filter.
    """
    if reach > min(shape[:dimensions]):
        sizes = " x ".join(map(str, shape[:dimensions]))
        raise BadSetting(
            f"{name} is {reach} voxels long, the image {sizes}; give a smaller filter or a larger "
            f"image."
        )


def separable_response(
    values: NDArray[np.float64], along: Sequence[Along], boundary: Boundary
) -> NDArray[np.float64]:
    """Response of one separable filter.

    Parameters
    ----------
    values : (i, j, k) array
        The image.
    along : sequence of Along
        What is done along axis 0, 1 and, in 3D, 2.
    boundary : Boundary
        What lies beyond the edges.

    Returns
    -------
    (i, j, k) array
        The response map.
    """
    for axis, kernels in enumerate(along):
        values = convolved(values, kernels, axis, boundary)
    return values


def turned_response(
    values: NDArray[np.float64], along: Sequence[Along], boundary: Boundary, pooling: Pooling
) -> NDArray[np.float64]:
    """Response pooled over all turns of a separable filter through right angles.

    Turns that share the kernels of the first axes share that work, and kernels that are their own
    mirror image, or its negative, are applied once.

    Parameters
    ----------
    values : (i, j, k) array
        The image.
    along : sequence of Along
        What the filter that is not turned does along axis 0, 1 and, in 3D, 2.
    boundary : Boundary
        What lies beyond the edges.
    pooling : Pooling
        How the responses become one.

    Returns
    -------
    (i, j, k) array
        The pooled response map.

    References
    ----------
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """
    kinds: Signs = defaultdict(lambda: [0, 0])
    for turn in right_angles(len(along)):
        kernels, negated = _turned(along, turn)
        kinds[kernels][negated] += 1
    responses = _tree(values, sorted(kinds), 0, boundary)
    if pooling == "mean":
        return _mean(responses, kinds)
    return pooled(_signed(responses, kinds), pooling)


def _turned(along: Sequence[Along], turn: Turn) -> tuple[tuple[Along, ...], bool]:
    """Kernels an axis after a turn, and whether the response is negated."""
    negated, kernels = False, []
    for axis, sign in zip(*turn, strict=True):
        kernel, odd = _flipped(along[axis]) if sign < 0 else (along[axis], False)
        kernels.append(kernel)
        negated ^= odd
    return tuple(kernels), negated


def _flipped(kernels: Along) -> tuple[Along, bool]:
    """Mirrored kernels, and whether they are to be negated: an odd kernel is kept as it is."""
    negated, flipped = False, []
    for kernel in kernels:
        mirror = kernel[::-1]
        odd = all(a == -b for a, b in zip(kernel, mirror, strict=True))
        flipped.append(kernel if odd else mirror)
        negated ^= odd
    return tuple(flipped), negated


def _mean(responses: Responses, kinds: Signs) -> NDArray[np.float64]:
    """Mean over all turns, each response once with the number of turns that give it."""
    turns = sum(plain + negated for plain, negated in kinds.values())
    total: NDArray[np.float64] = np.zeros(())
    for kernels, response in responses:
        plain, negated = kinds[kernels]
        total = total + response * ((plain - negated) / turns)
    return total


def _signed(responses: Responses, kinds: Signs) -> Iterator[NDArray[np.float64]]:
    """Each response as often as it differs."""
    for kernels, response in responses:
        plain, negated = kinds[kernels]
        if plain:
            yield response
        if negated:
            yield -response


def _tree(
    values: NDArray[np.float64], kinds: Sequence[tuple[Along, ...]], axis: int, boundary: Boundary
) -> Responses:
    """Each set of kernels with its response; sets that begin alike are filtered together."""
    if axis == len(kinds[0]):
        yield kinds[0], values
        return
    for kernels in dict.fromkeys(kind[axis] for kind in kinds):
        filtered = convolved(values, kernels, axis, boundary)
        yield from _tree(filtered, [k for k in kinds if k[axis] == kernels], axis + 1, boundary)
