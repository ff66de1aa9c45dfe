"""Neighbourhood grey tone difference: how far a level is from the mean of its neighbours."""

import numpy as np

from ....core.compiled import compiled
from ..settings import Dimension
from .glszm import ENDINGS
from .matrices import Floats, averaged
from .neighbourhoods import Integers, Neighbourhoods

TAGS = ("ngt_coarseness", "ngt_contrast", "ngt_busyness", "ngt_complexity", "ngt_strength")
"""Tags of the features, without the ending of the aggregation."""

COARSEST = 1e6
"""Coarseness where no level differs from its neighbours."""


def ngtdm_features(around: dict[Dimension, Neighbourhoods]) -> dict[str, float]:
    """Grey tone difference features of IBSI 1, section 3.10 (doi:10.48550/arXiv.1612.07003).

    Where all levels are the same coarseness is 10⁶ and the others are 0, as the standard has it.

    Parameters
    ----------
    around : dict of {"2D", "2.5D", "3D"} to Neighbourhoods
        From `neighbourhoods`.

    Returns
    -------
    dict of str to float
        The 5 features ``ngt_…`` of each dimension; none where no voxel has a neighbour.
    """
    found: dict[str, float] = {}
    for dimension, near in around.items():
        kept = near.counts.any(axis=1)
        if kept.any():
            features = _features(near.counts[kept], near.differences[kept])
            found |= averaged(TAGS, list(features.T), ENDINGS[dimension])
    return found


@compiled
def _features(counts: Integers, differences: Floats) -> Floats:
    """The five features of each matrix, (m, 5)."""
    features = np.zeros((counts.shape[0], 5))
    for m in range(counts.shape[0]):
        present = np.flatnonzero(counts[m])
        many = float(counts[m].sum())
        share, away = counts[m] / many, differences[m]
        total, weighted = away.sum(), (share * away).sum()
        contrast = busyness = complexity = strength = 0.0
        for i in present:
            for j in present:
                gap, both = float(i - j), share[i] + share[j]
                contrast += share[i] * share[j] * gap * gap
                busyness += abs(i * share[i] - j * share[j])
                complexity += abs(gap) * (share[i] * away[i] + share[j] * away[j]) / both
                strength += both * gap * gap
        features[m, 0] = 1.0 / max(weighted, 1.0 / COARSEST)
        levels = float(present.size)
        if levels > 1.0:
            features[m, 1] = contrast / (levels * (levels - 1.0)) * total / many
        features[m, 2] = weighted / busyness if busyness > 0.0 else 0.0
        features[m, 3] = complexity / many
        features[m, 4] = strength / total if total > 0.0 else 0.0
    return features
