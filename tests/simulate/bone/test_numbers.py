"""Table of the specimens' structure: what it says is what their cubes measure."""

import numpy as np
import pytest

from osteon.core import BadSetting, Grid, Mask, UnknownName
from osteon.features.structure import trabecular
from osteon.simulate.bone.numbers import structure_numbers
from osteon.simulate.bone.specimens import specimen_cube, specimens


def test_the_table_tells_the_structure_of_a_real_cube():
    cube = specimen_cube("L1-68384")
    grid = Grid(cube.shape, np.zeros(3), np.eye(3), np.full(3, 0.05))
    real = trabecular(Mask(cube, grid), keep_maps=False)
    told = structure_numbers("L1-68384", float(cube.mean()))
    # Known gap: 10 % too thick; tiles are smoothed, the table is linear between four amounts.
    assert told.tb_th == pytest.approx(real.thickness.mean, rel=0.12)
    assert told.tb_sp == pytest.approx(real.separation.mean, rel=0.08)
    assert told.tb_n == pytest.approx(1 / real.mid_axes.mean, rel=0.08)


def test_more_bone_is_thicker_and_closer():
    for name in specimens():
        told = np.array([structure_numbers(name, amount) for amount in (0.05, 0.1, 0.2, 0.4)])
        assert (np.diff(told[:, 0]) > 0).all()
        assert (np.diff(told[:, 1]) < 0).all()


def test_lengths_grow_with_the_magnification():
    one = structure_numbers("L1-04216", 0.1)
    two = structure_numbers("L1-04216", 0.1, 2.0)
    assert two == pytest.approx((2 * one.tb_th, 2 * one.tb_sp, one.tb_n / 2))


def test_what_was_not_measured_is_refused():
    with pytest.raises(UnknownName, match="L1-04216"):
        structure_numbers("field", 0.1)
    with pytest.raises(BadSetting, match="BV/TV"):
        structure_numbers("L1-04216", 0.0)
    with pytest.raises(BadSetting, match="magnified"):
        structure_numbers("L1-04216", 0.1, -1.0)
