"""Lin's concordance against its definition, its limits and a simulated variance."""

import numpy as np
import pytest

from osteon.core import UnusableTable
from osteon.evaluate.agreement import concordance, icc


def pair(n=50, seed=0, shift=0.5, scale=1.2):
    rng = np.random.default_rng(seed)
    truth = rng.normal(0, 1, n)
    return truth + rng.normal(0, 0.5, n), shift + scale * truth + rng.normal(0, 0.5, n)


def test_it_is_one_less_the_distance_from_the_line_over_that_of_unrelated_columns():
    x, y = pair()
    apart = ((x - y) ** 2).mean()
    by_chance = np.subtract.outer(x, y)
    found = concordance(x, y)
    assert found.value == pytest.approx(1 - apart / (by_chance**2).mean(), rel=1e-12)
    assert found.low < found.value < found.high


def test_it_nears_the_icc_of_absolute_agreement_with_many_rows():
    x, y = pair(20_000)
    both = icc(np.column_stack([x, y]))["ICC(2,1)"].value
    assert concordance(x, y).value == pytest.approx(both, abs=1e-4)


def test_its_interval_is_as_wide_as_it_scatters():
    # unequal means and spreads, so that all three terms of the variance count
    z = [np.arctanh(concordance(*pair(200, seed, shift=1.5)).value) for seed in range(1500)]
    one = concordance(*pair(20_000, 7, shift=1.5))
    width = (np.arctanh(one.high) - np.arctanh(one.low)) / (2 * 1.959964)
    # sd of 1500 draws is known to 2 %
    assert np.std(z) * np.sqrt(198) == pytest.approx(width * np.sqrt(19_998), rel=0.06)


def test_columns_that_are_equal_have_concordance_one():
    found = concordance([0.1, 0.2, 0.7], [0.1, 0.2, 0.7])
    assert (found.value, found.low, found.high) == (1, 1, 1)
    assert "no width" in found.note


def test_unrelated_columns_have_an_interval_around_zero():
    found = concordance([1, 2, 1, 2], [1, 1, 2, 2])
    assert found.value == 0
    assert found.low == pytest.approx(-found.high)
    assert found.high > 0


def test_opposite_columns_have_concordance_minus_one():
    assert concordance([1, 2, 3], [3, 2, 1]).value == -1


def test_a_constant_column_is_refused():
    with pytest.raises(UnusableTable, match="constant column"):
        concordance([1, 2, 3], [2, 2, 2])
