"""Figures of a study: parameters from CT alone, what distillation is worth, new scanners."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import OsteonError
from ....evaluate.agreement import icc
from ..cohort import KneeCohort, run_folder
from ..patches.store import PatchSet
from ..students.baselines import BASELINES, cross_validated_baseline
from ..students.left_out import LeftOut, Said, gather
from ..students.training import FOLDER, TEACHER, groups_like, read_group, read_study
from .diagnosis import SEEDS, diagnosis_section
from .judging import compare_regression, judge_regression

Progress = Callable[[str, int, int], None]
Numbers = NDArray[np.float64]
Rows = list[dict[str, Any]]

STANDARD = 4
"""How many parameters, the first ones, are of the standard definitions; baselines give these."""

HEADLINE = "features"
"""The published kind of distillation; its figures come first. Chosen before any was seen."""

COVERED_SD = 1.96


def evaluate_cohort(
    cohort: KneeCohort,
    *,
    seeds: Sequence[int] = SEEDS,
    progress: Progress = lambda what, done, steps: None,
) -> dict[str, Any]:
    """Everything that a trained study shows of patients left out.

    Parameters
    ----------
    cohort : KneeCohort
        Trained.
    seeds : sequence of int
        Of the classifiers that draw.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    dict
        Sections ``regression``, ``generalisation`` and ``diagnosis``, ready for JSON and for
        `osteon.report.write_knee_results`; of the last two, one that this cohort cannot give
        says why as ``not_run``.

    Raises
    ------
    UnusableTable
        If the cohort was not trained to the end.
    """
    run = run_folder(cohort)
    folder = run / FOLDER
    study = read_study(folder)
    kinds = tuple(study["settings"]["kinds"])
    progress("reading what was said", 0, 6)
    inside = gather(run, folder, groups_like(study, "fold"), (TEACHER, *kinds))
    progress("baselines", 1, 6)
    baselines = _baselines(inside)
    progress("agreement", 2, 6)
    regression = regression_section(inside, baselines, kinds, _trained_on(study))
    curve = learning_curve(run, folder, study, inside.patches)
    regression["curve"] = curve["rows"]
    regression["difference"] += curve["difference"]
    progress("new scanners", 3, 6)
    outside = _or_reason(lambda: generalisation_section(run, folder, study, inside))
    progress("diagnosis", 4, 6)
    diagnosis = _or_reason(lambda: diagnosis_section(cohort, inside, baselines, kinds, seeds))
    progress("evaluated", 6, 6)
    return {"regression": regression, "generalisation": outside, "diagnosis": diagnosis}


def _or_reason(section: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A section, or why this cohort cannot give it; the others are not lost for that."""
    try:
        return section()
    except OsteonError as fault:
        return {"not_run": str(fault)}


def _baselines(inside: LeftOut) -> dict[str, Numbers]:
    """Parameters of each patch by the methods beside, left out by the same folds."""
    patches = inside.patches
    return {
        name: cross_validated_baseline(
            name,
            patches.ct,
            patches.mask,
            patches.targets[:, :STANDARD],
            inside.patients,
            inside.folds,
        )
        for name in BASELINES
    }


def regression_section(
    inside: LeftOut, baselines: Mapping[str, Numbers], kinds: Sequence[str], trained_on: int
) -> dict[str, Any]:
    """Agreement with the reference of teacher, students and baselines, and what sets them apart."""
    patches = inside.patches
    said = {kind: inside.said[kind].together for kind in (TEACHER, *kinds)}
    everything = {**said, **baselines}
    rows = _judged(inside, everything)
    for row in rows:
        if row["name"] in said:
            at, one = patches.names.index(row["parameter"]), inside.said[row["name"]]
            layers = [_icc(patches.targets[:, at], layer[:, at]) for layer in one.mean]
            row |= {"by_seed": layers, "covered": _covered(patches, one, at)}
    first = HEADLINE if HEADLINE in kinds else kinds[-1]
    pairs = [(kind, "none") for kind in kinds if kind != "none" and "none" in kinds]
    differences = [
        row
        for a, b in [*pairs, (first, "radiomics")]
        for row in _apart(inside, (a, everything[a]), (b, everything[b]), trained_on)
    ]
    return {
        "text": _words(inside),
        "headline": first,
        "rows": rows,
        "difference": differences,
        "scatter": _scatter(inside, said[first]),
    }


def _words(inside: LeftOut) -> list[str]:
    patients, seeds = len(set(inside.patients)), next(iter(inside.said.values())).mean.shape[0]
    return [
        f"{len(inside.patches.rows)} patches of {patients} patients, each judged by networks that "
        f"never saw the patient; means of {seeds} seeds. 'none' is the student without a teacher, "
        "'teacher' sees the MR itself. Intervals are over patients."
    ]


def _judged(inside: LeftOut, everything: Mapping[str, Numbers]) -> Rows:
    """A row for each method and parameter."""
    rows = []
    for name, values in everything.items():
        names = inside.patches.names[: values.shape[1]]
        targets = inside.patches.targets[:, : values.shape[1]]
        judged = judge_regression(targets, values, inside.patients, inside.regions, names)
        for parameter, one in judged.items():
            there, regional = one["patches"], one["regions"]
            rows.append(
                {
                    "name": name,
                    "parameter": parameter,
                    "icc": there["ICC(2,1)"],
                    "icc_regions": regional["ICC(2,1)"],
                    "pearson": there["Pearson r"],
                    "bias": there["bias"],
                    "mae": there["MAE"],
                    "patches": there["rows"],
                    "patients": there["patients"],
                    "left_out": one["left_out"],
                }
            )
    return rows


Named = tuple[str, Numbers]


def _apart(inside: LeftOut, a: Named, b: Named, trained_on: int) -> Rows:
    """ICC of one method less that of another, a row a parameter."""
    many = min(a[1].shape[1], b[1].shape[1])
    targets = inside.patches.targets[:, :many]
    rows = compare_regression(targets, a[1][:, :many], b[1][:, :many], inside.patients)
    return [
        {
            "name": f"{a[0]} minus {b[0]}",
            "parameter": parameter,
            "learned_from": trained_on,
            "difference": {"value": row["difference"], "low": row["low"], "high": row["high"]},
            "p": row["p"],
        }
        for parameter, row in zip(inside.patches.names[:many], rows, strict=True)
    ]


def _scatter(inside: LeftOut, values: Numbers) -> dict[str, Any]:
    """Reference and prediction of every patch, by parameter."""
    found = {}
    for at, name in enumerate(inside.patches.names):
        known = np.isfinite(inside.patches.targets[:, at])
        found[name] = {
            "x": [round(float(v), 5) for v in inside.patches.targets[known, at]],
            "y": [round(float(v), 5) for v in values[known, at]],
        }
    return found


def _icc(reference: Numbers, said: Numbers) -> float:
    """ICC(2,1) of two columns, rows without a reference left out."""
    known = np.isfinite(reference)
    return float(icc(np.stack([reference, said], axis=1)[known])["ICC(2,1)"].value)


def _covered(patches: PatchSet, said: Said, at: int) -> float:
    """Share of patches whose reference lies within 1.96 SD of what was said."""
    truth = patches.targets[:, at]
    known = np.isfinite(truth)
    away = np.abs(truth - said.together[:, at]) <= COVERED_SD * said.spread[:, at]
    return float(away[known].mean())


def _trained_on(study: Mapping[str, Any]) -> int:
    """Patients trained on when a fold is left out, at the middle of the folds."""
    folds = list(study["folds"].values())
    return int(np.median([len(folds) - folds.count(fold) for fold in set(folds)]))


def learning_curve(
    run: Path, folder: Path, study: Mapping[str, Any], patches: PatchSet
) -> dict[str, Rows]:
    """Agreement of students trained on fewer patients, and what distillation adds there."""
    rows: Rows = []
    differences: Rows = []
    curve = tuple(study["settings"]["curve"])
    sizes = [(int(size), f"size{size}-") for size in study["settings"]["sizes"]]
    whole = _trained_on(study)
    for size, prefix in [*sizes, (whole, "fold")]:
        groups = groups_like(study, prefix)
        if not all(groups):
            continue
        there = gather(run, folder, groups, curve, patches=patches)
        for kind in curve:
            for at, name in enumerate(patches.names):
                layers = [
                    _icc(patches.targets[:, at], layer[:, at]) for layer in there.said[kind].mean
                ]
                value = _icc(patches.targets[:, at], there.said[kind].together[:, at])
                row = {"name": kind, "parameter": name, "patients": size}
                rows.append(row | {"icc": {"value": value}, "by_seed": layers})
        if len(curve) == 2 and size != whole:
            named = [(kind, there.said[kind].together) for kind in curve]
            differences += _apart(there, named[1], named[0], size)
    return {"rows": rows, "difference": differences}


def generalisation_section(
    run: Path, folder: Path, study: Mapping[str, Any], inside: LeftOut
) -> dict[str, Any]:
    """The same on a scanner that no training saw."""
    kinds = tuple(study["settings"]["kinds"])
    told, arrays = _first_outside(folder, study)
    if not told or not arrays:
        return {"not_run": "the cohort has no external patients."}
    outside = gather(run, folder, groups_like(study, "all-seed"), (TEACHER, *kinds))
    said = {kind: outside.said[kind].together for kind in (TEACHER, *kinds)}
    varied = groups_like(study, "all-varied-seed")
    if all(varied):
        curve = tuple(study["settings"]["curve"])
        more = gather(run, folder, varied, curve, patches=outside.patches)
        said |= {f"{kind}, varied input": more.said[kind].together for kind in curve}
    rows = []
    for row in _judged(outside, said):
        kind = row["name"].removesuffix(", varied input")
        at = inside.patches.names.index(row["parameter"])
        within = _icc(inside.patches.targets[:, at], inside.said[kind].together[:, at])
        gone = {"value": within - row["icc"]["value"]}
        rows.append(
            {
                "name": row["name"],
                "parameter": row["parameter"],
                "inside": {"value": within},
                "outside": row["icc"],
                "loss": gone,
                "bias": row["bias"],
            }
        )
    text = f"{len(set(outside.patients))} external patients, on a scanner no training saw."
    return {"text": text, "rows": rows}


def _first_outside(folder: Path, study: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    """External patients, and the arrays there are of them."""
    names = groups_like(study, "all-seed")
    if not names or not names[0]:
        return [], []
    told, arrays = read_group(folder, names[0][0])
    return list(told["group"]["test"]), list(arrays)
