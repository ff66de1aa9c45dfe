"""Voxels for which the file had no number, and which must not be measured as if they had one."""

import numpy as np
from scipy import ndimage

from ...core import HU, Mask, Scan, UnsuitableScan
from .choices import TextureChoices

CODE = "not-finite-values"
"""Flag of the reader where a file held NaN or infinite values."""

PUT = {HU: -1024.0}
"""What the reader puts in their place, by unit; 0 in any other."""


def refuse_missing(scan: Scan, mask: Mask, choices: TextureChoices) -> None:
    """Refuse a region whose numbers would be made of voxels without one.

    Parameters
    ----------
    scan : Scan
        As read: NaN and infinite values are replaced and flagged by then.
    mask : Mask
        The region, on the grid of the scan.
    choices : TextureChoices
        Interpolation looks one voxel further, a filter at the whole image.

    Raises
    ------
    UnsuitableScan
        If such a voxel would count.
    """
    if not any(flag.code == CODE for flag in scan.flags):
        return
    put = PUT.get(scan.volume.unit, 0.0)
    seen = mask.values
    if choices.filtered is not None:
        seen = np.ones_like(seen)
    elif choices.processing.interpolation is not None:
        seen = ndimage.binary_dilation(seen, np.ones((3, 3, 3), np.bool_))
    wrong = int(np.count_nonzero(scan.volume.values[seen] == put))
    if wrong:
        raise UnsuitableScan(
            f"{wrong} of {np.count_nonzero(seen)} voxels that would be measured hold {put:g}, "
            "which was put where the file had no number (NaN); mend the image or leave them out of "
            "the mask."
        )
