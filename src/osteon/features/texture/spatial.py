"""Everything that texture measures beside IBSI, of one region, by name."""

import numpy as np
from numpy.typing import ArrayLike

from ...core import Mask, Volume
from .fractal import box_dimension, relief_dimension
from .lacunarity import lacunarity
from .minkowski.anisotropic import Kernel, solid_directions
from .minkowski.cells import above, finite_in
from .minkowski.isotropic import threshold_sweep
from .minkowski.tensors import surface_tensor, volume_tensor
from .variogram import variogram


def spatial_features(
    volume: Volume,
    region: Mask,
    *,
    threshold: float | None = None,
    thresholds: ArrayLike | None = None,
    kernel: Kernel | None = None,
) -> dict[str, float | None]:
    """Minkowski functionals and tensors, fractal dimension, lacunarity and variogram.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        Grey values in any unit.
    region : Mask of shape (i, j, k)
        Where to measure.
    threshold : float, optional
        Where the phase begins, for all but the sweep; None is the median of the region.
    thresholds : sequence of float, optional
        Of the sweep; None is the nine deciles.
    kernel : Kernel, optional
        Of the functionals along directions, in mm.

    Returns
    -------
    dict of str to float or None
        None where a number does not exist, such as the variogram's slope of a constant region.

    Raises
    ------
    EmptyRegion
        If the region has no voxel, none of the phase, or no pair of voxels.
    GridMismatch
        If the region lies on another grid.
    UnsuitableScan
        If values in or beside the region are missing (not finite).
    BadSetting
        If the region is too narrow for the kernel, or a threshold is not a number.

    Notes
    -----
    Directions are found by the volume functional, the only one that voxels of unequal sides do
    not lead astray.
    """
    values = finite_in(volume, region)
    level = float(np.median(values)) if threshold is None else threshold
    phase = above(volume, level, region)
    found: dict[str, float | None] = {}
    found |= threshold_sweep(volume, region=region, thresholds=thresholds).named()
    along = solid_directions(phase, region=region, kernel=kernel)
    found |= along.named("minkowski_directional_volume")
    found |= surface_tensor(volume, region=region, threshold=level).named("minkowski_w1_02")
    found |= volume_tensor(phase, region=region).named("minkowski_w0_20")
    found |= box_dimension(phase, region=region).named("fractal_box")
    found |= relief_dimension(volume, region=region).named("fractal_relief")
    found |= lacunarity(phase, region=region).named()
    found |= variogram(volume, region=region).named()
    return found
