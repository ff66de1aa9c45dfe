"""What an image is taken to be outside its edges."""

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from ....core import UnknownName

Boundary = Literal["zero", "nearest", "periodic", "mirror"]
"""Zero; the value at the edge; the image again; the image mirrored, its edge voxel repeated."""

BOUNDARIES: tuple[Boundary, ...] = get_args(Boundary)
"""All of them."""

NDIMAGE = {"zero": "constant", "nearest": "nearest", "periodic": "wrap", "mirror": "reflect"}
"""Their names in scipy.ndimage."""

_NUMPY = {"zero": "constant", "nearest": "edge", "periodic": "wrap", "mirror": "symmetric"}


def check_boundary(boundary: str) -> None:
    """Refuse a boundary that is none of the four.

    Parameters
    ----------
    boundary : str
        What was asked for.

    Raises
    ------
    UnknownName
        If it is not one of `BOUNDARIES`.
    """
    if boundary not in BOUNDARIES:
        raise UnknownName(f"boundary is {boundary!r}; give one of {', '.join(BOUNDARIES)}.")


def padded(
    values: NDArray[np.float64], widths: Sequence[int], boundary: Boundary
) -> NDArray[np.float64]:
    """`values` continued beyond their edges.

    Parameters
    ----------
    values : (i, j, k) array
        The image.
    widths : sequence of int
        Voxels to add before and after, one number an axis.
    boundary : Boundary
        With what.

    Returns
    -------
    (i + 2·w₀, j + 2·w₁, k + 2·w₂) array
        The continued image.

    References
    ----------
    Depeursinge A et al. Standardised convolutional filtering for radiomics.
    doi:10.48550/arXiv.2006.05470.
    """
    around = [(width, width) for width in widths]
    return np.pad(values, around, mode=_NUMPY[boundary])  # type: ignore[call-overload, no-any-return]
