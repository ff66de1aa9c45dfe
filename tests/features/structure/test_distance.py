"""Distances are those of plain sums over all background voxels, as whole numbers."""

import numpy as np
import pytest

from osteon.core import EmptyRegion, Grid, Mask
from osteon.features.structure.thickness.distance import distance_map, squared_distances
from osteon.features.structure.thickness.metric import Metric


def mask(values, spacing=(1.0, 1.0, 1.0)):
    return Mask(values, Grid(values.shape, np.zeros(3), np.eye(3), np.array(spacing)))


def nearest_background(values, spacing):
    inside, outside = np.argwhere(values) * spacing, np.argwhere(~values) * spacing
    away = np.zeros(values.shape)
    for voxel in inside:
        at = tuple(np.rint(voxel / spacing).astype(int))
        away[at] = np.sqrt(((outside - voxel) ** 2).sum(axis=1).min())
    return away


@pytest.mark.parametrize("spacing", [(1, 1, 1), (0.1, 0.1, 0.3), (0.7031, 0.7031, 2.5)])
@pytest.mark.parametrize("share", [0.05, 0.9, 0.999])
def test_distance_is_that_to_the_nearest_of_all_background_voxels(spacing, share):
    values = np.random.default_rng(5).random((13, 17, 11)) < share
    found = distance_map(mask(values, spacing)).values
    assert np.allclose(found, nearest_background(values, np.array(spacing)), rtol=1e-6)


def test_one_voxel_of_background_is_seen_from_everywhere():
    values = np.ones((40, 30, 20), bool)
    values[3, 29, 7] = False
    found = squared_distances(values, Metric.of(mask(values).grid))
    i, j, k = np.indices(values.shape)
    assert (found == (i - 3) ** 2 + (j - 29) ** 2 + (k - 7) ** 2).all()


def test_an_image_seen_from_behind_has_the_same_distances():
    values = np.random.default_rng(1).random((9, 20, 31)) < 0.97
    forward = distance_map(mask(values)).values
    assert (
        distance_map(mask(np.asfortranarray(values[::-1, ::-1]))).values == forward[::-1, ::-1]
    ).all()


def test_no_background_is_told():
    with pytest.raises(EmptyRegion, match="at least one outside"):
        distance_map(mask(np.ones((3, 4, 5), bool)))


@pytest.mark.parametrize(
    ("spacing", "weights"),
    [
        ((0.05, 0.05, 0.05), (1, 1, 1)),
        ((0.05, 0.05, 0.1), (1, 1, 4)),
        ((0.3, 0.2, 0.5), (9, 4, 25)),
        (tuple(np.float32([0.05, 0.05, 0.1]).astype(float)), (1, 1, 4)),
    ],
)
def test_spacings_in_a_ratio_of_whole_numbers_keep_it_exactly(spacing, weights):
    metric = Metric.of(mask(np.zeros((200, 200, 200), bool), spacing).grid)
    assert metric.weights == weights
    assert metric.unit_mm * np.sqrt(weights) == pytest.approx(spacing, rel=1e-6)


def test_spacings_that_share_nothing_still_fit_the_integers():
    metric = Metric.of(mask(np.zeros((900, 900, 300), bool), (0.976563, 0.976563, 3.270002)).grid)
    assert sum(w * n * n for w, n in zip(metric.weights, (900, 900, 300), strict=True)) < 2**61
    assert metric.unit_mm * np.sqrt(metric.weights) == pytest.approx(
        (0.976563, 0.976563, 3.270002), rel=1e-5
    )
