"""Tables of a study: figures, devices, experts, levels, labels, curves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....calibration import THRESHOLDS
from ....core import OsteonError
from ....evaluate.discrimination import OperatingPoint, at_operating_point, roc_curve
from ....evaluate.usefulness import calibration
from .comparing import FROM_SCRATCH, REFERENCE, sized
from .figures import (
    CALLED,
    CLIP,
    ceiling_columns,
    density_errors,
    figures_of,
    of_ceiling,
    plain,
    share,
)
from .patients import Patients
from .places import EXTERNAL, INSIDE
from .said import Columns, Said

Rows = list[dict[str, Any]]
Placed = Mapping[str, Mapping[str, Columns]]

CEILING = "ceiling"
L1 = "l1-hu"
DRAWN = 4
"""Methods whose curves are drawn."""


def figure_rows(patients: Patients, placed: Placed) -> Rows:
    """A row a method and place, with shares of the ceiling; the ceiling itself stands first."""
    rows: Rows = []
    for place, columns in placed.items():
        everybody = np.unique(np.concatenate([one.rows for one in columns.values()]))
        best = ceiling_columns(patients, everybody)
        if best is not None:
            rows.append({"name": CEILING, "where": place, **figures_of(patients, best)})
        for name, one in columns.items():
            row = {"name": name, "where": place, **figures_of(patients, one)}
            of_same = ceiling_columns(patients, one.rows)
            if of_same is not None:
                row["of_ceiling"] = of_ceiling(row, figures_of(patients, of_same))
            rows.append(row)
    return rows


def seed_rows(patients: Patients, said: Sequence[Said], *, external: bool) -> Rows:
    """Figures of every seed alone, each at its own operating point."""
    rows: Rows = []
    for one in said:
        for seed, both in one.by_seed.items():
            for place, columns in zip((INSIDE, EXTERNAL), both, strict=True):
                if len(columns.rows) and (external or place == INSIDE):
                    made = figures_of(patients, columns)
                    rows.append({"name": one.name, "seed": seed, "where": place, **made})
    return rows


def device_rows(patients: Patients, placed: Placed) -> Rows:
    """Signed error of density by method and densitometer, in g/cm².

    ``bias`` is what was said less what the densitometer read (standardised), ``bias_truth`` less
    the true standardised density.
    """
    rows: Rows = []
    for place in (INSIDE, EXTERNAL):
        for name, one in placed.get(place, {}).items():
            of = patients.devices[one.rows]
            for device in np.unique(of):
                columns = one.at(of == device)
                row: dict[str, Any] = {"name": name, "where": place, "device": str(device)}
                row["patients"] = len(columns.rows)
                for key, known in (("bias", patients.bmd), ("bias_truth", patients.true_bmd)):
                    if (found := _bias(known[columns.rows], columns.bmd)) is not None:
                        row[key] = found
                if "bias" in row:
                    rows.append(row)
    return rows


def _bias(known: NDArray[np.float64], said: NDArray[np.float64]) -> dict[str, float | None] | None:
    there = np.isfinite(known) & np.isfinite(said)
    try:
        return plain(density_errors(known[there], said[there], resamples=100)["bias"])
    except OsteonError:
        return None  # too few patients, or all alike


def expert_rows(patients: Patients, said: Sequence[Said], *, external: bool) -> Rows:
    """Mean weight of each expert by method, place and densitometer, over seeds and patients.

    Experts of two seeds are not the same ones, so each seed's are put in the order of their use
    over all its patients, the most used first.
    """
    rows: Rows = []
    where = patients.rows
    for one in said:
        found: dict[tuple[str, str], list[NDArray[np.float64]]] = {}
        people: dict[tuple[str, str], set[str]] = {}
        for run in one.runs:
            kept = [
                said_of
                for said_of in run.patients
                if said_of.experts
                and said_of.patient in where
                and said_of.part in (("test", EXTERNAL) if external else ("test",))
            ]
            if not kept:
                continue
            weights = np.array([said_of.experts for said_of in kept])
            order = np.argsort(-weights.mean(axis=0), kind="stable")
            for said_of, row in zip(kept, weights[:, order], strict=True):
                place = EXTERNAL if said_of.part == EXTERNAL else INSIDE
                device = str(patients.devices[where[said_of.patient]])
                found.setdefault((place, device), []).append(row)
                people.setdefault((place, device), set()).add(said_of.patient)
        for (place, device), of_device in sorted(found.items()):
            rows.append(
                {
                    "name": one.name,
                    "where": place,
                    "device": device,
                    "patients": len(people[place, device]),
                    "weights": np.mean(of_device, axis=0).tolist(),
                }
            )
    return rows


def level_rows(patients: Patients, said: Sequence[Said], *, external: bool) -> Rows:
    """Share of vertebrae whose level is told rightly, by method and place."""
    rows: Rows = []
    where = patients.rows
    for one in said:
        hits: dict[str, list[tuple[str, bool]]] = {INSIDE: [], EXTERNAL: []}
        for run in one.runs:
            parts = {said_of.patient: said_of.part for said_of in run.patients}
            for vertebra in run.vertebrae:
                part = parts.get(vertebra.patient)
                if not vertebra.said or vertebra.patient not in where:
                    continue
                if part == "test" or (part == EXTERNAL and external):
                    place = INSIDE if part == "test" else EXTERNAL
                    hits[place].append((vertebra.patient, vertebra.said == vertebra.level))
        for place, found in hits.items():
            if found:
                names, right = zip(*found, strict=True)
                right_share = share(np.array(right, np.bool_), np.array(names))
                rows.append(
                    {
                        "name": one.name,
                        "where": place,
                        "vertebrae": len(found),
                        "patients": len(set(names)),
                        "accuracy": right_share,
                    }
                )
    return rows


def learning_rows(said: Sequence[Said], figures: Sequence[Mapping[str, Any]]) -> Rows:
    """The learning curve: what shares of the labels give, with and without self-supervision."""
    by_name = {one.name: one for one in said}
    rows: Rows = []
    for row in figures:
        kind, percent = sized(str(row["name"]))
        if kind in (REFERENCE, FROM_SCRATCH) and row["where"] in (INSIDE, EXTERNAL):
            kept = {key: row[key] for key in ("where", "auc", "f1", "r", "mae") if key in row}
            many = learned_from(by_name[str(row["name"])])
            rows.append({"name": kind, "percent": percent, "learned_from": many, **kept})
    # a curve needs two sizes at least
    sizes = {(row["name"], row["percent"]) for row in rows}
    several = {name for name, percent in sizes if percent != 100}
    return sorted(
        (row for row in rows if row["name"] in several),
        key=lambda row: (row["where"], row["name"], row["percent"]),
    )


def learned_from(said: Said) -> float:
    """Patients that a method was trained on, mean over its seeds."""
    return float(
        np.mean(
            [
                run.notes.get("trained_on", sum(one.part == "train" for one in run.patients))
                for run in said.runs
            ]
        )
    )


def threshold_rows(patients: Patients, placed: Placed) -> Rows:
    """What published thresholds of L1 HU give, which were fixed by others on other patients."""
    rows: Rows = []
    known = [one for one in THRESHOLDS.values() if one.quantity == "HU" and one.level == "L1"]
    for place in (INSIDE, EXTERNAL):
        columns = placed.get(place, {}).get(L1)
        if columns is None:
            continue
        truth = patients.osteoporosis[columns.rows]
        for one in known:
            try:
                found = at_operating_point(truth, columns.score, OperatingPoint(-one.value))
            except OsteonError:
                continue  # one class only; the row of figures says so
            made = {key: plain(found[name]) for name, key in CALLED.items() if name in found}
            rows.append({"name": one.name, "hu": one.value, "where": place, "doi": one.doi, **made})
    return rows


def drawn_methods(placed: Placed) -> tuple[str, ...]:
    """Methods whose curves are drawn: the system, and the first baselines that are there."""
    there = {name for columns in placed.values() for name in columns}
    wanted = (REFERENCE, "facts-line", "hu-kvp", L1, "radiomics", "internal-calibration")
    return tuple(name for name in wanted if name in there)[:DRAWN]


def curve_rows(patients: Patients, placed: Placed, figures: Sequence[Mapping[str, Any]]) -> Rows:
    """ROC and calibration curves, and density said over density read, of the methods drawn."""
    rows: Rows = []
    known = {(row["name"], row["where"]): row for row in figures}
    for place in (INSIDE, EXTERNAL):
        for name in drawn_methods(placed):
            columns = placed.get(place, {}).get(name)
            if columns is None:
                continue
            row = {"name": name, "where": place, **_curves(patients, columns)}
            told = known[name, place]
            row |= {key: told[key] for key in ("auc", "slope", "intercept") if key in told}
            rows.append(row)
    return rows


def _curves(patients: Patients, columns: Columns) -> dict[str, Any]:
    truth = patients.osteoporosis[columns.rows]
    found: dict[str, Any] = {}
    try:
        roc = roc_curve(truth, columns.score)
        found["false_positive"] = roc.false_positive.tolist()
        found["true_positive"] = roc.true_positive.tolist()
        if np.isfinite(columns.osteoporosis).all():
            made = calibration(truth, columns.osteoporosis, clip=CLIP)
            found["smooth"] = {"x": made.smooth.x.tolist(), "y": made.smooth.y.tolist()}
            found["bins"] = [
                {
                    "predicted": one.predicted,
                    "observed": one.observed,
                    "low": one.low,
                    "high": one.high,
                    "count": one.count,
                }
                for one in made.bins
            ]
    except OsteonError:
        pass  # one class only, or classes apart; the row of figures says so
    read = patients.bmd[columns.rows]
    there = np.isfinite(read) & np.isfinite(columns.bmd)
    found["read"] = [round(float(v), 4) for v in read[there]]
    found["said"] = [round(float(v), 4) for v in columns.bmd[there]]
    return found
