"""Figures of diagnosis: osteoarthritis from parameters, with and without distillation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .bag import Bag, bags_of
from .cohort import KneeCohort
from .diagnosing import KINDS, Diagnosing, cross_validated
from .judging import judge_diagnosis
from .left_out import LeftOut
from .training import TEACHER
from .truth import true_regions

Numbers = NDArray[np.float64]

PUBLISHED = {
    "CNN": {"without": 0.658, "with": 0.767, "source": "arXiv 2307.04390"},
    "Transformer": {"without": 0.778, "with": 0.883, "source": "PMC13106955"},
}
"""Areas under the curve of the published systems, on their own patients."""

CEILING = "true parameters, logistic"
SEEDS = (0, 1, 2)


def diagnosis_section(
    cohort: KneeCohort, inside: LeftOut, baselines: Mapping[str, Numbers], kinds: Sequence[str]
) -> dict[str, Any]:
    """Areas under the curve of every input and classifier, left out by the folds of the students.

    What a classifier is trained on are parameters of patients left out by the students too, so
    that training and test are alike; labels of a test patient are seen by nobody.
    """
    labelled = {p.name: p.oa for p in cohort.patients if p.oa is not None}
    keep = np.array([name in labelled for name in inside.patients])
    who = [name for name, kept in zip(inside.patients, keep, strict=True) if kept]
    order = list(dict.fromkeys(who))
    labels = np.array([float(bool(labelled[name])) for name in order])
    first = {name: at for at, name in reversed(list(enumerate(inside.patients)))}
    folds = np.array([inside.folds[first[name]] for name in order])
    four = [at for at, name in enumerate(inside.patches.names) if name.startswith("app.")]
    inputs = {kind: inside.said[kind].together[:, four] for kind in kinds}
    inputs |= {"teacher (MR)": inside.said[TEACHER].together[:, four]}
    inputs |= {"reference (MR)": inside.patches.targets[:, four]}
    inputs |= {"radiomics": baselines["radiomics"][:, four]}
    inputs |= {"mean HU": _mean_hu(inside)}
    probabilities = {}
    for name, values in inputs.items():
        bags = _bags(inside, keep, values)
        for kind in KINDS if name in kinds else ("logistic",):
            told = cross_validated(
                bags, labels, folds, settings=Diagnosing(kind=kind), seeds=_seeds(kind)
            )
            probabilities[f"{name}, {kind}"] = told
    truth = true_regions(cohort, order)
    if truth is not None:
        told = cross_validated(truth, labels, folds, settings=Diagnosing(), seeds=(0,))
        probabilities[CEILING] = told
    pairs = [
        (f"{kind}, {way}", f"none, {way}")
        for kind in kinds
        for way in KINDS
        if kind != "none" and "none" in kinds
    ]
    judged = judge_diagnosis(
        labels,
        probabilities,
        ceiling=None if truth is None else CEILING,
        comparisons=pairs,
    )
    curves = {name: told.mean(axis=1).tolist() for name, told in probabilities.items()}
    return {
        "patients": len(order),
        "diseased": int(labels.sum()),
        "published": PUBLISHED,
        "labels": labels.tolist(),
        "probabilities": curves,
        **judged,
    }


def _seeds(kind: str) -> tuple[int, ...]:
    """A logistic regression has nothing to draw."""
    return SEEDS[:1] if kind == "logistic" else SEEDS


def _bags(inside: LeftOut, keep: NDArray[np.bool_], values: Numbers) -> tuple[Bag, ...]:
    """Patches of the labelled patients that have every value, a bag each."""
    rows = np.flatnonzero(keep)
    return bags_of(
        [inside.patients[at] for at in rows],
        [inside.regions[at] for at in rows],
        inside.centres[rows],
        values[rows],
    )


def _mean_hu(inside: LeftOut) -> Numbers:
    """Mean HU of each patch's region: (n, 1)."""
    pairs = zip(inside.patches.ct, inside.patches.mask, strict=True)
    return np.array([[float(ct[mask].mean(dtype=np.float64))] for ct, mask in pairs])
