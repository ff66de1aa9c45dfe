"""AUC and average precision of a score, as its rows allow."""

from ...evaluate import Estimate
from ...evaluate.discrimination import auc, average_precision, bootstrap_auc, clustered_auc
from .cases import Cases, DiscriminationSettings


def area(rows: Cases, name: str, settings: DiscriminationSettings) -> dict[str, Estimate]:
    """AUC and average precision of a score; patients with several rows count once."""
    level, scores = settings.intervals.level, rows.scores[name]
    if rows.patients is None:
        found = {"AUC": auc(rows.labels, scores, level=level)}
    else:
        found = {
            "AUC": clustered_auc(rows.labels, scores, rows.patients, level=level),
            "AUC, bootstrap of patients": bootstrap_auc(
                rows.labels,
                scores,
                rows.patients,
                resamples=settings.intervals.resamples,
                rng=settings.intervals.generator(),
                level=level,
            ),
        }
    found["average precision"] = average_precision(
        rows.labels,
        scores,
        clusters=rows.patients,
        resamples=settings.intervals.resamples,
        rng=settings.intervals.generator(),
        level=level,
    )
    return found
