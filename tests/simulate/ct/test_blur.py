"""Sharpness in the plane and along z, and what blur leaves as it is."""

import numpy as np
import pytest
from numpy.typing import NDArray

from ct_of_simulate import AIR, BONE, QUIET, ROUND, WATER, ball, edge, look, plate, stuff
from osteon.core import BadSetting
from osteon.simulate.ct.acquire import CTImage
from osteon.simulate.ct.kernels import KERNELS, Kernel

NARROW = ROUND | {"width": 40.0, "depth": 40.0}
ANGLE = 0.35


def measured_mtf(image: CTImage, angle: float, at: NDArray[np.float64]) -> NDArray[np.float64]:
    """MTF of a slanted edge: spread over fine bins, differentiated, transformed."""
    volume = image.volume
    centres = volume.grid.to_world(np.moveaxis(np.indices(volume.grid.shape), 0, -1))
    away = centres[..., 0] * np.cos(angle) + centres[..., 1] * np.sin(angle)
    step = 0.04
    bins = np.rint(away / step).astype(int)
    reach = int(9 / step)
    kept = np.abs(bins) <= reach
    sums = np.bincount(bins[kept] + reach, volume.values[kept].astype(float), 2 * reach + 1)
    spread = sums / np.bincount(bins[kept] + reach, minlength=2 * reach + 1)
    line = np.diff(spread)
    where = (np.arange(len(line)) - 0.5 * (len(line) - 1)) * step
    waves = np.exp(-2j * np.pi * at[:, None] * where)
    # a bin averages its width, and a difference the distance of two bins
    return np.asarray(np.abs(waves @ line) / line.sum() / np.sinc(at * step) ** 2)


def edge_of(name: str, pixel: float) -> CTImage:
    """Image of a slanted edge of water."""
    return look(
        stuff((edge(ANGLE), WATER), size=NARROW),
        *(60.0, 0.0, 2.0),
        kernel=name,
        pixel=pixel,
        increment=1.0,
        thickness=1.0,
        offset=200,
    )


def frequency_of(name: str, pixel: float) -> tuple[float, float]:
    """Where the MTF measured at an edge is 0.5, and where 0.1."""
    kernel, image = KERNELS[name], edge_of(name, pixel)
    found = []
    for level, near in ((0.5, kernel.half), (0.1, kernel.tenth)):
        at = near * np.linspace(0.9, 1.1, 41)
        slope, cut = np.polyfit(at, measured_mtf(image, ANGLE, at), 1)
        found.append((level - cut) / slope)
    return found[0], found[1]


@pytest.mark.parametrize(
    ("name", "pixel"),
    [(name, 0.3) for name in KERNELS] + [(name, 0.7) for name in KERNELS if "sharp" not in name],
)
def test_an_edge_has_the_requested_mtf(name: str, pixel: float) -> None:
    kernel = KERNELS[name]
    image = edge_of(name, pixel)
    at = np.array([kernel.half / 2, kernel.half, kernel.tenth])
    assert measured_mtf(image, ANGLE, at) == pytest.approx(kernel.mtf(at), abs=0.02)


@pytest.mark.parametrize("name", KERNELS)
def test_the_mtf_falls_to_a_half_and_a_tenth_where_requested(name: str) -> None:
    kernel = KERNELS[name]
    assert frequency_of(name, 0.3) == pytest.approx((kernel.half, kernel.tenth), rel=0.02)


def test_kernels_are_what_they_are_named_for() -> None:
    for kernel in KERNELS.values():
        assert kernel.mtf(0.0) == 1
        assert kernel.mtf(kernel.half) == pytest.approx(0.5)
        assert kernel.mtf(kernel.tenth) == pytest.approx(0.1)
    assert Kernel(0.9, 1.2, 4.0).mtf(np.linspace(0, 1, 50)).max() > 1.1
    with pytest.raises(BadSetting, match="must fall"):
        Kernel(0.9, 0.5)
    with pytest.raises(BadSetting, match="enhancement"):
        Kernel(0.5, 0.9, -1)


@pytest.mark.parametrize("thickness", [0.8, 2.5])
def test_a_thin_plate_shows_the_slice_thickness(thickness: float) -> None:
    image = look(
        stuff((plate(0.03, 0.1), BONE), size=NARROW, fill=WATER),
        *(8.0, -8.0, 8.0),
        thickness=thickness,
        increment=0.2,
    )
    profile = image.volume.values.mean(axis=(0, 1))
    z = np.arange(len(profile)) * 0.2
    top = int(profile.argmax())
    rise = np.interp(profile.max() / 2, profile[: top + 1], z[: top + 1])
    fall = np.interp(profile.max() / 2, profile[top:][::-1], z[top:][::-1])
    assert fall - rise == pytest.approx(thickness, rel=0.05)


def excess_of(kernel: str, thickness: float, place: float) -> tuple[float, float]:
    """HU times mm³ of a small ball of bone in the image, and what it is made of."""
    radius = 0.8
    image = look(
        stuff((ball(place, -0.2, place, radius), BONE), size=NARROW, fill=WATER),
        *(16.0, -9.0, 9.0),
        kernel=kernel,
        thickness=thickness,
        increment=0.6,
        pixel=0.5,
        offset=10,
        bone_correction=1.0,
    )
    excess = (image.volume.values - 10.0).sum() * image.volume.grid.voxel_volume
    expected = image.truth["hu"]["bone"] * 4 / 3 * np.pi * radius**3
    return float(excess), float(expected)


@pytest.mark.parametrize("kernel", ["soft", "bone", "ultrasharp"])
@pytest.mark.parametrize(("thickness", "place"), [(0.6, 0.0), (0.6, 0.31), (3.0, 0.17)])
def test_partial_volume_conserves_the_mass_of_a_small_object(
    kernel: str, thickness: float, place: float
) -> None:
    excess, expected = excess_of(kernel, thickness, place)
    assert excess == pytest.approx(expected, rel=0.02)


def test_air_stays_air_and_water_water_at_every_kernel() -> None:
    for name in KERNELS:
        for fill, hu in ((AIR, -1000), (WATER, 0)):
            image = look(stuff(size=NARROW, fill=fill), 8.0, 0.0, 2.0, kernel=name, pixel=0.4)
            assert (image.volume.values == hu).all()
    assert QUIET.blur is KERNELS["standard"]
