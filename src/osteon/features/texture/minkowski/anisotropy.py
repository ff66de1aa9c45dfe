"""How far the eigenvalues of a tensor part, and where its largest one points."""

import numpy as np
from numpy.typing import NDArray

ROUNDING = 1e-9
"""Part of a tensor's squares below which what parts its eigenvalues is rounding."""


def fractional_anisotropy(tensors: NDArray[np.float64], dimensions: int = 3) -> NDArray[np.float64]:
    """How far eigenvalues part: 0 where all are alike, 1 where only one is not 0.

    √(d/(d−1)) · √Σ(λ − mean λ)² ÷ √Σλ², as in diffusion imaging; 0 for a tensor of zeros.

    Parameters
    ----------
    tensors : (…, 3, 3) array
        Symmetric; of a plane (`dimensions` 2), zero across it.
    dimensions : int
        3 or 2.

    Returns
    -------
    (…) float64 array
        0 to 1.
    """
    trace = np.trace(tensors, axis1=-2, axis2=-1)
    squares = np.square(tensors).sum(axis=(-2, -1))
    apart = np.maximum(1 - trace**2 / dimensions / np.where(squares > 0, squares, np.inf), 0.0)
    apart = np.where((squares > 0) & (apart > ROUNDING), apart, 0.0)
    return np.asarray(np.sqrt(np.minimum(apart * dimensions / (dimensions - 1), 1.0)))


def main_directions(tensors: NDArray[np.float64]) -> NDArray[np.float64]:
    """Unit vectors (…, 3) of the largest eigenvalues, their largest component above 0.

    Parameters
    ----------
    tensors : (…, 3, 3) array
        Symmetric.

    Returns
    -------
    (…, 3) float64 array
        Of length 1.
    """
    axes = np.linalg.eigh(tensors)[1][..., -1]
    largest = np.take_along_axis(axes, np.abs(axes).argmax(axis=-1, keepdims=True), axis=-1)
    return np.asarray(axes * np.sign(largest))
