"""Virtual cohorts on disk: patients made one by one, truth kept apart, a run that goes on."""

from .card import Shot, card_of, gallery_of
from .degrade import Degraded, degrade_specimen
from .run import CohortRun, simulate_cohort

__all__ = [
    "CohortRun",
    "Degraded",
    "Shot",
    "card_of",
    "degrade_specimen",
    "gallery_of",
    "simulate_cohort",
]
