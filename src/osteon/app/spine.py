"""`osteon spine`: osteoporosis from a routine CT, and the stages that teach it on a cohort."""

from cyclopts import App

from .spine_stages import add_stages

spine = App(
    name="spine",
    help=(
        "Read a routine CT of the spine as a densitometer would have read the person.\n\n"
        "The stages make a model of a cohort folder, in this order: crops, pool, pretrain, train, "
        "evaluate. Each goes on where it was interrupted. pool and pretrain learn from patients "
        "whom no densitometer has seen, and may be left out.\n\n"
        "Research only: the weights at hand are trained on virtual cohorts."
    ),
)

add_stages(spine)
