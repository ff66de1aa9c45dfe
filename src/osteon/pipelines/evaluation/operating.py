"""Who is called ill at a threshold that was chosen on other patients."""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...evaluate import Estimate
from ...evaluate.discrimination import at_operating_point, choose_threshold
from ...io import Table
from .cases import Cases, DiscriminationSettings
from .parts import estimates_table


class Called(NamedTuple):
    """What was found at the thresholds, and where they lie on the ROC curves."""

    seen: list[Estimate]
    tables: list[dict[str, Any]]
    figures: list[dict[str, Any]]
    points: dict[str, dict[str, Any]]


def operating(rows: Cases, training: Cases, settings: DiscriminationSettings) -> Called:
    """Sensitivity and so on at thresholds that were chosen on other patients."""
    made = Called([], [], [], {})
    for number, name in enumerate(settings.scores, 1):
        point = choose_threshold(
            training.labels,
            training.scores[name],
            rule=settings.rule,
            target=settings.target,
            subjects=training.names or None,
        )
        found = at_operating_point(
            rows.labels,
            rows.scores[name],
            point,
            subjects=rows.names or None,
            level=settings.intervals.level,
        )
        made.seen.extend(found.values())
        note = f"{_from(point.threshold, name, settings)}, chosen on the training rows."
        title = f"At the threshold of {name}"
        made.tables.append(estimates_table(f"operating-{number}", title, found.items(), note))
        ill = rows.scores[name] >= point.threshold
        made.figures.append(_called(rows, ill, f"called-{number}", name, settings))
        made.points[name] = {
            "name": f"{name}, {settings.rule}",
            "false_positive": float(ill[~rows.labels].mean()),
            "true_positive": float(ill[rows.labels].mean()),
        }
    return made


def split_of(table: Table, training: Table, settings: DiscriminationSettings) -> dict[str, Any]:
    """How rows were parted, if it is known that no patient is on two sides."""
    if settings.patient is None:
        return {}
    sides = {settings.train: training, f"not {settings.train}": table}
    folds = [
        {"name": name, "patients": len(set(side.text(settings.patient))), "rows": side.rows}
        for name, side in sides.items()
    ]
    method = f"as column '{settings.split}' says; no patient is on two sides"
    told = {"unit": "patient", "method": method, "seed": None, "folds": folds}
    return {"split": {"schema": "osteon-splits-1", **told}}


def _called(
    rows: Cases, ill: NDArray[np.bool_], key: str, name: str, settings: DiscriminationSettings
) -> dict[str, Any]:
    """Who was called ill at the threshold, by the truth."""
    sides = (False, True)
    counts = [[int(((rows.labels == t) & (ill == c)).sum()) for c in sides] for t in sides]
    return {
        "key": key,
        "kind": "confusion",
        "title": f"{settings.label} by the threshold of {name}",
        "caption": "Number of rows.",
        "data": {
            "classes": ["no disease", "disease"],
            "counts": counts,
            "truth": settings.label,
            "called": f"threshold of {name}",
        },
    }


def _from(threshold: float, name: str, settings: DiscriminationSettings) -> str:
    """Whom a threshold calls diseased."""
    if name in settings.lower:
        return f"Diseased up to {-threshold:.6g} ({settings.rule})"
    return f"Diseased from {threshold:.6g} ({settings.rule})"
