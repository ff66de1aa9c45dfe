"""What a vertebra measures, its projected density first, and a line to standardised density."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ..facts import FACTS
from .line import Line, fit_line
from .measured import Measured
from .told import Known, Numbers


@dataclass(frozen=True)
class FactsLine:
    """Means of the facts over the sound vertebrae: what the network gets besides the image."""

    name: str = "facts-line"

    def table(self, patients: Mapping[str, Measured]) -> Numbers:
        """Facts of each patient, (n, facts), in the order of `osteon.pipelines.spine.facts`."""
        rows = []
        for one in patients.values():
            facts = [one.levels[level]["facts"] for level in one.whole()]
            rows.append(np.array(facts, np.float64).mean(axis=0))
        return np.array(rows).reshape(len(rows), len(FACTS))

    def fit(self, table: Numbers, known: Known, seed: int) -> Line:
        """Train; see `Baseline`."""
        return fit_line(table, known)
