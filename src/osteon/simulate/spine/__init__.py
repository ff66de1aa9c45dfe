"""Spines from the twelfth thoracic vertebra to the sacrum, in the trunk of a drawn person."""

from .fracture import Fracture
from .levels import LEVELS, SACRUM, Size, average
from .model import SpineModel, VertebraTruth, build_spine
from .patient import SpinePatient, SpineSettings, Vertebra, draw_spine

__all__ = [
    "LEVELS",
    "SACRUM",
    "Fracture",
    "Size",
    "SpineModel",
    "SpinePatient",
    "SpineSettings",
    "Vertebra",
    "VertebraTruth",
    "average",
    "build_spine",
    "draw_spine",
]
