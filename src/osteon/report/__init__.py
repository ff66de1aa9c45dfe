"""How a person reads it: results as one self-contained page."""

from .card import write_cohort_card
from .card_pictures import CardPicture
from .report import write_report
from .structure import write_structure_report
from .structure_pictures import StructurePictures

__all__ = [
    "CardPicture",
    "StructurePictures",
    "write_cohort_card",
    "write_report",
    "write_structure_report",
]
