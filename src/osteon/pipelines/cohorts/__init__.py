"""Virtual cohorts on disk: patients made one by one, truth kept apart, a run that goes on."""
