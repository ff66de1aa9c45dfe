"""Any texture feature in a sliding window, as maps."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from ....core import Mask, UnknownName, Volume
from ..catalogue import entry
from . import first_order, glcm_sums, glrlm
from .binning import binning, levels_of
from .first_order import first_order_maps
from .glcm import glcm_maps
from .glrlm import glrlm_maps
from .prepared import Prepared, prepared
from .settings import MapSettings
from .window import Places, Window, places_in

MERGED = "_3D_comb"
"""End of the tags of matrices merged over the directions in space."""


def measure_maps(
    volume: Volume,
    mask: Mask,
    names: Sequence[str],
    window: Window,
    settings: MapSettings | None = None,
) -> dict[str, Volume]:
    """Texture features in a sliding window.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image, in any unit.
    mask : Mask of shape (i, j, k)
        The region, on the image's grid.
    names : sequence of str
        Tags such as ``cm_contrast_3D_comb``, ``szm_sze_3D``, ``stat_mean`` or
        ``minkowski_3d_surface_5``; ``cm_contrast`` and ``rlm_sre`` are the merged ones.
    window : Window
        Size and step in mm.
    settings : MapSettings, optional
        Image processing and levels; None is 32 levels of the region.

    Returns
    -------
    dict of str to Volume
        float32, by name, a voxel a window; 0 where the middle of the window lies outside the
        region, or the feature does not exist.

    Raises
    ------
    GridMismatch
        If the mask lies on another grid.
    EmptyRegion
        If the mask has no voxel, or none is left of it.
    UnsuitableScan
        If a value in the region is not a finite number.
    BadSetting
        If the window is larger than the region, or the values do not suit the discretisation.
    UnknownName
        If there is no map of a name.

    Notes
    -----
    Takes at most four times the memory of the maps.
    """
    chosen = settings or MapSettings()
    region = prepared(volume, mask, chosen.texture)
    places = places_in(Mask(region.drawn, region.grid), window)
    made = _sliding(region, places, chosen, list(dict.fromkeys(names)))
    return {name: Volume(made[name], places.grid, unit_of(name, volume.unit)) for name in made}


def unit_of(name: str, image: str) -> str:
    """UCUM unit of a map, where the image's is `image`."""
    return entry(_tag(name)).unit.replace("{image}", image)


def _tag(name: str) -> str:
    """The full tag of a name."""
    return name + MERGED if name in (*glcm_sums.NAMES, *glrlm.NAMES) else name


def _sliding(
    region: Prepared, places: Places, settings: MapSettings, names: list[str]
) -> dict[str, NDArray[np.float32]]:
    short = {name: name.removesuffix(MERGED) for name in names}
    found: dict[str, NDArray[np.float32]] = {}
    pairs = {s: n for n, s in short.items() if s in glcm_sums.NAMES}
    runs = {s: n for n, s in short.items() if s in glrlm.NAMES}
    if pairs or runs:
        bins = binning(region.span, region.whole, settings.texture.discretisation, region.limits)
        levels = levels_of(region.values, region.counted, bins)
        if pairs:
            made = glcm_maps(levels, bins.count, places, list(pairs))
            found |= {pairs[s]: values for s, values in made.items()}
        if runs:
            made = glrlm_maps(levels, bins.count, places, list(runs))
            found |= {runs[s]: values for s, values in made.items()}
    values = [name for name in names if name in first_order.NAMES]
    if values:
        found |= first_order_maps(region.values, region.counted, places, values)
    for name in names:
        if name not in found:
            raise UnknownName(f"no map is called '{name}'; as cm_contrast_3D_comb.")
    return {name: found[name] for name in names}
