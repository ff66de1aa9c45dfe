"""How a person reads it: results as one self-contained page."""

from .report import write_report
from .structure import write_structure_report
from .structure_pictures import StructurePictures

__all__ = ["StructurePictures", "write_report", "write_structure_report"]
