"""How an image is made ready for texture, and the settings of the standard's own tests."""

import math
from dataclasses import dataclass
from numbers import Integral
from typing import Literal

from ...core import BadSetting, UnknownName

Kernel = Literal["nearest", "linear", "cubic"]
Dimension = Literal["2D", "2.5D", "3D"]

KERNELS: tuple[Kernel, ...] = ("nearest", "linear", "cubic")
"""Ways to interpolate."""

DIMENSIONS: tuple[Dimension, ...] = ("2D", "2.5D", "3D")
"""Ways to look for neighbours: within slices, within slices pooled, in space."""

MOST_LEVELS = 4096
"""Levels that matrices are made for. A table of pairs then takes 128 MB, and all features of 60
slices half a minute; 32 to 64 levels are usual."""


@dataclass(frozen=True)
class Interpolation:
    """Bringing image and region to another voxel size.

    Attributes
    ----------
    spacing : tuple of three floats or None
        New voxel size along i, j and k in mm; None keeps that of the image.
    image, mask : {"nearest", "linear", "cubic"}
        Interpolation of grey values and of the region; ``"cubic"`` is a spline.
    rounded : bool
        Whether grey values are then rounded to whole numbers, as suits HU.
    share : float
        Part of a voxel, 0 to 1, that must lie in the region for the voxel to belong to it.
    """

    spacing: tuple[float | None, float | None, float | None]
    image: Kernel = "linear"
    mask: Kernel = "linear"
    rounded: bool = True
    share: float = 0.5

    def __post_init__(self) -> None:
        """Refuse sizes and shares that mean nothing."""
        if len(self.spacing) != 3:
            raise BadSetting(f"spacing has a voxel size for each of 3 axes; got {self.spacing}.")
        if any(size is not None and not 0 < size < float("inf") for size in self.spacing):
            raise BadSetting(f"voxel sizes must be above 0 mm or None; got {self.spacing}.")
        if not 0 < self.share <= 1:
            raise BadSetting(f"share must be above 0 and at most 1; got {self.share}.")
        for name in (self.image, self.mask):
            if name not in KERNELS:
                raise BadSetting(f"no interpolation is called '{name}'; use {', '.join(KERNELS)}.")


@dataclass(frozen=True)
class Resegmentation:
    """Taking voxels out of the region by their grey value.

    Attributes
    ----------
    low, high : float or None
        Values below or above are taken out; None is no limit.
    outliers : float or None
        Values further than this many standard deviations from the region's mean are taken out;
        mean and deviation are those of the region before any limit.
    """

    low: float | None = None
    high: float | None = None
    outliers: float | None = None

    def __post_init__(self) -> None:
        """Refuse limits that let nothing in, or are none."""
        for name in ("low", "high"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise BadSetting(f"{name} must be a finite number, or None; got {value}.")
        if self.low is not None and self.high is not None and not self.low < self.high:
            raise BadSetting(f"low must be below high; got {self.low} and {self.high}.")
        if self.outliers is not None and not self.outliers > 0:
            raise BadSetting(f"outliers must be above 0 deviations; got {self.outliers}.")


@dataclass(frozen=True)
class Discretisation:
    """Binning grey values into levels, which are whole numbers from 1 on.

    Attributes
    ----------
    method : {"none", "bin-number", "bin-size"}
        ``"none"``: values are whole numbers from 1 on already; ``"bin-number"``: that many bins
        between the region's lowest and highest value; ``"bin-size"``: bins of that width.
    bins : int or None
        How many bins, for ``"bin-number"``.
    size : float or None
        Width of a bin in the unit of the image, for ``"bin-size"``.
    lowest : float or None
        Where the first bin starts, for ``"bin-size"``; None: at the lower limit of
        re-segmentation or, without one, at the region's lowest value.
    """

    method: Literal["none", "bin-number", "bin-size"] = "none"
    bins: int | None = None
    size: float | None = None
    lowest: float | None = None

    def __post_init__(self) -> None:
        """Refuse a method without the number it needs."""
        whole = isinstance(self.bins, Integral)
        if self.method not in ("none", "bin-number", "bin-size"):
            raise BadSetting(f"method is 'none', 'bin-number' or 'bin-size'; got '{self.method}'.")
        if self.method == "bin-number" and not (
            whole and self.bins and 1 <= self.bins <= MOST_LEVELS
        ):
            raise BadSetting(
                f"bins must be whole, 1 to {MOST_LEVELS} for 'bin-number'; got {self.bins}."
            )
        if self.method == "bin-size" and not (self.size and 0 < self.size < math.inf):
            raise BadSetting(f"size must be above 0 for 'bin-size'; got {self.size}.")
        if self.lowest is not None and not math.isfinite(self.lowest):
            raise BadSetting(f"lowest must be a finite number, or None; got {self.lowest}.")


@dataclass(frozen=True)
class TextureSettings:
    """Everything that decides what a texture feature comes out as.

    Attributes
    ----------
    interpolation : Interpolation or None
        New voxel size; None keeps the voxels.
    resegmentation : Resegmentation
        Which grey values count.
    discretisation : Discretisation
        Levels for histogram and matrices.
    volume_histogram : Discretisation
        Levels for the intensity-volume histogram; ``"none"`` takes the values as they are.
    dimensions : tuple of {"2D", "2.5D", "3D"}
        Where matrices look for neighbours.
    slice_axis : int
        Axis across which the slices of 2D and 2.5D lie: 0, 1 or 2.
    """

    interpolation: Interpolation | None = None
    resegmentation: Resegmentation = Resegmentation()
    discretisation: Discretisation = Discretisation()
    volume_histogram: Discretisation = Discretisation()
    dimensions: tuple[Dimension, ...] = DIMENSIONS
    slice_axis: int = 2

    def __post_init__(self) -> None:
        """Refuse dimensions and axes that there are not."""
        if not self.dimensions:
            raise BadSetting(f"dimensions must name at least one of {', '.join(DIMENSIONS)}.")
        if unknown := [name for name in self.dimensions if name not in DIMENSIONS]:
            raise UnknownName(
                f"no dimension is called '{unknown[0]}'; use {', '.join(DIMENSIONS)}."
            )
        if self.slice_axis not in (0, 1, 2):
            raise BadSetting(f"slice_axis is 0, 1 or 2; got {self.slice_axis}.")


_ISOTROPIC = Interpolation((2.0, 2.0, 2.0))

PRESETS: dict[str, TextureSettings] = {
    "ibsi-1-digital": TextureSettings(),
    "ibsi-1-a": TextureSettings(
        resegmentation=Resegmentation(-500.0, 400.0),
        discretisation=Discretisation("bin-size", size=25.0),
        dimensions=("2D", "2.5D"),
    ),
    "ibsi-1-b": TextureSettings(
        interpolation=Interpolation((2.0, 2.0, None)),
        resegmentation=Resegmentation(-500.0, 400.0),
        discretisation=Discretisation("bin-number", bins=32),
        dimensions=("2D", "2.5D"),
    ),
    "ibsi-1-c": TextureSettings(
        interpolation=_ISOTROPIC,
        resegmentation=Resegmentation(-1000.0, 400.0),
        discretisation=Discretisation("bin-size", size=25.0),
        volume_histogram=Discretisation("bin-size", size=2.5),
        dimensions=("3D",),
    ),
    "ibsi-1-d": TextureSettings(
        interpolation=_ISOTROPIC,
        resegmentation=Resegmentation(outliers=3.0),
        discretisation=Discretisation("bin-number", bins=32),
        dimensions=("3D",),
    ),
    "ibsi-1-e": TextureSettings(
        interpolation=Interpolation((2.0, 2.0, 2.0), image="cubic"),
        resegmentation=Resegmentation(-1000.0, 400.0, outliers=3.0),
        discretisation=Discretisation("bin-number", bins=32),
        volume_histogram=Discretisation("bin-number", bins=1000),
        dimensions=("3D",),
    ),
}
"""Image processing of the digital phantom and of configurations A to E of IBSI 1
(Zwanenburg 2020, doi:10.1148/radiol.2020191145)."""


def preset(name: str) -> TextureSettings:
    """Settings by their name in `PRESETS`; raise UnknownName for any other."""
    if name not in PRESETS:
        raise UnknownName(f"no preset is called '{name}'; there are {', '.join(PRESETS)}.")
    return PRESETS[name]
