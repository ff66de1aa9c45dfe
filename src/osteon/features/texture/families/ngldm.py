"""Neighbouring grey level dependence: how many neighbours of a voxel have its level."""

import numpy as np

from ..settings import Dimension
from .glszm import ENDINGS
from .matrices import averaged, matrix_features, of_tables
from .neighbourhoods import Neighbourhoods

_NAMES = (
    "lde hde lgce hgce ldlge ldhge hdlge hdhge glnu glnu_norm dcnu dcnu_norm dc_perc gl_var "
    "dc_var dc_entr dc_energy"
)

TAGS = tuple(f"ngl_{name}" for name in _NAMES.split())
"""Tags of the features, without the ending of the aggregation."""


def ngldm_features(around: dict[Dimension, Neighbourhoods]) -> dict[str, float]:
    """Dependence features of IBSI 1, section 3.11 (doi:10.48550/arXiv.1612.07003).

    A neighbour depends on a voxel if it has the same level (coarseness 0) and lies at a
    Chebyshev distance of 1; the voxel counts among its own dependents.

    Parameters
    ----------
    around : dict of {"2D", "2.5D", "3D"} to Neighbourhoods
        From `neighbourhoods`.

    Returns
    -------
    dict of str to float
        The 17 features ``ngl_…`` of each dimension.
    """
    found: dict[str, float] = {}
    for dimension, near in around.items():
        dependents = np.arange(1.0, near.equal.shape[2] + 1)
        features = matrix_features(of_tables(near.equal, dependents, near.voxels))
        squares = (near.equal.astype(np.float64) ** 2).sum(axis=(1, 2))
        features.append(squares / near.voxels**2)
        found |= averaged(TAGS, features, ENDINGS[dimension])
    return found
