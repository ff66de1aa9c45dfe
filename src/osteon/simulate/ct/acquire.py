"""A CT scan of a body: what one scanner makes of it on one day."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, Grid, Volume
from ...core.volume import HU
from ..materials import Tissue
from ..scene import Scene
from ..scene.render import render
from .attenuation import attenuation_of
from .hu import as_water_and_bone, hu_at, hu_table
from .kernels import noise_gain
from .noise import noise_like
from .scanner import Scanner
from .slices import Paint, slices_of
from .spectrum import half_value_layer
from .surroundings import Surroundings, at_slice, mean_path, surroundings

LOWEST, HIGHEST = -1024, 3071
"""CT numbers that 12 bits hold."""

DAYS = 365.25
"""Days of a year, for drift."""


@dataclass(frozen=True)
class CTView:
    """Which part of a body is imaged, and when.

    Attributes
    ----------
    centre : 2 float
        World x and y amid the image, mm.
    fov : float
        Width of the image, mm.
    low, high : float
        World z from the first to the last slice's outer face amid the image, mm.
    day : float
        Days since the scanner was at its profile's offset, for its drift.

    Raises
    ------
    BadSetting
        If the view is empty.
    """

    centre: tuple[float, float]
    fov: float
    low: float
    high: float
    day: float = 0.0

    def __post_init__(self) -> None:
        """Refuse views of nothing."""
        if not (self.fov > 0 and self.high > self.low):
            raise BadSetting(
                f"a view needs a width above 0 and a top above its bottom; got {self.fov:g} mm, "
                f"z {self.low:g} to {self.high:g} mm."
            )


class CTImage(NamedTuple):
    """An image with what is known of it."""

    volume: Volume
    """int16 HU."""
    settings: dict[str, Any]
    """What a sidecar tells, by BIDS-like keys."""
    truth: dict[str, Any]
    """What no scanner tells: ``noise_sd`` in HU amid the image, offset, spectrum, CT numbers."""


class Stuff(NamedTuple):
    """What a scanner looks at: a painter of its tissues."""

    paint: Paint
    tissues: tuple[Tissue, ...]
    size: Mapping[str, float]


def scan_ct(scene: Scene, scanner: Scanner, view: CTView, rng: np.random.Generator) -> CTImage:
    """Scan a body.

    Parameters
    ----------
    scene : Scene
        The body; beam hardening and noise take all of it into account, not only the view.
    scanner : Scanner
        Scanner and protocol.
    view : CTView
        What is imaged.
    rng : Generator
        Source of chance: noise, and the scanner's offset of the day.

    Returns
    -------
    CTImage
        int16 HU, −1024 to 3071, with settings and truth. A tilted gantry gives a tilted grid:
        its planes lie as acquired and follow each other along their normal.
    """

    def paint(
        grid: Grid, values: NDArray[np.float32], samples: tuple[int, int, int]
    ) -> NDArray[np.float32]:
        return render(scene, grid, values, samples=samples)

    return scan_stuff(Stuff(paint, scene.tissues, scene.size), scanner, view, rng)


def scan_stuff(stuff: Stuff, scanner: Scanner, view: CTView, rng: np.random.Generator) -> CTImage:
    """Scan whatever can be painted; parameters and result as for `scan_ct`."""
    grid = image_grid(scanner, view)
    path = mean_path(stuff.size)
    beam = (scanner.kvp, scanner.filtration, path)
    shares = as_water_and_bone(stuff.tissues, *beam)
    bone = float(hu_at(attenuation_of("bone"), *beam))
    hu = hu_table(stuff.tissues, *beam) + np.float32((scanner.gain - 1) * bone) * shares[:, 1]
    hu = hu.astype(np.float32)
    offset = scanner.offset + scanner.drift * view.day / DAYS + scanner.wander * rng.normal()
    around = surroundings(stuff.paint, shares, stuff.size, grid, (scanner, rng))
    sd = scanner.noise * noise_gain(scanner.blur, scanner.thickness) * np.sqrt(360 / scanner.arc)
    values = noise_like(grid.shape, _spacing(scanner), scanner.blur, rng)
    for first, images in slices_of(stuff.paint, hu, grid, scanner):
        for k, image in enumerate(images, first):
            local = at_slice(around.noise, around.grid, grid, k) * np.float32(sd)
            values[k] = values[k] * local + image + np.float32(offset)
            values[k] += at_slice(around.hardening, around.grid, grid, k)
    stored = np.clip(np.rint(values), LOWEST, HIGHEST).astype(np.int16)
    volume = Volume(np.ascontiguousarray(np.moveaxis(stored, 0, 2)), grid, HU)
    middle = at_slice(around.noise, around.grid, grid, grid.shape[2] // 2)
    truth = {
        "noise_sd": float(sd * middle[middle.shape[0] // 2, middle.shape[1] // 2]),
        "offset": float(offset),
        "water_path_mm": path,
        "half_value_layer_mm": half_value_layer(scanner.kvp, scanner.filtration),
        "hu": {t.name: round(float(value), 2) for t, value in zip(stuff.tissues, hu, strict=True)},
        "scanner": scanner.to_dict(),
    }
    return CTImage(volume, _settings(scanner, grid, around), truth)


def _spacing(scanner: Scanner) -> tuple[float, float, float]:
    """Pixel, increment and thickness."""
    return scanner.pixel, scanner.increment, scanner.thickness


def image_grid(scanner: Scanner, view: CTView) -> Grid:
    """Grid of the image that a scanner makes of a view.

    Parameters
    ----------
    scanner : Scanner
        Pixel, slice distance and gantry tilt.
    view : CTView
        What is imaged.
    """
    side = max(1, round(view.fov / scanner.pixel))
    slices = max(1, round((view.high - view.low) / scanner.increment))
    angle = np.radians(scanner.tilt)
    direction = np.array(
        [[1, 0, 0], [0, np.cos(angle), np.sin(angle)], [0, -np.sin(angle), np.cos(angle)]]
    )
    spacing = np.array([scanner.pixel, scanner.pixel, scanner.increment])
    middle = np.array([*view.centre, 0.5 * (view.low + view.high)])
    shape = (side, side, slices)
    return Grid(
        shape, middle - direction @ (0.5 * (np.array(shape) - 1) * spacing), direction, spacing
    )


def _settings(scanner: Scanner, grid: Grid, around: Surroundings) -> dict[str, Any]:
    """What a sidecar tells of an image."""
    kernel = scanner.kernel if isinstance(scanner.kernel, str) else "custom"
    return {
        "Modality": "CT",
        "Manufacturer": scanner.manufacturer,
        "ManufacturersModelName": scanner.model,
        "StationName": scanner.name,
        "KVP": scanner.kvp,
        "ConvolutionKernel": kernel,
        "SliceThickness": scanner.thickness,
        "SpacingBetweenSlices": scanner.increment,
        "PixelSpacing": [scanner.pixel, scanner.pixel],
        "ReconstructionDiameter": round(scanner.pixel * grid.shape[0], 4),
        "GantryDetectorTilt": scanner.tilt,
        "CTDIvol": round(around.dose, 2),
        "BitsStored": 12,
    }
