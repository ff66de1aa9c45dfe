"""Grey level distance zones: how deep in the region the zones of one level lie."""

from ..settings import Dimension
from .glszm import ENDINGS
from .matrices import averaged, matrix_features, of_list
from .zones import Zones

_NAMES = (
    "sde lde lgze hgze sdlge sdhge ldlge ldhge glnu glnu_norm zdnu zdnu_norm z_perc gl_var "
    "zd_var zd_entr"
)

TAGS = tuple(f"dzm_{name}" for name in _NAMES.split())
"""Tags of the features, without the ending of the aggregation."""


def gldzm_features(found: dict[Dimension, Zones]) -> dict[str, float]:
    """Distance zone features of IBSI 1, section 3.9 (doi:10.48550/arXiv.1612.07003).

    Parameters
    ----------
    found : dict of {"2D", "2.5D", "3D"} to Zones
        Zones of each dimension, from `zones`.

    Returns
    -------
    dict of str to float
        The 16 features ``dzm_…`` of each dimension.
    """
    features: dict[str, float] = {}
    for dimension, zones in found.items():
        counted = of_list(zones.slices, zones.levels, zones.depths, zones.count, zones.voxels)
        features |= averaged(TAGS, matrix_features(counted), ENDINGS[dimension])
    return features
