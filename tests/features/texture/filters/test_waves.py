"""Gabor filters, isotropic wavelets and Riesz transforms of plane waves."""

import math

import numpy as np
import pytest

from osteon.features.texture.filters.filter import filtered
from osteon.features.texture.filters.gabor import Gabor
from osteon.features.texture.filters.log import LaplacianOfGaussian
from osteon.features.texture.filters.mean import Unfiltered
from osteon.features.texture.filters.nonseparable import NonSeparableWavelet
from osteon.features.texture.filters.riesz import Riesz
from osteon.features.texture.filters.spectrum import through_spectrum
from osteon.features.texture.filters.structure_tensor import multi_indices

CUBES = (1.0, 1.0, 1.0)


def wave(cycles, size=32, phase=0.0):
    """A plane wave of whole cycles along each axis."""
    at = np.arange(size) * (2 * np.pi / size)
    return np.cos(cycles[0] * at[:, None, None] + cycles[1] * at[:, None] + cycles[2] * at + phase)


def test_a_gabor_filter_meets_its_own_wave_with_the_area_of_its_gaussian():
    image = wave((8, 0, 0), size=64)[..., :2]
    kind = Gabor(5.0, 8.0, gamma=0.8, boundary="periodic")
    response = filtered(image, kind, spacing=CUBES)
    assert np.allclose(response, np.pi * 25 / 0.8, rtol=1e-4)


@pytest.mark.parametrize(("theta", "axis"), [(0.0, 0), (math.pi / 2, 1)])
def test_theta_turns_from_the_first_axis_to_the_second(theta, axis):
    cycles = [0, 0, 0]
    cycles[axis] = 8
    along = filtered(wave(cycles), Gabor(4.0, 4.0, theta=theta), spacing=CUBES)[16, 16, 16]
    cycles[axis], cycles[1 - axis] = 0, 8
    across = filtered(wave(cycles), Gabor(4.0, 4.0, theta=theta), spacing=CUBES)[16, 16, 16]
    assert along > 1e3 * across


def test_a_slanted_wave_is_met_at_its_own_angle_and_not_at_the_mirrored_one():
    image = wave((6, 6, 0))
    length = 32 / math.hypot(6, 6)
    kinds = [Gabor(5.0, length, theta=sign * math.pi / 4) for sign in (1, -1)]
    met, missed = (filtered(image, kind, spacing=CUBES)[16, 16, 16] for kind in kinds)
    assert met > 1e3 * missed


def test_the_parts_of_a_complex_response_belong_together():
    image = np.random.default_rng(1).normal(size=(20, 24, 3))
    parts = {
        name: filtered(image, Gabor(2.0, 4.0, theta=0.4, part=name), spacing=CUBES)
        for name in ("modulus", "phase", "real", "imaginary")
    }
    assert np.allclose(parts["modulus"], np.hypot(parts["real"], parts["imaginary"]))
    assert np.allclose(parts["real"], parts["modulus"] * np.cos(parts["phase"]))
    assert np.allclose(parts["imaginary"], parts["modulus"] * np.sin(parts["phase"]))


@pytest.mark.parametrize("pooling", ["max", "mean", "min"])
def test_all_angles_are_pooled_and_half_a_turn_stands_for_a_whole_one(pooling):
    image = np.random.default_rng(2).normal(size=(16, 18, 2))
    step = math.pi / 4
    one = [filtered(image, Gabor(2.0, 3.0, theta=n * step), spacing=CUBES) for n in range(8)]
    expected = getattr(np, pooling)(one, axis=0)
    response = filtered(image, Gabor(2.0, 3.0, step=step, pooling=pooling), spacing=CUBES)
    assert np.allclose(response, expected)


def test_the_odd_part_of_a_whole_turn_cancels():
    image = np.random.default_rng(5).normal(size=(16, 18, 2))
    step = math.pi / 2
    mean = Gabor(2.0, 3.0, step=step, part="imaginary")
    largest = Gabor(2.0, 3.0, step=step, part="imaginary", pooling="max")
    assert np.abs(filtered(image, mean, spacing=CUBES)).max() < 1e-12
    assert filtered(image, largest, spacing=CUBES).min() > 0


def test_a_volume_is_filtered_in_the_planes_across_each_axis():
    image = np.random.default_rng(3).normal(size=(14, 15, 16))
    kind = Gabor(2.0, 3.0, step=math.pi / 2, dimensions=3)
    flat = Gabor(2.0, 3.0, step=math.pi / 2)
    planes = [filtered(image, flat, spacing=CUBES, axis=axis) for axis in range(3)]
    assert np.allclose(filtered(image, kind, spacing=CUBES), np.mean(planes, axis=0))


@pytest.mark.parametrize("boundary", ["periodic", "mirror"])
@pytest.mark.parametrize("level", [1, 2])
def test_simoncellis_wavelet_weighs_a_wave_by_the_cosine_of_its_octave(boundary, level):
    size, cycles = 32, 6
    at = np.arange(size) * (np.pi / size)
    steps = 2 if boundary == "periodic" else 1
    line = np.cos(steps * cycles * (at + (0 if steps == 2 else np.pi / (2 * size))))
    image = np.broadcast_to(line[:, None, None], (size, size, size))
    kind = NonSeparableWavelet(level=level, boundary=boundary, closed=False)
    part = 2**level * steps * cycles / size
    expected = math.cos(0.5 * math.pi * math.log2(part)) if 0.5 <= part <= 2 else 0.0
    assert np.allclose(filtered(image, kind, spacing=CUBES), expected * image, atol=1e-12)


def test_levels_of_simoncellis_wavelet_share_the_energy_of_each_frequency():
    frequency = np.linspace(np.pi / 8, np.pi / 2, 50)
    shares = [NonSeparableWavelet(level=n).radial(frequency) ** 2 for n in (1, 2, 3, 4)]
    assert np.sum(shares, axis=0) == pytest.approx(np.ones(50))


def test_shannons_wavelet_passes_one_octave_whole():
    kind = NonSeparableWavelet("shannon", level=2)
    gains = kind.radial(np.pi * np.array([0.2, 0.3, 0.49, 0.51, 1.0]))
    assert gains.tolist() == [0, 1, 1, 0, 0]


def test_the_grid_of_the_reference_maps_ends_at_both_highest_frequencies():
    image = np.random.default_rng(6).normal(size=(64, 64, 64))
    exact, closed = (
        filtered(image, NonSeparableWavelet(level=3, closed=flag), spacing=CUBES)
        for flag in (False, True)
    )
    apart = np.abs(exact - closed).std() / exact.std()
    assert 0.02 < apart < 0.3


def test_the_first_riesz_transform_turns_a_cosine_into_a_sine():
    response = through_spectrum(wave((3, 4, 0)), None, (1, 0, 0), "periodic")
    assert np.allclose(response, 0.6 * wave((3, 4, 0), phase=-np.pi / 2), atol=1e-12)


@pytest.mark.parametrize("total", [1, 2, 3])
@pytest.mark.parametrize("boundary", ["periodic", "mirror"])
def test_all_riesz_transforms_of_a_total_order_hold_the_energy_of_the_image(total, boundary):
    image = np.random.default_rng(8).normal(size=(9, 11, 7))
    image -= image.mean()
    parts = (through_spectrum(image, None, order, boundary) for order in multi_indices(total, 3))
    assert sum((part**2).sum() for part in parts) == pytest.approx((image**2).sum())


def test_orders_name_the_axes_of_the_image_in_turn():
    image = wave((0, 5, 0))
    base = LaplacianOfGaussian(1.5, boundary="periodic")
    before = filtered(image, base, spacing=CUBES)
    assert np.allclose(filtered(image, Riesz(base, (0, 2, 0)), spacing=CUBES), -before)
    assert np.abs(filtered(image, Riesz(base, (2, 0, 0)), spacing=CUBES)).max() < 1e-12


@pytest.mark.parametrize("boundary", ["periodic", "mirror"])
@pytest.mark.parametrize("order", [(2, 0, 0), (1, 0, 0), (0, 2, 0), (1, 1, 0), (3, 0, 0)])
def test_aligned_transforms_turn_with_the_image(order, boundary):
    image = np.random.default_rng(9).normal(size=(12, 12, 12))
    kind = Riesz(LaplacianOfGaussian(0.8, boundary=boundary), order, align=1.0)
    response = filtered(image, kind, spacing=CUBES)
    turned = np.rot90(image, axes=(0, 2)).swapaxes(0, 1)
    expected = np.rot90(response, axes=(0, 2)).swapaxes(0, 1)
    assert np.allclose(filtered(turned, kind, spacing=CUBES), expected, atol=1e-10)


def test_aligned_transforms_find_a_slanted_wave_whole():
    image = wave((3, 4, 2))
    base = Unfiltered(3, "periodic")
    along = filtered(image, Riesz(base, (2, 0, 0), align=2.0), spacing=CUBES)
    across = filtered(image, Riesz(base, (0, 2, 0), align=2.0), spacing=CUBES)
    fixed = filtered(image, Riesz(base, (2, 0, 0)), spacing=CUBES)
    assert np.allclose(along, -image, atol=1e-9)
    assert np.abs(across).max() < 1e-9
    assert np.allclose(fixed, -image * 9 / 29, atol=1e-9)


def test_an_aligned_transform_of_odd_order_is_never_negative_where_the_image_itself_is_taken():
    image = wave((3, 4, 2))
    response = filtered(
        image, Riesz(Unfiltered(3, "periodic"), (1, 0, 0), align=2.0), spacing=CUBES
    )
    assert np.allclose(response, np.abs(wave((3, 4, 2), phase=-np.pi / 2)), atol=1e-9)


def test_slices_have_aligned_transforms_of_their_own():
    image = np.random.default_rng(10).normal(size=(12, 14, 3))
    kind = Riesz(NonSeparableWavelet(dimensions=2, boundary="mirror"), (2, 0), align=1.5)
    response = filtered(image, kind, spacing=CUBES)
    alone = filtered(image[..., 1:2], kind, spacing=CUBES)
    assert np.allclose(response[..., 1:2], alone)
