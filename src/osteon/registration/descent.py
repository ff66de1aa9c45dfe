"""Downhill with a memory of the last steps, with the same numbers on any machine."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Cost = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]

REMEMBERED = 8
"""Steps from which the curvature is guessed."""

ENOUGH = 1e-4
"""A step must bring this part of what the slope promises."""

HALVINGS = 12
"""Times that a step is halved before there is no way down."""

LEAST_GAIN = 1e-6
"""The descent ends where five steps have not brought so much each."""


def descend(cost: Cost, n: int, first: float, steps: int) -> NDArray[np.float64]:
    """The numbers from 0 downhill, where a cost is small.

    Quasi-Newton steps with limited storage (Nocedal 1980, doi:10.1090/S0025-5718-1980-0572855-7).
    Sums are NumPy's own: those of a threaded BLAS would differ with the number of cores.

    Parameters
    ----------
    cost : function
        Of (n,) numbers: the cost, and its slope by each.
    n : int
        How many numbers.
    first : float
        Largest number after the first step.
    steps : int
        At most.
    """
    at = np.zeros(n)
    value, slope = cost(at)
    memory: list[tuple[NDArray[np.float64], NDArray[np.float64]]] = []
    course = [value]
    for _ in range(steps):
        steepest = float(np.abs(slope).max())
        if steepest == 0:
            break
        way = _way(slope, memory) if memory else slope * (-first / steepest)
        promised = _dot(way, slope)
        for halved in range(HALVINGS):
            there = at + way * 0.5**halved
            new, rising = cost(there)
            if new <= value + ENOUGH * promised * 0.5**halved:
                break
        else:
            break
        step, change = there - at, rising - slope
        if _dot(step, change) > 0:  # else the curvature is none to go by
            memory = [*memory[1 - REMEMBERED :], (step, change)]
        at, value, slope = there, new, rising
        course.append(value)
        if len(course) > 5 and course[-6] - value < 5 * LEAST_GAIN:
            break
    return at


def _way(
    slope: NDArray[np.float64], memory: list[tuple[NDArray[np.float64], NDArray[np.float64]]]
) -> NDArray[np.float64]:
    """Where the bottom lies, by the slope and the last steps."""
    way = -slope
    parts = []
    for step, change in reversed(memory):
        part = _dot(step, way) / _dot(step, change)
        way = way - part * change
        parts.append(part)
    step, change = memory[-1]
    way = way * (_dot(step, change) / _dot(change, change))
    for (step, change), part in zip(memory, reversed(parts), strict=True):
        way = way + step * (part - _dot(change, way) / _dot(step, change))
    return way


def _dot(a: NDArray[np.float64], b: NDArray[np.float64]) -> float:
    return float((a * b).sum())
