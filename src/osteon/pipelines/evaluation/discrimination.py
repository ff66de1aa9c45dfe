"""How well scores tell the diseased from the others, and whether they are of use."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import UnusableTable
from ...evaluate import Comparison, Estimate, checked
from ...evaluate.discrimination import (
    compare_auc,
    compare_clustered_auc,
    hand_till,
    holm,
    one_vs_rest,
    precision_recall_curve,
    roc_curve,
)
from ...io import Table
from .area import area
from .cases import Cases, DiscriminationSettings, cases, parted
from .operating import operating, split_of
from .parts import (
    SCHEMA,
    cited,
    comparisons_table,
    dependent,
    estimates_table,
    few,
    finding,
    renamed,
    triple,
)
from .sites import over_sites
from .usefulness import usefulness

MOST_POINTS = 2000
"""Points of a curve that a figure keeps."""


def evaluate_discrimination(table: Table, settings: DiscriminationSettings) -> dict[str, Any]:
    """How well scores tell the diseased from the others.

    Parameters
    ----------
    table : Table
        One row a patient, or several rows a patient.
    settings : DiscriminationSettings
        What tells whom from whom.

    Returns
    -------
    dict
        The evaluation as plain data (``osteon-evaluation-1``), without settings and manifest.

    Raises
    ------
    UnusableTable
        If the table gives no such figure: one class, constant scores, a patient on two sides.
    """
    table, training, told = parted(table, settings)
    if settings.classes:
        found = _classes(table, settings)
    else:
        found = _two_classes(table, training, settings)
    found["methods"] = [*told, *found["methods"]]
    return {"schema": SCHEMA, "kind": "discrimination", "warning": "", **found}


def _warning(areas: dict[str, dict[str, Estimate]]) -> str:
    """What to do about a score that is surely turned the wrong way."""
    turned = [name for name, found in areas.items() if (found["AUC"].high or 1.0) < 0.5]
    if not turned:
        return ""
    return (
        f"Lower values of {', '.join(turned)} go with disease, so that the AUC is below 0.5. If "
        f"that is how they are meant, name them: --lower {' '.join(turned)}."
    )


def _two_classes(
    table: Table, training: Table | None, settings: DiscriminationSettings
) -> dict[str, Any]:
    told: dict[str, Any] = {}
    rows = cases(table, settings)
    areas = {name: area(rows, name, settings) for name in settings.scores}
    seen: list[Estimate | Comparison] = [one for found in areas.values() for one in found.values()]
    tables = [_areas(areas)]
    figures = _curves(rows, areas)
    tests = _tests(rows, settings)
    if tests:
        tables.append(
            comparisons_table("auc-tests", "AUC against the first score", tests, _family(tests))
        )
        seen += tests
    if training is not None:
        called = operating(rows, cases(training, settings), settings)
        tables += called.tables
        seen += called.seen
        for curve in figures[0]["data"]["curves"]:
            curve["points"] = [called.points[curve["name"]]]
        figures += called.figures
        told |= split_of(table, training, settings)
    if settings.probabilities:
        useful = usefulness(rows, settings)
        tables, figures = tables + useful["tables"], figures + useful["figures"]
        seen += useful["seen"]
    if settings.site is not None:
        found = over_sites(table, settings)
        tables.append(found["table"])
        figures.append(found["figure"])
        seen += found["seen"]
        told |= {"transport": found["transport"]} if found["transport"] else {}
    return {
        **told,
        "title": f"{settings.label} by {', '.join(settings.scores)}",
        "summary": _summary(rows, settings),
        "warning": " ".join(filter(None, (_warning(areas), few(rows.names)))),
        "findings": [finding(one["AUC"], f"AUC, {name}") for name, one in areas.items()],
        "tables": tables,
        "figures": figures,
        **_cited(seen, tests),
    }


def _cited(seen: list[Estimate | Comparison], tests: list[Comparison]) -> dict[str, list[Any]]:
    """Methods and references, and how p values were corrected."""
    found = cited(seen)
    return {**found, "methods": [*found["methods"], *filter(None, [_family(tests)])]}


def _areas(areas: dict[str, dict[str, Estimate]]) -> dict[str, Any]:
    rows = [
        (f"{what}, {name}", one) for name, found in areas.items() for what, one in found.items()
    ]
    return estimates_table("discrimination", "Discrimination", rows)


def _curves(rows: Cases, areas: dict[str, dict[str, Estimate]]) -> list[dict[str, Any]]:
    """ROC and precision–recall curves."""
    roc, recall = [], []
    for name, scores in rows.scores.items():
        curve = roc_curve(rows.labels, scores)
        kept = _thinned(curve.false_positive.size)
        roc.append(
            {
                "name": name,
                "false_positive": curve.false_positive[kept].tolist(),
                "true_positive": curve.true_positive[kept].tolist(),
                "auc": triple(areas[name]["AUC"]),
                "points": [],
            }
        )
        found = precision_recall_curve(rows.labels, scores)
        kept = _thinned(found.recall.size)
        recall.append(
            {
                "name": name,
                "recall": found.recall[kept].tolist(),
                "precision": found.precision[kept].tolist(),
                "ap": triple(areas[name]["average precision"]),
            }
        )
    return [
        {
            "key": "roc",
            "kind": "roc",
            "title": "Receiver operating characteristic",
            "caption": "The diagonal is chance.",
            "data": {"curves": roc},
        },
        {
            "key": "precision-recall",
            "kind": "precision-recall",
            "title": "Precision and recall",
            "caption": "The level line is the share of diseased rows: what chance would give.",
            "data": {"curves": recall, "prevalence": float(rows.labels.mean())},
        },
    ]


def _thinned(points: int) -> Any:
    """Numbers of the points of a curve that are kept: all, or evenly spread ones."""
    return np.unique(np.linspace(0, points - 1, min(points, MOST_POINTS)).round().astype(int))


def _tests(rows: Cases, settings: DiscriminationSettings) -> list[Comparison]:
    """Every other score against the first, corrected where there are several."""
    level = settings.intervals.level
    first, *others = settings.scores
    found = []
    for name in others:
        a, b = rows.scores[name], rows.scores[first]
        if rows.patients is None:
            one = compare_auc(rows.labels, a, b, level=level)
        else:
            one = compare_clustered_auc(rows.labels, a, b, rows.patients, level=level)
        found.append(renamed(one, f"AUC, {name} − {first}"))
    return list(holm(found)) if len(found) > 1 else found


def _family(tests: list[Comparison]) -> str:
    """What was corrected for."""
    if len(tests) < 2:
        return ""
    return f"Corrected for {len(tests)} comparisons (Holm)."


def _classes(table: Table, settings: DiscriminationSettings) -> dict[str, Any]:
    """Three classes or more, one column of probabilities a class."""
    labels = [str(one) for one in table.text(settings.label)]
    odd = [row for row, one in enumerate(labels) if one not in settings.classes]
    if odd:
        raise UnusableTable(
            f"column '{settings.label}' has '{labels[odd[0]]}' in row {odd[0] + 1}, which is none "
            f"of the classes {', '.join(settings.classes)}."
        )
    given = [checked.probabilities(table.numbers(name), name) for name in settings.scores]
    chances = np.stack(given, axis=1)
    level = settings.intervals.level
    each = one_vs_rest(labels, chances, settings.classes, level=level)
    over = hand_till(
        labels,
        chances,
        settings.classes,
        resamples=settings.intervals.resamples,
        rng=settings.intervals.generator(),
        level=level,
    )
    return {
        "title": f"{settings.label}: {', '.join(settings.classes)}",
        "summary": f"{table.rows} rows in {len(settings.classes)} classes.",
        "warning": dependent(
            table.text(settings.patient) if settings.patient else None, "The AUCs of the classes"
        ),
        "findings": [finding(over)],
        "tables": [
            estimates_table(
                "classes", "Each class against the rest", [*each.items(), (over.name, over)]
            )
        ],
        "figures": [_confusion(labels, chances.argmax(axis=1), settings)],
        **cited([*each.values(), over]),
    }


def _confusion(
    labels: list[str], called: NDArray[np.intp], settings: DiscriminationSettings
) -> dict[str, Any]:
    """Who was called what."""
    place = {name: number for number, name in enumerate(settings.classes)}
    counts = np.zeros((len(place), len(place)), int)
    np.add.at(counts, (np.array([place[name] for name in labels]), called), 1)
    return {
        "key": "confusion",
        "kind": "confusion",
        "title": "Most probable class against the truth",
        "caption": "Number of rows.",
        "data": {
            "classes": list(settings.classes),
            "counts": counts.tolist(),
            "truth": settings.label,
            "called": "most probable",
        },
    }


def _summary(rows: Cases, settings: DiscriminationSettings) -> str:
    """One sentence on what was evaluated."""
    told = f"{rows.labels.size} rows, {int(rows.labels.sum())} with disease"
    if rows.patients is not None:
        told += f", of {len(np.unique(rows.patients))} patients"
    low = f"; lower values of {', '.join(settings.lower)} mean disease" if settings.lower else ""
    return f"{told}{low}."
