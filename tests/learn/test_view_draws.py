"""Every kind of pre-training looks at the windows that it should."""

from dataclasses import replace

import numpy as np
import pytest

from osteon.learn.pretraining import KINDS, PretrainSettings, Views
from osteon.learn.view_draws import Drawn, groups_of

STEP = 20
"""HU by which windows differ, so that a view tells its number."""


def drawn(kind, slope=0.0):
    """Views of 6 vertebrae with 4 windows, textures in pairs; grey values rise to the back."""
    number = np.arange(24)
    ramp = slope * np.linspace(-0.5, 0.5, 12)[None, None, :, None]
    hu = np.rint(number[:, None, None, None] * STEP + ramp + np.zeros((24, 12, 12, 12)))
    texture = (number // 2)[:, None] * 5.0 + 0.01 * (number % 2)[:, None]
    views = Views(
        hu.astype(np.int16),
        np.full(hu.shape, 2, np.uint8),
        np.ones(24),
        number // 4,
        texture.astype(np.float32),
        number[:, None].astype(np.float32),
    )
    settings = replace(PretrainSettings(kind=kind, noise=0.0), near=0.5, partners=2)
    return Drawn(views, groups_of(views.group), settings)


def numbers(voxels):
    """Numbers of the windows that views are of."""
    return np.rint((voxels[:, 0].mean(dim=(1, 2, 3)).numpy() * 250 + 150) / STEP).astype(int)


@pytest.mark.parametrize("kind", KINDS)
def test_second_views_are_of_a_like_window_or_of_the_same_one(kind):
    draw, rng = drawn(kind), np.random.default_rng(0)
    for _ in range(5):
        seen = draw(6, rng)
        first, second = numbers(seen.one), numbers(seen.other)
        assert sorted(first // 4) == list(range(6))  # a window of each vertebra
        assert np.array_equal(seen.radiomics[:, 0].numpy(), first)
        like = first + 1 - 2 * (first % 2)  # the other window of the pair
        assert np.array_equal(second, like if kind == "tp-swav" else first)


@pytest.mark.parametrize("kind", KINDS)
def test_only_plain_swav_crops_and_enlarges(kind):
    seen = drawn(kind, slope=100.0)(6, np.random.default_rng(0))
    for voxels in (seen.one, seen.other):
        range_hu = 250 * (voxels[:, 0, 0, -1, 0] - voxels[:, 0, 0, 0, 0]).numpy()
        if kind == "swav":
            assert range_hu.min() < 90
        else:
            assert range_hu == pytest.approx(100.0, abs=1.0)


def test_a_batch_larger_than_the_pool_repeats_vertebrae():
    assert len(drawn("mae")(40, np.random.default_rng(0)).one) == 40
