"""Features of windows, each measured as a region of its own."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....core import Volume
from ..families import glcm, gldzm, glrlm, glszm, ngldm, ngtdm
from ..measure import region_features
from ..region import TextureRegion
from .first_order import NAMES as STATISTICS
from .prepared import Prepared
from .settings import MapSettings

_HISTOGRAM = (
    "mean var skew kurt median min p10 p90 max mode iqr range mad rmad medad cov qcod entropy "
    "uniformity max_grad max_grad_g min_grad min_grad_g"
)

_CURVE = "v10 v90 i10 i90 diff_v10_v90 diff_i10_i90 auc"

TAGS: dict[str, tuple[str, ...]] = {
    "local_intensity": ("loc_peak_loc", "loc_peak_glob"),
    "statistics": STATISTICS,
    "histogram": tuple(f"ih_{name}" for name in _HISTOGRAM.split()),
    "intensity_volume": tuple(f"ivh_{name}" for name in _CURVE.split()),
    "glcm": tuple(f"{tag}_3D_{end}" for end in ("avg", "comb") for tag in glcm.TAGS),
    "glrlm": tuple(f"{tag}_3D_{end}" for end in ("avg", "comb") for tag in glrlm.TAGS),
    "glszm": tuple(f"{tag}_3D" for tag in glszm.TAGS),
    "gldzm": tuple(f"{tag}_3D" for tag in gldzm.TAGS),
    "ngtdm": tuple(f"{tag}_3D" for tag in ngtdm.TAGS),
    "ngldm": tuple(f"{tag}_3D" for tag in ngldm.TAGS),
}
"""Tags of each family, in the order in which they are told."""


def tags(families: Sequence[str]) -> tuple[str, ...]:
    """Tags of the features of families, in the order of `TAGS`."""
    return tuple(tag for family, told in TAGS.items() if family in families for tag in told)


def features_of_windows(
    volume: Volume,
    region: Prepared,
    middles: NDArray[np.int64],
    radii: NDArray[np.int64],
    settings: MapSettings,
    names: Sequence[str],
) -> NDArray[np.float32]:
    """Features of windows around middles, (windows, features)."""
    made = np.full((len(middles), len(names)), np.nan, np.float32)
    for row, middle in enumerate(middles):
        low = np.maximum(middle - radii, 0)
        box = tuple(slice(a, b) for a, b in zip(low, middle + radii + 1, strict=True))
        counted = np.zeros_like(region.counted)
        counted[box] = region.counted[box]
        drawn = np.zeros_like(region.drawn)
        drawn[box] = region.drawn[box]
        one = TextureRegion(
            np.asarray(region.values, np.float64),
            counted,
            drawn,
            region.grid.spacing,
            region.grid,
            region.limits,
        )
        found = region_features(one, settings.texture, settings.families)
        made[row] = [found.get(name, np.nan) for name in names]
    return made
