"""HU of L1 alone: thresholds as published, and a logistic regression."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ....core import UnusableTable
from ...knee.diagnosis.logistic import fit_weights, sigmoid
from .line import Line, fit_line
from .measured import Measured
from .told import Fitted, Known, Numbers, Told

LEVEL = "L1"

PENALTY = 0.01
"""Of the logistic regression, next to nothing: it ends where HU separate the classes, too."""


@dataclass(frozen=True)
class L1Hu:
    """Mean HU of L1 as scanned; of the next vertebra below where L1 is missing."""

    name: str = "l1-hu"

    def table(self, patients: Mapping[str, Measured]) -> Numbers:
        """HU of the core of L1, (n, 1)."""
        rows = []
        for one in patients.values():
            level = LEVEL if LEVEL in one.whole() else one.whole()[0]
            rows.append([one.levels[level]["core_hu"]])
        return np.array(rows, np.float64)

    def fit(self, table: Numbers, known: Known, seed: int) -> Fitted:
        """Train; see `Baseline`."""
        return _fitted(table, known)


@dataclass(frozen=True, eq=False)
class _HuFitted:
    """Logistic regressions of both limits, and a line for density."""

    mean: float
    spread: float
    weights: tuple[Numbers, Numbers]
    line: Line

    def say(self, table: Numbers, limits: Numbers) -> Told:
        """Classes from HU alone; the limits of densitometers are not looked at."""
        columns = (table - self.mean) / self.spread
        osteopenia, osteoporosis = (
            sigmoid(found[0] + columns @ found[1:]) for found in self.weights
        )
        # two regressions may cross far from all patients
        osteopenia = np.maximum(osteopenia, osteoporosis)
        classes = np.stack([1 - osteopenia, osteopenia - osteoporosis, osteoporosis], axis=1)
        return Told(-table[:, 0], self.line.predict(table), self.line.sd, classes)


def _fitted(table: Numbers, known: Known) -> _HuFitted:
    worse = [(known.diagnosis >= limit).astype(np.float64) for limit in (1, 2)]
    if worse[1].min() == worse[1].max():
        raise UnusableTable(
            f"all {len(worse[1])} patients to learn from are alike in osteoporosis; both kinds "
            "are needed."
        )
    mean, spread = float(table.mean()), float(table.std())
    columns = (table - mean) / spread
    weights = tuple(fit_weights(columns, one, PENALTY) for one in worse)
    return _HuFitted(mean, spread, (weights[0], weights[1]), fit_line(table, known))
