"""The tensor of intercept density, with the crossings that a step of some length misses."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import UnsuitableScan
from .intercepts import Intercepts

KNEE = 0.6
"""Crossings expected in a step, ÷ 2·BV/TV·(1 − BV/TV), above which its weight falls off.

At that many, the share of differing pairs no longer grows with the step.
"""

LEAST_WEIGHT = 1e-4
"""Weight that every step keeps, so that too coarse an image has a (flagged) value."""

PULL = 0.03
"""Relative misfit that a correction of order 1 must save, so that none is made without need."""

ROUNDS = 12
"""Fits, each with weights from the one before."""

NONE_BELOW = 1e-4
"""Part of the largest 1/MIL² below which there is no intercept along a direction."""

FAINT = 1e-6
"""Trace of the tensor · longest step², below which the lines say nothing of a surface."""


@dataclass(frozen=True, eq=False)
class TensorFit:
    """Tensor of intercept density.

    Attributes
    ----------
    tensor : (3, 3) array
        1/MIL² along unit vector v is ``v @ tensor @ v``, in 1/mm², patient coordinates.
    used : (n,) bool array
        Steps that had a pair in the region.
    line_lengths : (n,) array
        Mean intercept length along each step, in mm, corrected for second crossings; infinite
        where nothing was crossed, and where a step had no pair.
    misfit : float
        Root mean square of MIL counted ÷ MIL of the tensor − 1.
    weights : (n,) array
        Weights of the last fit.
    """

    tensor: NDArray[np.float64]
    used: NDArray[np.bool_]
    line_lengths: NDArray[np.float64]
    misfit: float
    weights: NDArray[np.float64]

    def without(self, counted: Intercepts, slices: NDArray[np.intp]) -> NDArray[np.float64]:
        """The tensor with some slices left out, weights as they are."""
        pairs = counted.pairs.sum(axis=0) - counted.pairs[slices].sum(axis=0)
        crossings = counted.crossings.sum(axis=0) - counted.crossings[slices].sum(axis=0)
        share = crossings / np.maximum(pairs, 1)
        weights = np.where(pairs > 0, self.weights, 0.0)
        return _tensor(_solve(_design(counted.vectors), share, _most(counted), weights))


def fit_tensor(counted: Intercepts) -> TensorFit:
    """Fit ``oᵀHo = p² (1 + β t² + γ t⁴)`` to the share p of pairs that differ at each step o.

    Here t is p ÷ 2·BV/TV·(1 − BV/TV), the share of pairs far apart. A structure that is an
    isotropic one stretched along some axes has p depend on oᵀHo alone, and p as a power series
    without even powers if its surface is smooth; β and γ are the first terms of its inverse.

    Parameters
    ----------
    counted : Intercepts
        Pairs and crossings.

    Returns
    -------
    TensorFit
        The tensor H in patient coordinates.

    Raises
    ------
    UnsuitableScan
        If the region is less than two voxels wide along some direction, or holds hardly any
        surface.
    """
    pairs, crossings = counted.pairs.sum(axis=0), counted.crossings.sum(axis=0)
    used = pairs > 0
    design = _design(counted.vectors)
    if not used.any() or np.linalg.matrix_rank(design[used]) < 6:
        raise UnsuitableScan(
            "the region is too thin for a fabric tensor: it must hold pairs of voxels in six "
            "independent directions. Take a region at least three voxels wide."
        )
    share = crossings / np.maximum(pairs, 1)
    most = _most(counted)
    length2 = (counted.vectors**2).sum(axis=1)
    density = share**2 / length2
    for _ in range(ROUNDS):
        floor = NONE_BELOW * density.max() * length2
        expected = np.maximum(np.maximum(density * length2, share**2), floor)
        fade = np.maximum(np.exp(-0.5 * expected**2 / (KNEE * most) ** 4), LEAST_WEIGHT)
        weights = np.where(used, fade / expected, 0.0)
        solved = _solve(design, share, most, weights)
        density = (design @ solved[:6]) / length2
        if density.max() <= 0:
            # no tensor fits, which is told below
            break
    tail = (share / most) ** 2
    straight = share**2 * np.maximum(1.0 + solved[6] * tail + solved[7] * tail**2, 0.25)
    lengths = np.full(len(used), np.inf)
    np.divide(np.sqrt(length2), np.sqrt(straight), out=lengths, where=used & (share > 0))
    met = used & (share > 0) & (density > 0)
    tensor = _tensor(solved)
    if not met.any() or np.trace(tensor) * length2.max() < FAINT:
        raise UnsuitableScan(
            "too few lines of the region cross the surface of bone for a fabric tensor; check the "
            "threshold, or take a larger region."
        )
    ratio = lengths[met] * np.sqrt(density[met])
    misfit = float(np.sqrt(np.average((ratio - 1.0) ** 2, weights=fade[met])))
    return TensorFit(tensor, used, lengths, misfit, weights)


def crossings_per_voxel(counted: Intercepts, tensor: NDArray[np.float64]) -> float:
    """Largest share of lines that cross a surface from one voxel to the next, along the axes.

    Counted or as expected from the tensor, whichever is more; ÷ 2·BV/TV·(1 − BV/TV).
    """
    steps = counted.grid.direction * counted.grid.spacing
    beside = np.abs(counted.steps).sum(axis=1) == 1
    pairs, crossings = counted.pairs.sum(axis=0), counted.crossings.sum(axis=0)
    seen = crossings[beside] / np.maximum(pairs[beside], 1)
    expected = np.sqrt(np.maximum(np.diag(steps.T @ tensor @ steps), 0.0))
    return float(max(seen.max(), expected.max()) / _most(counted))


def _most(counted: Intercepts) -> float:
    """Share of pairs far apart that differ, ``2·BV/TV·(1 − BV/TV)``."""
    part = counted.bone / counted.voxels
    return 2.0 * part * (1.0 - part)


def _design(vectors: NDArray[np.float64]) -> NDArray[np.float64]:
    x, y, z = vectors.T
    return np.column_stack([x * x, y * y, z * z, 2 * x * y, 2 * x * z, 2 * y * z])


def _solve(
    design: NDArray[np.float64],
    share: NDArray[np.float64],
    most: float,
    weights: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Six components of the tensor, then β and γ."""
    square, tail = share**2, (share / most) ** 2
    unit = (design[:, :3].sum(axis=1)).mean()
    system = np.column_stack([design / unit, -square * tail, -square * tail**2])
    system = np.vstack([system * weights[:, None], np.zeros((2, 8))])
    system[-2, 6] = system[-1, 7] = PULL
    target = np.concatenate([square * weights, [0.0, 0.0]])
    solved: NDArray[np.float64] = np.linalg.lstsq(system, target, rcond=None)[0]
    solved[:6] /= unit
    return solved


def _tensor(solved: NDArray[np.float64]) -> NDArray[np.float64]:
    xx, yy, zz, xy, xz, yz = solved[:6]
    return np.array([[xx, xy, xz], [xy, yy, yz], [xz, yz, zz]])
