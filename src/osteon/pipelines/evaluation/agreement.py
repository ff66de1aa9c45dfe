"""How well two or more methods, readers or scans give the same number."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from ...evaluate import Comparison, Estimate, checked
from ...evaluate.agreement import (
    compare_icc,
    icc,
    precision,
)
from ...io import Table
from .agreement_settings import (
    FEWEST_COLUMNS,
    LEAST_ROWS,
    LEAST_TO_COMPARE,
    AgreementSettings,
)
from .grades import evaluate_grades
from .pair import Pair
from .parts import (
    SCHEMA,
    cited,
    comparisons_table,
    dependent,
    estimates_table,
    few,
    finding,
    renamed,
)
from .settings import measured, usable


def evaluate_agreement(table: Table, settings: AgreementSettings) -> dict[str, Any]:
    """Agreement of the columns of a table.

    Parameters
    ----------
    table : Table
        One row a thing measured, one column a method.
    settings : AgreementSettings
        What is compared.

    Returns
    -------
    dict
        The evaluation as plain data (``osteon-evaluation-1``), without settings and manifest.

    Raises
    ------
    UnusableTable
        If the table gives no such figure: missing values, constant columns, one subject.
    """
    needed = [*settings.columns, *([settings.patient] if settings.patient else [])]
    table, left_out = usable(table, needed, settings.intervals.missing)
    found = evaluate_grades(table, settings) if settings.categories else _numbers(table, settings)
    notes = [left_out] if left_out else []
    found["methods"] = [*notes, *found["methods"]]
    return {"schema": SCHEMA, "kind": "agreement", "warning": _warning(table, settings), **found}


def _warning(table: Table, settings: AgreementSettings) -> str:
    """What to mind about rows of one patient."""
    if settings.patient is None:
        return ""
    patients = table.text(settings.patient)
    if settings.categories:
        return dependent(patients, "Kappa")
    told = (few(patients), dependent(patients, "Precision error") if settings.repeats else "")
    return " ".join(filter(None, told))


def _numbers(table: Table, settings: AgreementSettings) -> dict[str, Any]:
    """Agreement of measurements."""
    least = LEAST_ROWS if len(settings.columns) == FEWEST_COLUMNS else LEAST_TO_COMPARE
    columns = [measured(table, name, least=least) for name in settings.columns]
    patients = None
    if settings.patient is not None:
        patients = checked.groups(table.text(settings.patient), settings.patient)
    nested = patients is not None and len(np.unique(patients)) < table.rows
    if nested:
        settings.check_interval()
    level = settings.intervals.level
    head: list[tuple[str, Estimate]] = []
    parts: list[dict[str, Any]] = []
    if not nested:
        overall = icc(
            np.stack(columns, axis=1),
            raters=settings.raters,
            interval=settings.interval,
            level=level,
        )
        head.append(("ICC(2,1)", overall["ICC(2,1)"]))
        parts.append(
            estimates_table("icc", "Intraclass correlation of all columns", overall.items())
        )
    seen: list[Estimate | Comparison] = [one for _, one in head]
    figures: list[dict[str, Any]] = []
    for name, other in zip(settings.columns[1:], columns[1:], strict=True):
        pair = Pair(settings, name, columns[0], other, patients if nested else None)
        parts += pair.tables
        figures += pair.figures
        head += pair.head
        seen += pair.seen
    if settings.repeats:
        parts.append(_precision(columns, settings, head, seen))
    tests = _between(settings, columns, patients if nested else None)
    if tests:
        parts.append(comparisons_table("icc-tests", "Agreement with the reference compared", tests))
        seen += tests
    return {
        "title": f"Agreement of {', '.join(settings.columns)}",
        "summary": _summary(table.rows, patients, settings),
        "findings": [finding(one, name) for name, one in head],
        "tables": parts,
        "figures": figures,
        **cited(seen),
    }


def _between(
    settings: AgreementSettings, columns: Sequence[checked.Numbers], patients: checked.Codes | None
) -> list[Comparison]:
    """Whether one column agrees better with the reference than the next."""
    found = []
    level = settings.intervals.level
    for (name_a, a), (name_b, b) in pairwise(zip(settings.columns[1:], columns[1:], strict=True)):
        one = compare_icc(columns[0], a, b, clusters=patients, level=level)
        found.append(renamed(one, f"{one.name}: {name_a} − {name_b}"))
    return found


def _precision(
    columns: Sequence[checked.Numbers],
    settings: AgreementSettings,
    head: list[tuple[str, Estimate]],
    seen: list[Estimate | Comparison],
) -> dict[str, Any]:
    """Precision error of repeated scans, each row a subject."""
    values = np.concatenate(columns)
    subjects = np.tile(np.arange(columns[0].size), len(columns))
    found = precision(values, subjects, unit=settings.unit, level=settings.intervals.level)
    given = (
        ("RMS SD", found.rms_sd),
        ("RMS CV", found.rms_cv),
        ("least significant change", found.lsc),
        ("least significant change, percent", found.lsc_percent),
    )
    rows = [(name, one) for name, one in given if one is not None]
    head.append(rows[0] if found.rms_cv is None else rows[1])
    seen += [one for _, one in rows]
    return estimates_table("precision", "Precision error of repeated scans", rows)


def _summary(rows: int, patients: checked.Codes | None, settings: AgreementSettings) -> str:
    """One sentence on what was compared."""
    where = f"{rows} rows"
    if patients is not None:
        where += f" of {len(np.unique(patients))} patients"
    return f"{where}; the reference is {settings.columns[0]}."
