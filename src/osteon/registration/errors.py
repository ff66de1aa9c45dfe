"""Errors of a registration in mm, where the true transform is known."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from ..core import Mask
from .transforms import Rigid


@dataclass(frozen=True)
class RegistrationError:
    """Distances between where a found and the true transform take the places of a region.

    Attributes
    ----------
    mean, median, percentile_95, maximum : float
        In mm, 0 or more; the percentile is linear between ranks.
    """

    mean: float
    median: float
    percentile_95: float
    maximum: float


def registration_error(found: Rigid, true: Rigid, region: Mask | ArrayLike) -> RegistrationError:
    """Target registration error in a region (Fitzpatrick 1998, doi:10.1109/42.736021).

    Parameters
    ----------
    found, true : Rigid
        From places of the fixed image to places of the moving one.
    region : Mask or (n, 3) array_like
        Places of the fixed image, such as all voxels of a bone, or points in world LPS mm.

    Returns
    -------
    RegistrationError
        Over all places of the region.

    Raises
    ------
    EmptyRegion
        If the region has no place.
    BadSetting
        If points are not three coordinates each.
    """
    away = found.apart(true, region)
    return RegistrationError(
        mean=float(away.mean()),
        median=float(np.median(away)),
        percentile_95=float(np.quantile(away, 0.95)),
        maximum=float(away.max()),
    )
