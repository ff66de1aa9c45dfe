"""Statistics of a region in a response map: the features of the IBSI, chapter 2."""

import numpy as np

from ....core import EmptyRegion, Mask, Volume
from ..families.statistics import statistics_features
from ..prepare import kept, resampled
from ..region import TextureRegion
from ..settings import TextureSettings
from .filter import Filter, filtered


def response_statistics(
    volume: Volume, mask: Mask, settings: TextureSettings, kind: Filter
) -> dict[str, float]:
    """Filter an image and describe the response in a region.

    The whole image is interpolated and filtered; limits of re-segmentation hold for its grey
    values before the filter.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image, in any unit.
    mask : Mask of shape (i, j, k)
        The region, on the image's grid.
    settings : TextureSettings
        Voxel size, limits, and the axis across which slices lie.
    kind : Filter
        The filter.

    Returns
    -------
    dict of str to float
        The 18 intensity-based statistics by tag, of the response.

    Raises
    ------
    GridMismatch
        If the mask lies on another grid.
    EmptyRegion
        If no voxel of the mask is left within the limits.
    BadSetting
        If the filter does not suit the image.
    UnsuitableScan
        If a value of the image is not finite, or one of the region above 1e60.

    References
    ----------
    Whybra P et al. Radiology 2024;310:e231319. doi:10.1148/radiol.231319.
    """
    region = response_region(volume, mask, settings, kind)
    return statistics_features(region.inside)


def response_region(
    volume: Volume, mask: Mask, settings: TextureSettings, kind: Filter
) -> TextureRegion:
    """The region in a filter's response, ready for `region_features`.

    Parameters
    ----------
    volume, mask, settings, kind
        As for `response_statistics`.

    Returns
    -------
    TextureRegion
        The whole response map, in it the voxels whose grey values lay within the limits. It has no
        limits of its own: a response is in another range.

    Raises
    ------
    GridMismatch, EmptyRegion, BadSetting, UnsuitableScan
        As by `response_statistics`.
    """
    inside = mask.on(volume.grid, name="the mask").values
    if not inside.any():
        raise EmptyRegion("the mask has no voxel; a response is described in at least 1.")
    values, grid = np.asarray(volume.values, np.float64), volume.grid
    if settings.interpolation is not None:
        values, inside, grid = resampled(volume, mask, settings.interpolation)
    counted = kept(values, inside, settings.resegmentation)
    response = filtered(values, kind, spacing=grid.spacing, axis=settings.slice_axis)
    return TextureRegion(response, counted, inside, grid.spacing, grid)
