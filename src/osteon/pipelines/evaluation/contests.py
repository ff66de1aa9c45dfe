"""Every metric of every model on the same rows, and every test against the reference."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...core import UnusableTable
from ...evaluate import Comparison, Estimate, checked
from ...evaluate.agreement import clustered_agreement, compare_icc, icc
from ...evaluate.compare_errors import Metric, compare_errors
from ...evaluate.discrimination import (
    auc,
    average_precision,
    clustered_auc,
    compare_auc,
    compare_clustered_auc,
    permutation_test,
)
from ...evaluate.regression import regression
from ...evaluate.usefulness import brier, calibration
from ...io import Table
from .cases import Cases, DiscriminationSettings, cases
from .compare_settings import CompareSettings
from .parts import renamed
from .settings import measured

Numbers = NDArray[np.float64]

METRICS: tuple[Metric, ...] = ("MAE", "RMSE")
"""Errors of a quantity that are tested."""

LEAST_ROWS = 5
"""Rows that a test of two models for a quantity needs."""


@dataclass(frozen=True)
class Contest:
    """Figures and tests by metric and model.

    Attributes
    ----------
    metrics : tuple of str
        In the order of the table.
    estimates : dict of (metric, model) to Estimate
        Every figure.
    tests : dict of (metric, model) to Comparison
        Tests against the reference; metrics without a test are missing.
    rows : str
        What was evaluated.
    """

    metrics: tuple[str, ...]
    estimates: dict[tuple[str, str], Estimate]
    tests: dict[tuple[str, str], Comparison]
    rows: str


def diagnosis(tables: Mapping[str, Table], settings: CompareSettings) -> Contest:
    """Models that predict a disease; the first is the reference."""
    asked = DiscriminationSettings(
        label=settings.truth,
        scores=(settings.prediction,),
        positive=settings.positive,
        probabilities=settings.probabilities,
        patient=settings.patient,
        intervals=settings.intervals,
    )
    given = {name: cases(table, asked) for name, table in tables.items()}
    estimates: dict[tuple[str, str], Estimate] = {}
    for name, rows in given.items():
        found = _of_diagnosis(rows, rows.scores[settings.prediction], settings)
        estimates |= {(metric, name): one for metric, one in found.items()}
    metrics = tuple(dict.fromkeys(metric for metric, _ in estimates))
    first, *others = given
    tests: dict[tuple[str, str], Comparison] = {}
    rows = given[first]
    b = rows.scores[settings.prediction]
    for name in others:
        a = given[name].scores[settings.prediction]
        for metric, test in _tests_of_diagnosis(rows, a, b, settings).items():
            tests[metric, name] = renamed(test, f"{metric}, {name} − {first}")
    told = f"{rows.labels.size} rows, {int(rows.labels.sum())} with disease"
    return Contest(metrics, estimates, tests, told + _patients(rows.patients))


def _of_diagnosis(rows: Cases, scores: Numbers, settings: CompareSettings) -> dict[str, Estimate]:
    """Metrics of one model."""
    level, draws = settings.intervals.level, settings.intervals.resamples
    if rows.patients is None:
        area = auc(rows.labels, scores, level=level)
    else:
        area = clustered_auc(rows.labels, scores, rows.patients, level=level)
    found = {
        "AUC": area,
        "average precision": average_precision(
            rows.labels,
            scores,
            clusters=rows.patients,
            resamples=draws,
            rng=settings.intervals.generator(),
            level=level,
        ),
    }
    if settings.probabilities:
        score = brier(
            rows.labels,
            scores,
            clusters=rows.patients,
            resamples=draws,
            rng=settings.intervals.generator(),
            level=level,
        )
        found["Brier score"] = score.score
        with suppress(UnusableTable):  # classes parted, or exact 0 and 1: the cell stays empty
            found["calibration slope"] = calibration(
                rows.labels, scores, clusters=rows.patients, clip=settings.clip, level=level
            ).slope
    return found


def _tests_of_diagnosis(
    rows: Cases, a: Numbers, b: Numbers, settings: CompareSettings
) -> dict[str, Comparison]:
    """Tests of one model against the reference."""
    level = settings.intervals.level
    if rows.patients is None:
        area = compare_auc(rows.labels, a, b, level=level)
    else:
        area = compare_clustered_auc(rows.labels, a, b, rows.patients, level=level)
    tests = {"AUC": area}
    metrics = {"average precision": "average precision"}
    if settings.probabilities:
        metrics["Brier score"] = "brier"
    for metric, name in metrics.items():
        tests[metric] = permutation_test(
            rows.labels,
            a,
            b,
            name,
            clusters=rows.patients,
            permutations=settings.intervals.resamples,
            rng=settings.intervals.generator(),
        )
    return tests


def quantity(tables: Mapping[str, Table], settings: CompareSettings) -> Contest:
    """Models that predict a number with a unit; the first is the reference."""
    given = {
        name: measured(table, settings.prediction, least=LEAST_ROWS, model=name)
        for name, table in tables.items()
    }
    first, *others = given
    table = tables[first]
    truth = measured(table, settings.truth, least=LEAST_ROWS)
    patients = None
    if settings.patient is not None:
        codes = checked.groups(table.text(settings.patient), settings.patient)
        patients = codes if len(np.unique(codes)) < codes.size else None
    estimates: dict[tuple[str, str], Estimate] = {}
    for name, predicted in given.items():
        found = _of_quantity(truth, predicted, patients, settings)
        estimates |= {(metric, name): one for metric, one in found.items()}
    metrics = tuple(dict.fromkeys(metric for metric, _ in estimates))
    tests: dict[tuple[str, str], Comparison] = {}
    for name in others:
        one = _tests_of_quantity(truth, given[name], given[first], patients, settings)
        for metric, test in one.items():
            tests[metric, name] = renamed(test, f"{metric}, {name} − {first}")
    return Contest(metrics, estimates, tests, f"{truth.size} rows" + _patients(patients))


def _of_quantity(
    truth: Numbers,
    predicted: Numbers,
    patients: NDArray[np.intp] | None,
    settings: CompareSettings,
) -> dict[str, Estimate]:
    """Metrics of one model."""
    level, draws = settings.intervals.level, settings.intervals.resamples
    found = regression(
        truth,
        predicted,
        unit=settings.unit,
        clusters=patients,
        resamples=draws,
        level=level,
        rng=settings.intervals.generator(),
    )
    if patients is None:
        agreed = icc(np.stack([truth, predicted], axis=1), level=level)["ICC(2,1)"]
    else:
        agreed = clustered_agreement(
            truth,
            predicted,
            patients,
            resamples=draws,
            level=level,
            rng=settings.intervals.generator(),
        )["ICC(2,1)"]
    return {**found, "ICC(2,1)": agreed}


def _tests_of_quantity(
    truth: Numbers,
    a: Numbers,
    b: Numbers,
    patients: NDArray[np.intp] | None,
    settings: CompareSettings,
) -> dict[str, Comparison]:
    """Tests of one model against the reference."""
    level, unit = settings.intervals.level, settings.unit
    tests: dict[str, Comparison] = {
        metric: compare_errors(
            truth, a, b, metric=metric, unit=unit, clusters=patients, level=level
        )
        for metric in METRICS
    }
    tests["ICC(2,1)"] = compare_icc(truth, a, b, clusters=patients, level=settings.intervals.level)
    return tests


def _patients(codes: NDArray[np.intp] | None) -> str:
    """How many patients the rows come from."""
    return "" if codes is None else f", of {len(np.unique(codes))} patients"
