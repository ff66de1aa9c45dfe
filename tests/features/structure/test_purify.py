"""Specks of bone go, cavities are filled, and nothing else changes."""

import numpy as np
import pytest
from scipy import ndimage

from osteon.core import EmptyRegion, Grid, Mask
from osteon.features import FEATURES, METHODS
from osteon.features.structure.phases.purify import purify


def mask(values):
    return Mask(np.asarray(values, bool), Grid(np.shape(values), [0, 0, 0], np.eye(3), [0.1] * 3))


def cube(size=14, low=3, high=11):
    bone = np.zeros((size, size, size), bool)
    bone[low:high, low:high, low:high] = True
    return bone


def test_a_speck_beside_the_bone_goes():
    bone = cube()
    bone[13, 13, 12:] = True
    found = purify(mask(bone))
    assert (found.mask.values == cube()).all()
    assert found.named() == {"purified bone": 2, "purified marrow": 0}


def test_bone_that_touches_with_a_corner_stays():
    bone = cube()
    bone[11, 11, 11] = True
    assert (purify(mask(bone)).mask.values == bone).all()


def test_a_cavity_is_filled_even_if_it_touches_marrow_with_an_edge():
    bone = cube()
    bone[5:7, 5:7, 5:8] = False
    found = purify(mask(bone))
    assert (found.mask.values == cube()).all()
    assert (found.removed, found.filled) == (0, 12)
    notched = cube()
    notched[3, 3, 5] = notched[4, 4, 5] = False
    expected = cube()
    expected[3, 3, 5] = False
    assert (purify(mask(notched)).mask.values == expected).all()


def test_a_speck_in_a_cavity_goes_with_it():
    bone = cube()
    bone[5:10, 5:10, 5:10] = False
    bone[7, 7, 7] = True
    found = purify(mask(bone))
    assert (found.mask.values == cube()).all()
    # the speck becomes marrow first, and the cavity is then filled whole
    assert (found.removed, found.filled) == (1, 125)


def test_marrow_that_reaches_the_border_stays_however_small():
    bone = np.ones((10, 10, 10), bool)
    bone[:6, 4, 4] = bone[9, 9, 2:4] = False
    found = purify(mask(bone))
    assert (found.mask.values == bone).all()
    assert found.filled == 0


def test_the_largest_piece_of_marrow_stays_though_bone_shuts_it_in():
    bone = np.ones((10, 10, 10), bool)
    bone[2:6, 2:6, 2:6] = False
    kept = bone.copy()
    bone[8, 8, 8] = False
    assert (purify(mask(bone)).mask.values == kept).all()


@pytest.mark.parametrize("seed", [0, 1, 2])
@pytest.mark.parametrize("order", ["C", "F"])
def test_noise_comes_out_as_from_labels_and_filled_holes(seed, order):
    noise = ndimage.gaussian_filter(np.random.default_rng(seed).standard_normal((30, 28, 26)), 1)
    bone = np.asarray(noise > 0.1, order=order)
    labels, _ = ndimage.label(bone, np.ones((3, 3, 3)))
    sizes = np.bincount(labels.ravel())
    largest = labels == sizes[1:].argmax() + 1
    found = purify(mask(bone))
    assert (found.mask.values == ndimage.binary_fill_holes(largest)).all()
    assert found.removed == (bone & ~largest).sum() > 0
    assert found.filled == (found.mask.values & ~largest).sum()


def test_purifying_twice_changes_nothing_more_and_leaves_its_input_alone():
    bone = np.random.default_rng(4).random((20, 20, 20)) < 0.5
    before = bone.copy()
    once = purify(mask(bone))
    assert (bone == before).all()
    again = purify(once.mask)
    assert (again.removed, again.filled) == (0, 0)
    assert (again.mask.values == once.mask.values).all()


def test_much_that_was_purified_is_flagged():
    bone = cube()
    assert purify(mask(bone)).flags == ()
    bone[:2] = True
    assert [flag.code for flag in purify(mask(bone)).flags] == ["purified-much"]


def test_without_bone_there_is_nothing_to_purify():
    with pytest.raises(EmptyRegion, match="no bone"):
        purify(mask(np.zeros((4, 4, 4))))


def test_all_bone_is_bone_in_one_piece():
    found = purify(mask(np.ones((4, 4, 4))))
    assert found.mask.values.all()
    assert (found.removed, found.filled) == (0, 0)


def test_each_number_is_in_the_list_with_its_method():
    for name in purify(mask(cube())).named():
        assert METHODS[FEATURES[name].method].doi == FEATURES[name].source
