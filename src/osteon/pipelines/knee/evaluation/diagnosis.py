"""Figures of diagnosis: osteoarthritis from parameters, with and without distillation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....core import UnusableTable
from ....evaluate.discrimination import roc_curve
from ..cohort import KneeCohort
from ..diagnosis.bag import Bag, bags_of
from ..diagnosis.diagnosing import KINDS, Diagnosing, cross_validated
from ..students.left_out import LeftOut
from ..students.training import TEACHER
from ..truth import true_regions
from .judging import judge_diagnosis

Numbers = NDArray[np.float64]

CEILING = "true parameters, logistic"
SEEDS = (0, 1, 2)


def diagnosis_section(
    cohort: KneeCohort,
    inside: LeftOut,
    baselines: Mapping[str, Numbers],
    kinds: Sequence[str],
    seeds: Sequence[int] = SEEDS,
) -> dict[str, Any]:
    """Areas under the curve of every input and classifier, left out by the folds of the students.

    What a classifier is trained on are parameters of patients left out by the students too, so
    that training and test are alike; labels of a test patient are seen by nobody. An input that
    some patient has not one whole patch of is left out.

    Raises
    ------
    UnusableTable
        If patients with and without osteoarthritis are not both there, in every training.
    """
    known = _labelled(cohort, inside)
    order = list(known)
    labels = np.array([known[name] for name in order])
    first = {name: at for at, name in reversed(list(enumerate(inside.patients)))}
    folds = np.array([inside.folds[first[name]] for name in order])
    probabilities = {}
    for name, values in _inputs(inside, baselines, kinds).items():
        if not _everyone(inside, known, values):
            continue
        bags = _bags(inside, known, values)
        for kind in KINDS if name in kinds else KINDS[:1]:
            told = cross_validated(
                bags, labels, folds, settings=Diagnosing(kind=kind), seeds=_seeds(kind, seeds)
            )
            probabilities[f"{name}, {kind}"] = told
    truth = true_regions(cohort, order)
    if truth is not None:
        told = cross_validated(truth, labels, folds, settings=Diagnosing(), seeds=(0,))
        probabilities[CEILING] = told
    judged = judge_diagnosis(
        labels,
        probabilities,
        ceiling=None if truth is None else CEILING,
        comparisons=[
            (f"{kind}, {way}", f"none, {way}")
            for kind in kinds
            for way in KINDS
            if kind != "none" and "none" in kinds
        ],
    )
    means = {name: told.mean(axis=1) for name, told in probabilities.items()}
    return {
        "text": _words(len(order), int(labels.sum())),
        "rows": _rows(judged),
        "curves": [{"name": name, **_curve(labels, means[name])} for name in _drawn(kinds, means)],
        "patients": order,
        "labels": labels.tolist(),
        "probabilities": {name: told.tolist() for name, told in means.items()},
    }


def _words(patients: int, diseased: int) -> list[str]:
    return [
        f"{patients} patients, {diseased} with osteoarthritis, each judged by students and by a "
        "classifier that never saw the patient. Parameters that a classifier is trained on were "
        "told by students that had not seen those patients either."
    ]


def _rows(judged: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A row a classifier, with the test against the same without distillation."""
    tested = {row["a"]: row for row in judged["comparisons"]}
    rows = []
    for name, one in judged["models"].items():
        row: dict[str, Any] = {"name": name, "auc": one["auc"], "by_seed": one["by_seed"]}
        if one.get("of_ceiling") is not None:
            row["of_ceiling"] = {"value": one["of_ceiling"]}
        if test := tested.get(name):
            row["difference"] = test["difference"]
            row["p"] = test["p"]
        rows.append(row)
    return rows


def _drawn(kinds: Sequence[str], there: Mapping[str, Any]) -> list[str]:
    """Classifiers whose curves are drawn: the Transformer with and without, and the ceiling."""
    wanted = [f"{kind}, transformer" for kind in kinds[:2]]
    return [name for name in (*wanted, CEILING) if name in there]


def _curve(labels: Numbers, told: Numbers) -> dict[str, list[float]]:
    curve = roc_curve(labels, told)
    return {
        "false_positive": curve.false_positive.tolist(),
        "true_positive": curve.true_positive.tolist(),
    }


def _seeds(kind: str, seeds: Sequence[int]) -> Sequence[int]:
    """A logistic regression has nothing to draw."""
    return seeds[:1] if kind == "logistic" else seeds


def _labelled(cohort: KneeCohort, inside: LeftOut) -> dict[str, float]:
    """1 or 0 of each patient who has patches and a label, in the order of the patches."""
    told = {p.name: float(p.oa) for p in cohort.patients if p.oa is not None}
    known = {name: told[name] for name in dict.fromkeys(inside.patients) if name in told}
    if len(set(known.values())) < 2:
        raise UnusableTable(
            f"{len(known)} patients have a label, {int(sum(known.values()))} of them "
            "osteoarthritis; both kinds are needed (column 'oa' or 'kl_grade' of "
            "participants.tsv)."
        )
    return known


def _inputs(
    inside: LeftOut, baselines: Mapping[str, Numbers], kinds: Sequence[str]
) -> dict[str, Numbers]:
    """What a diagnosis may be made from, by name: values of every patch."""
    four = [at for at, name in enumerate(inside.patches.names) if name.startswith("app.")]
    inputs = {kind: inside.said[kind].together[:, four] for kind in kinds}
    inputs["teacher (MR)"] = inside.said[TEACHER].together[:, four]
    inputs["reference (MR)"] = inside.patches.targets[:, four]
    inputs["radiomics"] = baselines["radiomics"][:, four]
    inputs["mean HU"] = _mean_hu(inside)
    return inputs


def _bags(inside: LeftOut, known: Mapping[str, float], values: Numbers) -> tuple[Bag, ...]:
    """Patches of the labelled patients that have every value, a bag each."""
    rows = [at for at, name in enumerate(inside.patients) if name in known]
    return bags_of(
        [inside.patients[at] for at in rows],
        [inside.regions[at] for at in rows],
        inside.centres[rows],
        values[rows],
    )


def _everyone(inside: LeftOut, known: Mapping[str, float], values: Numbers) -> bool:
    """Whether each labelled patient has a patch with every value."""
    whole = np.flatnonzero(np.isfinite(values).all(axis=1))
    return known.keys() <= {inside.patients[at] for at in whole.tolist()}


def _mean_hu(inside: LeftOut) -> Numbers:
    """Mean HU of each patch's region: (n, 1)."""
    pairs = zip(inside.patches.ct, inside.patches.mask, strict=True)
    return np.array([[float(ct[mask].mean(dtype=np.float64))] for ct, mask in pairs])
