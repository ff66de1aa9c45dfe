"""Interpolation, rounding, re-segmentation and binning of a region."""

import numpy as np
import pytest

from osteon.core import Grid, Mask, Volume
from osteon.features.texture.discretise import discretise
from osteon.features.texture.interpolation import target_grid
from osteon.features.texture.prepare import prepare
from osteon.features.texture.settings import (
    Discretisation,
    Interpolation,
    Resegmentation,
    TextureSettings,
)


def scan(values, spacing=(1.0, 1.0, 1.0), inside=None):
    grid = Grid(values.shape, np.array([5.0, -3.0, 8.0]), np.eye(3), np.array(spacing))
    mask = np.ones(values.shape, bool) if inside is None else inside
    return Volume(values, grid, "[hnsf'U]"), Mask(mask, grid)


RAMP = np.add.outer(np.add.outer(3.0 * np.arange(20), -2.0 * np.arange(18)), np.arange(16.0))


def test_new_voxels_cover_the_image_and_have_its_centre():
    grid = Grid((204, 201, 60), np.array([1.0, 2.0, 3.0]), np.eye(3), np.array([0.977, 0.977, 3.0]))
    onto = target_grid(grid, Interpolation((2.0, 2.0, 2.0)))
    assert onto.shape == (100, 99, 90)
    middles = [one.to_world((np.array(one.shape) - 1) / 2) for one in (grid, onto)]
    assert middles[0] == pytest.approx(middles[1])


@pytest.mark.parametrize("kernel", ["linear", "cubic"])
def test_a_ramp_stays_a_ramp_at_any_voxel_size(kernel):
    volume, mask = scan(RAMP, (0.8, 1.0, 3.0))
    settings = TextureSettings(Interpolation((1.1, 0.7, 2.0), image=kernel, rounded=False))
    found = prepare(volume, mask, settings)
    inner = np.argwhere(found.intensity)[::13]
    index = volume.grid.to_index(found.grid.to_world(inner))
    within = ((index >= 4) & (index <= np.array(RAMP.shape) - 5)).all(axis=1)
    expected = index[within] @ [3.0, -2.0, 1.0]
    assert found.values[tuple(inner[within].T)] == pytest.approx(expected, abs=0.05)
    assert np.count_nonzero(within) > 10


def test_a_part_of_the_image_is_interpolated_as_the_whole_is():
    rng = np.random.default_rng(0)
    values = rng.normal(0, 50, (70, 40, 30))
    inside = np.zeros(values.shape, bool)
    inside[30:36, 18:24, 12:17] = True
    settings = TextureSettings(Interpolation((1.7, 1.3, 0.8), image="cubic", rounded=False))
    part = prepare(*scan(values, inside=inside), settings)
    whole = prepare(*scan(values), settings)
    index = whole.grid.to_index(part.grid.to_world(np.argwhere(part.intensity)))
    again = whole.values[tuple(np.rint(index).astype(int).T)]
    assert part.inside == pytest.approx(again, abs=1e-9)
    assert part.values.size < whole.values.size / 2


def test_a_voxel_belongs_to_the_region_from_half_on():
    inside = np.zeros((8, 8, 8), bool)
    inside[:4] = True
    volume, mask = scan(np.zeros((8, 8, 8)), inside=inside)
    halves = prepare(volume, mask, TextureSettings(Interpolation((3.0, None, None))))
    # the new centres are 0.5, 3.5 and 6.5 of the old ones: 3.5 is exactly half inside
    more = Interpolation((3.0, None, None), share=0.6)
    fewer = prepare(volume, mask, TextureSettings(more))
    assert np.count_nonzero(halves.intensity[:, 0, 0]) == 2
    assert np.count_nonzero(fewer.intensity[:, 0, 0]) == 1


def test_values_are_rounded_where_asked():
    settings = Interpolation((0.7, 0.7, 0.7))
    assert (prepare(*scan(RAMP), TextureSettings(settings)).values % 1 == 0).all()


def test_limits_and_outliers_take_voxels_from_what_counts_but_not_from_the_shape():
    values = np.zeros((10, 10, 10))
    values[0, 0, :3] = [-600.0, 90.0, 1000.0]
    ranged = TextureSettings(resegmentation=Resegmentation(-500.0, 400.0))
    found = prepare(*scan(values), ranged)
    assert (found.inside.size, found.inside.max()) == (998, 90.0)
    assert found.morphological.all()
    # mean and deviation are those before the limits: 90 is no outlier, 1000 and −600 are
    both = TextureSettings(resegmentation=Resegmentation(None, 400.0, outliers=3.0))
    assert prepare(*scan(values), both).inside.size == 998


@pytest.mark.parametrize(
    ("discretisation", "expected", "count"),
    [
        (Discretisation("bin-number", bins=4), [1, 2, 3, 4, 4, 4], 4),
        (Discretisation("bin-size", size=10.0), [1, 2, 3, 4, 5, 5], 5),
        (Discretisation("bin-size", size=10.0, lowest=-20.0), [3, 4, 5, 6, 7, 7], 7),
    ],
)
def test_levels_are_bins_from_one_on(discretisation, expected, count):
    values = np.array([0.0, 10.0, 20.0, 30.0, 40.0, 40.0]).reshape(1, 2, 3)
    levels = discretise(prepare(*scan(values), TextureSettings()), discretisation)
    assert levels.levels.ravel().tolist() == expected
    assert levels.count == count


def test_bins_of_one_size_start_where_the_range_does():
    settings = TextureSettings(
        resegmentation=Resegmentation(-500.0, 400.0),
        discretisation=Discretisation("bin-size", size=25.0),
    )
    region = prepare(*scan(np.full((3, 3, 3), 10.0)), settings)
    assert set(discretise(region, settings.discretisation).levels.ravel()) == {21}


@pytest.mark.parametrize("largest", [300.0, 32767.0, 32768.0, 1e9])
@pytest.mark.parametrize("part", [0.0, 0.5])
def test_values_come_in_order_whatever_numbers_they_are(largest, part):
    values = np.array([largest, -300.0, part, 7.0, -largest, 0.0]).reshape(1, 2, 3)
    region = prepare(*scan(values), TextureSettings())
    assert region.ordered.tolist() == sorted(values.ravel().tolist())


@pytest.mark.parametrize("middle", [0.0, -1024.0, 2.0**52, 2.0**55])
def test_whole_numbers_close_together_come_in_order_too(middle):
    values = middle + np.random.default_rng(0).integers(-20, 20, (6, 5, 4)) * 2.0
    region = prepare(*scan(values), TextureSettings())
    assert region.ordered.tolist() == sorted(values.ravel().tolist())
