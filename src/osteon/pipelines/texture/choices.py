"""The choices of `osteon texture` that change a number, and those that have a name."""

from dataclasses import dataclass, field
from math import isfinite
from typing import Literal

from ...core import BadSetting, UnknownName
from ...features.texture import FAMILIES as STANDARD_FAMILIES
from ...features.texture import (
    FILTER_PRESETS,
    STUDIED,
    Discretisation,
    Filter,
    Interpolation,
    MapSettings,
    Resegmentation,
    TextureSettings,
    Window,
    mapped_tag,
)
from ...features.texture import PRESETS as STANDARD
from .nearest import nearest

BESIDE = ("minkowski", "fractal", "lacunarity", "variogram")
"""Families that are not of the IBSI."""

FAMILIES = (*STANDARD_FAMILIES, *BESIDE)
"""Every family, in the order of the table."""

PLAIN = TextureSettings(discretisation=Discretisation("bin-number", bins=32), dimensions=("3D",))
"""Voxels as they are, 32 levels, neighbours in space."""


@dataclass(frozen=True)
class Windows:
    """What is measured in a sliding window.

    Attributes
    ----------
    size : float or None
        Side of the window in mm; None where nothing is measured in windows.
    step : float or None
        Distance of neighbouring windows in mm; None is every voxel for maps, half a window for
        the pool.
    maps : tuple of str
        Tags of the features to map.
    pool : bool
        Whether every feature of every window is written as a table.
    levels : {"region", "window"}
        Whether bins are those of the region, or of each window alone.
    least_share : float
        Windows of the pool of which a smaller part lies in the region are left out.
    """

    size: float | None = None
    step: float | None = None
    maps: tuple[str, ...] = ()
    pool: bool = False
    levels: Literal["region", "window"] = "region"
    least_share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse windows without a size, and sizes without a use."""
        if (self.maps or self.pool) and self.size is None:
            raise BadSetting("maps and pools need the size of the window in mm: --window 8.")
        if self.size is not None:
            Window(self.size, self.step)
        elif self.step is not None:
            raise BadSetting(f"--step {self.step:g} needs the size of the window too: --window 8.")
        self.tags()
        MapSettings(levels=self.levels, least_share=self.least_share)

    def tags(self) -> tuple[str, ...]:
        """Full tags of the maps, each once.

        Raises
        ------
        UnknownName
            If there is no such feature.
        """
        return tuple(dict.fromkeys(mapped_tag(name) for name in self.maps))

    @property
    def of_maps(self) -> Window:
        """Window of the maps."""
        return Window(self.size or 0.0, self.step)

    @property
    def of_pool(self) -> Window:
        """Window of the pool."""
        size = self.size or 0.0
        return Window(size, size / 2 if self.step is None else self.step)


@dataclass(frozen=True)
class TextureChoices:
    """Choices that change the numbers; every report prints them.

    Attributes
    ----------
    processing : TextureSettings
        Voxel size, limits, levels and aggregations.
    families : tuple of str
        Which of `FAMILIES` are measured.
    filtered : Filter or None
        Filter before everything else; None is the image itself.
    windows : Windows
        Maps and pool.
    stable : float or None
        ICC below which a feature is left out; None keeps all.
    threshold : float or None
        Where the phase of Minkowski tensors, fractals and lacunarity begins, in the unit of the
        image; None is the median of the region.
    """

    processing: TextureSettings = PLAIN
    families: tuple[str, ...] = FAMILIES
    filtered: Filter | None = None
    windows: Windows = field(default_factory=Windows)
    stable: float | None = None
    threshold: float | None = None

    def __post_init__(self) -> None:
        """Refuse families that there are not, and shares outside 0 to 1."""
        for name in self.families:
            if name not in FAMILIES:
                raise UnknownName(f"no family is called '{name}'{nearest(name, FAMILIES)}.")
        if not self.families:
            raise BadSetting("families must name at least one; none was given.")
        if self.stable is not None and not 0 <= self.stable <= 1:
            raise BadSetting(f"--stable is {self.stable:g}; it is an ICC from 0 to 1.")
        if self.threshold is not None and not isfinite(self.threshold):
            raise BadSetting(f"threshold must be a number; got {self.threshold}.")


def _filtered() -> dict[str, TextureChoices]:
    """The nine configurations of IBSI 2 in slices (A) and in space (B), with their processing."""
    limits = Resegmentation(-1000.0, 400.0)
    spatial = Interpolation((1.0, 1.0, 1.0), image="cubic")
    return {
        key: TextureChoices(
            TextureSettings(
                interpolation=spatial if key.endswith("B") else None, resegmentation=limits
            ),
            families=("statistics",),
            filtered=kind,
        )
        for key, kind in FILTER_PRESETS.items()
        if "response" not in key
    }


PRESETS: dict[str, TextureChoices] = {
    "default": TextureChoices(),
    "bone-ct": TextureChoices(
        TextureSettings(
            interpolation=STUDIED.interpolation,
            resegmentation=STUDIED.resegmentation,
            discretisation=STUDIED.discretisation,
            dimensions=("3D",),
        )
    ),
    **{name: TextureChoices(one, families=STANDARD_FAMILIES) for name, one in STANDARD.items()},
    **_filtered(),
}
"""Choices by name: ``default``; ``bone-ct``, with which stability was measured; the digital phantom
and configurations A to E of IBSI 1; configurations 1.A to 9.B of IBSI 2."""


def chosen_preset(name: str) -> TextureChoices:
    """Choices by their name in `PRESETS`.

    Raises
    ------
    UnknownName
        If there is no such preset.
    """
    if name not in PRESETS:
        raise UnknownName(f"no preset is called '{name}'{nearest(name, PRESETS)}.")
    return PRESETS[name]
