"""Sets of directions, with weights that average over all directions what is smooth in them."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting

SPHERE_WEIGHTS = {1: 2 / 21, 2: 8 / 105, 3: 9 / 140}
"""Weight of an axis by how many of its components are not 0: the rule of 26 points on the sphere
that is exact for polynomials up to degree 7 (Lebedev 1976)."""

FEWEST_ANGLES = 3


def half_sphere() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The 13 axes through the centres, edges and corners of a cube.

    Returns
    -------
    directions : (13, 3) float64 array
        Unit vectors, the first component that is not 0 above it.
    weights : (13,) float64 array
        They sum to 1; Σ weight · direction ⊗ direction is a third of the identity.
    """
    steps = [v for v in product((-1, 0, 1), repeat=3) if v > (0, 0, 0)]
    directions = np.array(steps, np.float64)
    weights = np.array([SPHERE_WEIGHTS[int(n)] for n in np.abs(directions).sum(axis=1)])
    return directions / np.linalg.norm(directions, axis=1, keepdims=True), weights


def half_circle(number: int, axis: int) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Axes in a plane, at equal angles from its first array axis towards its second.

    Parameters
    ----------
    number : int
        How many, 3 and more.
    axis : int
        The array axis across the plane.

    Returns
    -------
    directions : (number, 3) float64 array
        Unit vectors along array axes.
    weights : (number,) float64 array
        All alike; they sum to 1.
    """
    if number < FEWEST_ANGLES:
        raise BadSetting(f"a plane needs at least {FEWEST_ANGLES} angles; got {number}.")
    first, second = (n for n in range(3) if n != axis)
    angles = np.pi * np.arange(number) / number
    directions = np.zeros((number, 3))
    directions[:, first], directions[:, second] = np.cos(angles), np.sin(angles)
    return directions, np.full(number, 1 / number)
