"""What an image is beyond its edges, in space and in the frequency domain."""

import numpy as np
import pytest

from osteon.features.texture.filters.boundary import padded
from osteon.features.texture.filters.filter import filtered
from osteon.features.texture.filters.mean import Mean, Unfiltered
from osteon.features.texture.filters.nonseparable import NonSeparableWavelet
from osteon.features.texture.filters.riesz import Riesz
from osteon.features.texture.filters.spectrum import through_spectrum


def lines(values):
    """A volume whose lines along axis 0 are all the given one."""
    return np.broadcast_to(np.array(values, float)[:, None, None], (len(values), 3, 3)).copy()


@pytest.mark.parametrize(
    ("boundary", "first"),
    [("zero", 3.0 / 3), ("nearest", 4.0 / 3), ("periodic", 12.0 / 3), ("mirror", 4.0 / 3)],
)
def test_the_mean_at_an_edge_takes_in_what_the_boundary_says(boundary, first):
    image = np.zeros((5, 3, 3))
    image[:] = lines([1, 2, 4, 7, 9])
    kind = Mean(3, dimensions=3, boundary=boundary)
    inner = filtered(image, kind, spacing=(1, 1, 1))[0, 1, 1]
    assert inner == pytest.approx(first)


def test_nearest_and_mirror_differ_from_the_second_voxel_beyond_the_edge_on():
    image = lines([1, 2, 4, 7, 9])
    assert padded(image, (2, 0, 0), "nearest")[:2, 0, 0].tolist() == [1, 1]
    assert padded(image, (2, 0, 0), "mirror")[:2, 0, 0].tolist() == [2, 1]
    assert padded(image, (2, 0, 0), "periodic")[:2, 0, 0].tolist() == [7, 9]
    assert padded(image, (2, 0, 0), "zero")[:2, 0, 0].tolist() == [0, 0]


@pytest.mark.parametrize(
    "order", [(0, 0, 0), (1, 0, 0), (0, 2, 0), (0, 1, 1), (3, 0, 0), (1, 2, 1)]
)
def test_a_mirrored_image_is_a_periodic_one_of_twice_the_size(order):
    image = np.random.default_rng(3).normal(size=(8, 7, 6))
    radial = NonSeparableWavelet().radial
    whole = np.pad(image, [(0, n) for n in image.shape], mode="symmetric")
    expected = through_spectrum(whole, radial, order, "periodic")[:8, :7, :6]
    assert np.allclose(through_spectrum(image, radial, order, "mirror"), expected, atol=1e-12)


@pytest.mark.parametrize("order", [(2, 0, 0), (0, 1, 1), (0, 0, 3)])
def test_a_mirrored_image_is_aligned_as_a_periodic_one_of_twice_the_size(order):
    image = np.random.default_rng(5).normal(size=(7, 8, 9))
    whole = np.pad(image, [(0, n) for n in image.shape], mode="symmetric")
    one = Riesz(Unfiltered(3, "mirror"), order, align=0.7)
    other = Riesz(Unfiltered(3, "periodic"), order, align=0.7)
    expected = filtered(whole, other, spacing=(1, 1, 1))[:7, :8, :9]
    assert np.allclose(filtered(image, one, spacing=(1, 1, 1)), expected, atol=1e-10)


@pytest.mark.parametrize(("boundary", "mode"), [("zero", "constant"), ("nearest", "edge")])
def test_images_that_end_are_continued_by_half_their_size(boundary, mode):
    image = np.random.default_rng(6).normal(size=(6, 8, 4))
    whole = np.pad(image, [(3, 3), (4, 4), (2, 2)], mode=mode)
    expected = through_spectrum(whole, None, (1, 0, 1), "periodic")[3:9, 4:12, 2:6]
    assert np.allclose(through_spectrum(image, None, (1, 0, 1), boundary), expected)
    flat = through_spectrum(image, None, (1, 1), boundary)
    assert np.allclose(flat[..., :1], through_spectrum(image[..., :1], None, (1, 1), boundary))


@pytest.mark.parametrize("boundary", ["zero", "nearest"])
def test_far_from_the_edges_no_boundary_matters(boundary):
    image = np.zeros((40, 40, 40))
    image[18:22, 17:23, 20] = 5.0
    one = Riesz(NonSeparableWavelet(boundary=boundary, closed=False), (0, 1, 0))
    other = Riesz(NonSeparableWavelet(boundary="periodic", closed=False), (0, 1, 0))
    a, b = (filtered(image, kind, spacing=(1, 1, 1)) for kind in (one, other))
    assert np.abs(a - b)[15:25, 15:25, 15:25].max() < 0.02 * np.abs(a).max()


def test_slices_across_any_axis_are_filtered_alike():
    image = np.random.default_rng(4).normal(size=(9, 10, 11))
    kind = Mean(3, dimensions=2)
    across = filtered(image, kind, spacing=(3.0, 1.0, 1.0), axis=0)
    expected = filtered(np.moveaxis(image, 0, 2), kind, spacing=(1.0, 1.0, 3.0))
    assert np.array_equal(across, np.moveaxis(expected, 2, 0))
    assert not np.allclose(across, filtered(image, kind, spacing=(1.0, 1.0, 3.0)))


def test_no_filter_gives_the_image_back_as_a_copy():
    image = np.arange(27.0).reshape(3, 3, 3)
    response = filtered(image, Unfiltered(), spacing=(1, 1, 1))
    assert np.array_equal(response, image)
    response[0, 0, 0] = 99
    assert image[0, 0, 0] == 0
