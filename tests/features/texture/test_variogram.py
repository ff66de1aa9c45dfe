"""Variograms of fields whose correlation is known, and of all pairs by hand."""

from itertools import combinations

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, GridMismatch, UnsuitableScan
from osteon.features.texture.variogram import variogram
from stretched_fields import mask_of, stretched_field, unit, volume_of


def test_it_is_half_the_mean_squared_difference_of_all_pairs():
    generator = np.random.default_rng(0)
    values, region = generator.random((5, 4, 6)) + 50, generator.random((5, 4, 6)) < 0.8
    spacing = np.array([0.5, 0.7, 1.0])
    there = np.argwhere(region)
    bins = {}
    for a, b in combinations(there, 2):
        way = np.linalg.norm((a - b) * spacing)
        if way <= 3:
            bins.setdefault(round(way), []).append((values[tuple(a)] - values[tuple(b)]) ** 2 / 2)
    volume = volume_of(np.where(region, values, np.nan), spacing)
    found = variogram(volume, region=mask_of(region, spacing), reach=3.0)
    exact = [np.mean(bins[n]) for n in sorted(bins)]
    assert found.values == pytest.approx(exact)
    assert found.pairs.tolist() == [len(bins[n]) for n in sorted(bins)]


def test_a_field_has_the_variogram_of_its_correlation():
    field = stretched_field((72,) * 3, (0.5,) * 3, unit(1, 1, 1), 1.0)
    found = variogram(volume_of(field * 20 + 300, (0.5,) * 3))
    exact = 400 * (1 - np.exp(-(found.distances**2) / 2))
    assert found.values == pytest.approx(exact, abs=20)
    assert found.sill == pytest.approx(400, rel=0.03)
    assert found.range == pytest.approx(np.sqrt(2 * np.log(20)), abs=0.2)
    assert found.flags == ()


def test_noise_has_slope_0_and_a_ramp_2():
    noise = np.random.default_rng(1).standard_normal((40, 40, 40))
    found = variogram(volume_of(noise))
    assert found.slope == pytest.approx(0, abs=0.01)
    assert found.named()["variogram_sill"] == pytest.approx(1, abs=0.02)
    ramp = np.zeros((60, 60, 60)) + np.arange(60.0)
    found = variogram(volume_of(ramp))
    assert found.slope == pytest.approx(2, abs=0.1)
    assert [flag.code for flag in found.flags] == ["no-sill"]


def test_a_walk_has_slope_1():
    walks = np.cumsum(np.random.default_rng(2).standard_normal((400, 3, 3)), axis=0)
    thin = variogram(volume_of(walks[:, :1, :1]), reach=10)
    assert thin.values == pytest.approx(thin.distances / 2, rel=0.25)
    assert thin.slope == pytest.approx(1, abs=0.1)


def test_a_constant_region_has_sill_0_and_a_flag():
    found = variogram(volume_of(np.full((8, 8, 8), 1234.5)))
    assert found.named() == {
        "variogram_slope": None,
        "variogram_sill": 0.0,
        "variogram_range": None,
    }
    assert [flag.code for flag in found.flags] == ["constant"]


def test_bad_input_is_told_in_one_line():
    volume = volume_of(np.random.default_rng(3).random((8, 8, 8)))
    one = np.zeros((8, 8, 8))
    one[1, 1, 1] = 1
    with pytest.raises(EmptyRegion, match="no voxel"):
        variogram(volume, region=mask_of(np.zeros((8, 8, 8))))
    with pytest.raises(EmptyRegion, match="no two voxels"):
        variogram(volume, region=mask_of(one))
    with pytest.raises(GridMismatch):
        variogram(volume, region=mask_of(np.ones((8, 8, 7))))
    with pytest.raises(BadSetting, match="at least 3 mm"):
        variogram(volume, reach=2)
    volume.values[0, 0, 0] = np.nan
    with pytest.raises(UnsuitableScan, match="1 voxels"):
        variogram(volume)


def test_pairs_that_are_alike_have_no_say_in_the_slope():
    values = np.array([5.0, 5, 9, 9, 5, 5]).reshape(6, 1, 1)
    found = variogram(volume_of(values))
    # pairs 4 and 5 apart are alike
    assert found.values == pytest.approx([3.2, 8, 16 / 3, 0, 0])
    assert found.values[3:].tolist() == [0, 0]
    expected = np.polyfit(np.log([1, 2, 3]), np.log([3.2, 8, 16 / 3]), 1)[0]
    assert found.slope == pytest.approx(expected)
    assert (found.sill, found.range) == (0.0, None)
