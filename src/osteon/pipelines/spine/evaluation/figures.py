"""Figures of one method on some patients: area, density, operating point, calibration."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import OsteonError
from ....evaluate.discrimination import OperatingPoint, at_operating_point, auc
from ....evaluate.discrimination.proportion import proportion
from ....evaluate.estimate import LEVEL, Estimate
from ....evaluate.regression import regression
from ....evaluate.usefulness import calibration
from .patients import Patients
from .said import Columns

UNIT = "g/cm2"

CLIP = 1e-4
"""Probabilities nearer to 0 and 1 are moved there for the slope of calibration: a network may
print an exact 0, whose log odds are infinite."""

RESAMPLES = 1000
COVERED_SD = 1.96

CEILED = ("auc", "r", "sensitivity", "specificity", "f1")
"""Figures that have a ceiling other than 1."""

CALLED = {"sensitivity": "sensitivity", "specificity": "specificity", "F1": "f1"}

Row = dict[str, Any]


def plain(estimate: Estimate) -> Row:
    """An estimate as a page reads it."""
    return {"value": estimate.value, "low": estimate.low, "high": estimate.high}


def figures_of(patients: Patients, said: Columns) -> Row:
    """Every figure that some patients allow.

    Parameters
    ----------
    patients : Patients
        What is known of them.
    said : Columns
        What was said of those to be judged.

    Returns
    -------
    dict
        ``patients``, ``cases`` and, each with its interval, ``auc``; ``r``, ``mae``, ``rmse`` and
        ``bias`` of standardised density in g/cm²; ``covered`` (share of densities as read within
        1.96 standard uncertainties); ``sensitivity``, ``specificity`` and ``f1`` at the operating
        point fixed beforehand; ``slope`` and ``intercept`` of calibration. A figure that cannot
        be had is missing, and ``note`` says why.
    """
    truth = patients.osteoporosis[said.rows]
    row: Row = {"patients": len(said.rows), "cases": int(truth.sum())}
    parts: Mapping[str, Callable[[], Row]] = {
        "AUC": lambda: {"auc": plain(auc(truth, said.score))},
        "operating point": lambda: _called(truth, said.margin),
        "calibration": lambda: _calibrated(truth, said.osteoporosis),
        "density": lambda: _density(patients.bmd[said.rows], said),
    }
    wants = {
        "operating point": np.isfinite(said.margin).all(),
        "calibration": np.isfinite(said.osteoporosis).all(),
        "density": np.isfinite(said.bmd).any(),
    }
    notes = []
    for name, part in parts.items():
        if not wants.get(name, True):
            continue
        try:
            row |= part()
        except OsteonError as fault:
            notes.append(f"{name}: {fault}")
    if notes:
        row["note"] = " ".join(notes)
    return row


def _called(truth: NDArray[np.bool_], margin: NDArray[np.float64]) -> Row:
    """At the threshold, which lies at 0 of the margins whatever it was for each seed."""
    found = at_operating_point(truth, margin, OperatingPoint(0.0))
    return {key: plain(found[name]) for name, key in CALLED.items() if name in found}


def _calibrated(truth: NDArray[np.bool_], chance: NDArray[np.float64]) -> Row:
    found = calibration(truth, chance, clip=CLIP)
    return {"slope": plain(found.slope), "intercept": plain(found.intercept)}


def _density(read: NDArray[np.float64], said: Columns) -> Row:
    there = np.isfinite(read) & np.isfinite(said.bmd)
    found = density_errors(read[there], said.bmd[there])
    row = {
        "r": plain(found["Pearson r"]),
        "mae": plain(found["MAE"]),
        "rmse": plain(found["RMSE"]),
        "bias": plain(found["bias"]),
    }
    sure = there & np.isfinite(said.bmd_sd)
    if sure.any():
        within = np.abs(said.bmd - read)[sure] <= COVERED_SD * said.bmd_sd[sure]
        row["covered"] = share(within)
    return row


def density_errors(
    read: NDArray[np.float64], said: NDArray[np.float64], resamples: int = RESAMPLES
) -> dict[str, Estimate]:
    """Errors of densities in g/cm²; see `osteon.evaluate.regression`."""
    rng = np.random.default_rng(0)
    return regression(read, said, unit=UNIT, resamples=resamples, rng=rng)


def share(hit: NDArray[np.bool_], clusters: NDArray[Any] | None = None) -> Row:
    """Share of rows that are hit, with Wilson's interval over patients.

    Parameters
    ----------
    hit : (n,) bool array
        At least one row.
    clusters : (n,) array, optional
        Patient of each row.
    """
    codes = np.arange(len(hit))
    if clusters is not None:
        codes = np.unique(clusters, return_inverse=True)[1]
    found = proportion(hit, np.ones(len(hit), np.bool_), codes.astype(np.intp))
    if found is None:
        return {"value": None}
    low, high = found.interval(LEVEL)
    return {"value": found.value, "low": low, "high": high}


def ceiling_columns(patients: Patients, rows: NDArray[np.intp]) -> Columns | None:
    """What could be said at best of some virtual patients; None of people.

    Parameters
    ----------
    patients : Patients
        With truth.
    rows : (m,) int array
        Which.

    Returns
    -------
    Columns or None
        Osteoporosis by the T-score that the densitometer would print without error, and the true
        standardised density: what is left is the error of the densitometer.
    """
    t, bmd = patients.true_t[rows], patients.true_bmd[rows]
    if not len(rows) or not np.isfinite(t).all() or not np.isfinite(bmd).all():
        return None
    nothing = np.full(len(rows), np.nan)
    return Columns(rows, -t, -2.5 - t, bmd, nothing, nothing)


def of_ceiling(row: Mapping[str, Any], ceiling: Mapping[str, Any]) -> Row:
    """Each figure as a share of the same figure at best; without those that are not there."""
    found: Row = {}
    for key in CEILED:
        if key in row and ceiling.get(key, {}).get("value"):
            found[key] = row[key]["value"] / ceiling[key]["value"]
    return found
