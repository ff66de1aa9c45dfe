"""The networks of the spine trained on a cohort: whole, and with each part left out."""
