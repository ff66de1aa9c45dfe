"""How a person reads it: results as one self-contained page."""

from .card import write_cohort_card
from .card_pictures import CardPicture
from .evaluation import write_evaluation_report
from .knee import write_knee_report
from .knee_pictures import KneePictures
from .knee_results import write_knee_results
from .report import write_report
from .spine_pictures import SpinePictures
from .spine_prediction import write_spine_report
from .spine_results import write_spine_results
from .structure import write_structure_report
from .structure_pictures import StructurePictures
from .tables import csv_text, latex, markdown
from .texture import write_texture_report
from .texture_pictures import TexturePictures

__all__ = [
    "CardPicture",
    "KneePictures",
    "SpinePictures",
    "StructurePictures",
    "TexturePictures",
    "csv_text",
    "latex",
    "markdown",
    "write_cohort_card",
    "write_evaluation_report",
    "write_knee_report",
    "write_knee_results",
    "write_report",
    "write_spine_report",
    "write_spine_results",
    "write_structure_report",
    "write_texture_report",
]
