"""Similarities against values known from information theory."""

import numpy as np
import pytest

from osteon.core import Grid, Volume
from osteon.registration import Rigid
from osteon.registration.similarity import BINS, Similarity

ON = Grid((BINS, 20, 20), (0, 0, 0), np.eye(3), (1, 1, 1))
STEPS = np.broadcast_to(np.arange(BINS)[:, None, None] / (BINS - 1), ON.shape)


def alike(fixed, moving, metric="mutual-information", allowed=None, move=None):
    index = np.argwhere(np.ones(ON.shape, bool))
    return Similarity(
        ON.to_world(index),
        np.asarray(fixed, float)[tuple(index.T)],
        Volume(np.asarray(moving, np.float32), ON, "1"),
        allowed,
        metric,
    ).at(move or Rigid.identity())


def test_an_image_tells_of_itself_what_its_classes_hold():
    # as many voxels in each class: the entropy is that of a fair die with so many sides
    assert alike(STEPS, STEPS) == pytest.approx((np.log(BINS), 1), rel=1e-5)


def test_the_names_of_grey_values_do_not_matter():
    shuffled = np.random.default_rng(0).permutation(BINS)[np.arange(BINS)]
    other = np.broadcast_to(shuffled[:, None, None] / (BINS - 1), ON.shape)
    assert alike(STEPS, other)[0] == pytest.approx(np.log(BINS), rel=1e-5)


def test_images_that_do_not_know_each_other_tell_nothing():
    other = np.broadcast_to((np.arange(20) % 2)[None, :, None], ON.shape)
    assert alike(STEPS, other)[0] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("slope", [0.5, -0.5])
def test_correlation_does_not_care_for_scale_and_sign(slope):
    assert alike(STEPS, 0.5 + slope * (STEPS - 0.5), "correlation")[0] == pytest.approx(1)


def test_a_flat_image_is_like_nothing():
    flat = np.full(ON.shape, 0.4)
    assert alike(STEPS, flat, "correlation")[0] == 0
    assert alike(STEPS, flat)[0] == pytest.approx(0, abs=1e-6)


def test_places_that_are_not_shown_tell_nothing():
    half = np.zeros(ON.shape, np.float32)
    half[:, :10] = 1
    value, seen = alike(STEPS, STEPS, allowed=half)
    assert seen == 0.5
    assert value == pytest.approx(0.5 * np.log(BINS), rel=1e-5)


def test_where_hardly_anything_is_shown_nothing_is_alike():
    away = Rigid.about((0, 0, 0), shift_mm=(0, 15, 0))
    assert alike(STEPS, STEPS, move=away) == pytest.approx((0, 0.25))
