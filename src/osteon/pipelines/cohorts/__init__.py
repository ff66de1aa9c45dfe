"""Virtual cohorts on disk: patients made one by one, truth kept apart, a run that goes on."""

from .run import CohortRun, simulate_cohort

__all__ = ["CohortRun", "simulate_cohort"]
