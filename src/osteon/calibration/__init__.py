"""What a voxel value means: HU to mg/cm³, with method, uncertainty and reason."""

from .available import available_calibrations
from .calibration import Calibration, Equivalent, Unavailable
from .equivalence import Converted, convert
from .internal import internal, internal_attenuation
from .methods import METHODS
from .phantom import PHANTOMS, Phantom, Rod, phantom, phantom_liquid, phantom_solid
from .relation import hu_relation, kvp_factor
from .thresholds import THRESHOLDS, Indication, Screened, Threshold, indications
from .tissues import TISSUES, Tissue, TissueSample, sample_tissue

__all__ = [
    "METHODS",
    "PHANTOMS",
    "THRESHOLDS",
    "TISSUES",
    "Calibration",
    "Converted",
    "Equivalent",
    "Indication",
    "Phantom",
    "Rod",
    "Screened",
    "Threshold",
    "Tissue",
    "TissueSample",
    "Unavailable",
    "available_calibrations",
    "convert",
    "hu_relation",
    "indications",
    "internal",
    "internal_attenuation",
    "kvp_factor",
    "phantom",
    "phantom_liquid",
    "phantom_solid",
    "sample_tissue",
]
