"""Descriptors of neighbourhoods: what they do not care for, and what they find."""

import numpy as np
import pytest

from bones_of_registration import STILL, bone, both, ct, grid, mr, off_by
from osteon.core import BadSetting
from osteon.registration import Rigid, RigidSettings, register_rigid, registration_error
from osteon.registration.mind import descriptors

TRUE = Rigid.about((0, 0, 0), turn_deg=(4, -6, 9), shift_mm=(5, -4, 7))


def pattern(seed=3):
    return np.random.default_rng(seed).normal(size=(9, 10, 11)).astype(np.float32)


def test_contrast_sign_and_offset_of_an_image_do_not_matter():
    np.testing.assert_allclose(
        descriptors(5 - 3 * pattern()), descriptors(pattern()), rtol=1e-4, atol=1e-5
    )


def test_the_neighbour_that_is_most_alike_is_told():
    # grey values change along i alone: neighbours along j and k are alike, those along i are not
    steps = np.broadcast_to((np.arange(9.0) ** 2)[:, None, None], (9, 9, 9)).astype(np.float32)
    told = descriptors(steps)[4, 4, 4]
    np.testing.assert_allclose(told[[1, 2, 4, 5]], 1, atol=1e-6)
    # six distances add up to six times their mean, and two of them are all there is
    assert told[0] * told[3] == pytest.approx(np.exp(-6), rel=1e-4)
    assert told[0] < told[3]  # upwards the square rises more


def test_a_flat_image_has_finite_descriptors():
    np.testing.assert_array_equal(descriptors(np.ones((5, 5, 5), np.float32)), 1)


def test_mr_is_laid_over_ct_by_its_descriptors():
    moving = mr(grid(half=(52, 52, 52)), dict.fromkeys(STILL, TRUE), noise=0.01)
    settings = RigidSettings(
        metric="mind", levels_mm=(5.0, 3.0), reach_mm=6, reach_deg=5, poses=8, descents=1, steps=10
    )
    found = register_rigid(
        ct(noise=5), moving, fixed_mask=both(), start=TRUE @ off_by(5, 4, 1), settings=settings
    )
    assert found.failed is None
    # half a voxel
    assert registration_error(found.transform, TRUE, bone("femur")).median < 1.5


def test_descriptors_on_the_images_own_voxels_are_refused():
    with pytest.raises(BadSetting, match="cubic voxels"):
        RigidSettings(metric="mind", levels_mm=(2.0, 0.0))
