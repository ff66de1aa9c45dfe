"""Which numbers to take from a region."""

from . import structure, texture
from .density import HU_METHOD, Region, hu_statistics
from .feature import FEATURES, METHODS, Feature
from .shape import SHAPE_METHOD
from .vbmd import VBMD

__all__ = [
    "FEATURES",
    "HU_METHOD",
    "METHODS",
    "SHAPE_METHOD",
    "VBMD",
    "Feature",
    "Region",
    "hu_statistics",
    "structure",
    "texture",
]
