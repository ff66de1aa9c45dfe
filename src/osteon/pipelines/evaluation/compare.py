"""Several models on the same patients: one table, every metric tested against a reference."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import UnknownName, UnusableTable
from ...evaluate import Comparison, Estimate
from ...evaluate.discrimination import holm
from ...io import Table
from .cases import DiscriminationSettings, diseased, parted
from .compare_settings import CompareSettings
from .contests import Contest, diagnosis, quantity
from .parts import SCHEMA, cell, cited, comparisons_table, few, file_key, finding, plain_table
from .settings import usable

LEAST_MODELS = 2
"""Models that can be compared."""


def evaluate_models(tables: Mapping[str, Table], settings: CompareSettings) -> dict[str, Any]:
    """Compare the predictions of several models for the same rows.

    Parameters
    ----------
    tables : mapping of str to Table
        Predictions by model.
    settings : CompareSettings
        What is compared.

    Returns
    -------
    dict
        The evaluation as plain data (``osteon-evaluation-1``), without settings and manifest.

    Raises
    ------
    UnknownName
        If the reference is none of the models, or a column is missing.
    UnusableTable
        If models have other rows or other truths, or a table gives no such figure.
    """
    if len(tables) < LEAST_MODELS:
        raise UnusableTable(f"{len(tables)} models; to compare them at least 2 are needed.")
    if settings.reference not in tables:
        raise UnknownName(
            f"no model is named '{settings.reference}'; there are {', '.join(tables)}."
        )
    order = [settings.reference, *(name for name in tables if name != settings.reference)]
    told: list[str] = []
    matched = _matched({name: tables[name] for name in order}, settings, told)
    contest = (diagnosis if settings.kind == "diagnosis" else quantity)(matched, settings)
    tests = _corrected(contest, order[1:])
    warning = few(matched[order[0]].text(settings.patient) if settings.patient else None)
    return {**_evaluation(contest, tests, order, settings, told), "warning": warning}


def _matched(
    tables: Mapping[str, Table], settings: CompareSettings, told: list[str]
) -> dict[str, Table]:
    """Rows to evaluate of every model, in the order of the reference's."""
    found: dict[str, Table] = {}
    for name, table in tables.items():
        given = DiscriminationSettings(
            label=settings.truth,
            scores=(settings.prediction,),
            patient=settings.patient,
            split=settings.split,
            train=settings.train,
            intervals=settings.intervals,
        )
        named, unnamed = usable(table, [settings.row], settings.intervals.missing)
        rows, _, said = parted(named, given)
        told += [f"{name}: {sentence}" for sentence in (unnamed, *said) if sentence]
        found[name] = _in_order(rows, found.get(settings.reference), settings)
    return found


def _in_order(table: Table, reference: Table | None, settings: CompareSettings) -> Table:
    """The rows of a model in the order of the reference's, all of them and no other."""
    names = [str(cell) for cell in table.text(settings.row)]
    place = {name: row for row, name in enumerate(names)}
    if len(place) < len(names):
        twice = next(name for row, name in enumerate(names) if place[name] != row)
        raise UnusableTable(
            f"column '{settings.row}' of {table.name} names '{twice}' twice; it must tell rows "
            "apart."
        )
    if reference is None:
        return table
    wanted = [str(cell) for cell in reference.text(settings.row)]
    lacking = [name for name in wanted if name not in place]
    if lacking or len(names) != len(wanted):
        more = len(names) - (len(wanted) - len(lacking))
        raise UnusableTable(
            f"{table.name} lacks {len(lacking)} of the {len(wanted)} rows of {reference.name} and "
            f"has {more} others; models are compared on the same rows. --missing drop must leave "
            "out the same rows of each."
        )
    rows = [place[name] for name in wanted]
    sorted_table = Table(
        table.name,
        {key: tuple(cells[row] for row in rows) for key, cells in table.columns.items()},
    )
    _same(sorted_table, reference, settings, wanted)
    return sorted_table


def _same(table: Table, reference: Table, settings: CompareSettings, names: list[str]) -> None:
    """Refuse models that were given other truths or patients, however these are written."""
    columns = {settings.truth: [_truth(one, settings) for one in (table, reference)]}
    if settings.patient is not None:
        columns[settings.patient] = [
            np.array(one.text(settings.patient), str) for one in (table, reference)
        ]
    for column, (given, expected) in columns.items():
        what = "truths" if column == settings.truth else "patients"
        odd = np.flatnonzero(given != expected)
        if odd.size:
            raise UnusableTable(
                f"column '{column}' of {table.name} and {reference.name} differ for "
                f"'{names[odd[0]]}'; the models were given different {what}."
            )


def _truth(table: Table, settings: CompareSettings) -> NDArray[Any]:
    """The truth as it is meant: 1, 1.0 and true are the same disease."""
    if settings.kind == "quantity":
        return table.numbers(settings.truth)
    asked = DiscriminationSettings(
        label=settings.truth, scores=(settings.prediction,), positive=settings.positive
    )
    return diseased(table, asked)


def _corrected(contest: Contest, others: list[str]) -> dict[tuple[str, str], Comparison]:
    """Tests by metric and model; each metric is a family of its own (Holm)."""
    found: dict[tuple[str, str], Comparison] = {}
    for metric in contest.metrics:
        family = [contest.tests[metric, name] for name in others if (metric, name) in contest.tests]
        corrected = holm(family) if len(family) > 1 else family
        names = [name for name in others if (metric, name) in contest.tests]
        found |= {(metric, name): one for name, one in zip(names, corrected, strict=True)}
    return found


def _evaluation(
    contest: Contest,
    tests: dict[tuple[str, str], Comparison],
    order: list[str],
    settings: CompareSettings,
    told: list[str],
) -> dict[str, Any]:
    seen: list[Estimate | Comparison] = [*contest.estimates.values(), *tests.values()]
    cites = cited(seen)
    how = _corrected_for(order, ", each metric by itself")
    first = contest.metrics[0]
    best = [contest.estimates[first, name] for name in order]
    return {
        "schema": SCHEMA,
        "kind": "compare",
        "title": f"{len(order)} models for {settings.truth}",
        "summary": f"{contest.rows}; every model is tested against {settings.reference}.",
        "findings": [
            finding(one, f"{first}, {name}") for name, one in zip(order, best, strict=True)
        ],
        "tables": [
            _models(contest, tests, order, settings),
            comparisons_table(
                "tests",
                f"Every model against {settings.reference}",
                tests.values(),
                _corrected_for(order, ", each metric by itself").replace("c", "C", 1),
            ),
        ],
        "figures": [_forest(contest, tests, order, metric) for metric in contest.metrics],
        "methods": [*told, *cites["methods"], *([f"p values: {how}"] if how else [])],
        "references": cites["references"],
    }


def _models(
    contest: Contest,
    tests: dict[tuple[str, str], Comparison],
    order: list[str],
    settings: CompareSettings,
) -> dict[str, Any]:
    """One row a model: every metric with its interval and its corrected p."""
    columns = [{"key": "model", "title": "Model", "kind": "text"}]
    for metric in contest.metrics:
        key = file_key(metric)
        unit = _unit(contest, metric)
        columns.append(
            {
                "key": key,
                "title": metric,
                "kind": "estimate",
                "unit": "" if unit == "1" else unit,
            }
        )
        columns.append({"key": f"{key}-p", "title": f"p, {metric}", "kind": "p"})
    rows = []
    for name in order:
        row: dict[str, Any] = {"model": name}
        for metric in contest.metrics:
            row[file_key(metric)] = cell(contest.estimates.get((metric, name)))
            test = tests.get((metric, name))
            row[f"{file_key(metric)}-p"] = (
                None if test is None else test.p if test.adjusted is None else test.adjusted
            )
        rows.append(row)
    correction = _corrected_for(order)
    note = f"p: against {settings.reference}{', ' if correction else '.'}{correction}"
    return plain_table("models", "Models", columns, rows, note)


def _forest(
    contest: Contest,
    tests: dict[tuple[str, str], Comparison],
    order: list[str],
    metric: str,
) -> dict[str, Any]:
    rows = []
    for name in order:
        one, test = contest.estimates.get((metric, name)), tests.get((metric, name))
        if one is None:
            continue
        p = None if test is None else test.p if test.adjusted is None else test.adjusted
        rows.append(
            {
                "name": name,
                "group": "",
                "value": one.value,
                "low": one.low,
                "high": one.high,
                "reference": name == order[0],
                "p": p,
            }
        )
    unit = _unit(contest, metric)
    return {
        "key": f"models-{file_key(metric)}",
        "kind": "forest",
        "title": metric,
        "caption": f"First: the reference, {order[0]}"
        + ("; p corrected (Holm)." if len(order) > LEAST_MODELS else "."),
        "data": {
            "rows": rows,
            "axis": metric if unit == "1" else f"{metric}, {unit}",
            "null": None,
        },
    }


def _corrected_for(order: list[str], more: str = "") -> str:
    """What p was corrected for; empty where one test was made."""
    if len(order) <= LEAST_MODELS:
        return ""
    return f"corrected for {len(order) - 1} models{more} (Holm)."


def _unit(contest: Contest, metric: str) -> str:
    """Unit of a metric; some model has it."""
    return next(one.unit for (name, _), one in contest.estimates.items() if name == metric)
