"""Teachers and students of a cohort, and what they are compared with."""
