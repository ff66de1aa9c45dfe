"""Gradient boosting of regression trees on a table of features."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingRegressor
from threadpoolctl import threadpool_limits

from ..core import BadSetting, UnusableTable

Numbers = NDArray[np.float64]

FEWEST = 40
"""Rows from which trees are worth growing: two leaves of the fewest rows allowed in one."""


@dataclass(frozen=True)
class TreeSettings:
    """How trees are grown (histogram gradient boosting; Ke et al. 2017, LightGBM, NeurIPS 30).

    Attributes
    ----------
    trees : int
        Trees of each forest.
    rate : float
        Share of each tree that is added.
    leaves : int
        Leaves of a tree at most.
    penalty : float
        On squared values of leaves.
    threads : int
        Of OpenMP.
    """

    trees: int = 150
    rate: float = 0.06
    leaves: int = 12
    penalty: float = 1.0
    threads: int = 1

    def __post_init__(self) -> None:
        if self.trees < 1 or self.leaves < 2 or self.threads < 1:
            raise BadSetting(
                "boosting takes one tree of two leaves and one thread at least; got "
                f"{self.trees}, {self.leaves} and {self.threads}."
            )
        if not 0 < self.rate <= 1 or self.penalty < 0:
            raise BadSetting(
                f"the rate is above 0 to 1, the penalty from 0; got {self.rate:g} and "
                f"{self.penalty:g}."
            )


@dataclass(frozen=True, eq=False)
class Trees:
    """Grown trees, one forest for each target.

    Attributes
    ----------
    forests : tuple of HistGradientBoostingRegressor
    features : int
        Columns they read.
    threads : int
        Of OpenMP.
    """

    forests: tuple[HistGradientBoostingRegressor, ...]
    features: int
    threads: int

    def predict(self, table: Numbers) -> Numbers:
        """Targets of each row.

        Parameters
        ----------
        table : ndarray of float, shape (rows, features)

        Returns
        -------
        ndarray of float64, shape (rows, targets)

        Raises
        ------
        UnusableTable
            If the table has other columns than the training had.
        """
        if table.ndim != 2 or table.shape[1] != self.features:
            raise UnusableTable(
                f"these trees read {self.features} features; got a table of shape {table.shape}."
            )
        with threadpool_limits(self.threads):
            columns = [forest.predict(table) for forest in self.forests]
        return np.stack(columns, axis=1).astype(np.float64)


def grow_trees(
    table: Numbers, targets: Numbers, *, settings: TreeSettings | None = None, seed: int = 0
) -> Trees:
    """Grow trees that give targets from features.

    Parameters
    ----------
    table : ndarray of float, shape (rows, features)
        Finite.
    targets : ndarray of float, shape (rows, targets)
        A row that lacks a target takes no part in that target's forest.
    settings : TreeSettings, optional
        How.
    seed : int
        Same seed, same trees.

    Returns
    -------
    Trees

    Raises
    ------
    UnusableTable
        If a feature is missing, rows differ in number, or a target has fewer than 40 rows.
    """
    how = settings or TreeSettings()
    if table.ndim != 2 or targets.ndim != 2 or len(table) != len(targets):
        raise UnusableTable(
            f"features and targets need one row a patch; got {table.shape} and {targets.shape}."
        )
    if not np.isfinite(table).all():
        raise UnusableTable("a feature is missing or infinite; leave its row out.")
    there = np.isfinite(targets)
    if int(there.sum(axis=0).min()) < FEWEST:
        raise UnusableTable(
            f"trees need {FEWEST} rows of each target; got {int(there.sum(axis=0).min())}."
        )
    forests = []
    with threadpool_limits(how.threads):
        for target, rows in zip(targets.T, there.T, strict=True):
            forest = HistGradientBoostingRegressor(
                max_iter=how.trees,
                learning_rate=how.rate,
                max_leaf_nodes=how.leaves,
                l2_regularization=how.penalty,
                early_stopping=False,
                random_state=seed,
            )
            forests.append(forest.fit(table[rows], target[rows]))
    return Trees(tuple(forests), table.shape[1], how.threads)
