"""What cannot be measured is refused in one line; what the standard defines has its value."""

import numpy as np
import pytest

from osteon.core import (
    BadSetting,
    EmptyRegion,
    Grid,
    GridMismatch,
    Mask,
    UnknownName,
    UnsuitableScan,
    Volume,
)
from osteon.core.compiled import threads, use_threads
from osteon.features.texture.catalogue import entry
from osteon.features.texture.diagnostics import diagnose
from osteon.features.texture.families.statistics import statistics_features
from osteon.features.texture.measure import measure_texture
from osteon.features.texture.settings import (
    Discretisation,
    Interpolation,
    Resegmentation,
    TextureSettings,
    preset,
)

BINNED = TextureSettings(discretisation=Discretisation("bin-number", bins=8))
SHAPE = (6, 7, 5)


def measured(values, inside=True, settings=BINNED):
    grid = Grid(values.shape, np.zeros(3), np.eye(3), np.ones(3))
    mask = Mask(np.broadcast_to(inside, values.shape).copy(), grid)
    return measure_texture(Volume(values, grid, "1"), mask, settings)


@pytest.fixture
def values():
    return np.random.default_rng(0).normal(100, 20, SHAPE)


def one_voxel():
    inside = np.zeros(SHAPE, bool)
    inside[3, 3, 2] = True
    return inside


def said(caught):
    text = str(caught.value)
    assert "\n" not in text
    return text


def test_an_empty_mask_is_refused(values):
    with pytest.raises(EmptyRegion) as caught:
        measured(values, False)
    assert "at least 1" in said(caught)


def test_a_region_without_a_value_within_the_limits_is_refused(values):
    settings = TextureSettings(resegmentation=Resegmentation(500.0, 600.0))
    with pytest.raises(EmptyRegion, match="widen its limits") as caught:
        measured(values, settings=settings)
    assert str(values.size) in said(caught)


def test_a_region_that_is_lost_between_large_voxels_is_refused(values):
    settings = TextureSettings(Interpolation((4.0, 4.0, 4.0)))
    with pytest.raises(EmptyRegion, match="smaller size") as caught:
        measured(values, one_voxel(), settings)
    said(caught)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, -1e70])
def test_a_value_that_is_no_number_in_the_region_is_refused(values, wrong):
    values[2, 2, 2] = wrong
    with pytest.raises(UnsuitableScan, match="1 of 210") as caught:
        measured(values)
    said(caught)


def test_a_value_that_is_no_number_beside_the_region_does_not_matter(values):
    inside = np.ones(SHAPE, bool)
    inside[0] = False
    values[0, 0, 0] = np.nan
    found = measured(values, inside)
    values[0, 0, 0] = 100.0
    whole = measured(values, inside)
    assert found.keys() == whole.keys()
    assert {tag for tag in found if found[tag] != whole[tag]} <= {"loc_peak_loc", "loc_peak_glob"}


def test_a_mask_on_another_grid_is_refused(values):
    grid = Grid(SHAPE, np.zeros(3), np.eye(3), np.ones(3))
    other = Mask(np.ones(SHAPE, bool), Grid(SHAPE, np.ones(3), np.eye(3), np.ones(3)))
    for measure in (measure_texture, diagnose):
        with pytest.raises(GridMismatch, match="the mask") as caught:
            measure(Volume(values, grid, "1"), other, BINNED)
        said(caught)


def test_one_voxel_has_values_but_no_neighbours(values):
    found = measured(values, one_voxel())
    assert np.isfinite(list(found.values())).all()
    assert found["stat_mean"] == values[3, 3, 2]
    assert found["morph_vol_approx"] == 1.0
    assert found["morph_pca_maj_axis"] == 0.0
    assert found["rlm_sre_3D_comb"] == found["szm_lze_3D"] == found["ngl_lde_3D"] == 1.0
    assert not [tag for tag in found if tag.startswith(("cm_", "ngt_"))]
    assert "morph_pca_elongation" not in found


def test_a_region_of_one_value_has_what_the_standard_says(values):
    found, usual = measured(np.full(SHAPE, 7.0)), measured(values)
    assert found.keys() == usual.keys()
    assert found["stat_skew"] == found["stat_kurt"] == found["stat_cov"] == 0.0
    assert found["cm_corr_3D_avg"] == found["cm_energy_2D_avg"] == 1.0
    assert found["ngt_coarseness_3D"] == 1e6
    assert found["ngt_busyness_3D"] == found["ngt_contrast_3D"] == found["ngt_strength_2D"] == 0.0
    assert found["ih_uniformity"] == 1.0
    assert found["morph_moran_i"] == found["morph_geary_c"] == 1.0


def test_what_would_be_divided_by_nothing_is_left_out():
    found = measured(np.zeros(SHAPE))
    assert "morph_com" not in found
    assert measured(np.where(np.indices(SHAPE)[0] % 2, 1.0, -1.0)).keys().isdisjoint(["stat_cov"])


@pytest.mark.parametrize("size", [1e-300, 1e-30, 1e30])
def test_the_size_of_values_does_not_matter(values, size):
    found, usual = measured(values * size), measured(values)
    for tag in ("morph_moran_i", "stat_kurt", "cm_corr_3D_avg", "morph_com"):
        if size > 1e-100 or tag != "stat_kurt":
            assert found[tag] == pytest.approx(usual[tag], rel=1e-6), tag


def test_threads_change_no_value(values):
    before = threads()
    one = measured(values)
    use_threads(2)
    try:
        assert measured(values) == one
    finally:
        use_threads(before)


@pytest.mark.parametrize(
    ("discretisation", "what"),
    [
        (Discretisation(), "whole numbers from 1 on"),
        (Discretisation("bin-size", size=1e-3), "bin them wider"),
        (Discretisation("bin-size", size=5.0, lowest=99.0), "below the first bin"),
    ],
)
def test_values_that_do_not_suit_the_bins_are_refused(values, discretisation, what):
    with pytest.raises(BadSetting, match=what) as caught:
        measured(values, settings=TextureSettings(discretisation=discretisation))
    said(caught)


@pytest.mark.parametrize(
    ("make", "error"),
    [
        (lambda: Interpolation((0.0, 1.0, 1.0)), BadSetting),
        (lambda: Interpolation((1.0, 1.0, 1.0), share=0.0), BadSetting),
        (lambda: Interpolation((1.0, 1.0, 1.0), image="lanczos"), BadSetting),
        (lambda: Resegmentation(5.0, 5.0), BadSetting),
        (lambda: Resegmentation(outliers=0.0), BadSetting),
        (lambda: Discretisation("bin-number"), BadSetting),
        (lambda: Discretisation("bin-size", size=0.0), BadSetting),
        (lambda: Discretisation("bins"), BadSetting),
        (lambda: TextureSettings(slice_axis=3), BadSetting),
        (lambda: TextureSettings(dimensions=("4D",)), UnknownName),
        (lambda: preset("ibsi-1-z"), UnknownName),
        (lambda: entry("cm_contrast"), UnknownName),
        (lambda: entry("stat_mean_3D"), UnknownName),
        (lambda: measured(np.ones(SHAPE)) and measure_family("glcn"), UnknownName),
        (lambda: statistics_features(np.array([])), EmptyRegion),
        (lambda: statistics_features(np.array([1.0, np.nan])), BadSetting),
    ],
)
def test_settings_and_names_that_mean_nothing_are_refused(make, error):
    with pytest.raises(error) as caught:
        make()
    said(caught)


def measure_family(name):
    grid = Grid(SHAPE, np.zeros(3), np.eye(3), np.ones(3))
    everywhere = Mask(np.ones(SHAPE, bool), grid)
    return measure_texture(Volume(np.ones(SHAPE), grid, "1"), everywhere, BINNED, [name])
