"""HU of all lumbar vertebrae brought to one tube voltage, and a line to standardised density."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...voltage import to_120_kvp
from .line import Line, fit_line
from .measured import Measured
from .told import Known, Numbers, mean_of_levels


@dataclass(frozen=True)
class HuKvp:
    """Mean HU of the cores at 120 kVp, one line for all sites."""

    name: str = "hu-kvp"

    def table(self, patients: Mapping[str, Measured]) -> Numbers:
        """HU at 120 kVp, (n, 1)."""
        rows = [[to_120_kvp(one.kvp) * mean_of_levels(one, "core_hu")] for one in patients.values()]
        return np.array(rows, np.float64)

    def fit(self, table: Numbers, known: Known, seed: int) -> Line:
        """Train; see `Baseline`."""
        return fit_line(table, known)
