"""Whether probabilities mean what they say, and acting on them would do good."""

from typing import Any

import numpy as np

from ...core import UnusableTable
from ...evaluate import Comparison, Estimate
from ...evaluate.usefulness import (
    Calibration,
    brier,
    calibration,
    decision_curve,
    net_reclassification,
)
from .cases import Cases, DiscriminationSettings
from .parts import dependent, estimates_table, file_key, triple

FROM, TO, STEPS = 0.01, 0.99, 99
"""Threshold probabilities of the decision curve."""


def usefulness(rows: Cases, settings: DiscriminationSettings) -> dict[str, Any]:
    """Calibration, Brier score, decision curves and net reclassification.

    Parameters
    ----------
    rows : Cases
        Rows whose scores are probabilities.
    settings : DiscriminationSettings
        What was asked for.

    Returns
    -------
    dict
        ``tables``, ``figures`` and ``seen`` (all estimates).
    """
    level = settings.intervals.level
    tables, curves = [], []
    seen: list[Estimate | Comparison] = []
    for number, (name, chances) in enumerate(rows.scores.items(), 1):
        score = brier(
            rows.labels,
            chances,
            clusters=rows.patients,
            resamples=settings.intervals.resamples,
            rng=settings.intervals.generator(),
            level=level,
        )
        found = {"Brier score": score.score, "Brier skill": score.skill}
        note = (
            f"Brier score = reliability {score.reliability:.4f} − resolution "
            f"{score.resolution:.4f} + uncertainty {score.uncertainty:.4f} (+ within bins)."
        )
        try:
            told = calibration(
                rows.labels, chances, clusters=rows.patients, clip=settings.clip, level=level
            )
        except UnusableTable as fault:
            note += f" Calibration: {fault}"
        else:
            found |= {
                "calibration intercept": told.intercept,
                "calibration slope": told.slope,
                "calibration in the large": told.in_the_large,
                "expected calibration error": told.ece,
            }
            curves.append(_curve(name, told))
        seen += found.values()
        key = file_key(f"calibration-{number}-{name}")
        tables.append(estimates_table(key, f"Calibration of {name}", found.items(), note))
    figures = [*([_figure(curves)] if curves else []), _decisions(rows)]
    if len(settings.scores) > 1:
        table, figure_of = _reclassified(rows, settings)
        tables.append(table)
        seen += figure_of
    return {"tables": tables, "figures": figures, "seen": seen}


def _curve(name: str, told: Calibration) -> dict[str, Any]:
    """A calibration curve as the figure takes it."""
    smooth = told.smooth
    return {
        "name": name,
        "bins": [
            {
                "predicted": one.predicted,
                "observed": one.observed,
                "low": one.low,
                "high": one.high,
                "count": one.count,
            }
            for one in told.bins
        ],
        "smooth": {"x": smooth.x.tolist(), "y": smooth.y.tolist()},
        "slope": triple(told.slope),
        "intercept": triple(told.intercept),
    }


def _figure(curves: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "key": "calibration",
        "kind": "calibration",
        "title": "Observed share against predicted probability",
        "caption": "Marks: groups of equal size with Wilson intervals. The diagonal is perfect.",
        "data": {"curves": curves},
    }


def _decisions(rows: Cases) -> dict[str, Any]:
    """Net benefit of acting on each score, on all and on none."""
    thresholds = np.linspace(FROM, TO, STEPS)
    found = {
        name: decision_curve(rows.labels, chances, thresholds)
        for name, chances in rows.scores.items()
    }
    first = next(iter(found.values()))
    return {
        "key": "decision",
        "kind": "decision",
        "title": "Net benefit",
        "caption": "Benefit of treating who is above the threshold, in true positives per row; "
        "at the prevalence of these rows.",
        "data": {
            "thresholds": thresholds.tolist(),
            "curves": [
                {"name": name, "net_benefit": curve.net_benefit.tolist()}
                for name, curve in found.items()
            ],
            "all": first.treat_all.tolist(),
        },
    }


def _reclassified(
    rows: Cases, settings: DiscriminationSettings
) -> tuple[dict[str, Any], list[Estimate]]:
    """Net reclassification from the first score to each other one."""
    first, *others = settings.scores
    found: list[tuple[str, Estimate]] = []
    note = ""
    for name in others:
        moved = net_reclassification(
            rows.labels, rows.scores[first], rows.scores[name], level=settings.intervals.level
        )
        found += [(f"{name}, diseased", moved.events), (f"{name}, others", moved.nonevents)]
        note = f"{moved.note} {dependent(rows.names, 'Net reclassification')}".strip()
    title = f"Net reclassification from {first}"
    return estimates_table("reclassification", title, found, note), [one for _, one in found]
