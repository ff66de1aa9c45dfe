"""Where the neighbours of a voxel lie, in slices, rows and columns."""

from itertools import product

import numpy as np
from numpy.typing import NDArray

DIRECTIONS: NDArray[np.int64] = np.array(
    sorted(step for step in product((0, 1), (-1, 0, 1), (-1, 0, 1)) if step > (0, 0, 0))
)
"""The 13 directions of which no two are opposite; the first four lie in the slice, (13, 3)."""

IN_PLANE = 4
"""Directions that lie in the slice."""

NEIGHBOURS: NDArray[np.int64] = np.concatenate(
    [DIRECTIONS[:IN_PLANE], -DIRECTIONS[:IN_PLANE], DIRECTIONS[IN_PLANE:], -DIRECTIONS[IN_PLANE:]]
)
"""The 26 neighbours; the first eight lie in the slice, (26, 3)."""

IN_SLICE = 8
"""Neighbours that lie in the slice."""
