"""Which features are stable: what the table says, and that it is the study's."""

from itertools import pairwise

import numpy as np
import pytest

from osteon.core import HU, BadSetting, Grid, Mask, UnknownName, Volume
from osteon.features.texture.catalogue import entry
from osteon.features.texture.measure import BINNED, measure_texture
from osteon.features.texture.stability import (
    CHANGES,
    STUDIED,
    stability,
    stable_tags,
)

KINDS = pytest.mark.parametrize("resampled", [True, False])

WITHOUT_GREY = {"morph_volume", "morph_sphericity", "morph_pca_elongation", "morph_diam"}


@pytest.fixture(scope="module")
def tags():
    """Every feature that a region of CT has with the settings of the study."""
    rng = np.random.default_rng(1)
    grid = Grid((9, 9, 9), np.zeros(3), np.eye(3), np.ones(3))
    inside = np.zeros(grid.shape, np.bool_)
    inside[1:8, 1:8, 1:8] = True
    image = Volume(rng.normal(150, 70, grid.shape).round(), grid, HU)
    return set(measure_texture(image, Mask(inside, grid), STUDIED))


@KINDS
def test_every_feature_of_grey_values_in_3d_has_a_row(tags, resampled):
    unknown = {tag for tag in tags if stability(tag, resampled=resampled) is None}
    constant = {tag for tag in unknown if tag.startswith(("ngl_dc_perc", "ivh_v10"))}
    shape = {tag for tag in unknown - constant if entry(tag).family == "morphology"}
    assert unknown == constant | shape
    assert shape >= WITHOUT_GREY
    assert not shape & {"morph_com", "morph_integ_int", "morph_moran_i", "morph_geary_c"}


@KINDS
def test_a_feature_is_stable_only_if_every_change_leaves_it_so(tags, resampled):
    kept = stable_tags(0.75, resampled=resampled)
    for tag in tags:
        row = stability(tag, resampled=resampled)
        found = [] if row is None else [getattr(row, name) for name in CHANGES]
        iccs = [one.icc for one in found if one is not None]
        assert (tag in kept) == (bool(iccs) and min(iccs) >= 0.75)


@KINDS
def test_asking_for_more_keeps_fewer(resampled):
    kept = [stable_tags(least, resampled=resampled) for least in (0.0, 0.5, 0.75, 0.9, 1.0)]
    assert all(more < less for less, more in pairwise(kept))


@KINDS
def test_only_features_of_bins_depend_on_the_width_of_bins(tags, resampled):
    for tag in tags:
        row = stability(tag, resampled=resampled)
        if row is not None:
            assert (row.bin_width is not None) == (entry(tag).family in BINNED)
            assert (row.bin_width_values is None) == (row.bin_width is None)


@KINDS
def test_every_icc_lies_in_its_interval(tags, resampled):
    for tag in tags:
        row = stability(tag, resampled=resampled)
        found = [] if row is None else [getattr(row, name) for name in CHANGES]
        for one in found:
            if one is not None:
                assert -1 <= one.low <= one.icc <= one.high <= 1


def test_the_mean_is_stable_and_the_minimum_is_not():
    assert stability("stat_mean").least > 0.95
    assert "stat_mean" in stable_tags(0.95)
    assert "stat_min" not in stable_tags(0.75)


def test_voxels_of_one_size_make_more_features_stable_than_voxels_as_scanned():
    assert len(stable_tags(0.75)) > len(stable_tags(0.75, resampled=False))
    as_scanned = stability("rlm_rlnu_3D_comb", resampled=False)
    assert as_scanned.voxel_size.icc < 0.2  # counts runs, and with them voxels


def test_bins_of_two_widths_do_not_mix_although_specimens_keep_their_places():
    row = stability("cm_joint_avg_3D_comb")
    assert row.bin_width.icc > 0.99
    assert row.bin_width_values.icc < 0.2


def test_a_tag_that_no_feature_has_is_refused():
    with pytest.raises(UnknownName, match="cm_contrst"):
        stability("cm_contrst_3D_comb")


@pytest.mark.parametrize("least", [-0.1, 1.01, float("nan")])
def test_an_icc_that_cannot_be_asked_for_is_refused(least):
    with pytest.raises(BadSetting, match="0 to 1"):
        stable_tags(least)


@KINDS
def test_features_beside_the_ibsi_have_rows_where_the_region_is_large_enough(resampled):
    known = ("minkowski_3d_surface_5", "minkowski_w1_02_trace", "variogram_sill")
    rows = [stability(name, resampled=resampled) for name in known]
    assert all(row is not None and row.bin_width is None for row in rows)
    assert stability("fractal_box_dimension", resampled=resampled) is None
    along = stability("minkowski_directional_volume_fractional_anisotropy", resampled=resampled)
    assert (along is not None) == resampled  # slices of 2.5 mm are too thick for its kernel
