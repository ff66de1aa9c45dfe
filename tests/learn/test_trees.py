"""Boosted trees on tables of features."""

import numpy as np
import pytest

from osteon.core import BadSetting, UnusableTable
from osteon.learn.trees import TreeSettings, grow_trees

FEW = TreeSettings(trees=40)


def rows(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    table = np.random.default_rng(seed).normal(size=(count, 4))
    return table, np.stack([np.abs(table[:, 0]), table[:, 1] * table[:, 2]], axis=1)


def test_bent_and_joint_relations_are_found_in_rows_never_seen():
    trees = grow_trees(*rows(600, 0), settings=FEW)
    table, targets = rows(200, 1)
    told = trees.predict(table)
    assert np.corrcoef(told[:, 0], targets[:, 0])[0, 1] > 0.95
    assert np.corrcoef(told[:, 1], targets[:, 1])[0, 1] > 0.7


def test_a_row_without_one_target_still_serves_the_other():
    table, targets = rows(200, 0)
    holes = targets.copy()
    holes[:120, 1] = np.nan
    whole, partial = (grow_trees(table, t, settings=FEW).predict(table) for t in (targets, holes))
    np.testing.assert_array_equal(whole[:, 0], partial[:, 0])
    assert not np.array_equal(whole[:, 1], partial[:, 1])
    assert np.isfinite(partial).all()


def test_same_seed_same_trees():
    table, targets = rows(100, 0)
    first, again = (grow_trees(table, targets, settings=FEW, seed=4) for _ in range(2))
    np.testing.assert_array_equal(first.predict(table), again.predict(table))


def test_what_cannot_be_grown_is_told():
    table, targets = rows(100, 0)
    with pytest.raises(UnusableTable, match="need 40 rows"):
        grow_trees(table[:39], targets[:39])
    with pytest.raises(UnusableTable, match="missing or infinite"):
        grow_trees(np.where(table > 2, np.nan, table), targets)
    with pytest.raises(UnusableTable, match="one row a patch"):
        grow_trees(table, targets[:50])
    with pytest.raises(UnusableTable, match="read 4 features"):
        grow_trees(table, targets, settings=FEW).predict(table[:, :3])
    with pytest.raises(BadSetting, match="one tree"):
        TreeSettings(trees=0)
    with pytest.raises(BadSetting, match="the rate"):
        TreeSettings(rate=0)
