"""Which numbers to take from a region."""

from .density import HU_METHOD, hu_statistics
from .feature import FEATURES, METHODS, Feature

__all__ = ["FEATURES", "HU_METHOD", "METHODS", "Feature", "hu_statistics"]
