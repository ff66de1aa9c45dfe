"""What is done for one patient."""

from .density import calibrate_scan
from .manifest import manifest
from .measure import Companions, Progress, SpineResult, measure_spine
from .results import METHODS, calibration_dict, to_dict
from .settings import MeasureSettings

__all__ = [
    "METHODS",
    "Companions",
    "MeasureSettings",
    "Progress",
    "SpineResult",
    "calibrate_scan",
    "calibration_dict",
    "manifest",
    "measure_spine",
    "to_dict",
]
