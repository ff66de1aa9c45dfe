"""Statistics of CT numbers are those on paper, with their unit, or are refused."""

import numpy as np
import pytest

from osteon.core import HU, MG_CM3, EmptyRegion, Grid, GridMismatch, Mask, UnitMismatch, Volume
from osteon.features import FEATURES, METHODS, Region, hu_statistics
from osteon.pipelines.structure_parts import parts_of
from osteon.regions import REGIONS

GRID = Grid((10, 10, 10), [0, 0, 0], np.eye(3), [0.5, 1, 2])
EVERYWHERE = Mask(np.ones(GRID.shape, bool), GRID)


def measured(scan, region):
    return {number.name: number for number in hu_statistics(scan, region)}


def line(values):
    """A scan that holds some values in a row, and the region of just them."""
    scan, region = np.full(GRID.shape, 3000.0), np.zeros(GRID.shape, bool)
    scan[: len(values), 0, 0] = values
    region[: len(values), 0, 0] = True
    return Volume(scan, GRID, HU), Region("L1", "core", Mask(region, GRID))


def test_statistics_of_five_values_are_those_on_paper():
    found = measured(*line([10, 20, 30, 40, 100]))
    expected = {
        "HU mean": 40.0,
        "HU median": 30.0,
        # squares of −30, −20, −10, 0, 60 are 5000; divided by 5
        "HU SD": np.sqrt(1000),
        # ranks 0.1 · 4 = 0.4 and so on, straight between neighbours
        "HU P10": 14.0,
        "HU P25": 20.0,
        "HU P75": 40.0,
        "HU P90": 76.0,
        "voxels": 5.0,
        "volume": 5.0,
    }
    assert {name: number.value for name, number in found.items()} == pytest.approx(expected)


def test_the_median_of_an_even_number_of_values_lies_between_the_middle_two():
    assert measured(*line([10, 20, 40, 70]))["HU median"].value == pytest.approx(30)


def test_the_mean_of_many_large_values_loses_no_digits():
    # in float32 a sum of a thousand such values would be off by tenths
    values = np.full(GRID.shape, 3000.1, np.float32)
    found = measured(Volume(values, GRID, HU), Region("L1", "core", EVERYWHERE))
    assert found["HU mean"].value == pytest.approx(3000.1, abs=1e-3)
    assert found["HU SD"].value == pytest.approx(0, abs=1e-6)


def test_each_number_carries_its_level_region_unit_and_method():
    for number in hu_statistics(*line([1, 2, 3])):
        assert (number.level, number.region) == ("L1", "core")
        assert number.unit == FEATURES[number.name].unit
        assert number.method == FEATURES[number.name].method


def test_a_volume_that_is_known_better_than_from_voxels_is_used():
    scan, region = line([1, 2, 3])
    known = Region("L1", "core", region.mask, volume=2.7)
    assert measured(scan, known)["volume"].value == pytest.approx(2.7)


def test_few_voxels_are_flagged_from_99_down():
    values = np.zeros(GRID.shape, bool)
    for count, flagged in ((99, True), (100, False)):
        values.flat[:count] = True
        scan = Volume(np.zeros(GRID.shape), GRID, HU)
        found = measured(scan, Region("L1", "oval", Mask(values.copy(), GRID)))
        codes = [flag.code for flag in found["HU median"].flags]
        assert codes == (["few-voxels"] if flagged else [])
        assert not flagged or "99 voxels" in found["HU median"].flags[0].text


def test_density_is_not_taken_for_hu():
    with pytest.raises(UnitMismatch, match="in 'mg/cm3', not"):
        hu_statistics(Volume(np.zeros(GRID.shape), GRID, MG_CM3), Region("L1", "core", EVERYWHERE))


def test_a_region_on_another_grid_is_refused_by_name():
    other = Grid(GRID.shape, [5, 0, 0], np.eye(3), GRID.spacing)
    region = Region("L1", "core", Mask(EVERYWHERE.values, other))
    with pytest.raises(GridMismatch, match=r"region core of L1 .* 5 mm away"):
        hu_statistics(Volume(np.zeros(GRID.shape), GRID, HU), region)


def test_an_empty_region_is_refused_by_name():
    empty = Region("L1", "oval", Mask(np.zeros(GRID.shape, bool), GRID))
    with pytest.raises(EmptyRegion, match="region oval of L1 has no voxel"):
        hu_statistics(Volume(np.zeros(GRID.shape), GRID, HU), empty)


def test_measuring_leaves_scan_and_region_alone():
    scan, region = line([1, 2, 3])
    before = scan.values.copy(), region.mask.values.copy()
    hu_statistics(scan, region)
    assert np.array_equal(scan.values, before[0])
    assert np.array_equal(region.mask.values, before[1])


def half_space(spacing, margin=4.0, end=20.0):
    """A block from depth `margin` to `end` mm, its depth running along x."""
    count = round(24 / spacing)
    grid = Grid((count, 3, 3), [spacing / 2, 0, 0], np.eye(3), [spacing, 1, 1])
    x = np.broadcast_to(grid.to_world(np.argwhere(np.ones(grid.shape)))[:, 0], (count * 9,))
    x = x.reshape(grid.shape)
    mask = Mask((x >= margin) & (x < end), grid)
    return x, Region("L1", "core", mask, None, Volume(x, grid, "mm"), margin)


@pytest.mark.parametrize("spacing", [0.1, 0.25, 0.5])
def test_the_uncertainty_of_a_slope_is_that_of_a_margin_known_to_half_a_millimetre(spacing):
    x, region = half_space(spacing)
    found = measured(Volume(10 * x, region.mask.grid, HU), region)
    # From 4.5 and from 3.5 to 20 mm the means of 10 x are 122.5 and 117.5: half of their
    # distance over √3. The median of a slope is its mean.
    for name in ("HU mean", "HU median"):
        assert found[name].uncertainty == pytest.approx(2.5 / np.sqrt(3), rel=0.01), name
    assert found["HU SD"].uncertainty is None


def test_in_a_uniform_body_the_margin_does_not_matter():
    x, region = half_space(0.5)
    found = measured(Volume(np.full_like(x, 120.0), region.mask.grid, HU), region)
    assert found["HU mean"].uncertainty == 0
    assert found["HU median"].uncertainty == 0


def test_without_a_depth_there_is_no_uncertainty():
    assert measured(*line([1, 2, 3]))["HU mean"].uncertainty is None


def test_every_feature_says_what_it_is_and_where_that_stands():
    for name, feature in FEATURES.items():
        assert feature.name == name
        for part in ("unit", "definition", "source", "range", "does_not"):
            assert getattr(feature, part).strip(), (name, part)
        assert feature.source.startswith("doi:10."), name
        assert feature.definition.endswith("."), name


OWN = {"threshold-binary", "threshold-fixed", "threshold-adaptive"}
"""Methods that need no source: a threshold as given, and no threshold at all."""


def test_every_feature_has_a_method_with_a_source():
    for feature in FEATURES.values():
        assert feature.method in METHODS or feature.name == "vBMD"
    for key, method in METHODS.items():
        assert method.key == key
        assert method.doi.startswith("doi:10.") or key in OWN
        assert bool(method.citation) == bool(method.doi)
        assert method.does.endswith(".")


def test_everything_measured_is_in_the_list_and_the_list_knows_nothing_else():
    measured_here = {number.name for number in hu_statistics(*line([1, 2, 3]))}
    sizes = {"height anterior", "height middle", "height posterior", "depth", "width"}
    structure = {
        name
        for mode in ("standard", "apparent", "srrd", "cortical")
        for part in parts_of(mode, grey=True, strength=True)
        for name in part.names
    }
    assert measured_here | sizes | {"vBMD"} | structure == set(FEATURES)


def test_every_region_is_explained():
    assert set(REGIONS) == {"core", "oval", "anterior"}
    assert all(text.endswith(".") for text in REGIONS.values())


def test_gas_in_a_region_is_flagged_with_its_voxels():
    found = measured(*line([100, -1024, 90, -600, 80, -499]))["HU mean"]
    flags = {flag.code: flag.text for flag in found.flags}
    assert flags["gas-or-missing-values"].startswith("2 voxel(s) below -500 HU")
    assert "gas-or-missing-values" not in {
        flag.code for flag in measured(*line([100, -499]))["HU mean"].flags
    }
