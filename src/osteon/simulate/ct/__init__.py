"""A CT scanner: spectra, attenuation, blur, noise and beam hardening."""

from .acquire import CTImage, CTView, scan_ct
from .attenuation import mineral_in, mineral_of
from .scanner import Scanner, scanner_named, scanners

__all__ = [
    "CTImage",
    "CTView",
    "Scanner",
    "mineral_in",
    "mineral_of",
    "scan_ct",
    "scanner_named",
    "scanners",
]
