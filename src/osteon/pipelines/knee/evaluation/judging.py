"""Figures of the knee: agreement of predicted with reference parameters, and of diagnosis."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ....core import UnknownName, UnusableTable
from ....evaluate.agreement import clustered_agreement, compare_icc
from ....evaluate.agreement.sums import figures, pair_sums
from ....evaluate.bootstrap import RESAMPLES, drawn_counts, existing
from ....evaluate.discrimination import auc, compare_auc

Numbers = NDArray[np.float64]

ICC = "ICC(2,1)"
TOLD = (ICC, "Pearson r", "bias")
LEVEL = 0.95


def judge_regression(
    reference: ArrayLike,
    predicted: ArrayLike,
    patients: Sequence[str],
    regions: Sequence[str],
    names: Sequence[str],
    *,
    seed: int = 0,
) -> dict[str, Any]:
    """How well predicted parameters agree with the reference, on patches and on regional means.

    Parameters
    ----------
    reference, predicted : array_like of shape (patches, p)
        Values in the same unit. Rows with a missing reference are left out, parameter by
        parameter, and their number is told; a missing prediction is refused.
    patients, regions : sequence of str, length patches
        Whose patch it is, and of which region.
    names : sequence of str, length p
        Parameters.
    seed : int
        Of the resamples.

    Returns
    -------
    dict
        By parameter: ``"patches"`` and ``"regions"``, each with ICC(2,1) and Pearson r (interval
        by jackknife over patients of Fisher's z), bias (predicted less reference, interval by
        bootstrap over patients), ``"MAE"`` with the same and ``"rows"``, ``"left_out"``; as plain
        data.

    Raises
    ------
    UnusableTable
        If columns differ in size, a prediction is missing, or too few rows are left.
    """
    truth, guess = _tables(reference, predicted)
    who, where = np.asarray(patients, str), np.asarray(regions, str)
    if {len(who), len(where)} != {len(truth)} or len(names) != truth.shape[1]:
        raise UnusableTable(
            f"{truth.shape[0]} patches of {truth.shape[1]} parameters need as many patients, "
            f"regions and names; got {len(who)}, {len(where)} and {len(names)}."
        )
    found: dict[str, Any] = {}
    for n, name in enumerate(names):
        there = np.isfinite(truth[:, n])
        if not there.any():
            raise UnusableTable(f"no patch has a reference of {name}.")
        a, b, of = truth[there, n], guess[there, n], who[there]
        means = _regional(a, b, of, where[there])
        found[name] = {
            "patches": _agreement(b, a, of, seed),
            "regions": _agreement(means[1], means[0], means[2], seed),
            "left_out": int((~there).sum()),
        }
    return found


def compare_regression(
    reference: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    patients: Sequence[str],
    *,
    seed: int = 0,
    resamples: int = RESAMPLES,
) -> list[dict[str, Any]]:
    """ICC(2,1) of one method less that of another, parameter by parameter, on the same patches.

    Parameters
    ----------
    reference, a, b : array_like of shape (patches, p)
        Rows with a missing reference are left out and counted.
    patients : sequence of str, length patches
    seed, resamples : int
        Of the bootstrap.

    Returns
    -------
    list of dict
        For each parameter: ``"a"``, ``"b"``, ``"difference"``, its interval ``"low"`` to
        ``"high"`` by percentiles of a bootstrap that draws patients for both methods at once,
        ``"p"`` of the jackknife test of `compare_icc`, ``"rows"``, ``"patients"``, ``"left_out"``.

    Raises
    ------
    UnusableTable
        If columns differ in size, a prediction is missing, or there are fewer than five patients.
    """
    truth, first = _tables(reference, a)
    _, second = _tables(reference, b)
    who = np.asarray(patients, str)
    if len(who) != len(truth):
        raise UnusableTable(f"{len(truth)} patches need a patient each; got {len(who)}.")
    found = []
    for n in range(truth.shape[1]):
        there = np.isfinite(truth[:, n])
        if not there.any():
            raise UnusableTable(f"no patch has a reference of parameter {n + 1}.")
        columns = (truth[there, n], first[there, n], second[there, n])
        tested = compare_icc(*columns, clusters=who[there])
        kept, codes = np.unique(who[there], return_inverse=True)
        sums = [pair_sums(columns[0], column, codes) for column in columns[1:]]
        counts = drawn_counts(len(kept), resamples, np.random.default_rng(seed)).astype(np.float64)
        shares = [figures(np.einsum("dc,cs->ds", counts, one))[ICC] for one in sums]
        every = [float(figures(one.sum(axis=0)[None])[ICC][0]) for one in sums]
        ends = np.quantile(existing(shares[0] - shares[1]), [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        found.append(
            {
                "a": every[0],
                "b": every[1],
                "difference": every[0] - every[1],
                "low": float(ends[0]),
                "high": float(ends[1]),
                "p": tested.p,
                "rows": int(there.sum()),
                "patients": len(kept),
                "left_out": int((~there).sum()),
            }
        )
    return found


def judge_diagnosis(
    labels: ArrayLike,
    probabilities: Mapping[str, ArrayLike],
    *,
    ceiling: str | None = None,
    comparisons: Sequence[tuple[str, str]] = (),
) -> dict[str, Any]:
    """AUC of several classifiers on the same patients, compared, and as a share of a ceiling.

    Parameters
    ----------
    labels : array_like of shape (patients,)
        1 (osteoarthritis) or 0.
    probabilities : mapping of str to array_like of shape (patients,) or (patients, seeds)
        By name of the classifier. Of several seeds the mean is judged, and the areas of single
        seeds are told beside.
    ceiling : str, optional
        Classifier that sees the true parameters.
    comparisons : sequence of pairs of str
        Classifiers to be compared, a less b.

    Returns
    -------
    dict
        ``"models"``: by name ``"auc"`` with DeLong's variance (interval of the log odds),
        ``"by_seed"`` and, with a ceiling, ``"of_ceiling"`` (area over the ceiling's) and
        ``"of_ceiling_gain"`` (the same of what is above ½; None where the ceiling is not);
        ``"comparisons"``: DeLong tests; as plain data.

    Raises
    ------
    UnknownName
        If the ceiling or a side of a comparison is no classifier given.
    UnusableTable
        If a class is missing, or probabilities are missing or no probabilities.
    """
    wanted = [name for pair in comparisons for name in pair] + ([ceiling] if ceiling else [])
    for name in wanted:
        if name not in probabilities:
            told = ", ".join(probabilities)
            raise UnknownName(f"no classifier is called '{name}'; there are {told}.")
    tables = {name: _seeds(name, given) for name, given in probabilities.items()}
    means = {name: table.mean(axis=1) for name, table in tables.items()}
    top = auc(labels, means[ceiling]).value if ceiling else None
    models: dict[str, Any] = {}
    for name, table in tables.items():
        area = auc(labels, means[name])
        seeds = [auc(labels, column).value for column in table.T]
        models[name] = {"auc": area.row(), "by_seed": seeds}
        if top is not None:
            gain = (area.value - 0.5) / (top - 0.5) if top > 0.5 else None
            share = area.value / top if top > 0 else None
            models[name] |= {"of_ceiling": share, "of_ceiling_gain": gain}
    tested = [
        {"a": a, "b": b, **compare_auc(labels, means[a], means[b]).row()} for a, b in comparisons
    ]
    return {"ceiling": ceiling, "models": models, "comparisons": tested}


def _tables(reference: ArrayLike, predicted: ArrayLike) -> tuple[Numbers, Numbers]:
    truth, guess = np.asarray(reference, np.float64), np.asarray(predicted, np.float64)
    if truth.ndim != 2 or truth.shape != guess.shape:
        raise UnusableTable(
            f"reference and prediction must be tables of one size; got {truth.shape} and "
            f"{guess.shape}."
        )
    lost = int((~np.isfinite(guess).all(axis=1)).sum())
    if lost:
        raise UnusableTable(f"{lost} of {len(guess)} patches have no prediction; predict them all.")
    return truth, guess


def _regional(
    a: Numbers, b: Numbers, patients: NDArray[np.str_], regions: NDArray[np.str_]
) -> tuple[Numbers, Numbers, NDArray[np.str_]]:
    """Means of both columns over the patches of one region of one patient, and whose they are."""
    keys, codes = np.unique(np.stack([patients, regions]), axis=1, return_inverse=True)
    counts = np.bincount(codes)
    return np.bincount(codes, a) / counts, np.bincount(codes, b) / counts, keys[0]


def _agreement(
    predicted: Numbers, reference: Numbers, patients: NDArray[np.str_], seed: int
) -> dict[str, Any]:
    """Figures of one parameter on one level, as plain data."""
    told = clustered_agreement(predicted, reference, patients, rng=np.random.default_rng(seed))
    found: dict[str, Any] = {name: told[name].row() for name in TOLD}
    kept, codes = np.unique(patients, return_inverse=True)
    apart = np.abs(predicted - reference)
    sums = np.stack([np.bincount(codes, apart), np.bincount(codes)], axis=1)
    counts = drawn_counts(len(kept), RESAMPLES, np.random.default_rng(seed)).astype(np.float64)
    drawn = np.einsum("dc,cs->ds", counts, sums)
    ends = np.quantile(drawn[:, 0] / drawn[:, 1], [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
    found["MAE"] = {"value": float(apart.mean()), "low": float(ends[0]), "high": float(ends[1])}
    return found | {"rows": len(predicted), "patients": len(kept)}


def _seeds(name: str, given: ArrayLike) -> Numbers:
    table = np.asarray(given, np.float64)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or not np.isfinite(table).all() or table.min() < 0 or table.max() > 1:
        raise UnusableTable(f"'{name}' must be probabilities from 0 to 1, a row a patient.")
    return table
