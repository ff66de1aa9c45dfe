"""The axes along which a stiffness tensor is most nearly orthotropic, and its moduli there.

Tensors are (6, 6) in the order 11, 22, 33, 23, 13, 12, with engineering shear strains.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import least_squares
from scipy.spatial.transform import Rotation

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""Pair of axes of each row."""

STARTS = 12
"""Rotations, besides those the tensor itself suggests, from which the best axes are sought."""

AS_GOOD = 1e-12
"""Axes whose misfit is no larger than this above the least are as good; the first are taken."""

BESIDE = np.array(
    [
        [any([*a, *b].count(axis) % 2 for axis in range(3)) for b in np.ndindex(3, 3)]
        for a in np.ndindex(3, 3)
    ]
)
"""Components that orthotropy makes 0: those in which an axis occurs an odd number of times."""


@dataclass(frozen=True, eq=False)
class Orthotropy:
    """Moduli along the axes of best orthotropic symmetry.

    Attributes
    ----------
    axes : (3, 3) array
        Column n is the unit vector of axis n, in image axes; the stiffest comes first.
    moduli : (3,) array
        Young's modulus along each axis, in the unit of the tensor, falling.
    departure : float
        What does not fit the symmetry: norm of the other components over the norm of all, 0…1.
    """

    axes: NDArray[np.float64]
    moduli: NDArray[np.float64]
    departure: float


def orthotropy(tensor: NDArray[np.float64]) -> Orthotropy:
    """Axes of best orthotropic symmetry, after van Rietbergen et al. 1996.

    Parameters
    ----------
    tensor : (6, 6) array
        Stiffness, positive definite.

    Returns
    -------
    Orthotropy
        Axes, Young's moduli (one over the compliance along an axis) and what does not fit.

    Notes
    -----
    Where the tensor is isotropic or alike across one axis, other axes would do as well; the image
    axes are preferred.
    """
    whole = float(np.linalg.norm(_square(tensor)))

    def misfit(turn: NDArray[np.float64]) -> NDArray[np.float64]:
        axes = Rotation.from_rotvec(turn).as_matrix()
        beside: NDArray[np.float64] = _turned(tensor, axes.T)[BESIDE] / whole
        return beside

    found = [least_squares(misfit, start, method="lm", xtol=1e-12) for start in _starts(tensor)]
    least = min(float(one.cost) for one in found)
    best = next(one for one in found if one.cost <= least + AS_GOOD)
    axes = Rotation.from_rotvec(best.x).as_matrix()
    compliance = np.linalg.inv(rotated(tensor, axes.T))
    moduli = 1.0 / np.diag(compliance)[:3]
    order = np.argsort(-moduli, kind="stable")
    return Orthotropy(axes[:, order], moduli[order], float(np.sqrt(2.0 * best.cost)))


def rotated(tensor: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """The tensor in other axes: row n of `turn` is new axis n in the old ones."""
    square = _turned(tensor, turn)
    at = [3 * a + b for a, b in VOIGT]
    other: NDArray[np.float64] = square[np.ix_(at, at)]
    return other


def _turned(tensor: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """All 81 components in other axes; row 3a + b, column 3c + d for component abcd."""
    pairs = np.kron(turn, turn)
    square: NDArray[np.float64] = pairs @ _square(tensor) @ pairs.T
    return square


def _square(tensor: NDArray[np.float64]) -> NDArray[np.float64]:
    """All 81 components, (9, 9)."""
    row = np.array([0, 5, 4, 5, 1, 3, 4, 3, 2])
    square: NDArray[np.float64] = tensor[np.ix_(row, row)]
    return square


def _starts(tensor: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Rotations to start from: eigenvectors of the tensor's two contractions, and a fixed set."""
    full = _square(tensor).reshape(3, 3, 3, 3)
    starts = [np.zeros(3)]
    for contraction in ("iikl->kl", "ikil->kl"):
        axes = np.linalg.eigh(np.einsum(contraction, full))[1]
        starts.append(Rotation.from_matrix(axes * np.linalg.det(axes)).as_rotvec())
    some = Rotation.random(STARTS, random_state=np.random.RandomState(0))
    return [*starts, *some.as_rotvec()]
