"""How a magnetic resonance scanner sees a body, and in which pose."""

from .acquire import MRImage, scan_mr
from .lattice import MRView
from .motion import KNEE_MOTION, SPINE_MOTION, Joint, MotionSettings, Posed, pose_for_mr
from .sequence import SEQUENCES, Coil, Kind, Plane, Sequence, sequence_named

__all__ = [
    "KNEE_MOTION",
    "SEQUENCES",
    "SPINE_MOTION",
    "Coil",
    "Joint",
    "Kind",
    "MRImage",
    "MRView",
    "MotionSettings",
    "Plane",
    "Posed",
    "Sequence",
    "pose_for_mr",
    "scan_mr",
    "sequence_named",
]
