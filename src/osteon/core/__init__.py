"""What every room speaks of: grids, volumes, scans, measurements, errors."""

from .errors import (
    BadGeometry,
    BadSetting,
    EmptyRegion,
    GridMismatch,
    OsteonError,
    UnitMismatch,
    UnknownName,
    UnreadableScan,
    UnsuitableScan,
    UnusableTable,
)
from .grid import Grid
from .measurement import COLUMNS, Flag, Measurement, Method
from .resample import resample
from .scan import Acquisition, Scan
from .volume import HU, MG_CM3, Box, Labels, Mask, Volume

__all__ = [
    "COLUMNS",
    "HU",
    "MG_CM3",
    "Acquisition",
    "BadGeometry",
    "BadSetting",
    "Box",
    "EmptyRegion",
    "Flag",
    "Grid",
    "GridMismatch",
    "Labels",
    "Mask",
    "Measurement",
    "Method",
    "OsteonError",
    "Scan",
    "UnitMismatch",
    "UnknownName",
    "UnreadableScan",
    "UnsuitableScan",
    "UnusableTable",
    "Volume",
    "resample",
]
