"""Tags of all features that a window has, in the order in which they are told."""

from collections.abc import Sequence

import numpy as np

from ...families import glcm, gldzm, glrlm, glszm, ngldm, ngtdm
from ..first_order import NAMES

_HISTOGRAM = (
    "mean var skew kurt median min p10 p90 max mode iqr range mad rmad medad cov qcod entropy "
    "uniformity max_grad max_grad_g min_grad min_grad_g"
)

_CURVE = "v10 v90 i10 i90 diff_v10_v90 diff_i10_i90 auc"

TAGS: dict[str, tuple[str, ...]] = {
    "local_intensity": ("loc_peak_loc", "loc_peak_glob"),
    "statistics": NAMES,
    "histogram": tuple(f"ih_{name}" for name in _HISTOGRAM.split()),
    "intensity_volume": tuple(f"ivh_{name}" for name in _CURVE.split()),
    "glcm": tuple(f"{tag}_3D_{end}" for end in ("avg", "comb") for tag in glcm.TAGS),
    "glrlm": tuple(f"{tag}_3D_{end}" for end in ("avg", "comb") for tag in glrlm.TAGS),
    "glszm": tuple(f"{tag}_3D" for tag in glszm.TAGS),
    "gldzm": tuple(f"{tag}_3D" for tag in gldzm.TAGS),
    "ngtdm": tuple(f"{tag}_3D" for tag in ngtdm.TAGS),
    "ngldm": tuple(f"{tag}_3D" for tag in ngldm.TAGS),
}
"""Tags by family."""

ALL = tuple(tag for told in TAGS.values() for tag in told)
"""All of them."""

STARTS = np.cumsum([0, *(len(told) for told in TAGS.values())])
"""Where each family begins among all, and where the last ends, (11,)."""


def tags(families: Sequence[str]) -> tuple[str, ...]:
    """Tags of the features of families, in the order of `TAGS`."""
    return tuple(tag for family, told in TAGS.items() if family in families for tag in told)
