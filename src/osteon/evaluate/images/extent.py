"""The smallest box that holds a mask."""

import numpy as np
from numpy.typing import NDArray

from ...core import Box


def extent(inside: NDArray[np.bool_]) -> Box:
    """Smallest box around the true voxels, of which there must be one."""
    sides = []
    for axis in range(3):
        across = tuple({0, 1, 2} - {axis})
        held = np.flatnonzero(inside.any(axis=across))
        sides.append(slice(int(held[0]), int(held[-1]) + 1))
    return sides[0], sides[1], sides[2]
