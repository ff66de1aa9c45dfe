"""What image and region are like before, between and after the steps of preparation."""

import numpy as np
from numpy.typing import NDArray

from ...core import Mask, Volume
from .prepare import kept, resampled
from .region import bounds
from .settings import Interpolation, Resegmentation, TextureSettings

AXES = "xyz"
"""Names of the axes i, j and k in tags."""

UNCHANGED = Interpolation((None, None, None), rounded=False)
"""Interpolation that keeps every voxel."""


def diagnose(volume: Volume, mask: Mask, settings: TextureSettings) -> dict[str, float]:
    """The diagnostic features of IBSI 1, section 4.6 (doi:10.48550/arXiv.1612.07003).

    They tell two programs apart by where they begin to differ: the image as read, the image
    interpolated, the region re-segmented.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image.
    mask : Mask of shape (i, j, k)
        The region, on the image's grid.
    settings : TextureSettings
        Image processing.

    Returns
    -------
    dict of str to float
        Size in voxels and mm, mean and extremes of the whole image, ``…_init_img`` and
        ``…_interp_img``; size, smallest box, voxels, mean and extremes of the region,
        ``…_init_roi``, ``…_interp_roi`` and ``…_reseg_roi``.

    Raises
    ------
    GridMismatch
        If the mask lies on another grid.
    EmptyRegion
        If the mask has no voxel, or none is left of it.
    UnsuitableScan
        If a value in the region is not a finite number.
    """
    mask.on(volume.grid, name="the mask")
    before = np.asarray(volume.values, np.float64)
    kept(before, mask.values, Resegmentation())
    values, drawn, grid = resampled(volume, mask, settings.interpolation or UNCHANGED)
    counted = kept(values, drawn, settings.resegmentation)
    return {
        **_image(before, volume.grid.spacing, "init"),
        **_image(values, grid.spacing, "interp"),
        **_region(before, mask.values, mask.values, "init"),
        **_region(values, drawn, drawn, "interp"),
        **_region(values, counted, drawn, "reseg"),
    }


def _image(
    values: NDArray[np.float64], spacing: NDArray[np.float64], step: str
) -> dict[str, float]:
    found = {f"img_dim_{axis}": float(n) for axis, n in zip(AXES, values.shape, strict=True)}
    found |= {f"vox_dim_{axis}": float(mm) for axis, mm in zip(AXES, spacing, strict=True)}
    known = values[np.isfinite(values)]
    found |= {
        "mean_int": float(known.mean()),
        "min_int": float(known.min()),
        "max_int": float(known.max()),
    }
    return {f"{name}_{step}_img": value for name, value in found.items()}


def _region(
    values: NDArray[np.float64],
    counted: NDArray[np.bool_],
    drawn: NDArray[np.bool_],
    step: str,
) -> dict[str, float]:
    inside = values[counted]
    found = {f"int_mask_dim_{a}": float(n) for a, n in zip(AXES, counted.shape, strict=True)}
    for name, mask in (("int", counted), ("morph", drawn)):
        for axis, cut in zip(AXES, bounds(mask), strict=True):
            found[f"{name}_mask_bb_dim_{axis}"] = float(cut.stop - cut.start)
        found[f"{name}_mask_vox_count"] = float(np.count_nonzero(mask))
    found["int_mask_mean_int"] = float(inside.mean())
    found["int_mask_min_int"] = float(inside.min())
    found["int_mask_max_int"] = float(inside.max())
    return {f"{name}_{step}_roi": value for name, value in found.items()}
