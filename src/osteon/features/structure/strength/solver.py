"""Displacements of a loaded solid, by conjugate gradients preconditioned with coarser bricks.

Sums are taken over runs of nodes of fixed length and added in order, so the result does not depend
on the number of threads.
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import fsum, sqrt

import numpy as np
from numpy.typing import NDArray

from ....core.compiled import parallel, prange
from .elements import Field
from .multigrid import Multigrid

RUN = 4096
"""Numbers that one thread sums before the sums are added in order."""

MARGIN = 0.9
"""The search goes on to this share of the tolerance: its running sum of forces is rounded."""

Progress = Callable[[int, float], None]
"""Called with the number of iterations done and the relative residual."""


@dataclass(frozen=True, eq=False)
class Solution:
    """Displacements that balance the forces inside.

    Attributes
    ----------
    moved : (nodes, 3) array
        Displacements, in mm.
    iterations : int
        Iterations until it had converged, or until it was given up.
    residual : float
        Unbalanced force over the force that the prescribed displacements alone cause.
    """

    moved: Field
    iterations: int
    residual: float


@dataclass(frozen=True)
class Stop:
    """When to stop.

    Attributes
    ----------
    tolerance : float
        Largest relative residual.
    most : int
        Largest number of iterations.
    """

    tolerance: float = 1e-5
    most: int = 1000


def balance(
    solid: Multigrid, start: Field, stop: Stop, progress: Progress | None = None
) -> Solution:
    """Displacements that keep the prescribed ones and leave no unbalanced force elsewhere.

    Parameters
    ----------
    solid : Multigrid
        Bricks, and which displacements are prescribed.
    start : (nodes, 3) array
        Prescribed displacements, and a guess of the others.
    stop : Stop
        Tolerance and most iterations.
    progress : function, optional
        Told of every iteration.

    Notes
    -----
    Rigid motion that nothing holds does not hinder: no force acts along it. Once rounding leaves
    nothing to gain, the search ends above the tolerance.
    """
    moved = start.copy()
    scale = sqrt(dot(*[_unbalanced(solid, solid.prescribed(start))] * 2))
    rest = _unbalanced(solid, moved)
    search, push = np.zeros_like(moved), np.empty_like(moved)
    last, done = 0.0, 0
    left = sqrt(dot(rest, rest))
    while left > MARGIN * stop.tolerance * scale and done < stop.most:
        better = solid.improve(rest)
        now = dot(rest, better)
        _redirect(search, better, now / last if done else 0.0)
        solid.forces(search, push)
        work = dot(search, push)
        if not (now > 0.0 and work > 0.0):
            break
        _advance(moved, search, rest, push, now / work)
        last, done, left = now, done + 1, sqrt(dot(rest, rest))
        if progress is not None:
            progress(done, left / scale)
    left = sqrt(dot(*[_unbalanced(solid, moved)] * 2))
    return Solution(moved, done, left / scale if scale > 0.0 else 0.0)


def _unbalanced(solid: Multigrid, moved: Field) -> Field:
    rest = np.empty_like(moved)
    solid.forces(moved, rest)
    return np.negative(rest, out=rest)


def dot(one: Field, other: Field) -> float:
    """Scalar product of two fields, the same for any number of threads."""
    flat, beside = one.reshape(-1), other.reshape(-1)
    sums = np.zeros(-(-len(flat) // RUN))
    _sum_runs(flat, beside, sums)
    return fsum(sums)


@parallel
def _sum_runs(
    one: NDArray[np.float64], other: NDArray[np.float64], sums: NDArray[np.float64]
) -> None:
    for run in prange(len(sums)):
        total = 0.0
        for at in range(run * RUN, min((run + 1) * RUN, len(one))):
            total += one[at] * other[at]
        sums[run] = total


@parallel
def _redirect(search: Field, better: Field, keep: float) -> None:
    """Let `search` be better + keep · search."""
    for node in prange(len(search)):
        for c in range(3):
            search[node, c] = better[node, c] + keep * search[node, c]


@parallel
def _advance(moved: Field, search: Field, rest: Field, push: Field, step: float) -> None:
    """Move by step · search, and take its forces from `rest`."""
    for node in prange(len(moved)):
        for c in range(3):
            moved[node, c] += step * search[node, c]
            rest[node, c] -= step * push[node, c]
