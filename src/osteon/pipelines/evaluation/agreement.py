"""How well two or more methods, readers or scans give the same number."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import BadSetting, UnusableTable
from ...evaluate import Comparison, Estimate, checked
from ...evaluate.agreement import (
    BlandAltman,
    Line,
    bland_altman,
    bland_altman_repeated,
    clustered_agreement,
    compare_icc,
    concordance,
    deming,
    icc,
    mixed_icc,
    passing_bablok,
    precision,
    weighted_kappa,
)
from ...io import Table
from .parts import (
    SCHEMA,
    cited,
    comparisons_table,
    dependent,
    estimates_table,
    few,
    file_key,
    finding,
    renamed,
    triple,
)
from .settings import Intervals, measured, usable

FEWEST_COLUMNS, MOST_COLUMNS = 2, 20
"""Methods, readers or scans in one table."""

LEAST_ROWS, LEAST_TO_COMPARE = 3, 5
"""Rows that agreement, and a test of two agreements, need."""


@dataclass(frozen=True)
class AgreementSettings:
    """What is compared with what.

    Attributes
    ----------
    columns : tuple of str
        Two or more columns; the first is the reference.
    patient : str or None
        Column that says whose row it is, where a patient has several.
    repeated : bool
        The rows of a patient are repeated measurements of one thing, and not of several places.
    repeats : bool
        The columns are repeated scans by one method: precision error is told.
    categories : tuple of str
        Categories in ascending order, where the columns hold grades and not numbers.
    raters : {"random", "fixed"}
        Whether the interval of the ICC is about readers at large, of whom these are a sample, or
        about these very methods.
    interval : {"satterthwaite", "generalized"}
        Interval of the ICC for readers at large: as other packages give it, or one that holds for
        few readers too.
    unit : str
        UCUM unit of the numbers.
    intervals : Intervals
        How intervals are made.
    """

    columns: tuple[str, ...]
    patient: str | None = None
    repeated: bool = False
    repeats: bool = False
    categories: tuple[str, ...] = ()
    raters: str = "random"
    interval: str = "satterthwaite"
    unit: str = "1"
    intervals: Intervals = field(default_factory=Intervals)

    def __post_init__(self) -> None:
        """Refuse what cannot be compared."""
        if not FEWEST_COLUMNS <= len(self.columns) <= MOST_COLUMNS:
            raise BadSetting(
                f"agreement is between 2 to {MOST_COLUMNS} columns; got {len(self.columns)}."
            )
        if len(set(self.columns)) < len(self.columns):
            raise BadSetting(f"a column stands twice among {', '.join(self.columns)}.")
        if self.repeated and self.patient is None:
            raise BadSetting("--repeated needs --patient COLUMN, which says whose row it is.")
        if self.categories and self.repeats:
            raise BadSetting("--categories holds grades, --repeats numbers; give one of them.")
        if self.categories and (self.repeated or self.unit != "1"):
            raise BadSetting("--repeated and --unit are for numbers; leave them out for grades.")
        if len(set(self.categories)) < len(self.categories):
            raise BadSetting(f"a category stands twice among {', '.join(self.categories)}.")
        if self.categories:
            self.check_interval()

    def check_interval(self) -> None:
        """Refuse a choice of interval where no ICC of independent rows is told."""
        if (self.raters, self.interval) != ("random", "satterthwaite"):
            raise BadSetting(
                "--raters and --interval are for the ICC of numbers, one row a patient; leave "
                "them out."
            )


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
    found = _grades(table, settings) if settings.categories else _numbers(table, settings)
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
        pair = _Pair(settings, name, columns[0], other, patients if nested else None)
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


class _Pair:
    """Agreement of one column with the reference."""

    def __init__(
        self,
        settings: AgreementSettings,
        name: str,
        reference: checked.Numbers,
        other: checked.Numbers,
        patients: checked.Codes | None,
    ) -> None:
        self.names = (settings.columns[0], name)
        self.key = file_key(f"{settings.columns.index(name)}-{name}")
        self.settings = settings
        level, unit = settings.intervals.level, settings.unit
        if patients is None:
            self.limits = bland_altman(other, reference, unit=unit, level=level)
            agreed = {"CCC": concordance(other, reference, level=level)}
        elif settings.repeated:
            self.limits = bland_altman_repeated(other, reference, patients, unit=unit, level=level)
            agreed = mixed_icc(reference, other, patients, level=level)
        else:
            self.limits = bland_altman_repeated(other, reference, patients, unit=unit, level=level)
            agreed = clustered_agreement(
                reference,
                other,
                patients,
                resamples=settings.intervals.resamples,
                level=level,
                rng=settings.intervals.generator(),
            )
            agreed |= {
                f"{key}, mixed model": value
                for key, value in mixed_icc(reference, other, patients, level=level).items()
            }
        self.agreed = agreed
        self.lines, self.undrawn = (
            ((), "") if patients is not None else _lines(reference, other, level)
        )

    @property
    def seen(self) -> list[Estimate | Comparison]:
        """Everything that was worked out, for its method and source."""
        lines: list[Estimate] = []
        for _, line in self.lines:
            lines += [line.slope, line.intercept]
        limits = [self.limits.bias, self.limits.lower]
        return [*self.agreed.values(), *limits, *self._proportional(), *lines]

    @property
    def head(self) -> list[tuple[str, Estimate]]:
        """Figures for the head of the report."""
        reference, name = self.names
        what, first = next(iter(self.agreed.items()))
        return [(f"{what}, {name}", first), (f"bias, {name} − {reference}", self.limits.bias)]

    @property
    def tables(self) -> list[dict[str, Any]]:
        """Tables of this pair."""
        reference, name = self.names
        rows = [*self.agreed.items()]
        rows += [
            (f"bias, {name} − {reference}", self.limits.bias),
            ("lower limit of agreement", self.limits.lower),
            ("upper limit of agreement", self.limits.upper),
        ]
        title = f"{name} against {reference}"
        for what, line in self.lines:
            rows += [(f"{what}, slope", line.slope), (f"{what}, intercept", line.intercept)]
        found = [estimates_table(f"agreement-{self.key}", title, rows, self.undrawn)]
        if proportional := self._proportional():
            title = f"{name} against {reference}: does the difference change with the size?"
            found.append(comparisons_table(f"proportional-{self.key}", title, proportional))
        return found

    @property
    def figures(self) -> list[dict[str, Any]]:
        """Bland–Altman plot, and one against the other."""
        reference, name = self.names
        return [
            self._bland_altman(self.limits),
            {
                "key": f"scatter-{self.key}",
                "kind": "scatter",
                "title": f"{name} against {reference}",
                "caption": "One mark a row; the dotted line is equality.",
                "data": {
                    "x": (self.limits.means - 0.5 * self.limits.differences).tolist(),
                    "y": (self.limits.means + 0.5 * self.limits.differences).tolist(),
                    "x_name": reference,
                    "y_name": name,
                    "unit": self.settings.unit,
                    "lines": [
                        {"name": what, "slope": line.slope.value, "intercept": line.intercept.value}
                        for what, line in self.lines
                    ],
                    "identity": True,
                },
            },
        ]

    def _proportional(self) -> list[Comparison]:
        return [self.limits.proportional] if self.limits.proportional is not None else []

    def _bland_altman(self, limits: BlandAltman) -> dict[str, Any]:
        reference, name = self.names
        percent = f"{100 * self.settings.intervals.level:g} %"
        return {
            "key": f"bland-altman-{self.key}",
            "kind": "bland-altman",
            "title": f"Difference of {name} and {reference} against their mean",
            "caption": f"Lines: bias and limits of agreement; bands: their {percent} intervals.",
            "data": {
                "means": limits.means.tolist(),
                "differences": limits.differences.tolist(),
                "bias": triple(limits.bias),
                "lower": triple(limits.lower),
                "upper": triple(limits.upper),
                "unit": self.settings.unit,
                "x": name,
                "y": reference,
                "groups": None,
                "line": None,
            },
        }


def _lines(
    reference: checked.Numbers, other: checked.Numbers, level: float
) -> tuple[tuple[tuple[str, Line], ...], str]:
    """Lines through the pairs that allow for error in both, and why one could not be drawn."""
    found: list[tuple[str, Line]] = []
    undrawn: list[str] = []
    for what, line in (("Deming", deming), ("Passing–Bablok", passing_bablok)):
        try:
            found.append((what, line(reference, other, level=level)))
        except UnusableTable as fault:
            undrawn.append(f"No line of {what}: {fault}")
    return tuple(found), " ".join(undrawn)


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


def _grades(table: Table, settings: AgreementSettings) -> dict[str, Any]:
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


def _summary(rows: int, patients: checked.Codes | None, settings: AgreementSettings) -> str:
    """One sentence on what was compared."""
    where = f"{rows} rows"
    if patients is not None:
        where += f" of {len(np.unique(patients))} patients"
    return f"{where}; the reference is {settings.columns[0]}."
