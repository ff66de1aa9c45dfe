"""How close a made image (a synthetic CT, say) comes to the true one."""

import math

import numpy as np

from ...core import BadSetting, EmptyRegion, Mask, UnsuitableScan, Volume
from .extent import extent
from .similarity import WEIGHTS, scales_that_fit, similarity


def fidelity(
    reference: Volume,
    test: Volume,
    mask: Mask | None = None,
    *,
    data_range: tuple[float, float],
    scales: int | None = None,
) -> dict[str, float]:
    """Error, signal to noise and structural similarity of a volume, in a mask.

    Parameters
    ----------
    reference : Volume of shape (i, j, k)
        The true image.
    test : Volume of shape (i, j, k)
        The image to judge, on the same grid and in the same unit.
    mask : Mask of shape (i, j, k), optional
        Where to compare; everywhere unless given. Values outside count for nothing.
    data_range : tuple of 2 float
        Lowest and highest value that the reference can have, in its unit: (−1024, 3071) for CT in
        HU. PSNR and similarity depend on it; report it with them.
    scales : int, optional
        Scales of MS-SSIM, 1 to 5; as many as fit (11 voxels a side at the coarsest) unless given.

    Returns
    -------
    dict of str to float
        ``"MAE"``, ``"ME"`` (test − reference) and ``"RMSE"`` in the unit of the volumes, ``"PSNR"``
        in dB (infinite where both are equal), ``"SSIM"`` and ``"MS-SSIM"`` (at most 1, where both
        are equal; Wang 2003, doi:10.1109/ACSSC.2003.1292216, with windows in three dimensions and
        in the mask only), ``"MS-SSIM scales"`` (scales used: below 5 it is another figure).

    Raises
    ------
    GridMismatch, UnitMismatch
        If the volumes or the mask differ in grid or unit.
    EmptyRegion
        If the mask is empty.
    UnsuitableScan
        If a voxel compared has no finite value, or the sides are too short for `scales`.
    BadSetting
        If the range does not rise or does not hold the reference, or `scales` is out of range.

    Notes
    -----
    Windows are in voxels, as published: for anisotropic voxels they are anisotropic in mm, and
    figures of volumes with other voxels do not compare.
    """
    compared = test.in_unit(reference.unit).on(reference.grid, name="the test volume").values
    inside = np.ones(reference.grid.shape, np.bool_)
    if mask is not None:
        inside = mask.on(reference.grid, name="the mask").values
        if not inside.any():
            raise EmptyRegion("the mask is empty; images are compared in at least one voxel.")
    box = extent(inside)
    inside = inside[box]
    x, y = reference.values[box].astype(np.float64), compared[box].astype(np.float64)
    for name, values in (("reference", x), ("test volume", y)):
        if odd := int((~np.isfinite(values[inside])).sum()):
            raise UnsuitableScan(
                f"the {name} has no finite value in {odd} of {int(inside.sum())} voxels compared; "
                "leave them out of the mask."
            )
    low, high = _range_of(x[inside], data_range, reference.unit)
    used = _scales(inside.shape, scales)
    off = y[inside] - x[inside]
    square = float((off**2).mean())
    x, y = (np.where(inside, values, low) - low for values in (x, y))
    single, multiple = similarity(x, y, inside, high - low, used)
    return {
        "MAE": float(np.abs(off).mean()),
        "ME": float(off.mean()),
        "RMSE": math.sqrt(square),
        "PSNR": 10 * math.log10((high - low) ** 2 / square) if square > 0 else math.inf,
        "SSIM": single,
        "MS-SSIM": multiple,
        "MS-SSIM scales": float(used),
    }


def _range_of(
    values: np.ndarray[tuple[int, ...], np.dtype[np.float64]],
    data_range: tuple[float, float],
    unit: str,
) -> tuple[float, float]:
    """The range, having checked that it holds the reference."""
    low, high = (float(end) for end in data_range)
    if not -math.inf < low < high < math.inf:
        raise BadSetting(f"a data range is a lower and a higher value; got {low:g} to {high:g}.")
    least, most = float(values.min()), float(values.max())
    if least < low or most > high:
        raise BadSetting(
            f"the reference runs from {least:g} to {most:g} ({unit}), beyond the data range of "
            f"{low:g} to {high:g}; check the unit, widen the range, or clip both volumes first."
        )
    return low, high


def _scales(shape: tuple[int, ...], asked: int | None) -> int:
    """Scales of MS-SSIM."""
    fit = scales_that_fit(shape)
    if asked is None:
        return fit
    if not 1 <= asked <= len(WEIGHTS):
        raise BadSetting(f"MS-SSIM has 1 to {len(WEIGHTS)} scales; got {asked}.")
    if asked > fit:
        raise UnsuitableScan(
            f"{asked} scales need at least {11 * 2 ** (asked - 1)} voxels along every side; the "
            f"part compared is {'×'.join(str(n) for n in shape)}, which allows {fit}."
        )
    return asked
