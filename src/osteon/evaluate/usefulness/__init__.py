"""Whether a predicted probability may be believed, and whether acting on it helps."""

from .bins import Bin, calibration_bins, expected_calibration_error
from .brier import Brier, brier
from .calibration import Calibration, calibration
from .decision import DecisionCurve, decision_curve
from .reclassification import NetReclassification, net_reclassification
from .smooth import Smooth

__all__ = [
    "Bin",
    "Brier",
    "Calibration",
    "DecisionCurve",
    "NetReclassification",
    "Smooth",
    "brier",
    "calibration",
    "calibration_bins",
    "decision_curve",
    "expected_calibration_error",
    "net_reclassification",
]
