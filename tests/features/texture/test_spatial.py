"""All numbers beside IBSI come from one call, each a number or None."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion
from osteon.features.texture.minkowski.anisotropic import solid_directions
from osteon.features.texture.spatial import spatial_features
from stretched_fields import mask_of, stretched_field, unit, volume_of

SPACING = (0.5, 0.5, 1.0)


@pytest.fixture(scope="module")
def scan():
    return volume_of(stretched_field((40, 40, 20), SPACING, unit(1, 2, 3), 2.0) + 200, SPACING)


@pytest.fixture(scope="module")
def region():
    places = (np.indices((40, 40, 20)).T - (19.5, 19.5, 9.5)) * SPACING
    return mask_of(np.linalg.norm(places, axis=-1).T < 9, SPACING)


def test_every_number_is_finite_and_says_what_its_part_says(scan, region):
    found = spatial_features(scan, region)
    assert len(found) == 9 * 7 + 45 + 6 + 4 + 6 + 3
    assert all(np.isfinite(value) for value in found.values() if value is not None)
    assert found["minkowski_3d_volume_5"] == pytest.approx(0.5, abs=0.01)
    median = np.median(scan.values[region.values])
    along = solid_directions(mask_of(scan.values >= median, SPACING), region=region)
    name = "minkowski_directional_volume_fractional_anisotropy"
    assert found[name] == pytest.approx(along.anisotropy)


def test_missing_values_outside_the_region_change_nothing_but_its_rim(scan, region):
    values = scan.values.copy()
    values[0, 0, 0] = np.nan
    changed = spatial_features(volume_of(values, SPACING), region)
    assert changed == pytest.approx(spatial_features(scan, region))


def test_a_constant_region_has_the_values_of_a_solid(region):
    found = spatial_features(volume_of(np.full((40, 40, 20), 7.0), SPACING), region)
    assert found["minkowski_3d_surface_1"] == 0
    assert found["minkowski_directional_volume_fractional_anisotropy"] == 0
    assert found["minkowski_w1_02_eigenvalue_ratio"] is None
    assert found["fractal_relief_dimension"] == 3
    assert found["lacunarity_2mm"] == pytest.approx(1)
    assert found["variogram_slope"] is None


def test_empty_and_tiny_regions_are_told_in_one_line(scan):
    with pytest.raises(EmptyRegion, match="no voxel"):
        spatial_features(scan, mask_of(np.zeros((40, 40, 20)), SPACING))
    one = np.zeros((40, 40, 20))
    one[5, 5, 5] = 1
    with pytest.raises(BadSetting, match="Take a smaller kernel"):
        spatial_features(scan, mask_of(one, SPACING))
