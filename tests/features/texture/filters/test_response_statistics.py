"""Statistics of a filtered image in a region, within limits of the image before the filter."""

import numpy as np
import pytest

from osteon.core import Grid, GridMismatch, Mask, Volume
from osteon.features.texture.filters.filter import filtered
from osteon.features.texture.filters.mean import Mean, Unfiltered
from osteon.features.texture.filters.response import response_statistics
from osteon.features.texture.settings import Interpolation, Resegmentation, TextureSettings


def grid(size, spacing=1.0):
    return Grid((size, size, size), np.zeros(3), np.eye(3), np.full(3, spacing))


@pytest.fixture
def noise():
    values = np.random.default_rng(0).normal(size=(12, 12, 12))
    inside = np.zeros((12, 12, 12), bool)
    inside[3:9, 2:10, 4:8] = True
    return Volume(values, grid(12), "1"), Mask(inside, grid(12))


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        (Resegmentation(), (-9, 9)),
        (Resegmentation(low=-0.5), (-0.5, 9)),
        (Resegmentation(high=0.5), (-9, 0.5)),
        (Resegmentation(low=-0.5, high=0.5), (-0.5, 0.5)),
    ],
)
def test_limits_hold_for_the_image_and_statistics_for_the_response(noise, limits, kept):
    volume, mask = noise
    settings = TextureSettings(resegmentation=limits)
    low, high = kept
    counted = mask.values & (volume.values >= low) & (volume.values <= high)
    expected = filtered(volume.values, Mean(3), spacing=(1, 1, 1))[counted]
    found = response_statistics(volume, mask, settings, Mean(3))
    assert found["stat_mean"] == pytest.approx(expected.mean())
    assert found["stat_max"] == expected.max()


def test_outliers_are_those_of_the_region_before_the_filter(noise):
    volume, mask = noise
    settings = TextureSettings(resegmentation=Resegmentation(outliers=1.0))
    inside = volume.values[mask.values]
    expected = inside[np.abs(inside - inside.mean()) <= inside.std()]
    found = response_statistics(volume, mask, settings, Unfiltered())
    assert found["stat_mean"] == pytest.approx(expected.mean())
    assert found["stat_min"] == expected.min()


def test_an_image_is_interpolated_before_it_is_filtered():
    values = np.broadcast_to(100.0 * np.arange(8.0), (8, 8, 8)).copy()
    volume, mask = Volume(values, grid(8, 2.0), "1"), Mask(np.ones((8, 8, 8), bool), grid(8, 2.0))
    settings = TextureSettings(interpolation=Interpolation((1.0, 1.0, 1.0)))
    found = response_statistics(volume, mask, settings, Mean(3))
    coarse = response_statistics(volume, mask, TextureSettings(), Mean(3))
    assert coarse["stat_min"] == pytest.approx(100 / 3)
    assert found["stat_min"] < 0.5 * coarse["stat_min"]


def test_a_region_on_another_grid_is_refused(noise):
    volume, _ = noise
    other = Mask(np.ones((11, 11, 11), bool), grid(11))
    with pytest.raises(GridMismatch):
        response_statistics(volume, other, TextureSettings(), Mean(3))
