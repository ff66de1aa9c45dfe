"""Maps and pool of a region, as the choices ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...core import Mask, Volume
from ...features.texture import (
    POOLED,
    MapSettings,
    Resegmentation,
    TexturePool,
    TextureRegion,
    measure_maps,
    texture_pool,
)
from .choices import TextureChoices
from .units import response_unit


@dataclass(frozen=True, eq=False)
class InWindows:
    """What was measured in windows.

    Attributes
    ----------
    maps : mapping of str to Volume
        By tag, a voxel a window.
    pool : TexturePool or None
        Every feature of every window; None where it was not asked for.
    """

    maps: Mapping[str, Volume] = field(default_factory=dict)
    pool: TexturePool | None = None


def measure_windows(
    volume: Volume, mask: Mask, region: TextureRegion, choices: TextureChoices
) -> InWindows:
    """Maps and pool of a region.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image.
    mask : Mask of shape (i, j, k)
        The region, on its grid.
    region : TextureRegion
        The same, prepared.
    choices : TextureChoices
        With windows, settings and filter.

    Returns
    -------
    InWindows
        Empty where nothing was asked for.

    Raises
    ------
    UnknownName
        If there is no map of a name.
    BadSetting
        If the window is larger than the region, or the values do not suit the levels.
    """
    asked = choices.windows
    if not (asked.maps or asked.pool):
        return InWindows()
    processing, source, inside = choices.processing, volume, mask
    if choices.filtered is not None:
        # windows see the response, of which all was done already
        processing = replace(processing, interpolation=None, resegmentation=Resegmentation())
        unit = response_unit(choices.filtered, volume.unit)
        source = Volume(region.values, region.grid, unit)
        inside = Mask(region.intensity, region.grid)
    families = tuple(name for name in choices.families if name in POOLED)
    settings = MapSettings(
        texture=processing,
        levels=asked.levels,
        families=families or POOLED,
        least_share=asked.least_share,
    )
    tags = asked.tags()
    maps = measure_maps(source, inside, tags, asked.of_maps, settings) if tags else {}
    pool = texture_pool(source, inside, asked.of_pool, settings) if asked.pool else None
    return InWindows(maps, pool)
