"""Figures of a study: parameters from CT alone, what distillation is worth, new scanners."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...core import UnusableTable
from ...evaluate.agreement import icc
from .baselines import cross_validated_baseline
from .cohort import KneeCohort, run_folder
from .diagnosis_figures import diagnosis_section
from .judging import compare_regression, judge_regression
from .left_out import LeftOut, Said, gather
from .patch_store import PatchSet
from .training import FOLDER, TEACHER, groups_like, read_study

Progress = Callable[[str, int, int], None]
Numbers = NDArray[np.float64]

PUBLISHED = {"app.BV/TV": 0.804, "app.Tb.Th": 0.773, "app.Tb.Sp": 0.711, "app.Tb.N": 0.622}
"""ICC of the published student (arXiv 2307.04390), on its own patients and its own recipe."""

BASELINES = ("radiomics", "threshold", "mean-hu")
"""What a user would pick instead."""

HEADLINE = "features"
"""The published kind of distillation; its figures come first. Chosen before any was seen."""

COVERED_SD = 1.96


def evaluate_cohort(
    cohort: KneeCohort, *, progress: Progress = lambda what, done, steps: None
) -> dict[str, Any]:
    """Everything that a trained study shows of patients left out.

    Parameters
    ----------
    cohort : KneeCohort
        Trained.
    progress : function
        Told what is done, the steps done, and how many there are.

    Returns
    -------
    dict
        Sections ``regression``, ``generalisation`` and ``diagnosis``, ready for JSON.

    Raises
    ------
    UnusableTable
        If the cohort was not trained.
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
    regression = regression_section(inside, baselines, kinds)
    regression["learning_curve"] = learning_curve(run, folder, study, inside.patches)
    progress("new scanners", 3, 6)
    outside = generalisation_section(run, folder, study, inside)
    progress("diagnosis", 4, 6)
    diagnosis = diagnosis_section(cohort, inside, baselines, kinds)
    progress("evaluated", 6, 6)
    return {"regression": regression, "generalisation": outside, "diagnosis": diagnosis}


def _baselines(inside: LeftOut) -> dict[str, Numbers]:
    """Parameters of each patch by the methods beside, left out by the same folds."""
    patches = inside.patches
    known = np.isfinite(patches.targets).all(axis=1)
    filled = np.where(np.isfinite(patches.targets), patches.targets, np.nan)
    if not known.any():
        raise UnusableTable("no patch has all parameters of the reference.")
    return {
        name: cross_validated_baseline(
            name, patches.ct, patches.mask, filled, inside.patients, inside.folds
        )
        for name in BASELINES
    }


def regression_section(
    inside: LeftOut, baselines: Mapping[str, Numbers], kinds: Sequence[str]
) -> dict[str, Any]:
    """Agreement with the reference of teacher, students and baselines, and what sets them apart."""
    patches, names = inside.patches, inside.patches.names
    said = {kind: inside.said[kind].together for kind in (TEACHER, *kinds)}
    models = {
        name: judge_regression(patches.targets, one, inside.patients, inside.regions, names)
        for name, one in {**said, **baselines}.items()
    }
    for kind in (TEACHER, *kinds):
        for at, name in enumerate(names):
            models[kind][name]["by_seed"] = [
                _icc(patches.targets[:, at], layer[:, at]) for layer in inside.said[kind].mean
            ]
            models[kind][name]["covered"] = _covered(patches, inside.said[kind], at)
    pairs = [(kind, "none") for kind in kinds if kind != "none" and "none" in kinds]
    pairs += [(HEADLINE if HEADLINE in kinds else kinds[-1], "radiomics")]
    everything = {**said, **baselines}
    return {
        "patients": len(set(inside.patients)),
        "patches": len(patches.rows),
        "seeds": int(inside.said[TEACHER].mean.shape[0]),
        "parameters": list(names),
        "published": PUBLISHED,
        "headline": HEADLINE,
        "models": models,
        "comparisons": [
            {"a": a, "b": b, "parameter": name, **row}
            for a, b in pairs
            for name, row in zip(
                names,
                compare_regression(patches.targets, everything[a], everything[b], inside.patients),
                strict=True,
            )
        ],
    }


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


def learning_curve(
    run: Path, folder: Path, study: Mapping[str, Any], patches: PatchSet
) -> list[dict[str, Any]]:
    """Agreement of students trained on fewer patients, and what distillation adds there."""
    rows: list[dict[str, Any]] = []
    curve = tuple(study["settings"]["curve"])
    sizes = [(int(size), f"size{size}-") for size in study["settings"]["sizes"]]
    trained = max(len(fold) for fold in _training_sizes(study))
    for size, prefix in [*sizes, (trained, "fold")]:
        groups = groups_like(study, prefix)
        if not all(groups):
            continue
        there = gather(run, folder, groups, curve, patches=patches)
        for kind in curve:
            rows.append(
                {
                    "patients": size,
                    "kind": kind,
                    "icc": {
                        name: _icc(patches.targets[:, at], there.said[kind].together[:, at])
                        for at, name in enumerate(patches.names)
                    },
                }
            )
        if len(curve) == 2:
            rows[-1]["difference"] = dict(
                zip(
                    patches.names,
                    compare_regression(
                        patches.targets,
                        there.said[curve[1]].together,
                        there.said[curve[0]].together,
                        there.patients,
                    ),
                    strict=True,
                )
            )
    return rows


def _training_sizes(study: Mapping[str, Any]) -> list[list[str]]:
    """Patients trained on when each fold is left out."""
    folds: Mapping[str, int] = study["folds"]
    return [
        [name for name, own in folds.items() if own != fold] for fold in sorted(set(folds.values()))
    ]


def generalisation_section(
    run: Path, folder: Path, study: Mapping[str, Any], inside: LeftOut
) -> dict[str, Any] | None:
    """The same on a scanner that no training saw; None without external patients."""
    groups = groups_like(study, "all-seed")
    kinds = tuple(study["settings"]["kinds"])
    try:
        outside = gather(run, folder, groups, (TEACHER, *kinds))
    except (UnusableTable, KeyError):
        return None
    said = {kind: outside.said[kind].together for kind in (TEACHER, *kinds)}
    varied = groups_like(study, "all-varied-seed")
    if all(varied):
        curve = tuple(study["settings"]["curve"])
        more = gather(run, folder, varied, curve, patches=outside.patches)
        said |= {f"{kind}, varied": more.said[kind].together for kind in curve}
    names = outside.patches.names
    models = {
        name: judge_regression(
            outside.patches.targets, one, outside.patients, outside.regions, names
        )
        for name, one in said.items()
    }
    return {
        "patients": len(set(outside.patients)),
        "models": models,
        "loss": {
            kind: {
                name: models[kind][name]["patches"]["ICC(2,1)"]["value"]
                - _icc(inside.patches.targets[:, at], inside.said[kind].together[:, at])
                for at, name in enumerate(names)
            }
            for kind in (TEACHER, *kinds)
        },
    }
