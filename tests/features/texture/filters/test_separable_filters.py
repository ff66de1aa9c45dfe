"""Means, Laplacians, Laws kernels and separable wavelets against what is known on paper."""

import numpy as np
import pytest
from scipy.ndimage import convolve

from osteon.features.texture.filters.filter import filtered
from osteon.features.texture.filters.laws import LAWS, Laws
from osteon.features.texture.filters.log import LaplacianOfGaussian
from osteon.features.texture.filters.mean import Mean
from osteon.features.texture.filters.pooling import pooled, right_angles
from osteon.features.texture.filters.wavelet_kernels import WAVELETS, wavelet_kernels
from osteon.features.texture.filters.wavelets import SeparableWavelet

CUBES = (1.0, 1.0, 1.0)


def impulse(size):
    image = np.zeros((size, size, size))
    image[size // 2, size // 2, size // 2] = 1.0
    return image


def turned(image, turn):
    """An image after a turn through right angles: axis n becomes what was axis order[n]."""
    order, signs = turn
    image = np.transpose(image, order)
    return image[tuple(slice(None, None, sign) for sign in signs)]


def turned_back(image, turn):
    order, signs = turn
    image = image[tuple(slice(None, None, sign) for sign in signs)]
    return np.transpose(image, np.argsort(order))


def noise(shape=(9, 9, 9), seed=0):
    return np.random.default_rng(seed).normal(size=shape)


def test_the_mean_of_an_impulse_is_a_cube_of_its_share():
    response = filtered(impulse(11), Mean(5), spacing=CUBES)
    assert response[3:8, 3:8, 3:8] == pytest.approx(np.full((5, 5, 5), 1 / 125))
    assert response.sum() == pytest.approx(1.0)


def test_the_laplacian_of_a_gaussian_is_its_formula_at_every_voxel():
    sigma, size = 1.5, 17
    response = filtered(impulse(size), LaplacianOfGaussian(3.0), spacing=(2.0, 2.0, 2.0))
    away = np.arange(size) - size // 2
    square = away[:, None, None] ** 2 + away[:, None] ** 2 + away**2
    expected = (-(3 - square / sigma**2) * np.exp(-square / (2 * sigma**2))) / (
        sigma**2 * (2 * np.pi * sigma**2) ** 1.5
    )
    beyond = np.abs(away) > 6
    expected[beyond] = expected[:, beyond] = expected[..., beyond] = 0
    assert np.allclose(response, expected, atol=1e-15)


def test_the_plane_laplacian_knows_nothing_of_other_slices():
    image = impulse(17)
    response = filtered(image, LaplacianOfGaussian(1.5, dimensions=2), spacing=(1, 1, 5))
    assert np.count_nonzero(np.abs(response).max(axis=(0, 1))) == 1
    assert response[8, 8, 8] == pytest.approx(-2 / (1.5**2 * 2 * np.pi * 1.5**2))


def test_laws_kernels_of_an_impulse_are_their_outer_product():
    response = filtered(impulse(9), Laws("E5L5S5"), spacing=CUBES)
    kernels = [np.array(LAWS[name]) / np.linalg.norm(LAWS[name]) for name in ("E5", "L5", "S5")]
    expected = np.einsum("i,j,k->ijk", *kernels)
    assert response[2:7, 2:7, 2:7] == pytest.approx(expected)


def test_there_are_four_turns_in_a_plane_and_24_in_space():
    for dimensions, count in ((2, 4), (3, 24)):
        shapes = np.arange(3**dimensions).reshape((3,) * dimensions)
        views = {turned(shapes, turn).tobytes() for turn in right_angles(dimensions)}
        assert len(views) == len(right_angles(dimensions)) == count
        assert np.array_equal(turned(shapes, right_angles(dimensions)[0]), shapes)


@pytest.mark.parametrize("pooling", ["max", "mean", "min"])
@pytest.mark.parametrize(
    "kind",
    [
        lambda pooling: Laws("E5L5S3", pooling=pooling),
        lambda pooling: Laws("L5S5R5", pooling=pooling, boundary="zero"),
        lambda pooling: SeparableWavelet("db2", "LLH", pooling=pooling),
        lambda pooling: SeparableWavelet("haar", "LHL", level=2, pooling=pooling),
    ],
)
def test_pooling_is_over_the_responses_of_the_turned_image(kind, pooling):
    image = noise()
    plain = kind(None)
    views = (
        turned_back(filtered(turned(image, turn), plain, spacing=CUBES), turn)
        for turn in right_angles(3)
    )
    expected = pooled(views, pooling)
    assert np.allclose(filtered(image, kind(pooling), spacing=CUBES), expected, atol=1e-12)


def test_pooled_responses_of_slices_turn_with_the_image():
    image = noise((9, 9, 4), seed=2)
    kind = SeparableWavelet("db3", "LH", pooling="max")
    response = filtered(image, kind, spacing=CUBES)
    assert not np.allclose(response, filtered(image, SeparableWavelet("db3", "LH"), spacing=CUBES))
    assert np.allclose(filtered(np.rot90(image), kind, spacing=CUBES), np.rot90(response))


def test_texture_energy_is_the_local_mean_of_the_absolute_response():
    image = noise((17, 17, 17), seed=5)
    response = filtered(image, Laws("L5E5E5", pooling="max"), spacing=CUBES)
    energy = filtered(image, Laws("L5E5E5", pooling="max", energy=2), spacing=CUBES)
    expected = convolve(np.abs(response), np.full((5, 5, 5), 1 / 125), mode="reflect")
    assert np.allclose(energy, expected)


def test_texture_energy_is_never_negative():
    image = noise((17, 17, 17), seed=6)
    response = filtered(image, Laws("E5L5S5"), spacing=CUBES)
    energy = filtered(image, Laws("E5L5S5", energy=1), spacing=CUBES)
    assert response.min() < 0
    assert energy.min() > 0


def test_what_does_not_vary_has_no_edges():
    image = np.full((16, 16, 16), 37.0)
    for kind in (Laws("L5E5S5", pooling="max", energy=7), SeparableWavelet("coif2", "LHL")):
        assert np.abs(filtered(image, kind, spacing=CUBES)).max() < 1e-9


@pytest.mark.parametrize("name", WAVELETS)
def test_wavelet_kernels_are_orthonormal_and_blind_to_polynomials(name):
    low, high = map(np.array, wavelet_kernels(name))
    assert low.sum() == pytest.approx(np.sqrt(2))
    for shift in range(len(low) // 2):
        for one, other, expected in (
            (low, low, shift == 0),
            (high, high, shift == 0),
            (low, high, 0),
        ):
            assert one[2 * shift :] @ other[: len(other) - 2 * shift] == pytest.approx(
                float(expected), abs=1e-9
            )
    moments = 1 if name == "haar" else int(name.lstrip("dbcoif"))
    at = np.linspace(-1, 1, len(high))
    for power in range(moments * (2 if name.startswith("coif") else 1)):
        assert high @ at**power == pytest.approx(0, abs=1e-8)


def test_daubechies_second_wavelet_is_the_one_of_the_textbook():
    root = np.sqrt(3)
    expected = np.array([1 + root, 3 + root, 3 - root, 1 - root]) / (4 * np.sqrt(2))
    assert wavelet_kernels("db2")[0] == pytest.approx(expected[::-1])


def test_the_subbands_of_a_level_hold_the_energy_of_the_image():
    image = noise((8, 8, 8), seed=7)
    bands = [
        filtered(image, SeparableWavelet("db3", a + b + c, boundary="periodic"), spacing=CUBES)
        for a in "LH"
        for b in "LH"
        for c in "LH"
    ]
    assert sum((band**2).sum() for band in bands) == pytest.approx(8 * (image**2).sum())


def test_the_second_level_sees_the_low_pass_of_the_first_through_kernels_with_holes():
    image = np.zeros((15, 15, 1))
    image[7, 7] = 1.0
    low, high = wavelet_kernels("haar")
    response = filtered(image, SeparableWavelet("haar", "LH", level=2), spacing=CUBES)[..., 0]
    smooth = np.convolve(low, [low[0], 0, low[1]])
    edge = np.convolve(low, [high[0], 0, high[1]])
    at = np.argwhere(response)
    found = response[at[:, 0].min() : at[:, 0].max() + 1, at[:, 1].min() : at[:, 1].max() + 1]
    assert found == pytest.approx(np.outer(smooth, edge))
