"""The nearest voxel outside is the one that SciPy finds, ties and all."""

import numpy as np
import pytest
from scipy import ndimage

from osteon.regions.nearest import nearest_outside


@pytest.mark.parametrize("steps", [(1.0, 1.0, 1.0), (0.7, 0.7, 1.25), (2.5, 0.683, 0.71)])
@pytest.mark.parametrize("share", [0.02, 0.5, 0.98])
def test_the_nearest_voxel_is_the_one_that_scipy_finds(steps, share):
    rng = np.random.default_rng(3)
    blobs = ndimage.gaussian_filter(rng.normal(size=(31, 22, 27)), 2)
    inside = blobs < np.quantile(blobs, share)
    expected = ndimage.distance_transform_edt(
        inside, sampling=steps, return_distances=False, return_indices=True
    )
    assert np.array_equal(nearest_outside(inside, np.array(steps)), expected)


def test_lines_and_planes_without_anything_outside_find_it_elsewhere():
    inside = np.ones((9, 8, 7), bool)
    inside[2, 3, 4] = False
    found = nearest_outside(inside, np.array([1.0, 2.0, 3.0]))
    assert (found == np.array([2, 3, 4])[:, None, None, None]).all()


def test_a_tie_goes_to_the_lower_index():
    inside = np.ones((1, 1, 5), bool)
    inside[0, 0, [0, 4]] = False
    assert nearest_outside(inside, np.ones(3))[2, 0, 0].tolist() == [0, 0, 0, 4, 4]
