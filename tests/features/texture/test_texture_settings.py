"""Settings that mean nothing are refused when they are made; images too large before they are."""

import warnings

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, Grid, Mask, UnsuitableScan, Volume
from osteon.features.texture.diagnostics import diagnose
from osteon.features.texture.filters.mean import Mean
from osteon.features.texture.filters.response import response_statistics
from osteon.features.texture.measure import measure_texture
from osteon.features.texture.settings import (
    Discretisation,
    Interpolation,
    Resegmentation,
    TextureSettings,
)

SHAPE = (8, 9, 10)


def scan(values):
    return Volume(values, Grid(SHAPE, np.zeros(3), np.eye(3), np.ones(3)), "1")


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(100, 20, SHAPE)


@pytest.fixture
def middle():
    inside = np.zeros(SHAPE, bool)
    inside[2:6, 2:6, 2:6] = True
    return Mask(inside, Grid(SHAPE, np.zeros(3), np.eye(3), np.ones(3)))


@pytest.mark.parametrize(
    ("made", "told"),
    [
        (lambda: Resegmentation(low=-np.inf), "low must be a finite number"),
        (lambda: Resegmentation(high=np.nan), "high must be a finite number"),
        (lambda: Discretisation("bin-number", bins=32.0), "whole, 1 to 4096"),
        (lambda: Discretisation("bin-size", size=np.inf), "above 0"),
        (lambda: Discretisation("bin-size", size=5.0, lowest=np.nan), "lowest must be a finite"),
        (lambda: TextureSettings(dimensions=()), "at least one of 2D, 2.5D, 3D"),
        (lambda: Interpolation((2.0, 2.0)), "each of 3 axes"),
        (lambda: Interpolation((2.0, 2.0, 2.0), image="spline"), "nearest, linear, cubic"),
    ],
)
def test_settings_that_mean_nothing_are_refused(made, told):
    with pytest.raises(BadSetting, match=told) as caught:
        made()
    assert "\n" not in str(caught.value)


def test_more_voxels_than_memory_holds_are_refused_before_they_are_made(values, middle):
    settings = TextureSettings(Interpolation((0.001, 0.001, 0.001)))
    with pytest.raises(BadSetting, match="choose a larger spacing"):
        measure_texture(scan(values), middle, settings)


def test_an_infinite_value_beyond_the_neighbours_of_the_region_changes_nothing(values, middle):
    settings = TextureSettings(
        Interpolation((0.8, 0.8, 0.8)), discretisation=Discretisation("bin-number", bins=8)
    )
    whole = measure_texture(scan(values), middle, settings, ["statistics", "glcm"])
    values[0], values[:, :, 9] = np.inf, -np.inf
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert measure_texture(scan(values), middle, settings, ["statistics", "glcm"]) == whole
        assert np.isfinite(list(diagnose(scan(values), middle, settings).values())).all()


def test_a_neighbour_without_weight_has_no_say(values, middle):
    # a third of the new voxels lie on the old ones, and none beyond the region's outermost
    settings = TextureSettings(Interpolation((1 / 3, 1.0, 1.0), share=1.0))
    whole = measure_texture(scan(values), middle, settings, ["statistics"])
    values[6] = values[1] = np.nan
    assert measure_texture(scan(values), middle, settings, ["statistics"]) == whole


def test_a_spline_is_told_what_it_cannot_pass(values, middle):
    settings = TextureSettings(
        Interpolation((0.8, 0.8, 0.8), image="cubic"),
        discretisation=Discretisation("bin-number", bins=8),
    )
    values[0, 0, 0] = np.nan
    with pytest.raises(UnsuitableScan, match="1 values in or near the region"):
        measure_texture(scan(values), middle, settings)


def test_an_empty_mask_has_no_response(values, middle):
    empty = Mask(np.zeros(SHAPE, bool), middle.grid)
    with pytest.raises(EmptyRegion, match="the mask has no voxel"):
        response_statistics(scan(values), empty, TextureSettings(), Mean(3))
