"""Stable radiomic features of the vertebral bodies with boosted trees."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ....features.texture import stable_tags
from ....learn.trees import Trees, grow_trees
from .line import FEWEST
from .measured import STABLE, Measured
from .told import Known, Numbers, Told, by_limits

PARTS = 5
"""Parts of the training patients by which the error of the trees is found."""


@dataclass(frozen=True)
class Radiomics:
    """Features of the body, means over the sound vertebrae, and trees for density."""

    name: str = "radiomics"

    def table(self, patients: Mapping[str, Measured]) -> Numbers:
        """Every feature that is stable and that some patient has, (n, features)."""
        met = {
            tag for one in patients.values() for r in one.levels.values() for tag in r["texture"]
        }
        tags = sorted(stable_tags(STABLE) & met)
        return np.array([_features(one, tags) for one in patients.values()], np.float64)

    def fit(self, table: Numbers, known: Known, seed: int) -> "Forest":
        """Train; see `Baseline`. Trees need 40 patients."""
        there = np.isfinite(known.bmd)
        rows, targets = table[there], known.bmd[there, None]
        usual = np.array([_median(column[np.isfinite(column)]) for column in rows.T])
        filled = _filled(rows, usual)
        trees = grow_trees(filled, targets, seed=seed)
        return Forest(trees, usual, _error(filled, targets, seed))


@dataclass(frozen=True, eq=False)
class Forest:
    """Grown trees.

    Attributes
    ----------
    trees : Trees
        From features to density.
    usual : (features,) float64 array
        Median of each feature, taken where it is missing.
    sd : float
        Spread of density about what trees of the other training patients say, in g/cm².
    """

    trees: Trees
    usual: Numbers
    sd: float

    def say(self, table: Numbers, limits: Numbers) -> Told:
        """What it says of patients; see `Fitted`."""
        return by_limits(self.trees.predict(_filled(table, self.usual))[:, 0], self.sd, limits)


def _features(patient: Measured, tags: list[str]) -> list[float]:
    """Mean of each feature over the sound vertebrae that have it."""
    found = [patient.levels[level]["texture"] for level in patient.whole()]
    lists = [[one[tag] for one in found if tag in one] for tag in tags]
    return [float(np.mean(values)) if values else float("nan") for values in lists]


def _median(values: Numbers) -> float:
    return float(np.median(values)) if len(values) else 0.0


def _filled(table: Numbers, usual: Numbers) -> Numbers:
    return np.where(np.isfinite(table), table, usual)


def _error(table: Numbers, targets: Numbers, seed: int) -> float:
    """Spread of errors in training patients left out, a part at a time."""
    part = np.random.default_rng(seed).permutation(len(table)) % PARTS
    if len(table) * (PARTS - 1) // PARTS < 4 * FEWEST:
        return float(targets.std())
    errors = np.empty(len(table))
    for out in range(PARTS):
        left = part == out
        trees = grow_trees(table[~left], targets[~left], seed=seed)
        errors[left] = targets[left, 0] - trees.predict(table[left])[:, 0]
    return float(errors.std(ddof=1))
