"""`osteon spine`: osteoporosis from a routine CT, and the stages that teach it on a cohort."""

from cyclopts import App

from .spine_predict import predict
from .spine_stages import add_stages

spine = App(
    name="spine",
    help=(
        "Read a routine CT of the spine as a densitometer would have read the person.\n\n"
        "`predict` is for one scan and a model. The others are the stages that make a model of a "
        "cohort folder, in this order: crops, pool, pretrain, train, evaluate. Each goes on where "
        "it was interrupted. pool and pretrain learn from patients whom no densitometer has seen, "
        "and may be left out.\n\n"
        "Research only: the weights at hand are trained on virtual cohorts."
    ),
)

spine.command(sort_key=0)(predict)
add_stages(spine)
