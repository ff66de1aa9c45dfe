"""Filters and images that cannot be, each told in one line."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, Mask, UnknownName, UnsuitableScan, Volume
from osteon.features.texture.filters.filter import filtered
from osteon.features.texture.filters.gabor import Gabor
from osteon.features.texture.filters.laws import Laws
from osteon.features.texture.filters.log import LaplacianOfGaussian
from osteon.features.texture.filters.mean import Mean
from osteon.features.texture.filters.nonseparable import NonSeparableWavelet
from osteon.features.texture.filters.response import response_statistics
from osteon.features.texture.filters.riesz import Riesz
from osteon.features.texture.filters.wavelets import SeparableWavelet
from osteon.features.texture.settings import Resegmentation, TextureSettings

LOG = LaplacianOfGaussian(1.5)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Mean(4), "support is 4"),
        (lambda: Mean(0), "support is 0"),
        (lambda: Mean(3.0), "support is 3.0"),
        (lambda: Mean(3, dimensions=1), "dimensions is 1"),
        (lambda: LaplacianOfGaussian(0.0), "sigma is 0"),
        (lambda: LaplacianOfGaussian(float("nan")), "sigma is nan"),
        (lambda: LaplacianOfGaussian(1.0, truncate=-4), "truncate is -4"),
        (lambda: Laws("L5"), "kernels is 'L5'"),
        (lambda: Laws("L5E5", energy=0), "energy is 0"),
        (lambda: Gabor(-5.0, 2.0), "sigma is -5"),
        (lambda: Gabor(5.0, 0.0), "wavelength is 0"),
        (lambda: Gabor(5.0, 2.0, gamma=0.0), "gamma is 0"),
        (lambda: Gabor(5.0, 2.0, theta=float("inf")), "theta is inf"),
        (lambda: Gabor(5.0, 2.0, step=1.0), "step is 1"),
        (lambda: SeparableWavelet("db3", "LX"), "passes is 'LX'"),
        (lambda: SeparableWavelet("db3", "L"), "passes is 'L'"),
        (lambda: SeparableWavelet("db3", "LH", level=0), "level is 0"),
        (lambda: NonSeparableWavelet(level=1.5), "level is 1.5"),
        (lambda: Riesz(LOG, (1, 0)), "give 3 whole numbers"),
        (lambda: Riesz(LOG, (0, 0, 0)), "at least one above 0"),
        (lambda: Riesz(LOG, (1, -1, 0)), "order is"),
        (lambda: Riesz(LOG, (1.0, 0, 0)), "order is"),
        (lambda: Riesz(LOG, (1, 0, 0), align=0.0), "align is 0"),
    ],
)
def test_settings_outside_their_range_are_refused(make, told):
    with pytest.raises(BadSetting, match=told) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Mean(3, boundary="reflect"), "zero, nearest, periodic, mirror"),
        (lambda: Laws("Q5E5"), "'Q5' is not known"),
        (lambda: Laws("L5E5", pooling="median"), "max, mean, min"),
        (lambda: Gabor(5.0, 2.0, part="absolute"), "modulus, phase"),
        (lambda: SeparableWavelet("db99", "LH"), "'db99' is not known"),
        (lambda: NonSeparableWavelet("haar"), "simoncelli, shannon"),
    ],
)
def test_unknown_names_are_told_with_the_known_ones(make, told):
    with pytest.raises(UnknownName, match=told) as caught:
        make()
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "kind",
    [
        Mean(15),
        LaplacianOfGaussian(2.0),
        Laws("L5E5E5", energy=7),
        Laws("L5E5", energy=7),
        Gabor(20.0, 4.0),
        SeparableWavelet("db5", "LLH", level=2),
        NonSeparableWavelet(level=3),
        Riesz(LaplacianOfGaussian(4.0), (1, 0, 0)),
        Riesz(NonSeparableWavelet(level=3), (1, 0, 0)),
    ],
)
def test_a_filter_larger_than_the_image_is_refused(kind):
    with pytest.raises(BadSetting, match="voxels long, the image") as caught:
        filtered(np.zeros((12, 12, 12)), kind, spacing=(1, 1, 1))
    assert "\n" not in str(caught.value)


def test_a_filter_of_slices_does_not_mind_how_few_there_are():
    image = np.random.default_rng(0).normal(size=(16, 16, 1))
    response = filtered(image, LaplacianOfGaussian(1.5, dimensions=2), spacing=(1, 1, 9))
    assert response.shape == (16, 16, 1)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_voxel_without_a_number_is_refused(value):
    image = np.zeros((8, 8, 8))
    image[1, 2, 3] = value
    with pytest.raises(UnsuitableScan, match="1 voxels of the image"):
        filtered(image, Mean(3), spacing=(1, 1, 1))


@pytest.mark.parametrize(
    ("spacing", "told"),
    [((1, 1, 3), "same spacing"), ((1, 1), "three lengths"), ((1, 1, 0), "three lengths")],
)
def test_voxels_that_are_no_cubes_are_refused_in_space(spacing, told):
    with pytest.raises(BadSetting, match=told):
        filtered(np.zeros((8, 8, 8)), Mean(3), spacing=spacing)


def test_voxels_that_are_no_squares_are_refused_in_slices():
    kind = Mean(3, dimensions=2)
    assert filtered(np.zeros((8, 8, 8)), kind, spacing=(1, 1, 3)).shape == (8, 8, 8)
    with pytest.raises(BadSetting, match="1 x 3 mm"):
        filtered(np.zeros((8, 8, 8)), kind, spacing=(1, 1, 3), axis=0)


def test_waves_and_widths_too_fine_for_the_voxels_are_refused():
    image = np.zeros((32, 32, 32))
    with pytest.raises(BadSetting, match="hold waves from 4 mm"):
        filtered(image, Gabor(5.0, 3.0), spacing=(2, 2, 2))
    with pytest.raises(BadSetting, match="from 1 mm on"):
        filtered(image, LaplacianOfGaussian(0.9), spacing=(2, 2, 2))


def test_an_image_that_is_no_volume_is_refused():
    with pytest.raises(BadSetting, match="2 axes"):
        filtered(np.zeros((8, 8)), Mean(3), spacing=(1, 1, 1))


def test_a_region_that_re_segmentation_empties_is_refused():
    grid = Grid((8, 8, 8), np.zeros(3), np.eye(3), np.ones(3))
    volume = Volume(np.zeros((8, 8, 8)), grid, "1")
    mask = Mask(np.ones((8, 8, 8), bool), grid)
    settings = TextureSettings(resegmentation=Resegmentation(low=5.0))
    with pytest.raises(EmptyRegion, match="widen its limits"):
        response_statistics(volume, mask, settings, Mean(3))
