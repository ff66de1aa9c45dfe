"""Where a scan has image: not the padding outside the scanner's field of view."""

import numpy as np
from scipy import ndimage

from ..core import Mask, Volume

PADDING_BELOW_HU = -1000.0
"""Padding is stored as the lowest value of the scan, which then lies below this."""


def field_of_view(scan: Volume, lowest: float) -> Mask:
    """Voxels that were imaged.

    Scanners, and readers that straighten a tilted gantry, fill what lies outside the field of
    view with one lowest value. Air has noise: where a voxel and all its 26 neighbours carry
    exactly the lowest value of the scan, nothing was imaged.

    Parameters
    ----------
    scan : Volume of shape (i, j, k), in HU
        The CT, or a part of it.
    lowest : float
        Lowest value of the whole scan, in HU.

    Returns
    -------
    Mask
        True where there is image.
    """
    if lowest >= PADDING_BELOW_HU:
        return Mask(np.ones(scan.grid.shape, bool), scan.grid)
    same = scan.values == lowest
    inner = ndimage.binary_erosion(same, np.ones((3, 3, 3)), border_value=1)
    if not inner.any():
        return Mask(np.ones(scan.grid.shape, bool), scan.grid)
    padding = same & ndimage.binary_dilation(inner, np.ones((3, 3, 3)))
    return Mask(~padding, scan.grid)
