"""The axes along which a stiffness tensor is most nearly orthotropic, and its moduli there.

Tensors are (6, 6) in the order 11, 22, 33, 23, 13, 12, with engineering shear strains.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize
from scipy.spatial.transform import Rotation

VOIGT = ((0, 0), (1, 1), (2, 2), (1, 2), (0, 2), (0, 1))
"""Pair of axes of each row."""

STARTS = 12
"""Rotations, besides those the tensor itself suggests, from which the best axes are sought."""

AS_GOOD = 1e-9
"""Axes whose misfit is no larger than this above the least are as good; the first are taken."""


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
    full = _full(tensor)
    whole = float(np.sum(full**2))

    def misfit(turn: NDArray[np.float64]) -> float:
        return _beside(turned(full, Rotation.from_rotvec(turn).as_matrix().T)) / whole

    found = [minimize(misfit, start, method="BFGS") for start in _starts(full)]
    least = min(float(one.fun) for one in found)
    best = next(one for one in found if one.fun <= least + AS_GOOD)
    axes = Rotation.from_rotvec(best.x).as_matrix()
    compliance = np.linalg.inv(rotated(tensor, axes.T))
    moduli = 1.0 / np.diag(compliance)[:3]
    order = np.argsort(-moduli, kind="stable")
    departure = float(np.sqrt(max(best.fun, 0.0)))
    return Orthotropy(axes[:, order], moduli[order], departure)


def rotated(tensor: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """The tensor in other axes: row n of `turn` is new axis n in the old ones."""
    other = turned(_full(tensor), turn)
    return np.array([[other[(*a, *b)] for b in VOIGT] for a in VOIGT])


def turned(full: NDArray[np.float64], turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """The same for a tensor written out, (3, 3, 3, 3)."""
    other: NDArray[np.float64] = np.einsum(
        "ia,jb,kc,ld,abcd->ijkl", turn, turn, turn, turn, full, optimize=True
    )
    return other


def _full(tensor: NDArray[np.float64]) -> NDArray[np.float64]:
    """All 81 components, (3, 3, 3, 3)."""
    row = np.array([[0, 5, 4], [5, 1, 3], [4, 3, 2]])
    full: NDArray[np.float64] = tensor[row[:, :, None, None], row[None, None]]
    return full


def _beside(full: NDArray[np.float64]) -> float:
    """Sum of squares of the components in which an axis occurs an odd number of times."""
    index = np.indices(full.shape)
    odd = np.zeros(full.shape, bool)
    for axis in range(3):
        odd |= (index == axis).sum(axis=0) % 2 == 1
    return float(np.sum(full[odd] ** 2))


def _starts(full: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Rotations to start from: eigenvectors of the tensor's two contractions, and a fixed set."""
    starts = [np.zeros(3)]
    for contraction in ("iikl->kl", "ikil->kl"):
        axes = np.linalg.eigh(np.einsum(contraction, full))[1]
        starts.append(Rotation.from_matrix(axes * np.linalg.det(axes)).as_rotvec())
    some = Rotation.random(STARTS, random_state=np.random.RandomState(0))
    return [*starts, *some.as_rotvec()]
