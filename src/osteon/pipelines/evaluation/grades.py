"""How well two or more readers grade alike."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import UnusableTable
from ...evaluate import Estimate
from ...evaluate.agreement import weighted_kappa
from ...io import Table
from .agreement_settings import AgreementSettings
from .parts import cited, estimates_table, file_key, finding


def evaluate_grades(table: Table, settings: AgreementSettings) -> dict[str, Any]:
    """Agreement of grades: weighted kappa and who called what."""
    order = {name: rank for rank, name in enumerate(settings.categories)}
    columns = [_ranks(table, name, order) for name in settings.columns]
    head: list[Estimate] = []
    seen: list[Estimate] = []
    tables, figures = [], []
    for name, other in zip(settings.columns[1:], columns[1:], strict=True):
        kinds = ("quadratic", "linear", "none")
        found = [
            (
                f"kappa, {kind} weights" if kind != "none" else "kappa, unweighted",
                weighted_kappa(
                    columns[0],
                    other,
                    weights=kind,
                    categories=tuple(range(len(order))),
                    level=settings.intervals.level,
                ),
            )
            for kind in kinds
        ]
        tables.append(
            estimates_table(
                file_key(f"kappa-{settings.columns.index(name)}-{name}"),
                f"{name} against {settings.columns[0]}",
                found,
            )
        )
        counts = np.zeros((len(order), len(order)), int)
        np.add.at(counts, (columns[0], other), 1)
        figures.append(_confusion(settings, name, counts))
        head.append(found[0][1])
        seen += [one for _, one in found]
    rows = f"{table.rows} rows"
    return {
        "title": f"Agreement of grades: {', '.join(settings.columns)}",
        "summary": f"{rows} graded {', '.join(settings.categories)}.",
        "findings": [finding(one) for one in head],
        "tables": tables,
        "figures": figures,
        **cited(seen),
    }


def _ranks(table: Table, column: str, order: dict[str, int]) -> NDArray[np.intp]:
    """Grades as numbers from 0."""
    cells = table.text(column)
    odd = [row for row, cell in enumerate(cells) if cell not in order]
    if odd:
        raise UnusableTable(
            f"column '{column}' has '{cells[odd[0]]}' in row {odd[0] + 1}, which is none of the "
            f"categories {', '.join(order)}."
        )
    return np.array([order[str(cell)] for cell in cells], np.intp)


def _confusion(settings: AgreementSettings, name: str, counts: NDArray[np.int_]) -> dict[str, Any]:
    return {
        "key": file_key(f"grades-{settings.columns.index(name)}-{name}"),
        "kind": "confusion",
        "title": f"{name} against {settings.columns[0]}",
        "caption": "Number of rows.",
        "data": {
            "classes": list(settings.categories),
            "counts": counts.tolist(),
            "truth": settings.columns[0],
            "called": name,
        },
    }
