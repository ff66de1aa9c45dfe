"""What a cohort asks for, how well it can be answered at best, and how well by plain numbers.

The ceiling uses what no image tells; the floor uses age, sex and mean HU only. A learned result
belongs between them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from ..knee import draw_knee
from ..knee.patient import BANDS, PLACES, SIDES
from .ceilings import Score, concordance, score, score_of_others
from .spine import READ

DRAWN = 2000
"""Further patients drawn, apart from the cohort, to weigh its true structure for the ceiling."""

Row = Mapping[str, Any]


def knee_tasks(rows: Sequence[Row], truths: Sequence[Row], seed: int) -> dict[str, Any]:
    """Ceilings of a knee cohort: osteoarthritis.

    Parameters
    ----------
    rows, truths : sequence of mapping
        Rows of ``participants.tsv`` and what is true of the same patients.
    seed : int
        Seed of the cohort; the patients drawn to weigh the structure come from another stream.

    Returns
    -------
    dict
        ``ceilings``, a list of scores, and ``agreement``, a list of other figures.
    """
    cohort = [_knee_columns(row, data["truth"]) for row, data in zip(rows, truths, strict=True)]
    inside = [row for row in cohort if row["fold"] is not None]
    hu = sorted({key for row in inside for key in row if key.startswith("HU ")})
    regional = ("age", "sex", *hu)
    structure = tuple(_knee_structure(PLACES))
    rng = np.random.default_rng(np.random.SeedSequence([seed, 2**31]))
    others = [_drawn_knee(rng) for _ in range(DRAWN)]
    severity = tuple(f"severity {side}" for side in SIDES)
    found = [
        (
            "floor",
            "age, sex, mean HU of all subchondral regions together",
            score(inside, ("age", "sex", "mean HU"), "oa"),
        ),
        (
            "regional",
            "age, sex, mean HU of every subchondral region by itself",
            score(inside, regional, "oa"),
        ),
        (
            "ceiling",
            "true BV/TV by depth, plate and trabecular scale of the subchondral regions, age, sex",
            score_of_others(others, inside, ("age", "sex", *structure), "oa"),
        ),
        (
            "label",
            "true severity of the disease: what the reader of the radiograph misses",
            score_of_others(others, inside, severity, "oa"),
        ),
    ]
    return {"ceilings": [_told("osteoarthritis", *entry) for entry in found], "agreement": []}


def _knee_structure(places: Sequence[str]) -> list[str]:
    """Columns of true structure."""
    bands = [f"bvtv {place} {n}" for place in places for n in range(len(BANDS))]
    return bands + [f"{what} {place}" for place in places for what in ("plate", "magnify")]


def _knee_columns(row: Row, truth: Row) -> dict[str, Any]:
    """Columns of one patient of the cohort."""
    patient = truth["patient"]
    columns = {key: row[key] for key in ("age", "sex", "oa", "fold")}
    columns |= {f"HU {name}": value for name, value in truth["mean_hu"].items()}
    columns["mean HU"] = float(np.mean(list(truth["mean_hu"].values())))
    columns |= {f"severity {side}": patient["severity"][side] for side in SIDES}
    for place, bone in patient["bone"].items():
        columns |= {f"bvtv {place} {n}": share for n, share in enumerate(bone["bvtv_asked"])}
        columns[f"plate {place}"] = bone["plate_mm"]
        columns[f"magnify {place}"] = bone["magnify"]
    return columns


def _drawn_knee(rng: np.random.Generator) -> dict[str, Any]:
    """Columns of a patient that is drawn and never scanned."""
    patient = draw_knee(rng)
    columns: dict[str, Any] = {"age": patient.age, "sex": patient.sex, "oa": patient.kl >= 2}
    columns |= {f"severity {side}": patient.severity[side] for side in SIDES}
    for place in PLACES:
        columns |= {f"bvtv {place} {n}": share for n, share in enumerate(patient.bvtv[place])}
        columns[f"plate {place}"] = patient.plate[place]
        columns[f"magnify {place}"] = patient.magnify[place]
    return columns


def spine_tasks(rows: Sequence[Row], truths: Sequence[Row], seed: int) -> dict[str, Any]:
    """Ceilings of a spine cohort: osteoporosis by the reading of the site's own device.

    Parameters
    ----------
    rows, truths : sequence of mapping
        Rows of ``participants.tsv`` and what is true of the same patients.
    seed : int
        Not used: all scores come from the cohort itself.

    Returns
    -------
    dict
        ``ceilings`` and ``agreement``: two readings of the same patients on different days.
    """
    cohort = [
        _spine_columns(row, data["truth"])
        for row, data in zip(rows, truths, strict=True)
        if row["osteoporosis"] is not None
    ]
    inside = [row for row in cohort if row["fold"] is not None]
    known = [
        ("floor", "age, sex, mean HU of the cores of L1–L4", ("age", "sex", "HU")),
        ("density", "true trabecular density, with age and sex", ("age", "sex", "vbmd")),
        ("device unknown", "true standardised areal density", ("standard",)),
        ("ceiling", "true areal density as the device would print it without error", ("t_score",)),
    ]
    found = [_told("osteoporosis", *entry[:2], score(inside, entry[2], "osteoporosis"))
             for entry in known]  # fmt: skip
    return {"ceilings": found, "agreement": _two_readings(cohort) if len(cohort) > 2 else []}


def _spine_columns(row: Row, truth: Row) -> dict[str, Any]:
    """Columns of one patient."""
    hu = [truth["mean_hu"][name] for name in READ if name in truth["mean_hu"]]
    return {
        **{key: row[key] for key in ("age", "sex", "osteoporosis", "diagnosis", "abmd", "fold")},
        "HU": float(np.mean(hu)) if hu else None,
        "vbmd": truth["patient"]["vbmd"],
        "standard": truth["dxa"]["standard_abmd"],
        "t_score": truth["dxa"]["true_t_score"],
        "second": truth["dxa"]["second_abmd"],
        "second_diagnosis": truth["dxa"]["second_diagnosis"],
    }


def _two_readings(cohort: Sequence[Row]) -> list[dict[str, Any]]:
    """How far two readings of the same patients agree."""
    first, second = (np.array([row[key] for row in cohort]) for key in ("abmd", "second"))
    same = float(np.mean([row["diagnosis"] == row["second_diagnosis"] for row in cohort]))
    return [
        {
            "what": "concordance of two DXA readings of L1–L4 on one device",
            "value": concordance(first, second),
            "unit": "1",
            "note": "Lin 1989",
        },
        {
            "what": "patients with the same class in both",
            "value": same,
            "unit": "1",
            "note": "normal, osteopenia, osteoporosis",
        },
    ]


def _told(task: str, role: str, what: str, found: Score) -> dict[str, Any]:
    """One score as plain data."""
    return {"task": task, "role": role, "what": what, **asdict(found)}
