"""Patches of a patient as a network takes them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Patches:
    """Patches of one patient as a network takes them.

    Attributes
    ----------
    values : (n, p) float64 array
        Standardised.
    region : (n,) integer array
        Number of the region, from 0.
    cell : (n, 2) integer array
        Cell in the map of the region, 0 to 2 along each axis.
    """

    values: Numbers
    region: NDArray[np.intp]
    cell: NDArray[np.intp]
