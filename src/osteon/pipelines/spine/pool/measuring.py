"""Stable texture of all windows of a vertebral body, in HU as at 120 kVp."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ....core import HU, Grid, Mask, Volume
from ....features.texture import (
    POOLED,
    STUDIED,
    MapSettings,
    TextureSettings,
    Window,
    expected_tags,
    stable_tags,
    texture_pool,
)
from ..crops.cut import BODY

FAMILIES = tuple(name for name in POOLED if name != "local_intensity")
"""Families that are measured: the spheres of local intensity are larger than a window."""


@dataclass(frozen=True)
class PoolSettings:
    """How the windows of a pool are laid and measured.

    Attributes
    ----------
    window_mm, step_mm : float
        Side of a window, and distance of neighbouring ones.
    least_share : float
        Part of a window that must lie in the vertebral body, 0 to 1.
    stable : float
        ICC(2,1) that a feature must keep whatever is changed, 0 to 1
        (`osteon.features.texture.stable_tags`).
    """

    window_mm: float = 8.0
    step_mm: float = 4.0
    least_share: float = 0.5
    stable: float = 0.75

    def __post_init__(self) -> None:
        """Refuse what cannot be measured."""
        Window(self.window_mm, self.step_mm)
        self.measured()
        self.names()

    def names(self) -> tuple[str, ...]:
        """Features that are kept, in the order of the pool."""
        kept = stable_tags(self.stable)
        return tuple(tag for tag in expected_tags(FAMILIES, ("3D",)) if tag in kept)

    def measured(self) -> MapSettings:
        """How each window is measured: as stability was, on the lattice of the crops."""
        texture = TextureSettings(
            resegmentation=STUDIED.resegmentation,
            discretisation=STUDIED.discretisation,
            dimensions=("3D",),
        )
        return MapSettings(texture=texture, families=FAMILIES, least_share=self.least_share)

    def reach(self, spacing_mm: float) -> int:
        """Voxels on both sides of the middle of a window."""
        cubic = Grid((1, 1, 1), np.zeros(3), np.eye(3), np.full(3, spacing_mm))
        return Window(self.window_mm).radii(cubic)[0]


@dataclass(frozen=True, eq=False)
class CropPool:
    """Windows of one vertebra.

    Attributes
    ----------
    middles : (n, 3) int64 array
        Middle voxels of the windows in the crop.
    share : (n,) float32 array
        Part of each window that lies in the body.
    values : (n, f) float32 array
        Features in the order of `PoolSettings.names`; NaN where the standard has no value.
    """

    middles: NDArray[np.int64]
    share: NDArray[np.float32]
    values: NDArray[np.float32]


def measure_crop(
    hu: NDArray[np.int16],
    parts: NDArray[np.uint8],
    spacing_mm: float,
    factor: float,
    settings: PoolSettings,
) -> CropPool:
    """Texture of every window of a vertebral body.

    Parameters
    ----------
    hu : (i, j, k) int16 array
        A crop, in HU.
    parts : (i, j, k) uint8 array
        Its parts; what is `BODY` is measured.
    spacing_mm : float
        Side of the voxels.
    factor : float
        What takes HU of bone to those at 120 kVp.
    settings : PoolSettings
        Windows and features.

    Returns
    -------
    CropPool

    Raises
    ------
    EmptyRegion
        If there is no body in the crop.
    BadSetting
        If the body is smaller than a window.
    """
    grid = Grid(hu.shape, np.zeros(3), np.eye(3), np.full(3, spacing_mm))
    volume = Volume((hu * np.float32(factor)).astype(np.float32), grid, HU)
    window = Window(settings.window_mm, settings.step_mm)
    pool = texture_pool(volume, Mask(parts == BODY, grid), window, settings.measured())
    columns = [pool.names.index(name) for name in settings.names()]
    middles = np.rint(pool.centres_mm / spacing_mm).astype(np.int64)
    return CropPool(middles, pool.share, pool.values[:, columns])
