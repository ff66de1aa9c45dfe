"""Any texture feature in a sliding window, as maps."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import Mask, UnknownName, Volume
from ..beside import beside_entry
from ..catalogue import entry, unit_in
from ..minkowski.isotropic import DECILES
from ..tags import mapped_tag
from . import first_order, glcm_sums, glrlm
from .binning import binning, levels_of
from .each import features_of_windows
from .first_order import first_order_maps
from .glcm import glcm_maps
from .glrlm import glrlm_maps
from .inside.told import ALL
from .measured import measured_in
from .minkowski import is_minkowski, minkowski_maps
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
        ``minkowski_3d_surface_5`` (at the fifth threshold); without an ending they are those of
        3D, merged.
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
        If there is no feature of a name, or no map of it.

    Notes
    -----
    Takes at most four times the memory of the maps, but for peaks of local intensity, which need
    the image around the region.
    """
    chosen = settings or MapSettings()
    region = prepared(volume, mask, chosen.texture)
    places = places_in(Mask(region.drawn, region.grid), window)
    tags = {name: mapped_tag(name) for name in names}
    seen = _Windows(volume, mask, region, places, chosen)
    made = _maps(seen, list(dict.fromkeys(tags.values())))
    return {
        name: Volume(made[tag], places.grid, _unit(tag, volume.unit)) for name, tag in tags.items()
    }


def _unit(tag: str, image: str) -> str:
    """UCUM unit of a map, where the image's is `image`."""
    beside = beside_entry(tag)
    return unit_in(entry(tag).unit if beside is None else beside[0].unit, image)


@dataclass(frozen=True, eq=False)
class _Windows:
    """All that maps are made of."""

    volume: Volume
    mask: Mask
    region: Prepared
    places: Places
    settings: MapSettings


def _maps(seen: _Windows, tags: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Maps by tag, each group of them in the way that is fastest for it."""
    found: dict[str, NDArray[np.float32]] = {}
    thresholds = _thresholds(seen, tags)
    functionals = [tag for tag in tags if is_minkowski(tag, len(thresholds))]
    if unknown := [tag for tag in tags if tag not in ALL and tag not in functionals]:
        raise UnknownName(
            f"no map is called '{unknown[0]}'; as cm_contrast_3D_comb, szm_sze_3D, stat_mean or "
            f"minkowski_3d_surface_1 to _{max(len(thresholds), 1)}."
        )
    if functionals:
        axis = seen.settings.texture.slice_axis
        found |= minkowski_maps(seen.region, thresholds, seen.places, functionals, axis=axis)
    found |= _sliding(seen, tags)
    if rest := [tag for tag in tags if tag not in found]:
        found |= _alone(seen, rest)
    return found


def _thresholds(seen: _Windows, tags: Sequence[str]) -> tuple[float, ...]:
    """Thresholds of Minkowski functionals, if a map may want them."""
    if seen.settings.thresholds is not None:
        return seen.settings.thresholds
    if not any(tag.startswith("minkowski") for tag in tags):
        return ()
    inside = seen.region.values[seen.region.counted]
    return tuple(float(level) for level in np.quantile(inside, DECILES))


def _sliding(seen: _Windows, tags: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Maps for which only what changes from window to window is counted."""
    region, places = seen.region, seen.places
    found: dict[str, NDArray[np.float32]] = {}
    merged = {tag.removesuffix(MERGED): tag for tag in tags if tag.endswith(MERGED)}
    pairs = [name for name in merged if name in glcm_sums.NAMES]
    runs = [name for name in merged if name in glrlm.NAMES]
    if (pairs or runs) and seen.settings.levels == "region":
        how = seen.settings.texture.discretisation
        bins = binning(region.span, region.whole, how, region.limits)
        levels = levels_of(region.values, region.counted, bins)
        made = glcm_maps(levels, bins.count, places, pairs) if pairs else {}
        made |= glrlm_maps(levels, bins.count, places, runs) if runs else {}
        found |= {merged[name]: values for name, values in made.items()}
    if values := [tag for tag in tags if tag in first_order.NAMES]:
        found |= first_order_maps(region.values, region.counted, places, values)
    return found


def _alone(seen: _Windows, tags: Sequence[str]) -> dict[str, NDArray[np.float32]]:
    """Maps for which each window is measured on its own, plane by plane to spare memory."""
    region, places = seen.region, seen.places
    measured = measured_in(seen.volume, seen.mask, region, seen.settings, tags)
    made = {tag: np.zeros(places.grid.shape, np.float32) for tag in tags}
    for plane in range(places.grid.shape[0]):
        at = np.argwhere(np.ones(places.grid.shape[1:], np.bool_))
        at = np.column_stack([np.full(len(at), plane), at])
        middles = places.first + at * places.step
        inside = region.counted[tuple(middles.T)]
        told = features_of_windows(measured, middles[inside], places.radii, tags)
        told[np.isnan(told)] = 0.0
        for n, tag in enumerate(tags):
            made[tag][plane].reshape(-1)[inside] = told[:, n]
    return made
