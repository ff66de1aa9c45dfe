"""Dice and Jaccard of boxes whose overlap can be counted on paper."""

import numpy as np
import pytest

from osteon.core import EmptyRegion, Grid, GridMismatch, Mask
from osteon.evaluate.images import dice, jaccard


def box(start, stop, *, shape=(12, 10, 8), spacing=(1.0, 1.0, 1.0)):
    values = np.zeros(shape, bool)
    values[tuple(slice(a, b) for a, b in zip(start, stop, strict=True))] = True
    return Mask(values, Grid(shape, np.zeros(3), np.eye(3), np.array(spacing)))


def test_boxes_that_share_half():
    a, b = box((0, 0, 0), (4, 4, 4)), box((2, 0, 0), (6, 4, 4))
    assert dice(a, b) == pytest.approx(0.5)
    assert jaccard(a, b) == pytest.approx(1 / 3)
    assert dice(b, a) == dice(a, b)


def test_equal_masks_have_1_and_apart_0():
    a = box((0, 0, 0), (12, 10, 8))
    assert (dice(a, a), jaccard(a, a)) == (1, 1)
    b, c = box((0, 0, 0), (2, 2, 2)), box((5, 5, 5), (6, 6, 6))
    assert (dice(b, c), jaccard(b, c)) == (0, 0)


def test_one_empty_mask_has_0_and_two_are_refused():
    a, none = box((0, 0, 0), (2, 2, 2)), box((0, 0, 0), (0, 0, 0))
    assert (dice(a, none), jaccard(none, a)) == (0, 0)
    with pytest.raises(EmptyRegion, match="both masks are empty"):
        dice(none, none)


def test_masks_of_other_voxels_are_refused():
    a, b = box((0, 0, 0), (2, 2, 2)), box((0, 0, 0), (2, 2, 2), spacing=(1, 1, 1.1))
    with pytest.raises(GridMismatch, match="second mask"):
        dice(a, b)
