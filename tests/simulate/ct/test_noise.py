"""How much noise there is, where, and of what texture."""

from typing import Any

import numpy as np
import pytest

from ct_of_simulate import ROUND, WATER, cylinder, look, stuff
from osteon.simulate.ct.acquire import Stuff
from osteon.simulate.ct.kernels import KERNELS, noise_gain
from osteon.simulate.ct.noise import noise_like


def water_phantom(diameter: float) -> Stuff:
    size = ROUND | {"width": diameter, "depth": diameter}
    return stuff((cylinder(0, 0, diameter / 2), WATER), size=size)


def sd_of(diameter: float = 320.0, **changes: Any) -> float:
    settings: dict[str, Any] = {
        "noise": 8.0,
        "thickness": 5.0,
        "increment": 5.0,
        "electronic": 0.0,
    } | changes
    image = look(water_phantom(diameter), 60.0, 0.0, 40.0, **settings)
    return float(image.volume.values.std())


def peak_and_slope(name: str) -> tuple[float, float, float]:
    """Peak of the noise power, where f·MTF² has it, and slope of power over MTF² below it."""
    kernel, pixel, side = KERNELS[name], 0.4, 256
    noise = noise_like((side, side, 40), (pixel, 1.0, 0.2), kernel, np.random.default_rng(1))
    power = (np.abs(np.fft.fft2(noise)) ** 2).mean(axis=0)
    f = np.fft.fftfreq(side, pixel)
    radius = np.hypot(f[:, None], f)
    edges = np.arange(0.5, side / 2) / (side * pixel)
    where = np.digitize(radius, edges)
    count = np.bincount(where.ravel())[1 : len(edges)]
    radial = np.bincount(where.ravel(), power.ravel())[1 : len(edges)] / count
    middle = np.bincount(where.ravel(), radius.ravel())[1 : len(edges)] / count
    fine = np.linspace(0, 2, 4001)
    expected_peak = fine[np.argmax(fine * kernel.mtf(fine) ** 2)]
    smooth = np.convolve(radial, np.ones(5) / 5, "same")
    low = middle < 0.25 * expected_peak
    power_left = np.log(radial[low] / kernel.mtf(middle[low]) ** 2)
    slope = np.polyfit(np.log(middle[low]), power_left, 1)[0]
    return float(middle[smooth.argmax()]), float(expected_peak), float(slope)


@pytest.mark.parametrize("name", ["soft", "standard", "bone"])
def test_noise_power_has_the_slope_and_the_peak_of_ramp_and_kernel(name: str) -> None:
    peak, expected, slope = peak_and_slope(name)
    assert peak == pytest.approx(expected, rel=0.1)
    assert slope == pytest.approx(1.0, abs=0.1)


def test_a_water_phantom_has_the_stated_noise() -> None:
    assert sd_of() == pytest.approx(8.0, rel=0.05)
    assert sd_of(200.0, phantom=200.0, noise=3.5) == pytest.approx(3.5, rel=0.05)


DOSES = (2.5, 5.0, 10.0, 20.0)


def test_variance_is_inversely_proportional_to_dose() -> None:
    variances = [sd_of(dose=dose) ** 2 * dose for dose in DOSES]
    assert variances == pytest.approx([variances[2]] * 4, rel=0.05)


def test_electronic_noise_counts_where_few_photons_arrive() -> None:
    clean, dirty = (sd_of(dose=0.1, electronic=share) for share in (0.0, 0.01))
    assert dirty**2 / clean**2 == pytest.approx(1 + 0.01 * 100, rel=0.1)


def test_noise_follows_slice_thickness_and_kernel() -> None:
    thin, sharp = sd_of(thickness=1.25), sd_of(kernel="detail")
    assert thin / sd_of() == pytest.approx(2.0, rel=0.05)
    assert sharp / sd_of() == pytest.approx(noise_gain(KERNELS["detail"], 5.0), rel=0.05)


def test_noise_grows_with_the_body_and_less_so_where_the_current_follows() -> None:
    fixed = [sd_of(diameter) for diameter in (240.0, 320.0, 380.0)]
    following = [sd_of(diameter, modulation=0.5) for diameter in (240.0, 320.0, 380.0)]
    assert fixed[0] < fixed[1] < fixed[2]
    # water at 120 kVp lets through exp(-0.19 to -0.2 a cm): 6 cm more, variance times about 3.2
    assert 2.7 < (fixed[2] / fixed[1]) ** 2 < 3.8
    assert 1 < following[2] / following[1] < fixed[2] / fixed[1]


def test_noise_is_strongest_amid_the_body() -> None:
    image = look(water_phantom(320.0), 300.0, 0.0, 15.0, noise=8.0, thickness=5.0, increment=5.0)
    values = image.volume.values.astype(float)
    middle = values.shape[0] // 2
    rim = values[20:60, middle - 40 : middle + 40]
    core = values[middle - 40 : middle + 40, middle - 40 : middle + 40]
    assert 1.05 < core.std() / rim.std() < 2.5
    assert image.truth["noise_sd"] == pytest.approx(core.std(), rel=0.08)


@pytest.mark.parametrize("increment", [0.5, 1.0, 2.0])
def test_neighbouring_slices_share_the_noise_of_their_overlap(increment: float) -> None:
    thickness = 1.0
    noise = noise_like(
        (96, 96, 60), (0.5, increment, thickness), KERNELS["bone"], np.random.default_rng(2)
    )
    assert noise.std() == pytest.approx(1, rel=0.02)
    shared = (noise[1:] * noise[:-1]).mean() / noise.var()
    sd = thickness / 2.3548
    assert shared == pytest.approx(np.exp(-((increment / (2 * sd)) ** 2)), abs=0.03)
