"""Masks of vertebrae as a program draws them: near the truth, and not the truth."""

import numpy as np

from osteon.core import Grid, Labels
from osteon.regions import name_levels
from osteon.simulate.cohort.drawn import NUMBERS, drawn_vertebrae


def objects():
    """Two balls of 24 mm across and a block that is no vertebra, on an oblique grid."""
    turn = np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    grid = Grid((60, 60, 50), np.array([10.0, -20.0, 5.0]), turn, np.array([0.7, 0.7, 1.25]))
    index = np.moveaxis(np.indices(grid.shape), 0, -1) * grid.spacing
    values = np.zeros(grid.shape, np.uint8)
    for number, height in ((3, 16.0), (4, 48.0)):
        values[((index - [21.0, 21.0, height]) ** 2).sum(axis=-1) < 12.0**2] = number
    values[:5] = 9
    return Labels(values, grid, {3: "L2", 4: "L1", 9: "liver", 12: "T12"})


def test_drawn_vertebrae_lie_where_the_true_ones_do_but_not_voxel_by_voxel():
    true = objects()
    drawn = drawn_vertebrae(true)
    assert drawn.grid is true.grid
    assert set(np.unique(drawn.values)) == {0, NUMBERS["L2"], NUMBERS["L1"]}
    for number, name in ((3, "L2"), (4, "L1")):
        was, is_now = true.values == number, drawn.values == NUMBERS[name]
        overlap = 2 * (was & is_now).sum() / (was.sum() + is_now.sum())
        assert 0.93 < overlap < 0.995
        shift = np.argwhere(was).mean(axis=0) - np.argwhere(is_now).mean(axis=0)
        assert np.abs(shift * true.grid.spacing).max() < 0.75


def test_the_numbers_say_which_vertebra_it_is():
    drawn = drawn_vertebrae(objects())
    levels = name_levels(Labels(drawn.values, drawn.grid)).levels
    assert dict(levels) == {"L1": NUMBERS["L1"], "L2": NUMBERS["L2"]}
