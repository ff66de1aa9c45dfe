"""What is done for one patient."""

from .density import calibrate_scan
from .manifest import manifest
from .measure import Companions, Progress, SpineResult, measure_spine
from .results import METHODS, calibration_dict, to_dict
from .settings import MeasureSettings
from .structure import StructureResult, measure_structure
from .structure_parts import SEED
from .structure_results import structure_dict
from .structure_settings import StructureSettings

__all__ = [
    "METHODS",
    "SEED",
    "Companions",
    "MeasureSettings",
    "Progress",
    "SpineResult",
    "StructureResult",
    "StructureSettings",
    "calibrate_scan",
    "calibration_dict",
    "manifest",
    "measure_spine",
    "measure_structure",
    "structure_dict",
    "to_dict",
]
