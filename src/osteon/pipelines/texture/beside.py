"""Texture beside IBSI, part by part, so that one that cannot be had does not end the others."""

from collections.abc import Callable, Mapping

import numpy as np

from ...core import Flag, Mask, Measurement, OsteonError, Volume
from ...features.texture import beside_entry, beside_names, unit_in
from ...features.texture.fractal import box_dimension, relief_dimension
from ...features.texture.lacunarity import lacunarity
from ...features.texture.minkowski.anisotropic import solid_directions
from ...features.texture.minkowski.cells import above
from ...features.texture.minkowski.isotropic import threshold_sweep
from ...features.texture.minkowski.tensors import surface_tensor, volume_tensor
from ...features.texture.variogram import variogram

Named = Mapping[str, float | None]

PARTS: dict[str, tuple[str, ...]] = {
    "minkowski": ("sweep", "directions", "surface tensor", "volume tensor"),
    "fractal": ("box", "relief"),
    "lacunarity": ("lacunarity",),
    "variogram": ("variogram",),
}
"""Parts of each family."""

NOT_AVAILABLE = "not-available"


def _measured(part: str, volume: Volume, region: Mask, level: float) -> Named:
    """Numbers of one part, by name."""
    parts: dict[str, Callable[[], Named]] = {
        "sweep": lambda: threshold_sweep(volume, region=region).named(),
        "directions": lambda: solid_directions(above(volume, level, region), region=region).named(
            "minkowski_directional_volume"
        ),
        "surface tensor": lambda: surface_tensor(volume, region=region, threshold=level).named(
            "minkowski_w1_02"
        ),
        "volume tensor": lambda: volume_tensor(above(volume, level, region), region=region).named(
            "minkowski_w0_20"
        ),
        "box": lambda: box_dimension(above(volume, level, region), region=region).named(
            "fractal_box"
        ),
        "relief": lambda: relief_dimension(volume, region=region).named("fractal_relief"),
        "lacunarity": lambda: lacunarity(above(volume, level, region), region=region).named(),
        "variogram": lambda: variogram(volume, region=region).named(),
    }
    return parts[part]()


def beside_rows(
    family: str, volume: Volume, region: Mask, threshold: float | None
) -> list[Measurement]:
    """Rows of one family beside IBSI.

    Parameters
    ----------
    family : str
        A key of `PARTS`.
    volume : Volume of shape (i, j, k)
        Prepared grey values.
    region : Mask of shape (i, j, k)
        Voxels that count, at least one.
    threshold : float or None
        Where the phase begins; None is the median of the region.

    Returns
    -------
    list of Measurement
        A row without a value says why it has none.
    """
    level = float(np.median(volume.values[region.values])) if threshold is None else threshold
    longest = float(volume.grid.spacing.max())
    rows = []
    for part in PARTS[family]:
        try:
            found, why = (
                dict(_measured(part, volume, region, level)),
                "this region is too small or too even for it",
            )
        except OsteonError as fault:
            found, why = dict.fromkeys(beside_names(part, longest)), str(fault)
        rows += [_row(name, value, volume.unit, why) for name, value in found.items()]
    return rows


def _row(name: str, value: float | None, unit: str, why: str) -> Measurement:
    known = beside_entry(name)
    if known is None:
        raise KeyError(f"{name} is measured but not described")
    told, method = known
    flags = (Flag(NOT_AVAILABLE, f"Not available: {why.rstrip('.')}."),) if value is None else ()
    return Measurement("", "mask", name, value, unit_in(told.unit, unit), method, None, flags)
