"""Density calibrated by the patient's own fat and muscle, and a line to standardised density."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from ...voltage import to_120_kvp
from .line import Line, fit_line
from .measured import Measured
from .told import Known, Numbers, mean_of_levels

FAT_HU, MUSCLE_HU = -105.0, 55.0
"""Scale on which fat and muscle of every patient are laid. Any two values would do: the line
behind takes them up."""


@dataclass(frozen=True)
class InternalCalibration:
    """HU of the cores on the patient's own scale, one line for all sites.

    The internal calibrations of `osteon.calibration` need cortical bone of the femora, which a
    scan of the lumbar spine does not show, so fat and muscle beside the vertebrae are the two
    points of the scale (blood or fat with air: Lee 2017, Bone 103:325). Muscle and fat tell of
    offset and gain, not of the beam at bone, so HU of bone are brought to 120 kVp as well.
    Contrast agent brightens muscle a little and marrow more; nothing here sees that.
    """

    name: str = "internal-calibration"

    def table(self, patients: Mapping[str, Measured]) -> Numbers:
        """Calibrated HU of the cores, (n, 1)."""
        return np.array([[calibrated_hu(one)] for one in patients.values()], np.float64)

    def fit(self, table: Numbers, known: Known, seed: int) -> Line:
        """Train; see `Baseline`."""
        return fit_line(table, known)


def calibrated_hu(patient: Measured) -> float:
    """Mean HU of the cores on the scale of the patient's own fat and muscle, at 120 kVp.

    NaN where a tissue is not in view.
    """
    core, fat, muscle = (mean_of_levels(patient, key) for key in ("core_hu", "adipose", "muscle"))
    laid = FAT_HU + (core - fat) * (MUSCLE_HU - FAT_HU) / (muscle - fat)
    return float(to_120_kvp(patient.kvp) * laid)
