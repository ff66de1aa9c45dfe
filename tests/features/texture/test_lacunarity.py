"""Lacunarity of patterns whose boxes can be counted on paper."""

import numpy as np
import pytest

from osteon.core import BadSetting, EmptyRegion, GridMismatch, UnsuitableScan
from osteon.features.texture.lacunarity import lacunarity
from stretched_fields import mask_of, volume_of


def test_a_chequerboard_is_even_in_boxes_of_even_sides():
    chess = np.indices((12, 12, 12)).sum(axis=0) % 2 == 0
    found = lacunarity(mask_of(chess), sides=[1, 2, 3, 4])
    # boxes of 27 voxels hold 13 or 14
    assert found.values == pytest.approx([2, 1, (13**2 + 14**2) / 2 / 13.5**2, 1])


def test_noise_evens_out_with_the_volume_of_the_box():
    noise = np.random.default_rng(0).random((60, 60, 60)) < 0.3
    found = lacunarity(mask_of(noise))
    assert found.values == pytest.approx(1 + 0.7 / 0.3 / found.sides**3, rel=0.01)


def test_it_is_the_mean_over_boxes_by_hand():
    generator = np.random.default_rng(1)
    values, region = generator.random((7, 6, 8)), generator.random((7, 6, 8)) < 0.95
    held = [
        values[i : i + 4, j : j + 4, k : k + 2].sum()
        for i in range(4)
        for j in range(3)
        for k in range(7)
        if region[i : i + 4, j : j + 4, k : k + 2].all()
    ]
    volume = volume_of(np.where(region, values, np.nan), (0.5, 0.5, 1.0))
    found = lacunarity(volume, region=mask_of(region, (0.5, 0.5, 1.0)), sides=[2.0])
    assert found.values == pytest.approx([np.mean(np.square(held)) / np.mean(held) ** 2])
    assert found.named() == {"lacunarity_2mm": found.values[0]}


def test_constant_regions_have_1_and_boxes_that_do_not_fit_are_left_out():
    found = lacunarity(volume_of(np.full((5, 5, 5), 3.0)))
    assert found.sides.tolist() == [1, 2, 3, 4]
    assert found.values == pytest.approx(np.ones(4))
    one = np.zeros((4, 4, 4))
    one[1, 1, 1] = 1
    assert lacunarity(mask_of(one), region=mask_of(one)).sides.tolist() == [1]


def test_sides_whose_boxes_are_all_empty_are_left_out_unless_asked_for():
    region, phase = np.zeros((20, 8, 8), bool), np.zeros((20, 8, 8), bool)
    region[:8] = True
    region[10::2] = phase[10::2] = True
    found = lacunarity(mask_of(phase), region=mask_of(region))
    assert found.sides.tolist() == [1]
    assert found.values == pytest.approx([region.sum() / phase.sum()])
    with pytest.raises(EmptyRegion, match="boxes of 8 mm hold nothing"):
        lacunarity(mask_of(phase), region=mask_of(region), sides=[1, 8])


def test_bad_input_is_told_in_one_line():
    body, empty = mask_of(np.ones((4, 4, 4))), mask_of(np.zeros((4, 4, 4)))
    with pytest.raises(EmptyRegion, match="no voxel"):
        lacunarity(body, region=empty)
    with pytest.raises(EmptyRegion, match="holds nothing"):
        lacunarity(empty)
    with pytest.raises(GridMismatch):
        lacunarity(body, region=mask_of(np.ones((4, 4, 5))))
    with pytest.raises(BadSetting, match="no box of 5 mm"):
        lacunarity(body, sides=[5])
    with pytest.raises(BadSetting, match="smaller than a voxel"):
        lacunarity(body, sides=[0.4])
    for value in (np.nan, -1.0):
        values = np.ones((4, 4, 4))
        values[0, 0, 0] = value
        with pytest.raises(UnsuitableScan, match="0 and more"):
            lacunarity(volume_of(values))
