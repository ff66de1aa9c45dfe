"""Which features there should be, what they are called, and in which unit they come."""

import numpy as np
import pytest

from osteon.core import Grid, Mask, UnknownName, Volume
from osteon.features.texture import (
    FAMILIES,
    PRESETS,
    beside_entry,
    beside_names,
    expected_tags,
    mapped_tag,
    measure_texture,
    spatial_features,
    unit_in,
)
from osteon.features.texture.beside import PARTS


@pytest.fixture(scope="module")
def noise():
    """Whole numbers from 1 to 8 in a box of 12 mm."""
    values = np.random.default_rng(3).integers(1, 9, (12, 12, 12)).astype(np.float64)
    grid = Grid(values.shape, np.zeros(3), np.eye(3), np.ones(3))
    return Volume(values, grid, "1"), Mask(np.ones(values.shape, np.bool_), grid)


def test_a_region_that_has_every_feature_has_those_that_are_expected(noise):
    settings = PRESETS["ibsi-1-digital"]
    expected = expected_tags(FAMILIES, settings.dimensions)
    assert len(expected) == len(set(expected)) == 487
    assert set(measure_texture(*noise, settings)) == set(expected)


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_has_its_own_tags(noise, family):
    found = measure_texture(*noise, PRESETS["ibsi-1-digital"], families=[family])
    assert set(found) == set(expected_tags([family], PRESETS["ibsi-1-digital"].dimensions))


def test_every_feature_beside_ibsi_is_described_and_named_before_it_is_measured(noise):
    found = spatial_features(*noise)
    parts = [beside_names(part, 1.0) for part in (*PARTS, "lacunarity")]
    named = {name for part in parts for name in part}
    assert named == set(found)
    assert all(beside_entry(name) is not None for name in found)
    assert beside_entry("cm_contrast_3D_avg") is None


@pytest.mark.parametrize(
    ("unit", "image", "expected"),
    [
        ("{image}2", "[hnsf'U]", "[hnsf'U]2"),
        ("{image}2", "mg/cm3", "mg2/cm6"),
        ("{image}2", "/cm", "/cm2"),
        ("{image}2", "1", "1"),
        ("{image}.mm3", "mg/cm3", "mg/cm3.mm3"),
        ("{image}.mm3", "1", "mm3"),
        ("{image}", "1", "1"),
        ("/mm", "[hnsf'U]", "/mm"),
    ],
)
def test_units_follow_those_of_the_image(unit, image, expected):
    assert unit_in(unit, image) == expected


def test_the_ending_of_a_mapped_feature_may_be_left_out():
    assert mapped_tag("cm_contrast") == "cm_contrast_3D_comb"
    assert mapped_tag("rlm_sre") == "rlm_sre_3D_comb"
    assert mapped_tag("ngl_lde") == "ngl_lde_3D"
    assert mapped_tag("cm_contrast_3D_avg") == "cm_contrast_3D_avg"
    assert mapped_tag("stat_mean") == "stat_mean"
    assert mapped_tag("minkowski_3d_euler_2") == "minkowski_3d_euler_2"


@pytest.mark.parametrize(
    ("name", "says"),
    [("cm_contrst", "nearest is 'cm_contrast'"), ("zzz", "such as cm_contrast"), ("", "such as")],
)
def test_a_feature_that_there_is_not_cannot_be_mapped(name, says):
    with pytest.raises(UnknownName, match=says):
        mapped_tag(name)
