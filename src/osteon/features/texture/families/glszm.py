"""Grey level size zones: how large the zones of one level are."""

from ..settings import Dimension
from .matrices import averaged, matrix_features, of_list
from .zones import Zones

_NAMES = (
    "sze lze lgze hgze szlge szhge lzlge lzhge glnu glnu_norm zsnu zsnu_norm z_perc gl_var "
    "zs_var zs_entr"
)

TAGS = tuple(f"szm_{name}" for name in _NAMES.split())
"""Tags of the features, without the ending of the aggregation."""

ENDINGS: dict[Dimension, str] = {"2D": "2D", "2.5D": "2_5D", "3D": "3D"}
"""How tags end where each dimension has one aggregation."""


def glszm_features(found: dict[Dimension, Zones]) -> dict[str, float]:
    """Size zone features of IBSI 1, section 3.8 (doi:10.48550/arXiv.1612.07003).

    Parameters
    ----------
    found : dict of {"2D", "2.5D", "3D"} to Zones
        Zones of each dimension, from `zones`.

    Returns
    -------
    dict of str to float
        The 16 features ``szm_…`` of each dimension.
    """
    features: dict[str, float] = {}
    for dimension, zones in found.items():
        counted = of_list(zones.slices, zones.levels, zones.sizes, zones.count, zones.voxels)
        features |= averaged(TAGS, matrix_features(counted), ENDINGS[dimension])
    return features
