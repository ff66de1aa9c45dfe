"""The texture pool: every feature of every window of a region, as one table."""

from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import BadSetting, Grid, Mask, Volume
from ..catalogue import entry
from .each import features_of_windows
from .inside.told import tags
from .measured import measured_in
from .prepared import Prepared, prepared
from .settings import MapSettings
from .window import Places, Window, places_in


@dataclass(frozen=True, eq=False)
class TexturePool:
    """Windows × features.

    Attributes
    ----------
    names : tuple of str
        Tags of the features, as of `measure_texture`; `osteon.features.texture.catalogue.entry`
        says what each is.
    values : (windows, features) float32 array
        NaN, and nothing else, where the standard has no value for this window: all that
        `measure_texture` leaves out.
    centres_mm : (windows, 3) float64 array
        Middles of the windows in patient coordinates (LPS).
    places : (windows, 3) int64 array
        Where on `grid` each window lies.
    share : (windows,) float32 array
        Part of the window's voxels that lie in the region and count, above 0 to 1.
    grid : Grid
        Lattice of the windows, one a voxel.
    size_mm : tuple of 3 float
        Sides of a window, whole voxels of the prepared image.
    unit : str
        UCUM unit of the image.
    settings : MapSettings
        How the windows were measured.
    """

    names: tuple[str, ...]
    values: NDArray[np.float32]
    centres_mm: NDArray[np.float64]
    places: NDArray[np.int64]
    share: NDArray[np.float32]
    grid: Grid
    size_mm: tuple[float, float, float]
    unit: str
    settings: MapSettings

    @property
    def windows(self) -> int:
        """Number of windows."""
        return len(self.values)

    @property
    def missing(self) -> int:
        """Values that the standard does not have."""
        return int(np.count_nonzero(np.isnan(self.values)))

    def columns(self) -> dict[str, NDArray[np.generic]]:
        """The table by columns: middle in mm, place on the grid, share, and each feature."""
        made: dict[str, NDArray[np.generic]] = {}
        made |= {f"centre_{axis}_mm": self.centres_mm[:, n] for n, axis in enumerate("xyz")}
        made |= {f"place_{axis}": self.places[:, n] for n, axis in enumerate("ijk")}
        made["share"] = self.share
        return made | {name: self.values[:, n] for n, name in enumerate(self.names)}

    def units(self) -> dict[str, str]:
        """UCUM unit of each column."""
        made = {f"centre_{axis}_mm": "mm" for axis in "xyz"}
        made |= {f"place_{axis}": "1" for axis in "ijk"} | {"share": "1"}
        return made | {name: entry(name).unit.replace("{image}", self.unit) for name in self.names}

    def notes(self) -> dict[str, object]:
        """What a file must say beside the columns: grid, size of a window, settings."""
        return {
            "grid": {
                "shape": list(self.grid.shape),
                "origin_mm": self.grid.origin.tolist(),
                "direction": self.grid.direction.tolist(),
                "spacing_mm": self.grid.spacing.tolist(),
            },
            "window_mm": list(self.size_mm),
            "unit": self.unit,
            "settings": asdict(self.settings),
        }


def texture_pool(
    volume: Volume, mask: Mask, window: Window, settings: MapSettings | None = None
) -> TexturePool:
    """All texture features of all windows of a region (IBSI 1, doi:10.1148/radiol.2020191145).

    What a window holds is its voxels that lie in the region; its border is the border of what
    is measured. Matrices are those of 3D, averaged and merged.

    Parameters
    ----------
    volume : Volume of shape (i, j, k)
        The image, in any unit.
    mask : Mask of shape (i, j, k)
        The region, on the image's grid.
    window : Window
        Size and step in mm.
    settings : MapSettings, optional
        Image processing, levels and families; None is 32 levels of the region.

    Returns
    -------
    TexturePool
        Windows whose middle lies in the region, in the order of their places.

    Raises
    ------
    GridMismatch
        If the mask lies on another grid.
    EmptyRegion
        If the mask has no voxel, or none is left of it.
    UnsuitableScan
        If a value in the region is not a finite number.
    BadSetting
        If the window is larger than the region, no window has enough of it, or the values do
        not suit the discretisation.
    """
    chosen = settings or MapSettings()
    region = prepared(volume, mask, chosen.texture)
    places = places_in(Mask(region.drawn, region.grid), window)
    at, middles, share = _windows(region, places, chosen.least_share)
    names = tags(chosen.families)
    measured = measured_in(volume, mask, region, chosen, names)
    values = features_of_windows(measured, middles, places.radii, names)
    i, j, k = (float(side) for side in (2 * places.radii + 1) * region.grid.spacing)
    return TexturePool(
        names,
        values,
        region.grid.to_world(middles.astype(np.float64)),
        at,
        share,
        places.grid,
        (i, j, k),
        volume.unit,
        chosen,
    )


def _windows(
    region: Prepared, places: Places, least: float
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float32]]:
    """Place, middle voxel and share of the windows that are kept."""
    at = np.argwhere(np.ones(places.grid.shape, np.bool_))
    middles = places.first + at * places.step
    inside = region.drawn[tuple(middles.T)]
    at, middles = at[inside], middles[inside]
    low = np.maximum(middles - places.radii, 0)
    high = np.minimum(middles + places.radii + 1, region.counted.shape)
    total = np.prod(2 * places.radii + 1)
    corners = np.zeros([n + 1 for n in region.counted.shape], np.int32)
    corners[1:, 1:, 1:] = region.counted
    for axis in range(3):
        np.cumsum(corners, axis=axis, out=corners)
    held = np.zeros(len(at), np.int64)
    for corner in np.ndindex(2, 2, 2):
        ends = np.where(corner, high, low)
        held += (-1) ** (3 - sum(corner)) * corners[tuple(ends.T)].astype(np.int64)
    share = (held / total).astype(np.float32)
    kept = (held > 0) & (held / total >= least)
    if not kept.any():
        most = float(share.max()) if share.size else 0.0
        raise BadSetting(
            f"no window has {least:.0%} of its voxels in the region, the fullest {most:.0%}; take "
            "a smaller window or least_share."
        )
    return at[kept], middles[kept], share[kept]
