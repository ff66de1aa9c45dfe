"""The knee from CT, taught by MR (SRRD): what is done on a cohort folder, stage by stage."""
