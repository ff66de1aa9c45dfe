"""Coarser bricks help to solve, and never change what is solved."""

import numpy as np
import pytest

from osteon.features.structure.strength.multigrid import Multigrid, levels
from osteon.features.structure.strength.solver import Stop, balance, dot

PRESSED = np.array([[False, False, False], [False, False, False], [False, False, True]])
PULL = np.diag([0.0, 0.0, 1.0])


def columns(side):
    """Upright columns of two by two voxels, one in four."""
    bone = np.zeros((side, side, side))
    bone[1::4, 1::4] = bone[2::4, 1::4] = bone[1::4, 2::4] = bone[2::4, 2::4] = 1.0
    return bone


def solid(modulus, plates=PRESSED):
    return Multigrid.of(levels(modulus, np.array([0.1, 0.1, 0.1]), 0.3), plates)


@pytest.mark.parametrize("plates", [PRESSED, np.ones((3, 3), bool)])
def test_the_rough_answer_is_symmetric_and_does_work(plates):
    """What conjugate gradients ask of a preconditioner, on a box of odd sides."""
    rng = np.random.default_rng(4)
    roughly = solid(np.where(rng.random((11, 13, 9)) < 0.6, rng.random((11, 13, 9)), 0.0), plates)
    assert len(roughly.levels) > 1
    size = (len(roughly.levels[0].elements.node), 3)
    one, other = (np.zeros(size), np.zeros(size))
    for field in (one, other):
        roughly.forces(rng.normal(size=size), field)
    answer = roughly.improve(one).copy()
    assert dot(one, answer) > 0
    assert dot(other, answer) == pytest.approx(dot(one, roughly.improve(other)), rel=1e-9)


def test_iterations_do_not_grow_with_the_number_of_bricks():
    """Those of plain conjugate gradients double when the side does."""
    needed = []
    for side in (8, 16, 32):
        pressed = solid(np.ones((side, side, side)), np.eye(3, dtype=bool) & PRESSED)
        start = np.ascontiguousarray(pressed.levels[0].elements.node @ PULL)
        start[pressed.levels[0].elements.node[:, 2] < side] = 0.0
        needed.append(balance(pressed, start, Stop(1e-6)).iterations)
    assert needed[2] <= needed[1] + 3


def test_columns_are_right_though_coarser_bricks_merge_them():
    """Four voxels apart, they are one block from the third level on."""
    pressed = solid(columns(16))
    elements = pressed.levels[0].elements
    assert len(pressed.levels) > 2
    start = np.ascontiguousarray(elements.node * 0.1 @ PULL)
    found = balance(pressed, start, Stop(1e-8))
    np.testing.assert_allclose(found.moved[:, 2], 0.1 * elements.node[:, 2], atol=1e-8)
    i, j, _ = elements.node.T
    edge = found.moved[(i <= 3) & (j == 1), 0]  # one side of one column, free to move as a whole
    assert np.ptp(edge) == pytest.approx(0.3 * 0.2, rel=1e-6)
